"""Scripts read from directories, imported when they change, reloaded while they are edited."""
