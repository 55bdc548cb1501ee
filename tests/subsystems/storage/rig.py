"""What the tests of storage over HTTP share: a script that does what it is told, and who asks."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from aiwebengine.testing.client import Answer
from tests.http.support import EngineCase

_SCRIPT = """
const arrived = (value) => (value === "__undefined" ? undefined : value);
const leaving = (value) => (value === undefined ? "__undefined" : value instanceof Map ? [...value] : value);
async function call(given) {
  const where = given.user ? storage.user : storage;
  return leaving(await where[given.function](...(given.args ?? []).map(arrived)));
}
register("/NAME/call", async (req) => ({ found: await call(req.json) }), "POST");
register("/NAME/together", async (req) => ({ found: await Promise.all(req.json.map(call)) }), "POST");
register("/NAME/caught", async (req) => {
  try {
    return { found: await call(req.json) };
  } catch (error) {
    const { name, message, code = null } = error;
    return { name, message, code, native: error instanceof ({ RangeError, TypeError }[name] ?? Object) };
  }
}, "POST");
"""

# Believes who a client says it is, as the sign-in of a later version does with better reason.
_GATE = """
from aiwebengine.interfaces import IPlugin, IRequestGate
from zope.interface import implementer


@implementer(IRequestGate)
class Believing:
    order = 1

    def before(self, exchange):
        user = exchange.header("x-user")
        if user:
            exchange.auth = {"isAuthenticated": True, "userId": user, "roles": []}

    def after(self, exchange, status, headers):
        pass


@implementer(IPlugin)
class Plugin:
    name = "believing"
    summary = "Signs in whoever says so."
    section = settings = None
    requires = ()

    def build(self, settings, services):
        return Believing()


believing = Plugin()
"""


def storing(name: str) -> str:
    """Give the source of a script that answers below ``/NAME``."""
    return _SCRIPT.replace("NAME", name)


class StorageCase(EngineCase):
    """Two scripts, ``a.js`` and ``b.js``, over SQLite."""

    scripts: ClassVar[Mapping[str, str]] = {"a.js": storing("a"), "b.js": storing("b")}
    more: ClassVar[Mapping[str, object]] = {}

    @classmethod
    def begin_engine(cls) -> None:
        plugins = Path(tempfile.mkdtemp(prefix="aiwebengine-plugins-"))
        (plugins / "believing.py").write_text(_GATE)
        data = Path(tempfile.mkdtemp(prefix="aiwebengine-data-"))
        cls.settings = {
            "repository.database_url": f"sqlite:///{data}/data.db",
            "plugins.directories": [str(plugins)],
            "javascript.execution_timeout_ms": 5000,
            **cls.more,
        }
        super().begin_engine()

    def ask(self, script: str, path: str, data: Any, user: str = "") -> Answer:
        """Ask a script for something, as a user if one is named."""
        headers = {"X_User": user} if user else {}
        return self.client.post(f"/{script}/{path}", json.dumps(data), "application/json", **headers)

    def do(self, script: str, function: str, *args: Any, user: str = "") -> Any:
        """Have a script call a function of `storage` (of `storage.user` for a user) and give what it gave."""
        answer = self.ask(script, "call", {"function": function, "args": args, "user": bool(user)}, user)
        self.assertEqual(answer.status, 200, answer)
        return answer.json["found"]

    def caught(self, script: str, function: str, *args: Any, user: bool = False) -> Any:
        """Give the error that the script caught."""
        answer = self.ask(script, "caught", {"function": function, "args": args, "user": user})
        self.assertEqual(answer.status, 200, answer)
        return answer.json
