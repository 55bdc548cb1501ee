"""Public helpers for testing what is built on aiwebengine."""
