"""The examples of docs/testing-scripts.md and the application that `aiwebengine new` makes pass."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from aiwebengine.cli import command
from aiwebengine.config.sources import ConfigurationSources
from tests.installing import ROOT
from tests.testing.javascript.support import BenchCase

EXAMPLES = re.findall(
    r"^```js\n(.*?)^```", (ROOT / "docs" / "testing-scripts.md").read_text("utf-8"), re.M | re.S
)


class DocumentationTests(BenchCase):
    """In an application just made."""

    def new(self) -> Path:
        place = Path(self.mktemp()).resolve()
        result = CliRunner().invoke(command, ["new", "shop", "--directory", str(place)])
        self.assertEqual(result.exit_code, 0, result.output)
        return place / "shop"

    async def test_req_test_006_examples(self) -> None:
        """Every example passes; those left out are meant to be."""
        root = self.new()
        for number, example in enumerate(EXAMPLES):
            (root / "tests" / f"example{number}.test.js").write_text(example)
        sources = ConfigurationSources(variables={}, directory=root, files=("aiwebengine.toml",))
        summary, _ = await self.run_in(root, sources, timeout_ms=20_000)
        for file in summary.files:
            self.assertIsNone(file.trouble)
            for one in file.outcomes:
                self.assertEqual(one.troubles, [] if one.state == "passed" else (), one.case.full_name)
        self.assertEqual(len(summary.files), len(EXAMPLES) + 1)
        self.assertGreaterEqual(summary.count("passed"), 12)
        self.assertEqual((summary.count("skipped"), summary.count("todo")), (2, 1))

    async def test_scaffold(self) -> None:
        """The application's own test passes, with its configuration."""
        root = self.new()
        sources = ConfigurationSources(variables={}, directory=root, files=("aiwebengine.toml",))
        summary, _ = await self.run_in(root, sources)
        self.assertEqual((summary.exit_code, summary.count("passed")), (0, 2))
        for name in ("types/aiwebengine.d.ts", "types/aiwebengine-test.d.ts", "jsconfig.json"):
            self.assertTrue((root / name).is_file())
