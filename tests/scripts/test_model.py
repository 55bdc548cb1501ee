"""Tests for aiwebengine.scripts.model."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.errors import ScriptInvalid
from aiwebengine.sandbox.model import Program, Registration
from aiwebengine.scripts.model import LiveScript, ScriptRecord, digest, iso_time, validate_uri


class URITests(SynchronousTestCase):
    """Which URIs a script may have."""

    def test_good(self):
        """Relative paths, URLs and every allowed character pass and come back unchanged."""
        for uri in ("a", "hello.js", "dir/sub/x.js", "https://example.com/a/b", "~me@home:1/-_.", "x" * 200):
            self.assertEqual(validate_uri(uri), uri)

    def test_bad(self):
        """Each refusal names what is wrong."""
        for uri, said in (
            ("", "must not be empty"),
            ("x" * 201, "at most 200 characters, this has 201"),
            ("a b", "' ' at position 2"),
            ("a\n", "position 2"),
            ("grüße", "'ü' at position 3"),
            ("a?b", "'?'"),
            ("a%2Fb", "'%'"),
            ("../x", "'..'"),
            ("a/../b", "'..'"),
            ("a//b", "'//'"),
            ("//a", "'//'"),
            ("https://a//b", "'//'"),
            ("1x://a", "'//'"),
        ):
            error = self.assertRaises(ScriptInvalid, validate_uri, uri)
            self.assertIn(said, error.message, uri)
            self.assertEqual(error.code, "BAD_URI")

    @given(st.text(alphabet="ab.:/-@%~ é", max_size=12))
    def test_never_unsafe(self, uri):
        """Whatever passes has no traversal, no empty segment and no strange character."""
        try:
            validate_uri(uri)
        except ScriptInvalid:
            return
        self.assertNotIn("..", uri)
        self.assertLessEqual(uri.count("//"), 1)
        self.assertFalse(set(uri) & set("% é"))


class ValueTests(SynchronousTestCase):
    """Small values and functions."""

    def test_iso_time(self):
        """Times are ISO 8601 in UTC with milliseconds."""
        self.assertEqual(iso_time(1_700_000_000_007), "2023-11-14T22:13:20.007Z")

    def test_digest(self):
        """The digest is that of the UTF-8 bytes."""
        self.assertEqual(digest("ü")[:16], "607474ca475a9724")
        self.assertEqual(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

    def test_status(self):
        """A record is live only while its latest version serves."""
        live = LiveScript(Program(1, "a", 1, ""), (Registration("topic", "t", {}),))
        self.assertEqual(live.routes, ())
        self.assertEqual(ScriptRecord("a", live=live).status, "live")
        self.assertEqual(ScriptRecord("a").status, "failed")
        self.assertEqual(ScriptRecord("a", live=live, error=ScriptInvalid("a", "x")).status, "failed")
