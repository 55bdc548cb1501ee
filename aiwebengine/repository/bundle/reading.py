"""A bundle or a backup is opened: checked first, then read."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from aiwebengine.repository.bundle.records import BLOBS, SHAPES, BundleInvalid, LinkRecords, Records
from aiwebengine.repository.bundle.writing import (
    BUNDLE,
    DATABASE_NAME,
    FORMAT_VERSION,
    MANIFEST,
    SQLITE_BACKUP,
)
from aiwebengine.repository.errors import RepositoryUnusable
from aiwebengine.repository.sqlite import SQLiteDatabase

__all__ = ["BundleFile", "open_bundle"]

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # a member that says it is encrypted
    NotImplementedError,  # or packed in an unknown way
)
_CHUNK_BYTES = 1024 * 1024
_MOST_MANIFEST_BYTES = 512 * 1024 * 1024


@contextmanager
def open_bundle(file: Path) -> Iterator[Records]:
    """
    Give the records of a bundle or backup, all of whose checksums were found right.

    Raises `BundleInvalid` saying what is wrong with the file.
    """
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(file))
        except OSError as error:
            raise BundleInvalid(str(file), f"cannot be read: {error.strerror or error}") from None
        except zipfile.BadZipFile:
            raise BundleInvalid(
                str(file), "is no bundle of aiwebengine (no zip file), or is cut off"
            ) from None
        manifest = _manifest(file, archive)
        _verify(file, archive, manifest)
        if manifest["format"] == BUNDLE:
            yield BundleFile(file, archive, manifest)
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="aiwebengine-restore-"))
            path = Path(archive.extract(DATABASE_NAME, folder))
            yield stack.enter_context(_database_records(file, path))


class BundleFile:
    """The records of a bundle."""

    def __init__(self, file: Path, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
        self.sections = tuple(name for name in SHAPES if f"{name}.jsonl" in manifest["files"])
        self._file = file
        self._archive = archive

    def rows(self, section: str) -> Iterator[tuple[Any, bytes]]:
        """Give each record of a section with its blob. Raises `BundleInvalid` naming the line."""
        shape = SHAPES[section]
        name = f"{section}.jsonl"
        with self._archive.open(name) as lines:
            for number, line in enumerate(lines, 1):
                try:
                    record: Any = msgspec.convert(json.loads(line), shape)
                except (ValueError, RecursionError) as error:
                    raise BundleInvalid(str(self._file), f"{name}, line {number}: {error}") from None
                yield record, self._blob(section, record, f"{name}, line {number}")

    def _blob(self, section: str, record: Any, where: str) -> bytes:
        if section not in BLOBS:
            return b""
        try:
            content = self._archive.read(BLOBS[section].format(record.sha256))
        except KeyError:
            raise BundleInvalid(str(self._file), f"{where}: its content is missing") from None
        if hashlib.sha256(content).hexdigest() != record.sha256 or len(content) != record.size:
            raise BundleInvalid(str(self._file), f"{where}: its content has another checksum or size")
        return content


def _manifest(file: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        if archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST_BYTES:
            raise BundleInvalid(str(file), f"its {MANIFEST} is too large")
        manifest = json.loads(archive.read(MANIFEST))
    except KeyError:
        raise BundleInvalid(str(file), f"is no bundle of aiwebengine: it has no {MANIFEST}") from None
    except _DAMAGE as error:
        raise BundleInvalid(str(file), f"its {MANIFEST} is damaged: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") not in (BUNDLE, SQLITE_BACKUP):
        raise BundleInvalid(str(file), f"is no bundle of aiwebengine: unknown format in {MANIFEST}")
    if manifest.get("format_version") != FORMAT_VERSION:
        raise BundleInvalid(
            str(file),
            f"has format version {manifest.get('format_version')}, this aiwebengine reads {FORMAT_VERSION}; "
            "upgrade aiwebengine",
        )
    if not isinstance(manifest.get("files"), dict):
        raise BundleInvalid(str(file), f"its {MANIFEST} lists no files")
    return manifest


def _verify(file: Path, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    listed = manifest["files"]
    found = sorted(name for name in archive.namelist() if name != MANIFEST)
    if found != sorted(listed):
        odd = sorted({*found} ^ {*listed}) or ["a file twice"]
        raise BundleInvalid(str(file), f"does not hold what its {MANIFEST} lists: {', '.join(odd[:3])}")
    if manifest["format"] == SQLITE_BACKUP and DATABASE_NAME not in listed:
        raise BundleInvalid(str(file), f"holds no {DATABASE_NAME}")
    for name, facts in listed.items():
        checksum = hashlib.sha256()
        try:
            with archive.open(name) as member:
                while chunk := member.read(_CHUNK_BYTES):
                    checksum.update(chunk)
        except _DAMAGE as error:
            raise BundleInvalid(str(file), f"{name} is damaged: {error}") from None
        if checksum.hexdigest() != facts.get("sha256"):
            raise BundleInvalid(str(file), f"{name} is damaged: its checksum is another")


@contextmanager
def _database_records(file: Path, path: Path) -> Iterator[Records]:
    """Give the records of the database in a backup, migrated (in the copy) if it is old."""
    database = SQLiteDatabase(path, url=f"{file} ({DATABASE_NAME})")
    try:
        with closing(sqlite3.connect(path)) as link:
            (outcome,) = link.execute("PRAGMA integrity_check(1)").fetchone()
        if outcome != "ok":
            raise BundleInvalid(str(file), f"its database is damaged: {outcome}")
        with database.snapshot() as snapshot:
            yield LinkRecords(snapshot)
    except sqlite3.Error as error:
        raise BundleInvalid(str(file), f"its database is damaged: {error}") from None
    except RepositoryUnusable as error:
        if error.url != database.url:
            raise
        raise BundleInvalid(str(file), error.reason) from None
    finally:
        database.close()
