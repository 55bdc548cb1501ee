"""What a plugin is, what it may use, and what may be provided besides answers and script names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twisted.plugin import IPlugin as ITwistedPlugin
from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    import msgspec
    from twisted.internet.interfaces import IReactorCore

    from aiwebengine.interfaces.repository import IRepository
    from aiwebengine.interfaces.scripts import ISandboxPool, IScriptLog, IScriptRegistry

__all__ = ["IConfiguration", "IEngineService", "IHealthCheck", "IManagementExtension", "IPlugin", "IServices"]


class IPlugin(ITwistedPlugin):
    """A cheap descriptor: importing it must not import what it builds."""

    name: str = Attribute("Unique, ``[a-z][a-z0-9_]*``; shown by --list-plugins.")
    summary: str = Attribute("One sentence for the plugin list.")
    section: str | None = Attribute("The configuration section it owns, or None.")
    settings: type[msgspec.Struct] | None = Attribute(
        "The section's schema: a msgspec.Struct whose fields carry defaults and "
        "``Annotated[..., msgspec.Meta(description=...)]`` help, units in the field names."
    )
    requires: Sequence[str] = Attribute("Names of plugins that must be built before this one.")

    def build(settings: Any, services: IServices) -> object | None:
        """
        Make the provider, or None when the settings switch the subsystem off.

        ``settings`` is an instance of the schema (None without one).
        Raises `aiwebengine.errors.PluginUnusable` when it cannot work, saying why.
        """


class IServices(Interface):
    """What a plugin's ``build`` may use."""

    reactor: IReactorCore = Attribute("The reactor; also the clock.")
    configuration: IConfiguration = Attribute("The validated configuration.")
    scripts: IScriptRegistry = Attribute("Loaded scripts and their routes.")
    sandboxes: ISandboxPool = Attribute("Where scripts run.")
    repository: IRepository = Attribute("Where scripts, their versions and all else last.")
    script_log: IScriptLog = Attribute("What scripts have logged.")
    urls: Sequence[str] = Attribute("Where the server listens, ports as bound; empty before they are.")

    def providers(interface: type[Interface]) -> Sequence[Any]:
        """Give every provider built so far that provides ``interface``, in build order."""


class IConfiguration(Interface):
    """The configuration in force."""

    environment: str = Attribute("Such as ``development`` or ``production``.")

    def section(name: str) -> Any:
        """Give the settings of a section, an instance of its schema. Raises KeyError for an unknown one."""

    def on_reload(apply: Any) -> None:
        """Have ``apply(old, new)`` called after each reload; it must not raise."""


class IManagementExtension(Interface):
    """
    A group of operations that a plugin adds to the management API, behind its guard.

    It may also have ``body_limit(exchange) -> int | None``, the most bytes of a request's body, and
    ``raw_body(exchange) -> bool``, whether a body is taken as bytes whatever its Content-Type says.
    """

    segment: str = Attribute("The operations are at ``/engine/SEGMENT`` and below.")

    def endpoints(hub: Any) -> Any:
        """
        Give an object with ``app``, a Klein application, and ``operations``, its described operations.

        A subclass of `aiwebengine.subsystems.management.endpoints.Endpoints`, made with ``hub``, its methods
        decorated by an `aiwebengine.subsystems.management.operations.Operations` of its own. Called once,
        when the management API is first asked.
        """


class IEngineService(Interface):
    """
    Something that starts after the sandboxes are ready and stops before they do.

    It may also have a method ``drain()``, called without arguments when a shutdown begins and requests under
    way are waited for: the moment to end what would otherwise last, such as event streams.
    """

    async def start() -> None:
        """Start; a raised error stops the engine's start with its text."""

    async def stop() -> None:
        """Stop; called also when another service failed to start."""


class IHealthCheck(Interface):
    """A dependency whose state `/health` shows."""

    name: str = Attribute("The key below ``checks``.")

    async def check() -> Mapping[str, object]:
        """Give at least ``{"status": "healthy"|"degraded"|"unhealthy"}``; an error raised is unhealthy."""
