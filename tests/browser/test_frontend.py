"""The editor's bundle is what its sources give; its parts do what they say."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.browser.frontend import SOURCES, STATIC, installed, npm


class BundleTests(SynchronousTestCase):
    """What is committed in static/."""

    def test_req_dev_003_build_is_reproducible(self) -> None:
        """`npm ci` and `npm run build` give the committed files, byte for byte."""
        place = installed()
        done = npm(place, "run", "build", "--", "built")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("editor.js", "editor.css"):
            same = (place / "built" / name).read_bytes() == (STATIC / name).read_bytes()
            self.assertTrue(same, f"static/{name} is not what frontend/ gives: run npm run build there")

    def test_units(self) -> None:
        """The frontend's own unit tests pass."""
        done = npm(installed(), "test")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_lock_names_no_registry(self) -> None:
        """The lock file pins every package by digest, and none to a host."""
        lock = json.loads((SOURCES / "package-lock.json").read_text("utf-8"))
        for name, package in lock["packages"].items():
            self.assertNotIn("resolved", package, name)
            if name:
                self.assertTrue(package["integrity"].startswith("sha512-"), name)

    def test_licences_are_kept(self) -> None:
        """The bundle begins with the licences of what is in it."""
        head = (STATIC / "editor.js").read_text("utf-8")[:8000]
        for word in ("@codemirror/view", "@lezer/javascript", "Marijn Haverbeke", "Permission is"):
            self.assertIn(word, head)

    def test_nothing_is_loaded_from_elsewhere(self) -> None:
        """The style sheet names no address, and the script none to load from."""
        self.assertNotRegex((STATIC / "editor.css").read_text("utf-8"), r"https?:|@import|url\(")
        self.assertNotRegex((STATIC / "editor.js").read_text("utf-8"), r"\bimport\(|from\"https?:|\beval\(")
