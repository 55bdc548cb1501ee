"""One sandbox process as the front sees it: starting it, frames to and from it, its end."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger

from aiwebengine.sandbox import frames

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorProcess
    from twisted.python.failure import Failure

    from aiwebengine.sandbox.job import Job

__all__ = ["SandboxProcess", "command", "environment", "hardening_level"]

_TWISTED_READS = 8192
_READ_AT_ONCE = 1 << 18
# The most an unprivileged process may ask for on Linux; used as far as it is filled.
_PIPE_BYTES = 1 << 20

_START = (
    "import sys; sys.path += {paths!r}; {before}"
    "from aiwebengine.sandbox.worker import main; main({level!r}, {memory}, {parent})"
)


def _coverage_wanted() -> bool:
    return "COVERAGE_PROCESS_START" in os.environ or "COVERAGE_PROCESS_CONFIG" in os.environ


def hardening_level(level: str) -> str:
    """Give the level to start children with: coverage must write files, which hardening forbids."""
    return "off" if _coverage_wanted() and level == "auto" else level


def command(level: str, memory_bytes: int) -> list[str]:
    """Give the command line of a sandbox: isolated, without site, importing only what it needs."""
    import _quickjs

    binding = str(Path(_quickjs.__file__).parent)
    package = str(Path(__file__).parents[2])
    before = ""
    level = hardening_level(level)
    if level == "off" and _coverage_wanted():
        before = "import coverage; coverage.process_startup(); "
    # Appended, not prepended: nothing beside them may shadow the standard library.
    paths = list(dict.fromkeys([binding, package]))
    text = _START.format(paths=paths, before=before, level=level, memory=memory_bytes, parent=os.getpid())
    return [sys.executable, "-I", "-S", "-c", text]


def environment() -> dict[str, str]:
    """Give the environment of a sandbox: empty, but for what measuring coverage needs."""
    if not _coverage_wanted():
        return {}
    return {key: value for key, value in os.environ.items() if key.startswith("COVERAGE_")}


class SandboxProcess(ProcessProtocol):
    """A running sandbox; tells its owner about frames and its end."""

    _log = Logger()

    def __init__(
        self,
        on_frame: Callable[[SandboxProcess, int, int, bytes], None],
        on_end: Callable[[SandboxProcess, int | None, int | None], None],
    ) -> None:
        """``on_end`` gets the exit code or the signal number."""
        self._on_frame = on_frame
        self._on_end = on_end
        self._frames = frames.FrameBuffer()
        self._fd = -1
        self._pipes: Mapping[int, Any] = {}
        self._held: list[bytes] | None = None
        self.pid: int | None = None
        self.ready = False
        self.layers = ""
        self.retiring = False
        self.kill_reason = ""
        self.served = 0
        self.programs: set[int] = set()
        self.jobs: dict[int, Job] = {}
        self.cancelled: dict[int, Job] = {}  # those it was told to drop and has not yet confirmed
        self.holder = ""  # the script that made it busy
        self.running: dict[Job, None] = {}  # in the order their slices were sent

    @classmethod
    def start(
        cls, reactor: IReactorProcess, argv: list[str], env: dict[str, str], *args: Any
    ) -> SandboxProcess:
        """Start a process."""
        process = cls(*args)
        reactor.spawnProcess(process, argv[0], argv, env=env, path="/", childFDs={0: "w", 1: "r", 2: "r"})
        return process

    # -- ProcessProtocol --

    def connectionMade(self) -> None:  # noqa: N802
        """Note the pipe to write to."""
        self.pid = self._child().pid
        pipes = getattr(self.transport, "pipes", None)
        if pipes and 0 in pipes and hasattr(pipes[0], "fd"):
            self._pipes = pipes
            self._fd = pipes[0].fd
            if 1 in pipes:
                self._widen(pipes[1].fd)

    @staticmethod
    def _widen(descriptor: int) -> None:
        """Let a pipe hold a large answer whole, which the sandbox then writes without waiting."""
        with contextlib.suppress(ImportError, AttributeError, OSError):
            import fcntl

            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)  # on Linux

    def outReceived(self, data: bytes) -> None:  # noqa: N802
        """Cut what came into frames and pass them on."""
        if len(data) >= _TWISTED_READS:
            data += self._read_on()
        try:
            found = self._frames.feed(data)
        except ValueError:
            self.kill("sent nonsense")
            return
        # What is sent meanwhile, mostly the next calls, goes in one write: each wakes the sandbox.
        held = self._held = []
        for kind, ident, payload in found:
            self._on_frame(self, kind, ident, payload)
        self._held = None
        if held:
            self.send(b"".join(held))

    def _read_on(self) -> bytes:
        """Give what else is in the pipe: Twisted takes 8 KB in each turn of the reactor."""
        pipe = self._pipes.get(1)
        try:
            return os.read(pipe.fd, _READ_AT_ONCE) if pipe is not None else b""
        except BlockingIOError:
            return b""

    def errReceived(self, data: bytes) -> None:  # noqa: N802
        """Log what the process complains about."""
        self._log.warn("sandbox {pid}: {text}", pid=self.pid, text=data.decode("utf-8", "replace").rstrip())

    def processEnded(self, reason: Failure) -> None:  # noqa: N802
        """Tell the owner how it ended."""
        self._fd = -1
        value: Any = reason.value
        self._on_end(self, getattr(value, "exitCode", None), getattr(value, "signal", None))

    # -- for the pool --

    def send(self, data: bytes) -> None:
        """Write a frame, at once where the pipe takes it (once it has been heard out, if it speaks)."""
        if self._held is not None:
            self._held.append(data)
            return
        if self._fd >= 0 and 0 not in self._pipes:
            # It is gone, only its end has not been told yet: nothing more is to be placed in it.
            self.kill("its pipe is closed")
            return
        if self._fd >= 0 and not self._pipe_buffered():
            try:
                sent = os.write(self._fd, data)
            except (BlockingIOError, BrokenPipeError):
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
        if self.transport is not None:
            self.transport.writeToChild(0, data)

    def _child(self) -> Any:
        transport: Any = self.transport
        return transport

    def _pipe_buffered(self) -> bool:
        pipe = self._pipes.get(0)
        if pipe is None:
            self._fd = -1
            return True
        return bool(pipe.dataBuffer or pipe._tempDataBuffer or pipe.disconnected)

    def retire(self) -> None:
        """Let it finish what it has, then end."""
        self.retiring = True
        if not self.jobs and self.transport is not None:
            self.transport.closeStdin()

    def kill(self, reason: str) -> None:
        """End it at once."""
        self.kill_reason = self.kill_reason or reason
        self.retiring = True  # it takes nothing more
        try:
            self._child().signalProcess("KILL")
        except ProcessExitedAlready:
            self._log.debug("sandbox {pid} had already ended", pid=self.pid)
