"""Encrypted files open with their key and nothing else."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config.encrypted import CannotDecrypt, decrypt, encrypt, generate_key, is_encrypted

KEY = "correct horse battery"


class EncryptedTests(SynchronousTestCase):
    def refused(self, content, key=KEY):
        return str(self.assertRaises(CannotDecrypt, decrypt, content, key))

    @settings(max_examples=5)
    @given(st.binary(max_size=200))
    def test_req_sec_005_what_was_encrypted_comes_back(self, content):
        sealed = encrypt(content, KEY)
        self.assertTrue(is_encrypted(sealed))
        self.assertTrue(sealed.isascii())
        self.assertEqual(decrypt(sealed, KEY), content)
        self.assertEqual(decrypt(sealed.replace(b"\n", b"\r\n"), KEY), content)

    def test_nothing_of_the_content_shows_and_no_two_are_alike(self):
        self.assertNotIn(b"hunter2", encrypt(b"hunter2", KEY))
        self.assertNotEqual(encrypt(b"a", KEY), encrypt(b"a", KEY))
        self.assertNotEqual(generate_key(), generate_key())
        self.assertEqual(len(generate_key()), 43)

    def test_randomness_may_be_given(self):
        self.assertEqual(encrypt(b"a", KEY, bytes), encrypt(b"a", KEY, bytes))

    def test_another_key_or_a_changed_file_is_refused(self):
        sealed = encrypt(b"content", KEY)
        self.assertIn(
            "AIWEBENGINE_CONFIG_KEY is not the key", self.refused(sealed, "another key, long enough")
        )
        header, body = sealed.split(b"\n", 1)
        self.assertIn("was changed", self.refused(header + b"\n" + body.swapcase()))
        self.assertIn("was changed", self.refused(header[:-3] + b"0A=\n" + body))
        self.assertIn("was changed", self.refused(header + b"\n"))
        self.assertIn("not base64", self.refused(header + b"\n!!!"))

    def test_no_key_and_other_versions_are_named(self):
        sealed = encrypt(b"content", KEY)
        self.assertIn("set its key in AIWEBENGINE_CONFIG_KEY", self.refused(sealed, ""))
        self.assertIn("version", self.refused(sealed.replace(b" v1 ", b" v9 ")))

    def test_a_short_key_is_refused(self):
        self.assertIn("at least 16", str(self.assertRaises(ValueError, encrypt, b"", "short")))

    def test_other_files_are_not_taken_for_encrypted(self):
        self.assertFalse(is_encrypted(b"[server]\n"))
        self.assertFalse(is_encrypted(b""))
