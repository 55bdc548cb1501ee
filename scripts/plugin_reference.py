"""
Make docs/plugins-reference.md from the modules of aiwebengine/interfaces.

``python scripts/plugin_reference.py`` prints it, ``--write`` renews the file. Each public interface has a
section; each of its methods a heading that is its signature.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "aiwebengine/interfaces"
MODULES = ("plugins", "web", "scripts", "repository")
TARGET = "docs/plugins-reference.md"
_INTRO = """\
# Plugin interfaces

Every interface of `aiwebengine.interfaces`, made from it by `python scripts/plugin_reference.py --write`.
How they are used together: [plugins.md](plugins.md).
"""


def sources(root: Path) -> list[str]:
    """Give the texts of the modules of interfaces, in the order of the reference."""
    return [(root / PACKAGE / f"{name}.py").read_text("utf-8") for name in MODULES]


def reference(modules: Iterable[str]) -> str:
    """Give the reference of modules of interfaces."""
    bodies = [ast.parse(source).body for source in modules]
    classes = [node for body in bodies for node in body if isinstance(node, ast.ClassDef)]
    return "\n".join([_INTRO, *(line for node in classes for line in _section(node))])


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Give a method's signature as it is written, on one line."""
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    prefix = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    return f"{prefix}{node.name}({ast.unparse(node.args)}){returned}"


def _section(node: ast.ClassDef) -> Iterator[str]:
    yield f"## {node.name}\n"
    yield _text(ast.get_docstring(node) or "")
    attributes = [part for part in node.body if isinstance(part, ast.AnnAssign)]
    if attributes:
        yield "| attribute | type | |\n|---|---|---|"
        for part in attributes:
            kind = ast.unparse(part.annotation).replace("|", "\\|")
            yield f"| `{ast.unparse(part.target)}` | `{kind}` | {_said(part)} |"
        yield ""
    for method in node.body:
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"### `{signature(method)}`\n"
            yield _text(ast.get_docstring(method) or "")


def _said(part: ast.AnnAssign) -> str:
    """Give the text of ``Attribute("...")``."""
    if isinstance(part.value, ast.Call) and part.value.args:
        return _markdown(str(ast.literal_eval(part.value.args[0]))).replace("|", "\\|")
    return ""


def _text(docstring: str) -> str:
    return _markdown(inspect.cleandoc(docstring)) + "\n"


def _markdown(text: str) -> str:
    """Turn reST's literals into Markdown's."""
    return text.replace("``", "`")


def main(arguments: list[str]) -> int:
    """Print or, with --write, renew the reference."""
    text = reference(sources(ROOT))
    if arguments == ["--write"]:
        (ROOT / TARGET).write_text(text, "utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
