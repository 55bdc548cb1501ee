"""Whose keys are whose: the repository's namespaces of scripts and of their users."""

from __future__ import annotations

import hashlib

from aiwebengine.repository.stores.key_values import MOST_NAMESPACE_BYTES
from aiwebengine.repository.texts import cleaned

__all__ = ["PREFIX", "namespace_of", "parts_of"]

PREFIX = "script:"
"""With which the namespaces of scripts begin, so that no script can have one of the engine's own."""


def namespace_of(script: str, user: str | None = None) -> str:
    """
    Give the namespace of a script's URI, or that of a user's id within it, which is counted to it.

    An id that cannot be part of a namespace is replaced by ``#`` and its SHA-256.
    """
    if "#" in script or not _fits(PREFIX + script):
        # No script can have such a URI, but a test file such a path.
        script = _digest(script)
    if user is None:
        return PREFIX + script
    namespace = f"{PREFIX}{script}#{user}"
    if user.startswith("#") or not _fits(namespace):
        namespace = f"{PREFIX}{script}##{_digest(user)}"
    return namespace


def parts_of(namespace: str) -> tuple[str, str | None]:
    """Give script and user of a namespace, the user's id as it is there."""
    script, mark, user = namespace.removeprefix(PREFIX).partition("#")
    return script, user if mark else None


def _fits(namespace: str) -> bool:
    return cleaned(namespace) == namespace and len(namespace.encode("utf-8")) <= MOST_NAMESPACE_BYTES


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
