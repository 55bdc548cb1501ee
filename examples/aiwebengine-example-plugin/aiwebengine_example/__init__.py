"""An example plugin: a route, two JavaScript globals and a request gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import attrs
import msgspec
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices

if TYPE_CHECKING:
    from aiwebengine_example.provider import Example

__all__ = ["Settings", "plugin"]


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The section ``[example]``."""

    enabled: Annotated[bool, msgspec.Meta(description="Whether the plugin does anything.")] = True
    header: Annotated[
        str, msgspec.Meta(description="The value of X-Example on every answer.", pattern=r"^[\x20-\x7e]*$")
    ] = "served"


@implementer(IPlugin)
@attrs.frozen
class ExamplePlugin:
    """Describes the plugin; what it makes is imported by `build` only."""

    name: str = "example"
    summary: str = "A route, JavaScript globals and a gate, as an example."
    section: str | None = "example"
    settings: type[msgspec.Struct] | None = Settings
    requires: Sequence[str] = ()

    def build(self, settings: Settings, services: IServices) -> Example | None:
        """Make the provider, or None when it is switched off."""
        from aiwebengine_example.provider import Example

        return Example(settings.header) if settings.enabled else None


plugin = ExamplePlugin()
