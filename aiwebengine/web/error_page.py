"""The HTML page of an error, for people with a browser."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from http import HTTPStatus

__all__ = ["PAGE_HEADERS", "error_page"]

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f6f7f9;color:#1c2430}
main{max-width:54rem;margin:8vh auto;padding:0 1.5rem}
h1{font-size:1.6rem;margin:0 0 .5rem}h2{font-size:1rem;margin:1.5rem 0 .25rem}
pre{background:#1c2430;color:#e8edf4;padding:1rem;overflow:auto;border-radius:6px;font-size:.85rem}
table{border-collapse:collapse}
th{text-align:left;font-weight:600;padding:.1rem 1rem .1rem 0;vertical-align:top}
footer{margin-top:2rem;color:#5b6675;font-size:.85rem}
@media(prefers-color-scheme:dark){body{background:#12161c;color:#dde4ee}pre{background:#0a0d11}}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest())

PAGE_HEADERS = [
    (b"Content-Type", b"text/html; charset=utf-8"),
    (b"Cache-Control", b"no-store"),
    (
        b"Content-Security-Policy",
        b"default-src 'none'; style-src 'sha256-%b'; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'" % _STYLE_HASH,
    ),
]
"""Headers of the page; its policy allows nothing but the page's own style sheet."""


def error_page(status: int, error: Mapping[str, object]) -> bytes:
    """Give the page for the ``error`` member of a JSON error body; everything in it is escaped."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = str(error["code"])
    title = escape(f"{status} {phrase}")
    details = error.get("details")
    shown = _details(details) if isinstance(details, Mapping) else ""
    page = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{title}</h1><p>{_text(error['message'])}</p>{shown}"
        f"<footer>{_text(error['method'])} {_text(error['path'])}<br>{_text(error['code'])} · "
        f"request {_text(error['request_id'])} · {_text(error['timestamp'])}</footer></main></body></html>\n"
    )
    return page.encode("utf-8", "replace")


def _details(details: Mapping[str, object]) -> str:
    blocks = {"source_frame": "Source", "stack": "Stack"}
    rows = "".join(
        f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>"
        for name, value in details.items()
        if name not in blocks and value is not None
    )
    table = f"<h2>Details</h2><table>{rows}</table>" if rows else ""
    return table + "".join(
        f"<h2>{title}</h2><pre>{_text(details[name])}</pre>"
        for name, title in blocks.items()
        if details.get(name)
    )


def _text(value: object) -> str:
    return escape(str(value))
