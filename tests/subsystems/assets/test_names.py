"""Names and media types."""

from __future__ import annotations

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.subsystems.assets.media_types import check_media_type, guess_type, is_allowed, said_type
from aiwebengine.subsystems.assets.names import check_asset_name, is_hidden, served_at
from aiwebengine.web.target import decode_path


class NameTests(SynchronousTestCase):
    """What may be a name."""

    def test_reasons(self):
        """A bad name is refused with what is wrong."""
        for name, word in (
            ("", "empty"),
            ("a//b", "empty segment"),
            ("/a", "empty segment"),
            ("a/..", "segment '..'"),
            ("./a", "segment '.'"),
            ("a\\b", "backslash"),
            ("a\x1fb", "control"),
            ("\ud800", "surrogate"),
            ("ä" * 257, "514 bytes"),
        ):
            error = self.assertRaises(ValueError, check_asset_name, name)
            self.assertIn(word, str(error), name)

    @given(st.text(min_size=1, max_size=40))
    def test_url_leads_to_the_name(self, name):
        """The URL of any good name is taken by the server as that name, unless it is hidden."""
        try:
            check_asset_name(name)
        except ValueError:
            return
        url = served_at("/s", name)
        if is_hidden(name):
            self.assertIsNone(url)
        else:
            self.assertEqual(decode_path(url), "/s/" + name)
            self.assertEqual(unquote(url), "/s/" + name)


class MediaTypeTests(SynchronousTestCase):
    """Media types."""

    def test_good(self):
        """What is a media type is kept, its name in lower case."""
        for said, kept in (
            ("image/png", "image/png"),
            (" Image/PNG ", "image/png"),
            ('text/plain; charset="UTF-8"', 'text/plain; charset="UTF-8"'),
            ("application/vnd.x+json;a=b ; c=d", "application/vnd.x+json;a=b ; c=d"),
        ):
            self.assertEqual(check_media_type(said), kept)

    def test_bad(self):
        """Anything else is refused, above all what would end the header's line."""
        for said in (
            "",
            "image",
            "image/",
            "/png",
            "a/b\r\nX: y",
            "a/b;",
            "a/b; c",
            "a/b, c/d",
            "ä/b",
            "a/" + "b" * 300,
        ):
            self.assertRaises(ValueError, check_media_type, said)

    def test_said(self):
        """A type that says nothing gives way to that of the name."""
        self.assertEqual(said_type(None, "x/a.png"), "image/png")
        self.assertEqual(said_type("application/octet-stream", "a.png"), "image/png")
        self.assertEqual(said_type("text/x", "a.png"), "text/x")
        self.assertEqual(guess_type("A.PNG"), "image/png")
        self.assertEqual(guess_type("dir.js/x"), "application/octet-stream")

    def test_allowed(self):
        """Patterns are of the plain type; none means all."""
        self.assertTrue(is_allowed("text/html; charset=utf-8", ()))
        self.assertTrue(is_allowed("Text/Plain; charset=utf-8", ("image/*", "text/plain")))
        self.assertFalse(is_allowed("text/plain+x", ("text/plain",)))
        self.assertTrue(is_allowed("application/ld+json", ("*/*+json",)))
