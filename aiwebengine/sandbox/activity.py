"""What the sandbox process keeps of a program and of a request (standard library only)."""

from __future__ import annotations

from aiwebengine.sandbox.realm import Realm, line_offset

__all__ = ["Activity", "Program"]


class Program:
    """A script version as the front described it, with what is composed from it."""

    __slots__ = ("ident", "names", "offset", "pieces", "source", "text", "uri")

    def __init__(
        self, ident: int, uri: str, source: str, names: tuple[str, ...], pieces: tuple[str, ...]
    ) -> None:
        self.ident = ident
        self.uri = uri
        self.source = "//" + source[2:] if source.startswith("#!") else source
        self.names = names
        self.pieces = pieces
        self.offset = line_offset(source)
        self.text = ""


class Activity:
    """One request (or load) in progress in a realm; ``budget`` and ``spent`` are seconds of CPU time."""

    __slots__ = (
        "budget",
        "credit",
        "due",
        "ident",
        "jobs",
        "loading",
        "program",
        "realm",
        "spent",
        "streaming",
    )

    def __init__(
        self, ident: int, program: Program, realm: Realm, budget: float, *, loading: bool = False
    ) -> None:
        self.ident = ident
        self.program = program
        self.realm = realm
        self.budget = budget
        self.spent = 0.0
        self.jobs = 0
        self.due = 0.0  # when its next timer is due, by the monotonic clock; 0 without one
        self.loading = loading
        self.streaming = False
        self.credit = False  # whether the front has asked for a chunk it has not got
