"""The names with which scripts log."""
