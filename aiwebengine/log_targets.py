"""Where the log goes: the ``[logging]`` settings together with twistd's own logging options."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TextIO, cast

import msgspec
from twisted.logger import ILogObserver, LogPublisher, globalLogPublisher
from twisted.python.logfile import LogFile

from aiwebengine.config.secret import Secret, SecretURL
from aiwebengine.logs import Logs, make_logs

__all__ = ["LogTargets", "open_log_targets", "secrets_of"]


class LogTargets:
    """
    The targets that are open.

    ``observer`` takes the place of twistd's own; None where twistd keeps it (``--logger``, ``--syslog``, or
    ``python -m twisted``), and then only the ``file`` target is ours, beside it.
    """

    def __init__(self, logs: Logs, observer: ILogObserver | None, own_file: LogFile | None = None) -> None:
        self.logs = logs
        self.observer = observer
        self._own_file = own_file

    def reconfigured(self, old: Any, new: Any) -> None:
        """Take level and retention of a new configuration, and hide its secrets too."""
        settings = new.section("logging")
        self.logs.scrub.add(*secrets_of(new))
        self.logs.set_level(settings.level)
        self.logs.set_retention(settings.retention_days)

    def rotate(self) -> None:
        """Begin twistd's log file anew, and open ours anew after someone moved it."""
        if self._own_file is not None:
            self._own_file.rotate()
        self.logs.reopen()

    def rotate_on_signal(self, reactor: Any) -> None:
        """Rotate at SIGUSR1, as twistd does; nothing where the platform has no such signal."""
        number = getattr(signal, "SIGUSR1", None)
        if number is not None:
            reactor.callWhenRunning(signal.signal, number, lambda *_: reactor.callFromThread(self.rotate))


def open_log_targets(
    configuration: Any,
    twistd: Mapping[str, Any] | None,
    *,
    console: TextIO,
    publisher: LogPublisher = globalLogPublisher,
) -> LogTargets:
    """
    Open the targets; ``twistd`` are its options (None without twistd), ``console`` is its standard output.

    ``--logfile`` (and for a daemon its default, ``twistd.log``) stands for the target ``console``, a named
    one even if ``logging.targets`` has no ``console``. Raises `ConfigurationInvalid`, or OSError for a log
    file of twistd's that cannot be opened.
    """
    settings = configuration.section("logging")
    secrets = secrets_of(configuration)
    if twistd is None or "logfile" not in twistd or twistd.get("logger") or twistd.get("syslog"):
        logs = make_logs(_with_targets(settings, {"file"} & set(settings.targets)), secrets=secrets)
        logs.attach(publisher)
        return LogTargets(logs, None)
    path = twistd["logfile"] or ""
    daemon = os.name == "posix" and not twistd.get("nodaemon")
    own_file = None
    if path not in ("", "-") or (daemon and "console" in settings.targets):
        own_file = LogFile.fromFullPath(path or "twistd.log")
        # Colours are for terminals.
        form = "text" if settings.format == "console" else settings.format
        settings = msgspec.structs.replace(settings, format=form)
        console = cast(TextIO, own_file)
    targets = {*settings.targets, "console"} if path else set(settings.targets)
    logs = make_logs(_with_targets(settings, targets), console=console, secrets=secrets)
    return LogTargets(logs, LogPublisher(*logs.observers), own_file)


def _with_targets(settings: Any, targets: Iterable[str]) -> Any:
    return msgspec.structs.replace(settings, targets=tuple(targets))


def secrets_of(configuration: Any) -> list[str]:
    """
    Give the texts of a configuration that logs must not hold.

    Those are secrets, passwords in URLs, and what ``{env = …}`` and ``{file = …}`` referred to (but in
    ``[server]``, whose addresses and paths logs are about).
    """
    snapshot = getattr(configuration, "snapshot", configuration)
    referenced = {".".join(path) for path in snapshot.referenced if path[0] != "server"}
    found: list[str] = []
    for key, value in snapshot.values().items():
        for item in _items(value):
            if isinstance(item, SecretURL):
                found += _url_secrets(item.reveal())
            elif isinstance(item, Secret):
                found.append(item.reveal())
            elif isinstance(item, str) and key in referenced:
                found.append(item)
    return found


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _items(item)
    else:
        yield value


def _url_secrets(url: str) -> list[str]:
    authority = url.partition("://")[2].rpartition("@")[0]
    password = authority.partition(":")[2]
    return [url, password] if password else []
