"""The sandbox process's rights, tried out in real child processes (REQ-SEC-004)."""

from __future__ import annotations

import ast
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import _quickjs
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox import hardening
from aiwebengine.sandbox.hardening import HardeningUnavailableError, Limits, harden

ROOT = str(Path(hardening.__file__).parents[2])
SITE = str(Path(_quickjs.__file__).parent)
LINUX = "" if sys.platform == "linux" else "these layers exist only on Linux"
AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0

PREPARE = f"""
import sys, posix, errno, time, _signal, _socket, _posixsubprocess, resource, select
sys.path[:0] = [{ROOT!r}, {SITE!r}]
import _quickjs, _ctypes
from aiwebengine.sandbox import hardening, kernel
library = kernel.LinuxKernel() if sys.platform == "linux" else None

def tried(function, *arguments):
    try:
        return function(*arguments) and "done" or "done"
    except OSError as refused:
        return errno.errorcode.get(refused.errno, refused.errno)

def say(value):
    posix.write(1, repr(value).encode() + b"\\n")
"""

BECOME_NOBODY = """
posix.setgroups([]); posix.setgid(65534); posix.setuid(65534)
"""

HARDEN = """
report = hardening.harden("require", hardening.Limits(address_space_bytes=256 << 20))
"""


def start(code: str, **kwargs: Any) -> subprocess.Popen[bytes]:
    """Start a bare interpreter as the pool does: isolated, no site, no environment."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code],
        env={},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **kwargs,
    )


class ChildCase(SynchronousTestCase):
    """Runs code in a hardened child."""

    skip = LINUX or None
    before = ""

    def child(self, code: str, harden: str = HARDEN, stdin: bytes = b"") -> tuple[int, list[Any], str]:
        """Give the exit status, what the child said, and its standard error."""
        process = start(PREPARE + self.before + harden + code)
        out, err = process.communicate(stdin, timeout=300)
        return (
            process.returncode,
            [ast.literal_eval(line) for line in out.decode().splitlines()],
            err.decode(),
        )

    def said(self, code: str, harden: str = HARDEN, stdin: bytes = b"") -> Any:
        """Give the one thing the child said before it ended well."""
        status, lines, err = self.child(code, harden, stdin)
        self.assertEqual((status, len(lines)), (0, 1), err)
        return lines[0]


class RefusalTests(ChildCase):
    """What a hardened child cannot do, started as whoever runs the tests."""

    def test_req_sec_004_all_layers_are_reported(self) -> None:
        """On Linux every layer is in force; Landlock depends on the kernel's configuration."""
        report = self.said("say(report.as_dict())")
        self.assertEqual(set(report["on"]) | {"landlock"}, set(hardening.LAYERS))
        self.assertLessEqual(set(report["off"]), {"landlock"})

    def test_req_sec_004_system_calls_are_refused(self) -> None:
        """Files, sockets, processes, signals, rights: EPERM, each by the seccomp filter."""
        outcome = self.said(
            """
def new_socket(): return _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
say({
    "open": tried(posix.open, "/etc/passwd", posix.O_RDONLY),
    "create": tried(posix.open, "/tmp/sandbox-was-here", posix.O_CREAT | posix.O_WRONLY),
    "proc": tried(posix.open, "/proc/self/environ", posix.O_RDONLY),
    "listdir": tried(posix.listdir, "/"),
    "stat": tried(posix.stat, "/etc/passwd"),
    "unlink": tried(posix.unlink, "/tmp/nothing-there"),
    "mkdir": tried(posix.mkdir, "/tmp/sandbox-was-here"),
    "chmod": tried(posix.chmod, "/tmp", 0o777),
    "chdir": tried(posix.chdir, "/tmp"),
    "socket": tried(new_socket),
    "socketpair": tried(_socket.socketpair),
    "fork": tried(posix.fork),
    "execve": tried(posix.execv, "/bin/true", ["true"]),
    "kill parent": tried(posix.kill, posix.getppid(), 0),
    "kill init": tried(posix.kill, 1, 0),
    "kill all": tried(posix.kill, -1, 0),
    "pipe": tried(posix.pipe),
    "dup": tried(posix.dup, 1),
    "memfd": tried(posix.memfd_create, "code"),
    "setuid": tried(posix.setuid, 0),
    "priority": tried(posix.setpriority, posix.PRIO_PROCESS, 0, 5),
    "limits": tried(library._call, "setrlimit", 4, bytes(16)),
    "terminal": tried(posix.ttyname, 0) in ("ENOTTY", "EPERM"),
    "prctl": tried(library.forbid_dumps),
})
"""
        )
        self.assertTrue(outcome.pop("terminal"))
        self.assertEqual(outcome, dict.fromkeys(outcome, "EPERM"))

    def test_req_sec_004_memory_is_never_executable(self) -> None:
        """Neither new nor old memory may become code."""
        outcome = self.said(
            """
word = lambda value: value
def call(name, *arguments): return library._call(name, *arguments)
MAP_PRIVATE_ANONYMOUS, READ_WRITE, EXEC = 0x22, 3, 4
address = kernel._Function(_ctypes.dlsym(library._library, "mmap"))
address = address(kernel._Word(0), kernel._Word(4096), 3, 0x22, -1, kernel._Word(0))
say([
    tried(call, "mmap", 0, 4096, READ_WRITE | EXEC, MAP_PRIVATE_ANONYMOUS, 2**64 - 1, 0),
    address > 0,
    tried(call, "mprotect", address, 4096, READ_WRITE),
    tried(call, "mprotect", address, 4096, READ_WRITE | EXEC),
    tried(call, "munmap", address, 4096),
])
"""
        )
        self.assertEqual(outcome, ["EPERM", True, "done", "EPERM", "done"])

    def test_req_sec_004_threads_are_refused(self) -> None:
        """No second thread can be made."""
        outcome = self.said(
            """
import _thread
try:
    _thread.start_new_thread(print, ())
except RuntimeError as refused:
    say(str(refused))
"""
        )
        self.assertIn("can't start new thread", outcome)

    def test_req_sec_004_exploit_calls_kill(self) -> None:
        """Calls that only an exploit makes end the process at once."""
        for number, name in (
            (101, "ptrace"),
            (310, "process_vm_readv"),
            (321, "bpf"),
            (425, "io_uring_setup"),
        ):
            if os.uname().machine == "aarch64":
                number = {"ptrace": 117, "process_vm_readv": 270, "bpf": 280}.get(name, number)
            status, said, _ = self.child(f"library._call('syscall', {number}, 0, 0, 0, 0, 0)\nsay('alive')")
            self.assertEqual((status, said), (-signal.SIGSYS, []), name)

    def test_req_sec_004_x32_numbers_kill(self) -> None:
        """The x32 way around the table is closed."""
        if os.uname().machine != "x86_64":
            self.skipTest("x32 exists only on x86-64")
        status, said, _ = self.child("library._call('syscall', 0x40000000 | 39)\nsay('alive')")
        self.assertEqual((status, said), (-signal.SIGSYS, []))

    def test_clone3_is_absent(self) -> None:
        """The C library is told that clone3 does not exist, then has clone refused."""
        self.assertEqual(self.said("say(tried(library._call, 'syscall', 435, 0, 0))"), "ENOSYS")

    def test_req_sec_004_identity(self) -> None:
        """Not root, no groups, no capabilities, no environment, in the root directory, three descriptors."""
        process = start(
            PREPARE + self.before + HARDEN + "say([posix.environ, sys.flags.isolated])\nposix.read(0, 1)"
        )
        try:
            process.stdout.readline()  # type: ignore[union-attr]
            proc = Path("/proc", str(process.pid))
            status = dict(
                line.split(":\t", 1) for line in (proc / "status").read_text().splitlines() if ":\t" in line
            )
            if AS_ROOT:
                self.assertEqual(status["Uid"].split(), ["65534"] * 4)
                self.assertEqual(status["Gid"].split(), ["65534"] * 4)
                self.assertEqual(status["Groups"].strip(), "")
                self.assertEqual(os.readlink(proc / "cwd"), "/")
                self.assertEqual(sorted(os.listdir(proc / "fd")), ["0", "1", "2"])
            for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                self.assertEqual(int(status[kind], 16), 0, kind)
            self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
            self.assertEqual(status["Threads"], "1")
            limits = (proc / "limits").read_text() if AS_ROOT else ""
            if AS_ROOT:
                self.assertRegex(limits, r"Max file size +0 +0 ")
                self.assertRegex(limits, r"Max core file size +0 +0 ")
                self.assertRegex(limits, r"Max processes +0 +0 ")
                self.assertRegex(limits, r"Max open files +16 +16 ")
                self.assertRegex(limits, rf"Max address space +{256 << 20} +{256 << 20} ")
        finally:
            process.communicate(b"x", timeout=300)

    def test_req_sec_004_inherited_descriptors_are_closed(self) -> None:
        """A descriptor that slipped through is closed, one to be kept is not."""
        read_end, write_end = os.pipe()
        other = os.dup(read_end)
        self.addCleanup(os.close, read_end)
        self.addCleanup(os.close, write_end)
        self.addCleanup(os.close, other)
        code = (
            f"hardening.harden('require', keep=({write_end},))\n"
            f"say([tried(posix.get_blocking, {other}), tried(posix.get_blocking, {write_end})])"
        )
        process = start(PREPARE + self.before + code, pass_fds=(other, write_end))
        out, err = process.communicate(timeout=300)
        self.assertEqual(ast.literal_eval(out.decode()), ["EBADF", "done"], err)

    def test_req_sec_004_landlock_stands_alone(self) -> None:
        """Without the filter Landlock still refuses files; skipped where the kernel has it switched off."""
        status, said, _ = self.child(
            "hardening.LAYERS.pop('seccomp')\n"
            "report = hardening.harden('auto')\n"
            "say(report.off.get('landlock') or tried(posix.open, '/etc/passwd', posix.O_RDONLY))",
            harden="",
        )
        self.assertEqual(status, 0)
        if "refused" in said[0]:
            self.skipTest("this kernel has no Landlock")
        self.assertEqual(said, ["EACCES"])


