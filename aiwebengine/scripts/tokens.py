"""
JavaScript source as tokens: what the engine knows of a script without running it.

Nothing here raises on bad source (QuickJS reports syntax errors) and all of it takes linear time. Sloppy
script grammar with Annex B comments (``<!--`` and ``-->``), as QuickJS reads it. Where only a full parser
could tell (``yield`` and ``await`` as variable names before a ``/``), the modern meaning is taken; so this is
for names, hints and shrinking, and never the wall around a script.

Lines are counted by ``\\n`` and columns in code points, both 1-based, as in QuickJS's stacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from aiwebengine.scripts.scanner import (
    COMMENT,
    INVALID,
    KEYWORD,
    NAME,
    NOT_LINE_END,
    NUMBER,
    PRIVATE,
    PUNCTUATOR,
    REGEX,
    STRING,
    TEMPLATE,
    TEMPLATE_HEAD,
    TEMPLATE_MIDDLE,
    TEMPLATE_TAIL,
    scan,
)

__all__ = [
    "COMMENT",
    "INVALID",
    "KEYWORD",
    "NAME",
    "NUMBER",
    "PRIVATE",
    "PUNCTUATOR",
    "REGEX",
    "RESERVED",
    "STRING",
    "TEMPLATE",
    "TEMPLATE_HEAD",
    "TEMPLATE_MIDDLE",
    "TEMPLATE_TAIL",
    "Token",
    "identifiers",
    "is_safe_name",
    "line_of",
    "name_of",
    "strip_comments",
    "strip_hashbang",
    "tokenize",
    "top_level_names",
]

_SHORT = 20_000  # characters
_ESCAPED = re.compile(r"\\u(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,8})\})")

#: Words no binding may have in any mode, and those whose meaning is not the script's to give.
RESERVED: Final = frozenset(
    """
    arguments await break case catch class const continue debugger default delete do else enum eval export
    extends false finally for function if implements import in instanceof interface let new null package
    private protected public return static super switch this throw true try typeof undefined var void while
    with yield NaN Infinity __proto__
    """.split()  # noqa: SIM905
)


class Token(NamedTuple):
    """
    A piece of source that is not white space.

    ``kind`` is one of this module's constants; `KEYWORD` is for the words that change how the text goes on
    (not for ``this`` or ``null``, and not where they are a property's name). ``text`` is as written (see
    `name_of` for escapes); ``start`` and ``end`` are offsets into the source.
    """

    kind: str
    text: str
    line: int
    column: int
    start: int
    end: int


def _scanned(source: str) -> Iterable[tuple[str, int, int]]:
    # One load goes through its source several times without a pause; a long one is not worth its memory.
    return _last_scanned(source) if len(source) <= _SHORT else scan(source)


@lru_cache(maxsize=1)
def _last_scanned(source: str) -> tuple[tuple[str, int, int], ...]:
    return tuple(scan(source))


def tokenize(source: str, *, comments: bool = False) -> list[Token]:
    """
    Give the tokens of a source, with comments when asked.

    What lies between them is white space only (and comments). Text that is no token, such as an unterminated
    string, is of kind `INVALID`. Linear time.
    """
    tokens: list[Token] = []
    new, add, count, rfind = tuple.__new__, tokens.append, source.count, source.rfind
    line, line_start, seen = 1, 0, 0
    for kind, start, end in _scanned(source):
        lines = count("\n", seen, start)
        if lines:
            line += lines
            line_start = rfind("\n", seen, start) + 1
        seen = start
        if comments or kind != COMMENT:
            add(new(Token, (kind, source[start:end], line, start - line_start + 1, start, end)))
    return tokens


def name_of(text: str) -> str:
    """Give a name with its Unicode escapes decoded; impossible ones stay as they are written."""
    if "\\" not in text:
        return text

    def decoded(escape: re.Match[str]) -> str:
        number = int(escape[1] or escape[2], 16)
        return chr(number) if number < 0x110000 else escape[0]

    return _ESCAPED.sub(decoded, text)


def identifiers(source: str) -> frozenset[str]:
    """Give every name in a source, property names and keywords too, escapes decoded."""
    return frozenset(
        name_of(source[start:end]) for kind, start, end in _scanned(source) if kind in (NAME, KEYWORD)
    )


def top_level_names(source: str) -> tuple[str, ...]:
    """
    Give the names that a script may have bound outside every bracket, in order of appearance.

    By ``function``, ``class``, ``const``, ``let``, ``var``, ``using`` and their destructuring patterns. More
    than is bound may be given (a pattern's keys and defaults, the name of a function expression), so ask
    ``typeof`` of each. Every name is one that `is_safe_name`: they may be pasted into code.
    """
    names: dict[str, None] = {}
    depth = 0
    pattern = False  # within a destructuring pattern
    awaiting = ""  # "one" name, or a "list" of declarations
    listing = False
    for kind, start, end in _scanned(source):
        if kind == COMMENT:
            continue
        text = source[start:end]
        if kind == KEYWORD:
            if not depth:
                if text in ("function", "class"):
                    awaiting = "one"
                elif text in ("const", "let", "var", "using"):
                    awaiting, listing = "list", True
        elif kind == NAME:
            if pattern or (awaiting and not depth):
                names[name_of(text)] = None
                if not pattern:
                    awaiting = ""
        elif kind == TEMPLATE_HEAD:
            depth += 1
        elif kind == TEMPLATE_TAIL:
            depth = max(0, depth - 1)
        elif kind == PUNCTUATOR:
            if text in ("(", "[", "{"):
                if awaiting == "list" and not depth and text != "(":
                    pattern = True
                if not depth:
                    awaiting = ""
                depth += 1
            elif text in (")", "]", "}"):
                depth = max(0, depth - 1)
                if not depth:
                    pattern = False
            elif not depth:
                if text == ",":
                    awaiting = "list" if listing else ""
                elif text == ";":
                    awaiting, listing = "", False
                elif text != "*":
                    awaiting = ""
    return tuple(name for name in names if is_safe_name(name))


def is_safe_name(name: str) -> bool:
    """
    Tell whether a name may be pasted into code as a variable's name, in any mode.

    Stricter than the language: Python's notion of an identifier plus ``$``, and none of `RESERVED`.
    """
    # Python's XID tables lie within JavaScript's ID tables; ``$`` is the one ASCII character it lacks.
    return name.replace("$", "_").isidentifier() and name not in RESERVED


def line_of(source: str, offset: int) -> tuple[int, int]:
    """Give the line and column, both 1-based, of an offset into a source."""
    return source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset)


def strip_hashbang(source: str) -> str:
    """Make a ``#!`` first line a comment, since it is an error where the source does not begin a file."""
    return "//" + source[2:] if source.startswith("#!") else source


def strip_comments(source: str) -> str:
    """
    Give a source without comments and indentation but with every line end, so that lines stay true.

    Columns do not. The text evaluates to the same, save for what ``Function.prototype.toString`` tells.
    """
    pieces: list[str] = []
    seen = 0
    for kind, start, end in _scanned(source):
        if kind != COMMENT:
            pieces.append(_shrunk(source[seen:start]))
            pieces.append(source[start:end])
            seen = end
    pieces.append(_shrunk(source[seen:]))
    return "".join(pieces)


def _shrunk(gap: str) -> str:
    if not gap or gap == " " or gap == "\n":
        return gap
    return NOT_LINE_END.sub("", gap) or " "
