"""Which files of a scripts directory are scripts, and what they contain."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from aiwebengine.errors import ScriptInvalid
from aiwebengine.scripts.model import validate_uri

__all__ = ["MAX_FILE_BYTES", "Listing", "ScriptFile", "list_scripts", "read_source"]

#: A larger file is not even read; the limit of scripts is javascript.max_script_bytes.
MAX_FILE_BYTES = 32 * 1024 * 1024
_SKIPPED_DIRECTORIES = frozenset({"node_modules", "__pycache__"})
_SKIPPED_ENDINGS = (".test.js", ".d.ts")


@attrs.frozen
class ScriptFile:
    """One script file; ``signature`` differs when the file was changed or replaced."""

    uri: str
    path: Path
    directory: Path
    signature: tuple[int, int, int]


@attrs.frozen
class Listing:
    """The script files found, by URI, and what is wrong with others: (file, reason)."""

    files: dict[str, ScriptFile]
    problems: tuple[tuple[str, str], ...] = ()


def list_scripts(directories: Sequence[Path]) -> Listing:
    """
    Find the ``*.js`` files of the directories and their subdirectories.

    Hidden files and directories, ``node_modules``, ``*.test.js`` and ``*.d.ts`` are left out; symbolic links
    are followed, each directory once. Of two files with one URI the earlier directory's counts.
    """
    files: dict[str, ScriptFile] = {}
    problems: list[tuple[str, str]] = []
    for directory in directories:
        for path in _walk(directory, problems):
            uri = path.relative_to(directory).as_posix()
            try:
                validate_uri(uri)
                facts = path.stat()
            except ScriptInvalid as error:
                problems.append((str(path), error.message))
                continue
            except OSError as error:
                problems.append((str(path), f"cannot be read: {error.strerror}"))
                continue
            if uri in files:
                problems.append((str(path), f"hidden by {files[uri].path}, which has the same URI {uri!r}"))
                continue
            signature = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
            files[uri] = ScriptFile(uri, path, directory, signature)
    return Listing(files, tuple(problems))


def read_source(path: Path) -> str:
    """Give a file's text without a byte order mark. Raises ValueError saying why it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_FILE_BYTES:
        raise ValueError(f"larger than {MAX_FILE_BYTES} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: byte {error.start} is 0x{data[error.start]:02x}") from None


def _walk(directory: Path, problems: list[tuple[str, str]]) -> Iterator[Path]:
    visited: set[tuple[int, int]] = set()

    def failed(error: OSError) -> None:
        problems.append((str(error.filename), f"cannot be listed: {error.strerror}"))

    for folder, subfolders, names in os.walk(directory, followlinks=True, onerror=failed):
        facts = Path(folder).stat()
        if (facts.st_dev, facts.st_ino) in visited:
            subfolders.clear()
            continue
        visited.add((facts.st_dev, facts.st_ino))
        subfolders[:] = sorted(
            name for name in subfolders if not name.startswith(".") and name not in _SKIPPED_DIRECTORIES
        )
        for name in sorted(names):
            if name.endswith(".js") and not name.startswith(".") and not name.endswith(_SKIPPED_ENDINGS):
                yield Path(folder) / name
