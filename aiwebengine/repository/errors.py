"""What can be wrong with a repository itself."""

from __future__ import annotations

import attrs

from aiwebengine.errors import AIWebEngineError

__all__ = ["RepositoryUnusable"]


@attrs.define(auto_exc=True, str=False)
class RepositoryUnusable(AIWebEngineError):
    """The repository cannot be opened or used: unreadable, locked, corrupt, newer than this engine."""

    url: str
    reason: str

    def __str__(self) -> str:
        return f"repository {self.url}: {self.reason}"
