"""A bundle or a backup is written: whole under its name, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from aiwebengine import VERSION
from aiwebengine.repository.bundle.records import BLOBS, Progress, Records
from aiwebengine.repository.sqlite import SQLiteDatabase

__all__ = [
    "BUNDLE",
    "DATABASE_NAME",
    "FORMAT_VERSION",
    "MANIFEST",
    "SQLITE_BACKUP",
    "write_backup",
    "write_bundle",
]

MANIFEST: Final = "manifest.json"
BUNDLE: Final = "aiwebengine-bundle"
SQLITE_BACKUP: Final = "aiwebengine-sqlite-backup"
DATABASE_NAME: Final = "database.sqlite3"
FORMAT_VERSION: Final = 1

_CHUNK_BYTES = 1024 * 1024
_TOLD_EACH = 500


def write_bundle(
    file: Path,
    records: Records,
    *,
    now: Callable[[], float],
    force: bool = False,
    progress: Progress = lambda section, done: None,
) -> dict[str, int]:
    """
    Write all records and give how many there are by section.

    Only its owner may read the file. Raises FileExistsError unless ``force``, OSError.
    """
    counts: dict[str, int] = {}
    with _archive(file, BUNDLE, now, force, counts) as archive:
        for section in records.sections:
            counts[section] = _write_section(archive, records, section, progress)
    return counts


def write_backup(
    file: Path,
    database: SQLiteDatabase,
    *,
    now: Callable[[], float],
    force: bool = False,
    progress: Progress = lambda section, done: None,
) -> None:
    """
    Write a consistent copy of an SQLite database that may be in use.

    Only its owner may read the file. Raises FileExistsError unless ``force``, OSError, `RepositoryUnusable`.
    """
    with (
        tempfile.TemporaryDirectory(dir=file.parent) as folder,
        _archive(file, SQLITE_BACKUP, now, force, {}) as archive,
    ):
        copy = Path(folder) / DATABASE_NAME
        database.backup(copy, lambda done, total: progress("pages", done))
        with copy.open("rb") as source, archive.stream(DATABASE_NAME) as write:
            while chunk := source.read(_CHUNK_BYTES):
                write(chunk)


class _Archive:
    """A zip file being written, with the checksums of its members."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.files: dict[str, dict[str, Any]] = {}
        self._archive = archive

    @contextmanager
    def stream(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Give a function that writes to a new member."""
        checksum, size = hashlib.sha256(), 0
        info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        info.compress_type = zipfile.ZIP_DEFLATED
        with self._archive.open(info, "w", force_zip64=True) as member:

            def write(data: bytes) -> None:
                nonlocal size
                checksum.update(data)
                size += len(data)
                member.write(data)

            yield write
        self.files[name] = {"sha256": checksum.hexdigest(), "size": size}

    def add(self, name: str, data: bytes) -> None:
        """Write a member, once."""
        if name not in self.files:
            with self.stream(name) as write:
                write(data)


def _write_section(archive: _Archive, records: Records, section: str, progress: Progress) -> int:
    count = 0
    # A zip file takes one member at a time: the lines wait in a file of their own.
    with tempfile.TemporaryFile() as lines:
        for record, blob in records.rows(section):
            lines.write(_line(record))
            if section in BLOBS:
                archive.add(BLOBS[section].format(record.sha256), blob)
            count += 1
            if count % _TOLD_EACH == 0:
                progress(section, count)
        lines.seek(0)
        with archive.stream(f"{section}.jsonl") as write:
            while chunk := lines.read(_CHUNK_BYTES):
                write(chunk)
    progress(section, count)
    return count


def _line(record: Any) -> bytes:
    # Not by msgspec, which refuses the lone surrogates that values of scripts may hold.
    text = json.dumps(msgspec.to_builtins(record), allow_nan=False, separators=(",", ":"))
    return text.encode("ascii") + b"\n"


@contextmanager
def _archive(
    file: Path, kind: str, now: Callable[[], float], force: bool, counts: dict[str, int]
) -> Iterator[_Archive]:
    if file.exists() and not force:
        raise FileExistsError(f"{file} exists")
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
                archive = _Archive(packed)
                yield archive
                manifest = {
                    "format": kind,
                    "format_version": FORMAT_VERSION,
                    "aiwebengine": VERSION,
                    "created_at": datetime.fromtimestamp(now(), UTC).isoformat(timespec="seconds"),
                    "records": counts,
                    "files": archive.files,
                }
                packed.writestr(MANIFEST, json.dumps(manifest, indent=1))
            raw.flush()
            os.fsync(raw.fileno())
        Path(name).replace(file)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
