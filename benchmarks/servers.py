"""Starting and ending the servers that are measured."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from benchmarks.errors import Unavailable
from benchmarks.processes import cpu_seconds, descendants

__all__ = ["HERE", "Server", "bare", "engine", "engine_command", "node", "prepare_node", "write_scripts"]

HERE = Path(__file__).parent
_START_S = 30.0
# No request is refused by a rate, but each is counted against one.
_PLENTY = "1000000000/minute"


class Server:
    """A server process (with its children) that has written where it listens into a file."""

    def __init__(
        self, command: Sequence[str], port_file: Path, log: Path, environment: dict[str, str] | None = None
    ) -> None:
        """Start it. `wait` until it answers."""
        self._port_file = port_file
        self._log = log
        port_file.unlink(missing_ok=True)
        self.began = time.perf_counter()
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=HERE.parent,
                env={**os.environ, **(environment or {})},
            )
        self.pid = self._process.pid
        self.url = ""

    def wait(self, path: str) -> None:
        """Wait for a first good answer. Raises `Unavailable`."""
        end = time.monotonic() + _START_S
        while time.monotonic() < end and self._process.poll() is None:
            if not self.url and self._port_file.exists():
                self.url = self._port_file.read_text().split()[0]
            if self.url and _answers(self.url + path):
                return
            time.sleep(0.005)
        self.stop()
        last = self._log.read_text("utf-8", "replace").splitlines()[-5:]
        raise Unavailable("it did not start: " + " | ".join(last))

    def cpu(self) -> dict[int, float]:
        """Give the CPU seconds used so far by each of its processes."""
        return {pid: cpu_seconds(pid) for pid in descendants(self.pid)}

    def stop(self) -> None:
        """End it, hard if need be."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return 200 <= answer.status < 300
    except (urllib.error.URLError, ConnectionError):
        return False


def engine_command(
    scratch: Path, scripts: Path, extra: Sequence[str], profile: Path | None = None
) -> list[str]:
    """
    Give the command line of the engine in production mode: every gate, limit and log is on.

    ``extra`` are further ``--set`` values; with ``profile`` the front runs under cProfile and writes there.
    """
    values = [
        "security.api_key=benchmark-0123456789abcdef0123456789",
        f"repository.database_url=sqlite:///{scratch / 'engine.sqlite'}",
        f"server.data_dir={scratch}",
        "server.port=0",
        f"server.port_file={scratch / 'port'}",
        'logging.targets=["file"]',
        f"logging.file_path={scratch / 'engine.log'}",
        *extra,
    ]
    if "rate_limit" in _plugins():
        values += [f"rate_limit.per_ip={_PLENTY}", f"rate_limit.per_user={_PLENTY}"]
    profiled = [f"--profile={profile}", "--profiler=cprofile", "--savestats"] if profile else []
    run = "from twisted.scripts.twistd import run; run()"
    command = [sys.executable, "-c", run, "-n", f"--pidfile={scratch / 'pid'}", *profiled]
    command += ["aiwebengine", "--env", "production", "--scripts", str(scripts)]
    for value in values:
        command += ["--set", value]
    return command


def _plugins() -> set[str]:
    line = [sys.executable, "-m", "twisted", "aiwebengine", "--list-plugins"]
    listed = subprocess.run(line, capture_output=True, text=True, cwd=HERE.parent, check=True).stdout
    return {row.split()[0] for row in listed.splitlines() if row.split()}


def engine(scratch: Path, scripts: Path, extra: Sequence[str] = (), profile: Path | None = None) -> Server:
    """Start an engine with its files in ``scratch``."""
    scratch.mkdir(parents=True, exist_ok=True)
    command = engine_command(scratch, scripts, extra, profile)
    return Server(command, scratch / "port", scratch / "output.log")


def bare(scratch: Path, kind: str) -> Server:
    """Start bare Twisted (``resource``) or bare Klein (``klein``)."""
    scratch.mkdir(parents=True, exist_ok=True)
    port_file = scratch / "port"
    command = [sys.executable, "-m", "benchmarks.bare", kind, str(port_file)]
    return Server(command, port_file, scratch / "output.log")


def prepare_node() -> None:
    """Install the peers that run on node, once. Raises `Unavailable`."""
    if shutil.which("node") is None:
        raise Unavailable("node is not installed")
    folder = HERE / "node"
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
    wanted = lock["packages"][""]["dependencies"]
    if all((folder / "node_modules" / name / "package.json").exists() for name in wanted):
        return
    if shutil.which("npm") is None:
        raise Unavailable("npm is not installed")
    done = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unavailable(f"npm ci failed: {done.stderr.strip()[-300:]}")


def node(scratch: Path, program: str) -> Server:
    """Start a node program of `benchmarks/node`. Raises `Unavailable`."""
    prepare_node()
    scratch.mkdir(parents=True, exist_ok=True)
    port_file = scratch / "port"
    command = ["node", str(HERE / "node" / program), str(port_file)]
    return Server(command, port_file, scratch / "output.log", {"NODE_ENV": "production"})


def write_scripts(folder: Path) -> None:
    """Write the scripts that are measured: those of ``javascript/``, and the small one at 17 and 100 KB."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in (HERE / "javascript").glob("*.js"):
        (folder / source.name).write_text(source.read_text("utf-8"), "utf-8")
    small = (HERE / "javascript" / "small.js").read_text("utf-8")
    for name, count, size in (("medium", 200, 17_000), ("big", 1000, 100_000)):
        text = small.replace('"/hello"', f'"/{name}"')
        (folder / f"{name}.js").write_text(text + _padding(count, size - len(text)), "utf-8")


def _padding(count: int, size: int) -> str:
    """Give so many different functions of about so many characters in all."""
    functions = []
    for number in range(count):
        head = f"\nfunction helper{number}(value) {{\n  return value"
        terms = (size // count - len(head) - len(";\n}\n")) // len(" + value")
        functions.append(f"{head}{' + value' * max(1, terms)};\n}}\n")
    text = "".join(functions)
    return text + "//" + "=" * (size - len(text) - 3) + "\n"
