"""Endpoints with their description: what a decorated method answers, and what its OpenAPI entry says."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import attrs
from twisted.internet.defer import maybeDeferred

from aiwebengine.scripts.turns import shielded
from aiwebengine.subsystems.management.callers import require

__all__ = ["SCRIPT_URI", "Operation", "Operations", "Parameter"]

#: The variable part of a script's path, as OpenAPI describes it.
SCRIPT_URI: Mapping[str, Any] = {
    "name": "uri",
    "in": "path",
    "required": True,
    "description": "The script's URI, percent-encoded as one segment (`shop%2Fcart.js`).",
    "schema": {"type": "string", "minLength": 1, "maxLength": 600},
}


@attrs.frozen
class Parameter:
    """A query parameter or header (``place`` ``query`` or ``header``); ``schema`` is JSON Schema."""

    name: str
    description: str
    schema: Mapping[str, Any] = attrs.field(factory=lambda: {"type": "string"})
    required: bool = False
    place: str = "query"


@attrs.frozen
class Operation:
    """
    One method of one path.

    ``rule`` is Werkzeug's; ``role`` is what it takes (None: nobody is asked); ``answers`` maps a status to a
    schema, a media type, or both; ``body`` is likewise what is read; ``errors`` are further statuses. An
    ``audited`` one leaves a trace also when it is refused. ``path_parameter`` describes the rule's variable.
    """

    method: str
    rule: str
    role: str | None
    name: str
    summary: str
    description: str
    answers: Mapping[int, Any]
    body: Any = None
    parameters: Sequence[Parameter] = ()
    errors: Sequence[int] = ()
    audited: bool = False
    path_parameter: Mapping[str, Any] = SCRIPT_URI


class Operations:
    """
    The operations of a Klein application, registered together with their routes.

    ``path_parameter`` describes, as OpenAPI does, what the variable of their rules stands for.
    """

    def __init__(self, app: Any, path_parameter: Mapping[str, Any] = SCRIPT_URI) -> None:
        self._app = app
        self._path_parameter = path_parameter
        self.all: list[Operation] = []

    def __call__(
        self,
        method: str,
        rule: str,
        *,
        role: str | None,
        answers: Mapping[int, Any],
        body: Any = None,
        parameters: Sequence[Parameter] = (),
        errors: Sequence[int] = (),
        refused: Callable[[Any, Any, Mapping[str, Any], Exception], None] | None = None,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """
        Decorate an endpoint; its docstring's first line is the summary, the rest the description.

        With ``refused`` it is a write: finished also when the client leaves, and
        ``refused(self, request, arguments, error)`` is called when it does not succeed.
        """

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            summary, _, rest = inspect.cleandoc(function.__doc__ or "").partition("\n")
            self.all.append(
                Operation(
                    method,
                    rule,
                    role,
                    function.__name__,
                    summary.rstrip("."),
                    " ".join(rest.split()),
                    answers,
                    body,
                    parameters,
                    errors,
                    refused is not None,
                    self._path_parameter,
                )
            )

            async def run(self: Any, request: Any, arguments: Mapping[str, Any]) -> Any:
                try:
                    if role is not None:
                        require(request, role)
                    return await maybeDeferred(function, self, request, **arguments)
                except Exception as error:
                    if refused is not None:
                        refused(self, request, arguments, error)
                    raise

            @wraps(function)
            async def perform(self: Any, request: Any, **arguments: Any) -> Any:
                work = run(self, request, arguments)
                # A client that leaves must not keep a write from being finished, nor from being audited.
                return await (work if refused is None else shielded(work))

            return self._app.route(rule, methods=[method])(perform)  # type: ignore[no-any-return]

        return decorate
