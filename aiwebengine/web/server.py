"""The engine over HTTP: gates, features and scripts behind one site, on the configured endpoints."""

# typing note: Twisted's services and options are untyped.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.logger import Logger
from twisted.python.failure import Failure

from aiwebengine.engine import Engine
from aiwebengine.errors import AIWebEngineError
from aiwebengine.interfaces import IEngineService, IFallback, IFeature, IRequestGate, IRequestObserver
from aiwebengine.web.dispatch import ScriptDispatch
from aiwebengine.web.errors import ErrorPages
from aiwebengine.web.fallbacks import Fallbacks
from aiwebengine.web.gates import Gates
from aiwebengine.web.root import Root
from aiwebengine.web.site import EngineSite

__all__ = ["EngineServer", "endpoint_strings", "url_of"]


class EngineServer(Service):
    """
    Serves an engine over HTTP.

    Ports are bound in `privilegedStartService` (so low ports work with ``--uid``) but accept nobody before
    the engine has started: clients that come early wait in the backlog instead of being refused.
    ``accepting`` is called once it takes requests.
    """

    _log = Logger()

    def __init__(
        self, reactor: Any, engine: Engine, *, accepting: Callable[[], object] = lambda: None
    ) -> None:
        self._reactor = reactor
        self._accepting = accepting
        self.engine = engine
        self._ports: list[IListeningPort] = []
        services = engine.services
        configuration = services.configuration
        self._settings = configuration.section("server")
        gates = Gates(services.providers(IRequestGate), services.providers(IRequestObserver))
        fallbacks = Fallbacks(services.providers(IFallback))
        dispatch = ScriptDispatch(services.scripts, services.sandboxes, services.script_log, fallbacks)
        self.root = Root(
            dispatch, settings=self._settings, gates=gates, features=services.providers(IFeature)
        )
        development = configuration.section("security").mode == "development"
        self.site = EngineSite(
            self._settings, self.root, reactor, gates=gates, errors=ErrorPages(development=development)
        )
        configuration.on_reload(self._reconfigured)
        self.failed = False

    def _reconfigured(self, old: Any, new: Any) -> None:
        server = new.section("server")
        self._settings = server
        self.root.apply(server)
        self.site.apply(server)
        self.engine.services.sandboxes.request_timeout_ms = server.request_timeout_ms

    def privilegedStartService(self) -> None:  # noqa: N802
        """Bind the ports. Raises SystemExit with one line when one cannot be had."""
        for text in endpoint_strings(self._settings):
            found: list[Any] = []
            listening = serverFromString(self._reactor, text).listen(self.site)
            listening.addBoth(found.append)
            outcome = found[0] if found else None
            if isinstance(outcome, Failure):
                self._close_ports()
                raise SystemExit(f"aiwebengine: cannot listen on {text}: {outcome.getErrorMessage()}")
            if outcome is None:
                listening.addCallback(self._ports.append)
                continue
            self._ports.append(outcome)
            if hasattr(outcome, "stopReading"):
                outcome.stopReading()

    def startService(self) -> None:  # noqa: N802
        """Start the engine, then accept connections; a failure is logged and stops the reactor."""
        Deferred.fromCoroutine(self._begin()).addErrback(self._cannot_start)

    async def start(self) -> None:
        """Do the same for a caller who waits: raises what went wrong."""
        await self._begin()

    def _begin(self) -> Any:
        super().startService()
        if not self._ports:
            self.privilegedStartService()
        return self._start()

    async def _start(self) -> None:
        urls = self.engine.services.urls = [url_of(port.getHost()) for port in self._ports]
        await self.engine.start()
        if not self.running:
            return
        for port in self._ports:
            if hasattr(port, "startReading"):
                port.startReading()
        for url in urls:
            self._log.info("listening on {url}", url=url)
        if self._settings.port_file and urls:
            write_whole(Path(self._settings.port_file), urls[0] + "\n")
        self._accepting()

    def _cannot_start(self, failure: Failure) -> None:
        self.failed = True
        if failure.check(AIWebEngineError, RuntimeError, OSError):
            self._log.critical("aiwebengine cannot start: {reason}", reason=failure.getErrorMessage())
        else:
            self._log.failure("aiwebengine cannot start", failure)
        self._reactor.stop()

    async def _stop(self) -> None:
        if self._settings.port_file:
            Path(self._settings.port_file).unlink(missing_ok=True)
        for service in self.engine.services.providers(IEngineService):
            drain = getattr(service, "drain", None)
            if drain is not None:
                drain()
        drained = self.site.drain()
        grace = self._settings.shutdown_grace_ms / 1000
        if not drained.called:
            # The ports stay open: who comes now is told by a 503, and the unready /health, to look elsewhere.
            self._log.info("waiting up to {grace} s for requests under way", grace=grace)
            cut = self._reactor.callLater(grace, self.site.abort)
            await drained
            if cut.active():
                cut.cancel()
        await self._close_ports()
        self.site.close()
        await self.engine.stop()

    def stopService(self) -> Deferred[None]:  # noqa: N802
        """Stop accepting, let requests under way finish within the grace time, then stop the engine."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    def _close_ports(self) -> Deferred[Any]:
        ports, self._ports = self._ports, []
        closing = []
        for port in ports:
            stopped = port.stopListening()
            if isinstance(stopped, Deferred):
                closing.append(stopped)
        return DeferredList(closing, consumeErrors=True)


def endpoint_strings(settings: Any) -> Sequence[str]:
    """Give the Twisted endpoint strings to listen on."""
    if settings.listen:
        return tuple(settings.listen)
    host = settings.host.replace(":", r"\:")
    kind = "tcp6" if ":" in settings.host else "tcp"
    return (f"{kind}:{settings.port}:interface={host}:backlog={settings.backlog}",)


def url_of(address: IAddress) -> str:
    """Give the URL of a bound address."""
    host = getattr(address, "host", None)
    if host is None:
        name = getattr(address, "name", None) or b""
        return f"unix:{os.fsdecode(name)}"
    port: int = address.port  # type: ignore[attr-defined]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def write_whole(path: Path, text: str) -> None:
    """Write a file so that nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
