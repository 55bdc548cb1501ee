"""What lasts: scripts, assets, users, keys, settings, logs; by a URL in memory, SQLite or PostgreSQL."""

from aiwebengine.repository.errors import RepositoryUnavailable, RepositoryUnusable
from aiwebengine.repository.factory import open_database, open_repository
from aiwebengine.repository.memory import MemoryRepository

__all__ = [
    "MemoryRepository",
    "RepositoryUnavailable",
    "RepositoryUnusable",
    "open_database",
    "open_repository",
]
