"""Requirements are traced to tests and documents, and the table in docs/ is current."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from pathlib import Path
from types import ModuleType

from twisted.trial.unittest import SynchronousTestCase

from tests.installing import ROOT


def generator() -> ModuleType:
    """Import scripts/requirements.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("requirements_script", ROOT / "scripts" / "requirements.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TableTests(SynchronousTestCase):
    """The table of this checkout."""

    def test_current(self) -> None:
        """docs/requirements.md says what the tests and documents say now."""
        current = (ROOT / "docs" / "requirements.md").read_text("utf-8")
        message = "run: python scripts/requirements.py --write"
        self.assertEqual(current, generator().table(ROOT), message)

    def test_nothing_unknown(self) -> None:
        """No test or document names a requirement that does not exist."""
        self.assertEqual(generator().unknown(ROOT), [])

    def test_list_is_whole(self) -> None:
        """The list has every area, and a title and priority for each."""
        listed = generator().requirements(ROOT)
        areas = {ident.split("-")[1] for ident in listed}
        wanted = "ASSET AUTH CFG DATA DEPLOY DEV DOC GQL HTTP JS JSAPI LOG PERF RT SEC STD TEST"
        self.assertEqual(areas, set(wanted.split()))
        for ident, facts in listed.items():
            self.assertTrue(facts["title"], ident)
            self.assertIn(facts["priority"], ("critical", "high", "medium", "low"), ident)


class GeneratorTests(SynchronousTestCase):
    """The generator, on a small project."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp()).resolve()
        for folder in ("docs", "tests/deep", "_trial_temp"):
            (self.root / folder).mkdir(parents=True)
        listed = "".join(f'[REQ-RT-{n:03}]\ntitle = "T{n}"\npriority = "low"\n' for n in (1, 2, 3))
        (self.root / "docs" / "requirements.toml").write_text(listed)
        (self.root / "tests" / "deep" / "test_x.py").write_text(
            "class A:\n def test_req_rt_001_a(self): ...\n async def test_req_rt_001_b(self): ...\n"
            "# test_req_rt_003_in_a_comment\n"
        )
        (self.root / "README.md").write_text("Streams (REQ-RT-001/2).")
        (self.root / "docs" / "streams.md").write_text("REQ-RT-002, and REQ-RT-002 again.")
        self.script = generator()

    def run_main(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = self.script.main(list(arguments), self.root)
        return status, out.getvalue(), err.getvalue()

    def test_table(self) -> None:
        """Each requirement has a row with its tests and documents, by file."""
        status, out, _ = self.run_main()
        self.assertEqual(status, 0)
        self.assertIn(
            "| REQ-RT-001 T1 | low | [tests/deep/test_x.py](../tests/deep/test_x.py) "
            "| [README.md](../README.md) |\n"
            "| REQ-RT-002 T2 | low | - | [README.md](../README.md), [docs/streams.md](streams.md) |\n"
            "| REQ-RT-003 T3 | low | - | - |\n",
            out,
        )
        self.assertEqual(self.run_main("--untested")[1], "REQ-RT-002 T2\nREQ-RT-003 T3\n")

    def test_write_and_check(self) -> None:
        """--check fails until --write, and again when a test is added; counts do not matter."""
        self.assertEqual(self.run_main("--check")[0], 1)
        self.assertEqual(self.run_main("--write")[0], 0)
        self.assertEqual(self.run_main("--check")[0], 0)
        file = self.root / "tests" / "deep" / "test_x.py"
        file.write_text(file.read_text() + "def test_req_rt_001_c(): ...\n")
        self.assertEqual(self.run_main("--check")[0], 0)
        file.write_text(file.read_text() + "def test_req_rt_003_d(): ...\n")
        status, _, err = self.run_main("--check")
        self.assertEqual(status, 1)
        self.assertIn("docs/requirements.md is not current", err)

    def test_unknown(self) -> None:
        """A number that is not listed is refused, with the file."""
        (self.root / "docs" / "more.md").write_text("REQ-RT-009")
        (self.root / "tests" / "test_y.py").write_text("def test_req_no_001_x(): ...\n")
        status, _, err = self.run_main("--write")
        self.assertEqual(status, 1)
        self.assertIn("docs/more.md: there is no REQ-RT-009", err)
        self.assertIn("tests/test_y.py: there is no REQ-NO-001", err)

    def test_javascript_tests(self) -> None:
        """A JavaScript test counts by naming the requirement."""
        (self.root / "tests" / "case.js").write_text("// REQ-RT-003: replay\n")
        self.assertNotIn("REQ-RT-003", self.script.untested(self.root))
