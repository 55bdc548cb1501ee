"""A QuickJS context with prelude pieces in it: a stand-in for the sandbox realm with a fake clock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import _quickjs

from aiwebengine.sandbox.prelude import Piece

_RIG = Path(__file__).parent / "rig"


def _text(name: str) -> str:
    return (_RIG / f"{name}.js").read_text("utf-8").strip().removesuffix(";")


def in_order(pieces: Mapping[str, Piece], wanted: Iterable[str]) -> list[Piece]:
    """Give the wanted pieces and all they need, needed ones first."""
    order: dict[str, Piece] = {}

    def add(name: str) -> None:
        if name not in order:
            for each in pieces[name].needs:
                add(each)
            order[name] = pieces[name]

    for name in wanted:
        add(name)
    return list(order.values())


class Rig:
    """
    A context with pieces evaluated.

    ``frozen`` freezes intrinsics and everything the pieces returned, as realm isolation does. ``stack`` and
    ``memory`` are bytes; the defaults are the engine's.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        wanted: Iterable[str] | None = None,
        *,
        frozen: bool = True,
        stack: int = 65536,
        memory: int = 16777216,
    ) -> None:
        by_name = {piece.name: piece for piece in pieces}
        self.context = _quickjs.Context()
        self.context.set_max_stack_size(stack)
        self.context.set_memory_limit(memory)
        self.context.eval(f"globalThis.__rig = {_text('host')}; undefined")
        self.loaded = in_order(by_name, by_name if wanted is None else wanted)
        for piece in self.loaded:
            self.context.eval(
                f"__rig.pieces[{json.dumps(piece.name)}] = ({piece.source})(__rig.host); undefined"
            )
            for name in piece.names:
                value = f"__rig.pieces[{json.dumps(piece.name)}].{name}"
                give = f"{{value: {value}, writable: true, configurable: true}}"
                self.context.eval(f"Object.defineProperty(globalThis, {json.dumps(name)}, {give}); undefined")
        if frozen:
            self.context.eval(f"({_text('freeze')})(__rig); undefined")

    def eval(self, text: str) -> Any:
        """Evaluate a text; give a string, number, boolean or None."""
        return self.context.eval(text)

    def settle(self, jobs: int = 1_000_000) -> None:
        """Run promise jobs until there are none."""
        while self.context.execute_pending_job():
            jobs -= 1
            if jobs < 0:
                raise AssertionError("promise jobs without end")

    def advance(self, milliseconds: int) -> None:
        """Let fake time pass: every timer due in it runs, with the promise jobs that follow."""
        self.settle()
        limit = self.context.eval("__rig.host.now()") + milliseconds
        while self.context.eval(f"__rig.tick({limit})"):
            self.settle()

    def run_tests(self, text: str) -> list[str]:
        """Run a test text (its helpers are those of rig/testing.js); give the failures."""
        self.context.eval(f"globalThis.__testing = {_text('testing')}(__rig); undefined")
        names = "test, same, equal, throws, rejects, isError, sleep, reported, piece"
        head = f"'use strict'; const {{{names}}} = __testing.helpers;"
        self.context.eval(f"(function () {{{head}{text}\n}})(); __testing.run(); undefined")
        self.advance(60_000)
        outcome = self.context.eval("__rig.results.outcome")
        if outcome is None:
            raise AssertionError("the tests did not finish: something is never settled")
        report = json.loads(outcome)
        if not report["count"]:
            raise AssertionError("no tests")
        return [str(failure) for failure in report["failures"]]
