"""Records are put into a database, in the one transaction of the link given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, NoReturn

import attrs

from aiwebengine.errors import AIWebEngineError, ScriptInvalid
from aiwebengine.repository.bundle.records import (
    AssetRecord,
    KeyValueRecord,
    Progress,
    Records,
    ScriptRecord,
    UserRecord,
    VersionRecord,
)
from aiwebengine.repository.errors import UserConflict
from aiwebengine.repository.link import Link, Row
from aiwebengine.repository.model import Asset, Setting, User
from aiwebengine.repository.stores.assets import MOST_NAME_BYTES, put_asset, touch_assets
from aiwebengine.repository.stores.key_values import check_key, set_value
from aiwebengine.repository.stores.logs import insert_entries
from aiwebengine.repository.stores.scripts import insert_version, touch_scripts
from aiwebengine.repository.stores.settings import put_setting
from aiwebengine.repository.stores.users import checked_user, put_user
from aiwebengine.repository.texts import check_name, cleaned, encoded
from aiwebengine.scripts.model import ScriptVersion, validate_uri

__all__ = ["ImportRefused", "Mode", "NotEmpty", "import_records"]

_TOLD_EACH = 500
_TABLES = {
    "scripts": ("scripts",),
    "versions": ("versions",),
    "assets": ("assets",),
    "users": ("users", "identities"),
    "key_values": ("key_values",),
    "settings": ("settings",),
    "logs": ("logs",),
}


class Mode(Enum):
    """What becomes of what is there already."""

    FRESH = "fresh"
    """There must be nothing."""

    REPLACE = "replace"
    """It is removed, in the sections that are imported."""

    MERGE = "merge"
    """It stays; what is imported wins, a script getting a new version."""


@attrs.define(auto_exc=True, str=False)
class NotEmpty(AIWebEngineError):
    """The database has something in it already."""

    counts: dict[str, int]

    def __str__(self) -> str:
        shown = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in self.counts.items())
        return f"the database is not empty ({shown})"


@attrs.define(auto_exc=True, str=False)
class ImportRefused(AIWebEngineError):
    """A record cannot be imported."""

    section: str
    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.section}: {self.name}: {self.reason}"


def import_records(
    link: Link,
    records: Records,
    mode: Mode,
    *,
    moment: int,
    progress: Progress = lambda section, done: None,
) -> dict[str, int]:
    """
    Import all records and give how many made a change, by section.

    ``moment`` is the time (ms since the epoch) of versions made by merging. Raises `NotEmpty`,
    `ImportRefused`, and what the records raise; then the transaction is to be rolled back.
    """
    link.lock("scripts")
    link.lock("users")
    if mode is Mode.FRESH:
        _refuse_data(link, records)
    elif mode is Mode.REPLACE:
        for section in records.sections:
            for table in _TABLES[section]:
                link.run(f"DELETE FROM {table}")  # noqa: S608 - a name of ours
    one = _Import(link, mode, moment)
    counts = {}
    for section in records.sections:
        counts[section] = one.section(section, records.rows(section), progress)
    if "scripts" in records.sections:
        touch_scripts(link)
    if "assets" in records.sections:
        touch_assets(link)
    return counts


def _refuse_data(link: Link, records: Records) -> None:
    counts = {}
    for section in records.sections:
        row = link.one(f"SELECT count(*) FROM {_TABLES[section][0]}")  # noqa: S608 - a name of ours
        if row and row[0]:
            counts[section] = int(row[0])
    if counts:
        raise NotEmpty(counts)


class _Import:
    """One import under way."""

    def __init__(self, link: Link, mode: Mode, moment: int) -> None:
        self._link = link
        self._merging = mode is Mode.MERGE
        self._moment = moment
        self._known: dict[str, Row] = {}
        self._imported: dict[str, ScriptRecord] = {}
        self._versions_seen: set[tuple[str, int]] = set()
        if self._merging:
            self._known = {
                row[0]: row[1:]
                for row in link.all(
                    "SELECT s.uri, s.version, s.deleted, v.sha256 FROM scripts AS s"
                    " JOIN versions AS v ON v.uri = s.uri AND v.version = s.version"
                )
            }

    def section(self, name: str, rows: Iterator[tuple[Any, bytes]], progress: Progress) -> int:
        """Import the records of a section and give how many made a change."""
        if name == "logs":
            return self._logs(rows, progress)
        put = getattr(self, f"_{name}")
        changed = 0
        for done, (record, blob) in enumerate(rows, 1):
            try:
                changed += bool(put(record, blob))
            except (ValueError, UserConflict) as error:
                _refuse(name, record, str(error))
            except ScriptInvalid as error:
                _refuse(name, record, error.message)
            if done % _TOLD_EACH == 0:
                progress(name, done)
        progress(name, changed)
        if name == "versions":
            self._refuse_missing()
        return changed

    def _refuse_missing(self) -> None:
        for record in self._imported.values():
            if (record.uri, record.version) not in self._versions_seen:
                _refuse("scripts", record, f"its version {record.version} is missing")

    def _scripts(self, record: ScriptRecord, _: bytes) -> bool:
        validate_uri(record.uri)
        if record.uri in self._imported:
            raise ValueError("occurs twice")
        self._imported[record.uri] = record
        if record.uri in self._known:
            return False
        self._link.run(
            "INSERT INTO scripts (uri, version, created_at, deleted) VALUES (?, ?, ?, ?)",
            record.uri,
            record.version,
            record.created_at,
            int(record.deleted),
        )
        return True

    def _versions(self, record: VersionRecord, blob: bytes) -> bool:
        script = self._imported.get(record.uri)
        if script is None:
            raise ValueError("is a version of a script that is not in the bundle")
        if (record.uri, record.version) in self._versions_seen:
            raise ValueError(f"version {record.version} occurs twice")
        self._versions_seen.add((record.uri, record.version))
        if not 0 < record.version <= script.version:
            raise ValueError(f"version {record.version} is beyond the script's, {script.version}")
        source = blob.decode("utf-8")
        known = self._known.get(record.uri)
        if known is None:
            insert_version(
                self._link,
                ScriptVersion(
                    record.uri,
                    record.version,
                    record.created_at,
                    record.author,
                    record.message,
                    record.sha256,
                    record.size,
                    source,
                ),
            )
            return True
        version, deleted, sha256 = known
        if script.deleted or record.version != script.version or (sha256 == record.sha256 and not deleted):
            return False
        new = ScriptVersion(
            record.uri,
            version + 1,
            self._moment,
            record.author,
            f"imported: {record.message}" if record.message else "imported",
            record.sha256,
            record.size,
            source,
        )
        insert_version(self._link, new)
        self._link.run("UPDATE scripts SET version = ?, deleted = 0 WHERE uri = ?", new.version, record.uri)
        return True

    def _assets(self, record: AssetRecord, blob: bytes) -> bool:
        check_name("an asset's name", record.name, MOST_NAME_BYTES)
        put_asset(
            self._link,
            Asset(
                record.name,
                cleaned(record.content_type),
                record.size,
                record.sha256,
                record.created_at,
                record.updated_at,
                _object(record.metadata),
            ),
            blob,
        )
        return True

    def _users(self, record: UserRecord, _: bytes) -> bool:
        put_user(
            self._link,
            checked_user(
                User(
                    record.ident,
                    record.email,
                    record.name,
                    record.roles,
                    record.identities,
                    _object(record.data),
                    record.version,
                    record.created_at,
                    record.updated_at,
                )
            ),
        )
        return True

    def _key_values(self, record: KeyValueRecord, _: bytes) -> bool:
        check_key(record.namespace, record.key)
        set_value(
            self._link,
            record.namespace,
            record.key,
            encoded(record.value),
            record.expires_at,
        )
        return True

    def _settings(self, record: Any, _: bytes) -> bool:
        check_name("a setting's name", record.name, MOST_NAME_BYTES)
        value = record.value
        put_setting(self._link, Setting(record.name, value, cleaned(record.author), record.updated_at))
        return True

    def _logs(self, rows: Iterator[tuple[Any, bytes]], progress: Progress) -> int:
        batch: list[Row] = []
        count = 0
        for record, _ in rows:
            fields = (getattr(record, name) for name in record.__struct_fields__)
            batch.append(tuple(cleaned(one) if isinstance(one, str) else one for one in fields))
            count += 1
            if len(batch) >= _TOLD_EACH:
                insert_entries(self._link, batch)
                batch.clear()
                progress("logs", count)
        insert_entries(self._link, batch)
        progress("logs", count)
        return count


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"a JSON object is wanted, not {value!r:.40}")
    return value


def _refuse(section: str, record: Any, reason: str) -> NoReturn:
    name = next(
        str(getattr(record, field))
        for field in ("uri", "ident", "name", "key", "seq")
        if hasattr(record, field)
    )
    raise ImportRefused(section, name, reason)
