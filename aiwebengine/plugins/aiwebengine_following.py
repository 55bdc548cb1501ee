"""Changes made by other engines on the same repository: the descriptor only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices


@implementer(IPlugin)
class _Following:
    name = "following"
    summary = "Scripts stored by other engines on the same repository go live here too."
    section: str | None = None
    settings: Any = None
    requires: Sequence[str] = ()

    def build(self, settings: Any, services: IServices) -> object | None:
        """Make the follower."""
        from aiwebengine.scripts.following import RepositoryFollower

        return RepositoryFollower(services.reactor, services.repository, services.scripts)


following = _Following()
