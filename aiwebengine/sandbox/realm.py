"""One QuickJS context made ready for one script version, with its limits (runs in the sandbox process)."""

from __future__ import annotations

import time
from _json import encode_basestring_ascii as quote

import _quickjs

__all__ = ["LimitReached", "Realm", "ScriptBroken", "compose", "line_offset", "syntax_error"]

LEAST_OFFSET = 20_000
PREFIX = '(function(globalThis,self){"use strict";'
# Of the same length, for scripts which have top-level bindings of their own with these names.
PREFIXES = (
    PREFIX,
    PREFIX.replace("self", "$1$f"),
    PREFIX.replace("globalThis", "$1obalThi$"),
    PREFIX.replace("self", "$1$f").replace("globalThis", "$1obalThi$"),
)
CHECK_PREFIX = '"use strict";throw 0;'

COMPILE, BEGIN_LOAD, BEGIN, POLL, ATTACH, TAKE, FIRE, ANSWER_CALL, PULL, CANCEL, DROP, DUE, WAITS = range(13)

process_time = time.process_time


class LimitReached(Exception):
    """A limit ended the run: ``kind`` is "cpu", "memory", "stack" or "jobs"; ``stack`` may name the place."""

    def __init__(self, kind: str, stack: str = "", used: float = 0) -> None:
        super().__init__(kind)
        self.kind = kind
        self.stack = stack
        self.used = used


class ScriptBroken(Exception):
    """The script's text does not compile; the argument is JSON text describing the error."""


def line_offset(source: str) -> int:
    """Give the line from which prelude code is evaluated, so that a stack tells it from the script's own."""
    return max(LEAST_OFFSET, source.count("\n") + 3)


def compose(
    core: str, lockdown: str | None, pieces: list[tuple[str, str, str]], config: str, offset: int
) -> str:
    """
    Give the source of a whole realm; its value is the ``enter`` function.

    ``pieces`` are (name, global names as a JSON list, source); ``config`` is JSON text.
    """
    listed = ",\n".join(f"{quote(name)}:{{names:{names},make:{source}}}" for name, names, source in pieces)
    order = ",".join(quote(name) for name, _, _ in pieces)
    return "\n" * offset + f"({core})({{__proto__:null,{listed}}},[{order}],{config},{lockdown or 'null'})"


def syntax_error(source: str) -> str | None:
    """
    Check that a text is a whole script on its own, so that it cannot close the function it is put into.

    Gives None, or the error's text with ``<input>:LINE:COLUMN`` (columns on line 1 count `CHECK_PREFIX` too).
    """
    text = CHECK_PREFIX + source
    at, what = text.find("\0"), "a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError as problem:
        at, what = problem.start, "half of a surrogate pair"
    if at >= 0:
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        return f"SyntaxError: the script contains {what}\n    at <input>:{line}:{column}"
    context = _quickjs.Context()
    context.set_max_stack_size(1 << 20)
    try:
        context.eval(text)
    except _quickjs.StackOverflow:
        return "SyntaxError: the script is nested too deeply"
    except _quickjs.JSException as error:
        text = str(error)
        return text if text.startswith("SyntaxError") else None
    return None


class Realm:
    """A context for one script version; serves one request at a time."""

    def __init__(
        self, text: str, source: str, names: tuple[str, ...], memory: int, stack: int, build_seconds: float
    ) -> None:
        """
        Evaluate the prelude ``text`` and compile ``source`` into the factory.

        Raises `ScriptBroken` when the source does not compile, `LimitReached` when the limits are too
        small for it.
        """
        context = _quickjs.Context()
        context.set_memory_limit(memory)
        # The prelude and the compiler get a roomy stack; the script's own limit comes after.
        context.set_max_stack_size(max(stack, 1 << 20))
        self.context = context
        self.memory_limit = memory
        self.uses = 0
        self.heap = 0
        try:
            self._enter = context.eval(text)
            names_text = "".join(f',{quote(n)}:typeof {n}==="undefined"?undefined:{n}' for n in names)
            context.set_time_limit(build_seconds)
            for prefix in PREFIXES:
                text = f"{prefix}{source}\n;return {{__proto__:null{names_text}}};}})"
                error = self._enter(COMPILE, text)
                if not error or "redefinition of parameter name" not in error:
                    break
        except _quickjs.StackOverflow as problem:
            raise LimitReached("stack") from problem
        except _quickjs.JSException as problem:
            limit = self._limit(problem)
            head, _, trace = str(problem).partition("\n")
            if limit.kind == "memory" and "Error: " in head and "out of memory" not in head:
                # A plugin's piece is at fault, or two of them that were never tried together.
                named = f'"name":"PreludeError","message":{quote(head)},"stack":{quote(trace)}'
                raise ScriptBroken(f"{{{named}}}") from problem
            raise limit from problem
        if '"isNull":true' in error:
            # Where there is no memory even for an error, QuickJS throws null.
            raise LimitReached("memory", used=memory)
        if error:
            raise ScriptBroken(error)
        context.set_max_stack_size(stack)
        self.baseline = self.measure()

    def measure(self) -> int:
        """Give the heap's size in bytes (a walk over it; not for every request)."""
        self.heap = int(self.context.memory()["malloc_size"])
        return self.heap

    def _limit(self, problem: Exception) -> LimitReached:
        text = str(problem)
        head, _, stack = text.partition("\n")
        if "interrupted" in head:
            return LimitReached("cpu", stack)
        if "out of memory" in head:
            return LimitReached("memory", stack, self.memory_limit)
        if "call stack" in head or "stack overflow" in head:
            return LimitReached("stack", stack)
        # The engine's own error value may itself have failed for lack of memory.
        return LimitReached("memory", stack, self.memory_limit)

    def enter(self, operation: int, text: str, seconds: float) -> str:
        """Run one entry of the core within ``seconds`` of CPU time. Raises `LimitReached`."""
        context = self.context
        context.set_time_limit(seconds)
        try:
            return self._enter(operation, text)  # type: ignore[no-any-return]
        except _quickjs.StackOverflow as problem:
            raise LimitReached("stack") from problem
        except _quickjs.JSException as problem:
            raise self._limit(problem) from problem

    def left_jobs(self, seconds: float) -> bool:
        """Whether a promise job was still pending after the request's end; it has run then, to no effect."""
        self.context.set_time_limit(seconds)
        try:
            return bool(self.context.execute_pending_job())
        except (_quickjs.StackOverflow, _quickjs.JSException):
            return True

    def drain(self, seconds: float, most: int) -> int:
        """
        Run pending promise jobs within ``seconds`` of CPU time in all; give how many ran.

        Raises `LimitReached`, also when more than ``most`` jobs ran.
        """
        context = self.context
        job = context.execute_pending_job
        try:
            context.set_time_limit(seconds)
            if not job():
                return 0
            end = process_time() + seconds
            count = 1
            while True:
                left = end - process_time()
                if left <= 0:
                    raise LimitReached("cpu")
                context.set_time_limit(left)
                if not job():
                    return count
                count += 1
                if count > most:
                    raise LimitReached("jobs", used=count)
        except _quickjs.StackOverflow as problem:
            raise LimitReached("stack") from problem
        except _quickjs.JSException as problem:
            raise self._limit(problem) from problem
