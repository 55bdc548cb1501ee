"""What a script's load depends on besides its text, as one short value."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from importlib import metadata, resources
from typing import TYPE_CHECKING

from aiwebengine.sandbox.prelude import Prelude
from aiwebengine.sandbox.wire import sandbox_settings

if TYPE_CHECKING:
    from aiwebengine.config.sections import JavaScriptSettings

__all__ = ["load_fingerprint"]

_BINDING = "quickjs-ng"
#: What reads, runs and judges a script; digested, since a checkout changes without its version changing.
_PACKAGES = ("aiwebengine.sandbox", "aiwebengine.scripts")


def load_fingerprint(settings: JavaScriptSettings, prelude: Prelude, *others: object) -> str:
    """
    Give a value that differs whenever loading the same text might give something else.

    It covers the engine's code, Python, QuickJS, the sandbox's limits, the prelude, and ``others``, whose
    ``repr`` counts.
    """
    pieces = [(one.name, one.names, one.needs, one.triggers) for one in prelude.pieces.values()]
    parts = [
        sys.version,
        platform.machine(),
        metadata.version(_BINDING),
        sandbox_settings(settings, prelude),
        settings.init_timeout_ms,
        settings.max_script_bytes,
        prelude.always,
        pieces,
        [_digest_of(package) for package in _PACKAGES],
        [repr(one) for one in others],
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _digest_of(package: str) -> str:
    found = hashlib.sha256()
    for entry in sorted(resources.files(package).iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".py"):
            found.update(entry.name.encode() + b"\0" + entry.read_bytes() + b"\0")
    return found.hexdigest()
