"""Canaries that the engine itself takes out of service, and has the repository know it."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IServices
from aiwebengine.repository.errors import RepositoryUnusable
from aiwebengine.scripts.canary import Canary
from aiwebengine.scripts.log import LogEntry
from aiwebengine.subsystems.management.audit import ENGINE, Audit

__all__ = ["Withdrawals"]

_RETRY_S = 5.0


class Withdrawals:
    """
    Takes canaries out of service at once, and stores that together with its entry in the audit trail.

    While the repository is away it tries again every 5 seconds, until `stop`.
    """

    _log = Logger()

    def __init__(self, services: IServices) -> None:
        self._reactor: Any = services.reactor
        self._canaries = services.scripts.canaries
        self._audit = Audit(services.script_log)
        # What is to be tried again, by the script's URI.
        self._again: dict[str, Any] = {}
        self._stopped = False

    def withdraw(self, canary: Canary, reason: str) -> None:
        """Take a canary out of service for a reason."""

        def note(one: Canary) -> LogEntry:
            return self._audit.entry("canary rollback", one.uri, ENGINE, **_told(one, reason))

        def failed(failure: Failure) -> None:
            if failure.check(RepositoryUnusable):
                if not self._stopped:
                    again = self._reactor.callLater(_RETRY_S, self.withdraw, canary, reason)
                    self._again[canary.uri] = again
            elif not failure.check(HTTPProblem):
                self._log.failure("a canary is out of service but not deleted", failure)

        self._again.pop(canary.uri, None)
        live = self._canaries.get(canary.uri)
        if live is not None and live.found is not canary.found:
            # Another one was put meanwhile, in its place.
            self._audit.note("canary rollback", canary.uri, ENGINE, **_told(canary, reason))
            return
        Deferred.fromCoroutine(
            self._canaries.end(canary.uri, state="rolled_back", reason=reason, note=note)
        ).addErrback(failed)

    def stop(self) -> None:
        """Try nothing again, what is under way included."""
        self._stopped = True
        for call in self._again.values():
            if call.active():
                call.cancel()
        self._again.clear()


def _told(canary: Canary, reason: str) -> dict[str, Any]:
    return {
        "version": canary.version,
        "previous": canary.base,
        "sha256": canary.sha256,
        "reason": reason,
    }
