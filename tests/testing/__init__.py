"""Tests of aiwebengine.testing."""
