"""What a script, a version of it and a change to it are; which URIs a script may have."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from aiwebengine.errors import ScriptInvalid
from aiwebengine.sandbox.model import Diagnostic, Program, Registration

__all__ = [
    "DIRECTORY_AUTHOR",
    "MAX_URI_LENGTH",
    "CheckReport",
    "LiveScript",
    "Script",
    "ScriptChange",
    "ScriptRecord",
    "ScriptUpdate",
    "ScriptVersion",
    "digest",
    "iso_time",
    "validate_uri",
]

#: The author of versions which were read from a scripts directory.
DIRECTORY_AUTHOR = "directory"
MAX_URI_LENGTH = 200

_ALLOWED = re.compile(r"[A-Za-z0-9\-_./:~@]*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9.\-]*://")


@attrs.frozen
class Script:
    """
    The current state of one stored script.

    ``version`` counts from 1; ``size`` is in bytes of UTF-8; ``sha256`` is hexadecimal; the two times are
    milliseconds since the epoch; ``author`` and ``message`` are those of the current version.
    """

    uri: str
    version: int
    size: int
    sha256: str
    created_at: int
    updated_at: int
    author: str = ""
    message: str = ""
    source: str = attrs.field(default="", repr=False)


@attrs.frozen
class ScriptVersion:
    """One version of a script; ``source`` is empty in lists. ``created_at`` is in ms since the epoch."""

    uri: str
    version: int
    created_at: int
    author: str
    message: str
    sha256: str
    size: int
    source: str = attrs.field(default="", repr=False)


@attrs.frozen
class ScriptChange:
    """
    One wish to store: a new version, or with ``source`` None the deletion.

    ``expected_version`` is the version that must be the current one (0: the script must not exist), None for
    whichever it is.
    """

    uri: str
    source: str | None = attrs.field(repr=False)
    author: str = ""
    message: str = ""
    expected_version: int | None = None


@attrs.frozen(eq=False)
class LiveScript:
    """A script version that serves requests."""

    program: Program
    registrations: tuple[Registration, ...] = ()

    @property
    def routes(self) -> tuple[Registration, ...]:
        """The registrations that claim a path: those whose data has ``method`` and ``path``."""
        return tuple(one for one in self.registrations if "method" in one.data and "path" in one.data)


@attrs.frozen(eq=False)
class ScriptRecord:
    """
    What the registry knows of one script.

    ``script`` is None for a file that never loaded and so was never stored; ``live`` is None when no version
    serves; ``error`` is why the latest attempt to load failed (an older version may still serve).
    """

    uri: str
    script: Script | None = None
    live: LiveScript | None = None
    error: ScriptInvalid | None = None

    @property
    def status(self) -> str:
        """``"live"``, or ``"failed"`` when the latest attempt to load did not succeed."""
        return "live" if self.error is None and self.live is not None else "failed"


@attrs.frozen
class CheckReport:
    """
    The outcome of checking a source without storing it; ``ok`` when it could be put as it is.

    ``logs`` is what it logged while it loaded; ``withheld`` names the host operations it asked for that a
    check does not do.
    """

    ok: bool
    diagnostics: tuple[Diagnostic, ...] = ()
    routes: tuple[Mapping[str, Any], ...] = ()
    registrations: tuple[Registration, ...] = ()
    logs: tuple[Mapping[str, Any], ...] = ()
    withheld: tuple[str, ...] = ()


@attrs.frozen(eq=False)
class ScriptUpdate:
    """A change of the live set, as subscribers hear it: ``"inserted"``, ``"updated"`` or ``"removed"``."""

    uri: str
    action: str
    timestamp: int
    script: Script | None = None
    live: LiveScript | None = None


def digest(source: str) -> str:
    """Give the SHA-256 of the source's UTF-8, hexadecimal."""
    return hashlib.sha256(source.encode("utf-8")).hexdigest()


def iso_time(milliseconds: float) -> str:
    """Write milliseconds since the epoch as ISO 8601 in UTC, such as ``2026-01-31T12:00:00.000Z``."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def validate_uri(uri: str) -> str:
    """
    Give ``uri`` back if a script may have it. Raises `ScriptInvalid` (code ``BAD_URI``) saying what is wrong.

    1-200 characters of ``A-Z a-z 0-9 - _ . / : ~ @``; no ``..`` segment, no ``//`` but after a scheme.
    """
    if not uri:
        raise _bad(uri, "a script's URI must not be empty")
    if len(uri) > MAX_URI_LENGTH:
        raise _bad(
            uri[:40] + "…", f"a script's URI has at most {MAX_URI_LENGTH} characters, this has {len(uri)}"
        )
    good = _ALLOWED.match(uri)
    if good is not None and good.end() < len(uri):
        raise _bad(
            uri,
            f"character {uri[good.end()]!r} at position {good.end() + 1} is not allowed in a script's URI; "
            "use A-Z a-z 0-9 - _ . / : ~ @",
        )
    if ".." in uri:
        raise _bad(uri, "a script's URI must not contain '..'")
    scheme = _SCHEME.match(uri)
    if "//" in uri[scheme.end() if scheme else 0 :]:
        raise _bad(uri, "a script's URI must not contain '//' except after a scheme such as 'https:'")
    return uri


def _bad(uri: str, message: str) -> ScriptInvalid:
    return ScriptInvalid(uri=uri, message=message, code="BAD_URI")
