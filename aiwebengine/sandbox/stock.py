"""Realms ready for use in the sandbox process: built, kept warm within bounds, dropped."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
from _json import encode_basestring_ascii as quote

from aiwebengine.sandbox.activity import Program
from aiwebengine.sandbox.realm import PREFIX, LimitReached, Realm, ScriptBroken, compose

__all__ = ["Alarm", "RealmStock"]

# Natives that never look at the time limit are ended by the kernel this long after it.
NATIVE_GRACE_S = 0.5

_set_timer = getattr(_signal, "setitimer", None)
_TIMER = getattr(_signal, "ITIMER_PROF", 0)


class Alarm:
    """Has the kernel end this process (SIGPROF) when a stretch of work uses far more CPU time than it may."""

    @staticmethod
    def arm(seconds: float) -> None:
        """Begin a stretch that may use so many seconds."""
        if _set_timer is not None:
            _set_timer(_TIMER, seconds + NATIVE_GRACE_S)

    @staticmethod
    def disarm() -> None:
        """End it."""
        if _set_timer is not None:
            _set_timer(_TIMER, 0)


class RealmStock:
    """
    The idle realms of a process, by program.

    In realm isolation a realm comes back after a request; in runtime isolation the next one is built ahead.
    """

    def __init__(self, settings: dict[str, object]) -> None:
        """``settings`` is a SETTINGS frame's contents (`aiwebengine.sandbox.wire.sandbox_settings`)."""
        self._core = str(settings["core"])
        self.runtime = settings["isolation"] == "runtime"
        self._lockdown = None if self.runtime else str(settings["lockdown"])
        self._config = settings["config"]
        self._pieces: dict[str, tuple[str, str]] = settings["pieces"]  # type: ignore[assignment]
        self._memory: int = settings["memory_bytes"]  # type: ignore[assignment]
        self._stack: int = settings["stack_bytes"]  # type: ignore[assignment]
        self._cpu: float = settings["cpu_seconds"]  # type: ignore[assignment]
        self._most: int = settings["realms"]  # type: ignore[assignment]
        self._most_bytes: int = settings["realm_bytes"]  # type: ignore[assignment]
        self._idle: dict[int, list[Realm]] = {}
        self._count = 0
        self._bytes = 0
        self._wanted: Program | None = None
        self.programs: dict[int, Program] = {}

    def __len__(self) -> int:
        """How many realms are idle."""
        return self._count

    def build(self, program: Program, seconds: float) -> Realm:
        """Make a realm within ``seconds`` of CPU time. Raises `LimitReached` and `ScriptBroken`."""
        if not program.text:
            # A program without a number is being loaded.
            watched = "false" if program.ident else "true"
            config = (
                f'{{"uri":{quote(program.uri)},"lineOffset":{program.offset},"prefix":{len(PREFIX)},'
                f'"watched":{watched},{self._config}}}'
            )
            chosen = [(name, *self._pieces[name]) for name in program.pieces]
            program.text = compose(self._core, self._lockdown, chosen, config, program.offset)
        Alarm.arm(seconds)
        try:
            return Realm(program.text, program.source, program.names, self._memory, self._stack, seconds)
        finally:
            Alarm.disarm()

    def take(self, program: Program) -> Realm:
        """Give an idle realm, or a new one. Raises as `build` does."""
        realms = self._idle.get(program.ident)
        if not realms:
            return self.build(program, self._cpu)
        realm = realms.pop()
        if not realms:
            del self._idle[program.ident]
        self._count -= 1
        self._bytes -= realm.heap
        return realm

    def give_back(self, program: Program, realm: Realm) -> None:
        """Take back a realm whose request ended well; it is kept unless its heap stays large."""
        realm.uses += 1
        if program.ident not in self.programs:
            return
        if self.runtime:
            self._wanted = program
            return
        if realm.heap > self._memory // 2:
            realm.context.gc()
            if realm.measure() > self._memory // 2:
                return
        self._keep(program, realm)

    def _keep(self, program: Program, realm: Realm) -> None:
        # Re-inserting keeps the dict in order of last use.
        realms = self._idle.pop(program.ident, [])
        realms.append(realm)
        self._idle[program.ident] = realms
        self._count += 1
        self._bytes += realm.heap
        while self._count > self._most or (self._bytes > self._most_bytes and self._count > 1):
            oldest = next(iter(self._idle))
            dropped = self._idle[oldest].pop(0)
            if not self._idle[oldest]:
                del self._idle[oldest]
            self._count -= 1
            self._bytes -= dropped.heap

    def forget(self, ident: int) -> None:
        """Drop a program and its idle realms."""
        self.programs.pop(ident, None)
        if self._wanted is not None and self._wanted.ident == ident:
            self._wanted = None
        for realm in self._idle.pop(ident, ()):
            self._count -= 1
            self._bytes -= realm.heap

    @property
    def wants_to_prepare(self) -> bool:
        """Whether there is a context to build ahead."""
        return self._wanted is not None

    def prepare(self) -> None:
        """Build the next context ahead (runtime isolation), if one is wanted."""
        program, self._wanted = self._wanted, None
        if program is None or self._idle.get(program.ident):
            return
        try:
            self._keep(program, self.build(program, self._cpu))
        except (LimitReached, ScriptBroken):
            return  # the request that needs it will meet the same problem and report it
