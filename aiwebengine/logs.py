"""Logging: observers for `twisted.logger`, by the ``[logging]`` settings (REQ-LOG-001, REQ-LOG-002)."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol, TextIO

import msgspec
from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    LogPublisher,
    formatEvent,
    globalLogBeginner,
)
from zope.interface import implementer

from aiwebengine.errors import ConfigurationInvalid, Problem
from aiwebengine.log_files import ROTATIONS, RotatingFile

__all__ = ["LEVELS", "EngineObserver", "LogSettings", "Logs", "Scrubber", "make_logs", "start_logging"]

_TRACE_RANK = 0
LEVELS = {"trace": 0, "debug": 1, "info": 2, "warn": 3, "error": 4, "critical": 5}
"""The values of ``logging.level``, by rank; ``trace`` events are debug events with ``trace=True``."""

_RANKS = {LogLevel.debug: 1, LogLevel.info: 2, LogLevel.warn: 3, LogLevel.error: 4, LogLevel.critical: 5}
_COLOURS = {"trace": "2", "debug": "36", "info": "32", "warn": "33", "error": "31", "critical": "1;31"}
_encode = msgspec.json.Encoder(enc_hook=repr).encode
_Format = Callable[[LogEvent], str]


class LogSettings(Protocol):
    """The part of ``[logging]`` that is read here."""

    level: str
    format: str
    targets: list[str]
    file_path: str
    rotation: str
    max_bytes: int
    retention_days: int
    compress: bool


class Scrubber:
    """
    Hides secrets in log text: known values (`add`), and what stands after usual names of secrets.

    Values shorter than six characters are not looked for: they would blot out ordinary text.
    """

    _NAMED = re.compile(
        r"(?i)((?:authorization|password|passwd|secret|api[_-]?key|token|cookie)"
        r"[\"']?\s*[:=]\s*[\"']?)(?:(?:bearer|basic)\s+)?[^\s\"',;&}]+"
    )
    # Where none of these stands the expression finds nothing; looking for them first is 20 times as fast.
    _HINTS = ("authorization", "passw", "secret", "api_key", "api-key", "apikey", "token", "cookie")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._known: re.Pattern[str] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Hide these values from now on."""
        self._secrets.update(secret for secret in secrets if len(secret) >= 6)
        if self._secrets:
            longest_first = sorted(self._secrets, key=len, reverse=True)
            self._known = re.compile("|".join(map(re.escape, longest_first)))

    def __call__(self, text: str) -> str:
        """Give the text without secrets."""
        if self._known is not None and any(secret in text for secret in self._secrets):
            text = self._known.sub("***", text)
        folded = text.casefold()
        if any(hint in folded for hint in self._HINTS):
            text = self._NAMED.sub(r"\1***", text)
        return text


@implementer(ILogObserver)
class EngineObserver:
    """
    Writes events of at least a level to a target, one line each (a traceback follows on its own lines in
    text formats, and is a member in JSON). Access log lines keep their own format.

    ``write`` takes text and ``flush`` is called after each event of warning and above.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        flush: Callable[[], None],
        render: _Format,
        level: str,
        scrub: Scrubber,
    ) -> None:
        self._write, self._flush, self._render = write, flush, render
        self._minimum = LEVELS[level]
        self._scrub = scrub

    def set_level(self, level: str) -> None:
        """Write events of this level and above from now on."""
        self._minimum = LEVELS[level]

    def __call__(self, event: LogEvent) -> None:
        """Take an event (ILogObserver)."""
        rank = rank_of(event)
        if rank < self._minimum:
            return
        lines = event.get("access_lines")
        if lines is not None:
            self._write(self._scrub("\n".join(lines)) + "\n")
            self._flush()
            return
        self._write(self._scrub(self._render(event)) + "\n")
        self._flush()


def rank_of(event: LogEvent) -> int:
    """Give an event's rank among `LEVELS`."""
    return _TRACE_RANK if event.get("trace") else _RANKS.get(event.get("log_level") or LogLevel.info, 2)


def _level_name(event: LogEvent) -> str:
    return list(LEVELS)[rank_of(event)]


def _moment(event: LogEvent) -> str:
    seconds = event.get("log_time") or 0.0
    whole = int(seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int((seconds - whole) * 1000):03d}Z"


def _message(event: LogEvent) -> str:
    text = formatEvent(event)
    if not text and event.get("log_format") is None:
        text = " ".join(str(part) for part in event.get("message", ()))
    return text


def _traceback(event: LogEvent) -> str:
    failure = event.get("log_failure")
    # Only the brief form: the detailed one prints arguments, which may be secrets.
    return "" if failure is None else failure.getTraceback(elideFrameworkCode=True, detail="default").rstrip()


# All controls but the tab, and what some readers take for the end of a line.
_VISIBLE = {
    code: ascii(chr(code))[1:-1] for code in (*range(9), *range(10, 32), *range(127, 160), 0x2028, 0x2029)
}


def _one_line(text: str) -> str:
    """Make line ends and controls visible: logged data can neither forge an entry nor command a terminal."""
    return text if text.isprintable() else text.translate(_VISIBLE)


