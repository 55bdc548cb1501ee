"""The names with which scripts register routes."""
