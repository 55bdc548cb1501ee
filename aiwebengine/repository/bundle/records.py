"""The records of a bundle: their shapes, and how they are read from a database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final, Protocol

import attrs
import msgspec

from aiwebengine.errors import AIWebEngineError
from aiwebengine.repository.link import Link
from aiwebengine.repository.namespaces import LOADS_NAMESPACE
from aiwebengine.repository.stores.logs import log_rows

__all__ = [
    "BLOBS",
    "DEFAULT_SECTIONS",
    "SECTIONS",
    "SHAPES",
    "AssetRecord",
    "BundleInvalid",
    "KeyValueRecord",
    "LinkRecords",
    "LogRecord",
    "Progress",
    "Records",
    "ScriptRecord",
    "SettingRecord",
    "UserRecord",
    "VersionRecord",
]

Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]

Progress = Callable[[str, int], None]
"""Called with a section and how many of its records are done."""


@attrs.define(auto_exc=True, str=False)
class BundleInvalid(AIWebEngineError):
    """A file is no bundle, is damaged, or was made by a newer aiwebengine."""

    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}"


class ScriptRecord(msgspec.Struct, frozen=True):
    """A script; ``version`` is the newest one's number."""

    uri: str
    version: Number
    created_at: Number
    deleted: bool = False


class VersionRecord(msgspec.Struct, frozen=True):
    """A version of a script; its source is the blob of that ``sha256``."""

    uri: str
    version: Number
    created_at: Number
    author: str
    message: str
    sha256: str
    size: Number


class AssetRecord(msgspec.Struct, frozen=True):
    """An asset; its bytes are the blob of that ``sha256``."""

    name: str
    content_type: str
    sha256: str
    size: Number
    created_at: Number
    updated_at: Number
    metadata: Any


class UserRecord(msgspec.Struct, frozen=True):
    """A user."""

    ident: str
    email: str
    name: str
    roles: tuple[str, ...]
    identities: tuple[tuple[str, str], ...]
    data: Any
    version: Number
    created_at: Number
    updated_at: Number


class KeyValueRecord(msgspec.Struct, frozen=True):
    """A key's value."""

    namespace: str
    key: str
    value: Any
    expires_at: Number | None = None


class SettingRecord(msgspec.Struct, frozen=True):
    """A setting."""

    name: str
    value: Any
    author: str
    updated_at: Number


class LogRecord(msgspec.Struct, frozen=True, array_like=True):
    """An entry of the script log; ``level`` is 0 (trace) to 4 (error)."""

    seq: Number
    front: str
    logged_at: Number
    level: Annotated[int, msgspec.Meta(ge=0, le=4)]
    script: str
    request_id: str
    route: str
    kind: str
    message: str
    line: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)] | None = None


SHAPES: Final[dict[str, type[msgspec.Struct]]] = {
    "scripts": ScriptRecord,
    "versions": VersionRecord,
    "assets": AssetRecord,
    "users": UserRecord,
    "key_values": KeyValueRecord,
    "settings": SettingRecord,
    "logs": LogRecord,
}
"""Section to the shape of its records, in the order they are written."""

SECTIONS: Final = ("scripts", "assets", "users", "key_values", "settings", "logs")
"""What can be chosen; ``scripts`` brings ``versions`` along."""

DEFAULT_SECTIONS: Final = SECTIONS[:-1]

BLOBS: Final = {"versions": "sources/{}.js", "assets": "assets/{}"}
"""Sections whose records have a blob, and its name in a bundle."""


class Records(Protocol):
    """Where records come from."""

    @property
    def sections(self) -> Sequence[str]:
        """Keys of `SHAPES`, in that order."""

    def rows(self, section: str) -> Iterator[tuple[Any, bytes]]:
        """Give each record of a section with its blob (empty without one)."""


def with_versions(sections: Sequence[str]) -> tuple[str, ...]:
    """Give the sections chosen as keys of `SHAPES`."""
    chosen = {*sections, *(("versions",) if "scripts" in sections else ())}
    return tuple(name for name in SHAPES if name in chosen)


class LinkRecords:
    """The records of a database, as its snapshot sees them."""

    def __init__(self, link: Link, sections: Sequence[str] = SECTIONS) -> None:
        self.sections = with_versions(sections)
        self._link = link

    def rows(self, section: str) -> Iterator[tuple[Any, bytes]]:
        """Give each record of a section with its blob (empty without one)."""
        made: Iterator[tuple[Any, bytes]] = getattr(self, f"_{section}")()
        return made

    def _scripts(self) -> Iterator[tuple[Any, bytes]]:
        for uri, version, created_at, deleted in self._link.each(
            "SELECT uri, version, created_at, deleted FROM scripts ORDER BY uri"
        ):
            yield ScriptRecord(uri, version, created_at, bool(deleted)), b""

    def _versions(self) -> Iterator[tuple[Any, bytes]]:
        for row in self._link.each(
            "SELECT uri, version, created_at, author, message, sha256, size FROM versions"
            " ORDER BY uri, version"
        ):
            # One by one, as all sources of a page may be too much at once.
            found = self._link.one(
                "SELECT source FROM versions WHERE uri = ? AND version = ?", row[0], row[1]
            )
            source = self._link.unpack(found[0]) if found else ""
            yield VersionRecord(*row), source.encode("utf-8")

    def _assets(self) -> Iterator[tuple[Any, bytes]]:
        for row in self._link.each(
            "SELECT name, content_type, sha256, size, created_at, updated_at, metadata FROM assets"
            " ORDER BY name"
        ):
            found = self._link.one("SELECT content FROM assets WHERE name = ?", row[0])
            *fields, metadata = row
            yield AssetRecord(*(*fields, json.loads(metadata))), bytes(found[0]) if found else b""

    def _users(self) -> Iterator[tuple[Any, bytes]]:
        for row in self._link.each(
            "SELECT ident, email, name, roles, identities, data, version, created_at, updated_at FROM users"
            " ORDER BY ident"
        ):
            ident, email, name, roles, identities, data, *others = row
            pairs = tuple((provider, subject) for provider, subject in json.loads(identities))
            yield (
                UserRecord(ident, email, name, tuple(json.loads(roles)), pairs, json.loads(data), *others),
                b"",
            )

    def _key_values(self) -> Iterator[tuple[Any, bytes]]:
        for namespace, key, value, expires_at in self._link.each(
            "SELECT namespace, name, value, expires_at FROM key_values WHERE namespace <> ?"
            " ORDER BY namespace, name",
            LOADS_NAMESPACE,
        ):
            yield KeyValueRecord(namespace, key, json.loads(value), expires_at), b""

    def _settings(self) -> Iterator[tuple[Any, bytes]]:
        for name, value, author, updated_at in self._link.each(
            "SELECT name, value, author, updated_at FROM settings ORDER BY name"
        ):
            yield SettingRecord(name, json.loads(value), author, updated_at), b""

    def _logs(self) -> Iterator[tuple[Any, bytes]]:
        for row in self._link.each(log_rows(self._link)):
            yield LogRecord(*row), b""
