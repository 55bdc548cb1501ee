"""Expired keys are removed: the descriptor only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices


@implementer(IPlugin)
class _Pruning:
    name = "pruning"
    summary = "Keys in the repository whose time to live is over are removed once a minute."
    section: str | None = None
    settings: Any = None
    requires: Sequence[str] = ()

    def build(self, settings: Any, services: IServices) -> object | None:
        """Make the service."""
        from aiwebengine.repository.pruning import KeyPruner

        return KeyPruner(services.reactor, services.repository)


pruning = _Pruning()
