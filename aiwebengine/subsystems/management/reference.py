"""The page of the interactive reference: nothing from elsewhere, nothing secret in it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["reference_page"]

_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def reference_page(nonce: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Give headers and body; ``nonce`` is a text that nobody can guess, another for each answer."""
    headers = [
        (b"Content-Type", b"text/html; charset=utf-8"),
        (b"Content-Security-Policy", _POLICY.format(nonce=nonce).encode("ascii")),
        (b"Cache-Control", b"no-store"),
        (b"Referrer-Policy", b"no-referrer"),
        (b"Cross-Origin-Opener-Policy", b"same-origin"),
    ]
    return headers, _page().replace("{{nonce}}", nonce).encode("utf-8")


@cache
def _page() -> str:
    parts = files("aiwebengine.subsystems.management") / "pages"
    page = (parts / "docs.html").read_text("utf-8")
    for name in ("docs.css", "docs.js"):
        page = page.replace("{{" + name + "}}", (parts / name).read_text("utf-8"))
    return page
