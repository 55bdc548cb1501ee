"""Assets behind the management API, in memory."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import msgspec
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from aiwebengine.config import CORE_SECTIONS
from aiwebengine.config.secret import Secret
from aiwebengine.interfaces import IRequestObserver
from aiwebengine.plugins.aiwebengine_assets import assets
from aiwebengine.plugins.aiwebengine_management import management
from aiwebengine.subsystems.assets.settings import AssetSettings
from aiwebengine.subsystems.management.settings import KeySettings, ManagementSettings
from aiwebengine.web.dispatch import ScriptDispatch
from aiwebengine.web.errors import ErrorPages
from aiwebengine.web.fallbacks import Fallbacks
from aiwebengine.web.gates import Gates
from aiwebengine.web.root import Root
from aiwebengine.web.site import EngineSite
from tests.scripts.fakes import RegistryHelper
from tests.subsystems.fakes import Configuration, Services
from tests.subsystems.web import FeatureHelper
from tests.web.support import make_settings

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


class Reactor(Clock):
    """A clock whose threads run at once, or with ``hold`` when `release` is called."""

    hold = False

    def __init__(self):
        super().__init__()
        self._held = []

    def getThreadPool(self):
        return self

    def callFromThread(self, function, *arguments):
        function(*arguments)

    def callInThreadWithCallback(self, on_result, function, *arguments):
        self._held.append((on_result, function, arguments))
        if not self.hold:
            self.release()

    @property
    def held(self):
        """How much is held."""
        return len(self._held)

    def release(self, most=1_000_000):
        """Run what was held."""
        for _ in range(most):
            if not self._held:
                return
            on_result, function, arguments = self._held.pop(0)
            try:
                result = True, function(*arguments)
            except Exception:
                result = False, Failure()
            on_result(*result)


class Pool:
    """Sandboxes in which every script answers with its own URI."""

    def seed(self):
        return "5eed"

    def call(self, program, payload, sink, **about):
        sink.answered(["t", 200, "text/plain", [], [], f"script {program.uri}", 0, 0], None)


class AssetCase(SynchronousTestCase):
    """The plugins `assets` and `management` around a repository in memory."""

    settings: dict = {}

    def setUp(self):
        self.clock = Reactor()
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


class ServingCase(AssetCase):
    """The same with the dispatch to scripts, and files in ``self.root`` where ``self.directories`` says."""

    files: dict = {}

    def setUp(self):
        super().setUp()
        self.root = Path(self.mktemp()).resolve()
        self.root.mkdir()
        for name, content in self.files.items():
            self.write(name, content)
        if self.files:
            self.configuration.change("assets", directories=(str(self.root),))
        dispatch = ScriptDispatch(
            self.helper.registry, Pool(), self.helper.script_log, Fallbacks([self.plugin])
        )
        self.observer = Observer()
        settings = make_settings()
        gates = Gates((), [self.observer])
        root = Root(dispatch, settings=settings, gates=gates, features=[self.feature])
        self.web.site = EngineSite(
            settings, root, self.clock, gates=gates, errors=ErrorPages(development=True)
        )
        self.wait(self.plugin.start())
        self.addCleanup(lambda: self.wait(self.plugin.stop()))

    def write(self, name, content):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)


@implementer(IRequestObserver)
class Observer:
    """Keeps the records of what was answered."""

    def __init__(self):
        self.records = []

    def finished(self, exchange):
        self.records.append(exchange.record)


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
