"""The files which ``aiwebengine new`` and ``aiwebengine plugins new`` make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from string import Template

import click

import aiwebengine
from aiwebengine import VERSION

__all__ = ["application", "plugin"]


def application(name: str, directory: Path, verbatim: Mapping[str, str] | None = None) -> Path:
    """
    Make an application in ``directory/name`` and give its path; ``verbatim`` are further files of it.

    Raises click.ClickException.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise click.BadParameter("must be letters, digits, - and _", param_hint="NAME")
    root = _write(directory / name, _APPLICATION, {"name": name})
    for path, text in (verbatim or {}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def plugin(name: str, directory: Path) -> Path:
    """Make the distribution ``aiwebengine-NAME`` and give its path. Raises click.ClickException."""
    short = name.lower().removeprefix("aiwebengine-").removeprefix("aiwebengine_").replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", short):
        raise click.BadParameter("must begin with a letter; letters, digits, - and _", param_hint="NAME")
    if (Path(aiwebengine.__file__).parent / "plugins" / f"aiwebengine_{short}.py").exists():
        raise click.BadParameter(f"the engine has a plugin {short} of its own", param_hint="NAME")
    words = {
        "name": short,
        "distribution": f"aiwebengine-{short.replace('_', '-')}",
        "module": f"aiwebengine_{short}",
        "cls": "".join(word.capitalize() for word in short.split("_")),
        "version": VERSION,
    }
    return _write(directory / words["distribution"], _PLUGIN, words)


def _write(root: Path, files: Mapping[str, str], words: Mapping[str, str]) -> Path:
    try:
        root.mkdir(parents=True)
    except FileExistsError:
        raise click.ClickException(f"{root} exists already") from None
    for path, text in files.items():
        file = root / Template(path).substitute(words)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Template(text).substitute(words), encoding="utf-8")
    return root


_APPLICATION = {
    "aiwebengine.toml": """\
# All sections and keys: docs/CONFIGURATION.md.
# To check this file: aiwebengine check-config --config aiwebengine.toml

[server]
host = "127.0.0.1"
port = 8080

[repository]
database_url = "sqlite:///var/aiwebengine.db"

[scripts]
directories = ["scripts"]
""",
    "scripts/hello.js": """\
// GET /hello?name=you
function hello(request) {
  const name = request.query.name ?? "world";
  return { body: `Hello, $${name}!\\n` };
}

register("/hello", hello, "GET");
""",
    "tests/hello.test.js": """\
// Run by: aiwebengine test
const app = loadScript("../scripts/hello.js");

describe("GET /hello", () => {
  it("greets by name", async () => {
    const response = await app.get("/hello", { query: { name: "Ada" } });
    expect(response.status).toBe(200);
    expect(response.body).toBe("Hello, Ada!\\n");
  });

  it("greets the world without a name", async () => {
    expect((await app.get("/hello")).body).toContain("world");
  });
});
""",
    "jsconfig.json": """\
{
  "compilerOptions": {
    "checkJs": true,
    "target": "ES2024",
    "lib": ["ES2024", "ESNext"],
    "moduleDetection": "force",
    "types": [],
    "noEmit": true
  },
  "include": ["scripts", "tests", "types"]
}
""",
    "README.md": """\
# $name

An application for aiwebengine.

    aiwebengine serve --config aiwebengine.toml

Open http://127.0.0.1:8080/hello?name=you. Then change `scripts/hello.js`: in development it is loaded again
at once.

Run the tests in `tests`, no server needed:

    aiwebengine test

Editors that know TypeScript complete and check names by `jsconfig.json` and `types`. To renew the latter:

    aiwebengine types -o types/aiwebengine.d.ts
    aiwebengine types --tests -o types/aiwebengine-test.d.ts

Put it on a running engine elsewhere:

    aiwebengine profile add live --url https://engine.example --api-key-stdin
    aiwebengine deploy scripts --profile live
""",
    ".gitignore": "/var/\n.env\n",
}

_PLUGIN = {
    "pyproject.toml": """\
[build-system]
requires = ["setuptools >= 77"]
build-backend = "setuptools.build_meta"

[project]
name = "$distribution"
version = "0.1.0"
description = "A plugin for aiwebengine."
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["aiwebengine >= $version"]

[project.optional-dependencies]
test = ["treq"]

[project.entry-points."aiwebengine.plugins"]
$name = "$module:plugin"

[tool.setuptools]
py-modules = ["$module"]
""",
    "$module.py": '''\
"""A plugin for aiwebengine: greets at ``/$name``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import attrs
import msgspec
from aiwebengine.interfaces import IFeature, IPlugin, IServices
from zope.interface import implementer

if TYPE_CHECKING:
    from twisted.web.resource import IResource


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The section ``[$name]``."""

    enabled: Annotated[bool, msgspec.Meta(description="Whether /$name answers.")] = True
    greeting: Annotated[str, msgspec.Meta(description="What it says.", min_length=1)] = "Hello"


@implementer(IFeature)
@attrs.frozen
class $cls:
    """Answers below ``/$name``."""

    greeting: str
    prefixes: Sequence[str] = ("$name",)

    def resource(self) -> IResource:
        """Give the resource that answers."""
        from twisted.web.static import Data

        return Data(f"{self.greeting} from $name\\n".encode(), "text/plain; charset=utf-8")


@implementer(IPlugin)
@attrs.frozen
class ${cls}Plugin:
    """Describes the plugin to aiwebengine."""

    name: str = "$name"
    summary: str = "Greets at /$name."
    section: str | None = "$name"
    settings: type[msgspec.Struct] | None = Settings
    requires: Sequence[str] = ()

    def build(self, settings: Settings, services: IServices) -> $cls | None:
        """Make the feature, or None when it is switched off."""
        return $cls(settings.greeting) if settings.enabled else None


plugin = ${cls}Plugin()
''',
    "test_$module.py": '''\
"""The plugin is found, and answers."""

from aiwebengine.discovery import discover_installed
from aiwebengine.interfaces import IFeature
from treq.testing import StubTreq
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource
from zope.interface.verify import verifyObject

from $module import Settings, plugin


class ${cls}Tests(SynchronousTestCase):
    """What a user of the plugin relies on."""

    def test_installed(self) -> None:
        """aiwebengine finds the plugin, and it is this one."""
        offer = discover_installed().offer("$name")
        self.assertIs(offer.plugin, plugin)
        self.assertIn("$distribution", offer.origin)

    def test_answers(self) -> None:
        """The feature greets with the configured words."""
        feature = plugin.build(Settings(greeting="Good day"), None)
        verifyObject(IFeature, feature)
        root = Resource()
        root.putChild(b"$name", feature.resource())
        client = StubTreq(root)
        response = self.successResultOf(client.get("http://localhost/$name"))
        self.assertEqual(response.code, 200)
        self.assertEqual(self.successResultOf(client.content(response)), b"Good day from $name\\n")

    def test_switched_off(self) -> None:
        """enabled = false leaves nothing behind."""
        self.assertIsNone(plugin.build(Settings(enabled=False), None))
''',
    "README.md": """\
# $distribution

A plugin for aiwebengine which greets at `/$name`.

    pip install $distribution
    aiwebengine plugins --about $name

```toml
[$name]
greeting = "Good day"
```

Its tests: `pip install -e '.[test]' && python -m twisted.trial test_$module`.
""",
    ".gitignore": "__pycache__/\n*.egg-info/\nbuild/\ndist/\n_trial_temp*\n",
}
