"""Security headers on every answer, and https where it is required (REQ-SEC-007)."""
