"""Settings in a database."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import ISettingsRepository
from aiwebengine.repository.link import Calls, Link
from aiwebengine.repository.model import Setting
from aiwebengine.repository.texts import check_name, cleaned, encoded

__all__ = ["MOST_NAME_BYTES", "DatabaseSettings", "put_setting"]

MOST_NAME_BYTES = 512
_COLUMNS = "SELECT name, value, author, updated_at FROM settings"


@implementer(ISettingsRepository)
class DatabaseSettings:
    """See `ISettingsRepository`; ``now`` gives seconds since the epoch."""

    def __init__(self, calls: Calls, now: Callable[[], float]) -> None:
        self._calls = calls
        self._now = now

    async def all(self) -> Sequence[Setting]:
        """Give every setting, by name."""
        rows = await self._calls.read(lambda link: link.all(_COLUMNS + " ORDER BY name"))
        return [Setting(row[0], json.loads(row[1]), *row[2:]) for row in rows]

    async def get(self, name: str) -> Setting | None:
        """Give a setting, None when it is not set."""
        row = await self._calls.read(lambda link: link.one(_COLUMNS + " WHERE name = ?", cleaned(name)))
        return None if row is None else Setting(row[0], json.loads(row[1]), *row[2:])

    async def set(self, name: str, value: Any, author: str = "") -> None:
        """Set a setting to any JSON data."""
        check_name("a setting's name", name, MOST_NAME_BYTES)
        setting = Setting(name, value, cleaned(author), int(self._now() * 1000))
        encoded(value)
        await self._calls.write(put_setting, setting)

    async def delete(self, name: str) -> bool:
        """Forget a setting; tell whether it was there."""
        removed: int = await self._calls.write(
            lambda link: link.run("DELETE FROM settings WHERE name = ?", cleaned(name))
        )
        return removed > 0


def put_setting(link: Link, setting: Setting) -> None:
    """Store a setting exactly as given."""
    link.run(
        "INSERT INTO settings (name, value, author, updated_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE"
        " SET value = excluded.value, author = excluded.author, updated_at = excluded.updated_at",
        setting.name,
        encoded(setting.value),
        setting.author,
        setting.updated_at,
    )