class UnprivilegedRefusalTests(RefusalTests):
    """The same, started by an ordinary user."""

    before = BECOME_NOBODY
    skip = LINUX or (None if AS_ROOT else "already run as an ordinary user by RefusalTests")


class WorkTests(ChildCase):
    """What a hardened child still can do."""

    def test_req_js_001_scripts_run(self) -> None:
        """QuickJS computes, throws, waits for promises, knows dates, chance and regular expressions."""
        outcome = self.said(
            """
context = _quickjs.Context()
context.eval("let seen = 0; Promise.resolve(3).then(value => { seen = value })")
while context.execute_pending_job(): pass
try:
    context.eval("null.x")
except _quickjs.JSException as thrown:
    error = str(thrown)
say([
    context.eval("[1, 2, 3].map(x => x * x).join()"),
    context.eval("seen"),
    "TypeError" in error,
    context.eval("new Date(2026, 0, 1).getFullYear()"),
    context.eval("Math.random() < 1"),
    context.eval("/(a+)+b/.test('aaab')"),
    context.eval("'x'.repeat(8e6).length"),
    time.time() > 0,
    len(posix.urandom(4)),
])
"""
        )
        self.assertEqual(outcome, ["1,4,9", 3, True, 2026, True, True, 8_000_000, True, 4])

    def test_frames_cross(self) -> None:
        """Standard input and output go on, by blocking reads as by poll."""
        outcome = self.said(
            """
poll = select.poll(); poll.register(0, select.POLLIN)
ready = [descriptor for descriptor, _ in poll.poll(60000)]
say([ready, select.select([0], [], [], 60)[0], posix.read(0, 5), posix.get_blocking(0)])
""",
            stdin=b"hello",
        )
        self.assertEqual(outcome, [[0], [0], b"hello", True])

    def test_req_js_001_time_limit_works(self) -> None:
        """An endless loop meets the engine's time limit."""
        outcome = self.said(
            """
context = _quickjs.Context(); context.set_time_limit(0.05)
try:
    context.eval("for(;;);")
except _quickjs.JSException as stopped:
    say(str(stopped))
"""
        )
        self.assertIn("interrupted", outcome)

    def test_req_js_001_memory_limit_works(self) -> None:
        """A growing string meets the engine's memory limit."""
        outcome = self.said(
            """
context = _quickjs.Context(); context.set_memory_limit(4 << 20)
try:
    context.eval("let kept = []; for(;;) kept.push(new Array(1000).fill(kept.length))")
except _quickjs.JSException as stopped:
    say("out of memory" in str(stopped) or str(stopped))
"""
        )
        self.assertEqual(outcome, True)

    def test_address_space_limit(self) -> None:
        """What the engine's memory limit does not see ends at the process's."""
        outcome = self.said(
            """
try:
    bytearray(300 << 20)
except MemoryError:
    say("refused")
"""
        )
        self.assertEqual(outcome, "refused")

    def test_req_js_001_profiling_timer_kills(self) -> None:
        """The CPU watchdog ends a loop inside a native that no time limit interrupts."""
        status, said, _ = self.child(
            """
_signal.setitimer(_signal.ITIMER_PROF, 0.2)
_quickjs.Context().eval("Array.prototype.reverse.call({length: 2**53 - 1})")
say("alive")
"""
        )
        self.assertEqual((status, said), (-signal.SIGPROF, []))

    def test_abort_still_ends_the_process(self) -> None:
        """A process may signal itself, so that an abort is an abort."""
        self.assertEqual(self.child("posix.abort()")[0], -signal.SIGABRT)
        self.assertEqual(self.child("posix.kill(posix.getpid(), 9)")[0], -signal.SIGKILL)

    def test_off_changes_nothing(self) -> None:
        """Level "off" leaves files readable and says so for each layer."""
        outcome = self.said(
            "report = hardening.harden('off')\n"
            "say([report.on, set(report.off.values()), tried(posix.stat, '/')])",
            harden="",
        )
        self.assertEqual(outcome, [[], {"switched off"}, "done"])


