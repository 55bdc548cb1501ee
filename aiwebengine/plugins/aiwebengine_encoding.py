"""The ``encoding`` plugin's descriptor."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin


@implementer(IPlugin)
@attrs.frozen
class EncodingPlugin:
    """Escaping, html templates, text encodings, base64, hashes and dates for scripts."""

    name: str = "encoding"
    summary: str = "Escaping, html templates, text encodings, base64, hashes and dates for scripts."
    section: None = None
    settings: None = None
    requires: tuple[str, ...] = ()

    def build(self, settings: Any, services: Any) -> object:
        """Make the provider."""
        from aiwebengine.subsystems.encoding.provider import EncodingGlobals

        return EncodingGlobals()


encoding = EncodingPlugin()
