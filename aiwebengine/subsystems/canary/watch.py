"""Watches canaries: counts, judges, takes back, tells."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IEngineService, IExchange, IRequestObserver, IServices
from aiwebengine.scripts.canary import Canary, CanaryUpdate
from aiwebengine.subsystems.canary.settings import CanarySettings
from aiwebengine.subsystems.canary.tally import Tally
from aiwebengine.subsystems.canary.withdrawal import Withdrawals

__all__ = ["CanaryWatch"]

# Answers of the engine itself under load say nothing about the script.
_NOT_THE_SCRIPT = frozenset(("SERVICE_UNAVAILABLE",))
_LEVELS = {"rolled_back": "error", "ended": "warn"}


@attrs.define(eq=False)
class _Watched:
    canary: Canary
    since: float
    tally: Tally = attrs.field(factory=Tally)


@implementer(IRequestObserver, IEngineService)
class CanaryWatch:
    """
    Lets the registry have canaries, and watches them.

    An error is a status of 500 or more (but a 503 of the engine itself) or 408. A canary is taken back as
    soon as it has had ``min_requests`` within the window and its error rate is more than
    ``threshold_percent`` above the baseline's.
    """

    def __init__(self, services: IServices, settings: CanarySettings) -> None:
        self._services = services
        self._settings = settings
        self._canaries = services.scripts.canaries
        self._withdrawals = Withdrawals(services)
        self._watched: dict[str, _Watched] = {}
        self._canaries.enable(sticky=settings.sticky)
        self._canaries.on_change(self._changed)

    def apply(self, settings: CanarySettings) -> None:
        """Take new settings."""
        self._settings = settings
        self._canaries.enable(sticky=settings.sticky)

    async def start(self) -> None:
        """Do nothing: it works as soon as scripts are loaded."""

    async def stop(self) -> None:
        """Try nothing again; canaries last."""
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
        if mine and watched.tally.errors:
            self._judge(watched, second, window)

    def canary_figures(self, uri: str) -> dict[str, Any]:
        """Give what was counted, for the management API."""
        watched = self._watched.get(uri)
        if watched is None:
            return {}
        tally = watched.tally
        _, rate, baseline = tally.rates(self._second(), self._settings.window_s)
        return {
            "requests": tally.requests,
            "errors": tally.errors,
            "error_rate": rate,
            "baseline_requests": tally.baseline_requests,
            "baseline_error_rate": baseline,
        }

    def _judge(self, watched: _Watched, second: int, window: int) -> None:
        settings = self._settings
        requests, rate, baseline = watched.tally.rates(second, window)
        if requests < settings.min_requests or rate <= baseline + settings.threshold_percent:
            return
        reason = (
            f"{rate:g} % of {requests} requests failed within {window} s, {baseline:g} % of the others"
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
