"""
Trace the requirements to tests and documents.

``python scripts/requirements.py`` prints the table, ``--write`` renews docs/requirements.md, ``--check``
fails when that file is not current, ``--untested`` lists what no test is named after. Requirements are listed
in docs/requirements.toml. A test proves REQ-HTTP-001 by being called ``test_req_http_001_...``; a document
covers it by naming ``REQ-HTTP-001``.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LIST = "docs/requirements.toml"
TABLE = "docs/requirements.md"
_TEST = re.compile(r"test_req_([a-z]+)_(\d{3})(?:_|$)")
_MENTION = re.compile(r"\bREQ-([A-Z]+)-(\d{3}(?:/\d+)*)\b")
_INTRO = """\
# Requirements

What each requirement is proven and described by. Made by `python scripts/requirements.py --write` from
`docs/requirements.toml`, the names of the tests (`test_req_http_001_...`) and mentions in the documents.

"""


def requirements(root: Path) -> dict[str, dict[str, str]]:
    """Give ``title`` and ``priority`` by REQ number, in the order of the list."""
    return tomllib.loads((root / LIST).read_text("utf-8"))


def tests(root: Path) -> dict[str, list[str]]:
    """Give, for each REQ number, the test files that have a test for it."""
    found: dict[str, list[str]] = {}
    for file in _files(root, "tests", "*.py"):
        for name in _test_names(file):
            match = _TEST.match(name)
            if match:
                _note(found, f"REQ-{match[1].upper()}-{match[2]}", file, root)
    for file in _files(root, "tests", "*.js"):
        for ident in _mentions(file):
            _note(found, ident, file, root)
    return found


def documents(root: Path) -> dict[str, list[str]]:
    """Give, for each REQ number, the documents that name it."""
    found: dict[str, list[str]] = {}
    files = [*root.glob("*.md"), *_files(root, "docs", "*.md"), *_files(root, "deploy", "*.md")]
    for file in sorted(files):
        if file != root / TABLE:
            for ident in _mentions(file):
                _note(found, ident, file, root)
    return found


def unknown(root: Path) -> list[str]:
    """Give a line for each test or document that names a requirement which does not exist."""
    known = requirements(root)
    return [
        f"{', '.join(files)}: there is no {ident}"
        for found in (tests(root), documents(root))
        for ident, files in sorted(found.items())
        if ident not in known
    ]


def table(root: Path) -> str:
    """Give the text of docs/requirements.md."""
    proven, described = tests(root), documents(root)
    lines = ["| requirement | priority | tests | documents |", "|---|---|---|---|"]
    for ident, facts in requirements(root).items():
        lines.append(
            f"| {ident} {facts['title']} | {facts['priority']} "
            f"| {_links(proven.get(ident, ()))} | {_links(described.get(ident, ()))} |"
        )
    return _INTRO + "\n".join(lines) + "\n"


def _links(files: Any) -> str:
    """Give links, relative to docs/, of files named relative to the root."""
    texts = []
    for name in files:
        target = name.removeprefix("docs/") if name.startswith("docs/") else f"../{name}"
        texts.append(f"[{name}]({target})")
    return ", ".join(texts) or "-"


def _files(root: Path, folder: str, pattern: str) -> Iterator[Path]:
    for file in sorted((root / folder).rglob(pattern)):
        if not any(
            part.startswith(("_trial_temp", ".")) or part == "node_modules"
            for part in file.relative_to(root).parts
        ):
            yield file


def _test_names(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"), str(file))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def _mentions(file: Path) -> Iterator[str]:
    """Give the REQ numbers a text names, each once; ``REQ-RT-001/2`` names two."""
    seen: set[str] = set()
    for area, numbers in _MENTION.findall(file.read_text("utf-8")):
        for number in numbers.split("/"):
            seen.add(f"REQ-{area}-{int(number):03}")
    yield from sorted(seen)


def _note(found: dict[str, list[str]], ident: str, file: Path, root: Path) -> None:
    name = file.relative_to(root).as_posix()
    if name not in found.setdefault(ident, []):
        found[ident].append(name)


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Do what the arguments say; give the exit status."""
    parser = argparse.ArgumentParser(description="Trace the requirements to tests and documents.")
    parser.add_argument("--write", action="store_true", help=f"renew {TABLE}")
    parser.add_argument("--check", action="store_true", help=f"fail when {TABLE} is not current")
    parser.add_argument("--untested", action="store_true", help="list requirements no test is named after")
    options = parser.parse_args(arguments)
    if options.untested:
        print("\n".join(f"{ident} {title}" for ident, title in untested(root).items()))
        return 0
    problems: list[str] = unknown(root)
    text = table(root)
    if options.write:
        (root / TABLE).write_text(text, "utf-8")
    elif options.check:
        current = (root / TABLE).read_text("utf-8") if (root / TABLE).exists() else ""
        if current != text:
            problems.append(f"{TABLE} is not current; run: python scripts/requirements.py --write")
    else:
        print(text, end="")
    _say(problems)
    return 1 if problems else 0


def _say(problems: list[str]) -> None:
    for problem in problems:
        print(problem, file=sys.stderr)


def untested(root: Path) -> Mapping[str, str]:
    """Give the titles of the requirements no test is named after, by REQ number."""
    proven = tests(root)
    return {ident: facts["title"] for ident, facts in requirements(root).items() if ident not in proven}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
