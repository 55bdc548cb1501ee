"""Cross-Origin Resource Sharing (REQ-HTTP-007)."""
