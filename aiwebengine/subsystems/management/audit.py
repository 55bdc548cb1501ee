"""Who did what, when and from where: entries of kind ``audit`` in the script log."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from twisted.logger import Logger

from aiwebengine.errors import ScriptInvalid
from aiwebengine.interfaces import IScriptLog
from aiwebengine.scripts.log import LogEntry
from aiwebengine.scripts.model import Script, ScriptChange
from aiwebengine.subsystems.management.callers import Caller
from aiwebengine.web.errors import problem_of

__all__ = ["AUDIT", "ENGINE", "Audit", "parse_audit", "why_refused"]

#: The kind of the log entries.
AUDIT = "audit"
#: Who does what nobody asked for, such as taking back a failing canary.
ENGINE = Caller("engine", "admin", "engine")

_log = Logger(namespace="aiwebengine.audit")
_PLAIN = re.compile(r"[^\s\"=]+\Z")
_FIELD = re.compile(r'([a-z0-9_]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)')


class Audit:
    """
    Writes the audit trail, to the script log and to the server's log (``aiwebengine.audit``).

    A message is ``key=value`` pairs in one line: ``action``, ``uri``, what the action adds (``version``,
    ``previous``, ``sha256``, ``percent``, ``refused``, ``reason`` …), ``actor``, ``how``, ``role``, ``ip``.
    """

    def __init__(self, script_log: IScriptLog) -> None:
        self._script_log = script_log
        script_log.echo(AUDIT, _echo)

    def entry(
        self,
        action: str,
        uri: str,
        caller: Caller,
        *,
        client_ip: str = "",
        request_id: str = "",
        **details: Any,
    ) -> LogEntry:
        """
        Give the entry that ``caller`` did ``action``, to be stored with what was done.

        Details that are empty or 0 are left out.
        """
        text, level = _text(action, uri, caller, client_ip, details)
        return self._script_log.entry(level, text, script=uri, request_id=request_id, kind=AUDIT)

    def changed(
        self,
        action: str,
        change: ScriptChange,
        previous: int,
        script: Script | None,
        caller: Caller,
        **fields: Any,
    ) -> LogEntry:
        """Give the entry of a changed script, from what an `aiwebengine.scripts.log.ChangeNote` gets."""
        if script is not None:
            fields |= {"version": script.version, "previous": previous, "sha256": script.sha256}
        return self.entry(action, change.uri, caller, **{"previous": previous, **fields})

    def note(
        self,
        action: str,
        uri: str,
        caller: Caller,
        *,
        client_ip: str = "",
        request_id: str = "",
        **details: Any,
    ) -> None:
        """Keep, soon, that ``caller`` did ``action``, for what leaves nothing in the repository."""
        text, level = _text(action, uri, caller, client_ip, details)
        self._script_log.append(level, text, script=uri, request_id=request_id, kind=AUDIT)


def why_refused(error: Exception) -> dict[str, str]:
    """Give the details that say why something was not done: the error's code and text."""
    problem = problem_of(error)
    code = error.code if isinstance(error, ScriptInvalid) else problem.code
    return {"refused": code, "reason": problem.message[:300]}


def parse_audit(message: str) -> dict[str, str]:
    """Give the fields of an audit entry's message."""
    return {
        name: json.loads(value) if value.startswith('"') else value for name, value in _FIELD.findall(message)
    }


def _text(
    action: str, uri: str, caller: Caller, client_ip: str, details: Mapping[str, Any]
) -> tuple[str, str]:
    fields = {"action": action, "uri": uri}
    fields |= {name: value for name, value in details.items() if value not in ("", 0, None)}
    fields |= {"actor": caller.name, "how": caller.how, "role": caller.role, "ip": client_ip}
    text = " ".join(f"{name}={_shown(value)}" for name, value in fields.items() if value != "")
    return text, "warn" if "refused" in fields else "info"


def _echo(entry: LogEntry) -> None:
    fields = parse_audit(entry.message)
    _log.info(
        "{text} request_id={request_id}",
        text=entry.message,
        action=fields.get("action", ""),
        uri=entry.script,
        version=int(fields.get("version", "0")),
        actor=fields.get("actor", ""),
        client_ip=fields.get("ip", ""),
        request_id=entry.request_id,
    )


def _shown(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if _PLAIN.match(text) else json.dumps(text, ensure_ascii=False)
