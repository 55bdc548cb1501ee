"""The reference of every key, made from the schemas; run as a module it renews the file named."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from aiwebengine.config.schema import Field, Schemas, Shape, dotted, expectation, fields_of
from aiwebengine.config.secret import Secret
from aiwebengine.config.sections import CORE_SECTIONS

__all__ = ["BEGIN", "END", "main", "reference_markdown", "with_reference"]

BEGIN: Final = "<!-- reference: begin (generated, do not edit) -->"
END: Final = "<!-- reference: end -->"


def reference_markdown(schemas: Schemas) -> str:
    """Give a heading and a table per section."""
    parts = []
    for name, struct in schemas.items():
        summary = (struct.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
        rows = [_row(entry) for entry in _flattened((), struct)]
        parts.append(
            "\n".join(
                [
                    f"### `[{name}]`",
                    "",
                    summary,
                    "",
                    "| key | value | default | meaning |",
                    "|---|---|---|---|",
                    *rows,
                ]
            )
        )
    return "\n\n".join(parts)


def _flattened(prefix: tuple[str, ...], struct: type[msgspec.Struct]) -> list[tuple[tuple[str, ...], Field]]:
    found = []
    for field in fields_of(struct):
        place = (*prefix, field.key)
        item = field.shape.item
        if field.shape.kind == "table":
            found += _flattened(place, field.shape.base)
        elif item is not None and item.kind == "table":
            found.append((place, field))
            found += _flattened((*place, "NAME"), item.base)
        else:
            found.append((place, field))
    return found


def _row(entry: tuple[tuple[str, ...], Field]) -> str:
    place, field = entry
    notes = [field.shape.description]
    if field.shape.extra.get("reload"):
        notes.append("*Reloaded.*")
    cells = [
        f"`{dotted(place)}`",
        _kind(field.shape),
        _default(field),
        " ".join(note for note in notes if note),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _kind(shape: Shape) -> str:
    text = expectation(shape)
    if shape.kind == "map" and shape.item is not None and shape.item.kind != "table":
        text += f", each value {expectation(shape.item)}"
    return text + (", hidden" if shape.secret else "")


def _default(field: Field) -> str:
    if field.plain_default is msgspec.NODEFAULT:
        return "must be set"
    text = _code(field.plain_default)
    for environment, value in field.shape.extra.get("defaults", {}).items():
        text += f"; {environment}: {_code(value)}"
    return text


def _code(value: Any) -> str:
    if value is None:
        return "not set"
    plain = str(value) if isinstance(value, Secret) else msgspec.to_builtins(value, enc_hook=str)
    return f"`{json.dumps(plain, ensure_ascii=False)}`"


def with_reference(document: str, schemas: Schemas) -> str:
    """Give a document with what is between its two markers renewed. Raises ValueError without markers."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the document lacks the markers of the reference")
    return f"{before}{BEGIN}\n\n{reference_markdown(schemas)}\n\n{END}{after}"


def main(arguments: Sequence[str]) -> int:
    """Renew the reference of the core's sections in the file named."""
    path = Path(arguments[0])
    path.write_text(with_reference(path.read_text("utf-8"), CORE_SECTIONS), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
