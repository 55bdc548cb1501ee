"""Building distributions and installing them into environments of their own, without a network."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path

import attrs

__all__ = ["ROOT", "Environment", "Running", "copy_of_the_checkout", "our_wheel"]

ROOT = Path(__file__).resolve().parents[1]
_NOT_COPIED = (".git", ".venv", "_trial_temp*", "build", "dist", "*.egg-info", "__pycache__", "node_modules")
_NOT_COPIED += ("var", ".mypy_cache", ".ruff_cache", "htmlcov", ".coverage*")
_PATIENCE_S = 300.0


def copy_of_the_checkout(directory: Path) -> Path:
    """Copy what is under version control (and the like): a build must not leave files in the checkout."""
    shutil.copytree(ROOT, directory, ignore=shutil.ignore_patterns(*_NOT_COPIED))
    return directory


@functools.cache
def our_wheel() -> Path:
    """Build the wheel of this checkout, once per process."""
    place = Path(tempfile.mkdtemp(prefix="wheel-", dir=Path.cwd()))
    source = copy_of_the_checkout(place / "source")
    _run([sys.executable, "-m", "pip", "wheel", *_OFFLINE, "-w", str(place), str(source)], place)
    (wheel,) = place.glob("aiwebengine-*.whl")
    return wheel


@attrs.frozen
class Environment:
    """A virtual environment that sees this interpreter's installed distributions after its own."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> Environment:
        """Make an empty one at ``root``."""
        venv.create(root, with_pip=False, symlinks=os.name != "nt")
        environment = cls(root.resolve())
        # A line of a .pth file only extends sys.path: .pth files found there (an editable aiwebengine, say)
        # stay without effect.
        (environment.site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
        return environment

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.script("python")

    @property
    def site_packages(self) -> Path:
        """Where distributions are installed."""
        names = {"base": str(self.root), "platbase": str(self.root)}
        return Path(sysconfig.get_path("purelib", "venv", names))

    def script(self, name: str) -> Path:
        """Give a console script."""
        return self.root / ("Scripts" if os.name == "nt" else "bin") / name

    def install(self, *what: str | Path) -> None:
        """Install wheels, directories or ``-e directory``, without dependencies."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "-q", *_OFFLINE]
        _run([*pip, *map(str, what)], self.root)

    def uninstall(self, name: str) -> None:
        """Uninstall a distribution."""
        _run([sys.executable, "-m", "pip", "--python", str(self.python), "uninstall", "-qy", name], self.root)

    def run(self, *arguments: str | Path, cwd: Path | None = None, path: str = "") -> str:
        """Run the interpreter and give what it printed. Raises AssertionError with all output otherwise."""
        return _run([str(self.python), *map(str, arguments)], cwd or self.root, path)

    def twistd(self, *arguments: str, cwd: Path | None = None, path: str = "") -> str:
        """Run ``twistd`` as its console script does: without the current directory on the path."""
        code = "import sys; sys.path[:] = [p for p in sys.path if p]; sys.argv[0] = 'twistd'; "
        return self.run(
            "-c", code + "from twisted.scripts.twistd import run; run()", *arguments, cwd=cwd, path=path
        )


@attrs.define
class Running:
    """A server started for a test: ``url`` once it listens."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""

    @classmethod
    def start(cls, command: Sequence[str | Path], cwd: Path, path: str = "") -> Running:
        """
        Start an aiwebengine on a free port and wait until it listens.

        Raises AssertionError with its log when it ends, or does not listen for five minutes.
        """
        cwd.mkdir(parents=True, exist_ok=True)
        port_file, log = (cwd / "port").resolve(), (cwd / "server.log").resolve()
        full = [*map(str, command), "--set", "server.port=0", "--set", f"server.port_file={port_file}"]
        # A busy machine is no subject of these tests.
        full += ["--set", "server.request_timeout_ms=60000"]
        with log.open("wb") as output:
            process = subprocess.Popen(full, cwd=cwd, stdout=output, stderr=output, env=_environ(path))
        running = cls(process, log)
        deadline = time.monotonic() + _PATIENCE_S
        while not (port_file.exists() and port_file.read_text().strip()):
            if process.poll() is not None or time.monotonic() > deadline:
                running.stop()
                raise AssertionError(f"{full} does not listen:\n{log.read_text()}")
            time.sleep(0.05)
        address = port_file.read_text().strip()
        running.url = address if "://" in address else f"http://{address}"
        return running

    def stop(self) -> int:
        """Ask it to end and give its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


_OFFLINE = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")


def _environ(path: str = "") -> dict[str, str]:
    """Give the environment without what would let the checkout or a configuration slip in."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "AIWEBENGINE", "COVERAGE", "COV_"))
    }
    return {**environ, "PYTHONPATH": path} if path else environ


def _run(command: Sequence[str], cwd: Path, path: str = "") -> str:
    done = subprocess.run(command, cwd=cwd, env=_environ(path), capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{list(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout
