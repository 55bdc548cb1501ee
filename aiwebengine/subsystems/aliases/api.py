"""The endpoints for existing deployers. Imports Klein: import it late."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
from klein import Klein

from aiwebengine.errors import (
    AIWebEngineError,
    HTTPProblem,
    RouteConflict,
    ScriptInvalid,
    ScriptNotFound,
    VersionConflict,
)
from aiwebengine.interfaces import IExchange, IServices
from aiwebengine.repository.errors import RepositoryUnavailable
from aiwebengine.scripts.canary import CanaryUpdate
from aiwebengine.scripts.log import ChangeNote, LogEntry
from aiwebengine.scripts.model import Script, ScriptChange, ScriptRecord, ScriptUpdate, iso_time
from aiwebengine.scripts.turns import shielded
from aiwebengine.subsystems.management.audit import Audit, why_refused
from aiwebengine.subsystems.management.callers import caller_of
from aiwebengine.subsystems.management.guard import API_NAME, LOCAL
from aiwebengine.subsystems.management.mount import router
from aiwebengine.subsystems.management.shapes import answer_encoded, answer_json, argument, text_body, uri_of
from aiwebengine.subsystems.management.sse import EventHub, encode_event, last_event_id
from aiwebengine.web.long_list import LongList

__all__ = ["AliasAPI"]

#: The author of versions stored by way of the aliases.
AUTHOR = "deployer"
_REPLAY = 100
_MOST_LOGS = 1000


class AliasAPI:
    """``/api/scripts``, ``/upsert_script`` and their kin; ``now`` gives seconds since the epoch."""

    app: ClassVar[Klein] = router()

    def __init__(self, services: IServices, hub: EventHub, now: Callable[[], float] = time.time) -> None:
        self._services = services
        self._scripts = services.scripts
        self._audit = Audit(services.script_log)
        self._hub = hub
        self._now = now
        self._updates: deque[tuple[int, bytes]] = deque(maxlen=_REPLAY)
        self._count = 0
        self._followers: list[Callable[[bytes], None]] = []
        self._listed = LongList(services.reactor, _shown)
        self._scripts.on_change(self._changed)
        self._scripts.canaries.on_change(self._canary_changed)

    @app.route("/api/scripts", methods=["GET"])
    async def list_scripts(self, request: Any) -> None:
        """All scripts by name."""
        stored = [record for record in self._scripts.records() if record.script]
        answer_encoded(request, await self._listed.encode(stored))

    @app.route("/api/scripts/<path:raw>", methods=["GET"])
    def get_script(self, request: Any, raw: str) -> None:
        """A script's source, or 404 as text."""
        script = self._script(uri_of(raw))
        if script is None:
            headers = [(b"Content-Type", b"text/plain; charset=utf-8")]
            IExchange(request).answer(404, headers, b"Script not found")
        else:
            self._answer_source(request, script)

    @app.route("/api/scripts/<path:raw>", methods=["POST"])
    async def post_script(self, request: Any, raw: str) -> None:
        """Store the body as a script."""
        await self._put(request, uri_of(raw), text_body(request))
        answer_json(request, {"message": "Script saved"})

    @app.route("/upsert_script", methods=["POST"])
    async def upsert_script(self, request: Any) -> None:
        """Store ``content`` as the script ``uri``."""
        uri, content = argument(request, "uri"), argument(request, "content")
        if not uri or b"content" not in request.args:
            self._missing(request, "content" if uri else "uri")
            return
        try:
            await self._put(request, uri, content)
        except AIWebEngineError as error:
            self._failed(request, uri, error)
            return
        answer_json(
            request,
            {
                "success": True,
                "message": "Script upserted successfully",
                "uri": uri,
                "contentLength": len(content.encode("utf-8")),
                "timestamp": self._timestamp(),
            },
        )

    @app.route("/delete_script", methods=["POST"])
    async def delete_script(self, request: Any) -> None:
        """Delete the script ``uri``."""
        uri = argument(request, "uri")
        if not uri:
            self._missing(request, "uri")
            return
        try:
            await shielded(self._delete(request, uri))
        except AIWebEngineError as error:
            self._failed(request, uri, error)
            return
        answer_json(
            request,
            {
                "success": True,
                "message": "Script deleted successfully",
                "uri": uri,
                "timestamp": self._timestamp(),
            },
        )

    @app.route("/read_script", methods=["GET"])
    def read_script(self, request: Any) -> None:
        """The source of the script ``uri``."""
        uri = argument(request, "uri")
        if not uri:
            self._missing(request, "uri")
            return
        script = self._script(uri)
        if script is None:
            self._failed(request, uri, ScriptNotFound(uri))
        else:
            self._answer_source(request, script)

    @app.route("/script_logs", methods=["GET"])
    async def script_logs(self, request: Any) -> None:
        """The messages that the script ``uri`` logged, oldest first."""
        uri = argument(request, "uri")
        if not uri:
            self._missing(request, "uri")
            return
        entries = (await self._services.script_log.search(script=uri, limit=_MOST_LOGS))["entries"]
        # Who deployed it is not what the script logged.
        logs = [entry["message"] for entry in entries if entry["kind"] != "audit"]
        answer_json(request, {"uri": uri, "logs": logs, "count": len(logs), "timestamp": self._timestamp()})

    @app.route("/script_updates", methods=["GET"])
    def script_updates(self, request: Any) -> Any:
        """Changes of scripts as they happen; those after ``Last-Event-ID`` first."""
        client = self._hub.connect(request, lambda: self._followers.remove(client.send))
        seen = last_event_id(request)
        if seen is not None:
            for number, block in self._updates:
                if number > seen or seen > self._count:
                    client.send(block)
        self._followers.append(client.send)
        return client.done

    def _changed(self, update: ScriptUpdate) -> None:
        data: dict[str, Any] = {
            "type": "script_update",
            "uri": update.uri,
            "action": update.action,
            "timestamp": iso_time(update.timestamp),
        }
        if update.script is not None:
            data["contentLength"] = update.script.size
        self._send(data)

    def _canary_changed(self, update: CanaryUpdate) -> None:
        canary = update.canary
        self._send(
            {
                "type": "script_canary",
                "uri": canary.uri,
                "action": update.state,
                "timestamp": iso_time(update.timestamp),
                "version": canary.version,
                "percent": canary.percent,
                "reason": update.reason,
            }
        )

    def _send(self, data: dict[str, Any]) -> None:
        self._count += 1
        block = encode_event(msgspec.json.encode(data).decode(), id_=self._count)
        self._updates.append((self._count, block))
        for send in tuple(self._followers):
            send(block)

    async def _put(self, request: Any, uri: str, source: str) -> None:
        await shielded(self._do_put(request, uri, source))

    async def _do_put(self, request: Any, uri: str, source: str) -> None:
        try:
            await self._scripts.put(uri, source, author=_author(request), note=self._note(request, "put"))
        except Exception as error:
            await self._refused(request, "put", uri, error)
            raise

    async def _delete(self, request: Any, uri: str) -> None:
        try:
            await self._scripts.delete(uri, author=_author(request), note=self._note(request, "delete"))
        except Exception as error:
            await self._refused(request, "delete", uri, error)
            raise

    def _script(self, uri: str) -> Script | None:
        try:
            return self._scripts.record(uri).script
        except ScriptNotFound:
            return None

    def _answer_source(self, request: Any, script: Script) -> None:
        headers = [
            (b"Content-Type", b"application/javascript; charset=utf-8"),
            (b"Cache-Control", b"no-cache"),
        ]
        IExchange(request).answer(200, headers, script.source.encode("utf-8"))

    def _missing(self, request: Any, name: str) -> None:
        answer = {"error": f"Missing required parameter: {name}", "timestamp": self._timestamp()}
        answer_json(request, answer, 400)

    def _failed(self, request: Any, uri: str, error: AIWebEngineError) -> None:
        """Answer in the deployers' own shape, with the status of the management API."""
        message = "Script not found" if isinstance(error, ScriptNotFound) else str(error)
        answer: dict[str, Any] = {"error": message, "uri": uri, "timestamp": self._timestamp()}
        if isinstance(error, ScriptInvalid):
            answer |= {"line": error.line, "column": error.column}
        retry = ((b"Retry-After", b"5"),) if isinstance(error, RepositoryUnavailable) else ()
        answer_json(request, answer, _status(error), retry)

    def _timestamp(self) -> str:
        return iso_time(self._now() * 1000)

    def _note(self, request: Any, action: str) -> ChangeNote:
        """Give what makes the audit entry of a change, stored together with it."""

        def note(change: ScriptChange, previous: int, script: Script | None) -> LogEntry:
            caller, where = caller_of(request), _origin(request)
            return self._audit.changed(action, change, previous, script, caller, **where)

        return note

    async def _refused(self, request: Any, action: str, uri: str, error: Exception) -> None:
        """Keep in the audit trail that a write was refused."""
        self._audit.note(action, uri, caller_of(request), **_origin(request), **why_refused(error))
        await self._services.script_log.flush()


def _origin(request: Any) -> dict[str, str]:
    exchange = IExchange(request)
    return {"client_ip": exchange.client_ip, "request_id": exchange.request_id}


def _author(request: Any) -> str:
    """Give the name of a named key's owner, else that of all deployers."""
    name = caller_of(request).name
    return AUTHOR if name in (API_NAME, LOCAL.name) else name


def _status(error: AIWebEngineError) -> int:
    if isinstance(error, HTTPProblem):
        return error.status
    if isinstance(error, ScriptInvalid):
        return 400 if error.code == "BAD_URI" else 422
    statuses = {
        RepositoryUnavailable: 503,
        RouteConflict: 409,
        ScriptNotFound: 404,
        VersionConflict: 412,
    }
    return statuses.get(type(error), 500)


def _shown(record: ScriptRecord) -> dict[str, Any]:
    script = record.script
    assert script is not None  # noqa: S101 - only what is stored is listed
    return {"name": script.uri, "size": script.size, "lastModified": iso_time(script.updated_at)}
