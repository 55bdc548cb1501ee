"""Tests for aiwebengine.subsystems.storage.namespaces."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.repository.stores.key_values import check_key
from aiwebengine.subsystems.storage.namespaces import PREFIX, namespace_of, parts_of

USERS = ("u", "a#b", "#u", "##u", "u\0", "u\ud800", "é" * 300, "é" * 299 + "x", "script:b.js", "")


class NamespaceTests(SynchronousTestCase):
    """Every script, and every user of each, has a namespace that nobody else has."""

    def test_all_differ(self) -> None:
        """Whatever ids and URIs look like."""
        scripts = ("a.js", "b.js", "u" * 200, "x/script:a.js", "a.js#u", "p" * 600)
        owners = [(script, user) for script in scripts for user in (None, *USERS)]
        self.assertEqual(len({namespace_of(*owner) for owner in owners}), len(owners))

    def test_all_can_be_kept(self) -> None:
        """Each fits, begins as those of scripts do, and is counted to its script."""
        for script in ("a.js", "s" * 200, "p" * 600, "\ud800"):
            for user in (None, *USERS):
                namespace = namespace_of(script, user)
                check_key(namespace, "k")
                self.assertTrue(namespace.startswith(PREFIX))
                self.assertEqual(namespace.partition("#")[0], namespace_of(script))

    def test_parts(self) -> None:
        """Script and user are told again where they are readable."""
        self.assertEqual(parts_of(namespace_of("a/b.js")), ("a/b.js", None))
        self.assertEqual(parts_of(namespace_of("a/b.js", "u#1")), ("a/b.js", "u#1"))
        script, user = parts_of(namespace_of("a/b.js", "u" * 600))
        self.assertEqual((script, (user or "")[0], len(user or "")), ("a/b.js", "#", 65))
