"""Values that must never be shown: they hide from repr, str, format and logs (REQ-SEC-005)."""

from __future__ import annotations

import hmac
import re
from typing import Final

__all__ = ["HIDDEN", "Secret", "SecretURL", "mask_url"]

HIDDEN: Final = "<hidden>"

_AUTHORITY = re.compile(r"^([a-z][a-z0-9+.-]*:)(?://([^/?#]*))?(.*)$", re.IGNORECASE | re.DOTALL)
_SENSITIVE_PARAMETER = re.compile(
    r"((?:^|[?&;])[^=&;]*(?:pass|secret|token|key)[^=&;]*=)[^&;#]*", re.IGNORECASE
)


def mask_url(url: str) -> str:
    """
    Give a URL fit to be shown: its password, and query parameters that look like one, replaced by ``***``.

    A text with an ``@`` where no authority can be made out keeps its scheme only.
    """
    parts = _AUTHORITY.match(url)
    if parts is None:
        return HIDDEN if url else ""
    scheme, authority, rest = parts.groups()
    if "@" in rest:
        # Either an opaque URL or a password holding an unescaped "/", "?" or "#".
        return scheme + HIDDEN
    rest = _SENSITIVE_PARAMETER.sub(r"\1***", rest)
    if authority is None:
        return scheme + rest
    user, at, host = authority.rpartition("@")
    name, colon, _ = user.partition(":")
    return f"{scheme}//{name}{':***' if colon else ''}{at}{host}{rest}"


class Secret:
    """
    A text known to its owner only; ``reveal()`` gives it.

    False when empty; equal to another `Secret` of the same text, never to a plain string.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text itself; keep it out of logs, errors and answers."""
        return self._text

    def matches(self, candidate: str) -> bool:
        """Tell whether ``candidate`` is this text, in time that does not depend on where they differ."""
        return hmac.compare_digest(self._text.encode(), candidate.encode("utf-8", "surrogatepass"))

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return self.matches(other._text) if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __str__(self) -> str:
        return HIDDEN if self._text else ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


class SecretURL(Secret):
    """A URL whose password hides; ``str()`` gives the rest, ``reveal()`` the whole."""

    __slots__ = ()

    @property
    def scheme(self) -> str:
        """The lower-case scheme, such as ``sqlite``; empty when there is none."""
        scheme, colon, _ = self._text.partition(":")
        return scheme.lower() if colon else ""

    def __str__(self) -> str:
        return mask_url(self._text)
