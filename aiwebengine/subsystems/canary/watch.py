"""Watches canaries: counts, judges, takes back, tells."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from zope.interface import implementer

from aiwebengine.interfaces import IEngineService, IExchange, IRequestObserver, IServices
from aiwebengine.repository.errors import RepositoryUnusable
from aiwebengine.scripts.canary import Canary, CanaryUpdate
from aiwebengine.subsystems.canary.settings import CanarySettings
from aiwebengine.subsystems.canary.sharing import Figures, SharedFigures
from aiwebengine.subsystems.canary.tally import Tally
from aiwebengine.subsystems.canary.withdrawal import Withdrawals

__all__ = ["CanaryWatch"]

# Answers of the engine itself under load say nothing about the script.
_NOT_THE_SCRIPT = frozenset(("SERVICE_UNAVAILABLE",))
_LEVELS = {"rolled_back": "error", "ended": "warn"}
_SHARE_EACH_S = 1.0


@attrs.define(eq=False)
class _Watched:
    canary: Canary
    since: float
    tally: Tally = attrs.field(factory=Tally)
    others: Figures = attrs.field(factory=Figures)


@implementer(IRequestObserver, IEngineService)
class CanaryWatch:
    """
    Lets the registry have canaries, and watches them.

    An error is a status of 500 or more (but a 503 of the engine itself) or 408. A canary is taken back as
    soon as it has had ``min_requests`` within the window and its error rate is more than
    ``threshold_percent`` above the baseline's. Engines that share a repository tell each other each second
    what they counted, and judge by all of it. ``random`` gives bytes to name this engine by.
    """

    def __init__(
        self, services: IServices, settings: CanarySettings, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._services = services
        self._settings = settings
        self._canaries = services.scripts.canaries
        self._withdrawals = Withdrawals(services)
        self._watched: dict[str, _Watched] = {}
        self._shared = SharedFigures(services.repository.key_values, random(6).hex())
        self._sharing = LoopingCall(lambda: Deferred.fromCoroutine(self._share()))
        self._sharing.clock = services.reactor  # type: ignore[assignment]
        self._log = Logger()
        self._canaries.enable(sticky=settings.sticky)
        self._canaries.on_change(self._changed)

    def apply(self, settings: CanarySettings) -> None:
        """Take new settings."""
        self._settings = settings
        self._canaries.enable(sticky=settings.sticky)

    async def start(self) -> None:
        """Begin to tell other engines, if there may be any; all else works as soon as scripts are loaded."""
        if self._services.repository.shared:
            self._sharing.start(_SHARE_EACH_S).addErrback(
                lambda failure: self._log.failure("telling other engines of canaries ended", failure)
            )

    async def stop(self) -> None:
        """Tell no more, and try nothing again; canaries last."""
        if self._sharing.running:
            self._sharing.stop()
        self._withdrawals.stop()

    def finished(self, exchange: IExchange) -> None:
        """Count a request that a watched script answered, and judge its canary."""
        record = exchange.record
        watched = self._watched.get(record.script)
        if watched is None or record.started < watched.since:
            return
        canary = watched.canary
        mine = record.version == canary.version
        if not mine and record.version != canary.base:
            return
        if record.status == 503 and record.error_code in _NOT_THE_SCRIPT:
            return
        error = record.status >= 500 or record.status == 408
        window = self._settings.window_s
        second = self._second()
        watched.tally.count(second, window, canary=mine, error=error)
        if mine and watched.tally.total.errors:
            self._judge(watched)

    def canary_figures(self, uri: str) -> dict[str, Any]:
        """Give what was counted, by all engines together, for the management API."""
        watched = self._watched.get(uri)
        if watched is None:
            return {}
        figures = self._mine(watched) + watched.others
        return {
            "requests": figures.total.requests,
            "errors": figures.total.errors,
            "error_rate": figures.recent.error_rate,
            "baseline_requests": figures.total.baseline_requests,
            "baseline_error_rate": figures.recent.baseline_error_rate,
        }

    def _mine(self, watched: _Watched) -> Figures:
        tally = watched.tally
        return Figures(tally.total, tally.recent(self._second(), self._settings.window_s))

    async def _share(self) -> None:
        """Exchange figures with the other engines; while the repository is away each goes by its own."""
        for uri, watched in tuple(self._watched.items()):
            try:
                watched.others = await self._shared.exchange(watched.canary, self._mine(watched))
            except RepositoryUnusable:
                watched.others = Figures()
            except Exception:
                # A loop that ends in an error does not go on.
                watched.others = Figures()
                self._log.failure("the figures of the canary of {uri} were not exchanged", uri=uri)
            if self._watched.get(uri) is watched:
                self._judge(watched)

    def _judge(self, watched: _Watched) -> None:
        settings = self._settings
        recent = (self._mine(watched) + watched.others).recent
        rate, baseline = recent.error_rate, recent.baseline_error_rate
        if recent.requests < settings.min_requests or rate <= baseline + settings.threshold_percent:
            return
        reason = (
            f"{rate:g} % of {recent.requests} requests failed within {settings.window_s} s,"
            f" {baseline:g} % of the others"
            f" (canary.threshold_percent {settings.threshold_percent:g})"
        )
        self._withdrawals.withdraw(watched.canary, reason)

    def _changed(self, update: CanaryUpdate) -> None:
        canary, state = update.canary, update.state
        if state == "started":
            self._watched[canary.uri] = _Watched(canary, self._services.reactor.seconds())  # type: ignore[attr-defined]
        elif state == "percent":
            known = self._watched.get(canary.uri)
            if known is not None:
                known.canary = canary
        else:
            known = self._watched.get(canary.uri)
            if known is not None and known.canary.found is canary.found:
                del self._watched[canary.uri]
            if state != "promoted":
                # What is promoted goes on as the live version; anything else no sandbox needs any more.
                pool: Any = self._services.sandboxes
                pool.forget(canary.program)
        text = f"canary version {canary.version}: {state}"
        if state in ("started", "percent"):
            text += f", {canary.percent:g} % of requests"
        if update.reason:
            text += f" ({update.reason})"
        self._services.script_log.append(_LEVELS.get(state, "info"), text, script=canary.uri, kind="canary")

    def _second(self) -> int:
        return int(self._services.reactor.seconds())  # type: ignore[attr-defined]
