"""What changed between two sources."""

from __future__ import annotations

import difflib
from typing import Any

__all__ = ["diff"]

_AROUND = 3
_SIGNS = {"same": " ", "added": "+", "removed": "-"}


def diff(uri: str, old: str, new: str, old_version: int, new_version: int) -> dict[str, Any]:
    """
    Compare two sources by lines.

    Gives ``uri, from, to, added, removed`` (lines), ``unified`` (text, empty when both are the same) and
    ``hunks``: ``[{"lines": [{"kind": "same" | "added" | "removed", "text", "from_line", "to_line"}]}]``.
    """
    before, after = old.splitlines(), new.splitlines()
    hunks = []
    unified = []
    for group in difflib.SequenceMatcher(None, before, after).get_grouped_opcodes(_AROUND):
        lines: list[dict[str, Any]] = []
        for tag, a, b, c, d in group:
            if tag == "equal":
                lines += [_line("same", before[a + i], a + i + 1, c + i + 1) for i in range(b - a)]
                continue
            lines += [_line("removed", before[i], i + 1, None) for i in range(a, b)]
            lines += [_line("added", after[i], None, i + 1) for i in range(c, d)]
        hunks.append({"lines": lines})
        (_, a, _, c, _), (_, _, b, _, d) = group[0], group[-1]
        unified.append(f"@@ -{_range(a, b)} +{_range(c, d)} @@")
        unified += [_SIGNS[line["kind"]] + line["text"] for line in lines]
    if unified:
        unified[:0] = [f"--- {uri} (version {old_version})", f"+++ {uri} (version {new_version})"]
    kinds = [line["kind"] for hunk in hunks for line in hunk["lines"]]
    return {
        "uri": uri,
        "from": old_version,
        "to": new_version,
        "added": kinds.count("added"),
        "removed": kinds.count("removed"),
        "unified": "".join(line + "\n" for line in unified),
        "hunks": hunks,
    }


def _range(start: int, stop: int) -> str:
    """Give a range as a unified diff has it: counted from 1, an empty one by the line before."""
    length = stop - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _line(kind: str, text: str, from_line: int | None, to_line: int | None) -> dict[str, Any]:
    return {"kind": kind, "text": text, "from_line": from_line, "to_line": to_line}
