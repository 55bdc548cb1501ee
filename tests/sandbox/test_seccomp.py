"""The seccomp filter, interpreted: every machine's, whatever machine runs the tests."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox import bpf, seccomp

PID = 4242


def judge(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """Run the filter of ``machine`` over one call, as the kernel would; give its action."""
    if architecture is None:
        architecture = seccomp.AUDIT_ARCHITECTURES[machine]
    words = {bpf.NUMBER: number, bpf.ARCHITECTURE: architecture}
    for index in range(6):
        value = arguments[index] if index < len(arguments) else 0
        words[bpf.argument(index)] = value & 0xFFFFFFFF
    program = bpf.disassemble(seccomp.filter_program(machine, PID))
    at = accumulator = 0
    while True:
        operation, if_true, if_false, operand = program[at]
        at += 1
        if operation == bpf.RETURN:
            return operand
        if operation == bpf.LOAD_WORD:
            accumulator = words[operand]
            continue
        holds = {
            bpf.JUMP_EQUAL: accumulator == operand,
            bpf.JUMP_GREATER_EQUAL: accumulator >= operand,
            bpf.JUMP_ANY_BIT: bool(accumulator & operand),
        }[operation]
        at += if_true if holds else if_false


class FilterTests(SynchronousTestCase):
    """What the filter says to each call."""

    machines = ("x86_64", "aarch64")

    def test_req_sec_004_every_number(self) -> None:
        """Each call in the table has its action, and every number outside it is refused."""
        for machine in self.machines:
            numbers = seccomp.SYSTEM_CALLS[machine]
            expected = {}
            for name, number in numbers.items():
                if name in seccomp.ALLOWED or name in seccomp.NOT_EXECUTABLE:
                    expected[number] = seccomp.ALLOW
                elif name in seccomp.FATAL:
                    expected[number] = seccomp.KILL_PROCESS
                elif name in seccomp.ABSENT:
                    expected[number] = seccomp.UNKNOWN
            for number in range(600):
                self.assertEqual(
                    judge(machine, number), expected.get(number, seccomp.REFUSE), f"{machine} call {number}"
                )

    def test_every_name_is_known(self) -> None:
        """No name of the policy is misspelt; aarch64 lacks only those that newer calls replaced."""
        named = {
            *(*seccomp.ALLOWED, *seccomp.FATAL, *seccomp.ABSENT, *seccomp.NOT_EXECUTABLE, *seccomp.ONLY_SELF),
            "fcntl",
        }
        self.assertEqual(set(seccomp.SYSTEM_CALLS["x86_64"]), named)
        gone = {"poll", "select", "epoll_wait", "epoll_create", "time"}
        self.assertEqual(named - set(seccomp.SYSTEM_CALLS["aarch64"]), gone)

    def test_numbers_are_the_kernel_s(self) -> None:
        """The tables agree with the system's own headers, where they are installed."""
        headers = {
            "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
            "aarch64": Path("/usr/include/asm-generic/unistd.h"),
        }
        if not all(header.exists() for header in headers.values()):
            self.skipTest("the kernel's headers are not installed")
        for machine, header in headers.items():
            defined = {
                found[1]: int(found[2])
                for found in re.finditer(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text())
            }
            for name, number in seccomp.SYSTEM_CALLS[machine].items():
                self.assertEqual(defined[name], number, f"{machine} {name}")

    def test_req_sec_004_no_executable_memory(self) -> None:
        """PROT_EXEC is refused among other bits."""
        for machine in self.machines:
            for name in ("mmap", "mprotect"):
                number = seccomp.SYSTEM_CALLS[machine][name]
                self.assertEqual(judge(machine, number, 0, 4096, 3), seccomp.ALLOW)
                self.assertEqual(judge(machine, number, 0, 4096, 4), seccomp.REFUSE)
                self.assertEqual(judge(machine, number, 0, 4096, 7), seccomp.REFUSE)

    def test_req_sec_004_signals_only_to_itself(self) -> None:
        """Its own process id passes; another, its group and everyone do not."""
        for machine in self.machines:
            for name in ("kill", "tgkill"):
                number = seccomp.SYSTEM_CALLS[machine][name]
                self.assertEqual(judge(machine, number, PID), seccomp.ALLOW)
                for other in (PID + 1, 1, 0, -1, -PID):
                    self.assertEqual(judge(machine, number, other), seccomp.REFUSE)

    def test_descriptor_flags(self) -> None:
        """Flags may be read and O_NONBLOCK set; owners of signals, leases and copies are refused."""
        for machine in self.machines:
            number = seccomp.SYSTEM_CALLS[machine]["fcntl"]
            allowed = [
                command for command in range(1100) if judge(machine, number, 0, command) == seccomp.ALLOW
            ]
            self.assertEqual(allowed, [seccomp.F_GETFD, seccomp.F_GETFL, seccomp.F_SETFL])

    def test_req_sec_004_foreign_numbers_kill(self) -> None:
        """32-bit, the other machine's and x32 calls end the process."""
        self.assertEqual(judge("x86_64", 0, architecture=0x40000003), seccomp.KILL_PROCESS)
        self.assertEqual(judge("x86_64", 0, architecture=0xC00000B7), seccomp.KILL_PROCESS)
        self.assertEqual(judge("aarch64", 63, architecture=0x40000028), seccomp.KILL_PROCESS)
        for number in (0x40000000, 0x40000001, 0xFFFFFFFF):
            self.assertEqual(judge("x86_64", number), seccomp.KILL_PROCESS)

    def test_unknown_machine(self) -> None:
        """There is no filter for a machine without a table."""
        self.assertRaises(KeyError, seccomp.filter_program, "riscv64", PID)
