"""A sandbox pool that reads a tiny language instead of JavaScript, and a registry around it."""

from __future__ import annotations

import json
from itertools import count

from twisted.internet.defer import Deferred, ensureDeferred
from zope.interface import implementer

from aiwebengine.errors import ScriptInvalid
from aiwebengine.interfaces import ISandboxPool
from aiwebengine.repository.memory import MemoryRepository
from aiwebengine.sandbox.model import Diagnostic, LoadReport, Program, Registration
from aiwebengine.scripts.examine import Examiner
from aiwebengine.scripts.log import ScriptLog
from aiwebengine.scripts.registry import ScriptRegistry


@implementer(ISandboxPool)
class TablePool:
    """
    Loads texts of lines: ``GET /path [handler]`` registers a route, ``+kind key {json}`` anything else,
    ``throw message`` fails at that line, ``oops`` breaks the pool itself, ``init`` makes it a load that may
    not be repeated; other lines do nothing.

    While ``gate`` is a Deferred, loads wait for it.
    """

    def __init__(self):
        self.idents = count(1)
        self.loads = []
        self.forgotten = []
        self.running = self.most_running = 0
        self.gates = {}

    async def load(self, uri, source, version, *, is_startup=False, run_init=True, dry_run=None):
        self.loads.append((uri, version, is_startup))
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            if uri in self.gates:
                await self.gates[uri]
            return self._load(uri, source, version)
        finally:
            self.running -= 1

    def forget(self, program):
        self.forgotten.append(program.version)

    def status(self):
        return {"sandboxes": 1, "queued": 0}

    def _load(self, uri, source, version):
        registrations = []
        for number, line in enumerate(source.splitlines(), 1):
            first, _, rest = line.partition(" ")
            if first == "throw":
                error = ScriptInvalid(uri, rest, line=number, column=1, stack=f"at {uri}:{number}")
                diagnostics = (Diagnostic("error", "SCRIPT_INVALID", rest, number, 1),)
                return LoadReport(uri, version, error=error, diagnostics=diagnostics)
            if first == "oops":
                raise RuntimeError(rest)
            if first.startswith("+"):
                key, _, data = rest.partition(" ")
                registrations.append(Registration(first[1:], key, json.loads(data or "{}")))
            elif first.isupper() and rest:
                path, _, handler = rest.partition(" ")
                data = {"method": first, "path": path, "handler": handler, "options": {}}
                registrations.append(Registration("route", f"{first} {path}", data))
        program = self.make_program(uri, version, source, ["top"], None, ["piece"])
        repeatable = "init" not in source.splitlines()
        return LoadReport(
            uri, version, program=program, registrations=tuple(registrations), repeatable=repeatable
        )

    def make_program(self, uri, version, source, names, error_handler, pieces):
        return Program(next(self.idents), uri, version, source, tuple(names), tuple(pieces), error_handler)


def word_lint(source, mode):
    """Find the word eval."""
    return [
        Diagnostic(
            "error" if mode == "reject" else "warning", "DANGEROUS_EVAL", "eval is dangerous", number, 1
        )
        for number, line in enumerate(source.splitlines(), 1)
        if "eval" in line
    ]


class RegistryHelper:
    """
    A registry with everything around it; ``time`` is the wall clock in seconds, ``kept`` makes what it
    knows of earlier loads from its pool.
    """

    def __init__(self, case, *, repository=None, start=True, reserved=(), globals_=(), kept=None, **limits):
        self.case = case
        self.time = 1_700_000_000.0
        self.pool = TablePool()
        self.repository = repository or MemoryRepository(self.now)
        self.script_log = ScriptLog(now=self.now)
        limits.setdefault("lint", word_lint)
        self.registry = ScriptRegistry(
            self.repository,
            Examiner(self.pool, **limits),
            self.script_log,
            kept=kept and kept(self.pool),
            now=self.now,
        )
        if start:
            self.wait(self.registry.start(reserved=reserved, globals_=globals_))

    def now(self):
        return self.time

    def begin(self, coroutine):
        return Deferred.fromCoroutine(coroutine)

    def wait(self, coroutine):
        return self.case.successResultOf(ensureDeferred(coroutine))

    def fails(self, coroutine, error):
        return self.case.failureResultOf(ensureDeferred(coroutine), error).value

    def refresh_during(self, work):
        """Refresh; give what ``work()`` gave, called when scripts were read and nobody knows of that yet."""
        read = self.repository.scripts

        async def slow():
            self.repository.scripts = read
            found = await read()
            done.append(work())
            return found

        done = []
        self.repository.scripts = slow
        self.wait(self.registry.refresh())
        return done[0]

    def put(self, uri, source, **keywords):
        return self.wait(self.registry.put(uri, source, **keywords))

    def answers(self, method, path):
        """Give (uri, version, params) of the route that matches, an Allow text, or None."""
        found = self.registry.match(method.encode(), path)
        if found is None:
            return None
        if hasattr(found, "allow"):
            return found.allow
        return found.route.uri, found.route.program.version, dict(found.params)

    def logged(self, **filters):
        return [(e["level"], e["script"], e["message"]) for e in self.script_log.query(**filters)["entries"]]
