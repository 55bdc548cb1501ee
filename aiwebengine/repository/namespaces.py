"""Namespaces of the key-value store that belong to the engine, not to scripts."""

from __future__ import annotations

from typing import Final

__all__ = ["LOADS_NAMESPACE"]

LOADS_NAMESPACE: Final = "engine loads"
"""What loading scripts gave. No script's URI, and no part of an export."""
