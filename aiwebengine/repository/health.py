"""The health check ``repository``: whether scripts can be read."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from zope.interface import implementer

from aiwebengine.errors import ScriptNotFound
from aiwebengine.interfaces import IHealthCheck, IScriptRepository

__all__ = ["RepositoryHealth"]

# No script's URI: looking for it is the cheapest question a repository answers.
_NOBODY = " health "


@implementer(IHealthCheck)
class RepositoryHealth:
    """Asks the repository a question; an error but "no such script" is the health endpoint's to show."""

    name = "repository"

    def __init__(self, repository: IScriptRepository) -> None:
        self._repository = repository

    async def check(self) -> Mapping[str, object]:
        """Give ``healthy``, or raise what the repository raised."""
        with suppress(ScriptNotFound):
            await self._repository.script(_NOBODY)
        return {"status": "healthy"}
