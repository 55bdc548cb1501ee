"""
Classic BPF programs for seccomp, assembled.

Standard library only, and of that nothing but built-ins: the sandbox child imports this.
"""

__all__ = ["Assembler", "disassemble"]

LOAD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS
JUMP_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
JUMP_GREATER_EQUAL = 0x35  # BPF_JMP | BPF_JGE | BPF_K
JUMP_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
RETURN = 0x06  # BPF_RET | BPF_K

#: Offsets into ``struct seccomp_data``.
NUMBER, ARCHITECTURE = 0, 4


def argument(index: int) -> int:
    """Give the offset of a system call argument's low 32 bits, on a little-endian machine."""
    return 16 + 8 * index


class Assembler:
    """A filter being written, instruction by instruction; jumps only go forward, as the kernel wants."""

    def __init__(self) -> None:
        self.code = bytearray()

    def _emit(self, operation: int, operand: int, if_true: int = 0, if_false: int = 0) -> None:
        self.code += (
            operation.to_bytes(2, "little") + bytes((if_true, if_false)) + operand.to_bytes(4, "little")
        )

    def load(self, offset: int) -> None:
        """Load the word at ``offset`` of the call's description."""
        self._emit(LOAD_WORD, offset)

    def give(self, action: int) -> None:
        """End with ``action``."""
        self._emit(RETURN, action)

    def give_unless_equal(self, value: int, action: int) -> None:
        """End with ``action`` unless the loaded word is ``value``."""
        self._emit(JUMP_EQUAL, value, 1, 0)
        self.give(action)

    def give_if_at_least(self, value: int, action: int) -> None:
        """End with ``action`` when the loaded word is ``value`` or more."""
        self._emit(JUMP_GREATER_EQUAL, value, 0, 1)
        self.give(action)

    def give_if_among(self, values: "tuple[int, ...]", action: int) -> None:
        """End with ``action`` when the loaded word is one of ``values``; at most 255 of them."""
        for left in range(len(values), 0, -1):
            self._emit(JUMP_EQUAL, values[len(values) - left], left - 1, 0 if left > 1 else 1)
        if values:
            self.give(action)

    def give_if_any_bit(self, mask: int, action: int) -> None:
        """End with ``action`` when the loaded word has one of the bits of ``mask``."""
        self._emit(JUMP_ANY_BIT, mask, 0, 1)
        self.give(action)

    def when_equal(self, value: int, body: "Assembler") -> None:
        """Go through ``body``, which must end in `give`, when the loaded word is ``value``."""
        self._emit(JUMP_EQUAL, value, 0, len(body.code) // 8)
        self.code += body.code


def disassemble(code: bytes) -> "list[tuple[int, int, int, int]]":
    """Give each instruction as (operation, jump if true, jump if false, operand)."""
    return [
        (
            int.from_bytes(code[at : at + 2], "little"),
            code[at + 2],
            code[at + 3],
            int.from_bytes(code[at + 4 : at + 8], "little"),
        )
        for at in range(0, len(code), 8)
    ]
