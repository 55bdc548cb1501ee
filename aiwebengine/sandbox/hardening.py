"""
Taking rights away from a sandbox process before it runs any script (REQ-SEC-004, REQ-JS-001).

`harden` is for the child: call it when everything is imported and the descriptors it keeps are 0, 1 and 2
(or named). Afterwards no file opens, no module imports, no process starts, no socket connects. Imports the
standard library's smallest parts only; see ``docs/sandbox-hardening.md``.
"""

import sys

TYPE_CHECKING = False  # the name type checkers know; `typing` itself would cost the child 2 MB
if TYPE_CHECKING:
    from typing import Any

    from aiwebengine.sandbox.kernel import LinuxKernel

__all__ = ["Hardening", "HardeningUnavailableError", "Limits", "System", "harden"]

NOBODY = 4294967294 if sys.platform == "darwin" else 65534
SIGKILL = 9
EPERM = 1

#: What level "require" insists on.
ESSENTIAL = ("descriptors", "parent_death", "unprivileged", "no_new_privs", "limits", "seccomp")


class HardeningUnavailableError(RuntimeError):
    """Level "require" was asked for and ``missing`` (layer name → reason) cannot be had here."""

    def __init__(self, missing: "dict[str, str]") -> None:
        reasons = ", ".join(name + " (" + reason + ")" for name, reason in missing.items())
        super().__init__("sandbox hardening is required but not available: " + reasons)
        self.missing = missing


class Limits:
    """
    Resource limits of the process.

    ``address_space_bytes``: everything it may map, code included (a bare child has mapped some 14 MB), 0 for
    no limit; ``open_files``: descriptors, also the most that one ``poll`` may watch.
    """

    __slots__ = ("address_space_bytes", "open_files")

    def __init__(self, address_space_bytes: int = 0, open_files: int = 16) -> None:
        self.address_space_bytes = address_space_bytes
        self.open_files = open_files


class Hardening:
    """
    What came of it.

    ``on``: names of the layers in force, in the order taken; ``off``: name → reason for the others.
    """

    __slots__ = ("off", "on")

    def __init__(self) -> None:
        self.on: list[str] = []
        self.off: dict[str, str] = {}

    def as_dict(self) -> "dict[str, object]":
        """Give it as JSON data, for the front's log and health check."""
        return {"on": list(self.on), "off": dict(self.off)}


class LayerUnsupportedError(Exception):
    """A layer that this platform does not have."""


class System:
    """The modules through which the process changes itself; None where the platform lacks one."""

    def __init__(self) -> None:
        self.platform: str = sys.platform
        self.posix: Any = None
        self.resource: Any = None
        self.kernel: Any = None
        self.machines: dict[str, int] = {}
        if sys.platform != "win32":
            import posix
            import resource

            self.posix, self.resource = posix, resource
        if sys.platform == "linux":
            # Now, since nothing can be imported once the first layers are taken.
            from aiwebengine.sandbox.kernel import LinuxKernel
            from aiwebengine.sandbox.seccomp import AUDIT_ARCHITECTURES, filter_program

            self.kernel = LinuxKernel()
            self.machines = AUDIT_ARCHITECTURES
            self.filter_program = filter_program


class Child:
    """The process to harden, as each layer sees it."""

    __slots__ = ("keep", "limits", "parent", "system")

    def __init__(self, system: System, limits: Limits, keep: "tuple[int, ...]", parent: int) -> None:
        self.system = system
        self.limits = limits
        self.keep = keep
        self.parent = parent


def close_descriptors(child: "Child") -> None:
    """Close every descriptor but the standard ones and ``keep``."""
    posix = child.system.posix
    try:
        opened = [int(name) for name in posix.listdir("/dev/fd")]
    except OSError:
        opened = list(range(3, 4096))
    for descriptor in opened:
        if descriptor > 2 and descriptor not in child.keep:
            try:
                posix.close(descriptor)
            except OSError:
                continue  # the listing's own, or a gap


def leave_environment(child: "Child") -> None:
    """Stand in ``/`` with no environment and a mask that gives nobody else rights."""
    child.system.posix.chdir("/")
    child.system.posix.umask(0o077)
    child.system.posix.environ.clear()
    if child.system.kernel is not None:
        child.system.kernel.clear_environment()


def drop_root(child: "Child") -> None:
    """Become nobody when root, and without capabilities in any case."""
    posix, kernel = child.system.posix, child.system.kernel
    was_root = posix.geteuid() == 0 or posix.getuid() == 0
    problem = None
    if was_root:
        if kernel is not None:
            bound(kernel)
        try:
            posix.setgroups([])
            posix.setgid(NOBODY)
            posix.setuid(NOBODY)
        except OSError as refused:  # in a container without CAP_SETUID, say
            problem = refused
    if kernel is not None:
        kernel.drop_capabilities()
    if posix.geteuid() == 0:
        raise LayerUnsupportedError("still root, though without capabilities: " + str(problem))


