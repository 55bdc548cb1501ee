"""The ``aiwebengine`` command; each subcommand's module is imported when it is used."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any

import click

__all__ = ["COMMANDS", "LazyGroup", "command", "main"]

COMMANDS: Mapping[str, str] = {
    "assets": "aiwebengine.cli.assets:assets",
    "backup": "aiwebengine.cli.backup:backup",
    "check-config": "aiwebengine.cli.config:check_config",
    "config": "aiwebengine.cli.config:config",
    "deploy": "aiwebengine.cli.deploy:deploy",
    "export": "aiwebengine.cli.export:export",
    "import": "aiwebengine.cli.import_:import_",
    "logs": "aiwebengine.cli.logs:logs",
    "migrate": "aiwebengine.cli.migrate:migrate",
    "new": "aiwebengine.cli.new:new",
    "plugins": "aiwebengine.cli.plugins:plugins",
    "profile": "aiwebengine.cli.profiles:profile",
    "restore": "aiwebengine.cli.restore:restore",
    "scripts": "aiwebengine.cli.scripts:scripts",
    "serve": "aiwebengine.cli.serve:serve",
    "test": "aiwebengine.cli.test:test",
    "types": "aiwebengine.cli.types:types",
    "version": "aiwebengine.cli.version:version",
}


class LazyGroup(click.Group):
    """A group whose commands are ``module:attribute`` texts; modules that are absent are passed over."""

    def __init__(self, *args: Any, targets: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._targets = targets

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of the commands whose module is there."""
        present = [
            name
            for name, target in self._targets.items()
            if importlib.util.find_spec(target.partition(":")[0]) is not None
        ]
        return sorted([*super().list_commands(ctx), *present])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None for an unknown one."""
        if cmd_name not in self._targets or cmd_name not in self.list_commands(ctx):
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._targets[cmd_name].partition(":")
        found = getattr(importlib.import_module(module), attribute)
        if not isinstance(found, click.Command):
            raise TypeError(f"{self._targets[cmd_name]} is no click command")
        return found


def _know_plugins(ctx: click.Context) -> None:
    """Have ``config`` and ``check-config`` know the sections of plugins."""

    def schemas(sources: Any) -> Any:
        from aiwebengine.discovery import discover_configured

        configured = discover_configured(sources)
        configured.plan.check()
        return configured.roster.schemas()

    ctx.meta["aiwebengine.config.schemas"] = schemas


command = LazyGroup(
    "aiwebengine",
    callback=click.pass_context(_know_plugins),
    targets=COMMANDS,
    help="Serve isolated JavaScript over HTTP, and manage what is served.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line of this process; ends it with 0, 1 (refused or failed) or 2 (wrong usage)."""
    command.main(prog_name="aiwebengine")
