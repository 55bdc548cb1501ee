"""The management API below ``/engine``."""