def bound(kernel: "LinuxKernel") -> None:
    """Empty the capability bounding set where CAP_SETPCAP allows; only a later execve would use it."""
    try:
        kernel.bound_capabilities()
    except OSError:
        return


def die_with_parent(child: "Child") -> None:
    """End with the parent. Comes after `drop_root`, since a change of user unsets it."""
    linux(child).die_with_parent(SIGKILL)
    if child.parent and child.system.posix.getppid() != child.parent:
        child.system.posix._exit(0)  # it died before the line above


def forbid_dumps(child: "Child") -> None:
    """Let nobody read this process's memory."""
    linux(child).forbid_dumps()


def forbid_new_privileges(child: "Child") -> None:
    """Let set-user-ID files give nothing."""
    linux(child).forbid_new_privileges()


def limit_resources(child: "Child") -> None:
    """Lower soft and hard limits; what the platform lacks is passed over."""
    resource = child.system.resource
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_NICE": 0,
        "RLIMIT_RTPRIO": 0,
        "RLIMIT_NPROC": 0,  # counts for nobody only while not root, hence after drop_root
        "RLIMIT_NOFILE": child.limits.open_files,
    }
    if child.limits.address_space_bytes and child.system.platform != "darwin":  # macOS does not enforce it
        wanted["RLIMIT_AS"] = child.limits.address_space_bytes
    for name, value in wanted.items():
        number = getattr(resource, name, None)
        if number is not None:
            hard = resource.getrlimit(number)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(number, (value, value))


def restrict_paths(child: "Child") -> None:
    """Refuse all files by Landlock, a second wall behind seccomp."""
    linux(child).restrict_paths()


def filter_system_calls(child: "Child") -> None:
    """Allow only the system calls of `aiwebengine.sandbox.seccomp`, and see that it works."""
    kernel, posix = linux(child), child.system.posix
    machine = posix.uname().machine
    if machine not in child.system.machines or sys.maxsize < 2**32:
        raise LayerUnsupportedError("no table of system calls for " + machine)
    kernel.filter_calls(machine, child.system.filter_program(machine, posix.getpid()))
    try:
        posix.close(posix.open("/", posix.O_RDONLY))
    except OSError as refused:
        if refused.errno == EPERM:
            return
    raise LayerUnsupportedError("the filter was taken but does not filter")


def linux(child: "Child") -> "LinuxKernel":
    """Give the Linux calls, or say that there are none."""
    if child.system.kernel is None:
        raise LayerUnsupportedError("only on Linux")
    kernel: LinuxKernel = child.system.kernel
    return kernel


LAYERS = {
    "descriptors": close_descriptors,
    "environment": leave_environment,
    "unprivileged": drop_root,
    "parent_death": die_with_parent,
    "not_dumpable": forbid_dumps,
    "no_new_privs": forbid_new_privileges,
    "limits": limit_resources,
    "landlock": restrict_paths,
    "seccomp": filter_system_calls,
}


def harden(
    level: str = "auto",
    limits: "Limits | None" = None,
    *,
    parent: int = 0,
    keep: "tuple[int, ...]" = (),
    system: "System | None" = None,
) -> Hardening:
    """
    Give up, for good, what running scripts does not need.

    ``level``: "off" changes nothing; "auto" takes what there is; "require" raises
    `HardeningUnavailableError` when an essential layer is missing (some will be in force by then: end the
    process). ``parent``: process id of the front, 0 when unknown; if it is gone already this process exits.
    ``keep``: descriptors past 2 to leave open. Raises ValueError for another level.
    """
    if level not in ("auto", "require", "off"):
        raise ValueError("level must be auto, require or off, not " + repr(level))
    outcome = Hardening()
    if level == "off":
        outcome.off = dict.fromkeys(LAYERS, "switched off")
        return outcome
    child = Child(system or System(), limits or Limits(), keep, parent)
    for name, take in LAYERS.items():
        if child.system.posix is None:
            outcome.off[name] = "not on " + child.system.platform
            continue
        try:
            take(child)
        except (OSError, ValueError, LayerUnsupportedError) as why:
            outcome.off[name] = str(why)
        else:
            outcome.on.append(name)
    missing = {name: reason for name, reason in outcome.off.items() if name in ESSENTIAL}
    if level == "require" and missing:
        raise HardeningUnavailableError(missing)
    return outcome
