"""
The system calls a sandbox process may make once its scripts run.

An allow-list: what CPython and QuickJS need to read and write descriptors they already have, wait, allocate,
tell the time and end. All else gives ``EPERM``; calls that only an exploit makes kill the process. A foreign
architecture or the x32 numbers kill it too, since the table below would mean other calls there.

Standard library only, and of that nothing but built-ins: the sandbox child imports this.
"""

from aiwebengine.sandbox.bpf import ARCHITECTURE, NUMBER, Assembler, argument

__all__ = ["AUDIT_ARCHITECTURES", "SYSTEM_CALLS", "filter_program"]

KILL_PROCESS = 0x80000000
REFUSE = 0x00050000 | 1  # SECCOMP_RET_ERRNO, EPERM
UNKNOWN = 0x00050000 | 38  # SECCOMP_RET_ERRNO, ENOSYS
ALLOW = 0x7FFF0000

X32_BIT = 0x40000000
PROT_EXEC = 4
F_GETFD, F_GETFL, F_SETFL = 1, 3, 4

AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def _words(text: str) -> "tuple[str, ...]":
    return tuple(text.split())


#: Allowed whatever their arguments, most frequent first.
ALLOWED = _words(
    """
    read write poll ppoll clock_gettime munmap brk mremap madvise futex setitimer getitimer getrusage
    getrandom rt_sigreturn rt_sigprocmask rt_sigaction select pselect6 epoll_wait epoll_pwait epoll_ctl
    epoll_create1 epoll_create readv writev close fstat lseek nanosleep clock_nanosleep clock_getres
    gettimeofday time sched_yield sigaltstack restart_syscall getpid gettid getppid exit exit_group
    """
)
#: May map and protect memory, but never make it executable.
NOT_EXECUTABLE = ("mmap", "mprotect")
#: May signal this process (``abort()`` does), no other.
ONLY_SELF = ("kill", "tgkill")
#: No innocent library calls these: the process has been taken over.
FATAL = _words(
    """
    ptrace process_vm_readv process_vm_writev pidfd_getfd bpf perf_event_open userfaultfd io_uring_setup
    io_uring_enter io_uring_register init_module finit_module delete_module kexec_load kexec_file_load
    open_by_handle_at mount umount2 pivot_root setns unshare add_key request_key keyctl
    """
)
#: Said not to exist, so that the C library falls back to a call that is refused properly.
ABSENT = ("clone3",)


def _numbered(text: str) -> "dict[str, int]":
    words = text.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


#: Numbers by machine and name; a name that a machine lacks is left out of its filter.
SYSTEM_CALLS = {
    "x86_64": _numbered(
        """
        pidfd_getfd 438  io_uring_setup 425  io_uring_enter 426  io_uring_register 427  clone3 435  read 0
        write 1  close 3  fstat 5  poll 7  lseek 8  mmap 9  mprotect 10  munmap 11  brk 12
        rt_sigaction 13  rt_sigprocmask 14  rt_sigreturn 15  readv 19  writev 20  select 23
        sched_yield 24  mremap 25  madvise 28  nanosleep 35  getitimer 36  setitimer 38  getpid 39
        exit 60  kill 62  fcntl 72  gettimeofday 96  getrusage 98  ptrace 101  getppid 110
        sigaltstack 131  pivot_root 155  mount 165  umount2 166  init_module 175  delete_module 176
        gettid 186  time 201  futex 202  epoll_create 213  restart_syscall 219  clock_gettime 228
        clock_getres 229  clock_nanosleep 230  exit_group 231  epoll_wait 232  epoll_ctl 233  tgkill 234
        kexec_load 246  add_key 248  request_key 249  keyctl 250  pselect6 270  ppoll 271  unshare 272
        epoll_pwait 281  epoll_create1 291  perf_event_open 298  open_by_handle_at 304  setns 308
        process_vm_readv 310  process_vm_writev 311  finit_module 313  getrandom 318  kexec_file_load 320
        bpf 321  userfaultfd 323
        """
    ),
    "aarch64": _numbered(
        """
        pidfd_getfd 438  io_uring_setup 425  io_uring_enter 426  io_uring_register 427  clone3 435
        epoll_create1 20  epoll_ctl 21  epoll_pwait 22  fcntl 25  umount2 39  mount 40  pivot_root 41
        close 57  lseek 62  read 63  write 64  readv 65  writev 66  pselect6 72  ppoll 73  fstat 80
        exit 93  exit_group 94  unshare 97  futex 98  nanosleep 101  getitimer 102  setitimer 103
        kexec_load 104  init_module 105  delete_module 106  clock_gettime 113  clock_getres 114
        clock_nanosleep 115  ptrace 117  sched_yield 124  restart_syscall 128  kill 129  tgkill 131
        sigaltstack 132  rt_sigaction 134  rt_sigprocmask 135  rt_sigreturn 139  getrusage 165
        gettimeofday 169  getpid 172  getppid 173  gettid 178  brk 214  munmap 215  mremap 216
        add_key 217  request_key 218  keyctl 219  mmap 222  mprotect 226  madvise 233  perf_event_open 241
        open_by_handle_at 265  setns 268  process_vm_readv 270  process_vm_writev 271  finit_module 273
        getrandom 278  bpf 280  userfaultfd 282  kexec_file_load 294
        """
    ),
}


def filter_program(machine: str, pid: int) -> bytes:
    """
    Give the BPF filter for a machine (as ``uname`` names it) and the process ``pid``.

    Raises KeyError for a machine without a table.
    """
    numbers = SYSTEM_CALLS[machine]

    def known(names: "tuple[str, ...]") -> "tuple[int, ...]":
        return tuple(numbers[name] for name in names if name in numbers)

    not_executable = Assembler()
    not_executable.load(argument(2))
    not_executable.give_if_any_bit(PROT_EXEC, REFUSE)
    not_executable.give(ALLOW)

    only_self = Assembler()
    only_self.load(argument(0))
    only_self.give_unless_equal(pid, REFUSE)
    only_self.give(ALLOW)

    harmless_flags = Assembler()
    harmless_flags.load(argument(1))
    harmless_flags.give_if_among((F_GETFD, F_GETFL, F_SETFL), ALLOW)
    harmless_flags.give(REFUSE)

    program = Assembler()
    program.load(ARCHITECTURE)
    program.give_unless_equal(AUDIT_ARCHITECTURES[machine], KILL_PROCESS)
    program.load(NUMBER)
    if machine == "x86_64":
        program.give_if_at_least(X32_BIT, KILL_PROCESS)
    program.give_if_among(known(ALLOWED), ALLOW)
    for number in known(NOT_EXECUTABLE):
        program.when_equal(number, not_executable)
    for number in known(ONLY_SELF):
        program.when_equal(number, only_self)
    program.when_equal(numbers["fcntl"], harmless_flags)
    program.give_if_among(known(FATAL), KILL_PROCESS)
    program.give_if_among(known(ABSENT), UNKNOWN)
    program.give(REFUSE)
    return bytes(program.code)
