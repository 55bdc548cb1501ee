"""Every public interface of aiwebengine: what a plugin may provide and what it may use.

A plugin is a cheap, named descriptor (`IPlugin`) whose ``build`` makes the provider. A provider implements
one or more of the small interfaces here; the engine asks ``IFeature.providedBy(provider)`` and so on.
All calls happen on the reactor thread. Where a method is ``async def``, a coroutine is expected.
"""

from aiwebengine.interfaces.plugins import (
    IConfiguration,
    IEngineService,
    IHealthCheck,
    IManagementExtension,
    IPlugin,
    IServices,
)
from aiwebengine.interfaces.repository import (
    IAssetRepository,
    IKeyValueRepository,
    ILogRepository,
    IRepositories,
    IRepository,
    IScriptRepository,
    ISettingsRepository,
    IUserRepository,
)
from aiwebengine.interfaces.scripts import ISandboxPool, IScriptGlobals, IScriptLog, IScriptRegistry
from aiwebengine.interfaces.web import IExchange, IFallback, IFeature, IRequestGate, IRequestObserver

__all__ = [
    "IAssetRepository",
    "IConfiguration",
    "IEngineService",
    "IExchange",
    "IFallback",
    "IFeature",
    "IHealthCheck",
    "IKeyValueRepository",
    "ILogRepository",
    "IManagementExtension",
    "IPlugin",
    "IRepositories",
    "IRepository",
    "IRequestGate",
    "IRequestObserver",
    "ISandboxPool",
    "IScriptGlobals",
    "IScriptLog",
    "IScriptRegistry",
    "IScriptRepository",
    "IServices",
    "ISettingsRepository",
    "IUserRepository",
]
