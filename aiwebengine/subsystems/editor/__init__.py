"""The web editor at ``/engine/editor``: one page without secrets, which uses the management API (REQ-DEV-003)."""
