"""The ``crypto`` plugin's descriptor."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin


@implementer(IPlugin)
@attrs.frozen
class CryptoPlugin:
    """Web Cryptography for scripts: random values, digests, HMAC."""

    name: str = "crypto"
    summary: str = "Web Cryptography for scripts: random values, digests, HMAC."
    section: None = None
    settings: None = None
    requires: tuple[str, ...] = ("encoding",)

    def build(self, settings: Any, services: Any) -> object:
        """Make the provider."""
        from aiwebengine.subsystems.crypto.provider import CryptoGlobals

        return CryptoGlobals()


crypto = CryptoPlugin()
