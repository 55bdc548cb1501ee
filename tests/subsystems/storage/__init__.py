"""Tests for aiwebengine.subsystems.storage."""
