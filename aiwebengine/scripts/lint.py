"""
Remarks on a script's source: patterns that are dangerous, or that cannot work here (REQ-SEC-003).

They are read off tokens, so the same words in a string or comment are nothing. This is help for authors and a
policy for operators (``security.dangerous_patterns``), not the wall around a script: computed property names
and aliases get past any such list, and what they reach is still only the sandbox.

A property of the script's own objects may be called ``eval`` or ``Function`` (``parser.eval(text)``); of the
global object (``globalThis.eval``) it is the real one. A name that the script declares itself is its own
business, save for ``eval`` and ``Function``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from aiwebengine.sandbox.model import Diagnostic
from aiwebengine.scripts.tokens import KEYWORD, NAME, STRING, TEMPLATE, Token, name_of, tokenize

__all__ = ["CODES", "MOST", "lint"]

#: At most this many remarks are given on one source.
MOST = 100

#: What each remark says, by its code.
CODES = {
    "DANGEROUS_EVAL": (
        "eval runs text as code, also text that came with a request; use JSON.parse for data, "
        "or a table of functions"
    ),
    "DANGEROUS_FUNCTION_CONSTRUCTOR": (
        "making a function from text runs it as code; write the function out, or choose one from a table"
    ),
    "DANGEROUS_TIMER_STRING": (
        "a timer given text runs it as code; give it a function: setTimeout(() => …, ms)"
    ),
    "PROTOTYPE_ASSIGNMENT": (
        "writing through __proto__ changes what other objects inherit; use Object.create(prototype), "
        "or a Map for keys that come with a request"
    ),
    "DANGEROUS_WITH": (
        "with makes every name depend on an object's properties; name the properties by destructuring: "
        "const { a, b } = object"
    ),
    "DANGEROUS_DOCUMENT_WRITE": (
        "there is no document in a server script; return the HTML as the handler's body, with html`…` "
        "to escape values"
    ),
    "UNSUPPORTED_IMPORT": (
        "scripts are single files without modules: import does not work; put what you need into the script, "
        "or fetch() it"
    ),
    "UNSUPPORTED_REQUIRE": (
        "scripts are single files without Node modules: require does not exist; the built-in functions are "
        "listed at /engine/docs"
    ),
    "UNSUPPORTED_SHARED_MEMORY": (
        "a request runs in one thread: SharedArrayBuffer and Atomics share nothing; use an ArrayBuffer, "
        "and storage for what outlives the request"
    ),
    "ENDLESS_LOOP": (
        "this loop has no break, return or throw; it ends by the time limit (javascript.execution_timeout_ms)"
    ),
}

_GLOBAL_OBJECTS = frozenset({"globalThis", "window", "self", "global", "this"})
_TIMERS = frozenset({"setTimeout", "setInterval", "setImmediate"})
_DECLARING = frozenset({"function", "class", "const", "let", "var"})
_EXITS = frozenset({"break", "return", "throw", "yield", "await"})
_ASSIGNMENTS = frozenset("= += -= *= /= %= **= <<= >>= >>>= &= |= ^= &&= ||= ??=".split())  # noqa: SIM905
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|(\r\n|[^xu]))")
_NOTHING = Token("", "", 0, 0, 0, 0)


class _Source:
    """Tokens with what the rules ask of them; each question takes constant time."""

    def __init__(self, source: str) -> None:
        self.tokens = tokenize(source)
        self.mates: dict[int, int] = {}  # index of a bracket → index of its mate
        self.functions = [0]  # how many function or => came before each token
        self.exits = [0]  # how many ways out of a loop did
        self.own: set[str] = set()  # names the script declares
        opened: list[int] = []
        for index, token in enumerate(self.tokens):
            if token.text in ("(", "[", "{"):
                opened.append(index)
            elif token.text in (")", "]", "}") and opened:
                mate = opened.pop()
                self.mates[mate], self.mates[index] = index, mate
            elif token.kind == NAME and self.at(index - 1).text in _DECLARING:
                self.own.add(name_of(token.text))
            keyword = token.kind == KEYWORD
            self.functions.append(
                self.functions[-1] + (token.text == "=>" or (keyword and token.text == "function"))
            )
            self.exits.append(self.exits[-1] + (token.text in _EXITS and token.kind in (KEYWORD, NAME)))

    def at(self, index: int) -> Token:
        """Give a token, or an empty one beyond either end."""
        return self.tokens[index] if 0 <= index < len(self.tokens) else _NOTHING

    def variable(self, index: int) -> bool:
        """Tell whether a name means a variable (or the global object's property), not a property or label."""
        before, after = self.at(index - 1), self.at(index + 1)
        if before.text in (".", "?."):
            return self.at(index - 2).text in _GLOBAL_OBJECTS and self.at(index - 3).text not in (".", "?.")
        if before.text == "typeof" or (before.kind == KEYWORD and before.text in _DECLARING):
            return False
        if before.text in ("{", ",") and after.text == ":":
            return False
        # A method: `eval(text) {` on one line, which no expression statement can be.
        if after.text == "(" and before.text not in (")", "=", "("):
            end = self.mates.get(index + 1)
            if end is not None and self.at(end + 1).text == "{":
                return self.at(end + 1).line != self.at(end).line
        return True

    def called(self, index: int) -> int:
        """Give the index after the "(" of a call whose callee ends at ``index``, 0 when it is none."""
        if self.at(index + 1).text == "(":
            return index + 2
        if self.at(index + 1).text == "?." and self.at(index + 2).text == "(":
            return index + 3
        return 0

    def text_given(self, index: int) -> bool:
        """Tell whether a call whose callee ends at ``index`` is given literal text first."""
        first = self.called(index)
        return bool(first) and self.at(first).kind in (STRING, TEMPLATE, "template_head")

    def property_name(self, index: int) -> str:
        """Give the property's name where a member access by ``.name`` or ``["name"]`` has it, else ""."""
        token, before = self.at(index), self.at(index - 1)
        if token.kind == NAME and before.text in (".", "?."):
            return name_of(token.text)
        if token.kind in (STRING, TEMPLATE) and before.text == "[" and self.at(index + 1).text == "]":
            holder = self.at(index - 2)
            if holder.text in (")", "]", "?.") or holder.kind in (NAME, STRING, TEMPLATE):
                return _string_value(token.text)
        return ""

    def property_end(self, index: int) -> int:
        """Give the index of a member access's last token, the name's or the "]"."""
        return index if self.at(index).kind == NAME else index + 1

    def made_of_function(self, index: int) -> bool:
        """Tell whether the ")" at ``index`` closes a group with a function in it."""
        start = self.mates.get(index)
        if self.at(index).text != ")" or start is None:
            return False
        return self.functions[index] > self.functions[start]


_Rule = Callable[[_Source, int, str], bool]


def _evaluates(source: _Source, index: int, name: str) -> bool:
    return name == "eval" and source.variable(index)


def _constructs_function(source: _Source, index: int, name: str) -> bool:
    if name == "Function" and source.variable(index):
        before, after = source.at(index - 1), source.at(index + 1)
        if before.text == "new" or source.called(index) or after.kind in (TEMPLATE, "template_head"):
            return True
        if after.text in (".", "?."):
            return source.at(index + 2).text in ("call", "apply", "bind")
        construct = source.at(index - 2).text in ("construct", "apply") and before.text == "("
        return construct or (before.text == "=" and after.text in (";", ",", ")", "}", ""))
    if source.property_name(index) != "constructor":
        return False
    end = source.property_end(index)
    if end != index:  # ["constructor"] hides what .constructor says
        return True
    if source.text_given(end) or source.made_of_function(index - 2):
        return True
    following = index + 2
    if source.at(following).text == "[":
        following += 1
    return source.property_name(following) == "constructor"


def _times_text(source: _Source, index: int, name: str) -> bool:
    return name in _TIMERS and name not in source.own and source.variable(index) and source.text_given(index)


def _writes_prototype(source: _Source, index: int, name: str) -> bool:
    if source.property_name(index) != "__proto__":
        return False
    after = source.at(source.property_end(index) + 1).text
    return after in _ASSIGNMENTS or after in (".", "[", "++", "--")


def _opens_with(source: _Source, index: int, name: str) -> bool:
    token = source.at(index)
    return name == "with" and token.kind == KEYWORD and source.at(index + 1).text == "("


def _writes_document(source: _Source, index: int, name: str) -> bool:
    if name != "document" or name in source.own or not source.variable(index):
        return False
    return source.property_name(index + 2) in ("write", "writeln")


def _imports(source: _Source, index: int, name: str) -> bool:
    return name == "import" and source.at(index).kind == KEYWORD


def _requires(source: _Source, index: int, name: str) -> bool:
    return (
        name == "require" and name not in source.own and source.variable(index) and source.called(index) > 0
    )


def _shares_memory(source: _Source, index: int, name: str) -> bool:
    return name in ("SharedArrayBuffer", "Atomics") and name not in source.own and source.variable(index)


def _loops_for_ever(source: _Source, index: int, name: str) -> bool:
    if name not in ("while", "for") or source.at(index).kind != KEYWORD or source.at(index + 1).text != "(":
        return False
    end = source.mates.get(index + 1, 0)
    condition = [token.text for token in source.tokens[index + 2 : min(end, index + 6)]]
    if condition not in ([["true"], ["1"]] if name == "while" else [[";", ";"], [";", "true", ";"]]):
        return False
    if source.at(end + 1).text == ";":
        return name == "for" or not _ends_do(source, index)
    last = source.mates.get(end + 1, end)
    return source.at(end + 1).text == "{" and source.exits[last] == source.exits[end]


def _ends_do(source: _Source, index: int) -> bool:
    """Tell whether a ``while`` is a do loop's end; its body's exits are then before it."""
    start = source.mates.get(index - 1)
    return (
        start is not None and source.at(start - 1).text == "do" and source.exits[index] > source.exits[start]
    )


_RULES: dict[str, _Rule] = {
    "DANGEROUS_EVAL": _evaluates,
    "DANGEROUS_FUNCTION_CONSTRUCTOR": _constructs_function,
    "DANGEROUS_TIMER_STRING": _times_text,
    "PROTOTYPE_ASSIGNMENT": _writes_prototype,
    "DANGEROUS_WITH": _opens_with,
    "DANGEROUS_DOCUMENT_WRITE": _writes_document,
    "UNSUPPORTED_IMPORT": _imports,
    "UNSUPPORTED_REQUIRE": _requires,
    "UNSUPPORTED_SHARED_MEMORY": _shares_memory,
    "ENDLESS_LOOP": _loops_for_ever,
}


#: The names that some rule is about.
_TELLING = _TIMERS | frozenset(
    {"eval", "Function", "constructor", "__proto__", "with", "document", "import", "require", "while", "for"}
    | {"SharedArrayBuffer", "Atomics"}
)


def lint(source: str, mode: str = "warn") -> list[Diagnostic]:
    """
    Give remarks on a script's source, in order of position, at most `MOST`.

    ``mode``: "warn" gives warnings, "reject" errors (which refuse the script), "off" nothing; an endless loop
    is an "info" in both. Raises ValueError for another mode, never for a source.
    """
    if mode not in ("warn", "reject", "off"):
        raise ValueError(f"mode must be warn, reject or off, not {mode!r}")
    return [] if mode == "off" else list(_remarks(source, "error" if mode == "reject" else "warning"))


def _remarks(source: str, severity: str) -> Iterator[Diagnostic]:
    given = 0
    read = _Source(source)
    for index, token in enumerate(read.tokens):
        if token.kind in (NAME, KEYWORD):
            name = name_of(token.text)
            if name not in _TELLING:
                continue
        elif token.kind in (STRING, TEMPLATE) and read.at(index - 1).text == "[":
            name = ""
        else:
            continue
        for code, applies in _RULES.items():
            if applies(read, index, name):
                kind = "info" if code == "ENDLESS_LOOP" else severity
                yield Diagnostic(kind, code, CODES[code], token.line, token.column)
                given += 1
                break
        if given == MOST:
            return


def _string_value(text: str) -> str:
    """Give what a string literal (or template without substitutions) says."""

    def decoded(escape: re.Match[str]) -> str:
        digits = escape[1] or escape[2] or escape[3]
        if digits:
            number = int(digits, 16)
            return chr(number) if number < 0x110000 else ""
        return "" if escape[4] in ("\n", "\r", "\r\n", "\u2028", "\u2029") else escape[4]

    return _ESCAPE.sub(decoded, text[1:-1])
