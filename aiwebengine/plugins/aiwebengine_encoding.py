"""The plugin ``encoding``."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices


@implementer(IPlugin)
@attrs.frozen
class EncodingPlugin:
    """Descriptor of the encoding names."""

    name: str = "encoding"
    summary: str = "Escaping, html templates, text encodings, base64, hashes and dates for scripts."
    section: None = None
    settings: None = None
    requires: tuple[str, ...] = ()

    def build(self, settings: Any, services: IServices) -> object:
        """Make the provider."""
        from aiwebengine.sandbox.globals import PackagedGlobals

        return PackagedGlobals("aiwebengine.subsystems.encoding")


encoding = EncodingPlugin()
