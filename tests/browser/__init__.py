"""The web editor in a real browser."""
