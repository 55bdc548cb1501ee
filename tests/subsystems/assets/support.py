"""Assets behind the management API, in memory."""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config import CORE_SECTIONS
from aiwebengine.config.secret import Secret
from aiwebengine.plugins.aiwebengine_assets import assets
from aiwebengine.plugins.aiwebengine_management import management
from aiwebengine.subsystems.assets.settings import AssetSettings
from aiwebengine.subsystems.management.settings import KeySettings, ManagementSettings
from tests.scripts.fakes import RegistryHelper
from tests.subsystems.fakes import Configuration, Services
from tests.subsystems.web import FeatureHelper

KEY = "k" * 30
READER = "r" * 30


class Reloadable(Configuration):
    """A configuration whose sections can be changed."""

    def __init__(self, *args, **sections):
        super().__init__(*args, **sections)
        self._listeners = []

    def on_reload(self, apply):
        self._listeners.append(apply)

    def change(self, section, **fields):
        """Reload with other settings."""
        self.sections[section] = msgspec.structs.replace(self.sections[section], **fields)
        for apply in self._listeners:
            apply(self, self)


class AssetCase(SynchronousTestCase):
    """The plugins `assets` and `management` around a repository in memory."""

    settings: dict = {}

    def setUp(self):
        self.clock = Clock()
        self.helper = RegistryHelper(self)
        self.configuration = Reloadable("production", security={"api_key": KEY})
        for name in ("server", "javascript"):
            self.configuration.sections[name] = CORE_SECTIONS[name]()
        self.configuration.sections["assets"] = AssetSettings(**self.settings)
        reader = KeySettings(key=Secret(READER), role="read")
        self.configuration.sections["management"] = ManagementSettings(keys={"reader": reader})
        self.services = Services(self.helper, self.clock, self.configuration)
        self.repository = self.services.repository.assets
        self.feature = management.build(None, self.services)
        self.plugin = assets.build(self.configuration.section("assets"), self.services)
        self.services._providers += [self.feature, self.plugin]
        self.web = FeatureHelper(self, self.feature, self.clock, KEY)
        self.ask = self.web.ask

    def wait(self, coroutine):
        return self.helper.wait(coroutine)

    def path(self, name):
        return "/engine/assets/" + quote(name, safe="")

    def put(self, name, content=b"x", query="", **headers):
        """PUT an asset; ``content_type`` and others are headers."""
        named = {key.title(): value for key, value in headers.items()}
        return self.ask("PUT", self.path(name) + query, content, **named)

    def names(self):
        return [one.name for one in self.wait(self.repository.list())]

    def audit(self):
        """Give the audit entries' fields, oldest first."""
        found = self.ask("GET", "/engine/logs?kind=audit&limit=1000").json["entries"]
        return [one["audit"] for one in found]


def form(*parts, boundary="BOUND"):
    """Give a multipart body of (field, filename or None, content, content type or None)."""
    body = b""
    for field, filename, content, content_type in parts:
        disposition = f'form-data; name="{field}"' + (
            f'; filename="{filename}"' if filename is not None else ""
        )
        body += f"--{boundary}\r\nContent-Disposition: {disposition}\r\n".encode()
        if content_type:
            body += f"Content-Type: {content_type}\r\n".encode()
        body += b"\r\n" + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode()
