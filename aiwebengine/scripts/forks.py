"""Two versions of one script answering at the same time: which of them gets a request."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import attrs

from aiwebengine.scripts.routes import Match, Route, RouteIndex

__all__ = ["Fork", "forked", "share_of"]


def share_of(key: str, salt: str) -> float:
    """Give a number from 0 up to 100, always the same for the same texts and even over many keys."""
    digest = blake2b(f"{salt}\0{key}".encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big") * (100 / 2**32)


@attrs.frozen(eq=False)
class Fork:
    """
    What a route carries while a new version of its script is tried out.

    ``percent`` of requests go to the new version, chosen by their id (or with ``sticky`` by the client's
    address). ``new`` is the new version's route, None when this route is one the new version added;
    ``settled`` is the index without any trial.
    """

    percent: float
    salt: str
    settled: RouteIndex
    new: Route | None = None
    sticky: bool = False

    def choose(self, request: Any, match: Match) -> Match:
        """Give what answers this request: ``match`` itself or the other version's route."""
        key = request.client_ip if self.sticky else request.request_id
        if share_of(key, self.salt) < self.percent:
            if self.new is None:
                return match
            return Match(self.new, dict(zip(self.new.pattern.names, match.params.values(), strict=True)))
        if self.new is not None:
            return match
        # A path that only the new version knows: whatever answered it before goes on doing so.
        found = self.settled.match(request.method, request.raw_path)
        return found if isinstance(found, Match) else match


def forked(
    index: RouteIndex, settled: RouteIndex, uri: str, new: Sequence[Route], percent: float, sticky: bool
) -> RouteIndex:
    """
    Give ``index`` with both versions of a script: shared routes forked, added ones added, others kept.

    Only routes of kind ``route`` take part. Raises `RouteConflict` and `ScriptInvalid` as
    `RouteIndex.replace`.
    """
    version = new[0].program.version if new else 0
    fork = Fork(percent, f"{uri}\0{version}", settled, None, sticky)
    trial = {route.shape: route for route in new if route.kind == "route"}
    merged = []
    for route in index.routes(uri):
        other = trial.pop(route.shape, None)
        if other is not None and route.kind == "route":
            route = attrs.evolve(route, fork=attrs.evolve(fork, new=other))
        merged.append(route)
    merged += [attrs.evolve(route, fork=fork) for route in trial.values()]
    return index.replace({uri: merged})