class ParentTests(ChildCase):
    """A sandbox does not outlive its front."""

    def test_req_sec_004_dies_with_parent(self) -> None:
        """Killing the front kills a sandbox that would otherwise wait for ever."""
        child = (
            PREPARE
            + "hardening.harden('require', parent=posix.getppid())\nsay(posix.getpid())\nposix.read(0, 1)"
        )
        front = start(
            "import posix, _posixsubprocess\n"
            f"command = [{sys.executable!r}, '-I', '-S', '-c', {child!r}]\n"
            "child = posix.posix_spawn(command[0], command, {})\n"
            "posix.waitpid(child, 0)"
        )
        stdout = front.stdout
        assert stdout is not None
        self.assertRegex(stdout.readline(), rb"^\d+\n$")
        front.kill()
        front.wait(60)
        # The child holds the other end of this pipe, and nobody has closed its standard input.
        readable, _, _ = select.select([stdout], [], [], 60)
        self.assertEqual((readable, stdout.read()), ([stdout], b""))
        for stream in (front.stdin, front.stdout, front.stderr):
            stream.close()  # type: ignore[union-attr]

    def test_req_sec_004_parent_already_gone(self) -> None:
        """A child whose front died before it could ask to be told ends quietly."""
        status, said, err = self.child(
            "say('alive')", harden="hardening.harden('require', parent=999999999)\n"
        )
        self.assertEqual((status, said, err), (0, [], ""))


