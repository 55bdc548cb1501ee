"""The access log, Server-Timing, and the ring of recent requests (REQ-LOG-004)."""
