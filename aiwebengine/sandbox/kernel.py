"""
Linux calls that Python has no function for, by way of ``_ctypes``.

The sandbox child imports this: ``ctypes`` itself would cost it 0.7 MB, its C half alone costs 0.2 MB.
"""

import _ctypes

TYPE_CHECKING = False  # `typing` itself would cost the child 2 MB
if TYPE_CHECKING:
    from typing import Any

__all__ = ["LinuxKernel"]

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP = 1, 4, 22
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 24, 38, 47, 4
SECCOMP_MODE_FILTER, SECCOMP_SET_MODE_FILTER = 2, 1
SECCOMP_CALL = {"x86_64": 317, "aarch64": 277}
LANDLOCK_CREATE, LANDLOCK_RESTRICT, LANDLOCK_ASK_VERSION = 444, 446, 1
CAPABILITY_VERSION_3 = 0x20080522
EINVAL = 22


class _Word(_ctypes._SimpleCData):  # type: ignore[type-arg]
    _type_ = "L"


class _Result(_ctypes._SimpleCData):  # type: ignore[type-arg]
    _type_ = "l"


class _Byte(_ctypes._SimpleCData):  # type: ignore[type-arg]
    _type_ = "B"


class _Function(_ctypes.CFuncPtr):
    _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_USE_ERRNO
    _restype_ = _Result


class LinuxKernel:
    """The calls that take privileges away. Each raises OSError when the kernel refuses."""

    def __init__(self) -> None:
        self._library = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # this process

    def _call(self, name: str, *arguments: "int | bytes") -> int:
        function = _Function(_ctypes.dlsym(self._library, name))
        # A plain int would be passed as 32 bits.
        values = [_Word(value) if isinstance(value, int) else value for value in arguments]
        result: int = function(*values)
        # `int` functions leave the upper half of the register undefined.
        if result & 0xFFFFFFFF == 0xFFFFFFFF:
            raise OSError(_ctypes.get_errno(), name + " refused")
        return result & 0xFFFFFFFF

    def die_with_parent(self, signal: int) -> None:
        """Have ``signal`` sent to this process when the thread that started it ends."""
        self._call("prctl", PR_SET_PDEATHSIG, signal, 0, 0, 0)

    def forbid_new_privileges(self) -> None:
        """Let no later execve give more rights (set-user-ID, file capabilities)."""
        self._call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)

    def forbid_dumps(self) -> None:
        """Have no core dump, and let no process of the same user attach."""
        self._call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)

    def bound_capabilities(self) -> None:
        """Empty the capability bounding set; needs CAP_SETPCAP."""
        for capability in range(64):
            try:
                self._call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
            except OSError as refused:
                if refused.errno == EINVAL:  # past the last one this kernel knows
                    return
                raise

    def drop_capabilities(self) -> None:
        """Give up all capabilities, ambient ones too (a service manager may have given some)."""
        try:
            self._call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
        except OSError as refused:
            if refused.errno != EINVAL:  # kernels before 4.3 have none
                raise
        self._call("capset", CAPABILITY_VERSION_3.to_bytes(4, "little") + bytes(4), bytes(24))

    def clear_environment(self) -> None:
        """Forget the C library's environment."""
        self._call("clearenv")

    def restrict_paths(self) -> int:
        """
        Refuse every file, TCP port, abstract socket and signal to others by Landlock; give its ABI version.

        Raises OSError when the kernel has no Landlock or it is switched off.
        """
        version = self._call("syscall", LANDLOCK_CREATE, 0, 0, LANDLOCK_ASK_VERSION)
        files = (1 << 13) - 1
        files |= (1 << 13 if version >= 2 else 0) | (1 << 14 if version >= 3 else 0)
        files |= 1 << 15 if version >= 5 else 0
        rules = files.to_bytes(8, "little")
        if version >= 4:
            rules += (3).to_bytes(8, "little")  # bind and connect
        if version >= 6:
            rules += (3).to_bytes(8, "little")  # abstract UNIX sockets, signals
        descriptor = self._call("syscall", LANDLOCK_CREATE, rules, len(rules), 0)
        try:
            self._call("syscall", LANDLOCK_RESTRICT, descriptor, 0)
        finally:
            self._call("close", descriptor)
        return version

    def filter_calls(self, machine: str, program: bytes) -> None:
        """Install a seccomp filter for good; needs `forbid_new_privileges` first."""
        kind: Any = type("_Code", (_ctypes.Array,), {"_type_": _Byte, "_length_": len(program)})
        code = kind.from_buffer_copy(program)
        address = _ctypes.addressof(code)
        header = (len(program) // 8).to_bytes(8, "little") + address.to_bytes(8, "little")
        try:
            self._call("syscall", SECCOMP_CALL[machine], SECCOMP_SET_MODE_FILTER, 0, header)
        except OSError:
            # Kernels before 3.17, and outer filters that know prctl only.
            self._call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0)
