"""What `storage` refuses, in words that name the argument, the limit and the setting."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from aiwebengine.errors import AIWebEngineError, LimitExceeded
from aiwebengine.repository.errors import QuotaExceeded
from aiwebengine.repository.texts import cleaned, encoded
from aiwebengine.subsystems.storage.settings import StorageSettings

__all__ = ["SignInRequired", "answer_too_large", "checked_key", "over_quota", "parsed"]

_MOST_DEPTH = 200


class SignInRequired(AIWebEngineError):
    """Nobody is signed in whose values these could be; a script sees an AuthenticationError (401)."""

    script_name = "AuthenticationError"

    def __str__(self) -> str:
        return "Authentication required"


def checked_key(where: str, key: str, settings: StorageSettings) -> str:
    """Give a key back. Raises TypeError, ValueError or `LimitExceeded` for one that cannot be kept."""
    if not key:
        raise TypeError(f"{where}: key must be a non-empty string")
    if cleaned(key) != key:
        raise ValueError(f"{where}: key must not contain NUL")
    size = len(key.encode("utf-8"))
    if size > settings.max_key_bytes:
        raise _too_much(where, "key has", "max_key_bytes", settings.max_key_bytes, size, "bytes")
    return key


def parsed(where: str, name: str, text: str, settings: StorageSettings) -> Any:
    """Give a value from its JSON text. Raises ValueError or `LimitExceeded` for one that cannot be kept."""
    size = len(text)
    value = None
    if size <= settings.max_value_bytes:
        with suppress(RecursionError):
            value = json.loads(text)
            if not text.isascii():
                size = len(encoded(value))
    if size > settings.max_value_bytes:
        raise _too_much(where, f"{name} has", "max_value_bytes", settings.max_value_bytes, size, "bytes")
    # Cheap for what has few brackets, whatever their order.
    if text.count("[") + text.count("{") > _MOST_DEPTH and (value is None or _depth(value) > _MOST_DEPTH):
        raise ValueError(f"{where}: {name} is nested more than {_MOST_DEPTH} deep")
    return value


def over_quota(where: str, error: QuotaExceeded) -> LimitExceeded:
    """Give the error a script sees when it would hold too much."""
    limit = "max_keys_per_script" if error.unit == "keys" else "max_bytes_per_script"
    return _too_much(where, "the script would keep", limit, error.value, error.used, error.unit)


def answer_too_large(where: str, settings: StorageSettings, size: int) -> LimitExceeded:
    """Give the error a script sees when it asks for too many large values in one call."""
    most = settings.max_value_bytes
    return _too_much(where, "the values have at least", "max_value_bytes", most, size, "bytes")


def _too_much(where: str, what: str, limit: str, value: int, used: int, unit: str) -> LimitExceeded:
    key = f"storage.{limit}"
    message = f"{where}: {what} {used} {unit}, more than the limit of {value} ({key})"
    return LimitExceeded(message, limit, value, used, unit, key)


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for one in level
            if isinstance(one, list | dict)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return depth
