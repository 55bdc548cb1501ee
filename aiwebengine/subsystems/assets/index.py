"""Which assets are public: kept in memory, so that other requests cost the repository nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from aiwebengine.interfaces import IAssetRepository
from aiwebengine.repository.errors import RepositoryUnusable
from aiwebengine.repository.model import Asset

__all__ = ["PublicAssets"]

_PAGE = 1000


class PublicAssets:
    """
    The public assets by name, as the repository has them.

    What this engine changes is known at once (`changed`), what others do at the next look at the
    repository's revision, each ``interval_s`` seconds; only then all names are read again.
    """

    _log = Logger()

    def __init__(self, clock: Any, repository: IAssetRepository, interval_s: float = 1.0) -> None:
        self._repository = repository
        self._interval_s = interval_s
        self._loop = LoopingCall(self._look)
        self._loop.clock = clock
        self._known: dict[str, Asset] = {}
        self._foreign: int | None = None
        self._raised = 0
        self._meanwhile: dict[str, Asset | None] | None = None

    def get(self, name: str) -> Asset | None:
        """Give a public asset, None when there is none of that name."""
        return self._known.get(name)

    def changed(self, assets: Mapping[str, Asset | None], raised: bool) -> None:
        """Take note of what a call put or (None) deleted, and whether it raised the revision."""
        self._raised += raised
        for name, asset in assets.items():
            if self._meanwhile is not None:
                self._meanwhile[name] = asset
            _note(self._known, name, asset)

    async def start(self) -> None:
        """Read all and begin to look; a repository that is away is asked again."""
        await self._refresh()
        self._loop.start(self._interval_s, now=False)

    async def stop(self) -> None:
        """Look no more."""
        if self._loop.running:
            self._loop.stop()

    def _look(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._refresh())

    async def _refresh(self) -> None:
        try:
            # Before the names: what changes while they are read is found at the next look.
            foreign = await self._repository.revision() - self._raised
            if foreign != self._foreign:
                await self._read()
                self._foreign = foreign
        except RepositoryUnusable:
            return  # whoever needs the repository says so
        except Exception:
            self._log.failure("the names of public assets could not be read")

    async def _read(self) -> None:
        meanwhile: dict[str, Asset | None] = {}
        self._meanwhile = meanwhile
        try:
            known: dict[str, Asset] = {}
            page: Sequence[Asset] = await self._repository.list(limit=_PAGE, public=True)
            while page:
                known |= {asset.name: asset for asset in page if asset.public}
                after = page[-1].name
                more = len(page) == _PAGE
                page = await self._repository.list(after=after, limit=_PAGE, public=True) if more else []
            for name, asset in meanwhile.items():
                _note(known, name, asset)
            self._known = known
        finally:
            self._meanwhile = None


def _note(known: dict[str, Asset], name: str, asset: Asset | None) -> None:
    if asset is None or not asset.public:
        known.pop(name, None)
    else:
        known[name] = asset
