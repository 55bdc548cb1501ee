"""``twistd aiwebengine``: options, and the service made from them."""

# typing note: Twisted's services and options are untyped.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import atexit
import gc
import os
import sys
from typing import Any

from twisted.application.service import IService, MultiService
from twisted.logger import ILogObserver
from twisted.python import usage
from twisted.python.components import Componentized

from aiwebengine.config import ConfigurationSources, load
from aiwebengine.config.presentation import problem_report, validate_summary
from aiwebengine.config.unsupported import refuse_unsupported
from aiwebengine.discovery import Configured, discover_configured
from aiwebengine.errors import AIWebEngineError, ConfigurationInvalid
from aiwebengine.roster import Plan

__all__ = ["Options", "makeService"]


class Options(usage.Options):
    """The command line of ``twistd aiwebengine``; reads and validates the configuration at once."""

    synopsis = "twistd [twistd options] aiwebengine [options]"
    longdesc = "Serve isolated JavaScript over HTTP. See docs/CONFIGURATION.md."
    optParameters = [  # noqa: N815
        ["env", None, None, "Environment, such as development, staging or production."],
        ["help-plugin", None, None, "Explain the plugin of this name and its settings, and exit."],
    ]
    optFlags = [  # noqa: N815
        ["validate-config", None, "Check the configuration, print a summary or every problem, and exit."],
        ["list-plugins", None, "List the plugins found, with origin and state, and exit."],
    ]
    compData = usage.Completions()  # noqa: N815

    def __init__(self) -> None:
        super().__init__()
        self.parent: Any = None
        self._lists: dict[str, list[str]] = {"config": [], "set": [], "scripts": [], "listen": []}
        self.configuration: Any = None
        self.plan: Plan | None = None

    def opt_config(self, value: str) -> None:
        """Configuration file, TOML, YAML or JSON5; may be repeated, later ones win."""
        self._lists["config"].append(value)

    def opt_set(self, value: str) -> None:
        """section.key=value, over everything else; may be repeated."""
        self._lists["set"].append(value)

    def opt_scripts(self, value: str) -> None:
        """Directory of scripts to load; may be repeated."""
        self._lists["scripts"].append(value)

    def opt_listen(self, value: str) -> None:
        """Twisted endpoint string to listen on; may be repeated."""
        self._lists["listen"].append(value)

    def sources(self) -> ConfigurationSources:
        """Give what the command line says about the configuration."""
        return ConfigurationSources(
            files=self._lists["config"],
            environment=self["env"] or "",
            settings=self._lists["set"],
            scripts=self._lists["scripts"],
            listen=self._lists["listen"],
        )

    def postOptions(self) -> None:  # noqa: N802
        """Read the configuration and find the plugins; problems are one clear message, exit status 1."""
        sources = self.sources()
        try:
            found = discover_configured(sources)
            self._answer_questions(found)
            self.plan = found.plan.check()
            self.configuration = load(sources, found.roster.schemas())
            refuse_unsupported(self.configuration)
        except ConfigurationInvalid as error:
            sys.stderr.write(problem_report(error).rstrip() + "\n")
            raise SystemExit(1) from None
        except AIWebEngineError as error:
            sys.stderr.write(f"aiwebengine: {error}\n")
            raise SystemExit(1) from None
        if self["validate-config"]:
            print(validate_summary(self.configuration))
            raise SystemExit(0)

    def _answer_questions(self, found: Configured) -> None:
        """Print what --list-plugins or --help-plugin ask for, and end with status 0."""
        from aiwebengine.plugin_text import help_text, list_text

        if self["list-plugins"]:
            print(list_text(found.plan))
        elif self["help-plugin"]:
            print(help_text(found.roster.offer(self["help-plugin"])))
        else:
            return
        raise SystemExit(0)


class EngineRoot(MultiService):
    """The service twistd starts; brings the log observer that stands for twistd's own."""

    def __init__(self, observer: ILogObserver | None) -> None:
        super().__init__()
        self._observer = observer

    def setServiceParent(self, parent: Any) -> None:  # noqa: N802
        """Join the application, whose ILogObserver component twistd asks for before it begins to log."""
        if self._observer is not None and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._observer)
        super().setServiceParent(parent)


def makeService(options: Options) -> IService:  # noqa: N802 - the name twistd asks for
    """Make the service of a whole server from parsed options."""
    from twisted.internet import reactor
    from twisted.logger import Logger

    from aiwebengine.config.reloading import ConfigurationWatch, install_sighup
    from aiwebengine.engine import Engine
    from aiwebengine.log_targets import open_log_targets
    from aiwebengine.web.descriptors import raise_open_files
    from aiwebengine.web.server import EngineServer

    configuration, plan = options.configuration, options.plan
    assert plan is not None  # noqa: S101 - postOptions has run
    try:
        targets = open_log_targets(configuration, options.parent, console=sys.stdout)
        engine = Engine.from_configuration(reactor, configuration, plan)
    except ConfigurationInvalid as error:
        sys.stderr.write(problem_report(error).rstrip() + "\n")
        raise SystemExit(1) from None
    except (AIWebEngineError, OSError) as error:
        sys.stderr.write(f"aiwebengine: {error}\n")
        raise SystemExit(1) from None
    for warning in plan.warnings:
        Logger(namespace="aiwebengine").warn("{warning}", warning=warning)
    configuration.on_reload(targets.reconfigured)
    targets.rotate_on_signal(reactor)
    server = EngineServer(reactor, engine, accepting=_spare_the_collector)
    raise_open_files(configuration.section("server").max_connections)
    install_sighup(reactor, configuration.reload)
    if configuration.environment == "development":
        watch = ConfigurationWatch(reactor, configuration.watched_files, configuration.reload)
        reactor.callWhenRunning(watch.start)
    reactor.addSystemEventTrigger("after", "shutdown", _exit_badly_if_failed, server)
    service = EngineRoot(targets.observer)
    server.setServiceParent(service)
    return service


def _spare_the_collector() -> None:
    """Take what the start has made out of garbage collection: a pass over it stops all requests for 40 ms."""
    gc.collect()
    gc.freeze()


def _exit_badly_if_failed(server: Any) -> None:
    if server.failed:
        # twistd has no way to say that a service failed after the reactor started.
        atexit.register(_exit_at_once)


def _exit_at_once() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)
