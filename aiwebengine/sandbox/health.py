"""The health check ``javascript``: whether there are sandboxes to run scripts in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from zope.interface import implementer

from aiwebengine.interfaces import IHealthCheck

__all__ = ["SandboxHealth"]

_SHOWN = ("sandboxes", "wanted", "running", "requests", "queued")


class HasStatus(Protocol):
    """The part of `SandboxPool` that is asked."""

    def status(self) -> Mapping[str, Any]:
        """Give figures, ``sandboxes`` and ``wanted`` among them."""


@implementer(IHealthCheck)
class SandboxHealth:
    """``healthy`` with all sandboxes wanted, ``degraded`` with fewer, ``unhealthy`` with none."""

    name = "javascript"

    def __init__(self, pool: HasStatus) -> None:
        self._pool = pool

    async def check(self) -> Mapping[str, object]:
        """Give the status and how many sandboxes and requests there are."""
        figures = self._pool.status()
        have, wanted = figures["sandboxes"], figures["wanted"]
        status = "healthy" if have >= wanted else "degraded" if have else "unhealthy"
        return {"status": status} | {name: figures[name] for name in _SHOWN}
