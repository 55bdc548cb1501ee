"""Secrets hide from everything but ``reveal``."""

import copy
import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config.secret import HIDDEN, Secret, SecretURL, mask_url


class SecretTests(SynchronousTestCase):
    def test_req_sec_005_no_way_of_printing_shows_it(self):
        secret = Secret("hunter2")
        for text in (str(secret), repr(secret), f"{secret}", f"{secret:>20}", "".join(map(str, [secret]))):
            self.assertNotIn("hunter2", text)
            self.assertIn(HIDDEN, text)
        self.assertEqual(secret.reveal(), "hunter2")

    def test_a_structure_with_one_does_not_show_it_either(self):
        class Holder(msgspec.Struct):
            secret: Secret

        self.assertNotIn("hunter2", repr(Holder(Secret("hunter2"))))
        self.assertRaises(TypeError, msgspec.json.encode, Holder(Secret("hunter2")))
        self.assertRaises(TypeError, json.dumps, Secret("hunter2"))

    def test_it_compares_by_text_with_its_kind_only(self):
        self.assertEqual(Secret("a"), Secret("a"))
        self.assertNotEqual(Secret("a"), Secret("b"))
        self.assertNotEqual(Secret("a"), "a")
        self.assertEqual(len({Secret("a"), Secret("a"), Secret("b")}), 2)
        self.assertEqual(copy.deepcopy(Secret("a")), Secret("a"))

    def test_matches_takes_any_text(self):
        self.assertTrue(Secret("kéy").matches("kéy"))
        self.assertFalse(Secret("kéy").matches("key"))
        self.assertFalse(Secret("kéy").matches("\ud800"))

    def test_an_empty_one_is_false_and_prints_as_empty(self):
        self.assertFalse(Secret())
        self.assertEqual(str(Secret("")), "")
        self.assertTrue(Secret("0"))


class SecretURLTests(SynchronousTestCase):
    def test_only_the_password_hides(self):
        url = SecretURL("postgresql://app:p%40ss@db:5432/main?sslmode=require")
        self.assertEqual(str(url), "postgresql://app:***@db:5432/main?sslmode=require")
        self.assertEqual(repr(url), "SecretURL('postgresql://app:***@db:5432/main?sslmode=require')")
        self.assertEqual(url.scheme, "postgresql")
        self.assertEqual(url.reveal(), "postgresql://app:p%40ss@db:5432/main?sslmode=require")

    def test_what_has_no_password_is_shown_whole(self):
        for url in ("memory:", "sqlite:///var/a.db", "redis://host:6379/0", "postgresql://me@host/x", ""):
            self.assertEqual(mask_url(url), url)

    def test_passwords_in_odd_places_hide_too(self):
        self.assertEqual(mask_url("redis://h/0?password=x&db=1"), "redis://h/0?password=***&db=1")
        self.assertEqual(mask_url("redis:u:hunter2@host"), "redis:<hidden>")
        self.assertEqual(mask_url("postgresql://u:hun/ter2@host/x"), "postgresql:<hidden>")
        self.assertEqual(mask_url("hunter2"), HIDDEN)
        self.assertEqual(SecretURL("hunter2").scheme, "")

    @given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12))
    def test_no_password_survives_masking(self, tail):
        password = "Zq" + tail
        self.assertNotIn(password, mask_url(f"postgresql://user:{password}@host/name"))
