"""A private PostgreSQL server in a temporary directory, for tests."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from twisted.trial.unittest import SkipTest

from tests.ports import is_free, lasting_port

_BINARIES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
# For starting and stopping, on any machine.
_PATIENCE_S = "300"
_shared: Server | None = None
_missing: str = ""


def shared_server() -> Server:
    """Give the server that all tests of this process use. Raises SkipTest, by name, without PostgreSQL."""
    global _shared, _missing
    if _missing:
        raise SkipTest(_missing)
    if _shared is None:
        try:
            _shared = Server()
            _shared.start_first()
        except CannotServe as error:
            _missing = f"no PostgreSQL: {error}"
            raise SkipTest(_missing) from None
        atexit.register(_shared.remove)
    return _shared


class CannotServe(Exception):
    """There is no PostgreSQL to be had here, and why."""


class Server:
    """
    A cluster of its own on a free port of 127.0.0.1 with password authentication; it stays on that port.

    As root the server runs as the user ``postgres``, since PostgreSQL refuses root.
    """

    password = "s3cret/pass"
    quoted_password = "s3cret%2Fpass"

    def __init__(self) -> None:
        self._binaries = _find_binaries()
        self._user = None
        if os.getuid() == 0:
            try:
                self._user = pwd.getpwnam("postgres")
            except KeyError:
                raise CannotServe("running as root without a user 'postgres'") from None
        # Not below the working directory, which another user may not enter.
        self._home = Path(tempfile.mkdtemp(prefix="aiwebengine-pg-"))
        self._data = self._home / "data"
        if self._user is not None:
            os.chown(self._home, self._user.pw_uid, self._user.pw_gid)
        password_file = self._home / "password"
        password_file.write_text(self.password)
        password_file.chmod(0o644)
        self.port = lasting_port()
        self._databases = 0
        self._frozen: list[int] = []
        self._run(
            "initdb",
            "-D", str(self._data),
            "-U", "tester",
            "-A", "scram-sha-256",
            "--pwfile", str(password_file),
            "-E", "UTF8",
            "--locale=C",
            "--no-sync",
        )  # fmt: skip

    def url(self, database: str) -> str:
        """Give the URL of a database, password and all."""
        return f"postgresql://tester:{self.quoted_password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        # Without fsync: what a process gave to the system outlives its end, and starting is quicker.
        options = (
            f"-p {self.port} -c unix_socket_directories='' -c listen_addresses=127.0.0.1"
            " -c max_connections=60 -c shared_buffers=32MB -c autovacuum=off -c fsync=off"
        )
        self._run(
            "pg_ctl", "start", "-w", "-t", _PATIENCE_S, "-D", str(self._data),
            "-l", str(self._home / "log"), "-o", options,
        )  # fmt: skip

    def start_first(self) -> None:
        """Start it for the first time; when somebody else was quicker to take its port, on another."""
        if not is_free(self.port):
            self.port = lasting_port()
        self.start()

    def stop(self, mode: str = "fast") -> None:
        """Stop it as an operator would in a hurry; connections break."""
        self._run("pg_ctl", "stop", "-w", "-t", _PATIENCE_S, "-m", mode, "-D", str(self._data))

    def kill(self) -> None:
        """Kill the server with SIGKILL, all its processes, as a crash does."""
        killed = self.freeze()
        for pid in killed:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(_runs(pid) for pid in killed):
            time.sleep(0.01)
        # Where ended processes are not waited for at once, PostgreSQL would believe that this one is there.
        (self._data / "postmaster.pid").unlink()

    def freeze(self) -> list[int]:
        """Stop all its processes with SIGSTOP: connections stay, nothing answers. Give their ids."""
        leader = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(leader, signal.SIGSTOP)  # so that no process is begun after they were listed
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(leader)], capture_output=True, text=True)
        self._frozen = [*(int(text) for text in listed.stdout.split()), leader]
        for pid in self._frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        return self._frozen

    def thaw(self) -> None:
        """Have a frozen server go on."""
        for pid in self._frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._frozen = []

    def is_running(self) -> bool:
        """Tell whether the server runs."""
        try:
            return _runs(int((self._data / "postmaster.pid").read_text().split()[0]))
        except FileNotFoundError:
            return False

    def new_database(self, template: str = "template1") -> str:
        """Make a database of its own and give its name."""
        import psycopg

        self._databases += 1
        name = f"test_{self._databases}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as link:
            link.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def remove(self) -> None:
        """Stop the server and remove its files."""
        if self.is_running():
            try:
                self.stop()
            except CannotServe:
                self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = self._as_user([str(self._binaries / program), *arguments])
        # Not captured by pipes: the server would keep them open.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd="/"
            )
            output.seek(0)
            if done.returncode:
                log = self._home / "log"
                said = output.read() + (log.read_text()[-500:] if log.exists() else "")
                raise CannotServe(f"{program} failed: {said.strip()}")

    def _as_user(self, command: list[str]) -> list[str]:
        if self._user is None:
            return command
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]


def _runs(pid: int) -> bool:
    """Tell whether there is such a process, not counting one that has ended and was not waited for."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(listed.stdout.strip()) and not listed.stdout.startswith("Z")


def _find_binaries() -> Path:
    on_path = shutil.which("initdb")
    found = [Path(on_path).parent] if on_path else []
    for pattern in _BINARIES:
        found += sorted(Path("/").glob(pattern[1:]), reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise CannotServe("initdb and pg_ctl are not there (package postgresql)")
