"""Reports of runs: TAP, JUnit XML, for people."""

from __future__ import annotations

from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.testing.javascript.junit import JUnitReport, junit_xml
from aiwebengine.testing.javascript.reports import HumanReport, JSONReport, Reports, TAPReport, difference
from aiwebengine.testing.javascript.results import Case, FileResult, Outcome, Summary, Trouble

LONG = "{\n  a: 1,\n  b: 2,\n}"
WRONG = Trouble(
    "AssertionError",
    "expected this\nto be that",
    "a.test.js",
    3,
    5,
    "    at f (a.test.js:3:5)\n    at g (a.test.js:9:1)",
    "> 3 | expect(a)",
    LONG,
    LONG.replace("2", "\x01"),
)
LOG = {"level": "warn", "script": "a.js", "message": "careful\nnow", "line": 7}
OUTCOMES = (
    Outcome(Case("a.test.js", "1", "passes", ("s", "t"), line=1), "passed", 12.0),
    Outcome(Case("a.test.js", "2", "fails # 1", ("s",), line=2), "failed", 250.0, [WRONG], [LOG]),
    Outcome(Case("a.test.js", "3", "skips"), "skipped"),
    Outcome(Case("a.test.js", "4", "comes"), "todo"),
)
BROKEN = FileResult("b.test.js", (), Trouble("LoadError", "SyntaxError: no", "b.test.js", 2, 1))
SUMMARY = Summary((FileResult("a.test.js", OUTCOMES), BROKEN), 1234.5, bailed=True)


def told(report: object) -> None:
    reports = Reports([report])  # type: ignore[list-item]
    reports.began("a.test.js")
    for outcome in OUTCOMES:
        reports.ended(outcome)
    reports.broke(BROKEN)
    reports.finished(SUMMARY)


class ReportTests(SynchronousTestCase):
    """Each form, from the same run."""

    def test_human(self) -> None:
        """Suites are named once; a failure has place, message, frame, difference, stack and log."""
        lines: list[str] = []
        told(HumanReport(lines.append, lambda text, colour: f"<{colour}>{text}" if colour == "red" else text))
        self.assertEqual(
            "\n".join(lines),
            """\
a.test.js
  s
    t
      ✓ passes
    <red>✗ fails # 1 (250 ms)
  - skips (skipped)
  … comes (todo)
b.test.js
  <red>does not load
  b.test.js:2:1
  <red>SyntaxError: no

1) s > fails # 1
   a.test.js:3:5
   <red>expected this
   to be that

   > 3 | expect(a)

   - expected  <red>+ received
     {
       a: 1,
   -   b: 2,
   <red>+   b: \x01,
     }

       at f (a.test.js:3:5)
       at g (a.test.js:9:1)
   log warn a.js:7: careful
     now

4 tests: 1 passed, <red>1 failed, 1 skipped, 1 todo; <red>1 file(s) do not load; \
stopped at the first failure (1.23 s)""",
        )

    def test_req_test_006_tap(self) -> None:
        """TAP 14: escaped names, directives, YAML details, a bail out, the plan."""
        lines: list[str] = []
        told(TAPReport(lines.append))
        self.assertEqual(
            "\n".join(lines),
            r"""TAP version 14
ok 1 - a.test.js > s > t > passes
not ok 2 - a.test.js > s > fails \# 1
  ---
  message: "expected this\nto be that"
  name: "AssertionError"
  at: "a.test.js:3:5"
  expected: "{\n  a: 1,\n  b: 2,\n}"
  actual: "{\n  a: 1,\n  b: \u0001,\n}"
  duration_ms: 250.0
  ...
ok 3 - a.test.js > skips # SKIP
not ok 4 - a.test.js > comes # TODO
not ok 5 - b.test.js does not load
  ---
  message: "SyntaxError: no"
  name: "LoadError"
  at: "b.test.js:2:1"
  duration_ms: 0.0
  ...
Bail out! stopped at the first failure
1..5""",
        )
        lines.clear()
        TAPReport(lines.append).finished(Summary(()))
        self.assertEqual(lines, ["TAP version 14", "1..0"])

    def test_req_test_006_junit(self) -> None:
        """JUnit XML: counts, classes, failures, errors, logs; characters XML lacks are replaced."""
        written: list[bytes] = []
        told(JUnitReport(written.append))
        self.assertEqual(written, [junit_xml(SUMMARY)])
        root = ElementTree.fromstring(written[0])
        counts = {key: root.get(key) for key in ("tests", "failures", "errors", "skipped", "time")}
        self.assertEqual(
            counts, {"tests": "5", "failures": "1", "errors": "1", "skipped": "2", "time": "1.234"}
        )
        first, second = root
        self.assertEqual([case.get("name") for case in first], ["passes", "fails # 1", "skips", "comes"])
        self.assertEqual(first[0].get("classname"), "a.test.js > s > t")
        failure = first[1].find("failure")
        assert failure is not None and failure.text is not None
        self.assertEqual(failure.get("message"), "expected this\nto be that")
        self.assertIn("+   b: \ufffd,", failure.text)
        self.assertEqual(first[1].findtext("system-out"), "warn a.js: careful\nnow")
        self.assertEqual([case.find("skipped") is not None for case in first], [False, False, True, True])
        self.assertIsNotNone(second[0].find("error"))

    def test_json(self) -> None:
        """One object, when all is over."""
        lines: list[str] = []
        told(JSONReport(lines.append))
        self.assertEqual(len(lines), 1)
        self.assertIn('"broken_files": 1', lines[0])

    def test_short_values_have_no_difference(self) -> None:
        """What the message says already is not said again."""
        lines: list[str] = []
        trouble = Trouble("TypeError", "bad", "a.test.js", expected="1", actual="2")
        outcome = Outcome(Case("a.test.js", "1", "x"), "failed", 1.0, [trouble])
        HumanReport(lines.append).finished(Summary((FileResult("a.test.js", (outcome,)),)))
        self.assertEqual(lines[1:4], ["1) x", "   a.test.js", "   TypeError: bad"])
        self.assertNotIn("expected", "".join(lines))

    def test_difference(self) -> None:
        """Lines that are the same are kept."""
        self.assertEqual(difference("a\nb", "a\nc"), ["  a", "- b", "+ c"])

    def test_exit_codes(self) -> None:
        """0, 1 and 2."""
        good, bad = FileResult("a", OUTCOMES[:1]), FileResult("a", OUTCOMES)
        for files, code in (((good,), 0), ((good, bad), 1), ((bad, BROKEN), 2)):
            self.assertEqual(Summary(files).exit_code, code)