class FakeKernel:
    """Records calls; those named in ``refusing`` fail as the kernel would."""

    def __init__(self, *refusing: str) -> None:
        self.refusing = refusing
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(*_arguments: object) -> int:
            self.calls.append(name)
            if name in self.refusing:
                raise OSError(1, f"{name} refused")
            return 7

        return call


class FakePosix:
    """An operating system on which everything succeeds, and is noted."""

    O_RDONLY = 0

    def __init__(
        self, uid: int = 1000, machine: str = "x86_64", filtered: bool = True, refusing: str = ""
    ) -> None:
        self.uid, self.machine, self.filtered, self.refusing = uid, machine, filtered, refusing
        self.calls: list[Any] = []
        self.environ = {b"SECRET": b"x"}

    def _note(self, name: str, *arguments: Any) -> None:
        self.calls.append((name, *arguments))
        if name == self.refusing:
            raise OSError(1, f"{name} refused")

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self._note(name, *arguments)

    def setuid(self, uid: int) -> None:
        self._note("setuid", uid)
        self.uid = uid

    def getuid(self) -> int:
        return self.uid

    geteuid = getuid

    def getpid(self) -> int:
        return 42

    def getppid(self) -> int:
        return 41

    def uname(self) -> Any:
        return SimpleNamespace(machine=self.machine)

    def listdir(self, _path: str) -> list[str]:
        self._note("listdir")
        return ["0", "1", "2", "3", "9"]

    def open(self, _path: str, _flags: int) -> int:
        if self.filtered:
            raise OSError(1, "filtered")
        return 3


