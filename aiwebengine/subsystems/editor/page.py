"""The editor's page and the policy it is shown under."""

from __future__ import annotations

from html import escape

__all__ = ["EDITOR_PATH", "page", "page_headers"]

EDITOR_PATH = "/engine/editor"

# The chosen theme is set before the first paint; the script proper comes too late for that.
_THEME = """try{const t=localStorage.getItem("aiwebengine.editor.theme");
if(t==="light"||t==="dark")document.documentElement.dataset.theme=t}catch{}"""

_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect width='16' height='16' rx='3.5' fill='%230f766e'/%3E"
    "%3Cpath d='M5.5 5 3 8l2.5 3M10.5 5 13 8l-2.5 3' fill='none' stroke='%23fff' stroke-width='1.6'"
    " stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E"
)

_PAGE = """<!doctype html>
<html lang="en" data-version="{version}">
<head>
<meta charset="utf-8">
<title>aiwebengine editor</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<link rel="icon" href="{icon}">
<link rel="stylesheet" nonce="{nonce}" href="{path}/{style}">
<script nonce="{nonce}">{theme}</script>
<script type="module" nonce="{nonce}" src="{path}/{script}"></script>
</head>
<body>
<noscript><p class="noscript">The editor needs JavaScript. Without it, use the command
<code>aiwebengine deploy FILE</code>.</p></noscript>
</body>
</html>
"""

_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


def page(*, nonce: str, script: str, style: str, version: str) -> bytes:
    """Give the page; ``script`` and ``style`` are names of files below `EDITOR_PATH`."""
    text = _PAGE.format(
        nonce=escape(nonce),
        script=escape(script),
        style=escape(style),
        version=escape(version),
        icon=_ICON,
        theme=_THEME,
        path=EDITOR_PATH,
    )
    return text.encode("utf-8")


def page_headers(nonce: str) -> list[tuple[bytes, bytes]]:
    """
    Give the page's headers.

    Its policy lets nothing run or load that does not carry ``nonce``, and nothing be sent elsewhere. As
    scripts' pages share this origin, the opener policy keeps a page that opened the editor, or that it
    opened, from reaching into it.
    """
    return [
        (b"Content-Type", b"text/html; charset=utf-8"),
        (b"Cache-Control", b"no-store"),
        (b"Content-Security-Policy", _POLICY.format(nonce=nonce).encode("ascii")),
        (b"Cross-Origin-Opener-Policy", b"same-origin"),
        (b"Cross-Origin-Resource-Policy", b"same-origin"),
        (b"Referrer-Policy", b"no-referrer"),
    ]
