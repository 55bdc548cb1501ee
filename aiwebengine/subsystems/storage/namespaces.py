"""Whose keys are whose: the repository's namespaces of scripts and of their users."""

from __future__ import annotations

import hashlib

from aiwebengine.repository.stores.key_values import MOST_NAMESPACE_BYTES
from aiwebengine.repository.texts import cleaned

__all__ = ["PREFIX", "namespace_of", "parts_of"]

PREFIX = "script:"
"""With which the namespaces of scripts begin, so that no script can have one of the engine's own."""


def namespace_of(script: str, user: str | None = None) -> str:
    """Give the namespace of a script's URI, or that of a user's id within it, which is counted to it."""
    namespace = PREFIX + script
    if user is not None:
        namespace += "#" + user
        if user.startswith("#") or not _fits(namespace):
            # No URI has a #, so what follows the first one is the user, and a second one marks a digest.
            namespace = f"{PREFIX}{script}##{_digest(user)}"
    if not _fits(namespace):
        # Only a test file's path can be that long: it stands for its URI.
        namespace = f"{PREFIX}{_digest(namespace)}"
    return namespace


def parts_of(namespace: str) -> tuple[str, str | None]:
    """Give script and user of a namespace; a user's id that is too long as ``#`` and its SHA-256."""
    script, mark, user = namespace.removeprefix(PREFIX).partition("#")
    return script, user if mark else None


def _fits(namespace: str) -> bool:
    return cleaned(namespace) == namespace and len(namespace.encode("utf-8")) <= MOST_NAMESPACE_BYTES


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
