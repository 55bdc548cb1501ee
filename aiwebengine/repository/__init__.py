"""Where scripts and their versions last: in memory or in an SQLite file, chosen by a URL."""

from aiwebengine.repository.errors import RepositoryUnusable
from aiwebengine.repository.factory import open_repository
from aiwebengine.repository.memory import MemoryRepository

__all__ = ["MemoryRepository", "RepositoryUnusable", "open_repository"]
