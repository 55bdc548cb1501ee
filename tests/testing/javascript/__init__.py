"""Tests of the runner of JavaScript tests."""
