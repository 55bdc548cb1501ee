"""The tests of the example plugin."""
