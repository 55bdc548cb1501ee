"""A test file together with the helper files it names, and which file a line of the whole is of."""

from __future__ import annotations

import re
from pathlib import Path

import attrs

from aiwebengine.subsystems.script_directories.files import read_source

__all__ = ["Part", "TestSource"]

_HELPERS = re.compile(r"^//\s*@helpers\s+(\S+)\s*$", re.M)


@attrs.frozen
class Part:
    """One file of the whole; its first line is line ``first`` there."""

    shown: str
    first: int
    text: str


@attrs.frozen
class TestSource:
    """
    What is loaded for a test file.

    Scripts cannot import, so the files named by ``// @helpers ./file.js`` are put after the test's own text:
    its lines keep their numbers, and the helpers' functions are there from its first line on.
    """

    __test__ = False  # not a test of ours, whatever its name

    parts: tuple[Part, ...]

    @classmethod
    def read(cls, file: Path, root: Path) -> TestSource:
        """Read a test file and its helpers, shown relative to ``root``. Raises ValueError."""
        text = read_source(file)
        parts = [Part(_shown(file, root), 1, text)]
        for name in dict.fromkeys(_HELPERS.findall(text)):
            helper = file.parent / name
            try:
                source = read_source(helper)
            except ValueError as error:
                raise ValueError(f"@helpers {name}: {error}") from None
            first = parts[-1].first + _lines(parts[-1].text)
            parts.append(Part(_shown(helper, root), first, source))
        return cls(tuple(parts))

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(part.text if part.text.endswith("\n") else part.text + "\n" for part in self.parts)

    def locate(self, line: int) -> tuple[Part, int]:
        """Give the part that a line of the whole is of, and its number there."""
        found = self.parts[0]
        for part in self.parts:
            if part.first <= line:
                found = part
        return found, line - found.first + 1


def _lines(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n"))


def _shown(file: Path, root: Path) -> str:
    file, root = file.resolve(), root.resolve()
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
