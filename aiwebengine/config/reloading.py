"""What asks for a reload: SIGHUP, and in development a change of a file (REQ-CFG-004)."""

from __future__ import annotations

import hashlib
import signal
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.internet.task import LoopingCall
from twisted.logger import Logger

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime

__all__ = ["ConfigurationWatch", "install_sighup"]


class ConfigurationWatch:
    """
    Calls ``reload()`` when a watched file has changed, come or gone, and then kept still for one interval.

    ``paths`` gives the files anew each time, since a reload may bring others.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        paths: Callable[[], Sequence[Path]],
        reload: Callable[[], object],
        interval_s: float = 1.0,
    ) -> None:
        self._paths = paths
        self._reload = reload
        self._interval_s = interval_s
        self._cache: dict[Path, tuple[tuple[int, ...], str]] = {}
        self._known: dict[Path, str] = {}
        self._pending: dict[Path, str] | None = None
        self._loop = LoopingCall(self._look)
        self._loop.clock = clock

    def start(self) -> None:
        """Begin; what the files hold now is taken as loaded."""
        self._known = self._fingerprints()
        self._loop.start(self._interval_s, now=False)

    def stop(self) -> None:
        """End; may be called twice."""
        if self._loop.running:
            self._loop.stop()

    def _look(self) -> None:
        current = self._fingerprints()
        if current == self._known:
            self._pending = None
        elif current != self._pending:
            # Perhaps an editor is still at it.
            self._pending = current
        else:
            self._pending = None
            try:
                self._reload()
            except Exception:
                # One failure must not end the watching.
                self._log.failure("reloading the configuration failed")
            self._known = self._fingerprints()

    def _fingerprints(self) -> dict[Path, str]:
        return {path: self._fingerprint(path) for path in self._paths()}

    def _fingerprint(self, path: Path) -> str:
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                return ""
            facts = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
            cached = self._cache.get(path)
            if cached is not None and cached[0] == facts:
                return cached[1]
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            return ""
        self._cache[path] = (facts, digest)
        return digest


def install_sighup(reactor: Any, reload: Callable[[], object]) -> Callable[[], None]:
    """
    Have SIGHUP call ``reload()`` on the reactor thread, once the reactor runs.

    Gives a function that restores what was there before. Does nothing where the platform has no SIGHUP.
    """
    number = getattr(signal, "SIGHUP", None)
    previous: list[Any] = []

    def on_signal(_number: int, _frame: object) -> None:
        reactor.callFromThread(reload)

    def install() -> None:
        previous.append(signal.signal(number, on_signal))  # type: ignore[arg-type]

    def restore() -> None:
        if previous:
            signal.signal(number, previous.pop())  # type: ignore[arg-type]

    if number is not None:
        reactor.callWhenRunning(install)
    return restore
