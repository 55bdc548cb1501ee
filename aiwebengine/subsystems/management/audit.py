"""Who did what, when and from where: entries of kind ``audit`` in the script log."""

from __future__ import annotations

import json
import re
from typing import Any

from twisted.logger import Logger

from aiwebengine.errors import ScriptInvalid
from aiwebengine.interfaces import IScriptLog
from aiwebengine.subsystems.management.callers import Caller
from aiwebengine.web.errors import problem_of

__all__ = ["AUDIT", "ENGINE", "Audit", "parse_audit", "why_refused"]

#: The kind of the log entries.
AUDIT = "audit"
#: Who does what nobody asked for, such as taking back a failing canary.
ENGINE = Caller("engine", "admin", "engine")

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
        self._log = Logger(namespace="aiwebengine.audit")

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
        """Keep that ``caller`` did ``action``; details that are empty or 0 are left out."""
        fields = {"action": action, "uri": uri}
        fields |= {name: value for name, value in details.items() if value not in ("", 0, None)}
        fields |= {"actor": caller.name, "how": caller.how, "role": caller.role, "ip": client_ip}
        text = " ".join(f"{name}={_shown(value)}" for name, value in fields.items() if value != "")
        level = "warn" if "refused" in fields else "info"
        self._script_log.append(level, text, script=uri, request_id=request_id, kind=AUDIT)
        self._log.info(
            "{text} request_id={request_id}",
            text=text,
            action=action,
            uri=uri,
            version=details.get("version", 0),
            actor=caller.name,
            client_ip=client_ip,
            request_id=request_id,
        )


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


def _shown(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if _PLAIN.match(text) else json.dumps(text, ensure_ascii=False)
