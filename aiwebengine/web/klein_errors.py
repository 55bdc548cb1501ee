"""Errors of Klein applications, answered by the error table. Imports Klein's Werkzeug: import it late."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from twisted.internet.defer import CancelledError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from aiwebengine.errors import HTTPProblem
from aiwebengine.web.refusals import problem_for_status

__all__ = ["adopt"]


def adopt(resource: Any) -> None:
    """Add last error handlers to a `klein.resource.KleinResource`'s application; its own come first."""
    app = resource._app
    app.handle_errors(HTTPException)(_explain_http)
    app.handle_errors(Exception)(_explain)


def _explain_http(*arguments: Any) -> None:
    """Answer a Werkzeug exception; Klein passes the application's instance first when there is one."""
    request, failure = arguments[-2:]
    error: HTTPException = failure.value
    code = error.code or 500
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted({*(error.valid_methods or ()), "OPTIONS"}))
        if request.method == b"OPTIONS":
            request.answer(204, [(b"Allow", allowed.encode("ascii"))], b"")
        else:
            request.refuse(problem_for_status(405, (("Allow", allowed),)))
    elif code < 400:
        # Werkzeug's URL has our local port in it, which need not be the client's: path and query will do.
        parts = urlsplit(getattr(error, "new_url", "/"))
        location = urlunsplit(("", "", parts.path, parts.query, ""))
        request.answer(code, [(b"Location", location.encode("ascii", "replace"))], b"")
    else:
        problem = problem_for_status(code)
        own_words = error.description and error.description != type(error).description
        message = str(error.description) if own_words else problem.message
        request.refuse(HTTPProblem(code, problem.code, message))


def _explain(*arguments: Any) -> None:
    request, failure = arguments[-2:]
    if not (request.disconnected and failure.check(CancelledError)):
        request.refuse(failure.value)