class FakeResource:
    """Limits as a table."""

    RLIM_INFINITY = -1
    RLIMIT_CORE, RLIMIT_NOFILE, RLIMIT_AS = "core", "nofile", "as"

    def __init__(self) -> None:
        self.table: dict[str, tuple[int, int]] = {"nofile": (8, 8)}

    def getrlimit(self, name: str) -> tuple[int, int]:
        return self.table.get(name, (-1, -1))

    def setrlimit(self, name: str, value: tuple[int, int]) -> None:
        self.table[name] = value


def fake_system(
    posix: FakePosix | None = None, kernel: FakeKernel | None = None, platform: str = "linux"
) -> Any:
    """Give a system to harden without consequences."""
    return SimpleNamespace(
        platform=platform,
        posix=posix,
        resource=FakeResource(),
        kernel=kernel,
        machines={"x86_64": 1},
        filter_program=lambda machine, pid: f"{machine}/{pid}".encode(),
    )


class OrderTests(SynchronousTestCase):
    """How `harden` goes about it, on a pretended system."""

    def test_as_root(self) -> None:
        """Capabilities and groups go before the user does; the parent is asked about after."""
        posix, kernel = FakePosix(uid=0), FakeKernel()
        report = harden("require", Limits(64, 16), parent=41, system=fake_system(posix, kernel))
        self.assertEqual(report.on, list(hardening.LAYERS))
        order = [call[0] for call in posix.calls if call[0].startswith("set")]
        self.assertEqual(order, ["setgroups", "setgid", "setuid"])
        self.assertLess(kernel.calls.index("bound_capabilities"), kernel.calls.index("drop_capabilities"))
        self.assertLess(kernel.calls.index("drop_capabilities"), kernel.calls.index("die_with_parent"))
        self.assertEqual(kernel.calls[-2:], ["restrict_paths", "filter_calls"])
        self.assertEqual(posix.environ, {})

    def test_ordinary_user_stays(self) -> None:
        """An ordinary user is not changed, but loses capabilities a service manager gave."""
        posix, kernel = FakePosix(), FakeKernel()
        self.assertIn("unprivileged", harden("require", system=fake_system(posix, kernel)).on)
        self.assertNotIn("setuid", [call[0] for call in posix.calls])
        self.assertIn("drop_capabilities", kernel.calls)

    def test_root_that_cannot_leave(self) -> None:
        """Root in a container without CAP_SETUID is reported, and refused where hardening is required."""
        report = harden(
            "auto", system=fake_system(FakePosix(0, refusing="setuid"), FakeKernel("bound_capabilities"))
        )
        self.assertIn("still root", report.off["unprivileged"])
        with self.assertRaises(HardeningUnavailableError) as caught:
            harden("require", system=fake_system(FakePosix(0, refusing="setuid"), FakeKernel()))
        self.assertEqual(list(caught.exception.missing), ["unprivileged"])
        self.assertIn("still root", str(caught.exception))

    def test_macos(self) -> None:
        """Without a Linux kernel the portable layers are taken and the others named."""
        system = fake_system(FakePosix(), None, "darwin")
        report = harden("auto", Limits(1 << 20), system=system)
        self.assertEqual(report.on, ["descriptors", "environment", "unprivileged", "limits"])
        self.assertEqual(set(report.off.values()), {"only on Linux"})
        self.assertNotIn("as", system.resource.table)
        self.assertRaises(HardeningUnavailableError, harden, "require", system=system)

    def test_windows(self) -> None:
        """Without POSIX nothing is taken, and that is said."""
        report = harden("auto", system=fake_system(None, None, "win32"))
        self.assertEqual(report.as_dict(), {"on": [], "off": dict.fromkeys(hardening.LAYERS, "not on win32")})

    def test_kernel_without_seccomp(self) -> None:
        """A kernel that refuses the filter is good enough for "auto" only."""
        report = harden("auto", system=fake_system(FakePosix(), FakeKernel("filter_calls", "restrict_paths")))
        self.assertEqual(set(report.off), {"seccomp", "landlock"})
        with self.assertRaises(HardeningUnavailableError) as caught:
            harden("require", system=fake_system(FakePosix(), FakeKernel("filter_calls", "restrict_paths")))
        self.assertEqual(list(caught.exception.missing), ["seccomp"])

    def test_filter_that_does_not_filter(self) -> None:
        """The filter is believed only once it has refused something."""
        report = harden("auto", system=fake_system(FakePosix(filtered=False), FakeKernel()))
        self.assertIn("does not filter", report.off["seccomp"])

    def test_unknown_machine(self) -> None:
        """A machine without a table of system calls has no filter."""
        report = harden("auto", system=fake_system(FakePosix(machine="riscv64"), FakeKernel()))
        self.assertIn("riscv64", report.off["seccomp"])

    def test_descriptors(self) -> None:
        """Descriptors are closed by the listing, or blindly where there is none; gaps do not matter."""
        posix = FakePosix()
        harden("auto", keep=(9,), system=fake_system(posix, FakeKernel()))
        self.assertIn(("close", 3), posix.calls)
        self.assertNotIn(("close", 9), posix.calls)
        self.assertNotIn(("close", 2), posix.calls)
        posix = FakePosix(refusing="listdir")
        harden("auto", system=fake_system(posix, FakeKernel()))
        self.assertIn(("close", 4095), posix.calls)
        posix = FakePosix(refusing="close")
        self.assertIn("descriptors", harden("auto", system=fake_system(posix, FakeKernel())).on)

    def test_limits_never_rise(self) -> None:
        """A hard limit that is lower already stays."""
        system = fake_system(FakePosix(), FakeKernel())
        harden("auto", Limits(1 << 20, open_files=16), system=system)
        self.assertEqual(system.resource.table, {"nofile": (8, 8), "core": (0, 0), "as": (1 << 20, 1 << 20)})

    def test_parent_gone(self) -> None:
        """A child of another parent exits."""
        posix = FakePosix()
        harden("auto", parent=40, system=fake_system(posix, FakeKernel()))
        self.assertIn(("_exit", 0), posix.calls)

    def test_unknown_level(self) -> None:
        """A misspelt level is not taken for "off"."""
        self.assertRaises(ValueError, harden, "on")

    def test_real_system(self) -> None:
        """The real system has what its platform has."""
        system = hardening.System()
        self.assertEqual(system.kernel is not None, sys.platform == "linux")
        self.assertEqual(system.posix is not None, sys.platform != "win32")
