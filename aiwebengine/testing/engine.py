"""
An engine in a box, for tests of whole applications (REQ-TEST-002).

`EngineProcess` is the real thing: ``twistd aiwebengine`` in a process of its own, on a free port, with a
directory of its own. `LocalEngine` is the same engine on the caller's reactor, for asynchronous tests::

    with EngineProcess(tmp_path, scripts={"hello.js": SOURCE}) as engine:
        assert engine.client.get("/hello").text == "Hello"
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import aiwebengine
from aiwebengine.testing.client import Answer, Client

__all__ = ["EngineProcess", "LocalEngine", "NotStarted"]

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
_POLL_S = 0.02
_TWISTD = ("-c", "from twisted.scripts.twistd import run; run()")


class NotStarted(Exception):
    """The engine ended before it was ready; ``status`` is its exit status and ``log`` what it said."""

    def __init__(self, status: int | None, log: str) -> None:
        super().__init__(f"the engine did not start (exit status {status}):\n{log}")
        self.status = status
        self.log = log


def nested(settings: Mapping[str, object]) -> dict[str, Any]:
    """Give tables from dotted keys: ``{"server.port": 0}`` as ``{"server": {"port": 0}}``."""
    tables: dict[str, Any] = {}
    for key, value in settings.items():
        *path, last = key.split(".")
        table = tables
        for name in path:
            table = table.setdefault(name, {})
        table[last] = value
    return tables


class EngineProcess:
    """
    A whole server in a process of its own. A context manager; all methods block.

    ``directory`` becomes its working directory and holds configuration, scripts, data and log. ``settings``
    are by dotted key, over: a free port, 2 sandboxes, a repository in memory, no watching of files, and an
    API key (``api_key``). ``scripts`` are sources by file name. ``arguments`` go to ``twistd aiwebengine``,
    ``twistd`` to twistd itself.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        settings: Mapping[str, object] | None = None,
        scripts: Mapping[str, str] | None = None,
        environment: str = "development",
        arguments: Sequence[str] = (),
        twistd: Sequence[str] = ("-n", "--pidfile="),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = Path(directory).resolve()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.api_key = secrets.token_urlsafe(24)
        self.url = ""
        self.config_file = self.directory / "aiwebengine.json5"
        self.log_file = self.directory / "engine.log"
        self._port_file = self.directory / "port"
        self._scripts = self.directory / "scripts"
        self._arguments = tuple(arguments)
        self._twistd = tuple(twistd)
        self._environment = environment
        self._variables = dict(variables or {})
        self._process: subprocess.Popen[bytes] | None = None
        self.configure(settings or {})
        self._scripts.mkdir(exist_ok=True)
        for name, source in (scripts or {}).items():
            self.write_script(name, source)

    def configure(self, settings: Mapping[str, object]) -> None:
        """Write the configuration file anew: the box's own settings, then ``settings``."""
        own: dict[str, object] = {
            "server.port": 0,
            "server.port_file": str(self._port_file),
            "javascript.workers": 2,
            "repository.database_url": "memory:",
            "scripts.directories": [str(self._scripts)],
            "scripts.watch": False,
            "security.api_key": self.api_key,
        }
        self.config_file.write_text(json.dumps(nested({**own, **settings}), indent=2), encoding="utf-8")

    def write_script(self, name: str, source: str) -> Path:
        """Write a file of the scripts directory; give its path."""
        path = self._scripts / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
        return path

    def command(self) -> list[str]:
        """Give the command line."""
        engine = ["aiwebengine", f"--config={self.config_file}", f"--env={self._environment}"]
        return [sys.executable, *_TWISTD, *self._twistd, *engine, *self._arguments]

    def environment(self) -> dict[str, str]:
        """Give the environment: ours without ``AIWEBENGINE_*``, this package importable."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AIWEBENGINE_")}
        package = str(Path(aiwebengine.__file__).parents[1])
        paths = [package, *filter(None, [kept.get("PYTHONPATH")])]
        return {**kept, "PYTHONPATH": os.pathsep.join(paths), **self._variables}

    def start(self) -> EngineProcess:
        """Start and wait until it accepts requests. Raises `NotStarted`."""
        self._port_file.unlink(missing_ok=True)
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self.command(),
                cwd=self.directory,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + START_TIMEOUT_S
        while not self._port_file.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                status = self._process.poll()
                self.kill()
                raise NotStarted(status, self.log)
            time.sleep(_POLL_S)
        self.url = self._port_file.read_text(encoding="utf-8").strip()
        return self

    def run(self, timeout: float = START_TIMEOUT_S) -> int:
        """Run until it ends by itself, for options that print something; give the exit status."""
        with self.log_file.open("ab") as log:
            return subprocess.run(  # noqa: S603
                self.command(),
                cwd=self.directory,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
            ).returncode

    def __enter__(self) -> EngineProcess:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        if self.running:
            self.stop()

    # Looking at it

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's number."""
        if self._process is None:
            raise RuntimeError("the engine was not started")
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has written to its standard output and error so far, all starts together."""
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    @property
    def client(self) -> Client:
        """A client of the server."""
        return Client(self.url)

    @property
    def admin(self) -> Client:
        """A client that sends the API key."""
        return Client(self.url, headers={"Authorization": f"Bearer {self.api_key}"})

    def children(self) -> list[int]:
        """Give the numbers of its child processes, the sandboxes (Linux only)."""
        tasks = Path(f"/proc/{self.pid}/task")
        return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]

    def wait_for(self, what: str, condition: Any) -> Any:
        """Wait until ``condition()`` is true and give its value; a minute later raise AssertionError."""
        until = time.monotonic() + STOP_TIMEOUT_S
        while not (found := condition()):
            if time.monotonic() > until:
                raise AssertionError(f"{what} did not happen; the log:\n{self.log[-5000:]}")
            time.sleep(_POLL_S)
        return found

    def wait_for_log(self, text: str) -> None:
        """Wait until the log has a text."""
        self.wait_for(f"{text!r} in the log", lambda: text in self.log)

    # Doing something with it

    def put_script(self, uri: str, source: str) -> Answer:
        """Put a script by the management API."""
        return self.admin.request("PUT", f"/engine/scripts/{quote(uri, safe='')}", source)

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def reload(self, settings: Mapping[str, object]) -> None:
        """Write the configuration anew and ask for a reload (SIGHUP); does not wait for it."""
        self.configure(settings)
        self.send_signal(signal.SIGHUP)

    def stop(self) -> int:
        """
        End it by SIGTERM and give the exit status.

        Raises AssertionError when it ends in another way than twistd does after that signal.
        """
        self.send_signal(signal.SIGTERM)
        status = self.wait()
        if status not in (0, -signal.SIGTERM):
            raise AssertionError(f"the engine ended with status {status}:\n{self.log[-5000:]}")
        return status

    def wait(self) -> int:
        """Give the exit status once it ends; one that does not is killed and TimeoutExpired raised."""
        if self._process is None:
            raise RuntimeError("the engine was not started")
        try:
            return self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut would."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class LocalEngine:
    """
    The same engine on a reactor that runs already; made by `start`.

    ``url`` is where it listens and ``services`` what its plugins may use. Blocking clients must run in
    threads. Must be stopped (`stop`) in the test that started it.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self.server = server
        self.services = server.engine.services
        self.url: str = self.services.urls[0]

    @classmethod
    async def start(
        cls,
        reactor: Any,
        *,
        settings: Mapping[str, object] | None = None,
        scripts: Mapping[str, str] | None = None,
        environment: str = "development",
        directory: Path | None = None,
    ) -> LocalEngine:
        """
        Start an engine with settings by dotted key, over: a free port, one sandbox, a repository in memory.

        ``scripts`` are put by URI once it runs. Raises what starting it raises.
        """
        from aiwebengine.config import ConfigurationSources, load
        from aiwebengine.discovery import discover_configured
        from aiwebengine.engine import Engine
        from aiwebengine.web.server import EngineServer

        own: dict[str, object] = {
            "server.port": 0,
            "javascript.workers": 1,
            "javascript.spare_sandboxes": 0,
            "repository.database_url": "memory:",
            "scripts.watch": False,
            "logging.access_log": "off",
            "security.api_key": secrets.token_urlsafe(24),
        }
        assigned = [f"{key}={_assigned(value)}" for key, value in {**own, **(settings or {})}.items()]
        sources = ConfigurationSources(
            settings=tuple(assigned),
            environment=environment,
            variables={},
            directory=directory or Path.cwd(),
        )
        found = discover_configured(sources)
        plan = found.plan.check()
        configuration = load(sources, found.roster.schemas())
        engine = Engine.from_configuration(reactor, configuration, plan, directory=directory)
        server = EngineServer(reactor, engine)
        await server.start()
        local = cls(server)
        for uri, source in (scripts or {}).items():
            await local.services.scripts.put(uri, source)
        return local

    async def stop(self) -> None:
        """Drain and stop it."""
        await cast(Any, self._server.stopService())


def _assigned(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
