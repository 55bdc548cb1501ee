"""Checks, evaluations, typings, and the API's own description. Imports Klein: import it late."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import attrs

from aiwebengine._version import VERSION
from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IExchange, IScriptGlobals
from aiwebengine.offline import compose_typings
from aiwebengine.scripts.evaluate import evaluate
from aiwebengine.subsystems.management.callers import DEPLOY, READ
from aiwebengine.subsystems.management.endpoints import Endpoints, encoded, operation, refusal_noted
from aiwebengine.subsystems.management.openapi import openapi
from aiwebengine.subsystems.management.operations import Operation, Parameter
from aiwebengine.subsystems.management.reference import reference_page
from aiwebengine.subsystems.management.schemas import CheckResult, Evaluation, EvaluationResult
from aiwebengine.subsystems.management.shapes import answer_json, argument, json_body, matches_tag, text_body

__all__ = ["ToolEndpoints"]


class ToolEndpoints(Endpoints):
    """``/engine/check``, ``/engine/eval``, ``/engine/types``, ``/engine/openapi.json``, ``/engine/docs``."""

    #: What plugins add (`aiwebengine.interfaces.IManagementExtension`).
    further_operations: Sequence[Operation] = ()

    @operation(
        "POST",
        "/engine/check",
        role=DEPLOY,
        body={"application/javascript": str},
        answers={200: CheckResult},
        parameters=(Parameter("uri", "The script this would be; for conflicts of routes and in messages."),),
        errors=(400, 413, 503),
    )
    async def check_source(self, request: Any) -> None:
        """Check a source without storing it.

        Everything a PUT would do but storing and swapping: size, syntax, lint, top level, `init`,
        handlers, conflicts. It is a dry run: nothing is sent, and host operations that would leave
        something behind are not done (`withheld`).
        """
        report = await self._scripts.check(argument(request, "uri", "check.js"), text_body(request))
        answer_json(
            request,
            {
                "ok": report.ok,
                "diagnostics": [attrs.asdict(one) for one in report.diagnostics],
                "routes": list(report.routes),
                "registrations": [
                    {
                        "kind": one.kind,
                        "key": one.key,
                        "handler": str(one.data.get("handler") or one.data.get("handler_name") or ""),
                        "line": one.data.get("line") or None,
                    }
                    for one in report.registrations
                ],
                "logs": list(report.logs),
                "withheld": list(report.withheld),
            },
        )

    @operation(
        "POST",
        "/engine/eval",
        role=DEPLOY,
        body=Evaluation,
        answers={200: EvaluationResult},
        errors=(400, 404, 503),
        refused=refusal_noted("eval"),
    )
    async def evaluate_expression(self, request: Any) -> None:
        """Evaluate an expression in a script's scope.

        Off in production unless `management.eval` is set. The script's top level runs in a realm of its
        own, without its `init`; a Promise is awaited. Nothing lasts: the realm is thrown away, what is
        sent is dropped, host operations that would leave something behind are refused, and what is logged
        is given back instead of kept.
        """
        if not self._settings.eval:
            raise HTTPProblem(
                403,
                "FORBIDDEN",
                "Evaluating expressions is switched off; set management.eval.",
                {"config_key": "management.eval"},
            )
        wanted = json_body(request, Evaluation)
        uri, source, version = wanted.uri or "eval", wanted.source, 0
        if source is None and wanted.uri:
            script = self._stored(uri)
            source, version = script.source, script.version
        self._note(request, "eval", wanted.uri, version=version, expression=wanted.expression[:200])
        sandboxes = self._services.sandboxes
        answer_json(request, await evaluate(sandboxes, uri, source or "", version, wanted.expression))

    @operation(
        "GET",
        "/engine/types/aiwebengine.d.ts",
        role=READ,
        answers={200: "application/typescript"},
    )
    def get_typings(self, request: Any) -> None:
        """TypeScript declarations of what scripts see."""
        text = compose_typings(self._services.providers(IScriptGlobals))
        headers = [(b"Content-Type", b"application/typescript; charset=utf-8")]
        IExchange(request).answer(200, headers, text.encode("utf-8"))

    @operation("GET", "/engine/openapi.json", role=READ, answers={200: dict, 304: None})
    def get_openapi(self, request: Any) -> None:
        """This description, as OpenAPI 3.1."""
        tag = f'"openapi-{VERSION}"'
        headers = [(b"ETag", tag.encode("ascii")), (b"Cache-Control", b"no-cache")]
        if matches_tag(IExchange(request).header("if-none-match"), tag):
            IExchange(request).answer(304, headers, b"")
            return
        headers.append((b"Content-Type", b"application/json"))
        IExchange(request).answer(200, headers, self._openapi)

    @operation("GET", "/engine/docs", role=None, answers={200: "text/html"})
    def get_reference(self, request: Any) -> None:
        """The interactive reference: a page that asks for the key and shows this description."""
        headers, body = reference_page(secrets.token_urlsafe(18))
        IExchange(request).answer(200, headers, body)

    @cached_property
    def _openapi(self) -> bytes:
        return encoded(openapi([*operation.all, *self.further_operations]))
