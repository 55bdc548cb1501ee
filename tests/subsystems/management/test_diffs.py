"""Tests for aiwebengine.subsystems.management.diffs."""

import difflib

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.subsystems.management.diffs import diff

OLD = "\n".join(f"line {number}" for number in range(1, 31)) + "\n"


class DiffTests(SynchronousTestCase):
    """What changed between two sources."""

    def test_like_difflib(self):
        """The text is that of a unified diff."""
        for old, new in (
            (OLD, OLD.replace("line 3\n", "line three\n").replace("line 25\n", "")),
            ("", "a\nb\n"),
            ("a\nb", ""),
            ("a", "b"),
            (OLD, "line 0\n" + OLD),
            (OLD, OLD + "more\nand more"),
        ):
            found = diff("a.js", old, new, 3, 4)
            expected = difflib.unified_diff(
                old.splitlines(), new.splitlines(), "a.js (version 3)", "a.js (version 4)", lineterm=""
            )
            self.assertEqual(found["unified"].splitlines(), list(expected))

    def test_lines(self):
        """Each line has its number on either side."""
        found = diff("a.js", "one\ntwo\nthree", "one\n2\nthree", 1, 2)
        self.assertEqual((found["uri"], found["from"], found["to"]), ("a.js", 1, 2))
        self.assertEqual((found["added"], found["removed"]), (1, 1))
        (hunk,) = found["hunks"]
        self.assertEqual(
            [(one["kind"], one["text"], one["from_line"], one["to_line"]) for one in hunk["lines"]],
            [
                ("same", "one", 1, 1),
                ("removed", "two", 2, None),
                ("added", "2", None, 2),
                ("same", "three", 3, 3),
            ],
        )

    def test_apart(self):
        """Changes that lie apart are hunks of their own."""
        new = OLD.replace("line 3\n", "x\n").replace("line 25\n", "y\n")
        self.assertEqual(len(diff("a.js", OLD, new, 1, 2)["hunks"]), 2)

    def test_same(self):
        """Nothing changed, nothing said."""
        found = diff("a.js", OLD, OLD, 1, 2)
        self.assertEqual((found["unified"], found["hunks"], found["added"], found["removed"]), ("", [], 0, 0))
