"""A Klein application behind a guard, routed by the undecoded path. Imports Klein: import it late."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from klein import Klein
from twisted.internet.defer import CancelledError
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import PathConverter

from aiwebengine.errors import HTTPProblem, ScriptInvalid
from aiwebengine.interfaces import IExchange
from aiwebengine.subsystems.management.callers import Caller

__all__ = ["GuardedApp", "router"]


class _ScriptPath(PathConverter):
    """A script's URI with its slashes, unless that is the address of something of a script: one segment."""

    part_isolating = False
    regex = "(?![^/]+/(?:versions|diff|rollback|canary)\\Z)[^/].*?"


def router() -> Klein:
    """
    Give a Klein application whose errors are answered by the engine's error table.

    Slashes are not merged: a script's URI may have two after its scheme.
    """
    app = Klein()
    app.url_map.merge_slashes = False
    app.url_map.converters["script"] = _ScriptPath

    def routing_failed(*arguments: Any) -> None:
        # Klein passes the application's instance first when there is one.
        request, failure = arguments[-2:]
        error = failure.value
        headers: tuple[tuple[str, str], ...] = ()
        if isinstance(error, MethodNotAllowed):
            allowed = ", ".join(sorted({*(error.valid_methods or ()), "OPTIONS"}))
            headers = (("Allow", allowed),)
            if request.method == b"OPTIONS":
                IExchange(request).answer(204, [(b"Allow", allowed.encode("ascii"))], b"")
                return
        status = getattr(error, "code", None) or 500
        code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(status, "BAD_REQUEST")
        IExchange(request).refuse(HTTPProblem(status, code, getattr(error, "name", "Error"), headers=headers))

    def failed(*arguments: Any) -> None:
        request, failure = arguments[-2:]
        error = failure.value
        if isinstance(error, CancelledError):
            return
        if isinstance(error, ScriptInvalid) and error.code == "BAD_URI":
            error = HTTPProblem(400, "BAD_REQUEST", error.message, {"uri": error.uri})
        IExchange(request).refuse(error)

    # typing note: Klein's types have no room for a function that takes the instance or not.
    app.handle_errors(HTTPException)(routing_failed)  # type: ignore[arg-type]
    app.handle_errors(Exception)(failed)  # type: ignore[arg-type]
    return app


class GuardedApp(Resource):
    """
    Renders a Klein application for those whom ``admit`` lets pass (it raises `HTTPProblem` otherwise); who
    they are is noted as the request's ``caller``.

    Klein sees the path's segments as they were sent, so an encoded slash does not end a segment; values that
    its routes take from the path must be decoded.
    """

    isLeaf = True  # noqa: N815

    def __init__(
        self,
        app_resource: Any,
        admit: Callable[[IExchange], Caller],
        open_paths: Collection[str] = (),
        further: Mapping[str, Any] | None = None,
    ) -> None:
        """``open_paths`` need no admission; ``further`` resources answer below a second path segment."""
        Resource.__init__(self)
        # Compared as sent, which is what Klein routes by: a path must not be two things at once.
        self._open_paths = frozenset(path.encode("ascii") for path in open_paths)
        self._app_resource = app_resource
        self._further = {segment.encode("ascii"): one for segment, one in (further or {}).items()}
        self._admit = admit

    def render(self, request: Any) -> Any:
        """Check, then let Klein answer."""
        exchange = IExchange(request)
        try:
            if request.path not in self._open_paths:
                request.caller = self._admit(exchange)
        except HTTPProblem as problem:
            exchange.refuse(problem)
            return NOT_DONE_YET
        request.prepath = []
        request.postpath = request.path[1:].split(b"/")
        segment = request.postpath[1] if len(request.postpath) > 1 else b""
        return self._further.get(segment, self._app_resource).render(request)
