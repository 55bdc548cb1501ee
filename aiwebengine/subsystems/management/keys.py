"""The key of the management API: the configured one, or in development one made and kept by the engine."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from twisted.logger import Logger

__all__ = ["is_loopback", "kept_key"]

_log = Logger()
_SHORTEST = 20


def kept_key(directory: Path, new_key: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
    """
    Give the key kept in ``directory``/api_key, made (mode 0600) if there is none.

    Several processes get the same key. When the directory cannot be written the key lasts as long as the
    caller.
    """
    path = directory / "api_key"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        kept = _read(path)
        if kept is None:
            # Linked into place when it is complete: another process never sees half a key.
            draft = directory / f".api_key.{os.getpid()}"
            draft.unlink(missing_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(new_key() + "\n")
            with suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
            kept = _read(path)
        if kept is not None:
            return kept
    except OSError as error:
        _log.warn("the API key cannot be kept in {path}: {reason}", path=str(path), reason=str(error))
    return new_key()


def _read(path: Path) -> str | None:
    """Give the key in the file; a file without a usable one is removed."""
    try:
        key = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    if len(key) < _SHORTEST or not key.isprintable():
        path.unlink()
        return None
    path.chmod(0o600)
    return key


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address means this machine only."""
    host = host.strip("[]").lower()
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
