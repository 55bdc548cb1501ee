"""/health, /health/live and /health/ready."""
