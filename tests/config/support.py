"""What the tests of the configuration share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config import Configuration, ConfigurationSources, Secret, load
from aiwebengine.errors import ConfigurationInvalid


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A nested table."""

    client_id: str
    client_secret: Annotated[Secret, Meta(description="Of the client.")] = Secret("")
    scopes: list[str] = msgspec.field(default_factory=list)


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A table with an environment's default and two keys that belong together."""

    min_size: Annotated[int, Meta(ge=0, extra={"reload": True})] = 1
    max_size: Annotated[int, Meta(ge=0)] = 10
    verbose: Annotated[bool, Meta(extra={"defaults": {"development": True}})] = False

    def check(self):
        if self.min_size > self.max_size:
            yield ("min_size", "max_size"), "at most window.max_size"


class SampleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin's section."""

    window: Window = Window()
    wide: Window = Window(max_size=99)
    providers: dict[str, Provider] = msgspec.field(default_factory=dict)
    token: Annotated[str, Meta(extra={"secret": True})] = ""
    tokens: list[Secret] = msgspec.field(default_factory=list)
    ratio: Annotated[float, Meta(gt=0, le=1, description="Between.")] = 0.5
    maybe: int | None = None
    either: int | str = 1
    pair: Annotated[list[int], Meta(min_length=2)] = msgspec.field(default_factory=lambda: [1, 2])
    labels: Annotated[dict[str, int], Meta(max_length=1)] = msgspec.field(default_factory=dict)
    rows: tuple[Provider, ...] = ()
    choice: Literal[1, 2, "all"] = 1
    account: Provider = Provider(client_id="anonymous", scopes=["read"])
    level: Annotated[int, Meta(multiple_of=5)] = 5
    name: Annotated[str, Meta(pattern="^[a-z]*$", max_length=8)] = ""
    mode: str = msgspec.field(default="plain", name="output-mode")
    certificate: Annotated[str | None, Meta(extra={"path": True})] = None


SAMPLE = {"sample": SampleSettings}


class ConfigurationTestCase(SynchronousTestCase):
    """Loads configurations from a directory of its own, with variables of its own."""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir()

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def sources(self, **options) -> ConfigurationSources:
        options.setdefault("variables", {})
        return ConfigurationSources(directory=self.directory, **options)

    def load(self, **options) -> Configuration:
        return load(self.sources(**options), SAMPLE)

    def problems(self, **options) -> list[str]:
        error = self.assertRaises(ConfigurationInvalid, self.load, **options)
        self.assertEqual(str(error), "\n".join(str(problem) for problem in error.problems))
        return [str(problem) for problem in error.problems]

    def problem(self, **options) -> str:
        problems = self.problems(**options)
        self.assertEqual(len(problems), 1, problems)
        return problems[0]
