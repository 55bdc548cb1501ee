"""The sandbox process: reads frames on standard input, runs scripts, writes frames on standard output.

It imports the standard library (little of it) and ``_quickjs``, nothing else of aiwebengine but its
siblings here that obey the same rule. It handles one frame at a time and runs one slice of JavaScript at a
time; requests that await the host or a timer wait as `Activity` values.
"""

from __future__ import annotations

import gc
import marshal
import os
import select
import sys
import time
from _json import scanstring
from binascii import a2b_base64, b2a_base64

from aiwebengine.sandbox import frames
from aiwebengine.sandbox.activity import Activity, Program
from aiwebengine.sandbox.realm import (
    ANSWER_CALL,
    ATTACH,
    BEGIN,
    BEGIN_LOAD,
    CANCEL,
    CHECK_PREFIX,
    DROP,
    DUE,
    FIRE,
    POLL,
    PULL,
    TAKE,
    WAITS,
    LimitReached,
    ScriptBroken,
    syntax_error,
)
from aiwebengine.sandbox.replies import Replies
from aiwebengine.sandbox.stock import Alarm, RealmStock

TYPE_CHECKING = False  # typing's own costs this process milliseconds
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Worker", "main"]

ATTACH_SLICE = 196_608
EXPENSIVE_S = 0.002
#: What filling memory takes at least: 1.2 ms a MiB were measured, in CPU time, which grows on a busy machine.
FILLING_S_PER_BYTE = 0.0003 / 2**20
MEASURE_EVERY = 64

process_time = time.process_time
monotonic = time.monotonic


