"""Each file of tests/test_scripts passes: examples of how to test, and tests of the test functions."""

from __future__ import annotations

from pathlib import Path

from aiwebengine.config.sources import ConfigurationSources
from tests.installing import ROOT
from tests.testing.javascript.support import PATIENT, BenchCase

FOLDER = ROOT / "tests" / "test_scripts"
LEFT_OUT = {"skipping.test.js": {"skipped": 4, "todo": 1}}


class ScriptTests(BenchCase):
    """One method per file."""

    async def check(self, file: Path) -> None:
        sources = ConfigurationSources(variables={}, directory=ROOT, settings=(PATIENT,))
        summary, _ = await self.run_in(ROOT, sources, [file], timeout_ms=60_000)
        self.assertIsNone(summary.files[0].trouble)
        failed = [
            f"{one.case.full_name}: {trouble.place}: {trouble.message}"
            for one in summary.files[0].outcomes
            for trouble in one.troubles
        ]
        self.assertEqual(failed, [])
        self.assertGreater(summary.count("passed"), 0)
        for state, count in LEFT_OUT.get(file.name, {"skipped": 0, "todo": 0}).items():
            self.assertEqual(summary.count(state), count)

    def test_req_test_006_folder(self) -> None:
        """The folder holds test scripts and helpers."""
        self.assertGreaterEqual(len(list(FOLDER.glob("*.test.js"))), 7)
        self.assertTrue(list(FOLDER.glob("helpers/*.js")))


def _add(file: Path) -> None:
    async def test(self: ScriptTests) -> None:
        await self.check(file)

    name = file.name.removesuffix(".test.js").replace("-", "_")
    test.__doc__ = f"{file.name} passes."
    test.__name__ = f"test_req_test_006_{name}"
    setattr(ScriptTests, test.__name__, test)


for _file in sorted(FOLDER.glob("*.test.js")):
    _add(_file)
