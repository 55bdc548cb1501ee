"""The web editor at ``/engine/editor``: a page without secrets on the management API (REQ-DEV-003)."""
