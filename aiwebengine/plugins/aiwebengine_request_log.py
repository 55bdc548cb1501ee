"""Plugin descriptor: the access log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices
from aiwebengine.subsystems.request_log.settings import RequestLogSettings


@implementer(IPlugin)
class _RequestLog:
    name = "request_log"
    summary = "The access log, recent requests, and Server-Timing in development."
    section = "request_log"
    settings = RequestLogSettings
    requires: Sequence[str] = ()

    def build(self, settings: Any, services: IServices) -> object | None:
        """Make the journal."""
        from aiwebengine.subsystems.request_log.journal import RequestJournal

        configuration = services.configuration
        logging = configuration.section("logging")
        return RequestJournal(
            services.reactor,
            format=logging.access_log,
            keep=settings.keep,
            flush_ms=settings.flush_ms,
            development=configuration.section("security").mode == "development",
            debug=logging.level in ("debug", "trace"),
        )


request_log = _RequestLog()