def as_text(event: LogEvent) -> str:
    """Give ``time level [namespace] message``."""
    head = f"{_moment(event)} {_level_name(event):<8} [{event.get('log_namespace', '-')}] "
    return _with_traceback(head + _one_line(_message(event)), event)


def as_console(event: LogEvent) -> str:
    """Give a coloured, shorter line for a terminal."""
    level = _level_name(event)
    head = f"\x1b[2m{_moment(event)[11:23]}\x1b[0m \x1b[{_COLOURS[level]}m{level:<8}\x1b[0m "
    return _with_traceback(head + _one_line(_message(event)), event)


def as_json(event: LogEvent) -> str:
    """Give one JSON object: timestamp, level, message, namespace, the event's own fields as ``context``."""
    entry: dict[str, object] = {
        "timestamp": _moment(event),
        "level": _level_name(event),
        "message": _message(event),
        "namespace": event.get("log_namespace", ""),
    }
    context = {key: value for key, value in event.items() if _is_context(key)}
    if context:
        entry["context"] = context
    traceback = _traceback(event)
    if traceback:
        entry["traceback"] = traceback
    return _encode(entry).decode("utf-8")


_LEGACY = frozenset(
    ("message", "time", "system", "format", "isError", "failure", "why", "text", "printed", "trace")
)


def _is_context(key: str) -> bool:
    return not key.startswith("log_") and key not in _LEGACY


def _with_traceback(line: str, event: LogEvent) -> str:
    traceback = _traceback(event)
    return f"{line}\n{traceback}" if traceback else line


FORMATS: dict[str, _Format] = {"text": as_text, "json": as_json, "console": as_console}
"""By the values of ``logging.format``."""


class Logs:
    """The targets in use: `close` ends them, `reopen` follows moved files; ``scrub`` hides secrets."""

    def __init__(self, observers: list[EngineObserver], files: list[RotatingFile], scrub: Scrubber) -> None:
        self.observers = observers
        self.scrub = scrub
        self._files = files
        self._publisher: LogPublisher | None = None

    def attach(self, publisher: LogPublisher) -> None:
        """Observe a publisher until `close`."""
        self._publisher = publisher
        for observer in self.observers:
            publisher.addObserver(observer)

    def set_level(self, level: str) -> None:
        """Have all targets take events of this level and above."""
        for observer in self.observers:
            observer.set_level(level)

    def set_retention(self, days: int) -> None:
        """Keep rotated files for so many days."""
        for file in self._files:
            file.set_retention(days)

    def reopen(self) -> None:
        """Open the files anew."""
        for file in self._files:
            file.reopen()

    def close(self) -> None:
        """Stop observing and close the files."""
        if self._publisher is not None:
            for observer in self.observers:
                self._publisher.removeObserver(observer)
        for file in self._files:
            file.close()


def make_logs(
    settings: LogSettings,
    *,
    console: TextIO | None = None,
    seconds: Callable[[], float] = time.time,
    secrets: Iterable[str] = (),
) -> Logs:
    """
    Open the targets that the settings name.

    A file target is never coloured: ``console`` format is ``text`` there. Raises `ConfigurationInvalid`
    listing every unusable setting, a file that cannot be opened among them.
    """
    problems = []
    for key, value, allowed in (
        ("level", settings.level, tuple(LEVELS)),
        ("format", settings.format, tuple(FORMATS)),
        ("rotation", settings.rotation, ROTATIONS),
        *(("targets", target, ("console", "file")) for target in settings.targets),
    ):
        if value not in allowed:
            problems.append(Problem("logging", f"logging.{key}", value, "one of " + ", ".join(allowed)))
    scrub = Scrubber(secrets)
    observers: list[EngineObserver] = []
    files: list[RotatingFile] = []
    if not problems and "file" in settings.targets:
        try:
            file = RotatingFile(
                Path(settings.file_path),
                rotation=settings.rotation,
                max_bytes=settings.max_bytes,
                retention_days=settings.retention_days,
                compress=settings.compress,
                seconds=seconds,
            )
        except OSError as error:
            problems.append(
                Problem("logging", "logging.file_path", settings.file_path, f"a file to write to: {error}")
            )
        else:
            files.append(file)
            form = "text" if settings.format == "console" else settings.format
            observers.append(EngineObserver(file.write, file.flush, FORMATS[form], settings.level, scrub))
    if problems:
        raise ConfigurationInvalid(problems)
    if "console" in settings.targets:
        out = console or sys.stdout
        observers.append(
            EngineObserver(out.write, out.flush, FORMATS[settings.format], settings.level, scrub)
        )
    return Logs(observers, files, scrub)


def start_logging(
    settings: LogSettings, *, console: TextIO | None = None, secrets: Iterable[str] = (), begin: Any = None
) -> Logs:
    """
    Begin logging for the process as the settings say: what was logged before is written too.

    ``begin`` stands for ``twisted.logger.globalLogBeginner``. Raises `ConfigurationInvalid`.
    """
    logs = make_logs(settings, console=console or sys.stdout, secrets=secrets)
    (begin or globalLogBeginner).beginLoggingTo(logs.observers, redirectStandardIO=False)
    return logs
