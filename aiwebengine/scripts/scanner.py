"""
The scanner behind `aiwebengine.scripts.tokens`: kinds and offsets, one token after the other.

One compiled expression finds each token and a stack of open brackets tells a regular expression from a
division and a block from an object. Possessive repetitions, and taking the rest of the line (or text) for
what never ends, keep it linear in the text whatever the text is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

NAME: Final = "name"
KEYWORD: Final = "keyword"
PRIVATE: Final = "private"
PUNCTUATOR: Final = "punctuator"
NUMBER: Final = "number"
STRING: Final = "string"
REGEX: Final = "regex"
TEMPLATE: Final = "template"
TEMPLATE_HEAD: Final = "template_head"
TEMPLATE_MIDDLE: Final = "template_middle"
TEMPLATE_TAIL: Final = "template_tail"
COMMENT: Final = "comment"
INVALID: Final = "invalid"

_END = r"\n\r\u2028\u2029"
_SPACE = r"\ \t\v\f\xa0\ufeff\u1680\u2000-\u200a\u202f\u205f\u3000"
_ESCAPE = r"\\u(?:[0-9a-fA-F]{4}|\{[0-9a-fA-F]{1,8}\})"
# Beyond ASCII anything but white space counts as part of a name; `is_safe_name` is the strict judge.
_WIDE = r"[^\x00-\x7f\xa0\ufeff\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_NAME = rf"(?:[A-Za-z_$]|{_WIDE}|{_ESCAPE})(?:[\w$]|{_WIDE}|{_ESCAPE})*+"
_TEMPLATE_PART = r"(?:[^`\\$]|\\.|\$(?!\{))*+"

_TOKEN = re.compile(
    rf"""
    (?P<space>[{_SPACE}]++)
    |(?P<newline>[{_END}]++)
    |(?P<name>{_NAME})
    |(?P<comment>//[^{_END}]*+|/\*(?s:.*?)(?:\*/|\Z)|<!--[^{_END}]*+)
    |(?P<line_comment>-->)
    |(?P<number>
        0[xX][0-9a-fA-F_]++n?|0[oO][0-7_]++n?|0[bB][01_]++n?
        |0[0-7]++(?![0-9_])
        |(?:[0-9][0-9_]*+(?:\.[0-9_]*+)?|\.[0-9][0-9_]*+)(?:[eE][+-]?[0-9][0-9_]*+)?n?
    )
    |(?P<string>
        "(?:[^"\\\n\r]|\\(?:\r\n|(?s:.)))*+"|'(?:[^'\\\n\r]|\\(?:\r\n|(?s:.)))*+'
    )
    |(?P<template>`(?s:{_TEMPLATE_PART})(?:`|\$\{{))
    |(?P<private>\#{_NAME})
    |(?P<punctuator>
        >>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|>>>|&&=|\|\|=|\?\?=
        |=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?![0-9])|\+\+|--|\+=|-=|\*=|/=|%=|&=|\|=|\^=|<<|>>|\*\*
        |[{{}}()\[\];,<>+\-*/%&|^!~?:=.@]
    )
    """,
    re.VERBOSE,
)
_REGEX = re.compile(
    rf"/(?![*/])(?:[^\\/\[{_END}]|\\[^{_END}]|\[(?:[^\]\\{_END}]|\\[^{_END}])*+\])++/(?:[\w$]|{_WIDE}|{_ESCAPE})*+"
)
_TEMPLATE_REST = re.compile(rf"\}}(?s:{_TEMPLATE_PART})(?:`|\$\{{)")
_REST_OF_LINE = re.compile(rf"[^{_END}]*+")
_HASHBANG = re.compile(rf"#![^{_END}]*+")
#: A stretch without line ends.
NOT_LINE_END = re.compile(rf"[^{_END}]++")

# What a keyword does to the meaning of a following "/" or "{".
_BEFORE_OPERAND = frozenset(
    """
    return typeof instanceof in new delete void throw case yield await extends const var let using default
    export import
    """.split()  # noqa: SIM905
)
_BEGIN_STATEMENT = frozenset({"else", "do", "try", "finally", "export", "default"})
_BEFORE_PAREN = frozenset({"if", "while", "for", "with", "switch", "catch"})
_KEYWORDS = _BEFORE_OPERAND | _BEGIN_STATEMENT | _BEFORE_PAREN | {"function", "class"}
_KEY_MODIFIERS = frozenset({"get", "set", "static", "async", "accessor", "*"})


class _Frame:
    """An open bracket: what it is, and what is pending directly within it."""

    __slots__ = ("bracket", "class_", "function", "role", "ternaries", "value")

    def __init__(self, bracket: str, role: str, value: bool = False) -> None:
        self.bracket = bracket
        # block, object, class, template; control, for, parameters, plain
        self.role = role
        self.value = value  # whether an operand ends with it (of parameters: with the function's body)
        self.ternaries = 0
        # "declaration" or "expression" between the keyword and the bracket it is waiting for
        self.function = self.class_ = ""


def scan(source: str) -> Iterator[tuple[str, int, int]]:
    """Give (kind, start, end) of every token, comments included."""
    match, length, position = _TOKEN.match, len(source), 0
    frames = [_Frame("", "block")]
    frame = frames[0]
    operand = False  # whether the last token ends an operand, so that "/" divides
    statement = True  # whether a statement may begin here
    fresh_line = True  # nothing but white space and comments on this line so far
    newline = False  # a line ended since the last token
    last = ""  # its text when it is a keyword or punctuator, else ""
    function_value = False  # whether the parameters that ended last are a function expression's
    async_statement = False  # whether "async" stood where a statement may begin
    modified_key = False  # whether "get", "async", "*"... stood where a property's name may

    shebang = _HASHBANG.match(source)
    if shebang:
        position = shebang.end()
        yield COMMENT, 0, position

    while position < length:
        found = match(source, position)
        if found is None:
            start, character = position, source[position]
            if character == "`":
                position = length
            elif character in "\"'":
                position = _REST_OF_LINE.match(source, position).end()  # type: ignore[union-attr]
            else:
                position += 1
            yield INVALID, start, position
            operand, statement, fresh_line, newline, last = True, False, False, False, ""
            continue
        kind = found.lastgroup
        start, position = position, found.end()
        if kind == "space":
            continue
        if kind == "newline":
            newline = fresh_line = True
            continue
        if kind == "comment":
            if source[start] == "/" and source[start + 1] == "*" and _has_line_end(source, start, position):
                newline = fresh_line = True
            yield COMMENT, start, position
            continue
        if kind == "line_comment":
            if fresh_line:
                position = _REST_OF_LINE.match(source, position).end()  # type: ignore[union-attr]
                yield COMMENT, start, position
                continue
            kind, position = "punctuator", start + 2
        fresh_line = False

        if kind == "name":
            text = source[start:position]
            if last in (".", "?."):
                operand, statement, last = True, False, ""
            elif text in _KEY_MODIFIERS:
                modified_key = _begins_key(frame, last) or (modified_key and last in _KEY_MODIFIERS)
                async_statement = statement or operand
                operand, statement, last = True, False, text
            elif text not in _KEYWORDS:
                if text == "of" and operand and frame.role == "for":
                    operand, last = False, text
                else:
                    operand, last = True, ""
                statement = False
            elif _begins_key(frame, last) or (modified_key and last in _KEY_MODIFIERS):
                operand, statement, last = True, False, ""  # a property called like a keyword
            else:
                kind = KEYWORD
                begins = async_statement if last == "async" else statement or operand
                if text == "function":
                    frame.function = "declaration" if begins else "expression"
                elif text == "class":
                    frame.class_ = "declaration" if begins else "expression"
                elif text == "await" and last == "for":
                    text = last
                operand = False
                statement = text in _BEGIN_STATEMENT
                last = text
            newline = False
            yield kind, start, position
            continue

        if kind != "punctuator":
            if kind == "template" and source[position - 1] == "{":
                kind = TEMPLATE_HEAD
                frame = _Frame("{", "template")
                frames.append(frame)
                operand = statement = newline = False
                last = "("
            else:
                operand, statement, newline, last = True, False, False, ""
            yield kind, start, position  # type: ignore[misc]
            continue

        text = source[start:position]
        if text[0] == "/" and not operand:
            literal = _REGEX.match(source, start)
            if literal:
                position = literal.end()
                yield REGEX, start, position
            else:  # to the end of the line, or a line of slashes would take quadratic time
                position = _REST_OF_LINE.match(source, start).end()  # type: ignore[union-attr]
                yield INVALID, start, position
            operand, statement, newline, last = True, False, False, ""
            continue
        if text == "{":
            if frame.class_ and (operand or last == "class"):
                opened = _Frame("{", "class", frame.class_ == "expression")
                frame.class_ = ""
            elif last == ")":
                opened = _Frame("{", "block", function_value)
            elif last != "default" and (
                statement or operand or last == "=>" or (last == "return" and newline)
            ):
                opened = _Frame("{", "block")
            else:
                opened = _Frame("{", "object", value=True)
            frame = opened
            frames.append(frame)
            operand, statement = False, frame.role == "block"
        elif text == "}":
            while len(frames) > 1 and frame.bracket != "{":
                frames.pop()
                frame = frames[-1]
            if len(frames) > 1:
                closing = frames.pop()
                frame = frames[-1]
                if closing.role == "template":
                    rest = _TEMPLATE_REST.match(source, start)
                    position = rest.end() if rest else length
                    kind = INVALID
                    if rest:
                        kind = TEMPLATE_TAIL if source[position - 1] == "`" else TEMPLATE_MIDDLE
                    if kind == TEMPLATE_MIDDLE:
                        frame = _Frame("{", "template")
                        frames.append(frame)
                    operand, statement, newline = kind != TEMPLATE_MIDDLE, False, False
                    last = "(" if kind == TEMPLATE_MIDDLE else ""
                    yield kind, start, position
                    continue
                operand = closing.value
            else:
                operand = False
            statement = not operand
        elif text == "(":
            if frame.function:
                opened = _Frame("(", "parameters", frame.function == "expression")
                frame.function = ""
            elif last in _BEFORE_PAREN:
                opened = _Frame("(", "for" if last == "for" else "control")
            else:
                opened = _Frame("(", "plain")
            frame = opened
            frames.append(frame)
            operand = statement = False
        elif text == ")":
            statement = function_value = False
            if frame.bracket == "(":
                statement, function_value = frame.role in ("control", "for"), frame.value
                frames.pop()
                frame = frames[-1]
            operand = not statement
        elif text == "[":
            frame = _Frame("[", "plain")
            frames.append(frame)
            operand = statement = False
        elif text == "]":
            if frame.bracket == "[":
                frames.pop()
                frame = frames[-1]
            operand, statement = True, False
        elif text == "++" or text == "--":
            operand, statement = operand and not newline, False
        else:
            operand = statement = False
            if text == "*":
                modified_key = _begins_key(frame, last) or (modified_key and last in _KEY_MODIFIERS)
            elif text == ";":
                statement = frame.role == "block"
                frame.ternaries = 0
            elif text == "?":
                frame.ternaries += 1
            elif text == ":":
                if frame.ternaries:
                    frame.ternaries -= 1
                else:
                    statement = frame.role == "block"
        newline, last = False, text
        yield PUNCTUATOR, start, position


def _begins_key(frame: _Frame, last: str) -> bool:
    """Tell whether a property's name may come after ``last``."""
    if frame.role == "object":
        return last == "{" or last == ","
    return frame.role == "class" and (last == "{" or last == "}" or last == ";")


def _has_line_end(source: str, start: int, end: int) -> bool:
    return NOT_LINE_END.fullmatch(source, start, end) is None
