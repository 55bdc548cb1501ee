"""The plugin ``crypto``."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices


@implementer(IPlugin)
@attrs.frozen
class CryptoPlugin:
    """Descriptor of the crypto names."""

    name: str = "crypto"
    summary: str = "Web Cryptography for scripts: random values, digests, HMAC."
    section: None = None
    settings: None = None
    requires: tuple[str, ...] = ("encoding",)

    def build(self, settings: Any, services: IServices) -> object:
        """Make the provider."""
        from aiwebengine.sandbox.globals import PackagedGlobals

        return PackagedGlobals("aiwebengine.subsystems.crypto")


crypto = CryptoPlugin()
