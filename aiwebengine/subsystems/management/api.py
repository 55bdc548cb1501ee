"""The endpoints below ``/engine``. Imports Klein: import it late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, ClassVar

import attrs
import msgspec
from klein import Klein
from twisted.logger import Logger

from aiwebengine.errors import HTTPProblem, ScriptNotFound
from aiwebengine.interfaces import IExchange, IScriptGlobals, IServices
from aiwebengine.scripts.evaluate import evaluate
from aiwebengine.scripts.log import LogEntry, matcher, parse_since
from aiwebengine.scripts.model import ScriptChange, ScriptRecord, iso_time, validate_uri
from aiwebengine.subsystems.management.mount import router
from aiwebengine.subsystems.management.shapes import (
    answer_json,
    argument,
    expected_version,
    json_body,
    matches_etag,
    record_json,
    text_body,
    uri_of,
)
from aiwebengine.subsystems.management.sse import EventHub, encode_event, last_event_id

__all__ = ["ManagementAPI"]

#: The author of versions stored through the API.
API_AUTHOR = "api"
_MOST_ENTRIES = 1000
_audit = Logger(namespace="aiwebengine.audit")


class _Rollback(msgspec.Struct):
    version: int


class _Batch(msgspec.Struct):
    scripts: dict[str, str | None]
    message: str = ""


class _Evaluation(msgspec.Struct):
    expression: str
    uri: str = ""
    source: str | None = None


class ManagementAPI:
    """
    Scripts, routes, logs, recent requests and typings, as JSON.

    Who is asking has been checked before (`aiwebengine.subsystems.management.guard.Guard`).
    """

    app: ClassVar[Klein] = router()

    def __init__(self, services: IServices, hub: EventHub) -> None:
        self._services = services
        self._scripts = services.scripts
        self._hub = hub

    # Scripts

    @app.route("/engine/scripts", methods=["GET"])
    def list_scripts(self, request: Any) -> None:
        """All scripts with their state."""
        answer_json(request, {"scripts": [record_json(one) for one in self._scripts.records()]})

    @app.route("/engine/scripts/<path:raw>", methods=["GET"])
    async def get_script(self, request: Any, raw: str) -> None:
        """One script: its source, or as JSON its record with the source; ``?version=`` an older one."""
        uri, wanted = uri_of(raw), argument(request, "version")
        exchange = IExchange(request)
        if wanted:
            old = await self._services.repository.version(uri, _number(wanted, "version"))
            version, source = old.version, old.source
            shown: dict[str, Any] = {
                "uri": uri,
                "size": old.size,
                "version": version,
                "updated_at": iso_time(old.created_at),
            }
        else:
            record = self._record(uri)
            script = record.script
            if script is None:
                raise ScriptNotFound(uri)
            version, source = script.version, script.source
            shown = record_json(record)
        headers = [(b"ETag", f'"{version}"'.encode("ascii")), (b"Cache-Control", b"no-cache")]
        headers.append((b"Vary", b"Accept"))
        if matches_etag(exchange.header("if-none-match"), version):
            exchange.answer(304, headers, b"")
        elif "application/json" in (exchange.header("accept") or ""):
            headers.append((b"Content-Type", b"application/json"))
            exchange.answer(200, headers, msgspec.json.encode(shown | {"source": source}))
        else:
            headers.append((b"Content-Type", b"application/javascript; charset=utf-8"))
            exchange.answer(200, headers, source.encode("utf-8"))

    @app.route("/engine/scripts/<path:raw>", methods=["PUT"])
    async def put_script(self, request: Any, raw: str) -> None:
        """Store a script: 201 for a new one, else 200."""
        uri = validate_uri(uri_of(raw))
        if argument(request, "canary"):
            raise HTTPProblem(
                400, "BAD_REQUEST", "canary is not supported by this version: a new version serves everyone"
            )
        source = text_body(request)
        expected = expected_version(request, lambda: self._version(uri))
        created = self._version(uri) == 0
        record = await self._scripts.put(
            uri,
            source,
            author=API_AUTHOR,
            message=argument(request, "message"),
            expected_version=expected,
        )
        self._note(request, "put", uri, record_json(record)["version"])
        self._answer_record(request, record, 201 if created else 200)

    @app.route("/engine/scripts/<path:raw>", methods=["DELETE"])
    async def delete_script(self, request: Any, raw: str) -> None:
        """Take a script out of service."""
        uri = uri_of(raw)
        expected = expected_version(request, lambda: self._version(uri))
        await self._scripts.delete(uri, author=API_AUTHOR, expected_version=expected)
        self._note(request, "delete", uri)
        IExchange(request).answer(204, [], b"")

    @app.route("/engine/scripts/<raw>/versions", methods=["GET"])
    async def list_versions(self, request: Any, raw: str) -> None:
        """A script's versions, newest first."""
        versions = await self._services.repository.versions(uri_of(raw))
        shown = [
            {
                "version": one.version,
                "created_at": iso_time(one.created_at),
                "author": one.author,
                "message": one.message,
                "sha256": one.sha256,
                "size": one.size,
            }
            for one in versions
        ]
        answer_json(request, {"versions": shown})

    @app.route("/engine/scripts/<raw>/rollback", methods=["POST"])
    async def roll_back(self, request: Any, raw: str) -> None:
        """Make an older version the newest."""
        uri, wanted = uri_of(raw), json_body(request, _Rollback)
        record = await self._scripts.rollback(uri, wanted.version, author=API_AUTHOR)
        self._note(request, f"rollback to {wanted.version}", uri, record_json(record)["version"])
        self._answer_record(request, record)

    @app.route("/engine/check", methods=["POST"])
    async def check(self, request: Any) -> None:
        """Check a source without storing it."""
        report = await self._scripts.check(argument(request, "uri", "check.js"), text_body(request))
        answer_json(
            request,
            {
                "ok": report.ok,
                "diagnostics": [attrs.asdict(one) for one in report.diagnostics],
                "routes": list(report.routes),
            },
        )

    @app.route("/engine/batch", methods=["POST"])
    async def batch(self, request: Any) -> None:
        """Store and delete several scripts, or none."""
        wanted = json_body(request, _Batch)
        for uri in wanted.scripts:
            validate_uri(uri)
        changes = [
            ScriptChange(uri, source, API_AUTHOR, wanted.message) for uri, source in wanted.scripts.items()
        ]
        outcome = await self._scripts.batch(changes)
        for change in changes:
            self._note(request, "batch delete" if change.source is None else "batch put", change.uri)
        answer_json(
            request,
            {
                "scripts": [record_json(record) for record in outcome if record is not None],
                "deleted": [change.uri for change in changes if change.source is None],
            },
        )

    @app.route("/engine/eval", methods=["POST"])
    async def evaluate(self, request: Any) -> None:
        """Run an expression in a fresh realm of a script, or of the source given."""
        wanted = json_body(request, _Evaluation)
        uri, source, version = wanted.uri or "eval", wanted.source, 0
        if source is None and wanted.uri:
            script = self._record(uri).script
            if script is None:
                raise ScriptNotFound(uri)
            source, version = script.source, script.version
        self._note(request, "eval", uri, version)
        sandboxes = self._services.sandboxes
        answer_json(request, await evaluate(sandboxes, uri, source or "", version, wanted.expression))

    # What goes on

    @app.route("/engine/routes", methods=["GET"])
    def list_routes(self, request: Any) -> None:
        """Every route that is live."""
        shown = [
            {
                "method": one.method,
                "path": one.path,
                "script": one.uri,
                "kind": one.kind,
                "handler": one.shown or one.handler,
            }
            for one in self._scripts.routes()
        ]
        answer_json(request, {"routes": shown})

    @app.route("/engine/logs", methods=["GET"])
    def read_logs(self, request: Any) -> None:
        """Log entries by filters."""
        limit = _number(argument(request, "limit", "100"), "limit")
        after = argument(request, "after")
        filters = _log_filters(request)
        answer_json(
            request,
            self._services.script_log.query(
                limit=min(limit, _MOST_ENTRIES), after=_number(after, "after") if after else None, **filters
            ),
        )

    @app.route("/engine/logs/stream", methods=["GET"])
    def follow_logs(self, request: Any) -> Any:
        """Log entries as they come; those after ``Last-Event-ID`` (or ``?after=``) first."""
        log: Any = self._services.script_log
        filters = _log_filters(request)
        wanted = matcher(**filters)
        client = self._hub.connect(request, lambda: stop())

        def send(entry: LogEntry) -> None:
            if wanted(entry):
                client.send(encode_event(msgspec.json.encode(entry.as_json()).decode(), id_=entry.seq))

        seen = last_event_id(request)
        for entry in log.entries_after(seen) if seen is not None else ():
            send(entry)
        stop = log.follow(send)
        return client.done

    @app.route("/engine/requests", methods=["GET"])
    def list_requests(self, request: Any) -> None:
        """The latest requests, newest first."""
        limit = min(_number(argument(request, "limit", "100"), "limit"), _MOST_ENTRIES)
        answer_json(request, {"requests": list(self._recent_requests(limit))})

    @app.route("/engine/types/aiwebengine.d.ts", methods=["GET"])
    def typings(self, request: Any) -> None:
        """TypeScript declarations of what scripts see."""
        parts = []
        core = files("aiwebengine.sandbox") / "typings.d.ts"
        if core.is_file():
            parts.append(core.read_text(encoding="utf-8"))
        parts += [one.typings() for one in self._services.providers(IScriptGlobals)]
        text = "\n".join(part.strip() + "\n" for part in parts if part.strip())
        headers = [(b"Content-Type", b"application/typescript; charset=utf-8")]
        IExchange(request).answer(200, headers, text.encode("utf-8"))

    def _recent_requests(self, limit: int) -> Sequence[Mapping[str, object]]:
        from aiwebengine.interfaces import IRequestGate

        for provider in self._services.providers(IRequestGate):
            recent = getattr(provider, "recent", None)
            if recent is not None:
                found: Sequence[Mapping[str, object]] = recent(limit)
                return found
        raise HTTPProblem(404, "NOT_FOUND", "Requests are not recorded: the plugin request_log is off.")

    def _record(self, uri: str) -> ScriptRecord:
        return self._scripts.record(uri)

    def _version(self, uri: str) -> int:
        try:
            script = self._scripts.record(uri).script
        except ScriptNotFound:
            return 0
        return script.version if script else 0

    def _answer_record(self, request: Any, record: ScriptRecord, status: int = 200) -> None:
        shown = record_json(record)
        answer_json(request, shown, status, ((b"ETag", f'"{shown["version"]}"'.encode("ascii")),))

    def _note(self, request: Any, action: str, uri: str, version: int = 0) -> None:
        exchange = IExchange(request)
        _audit.info(
            "{action} {uri} version {version} by {author} from {client_ip} (request {request_id})",
            action=action,
            uri=uri,
            version=version,
            author=API_AUTHOR,
            client_ip=exchange.client_ip,
            request_id=exchange.request_id,
        )


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise HTTPProblem(400, "BAD_REQUEST", f"{name} must be a number, not {text[:40]!r}")
    return int(text)


def _log_filters(request: Any) -> dict[str, Any]:
    names = ("script", "level", "request_id", "contains")
    filters: dict[str, Any] = {name: argument(request, name) or None for name in names}
    since = argument(request, "since")
    try:
        filters["since"] = parse_since(since) if since else None
        matcher(**filters)
    except ValueError as error:
        raise HTTPProblem(400, "BAD_REQUEST", str(error)) from None
    return filters