class Worker:
    """The sandbox's state: programs, idle realms, requests in progress."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        """Have frames written by calling ``write`` with bytes."""
        self._write = write
        self._replies = Replies(write)
        self._active: dict[int, Activity] = {}
        self._told = False
        self._kinds = {
            frames.SETTINGS: self.on_settings,
            frames.LOAD: self.on_load,
            frames.PROGRAM: self.on_program,
            frames.CALL: self.on_call,
            frames.ANSWER: self.on_answer,
            frames.PULL: self.on_pull,
            frames.CANCEL: self.on_cancel,
            frames.FORGET: self.on_forget,
        }

    # -- frames from the front --

    def take(self, kind: int, ident: int, payload: bytes) -> None:
        """Act on one frame."""
        self._kinds[kind](ident, payload)

    def on_settings(self, ident: int, payload: bytes) -> None:
        """Learn limits and pieces."""
        settings = marshal.loads(payload)  # noqa: S302 - from the front, over our own pipe
        self._replies.memory = settings["memory_bytes"]
        self._filling_s = max(EXPENSIVE_S, settings["memory_bytes"] * FILLING_S_PER_BYTE)
        self._replies.stack = settings["stack_bytes"]
        self._cpu: float = settings["cpu_seconds"]
        self._most_jobs: int = settings["jobs"]
        self._replies.most_jobs = self._most_jobs
        self.stock = RealmStock(settings)
        self._told = True

    def on_program(self, ident: int, payload: bytes) -> None:
        """Learn a program."""
        uri, source, names, pieces = marshal.loads(payload)  # noqa: S302
        self.stock.programs[ident] = Program(ident, uri, source, names, pieces)

    def on_forget(self, ident: int, payload: bytes) -> None:
        """Drop a program and its idle realms."""
        self.stock.forget(ident)

    def on_load(self, ident: int, payload: bytes) -> None:
        """Check a script: syntax, top level, ``init``."""
        uri, source, candidates, pieces, request, budget = marshal.loads(payload)  # noqa: S302
        program = Program(0, uri, source, candidates, pieces)
        started = process_time()
        try:
            Alarm.arm(budget)
            problem = syntax_error(program.source)
            Alarm.disarm()
            if problem is not None:
                self._replies.syntax(ident, problem, len(CHECK_PREFIX), process_time() - started)
                return
            realm = self.stock.build(program, budget)
        except LimitReached as limit:
            self._replies.limit(ident, limit, process_time() - started, budget)
            return
        except ScriptBroken as broken:
            self._replies.broken(ident, broken.args[0], process_time() - started)
            return
        activity = Activity(ident, program, realm, budget, loading=True)
        activity.spent = process_time() - started
        self._active[ident] = activity
        self._slice(activity, BEGIN_LOAD, request)

    def on_call(self, ident: int, payload: bytes) -> None:
        """Serve a request: program number, JSON length, JSON text, then binary parts of given sizes."""
        number, length, count = frames.USAGE.unpack_from(payload)
        program = self.stock.programs[number]
        started = process_time()
        try:
            realm = self.stock.take(program)
        except LimitReached as limit:
            self._replies.limit(ident, limit, process_time() - started, self._cpu)
            return
        except ScriptBroken as broken:
            self._replies.broken(ident, broken.args[0], process_time() - started)
            return
        # Making a realm ready is the engine's work, not the request's: it is not counted in its budget.
        activity = Activity(ident, program, realm, self._cpu)
        self._active[ident] = activity
        at = 12
        if count:
            sizes = [frames.HEAD.unpack_from(payload, at + 9 * i)[0] for i in range(count)]
            at += 9 * count
            text = payload[at : at + length].decode()
            at += length
            if not self._attach(activity, payload, at, sizes):
                return
        else:
            text = payload[at : at + length].decode()
        self._slice(activity, BEGIN, text)

    def _attach(self, activity: Activity, payload: bytes, at: int, sizes: list[int]) -> bool:
        try:
            for size in sizes:
                for start in range(at, at + size, ATTACH_SLICE):
                    part = payload[start : min(start + ATTACH_SLICE, at + size)]
                    encoded = b2a_base64(part, newline=False).decode()
                    activity.realm.enter(ATTACH, f"{size}:{encoded}", activity.budget)
                at += size
        except LimitReached as limit:
            self._end_at_limit(activity, limit)
            return False
        return True

    def on_answer(self, ident: int, payload: bytes) -> None:
        """Settle a host call."""
        activity = self._active.get(ident)
        if activity is not None:
            self._slice(activity, ANSWER_CALL, payload.decode())

    def on_pull(self, ident: int, payload: bytes) -> None:
        """Make the next chunk of a streamed body."""
        activity = self._active.get(ident)
        if activity is not None:
            activity.credit = True
            self._slice(activity, PULL, "")

    def on_cancel(self, ident: int, payload: bytes) -> None:
        """End a request whose client is gone or whose time is up; ``finally`` blocks of streams run."""
        activity = self._active.pop(ident, None)
        extra = ""
        if activity is not None:
            left = max(0.05, min(0.2, activity.budget - activity.spent))
            realm = activity.realm
            Alarm.arm(left)
            try:
                realm.enter(CANCEL, "", left)
                realm.drain(left, self._most_jobs)
                extra = realm.enter(DROP, "", left)
                dirty = extra[:1] == "!"
                extra = extra.removeprefix("!")
                realm.measure()
                if not activity.loading and not realm.left_jobs(left) and not dirty:
                    self.stock.give_back(activity.program, realm)
            except LimitReached as limit:
                extra = extra or self._last_effects(activity, limit)
            finally:
                Alarm.disarm()
        # Sent even when empty: the front kills a sandbox that does not acknowledge in time.
        self._write(frames.pack(frames.EFFECTS, ident, extra.encode()))

    # -- running --

    def _slice(self, activity: Activity, operation: int, text: str) -> None:
        """Run one slice: an entry, then the promise jobs it made; then say what came of it."""
        realm = activity.realm
        started = process_time()
        left = activity.budget - activity.spent
        extra = ""
        raw = None
        dirty = False
        Alarm.arm(max(left, 0))
        try:
            if left <= 0:
                raise LimitReached("cpu")
            answer = realm.enter(operation, text, left)
            activity.jobs += realm.drain(self._left(activity, started), self._most_jobs - activity.jobs)
            if not answer:
                ask = WAITS if activity.streaming and not activity.credit else POLL
                answer = realm.enter(ask, "", self._left(activity, started))
            kind = answer[2:3]
            done = answer[0] != "?" and answer[0] != "0" and kind != "s"
            if done:
                if kind == "T" or kind == "B":
                    raw = self._take_body(activity, kind, started)
                extra = realm.enter(DROP, "", self._left(activity, started))
                if extra[:1] == "!":
                    extra, dirty = extra[1:], True
                elif kind == "!" and '"isNull"' in answer:
                    # Where there is no memory even for an error, QuickJS throws null.
                    dirty = True
                    if process_time() - started > self._filling_s:
                        raise LimitReached("memory")
                dirty = realm.left_jobs(self._left(activity, started)) or dirty
        except LimitReached as limit:
            activity.spent += process_time() - started
            self._end_at_limit(activity, limit, extra)
            return
        finally:
            Alarm.disarm()
        activity.spent += process_time() - started
        ident = activity.ident
        if not done:
            if answer[0] == "?":
                # The front counts answers to what it sent; a timer is told of when it has led to something.
                if operation != FIRE or len(answer) > 1:
                    self._write(frames.pack(frames.WAIT, ident, answer[1:].encode()))
            elif answer[0] == "0":
                activity.credit = False
                self._replies.outcome(frames.CHUNK, ident, activity.spent, realm.heap, answer)
            else:
                activity.streaming = True
                self._replies.outcome(frames.STREAM, ident, activity.spent, realm.heap, answer)
            self._note_timer(activity)
            return
        del self._active[ident]
        # In one write with what follows.
        before = frames.pack(frames.EFFECTS, ident, extra.encode()) if extra else b""
        if activity.loading:
            self._replies.outcome(
                frames.LOADED, ident, activity.spent, realm.measure(), answer, before=before
            )
            return
        if activity.spent > EXPENSIVE_S or realm.uses % MEASURE_EVERY == 0:
            realm.measure()
        kind_sent = frames.CHUNK if activity.streaming else frames.RESULT
        self._replies.outcome(kind_sent, ident, activity.spent, realm.heap, answer, raw or b"", before)
        # After running out of memory a context is not to be trusted; and what a request leaves to be done
        # must not be done in the next one's name.
        if not dirty:
            self.stock.give_back(activity.program, realm)

    def _left(self, activity: Activity, started: float) -> float:
        left = activity.budget - activity.spent - (process_time() - started)
        if left <= 0:
            raise LimitReached("cpu")
        return left

    def _take_body(self, activity: Activity, kind: str, started: float) -> bytes:
        parts = []
        offset = 0
        while offset >= 0:
            packed = activity.realm.enter(TAKE, str(offset), self._left(activity, started))
            cut = packed.index(",")
            offset = int(packed[1:cut])
            text, _ = scanstring(packed, cut + 2, True)
            parts.append(a2b_base64(text) if kind == "B" else utf8(text))
        return b"".join(parts)

    def _note_timer(self, activity: Activity) -> None:
        try:
            text = activity.realm.enter(DUE, "", 1.0)
        except LimitReached as limit:
            self._end_at_limit(activity, limit)
            return
        activity.due = monotonic() + float(text) / 1000 if text else 0.0

    # -- answers --

    def _end_at_limit(self, activity: Activity, limit: LimitReached, extra: str = "") -> None:
        self._active.pop(activity.ident, None)
        extra = extra or self._last_effects(activity, limit)
        if extra:
            self._write(frames.pack(frames.EFFECTS, activity.ident, extra.encode()))
        self._replies.limit(activity.ident, limit, activity.spent, activity.budget)

    def _last_effects(self, activity: Activity, limit: LimitReached) -> str:
        """Give what was logged before the limit; the realm is thrown away afterwards."""
        if limit.kind == "memory":
            return ""
        Alarm.arm(0.05)
        try:
            return activity.realm.enter(DROP, "", 0.05).removeprefix("!")
        except LimitReached:
            return ""
        finally:
            Alarm.disarm()

    # -- the loop --

    def next_due(self) -> float | None:
        """Give the time (monotonic seconds) of the next timer, or None."""
        found = [activity.due for activity in self._active.values() if activity.due]
        return min(found) if found else None

    @property
    def wants_to_prepare(self) -> bool:
        """Whether there is a context to build ahead."""
        return self._told and self.stock.wants_to_prepare

    def prepare(self) -> None:
        """Build the next context ahead, if one is wanted."""
        self.stock.prepare()

    def fire_due(self) -> None:
        """Run the timers that are due."""
        if not self._active:
            return
        now = monotonic()
        for activity in [a for a in self._active.values() if a.due and a.due <= now]:
            activity.due = 0.0
            self._slice(activity, FIRE, "")


def utf8(text: str) -> bytes:
    """Encode text that JavaScript made; halves of surrogate pairs become U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _write_all(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def main(level: str = "auto", memory_bytes: int = 0, parent: int = 0) -> None:
    """Harden this process, say so, then serve frames until standard input ends."""
    from aiwebengine.sandbox.hardening import Limits, harden

    worker = Worker(_write_all)
    buffer = frames.FrameBuffer()
    poll = select.poll()
    poll.register(0, select.POLLIN)
    outcome = harden(level, Limits(memory_bytes), parent=parent)
    report = "on: " + (", ".join(outcome.on) or "none")
    if outcome.off:
        report += "; off: " + ", ".join(f"{name} ({why})" for name, why in outcome.off.items())
    # What the start has made stays: the collector need not go through it again and again.
    gc.collect()
    gc.freeze()
    _write_all(frames.pack(frames.READY, 0, report.encode()))
    while True:
        due = worker.next_due()
        if due is not None or worker.wants_to_prepare:
            left = 0.0 if due is None or worker.wants_to_prepare else due - monotonic()
            wait = int(left * 1000) + 1 if left > 0 else 0
            if not poll.poll(wait):
                worker.prepare()
                worker.fire_due()
                continue
        data = os.read(0, 262_144)
        if not data:
            break
        for kind, ident, payload in buffer.feed(data):
            worker.take(kind, ident, payload)
        worker.fire_due()
    sys.exit(0)
