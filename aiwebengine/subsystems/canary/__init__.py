"""Canaries watched: counted against the version before, and taken back when they fail more often."""
