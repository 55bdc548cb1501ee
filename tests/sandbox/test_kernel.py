"""What is asked of the Linux kernel, word for word; that it obeys is shown by test_hardening's children."""

from __future__ import annotations

import errno
import sys

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox import kernel

LINUX = None if sys.platform == "linux" else "the calls exist only on Linux"


class RecordedKernel(kernel.LinuxKernel):
    """Records calls; ``answers`` gives results (or errors) by the first argument of prctl or syscall."""

    def __init__(self, **answers: int | OSError) -> None:
        super().__init__()
        self.answers = answers
        self.calls: list[tuple[object, ...]] = []

    def _call(self, name: str, *arguments: int | bytes) -> int:
        self.calls.append((name, *arguments))
        key = f"{name}_{arguments[0]}" if arguments and isinstance(arguments[0], int) else name
        answer = self.answers.get(key, 0)
        if isinstance(answer, OSError):
            raise answer
        return answer


class KernelTests(SynchronousTestCase):
    """Each method's call."""

    skip = LINUX

    def test_prctl(self) -> None:
        """The process's own attributes."""
        asked = RecordedKernel()
        asked.die_with_parent(9)
        asked.forbid_new_privileges()
        asked.forbid_dumps()
        asked.clear_environment()
        self.assertEqual(
            [call[:3] for call in asked.calls[:3]], [("prctl", 1, 9), ("prctl", 38, 1), ("prctl", 4, 0)]
        )
        self.assertEqual(asked.calls[3], ("clearenv",))

    def test_capabilities(self) -> None:
        """All are dropped; a kernel with fewer, or without ambient ones, is no error; a refusal is."""
        asked = RecordedKernel()
        asked.bound_capabilities()
        self.assertEqual([call[2] for call in asked.calls], list(range(64)))
        asked = RecordedKernel(prctl_24=OSError(errno.EINVAL, ""), prctl_47=OSError(errno.EINVAL, ""))
        asked.bound_capabilities()
        self.assertEqual(len(asked.calls), 1)
        asked.drop_capabilities()
        self.assertEqual(asked.calls[-1], ("capset", bytes.fromhex("2205082000000000"), bytes(24)))
        asked = RecordedKernel(prctl_24=OSError(errno.EPERM, ""), prctl_47=OSError(errno.EPERM, ""))
        self.assertRaises(OSError, asked.bound_capabilities)
        self.assertRaises(OSError, asked.drop_capabilities)

    def test_landlock_versions(self) -> None:
        """Each version of Landlock is asked for all that it knows, and its descriptor is closed."""
        for version, files, length in (
            (1, 0x1FFF, 8),
            (2, 0x3FFF, 8),
            (3, 0x7FFF, 8),
            (4, 0x7FFF, 16),
            (7, 0xFFFF, 24),
        ):
            asked = RecordedKernel(syscall_444=version)
            self.assertEqual(asked.restrict_paths(), version)
            rules = asked.calls[1][2]
            assert isinstance(rules, bytes)
            self.assertEqual((int.from_bytes(rules[:8], "little"), len(rules)), (files, length))
            self.assertEqual([call[0] for call in asked.calls], ["syscall", "syscall", "syscall", "close"])
        asked = RecordedKernel(syscall_444=1, syscall_446=OSError(errno.EPERM, ""))
        self.assertRaises(OSError, asked.restrict_paths)
        self.assertEqual(asked.calls[-1][0], "close")

    def test_seccomp_falls_back(self) -> None:
        """Where the seccomp call does not exist prctl installs the filter."""
        asked = RecordedKernel()
        asked.filter_calls("x86_64", bytes(16))
        self.assertEqual([call[:2] for call in asked.calls], [("syscall", 317)])
        asked = RecordedKernel(syscall_277=OSError(errno.ENOSYS, ""))
        asked.filter_calls("aarch64", bytes(16))
        name, option, mode, header = asked.calls[1][:4]
        self.assertEqual((name, option, mode), ("prctl", 22, 2))
        assert isinstance(header, bytes)
        self.assertEqual(int.from_bytes(header[:8], "little"), 2)

    def test_errors(self) -> None:
        """A refusal is an OSError with the kernel's number."""
        with self.assertRaises(OSError) as caught:
            kernel.LinuxKernel()._call("close", 2**31 - 1)
        self.assertEqual(caught.exception.errno, errno.EBADF)
