"""The health check ``repository``: whether scripts can be read, how fast, and what the back end adds."""

from __future__ import annotations

from collections.abc import Mapping

from zope.interface import implementer

from aiwebengine.interfaces import IHealthCheck, IScriptRepository

__all__ = ["RepositoryHealth"]


@implementer(IHealthCheck)
class RepositoryHealth:
    """Asks the repository for its own check; an error it raises is the health endpoint's to show."""

    name = "repository"

    def __init__(self, repository: IScriptRepository) -> None:
        self._repository = repository

    async def check(self) -> Mapping[str, object]:
        """Give what the repository says of itself; else ``healthy``, once its scripts were read."""
        if IHealthCheck.providedBy(self._repository):
            facts: Mapping[str, object] = await self._repository.check()
            return facts
        await self._repository.scripts()
        return {"status": "healthy"}
