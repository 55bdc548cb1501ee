"""The engine: all parts of one server, wired; plugins become parts in `Engine.build`. Knows no HTTP."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.logger import Logger
from zope.interface import Interface, implementer

from aiwebengine.errors import AIWebEngineError, ConfigurationInvalid, PluginUnusable, Problem
from aiwebengine.interfaces import (
    IConfiguration,
    IEngineService,
    IFeature,
    IRepository,
    IScriptGlobals,
    IServices,
)
from aiwebengine.repository import MemoryRepository, open_repository
from aiwebengine.repository.database import DatabaseRepository
from aiwebengine.repository.health import RepositoryHealth
from aiwebengine.repository.log_keeper import LogKeeper
from aiwebengine.roster import Plan
from aiwebengine.sandbox.health import SandboxHealth
from aiwebengine.sandbox.model import Program
from aiwebengine.sandbox.pool import SandboxPool
from aiwebengine.sandbox.prelude import Piece, Prelude
from aiwebengine.scripts.examine import Examiner
from aiwebengine.scripts.fingerprint import load_fingerprint
from aiwebengine.scripts.kept_loads import KeptLoads
from aiwebengine.scripts.lint import lint
from aiwebengine.scripts.log import ScriptLog
from aiwebengine.scripts.model import ScriptUpdate
from aiwebengine.scripts.registry import ScriptRegistry

__all__ = ["Engine", "Services"]

#: How long entries of the script log wait for others, to be kept together.
LOG_DELAY_S = 0.05
MEMORY_LOG_DELAY_S = 0.01
# Namespaces without which nothing works; `javascript.allowed_apis` cannot leave them out.
ALWAYS_ALLOWED = frozenset(("routing", "script_logging"))
NEVER_BY_DEFAULT = frozenset(("filesystem", "eval"))


@implementer(IServices)
class Services:
    """What plugins may use; see `IServices`."""

    def __init__(
        self,
        reactor: Any,
        configuration: IConfiguration,
        repository: IRepository,
        sandboxes: SandboxPool,
        scripts: ScriptRegistry,
        script_log: ScriptLog,
    ) -> None:
        self.reactor = reactor
        self.configuration = configuration
        self.repository = repository
        self.sandboxes = sandboxes
        self.scripts = scripts
        self.script_log = script_log
        self.plan: Plan | None = None
        self.urls: Sequence[str] = ()
        self._built: list[object] = []

    def add(self, provider: object) -> None:
        """Take note of a provider that was built."""
        self._built.append(provider)

    def providers(self, interface: type[Interface]) -> Sequence[Any]:
        """Give every provider built so far that provides ``interface``, in build order."""
        return [provider for provider in self._built if interface.providedBy(provider)]


class Engine:
    """Everything one server needs; start it, serve with its parts, stop it."""

    _log = Logger()

    def __init__(
        self,
        services: Services,
        *,
        allowed: Callable[[str], bool] = lambda name: True,
        kept: KeptLoads | None = None,
    ) -> None:
        """``allowed`` tells whether a plugin's script names are given to scripts; ``kept`` is ended last."""
        self.services = services
        self._allowed = allowed
        self._kept = kept
        self._programs: dict[str, Program] = {}
        self._started: list[IEngineService] = []
        repository = services.repository
        # In memory there is no disk to wait for; only not every line is to be a batch of its own.
        delay_s = MEMORY_LOG_DELAY_S if isinstance(repository, MemoryRepository) else LOG_DELAY_S
        self._log_keeper = LogKeeper(services.script_log, repository.logs, services.reactor, delay_s=delay_s)
        self._globals: list[tuple[str, IScriptGlobals]] = []

    @classmethod
    def from_configuration(
        cls,
        reactor: Any,
        configuration: IConfiguration,
        plan: Plan,
        *,
        directory: Path | None = None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> Engine:
        """
        Wire an engine from settings and the plan of plugins.

        Raises `PluginUnusable` or `ConfigurationInvalid`.
        """
        javascript = configuration.section("javascript")
        security = configuration.section("security")
        repository_settings = configuration.section("repository")
        script_log = ScriptLog()
        repository = open_repository(
            repository_settings.database_url.reveal(),
            reactor=reactor,
            directory=directory,
            auto_migrate=repository_settings.auto_migrate,
            pool_size=repository_settings.pool_size,
            call_timeout_s=repository_settings.call_timeout_ms / 1000,
        )
        sandboxes = SandboxPool(
            reactor,
            javascript,
            script_log,
            request_timeout_ms=configuration.section("server").request_timeout_ms,
            cores=os.cpu_count() or 1,
            random=random,
        )
        examiner = Examiner(sandboxes, lint, security.dangerous_patterns, javascript.max_script_bytes)
        kept = None
        if configuration.section("scripts").reuse_loads and isinstance(repository, DatabaseRepository):
            kept = KeptLoads(
                repository.key_values,
                sandboxes.make_program,
                lambda: load_fingerprint(
                    javascript, sandboxes.prelude, security.dangerous_patterns, examiner.max_routes
                ),
                reactor,
            )
        scripts = ScriptRegistry(repository, examiner, script_log, kept=kept)
        services = Services(reactor, configuration, repository, sandboxes, scripts, script_log)
        services.add(SandboxHealth(sandboxes))
        services.add(RepositoryHealth(repository))
        engine = cls(services, allowed=_allowed_names(javascript.allowed_apis, plan), kept=kept)
        engine.build(plan)
        return engine

    def build(self, plan: Plan) -> None:
        """Build the plugins, each after what it requires. Raises `PluginUnusable`."""
        self.services.plan = plan
        for offer in plan.order:
            plugin = offer.plugin
            settings = self.services.configuration.section(plugin.section) if plugin.section else None
            try:
                provider = plugin.build(settings, self.services)
            except AIWebEngineError:
                raise
            except Exception as error:
                self._log.failure("building plugin {name} failed", name=plugin.name)
                raise PluginUnusable(
                    plugin.name, offer.origin, f"could not be built: {type(error).__name__}: {error}"
                ) from error
            if provider is None:
                continue
            if IScriptGlobals.providedBy(provider):
                if not self._allowed(plugin.name):
                    continue
                self._globals.append((plugin.name, provider))
            self.services.add(provider)

    async def start(self, reserved: Sequence[str] = ()) -> None:
        """Start sandboxes, load scripts, start services; ``reserved`` are prefixes scripts cannot have."""
        services = self.services
        pieces: list[Piece] = [core_piece()]
        operations: dict[str, Any] = {}
        for name, provider in self._globals:
            pieces.extend(provider.pieces())
            for operation, perform in provider.operations().items():
                if operation in operations:
                    raise PluginUnusable(
                        name, "operations", f"the host operation {operation!r} is taken by another plugin"
                    )
                operations[operation] = perform
        prefixes = [prefix for feature in services.providers(IFeature) for prefix in feature.prefixes]
        services.sandboxes.equip(Prelude(pieces, always=("request-shape",)), operations)
        await self._log_keeper.start()
        services.scripts.on_change(self._changed)
        await services.sandboxes.start()
        self._log.info("sandbox layers: {layers}", layers=services.sandboxes.layers)
        await services.scripts.start(
            reserved=[*prefixes, *reserved], globals_=[provider for _, provider in self._globals]
        )
        for service in services.providers(IEngineService):
            self._started.append(service)
            await service.start()

    async def stop(self) -> None:
        """Stop everything, last started first."""
        for service in reversed(self._started):
            try:
                await service.stop()
            except Exception:
                self._log.failure("stopping a service failed")
        self._started.clear()
        await self.services.sandboxes.stop()
        if self._kept is not None:
            await self._kept.stop()
        await self._log_keeper.stop()
        await self.services.repository.close()

    def _changed(self, update: ScriptUpdate) -> None:
        old = self._programs.pop(update.uri, None)
        if update.live is not None:
            self._programs[update.uri] = update.live.program
        if old is not None and (update.live is None or old.ident != update.live.program.ident):
            self.services.sandboxes.forget(old)


def core_piece() -> Piece:
    """Give the piece that shapes requests; part of every realm."""
    from importlib import resources

    text = (resources.files("aiwebengine.sandbox") / "js" / "request_shape.js").read_text("utf-8")
    return Piece.parse(text)


def _allowed_names(allowed_apis: Sequence[str], plan: Plan) -> Callable[[str], bool]:
    names = [offer.name for offer in plan.order]
    known: Mapping[str, None] = dict.fromkeys([*names, *NEVER_BY_DEFAULT])
    problems = []
    for name in allowed_apis:
        if name not in known:
            import difflib  # for mistakes only: half a megabyte

            near = difflib.get_close_matches(name, list(known), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            problems.append(
                Problem(
                    "javascript.allowed_apis",
                    "javascript.allowed_apis",
                    name,
                    f"the name of a script API{hint}",
                )
            )
    if problems:
        raise ConfigurationInvalid(problems)
    if not allowed_apis:
        return lambda name: name not in NEVER_BY_DEFAULT
    chosen = ALWAYS_ALLOWED | set(allowed_apis)
    return lambda name: name in chosen
