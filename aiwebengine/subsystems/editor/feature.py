"""The editor feature: its page and its two files."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer

from aiwebengine._version import VERSION
from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IExchange, IFeature
from aiwebengine.subsystems.editor.files import StaticFile, static_files
from aiwebengine.subsystems.editor.page import EDITOR_PATH, page, page_headers
from aiwebengine.web.refusals import not_found

__all__ = ["Editor"]

_NONCE_BYTES = 18
_ALLOW = "GET, HEAD, OPTIONS"
_IMMUTABLE = (
    (b"Cache-Control", b"public, max-age=31536000, immutable"),
    (b"Vary", b"Accept-Encoding"),
    (b"Cross-Origin-Resource-Policy", b"same-origin"),
)


@implementer(IFeature)
class Editor:
    """
    Answers below ``/engine/editor``, without a key: the page holds no secret and asks for the key itself.

    ``new_nonce`` gives a text that nobody can guess, another for each page.
    """

    prefixes: Sequence[str] = (EDITOR_PATH[1:],)

    def __init__(self, new_nonce: Callable[[], str] = lambda: secrets.token_urlsafe(_NONCE_BYTES)) -> None:
        self._new_nonce = new_nonce

    def resource(self) -> Resource:
        """Give the leaf resource; the built files are read now."""
        return _EditorResource(static_files(), self._new_nonce)


class _EditorResource(Resource):
    isLeaf = True  # noqa: N815

    def __init__(self, built: Mapping[str, StaticFile], new_nonce: Callable[[], str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._script, self._style = built["editor.js"], built["editor.css"]
        self._files = {f"{EDITOR_PATH}/{file.name}": file for file in built.values()}
        self._new_nonce = new_nonce

    def render(self, request: Any) -> int:
        """Answer GET and HEAD of the page and its files."""
        exchange = IExchange(request)
        path = exchange.path_text
        file = self._files.get(path)
        if file is None and path.rstrip("/") != EDITOR_PATH:
            exchange.refuse(not_found(path))
        elif exchange.method == b"OPTIONS":
            exchange.answer(204, [(b"Allow", _ALLOW.encode("ascii"))], b"")
        elif exchange.method not in (b"GET", b"HEAD"):
            message = "This address takes GET only."
            exchange.refuse(HTTPProblem(405, "METHOD_NOT_ALLOWED", message, headers=(("Allow", _ALLOW),)))
        elif file is None:
            self._answer_page(exchange)
        else:
            _answer_file(exchange, file)
        return NOT_DONE_YET

    def _answer_page(self, exchange: IExchange) -> None:
        nonce = self._new_nonce()
        body = page(nonce=nonce, script=self._script.name, style=self._style.name, version=VERSION)
        exchange.answer(200, page_headers(nonce), body)


def _answer_file(exchange: IExchange, file: StaticFile) -> None:
    tag, body, more = file.variant(exchange.header("accept-encoding") or "")
    headers = [(b"ETag", tag), *_IMMUTABLE]
    known = [one.strip().removeprefix("W/") for one in (exchange.header("if-none-match") or "").split(",")]
    if "*" in known or tag.decode("ascii") in known:
        exchange.answer(304, headers, b"")
    else:
        exchange.answer(200, [(b"Content-Type", file.media_type), *headers, *more], body)
