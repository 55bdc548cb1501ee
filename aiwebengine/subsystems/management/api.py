"""The endpoints below ``/engine``. Imports Klein: import it late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from klein import Klein

from aiwebengine.interfaces import IServices
from aiwebengine.subsystems.management.endpoints import app
from aiwebengine.subsystems.management.insight_endpoints import InsightEndpoints
from aiwebengine.subsystems.management.operations import Operation
from aiwebengine.subsystems.management.script_endpoints import ScriptEndpoints
from aiwebengine.subsystems.management.sse import EventHub
from aiwebengine.subsystems.management.tool_endpoints import ToolEndpoints

__all__ = ["OPEN_PATHS", "ManagementAPI"]

#: Pages that hold nothing and ask for the key themselves.
OPEN_PATHS = ("/engine/docs",)


class ManagementAPI(ScriptEndpoints, ToolEndpoints, InsightEndpoints):
    """
    Scripts, routes, logs, recent requests and typings, as JSON.

    Who is asking has been checked before (`aiwebengine.subsystems.management.guard.Guard`); what it takes is
    checked by each operation.
    """

    app: ClassVar[Klein] = app

    def __init__(
        self, services: IServices, hub: EventHub, further_operations: Sequence[Operation] = ()
    ) -> None:
        super().__init__(services, hub)
        self.further_operations = further_operations
        reactor: Any = services.reactor
        self._since = reactor.seconds()
