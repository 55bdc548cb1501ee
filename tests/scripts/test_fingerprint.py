"""Tests for aiwebengine.scripts.fingerprint."""

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config.sections import JavaScriptSettings
from aiwebengine.sandbox.prelude import Piece, Prelude
from aiwebengine.scripts import fingerprint
from aiwebengine.scripts.fingerprint import load_fingerprint

SETTINGS = JavaScriptSettings()


def piece(**changes):
    made = {"name": "p", "names": ("P",), "needs": (), "triggers": (), "source": "(function(){})"}
    return Piece(**made | changes)


class FingerprintTests(SynchronousTestCase):
    """It changes with whatever a load depends on, and with nothing else."""

    def test_same(self):
        """The same things give the same value."""
        self.assertEqual(
            load_fingerprint(SETTINGS, Prelude([piece()]), "warn"),
            load_fingerprint(JavaScriptSettings(), Prelude([piece()]), "warn"),
        )

    def test_differences(self):
        """Limits, pieces, other settings: each counts."""
        found = [
            load_fingerprint(SETTINGS, Prelude([piece()]), "warn"),
            load_fingerprint(SETTINGS, Prelude([piece()]), "reject"),
            load_fingerprint(SETTINGS, Prelude([piece()], always=("p",)), "warn"),
            load_fingerprint(SETTINGS, Prelude([piece(source="(function(h){})")]), "warn"),
            load_fingerprint(SETTINGS, Prelude([piece(triggers=("Q",))]), "warn"),
            load_fingerprint(SETTINGS, Prelude([piece(names=("Q",))]), "warn"),
            *(
                load_fingerprint(msgspec.structs.replace(SETTINGS, **change), Prelude([piece()]), "warn")
                for change in (
                    {"memory_limit_bytes": 2**25},
                    {"stack_size_bytes": 2**17},
                    {"init_timeout_ms": 77},
                    {"max_script_bytes": 777},
                    {"isolation": "runtime"},
                    {"allowed_apis": ("eval",)},
                    {"max_timers": 3},
                )
            ),
        ]
        self.assertEqual(len(set(found)), len(found))

    def test_versions(self):
        """Another QuickJS, Python or engine code counts."""
        found = {load_fingerprint(SETTINGS, Prelude([]))}
        self.patch(fingerprint.metadata, "version", lambda name: "0")
        found.add(load_fingerprint(SETTINGS, Prelude([])))
        self.patch(fingerprint.sys, "version", "4")
        found.add(load_fingerprint(SETTINGS, Prelude([])))
        self.patch(fingerprint, "_PACKAGES", ("aiwebengine.web",))
        found.add(load_fingerprint(SETTINGS, Prelude([])))
        self.assertEqual(len(found), 4)
