"""Plugin descriptor: security headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices


@implementer(IPlugin)
class _SecurityHeaders:
    name = "security_headers"
    summary = "Security headers on every answer; https where security.require_https is set."
    section = None  # it reads the core section [security]
    settings = None
    requires: Sequence[str] = ()

    def build(self, settings: Any, services: IServices) -> object | None:
        """Make the gate."""
        from aiwebengine.subsystems.security_headers.gate import SecurityHeadersGate

        configuration = services.configuration
        gate = SecurityHeadersGate(configuration.section("security"))
        configuration.on_reload(lambda old, new: gate.apply(new.section("security")))
        return gate


security_headers = _SecurityHeaders()
