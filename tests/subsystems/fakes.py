"""Services for subsystems under test."""

from __future__ import annotations

from types import SimpleNamespace

from zope.interface import implementer

from aiwebengine.interfaces import IConfiguration, IServices


@implementer(IConfiguration)
class Configuration:
    """Sections as plain namespaces."""

    def __init__(self, environment="development", **sections):
        self.environment = environment
        self.sections = {
            "security": SimpleNamespace(api_key="", mode=environment),
            "server": SimpleNamespace(host="127.0.0.1", port=8080, listen=(), public_url=""),
            "javascript": SimpleNamespace(max_script_bytes=1000000),
        }
        for name, fields in sections.items():
            vars(self.sections.setdefault(name, SimpleNamespace())).update(fields)

    def section(self, name):
        return self.sections[name]

    def on_reload(self, apply):
        raise NotImplementedError


@implementer(IServices)
class Services:
    """What a plugin's build gets, around a `tests.scripts.fakes.RegistryHelper`."""

    def __init__(self, helper, reactor, configuration=None, providers=()):
        self.reactor = reactor
        self.configuration = configuration or Configuration()
        self.scripts = helper.registry
        self.sandboxes = helper.pool
        self.repository = helper.repository
        self.script_log = helper.script_log
        self.urls = ()
        self._providers = list(providers)

    def providers(self, interface):
        return [one for one in self._providers if interface.providedBy(one)]
