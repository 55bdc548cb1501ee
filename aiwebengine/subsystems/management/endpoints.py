"""What the groups of endpoints share. Imports Klein: import it late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from aiwebengine.errors import HTTPProblem, ScriptNotFound
from aiwebengine.interfaces import IExchange, IServices
from aiwebengine.scripts.log import ChangeNote, LogEntry
from aiwebengine.scripts.model import Script, ScriptChange, ScriptRecord
from aiwebengine.subsystems.management.audit import Audit, why_refused
from aiwebengine.subsystems.management.callers import caller_of
from aiwebengine.subsystems.management.mount import router
from aiwebengine.subsystems.management.operations import Operations, Parameter
from aiwebengine.subsystems.management.settings import ManagementSettings
from aiwebengine.subsystems.management.shapes import answer_json, canary_json, record_json, uri_of
from aiwebengine.subsystems.management.sse import EventHub

__all__ = ["IF_MATCH", "IF_NONE_MATCH", "Endpoints", "app", "number", "operation", "refusal_noted"]

app = router()
operation = Operations(app)

IF_MATCH = Parameter("If-Match", 'The version that must be the current one, such as `"3"`.', place="header")
IF_NONE_MATCH = Parameter("If-None-Match", "`*`: the script must not exist yet.", place="header")


class Endpoints:
    """Endpoints around the engine's services; ``hub`` holds the clients of event streams."""

    def __init__(self, services: IServices, hub: EventHub) -> None:
        self._services = services
        self._scripts = services.scripts
        self._hub = hub
        self._audit = Audit(services.script_log)

    @property
    def _settings(self) -> ManagementSettings:
        try:
            settings: ManagementSettings = self._services.configuration.section("management")
        except KeyError:
            return ManagementSettings()
        return settings

    def _record(self, uri: str) -> ScriptRecord:
        return self._scripts.record(uri)

    def _stored(self, uri: str) -> Script:
        """Give a stored script. Raises `ScriptNotFound`, also for a file that never loaded."""
        script = self._record(uri).script
        if script is None:
            raise ScriptNotFound(uri)
        return script

    def _version(self, uri: str) -> int:
        try:
            return self._stored(uri).version
        except ScriptNotFound:
            return 0

    def _shown(self, record: ScriptRecord) -> dict[str, Any]:
        """Give a record as JSON data, with its canary if it has one."""
        shown = record_json(record)
        canary = self._scripts.canaries.get(record.uri)
        return shown if canary is None else shown | {"canary": canary_json(canary, self._services)}

    def _answer_record(self, request: Any, record: ScriptRecord, status: int = 200) -> None:
        shown = self._shown(record)
        answer_json(request, shown, status, ((b"ETag", f'"{shown["version"]}"'.encode("ascii")),))

    def _entry(self, request: Any, action: str, uri: str, **details: Any) -> LogEntry:
        """Give the audit entry of what a request does, to be stored in the transaction that does it."""
        exchange = IExchange(request)
        return self._audit.entry(
            action,
            uri,
            caller_of(request),
            client_ip=exchange.client_ip,
            request_id=exchange.request_id,
            **details,
        )

    def _change_note(self, request: Any, action: str, **details: Any) -> ChangeNote:
        """Give what makes the audit entry of a changed script."""

        def note(change: ScriptChange, previous: int, script: Script | None) -> LogEntry:
            exchange = IExchange(request)
            return self._audit.changed(
                action,
                change,
                previous,
                script,
                caller_of(request),
                client_ip=exchange.client_ip,
                request_id=exchange.request_id,
                **details,
            )

        return note

    def _note(self, request: Any, action: str, uri: str, **details: Any) -> None:
        """Keep an audit entry soon: what the operation does is not done in the repository's transaction."""
        exchange = IExchange(request)
        self._audit.note(
            action,
            uri,
            caller_of(request),
            client_ip=exchange.client_ip,
            request_id=exchange.request_id,
            **details,
        )

    async def _note_durably(self, request: Any, action: str, uri: str, **details: Any) -> None:
        """Do that and wait until the entry is kept: to be awaited before the answer."""
        self._note(request, action, uri, **details)
        await self.audit_kept()

    async def audit_kept(self) -> None:
        """Wait, at most a second, until everything noted so far is kept."""
        await self._services.script_log.flush()


def refusal_noted(action: str) -> Any:
    """Give what notes in the audit trail that a write was refused, for `Operations`."""

    def note(self: Endpoints, request: Any, arguments: Mapping[str, Any], error: Exception) -> None:
        try:
            uri = uri_of(arguments["raw"]) if "raw" in arguments else ""
        except HTTPProblem:
            uri = str(arguments["raw"])
        self._note(request, action, uri, **why_refused(error))

    return note


def number(text: str, name: str) -> int:
    """Read a whole number from a parameter. Raises `HTTPProblem` 400."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise HTTPProblem(400, "BAD_REQUEST", f"{name} must be a number, not {text[:40]!r}")
    return int(text)


def encoded(data: Any) -> bytes:
    """Give JSON text."""
    return msgspec.json.encode(data)
