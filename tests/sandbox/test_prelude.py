"""Prelude pieces: read from files, picked by what a script mentions."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.errors import PluginUnusable
from aiwebengine.sandbox.prelude import Piece, Prelude, core_sources, pieces_of

URL = """\
// piece: url
// names: URL URLSearchParams
// names: canParse
// needs: base
// triggers: searchParams
// What this is for.

(function (host) { return {}; });
"""


def piece(name: str, names: str = "", needs: str = "", triggers: str = "") -> Piece:
    return Piece(name, tuple(names.split()), tuple(needs.split()), tuple(triggers.split()), "(function(){})")


class PieceTests(SynchronousTestCase):
    """`Piece.parse`."""

    def test_header(self) -> None:
        """The header's lines are read, also repeated ones; the expression is what follows."""
        found = Piece.parse(URL)
        self.assertEqual(found.name, "url")
        self.assertEqual(found.names, ("URL", "URLSearchParams", "canParse"))
        self.assertEqual(found.needs, ("base",))
        self.assertEqual(found.triggers, ("searchParams",))
        self.assertEqual(found.source, "(function (host) { return {}; })")

    def test_header_ends_with_the_code(self) -> None:
        """What looks like a header after the code has begun is none."""
        found = Piece.parse("// piece: a\n(function () {\n// names: b\n})")
        self.assertEqual(found.names, ())

    def test_without_name(self) -> None:
        """A piece must name itself."""
        error = self.assertRaises(ValueError, Piece.parse, "(function () {})")
        self.assertIn("// piece: NAME", str(error))

    def test_without_function(self) -> None:
        """A piece must be a function expression in parentheses."""
        error = self.assertRaises(ValueError, Piece.parse, "// piece: x\nlet a = 1")
        self.assertIn("'x'", str(error))


class PreludeTests(SynchronousTestCase):
    """`Prelude.pick`."""

    def setUp(self) -> None:
        self.prelude = Prelude(
            [
                piece("base"),
                piece("url", "URL", "base", "searchParams"),
                piece("fetch", "fetch Request", "url base"),
                piece("always", "register"),
            ],
            always=("always",),
        )

    def pick(self, *identifiers: str) -> tuple[str, ...]:
        return self.prelude.pick(frozenset(identifiers))

    def test_nothing(self) -> None:
        """A script that mentions nothing gets what is always there."""
        self.assertEqual(self.pick(), ("always",))
        self.assertEqual(self.pick("unknown"), ("always",))

    def test_needs_come_before(self) -> None:
        """What a piece needs is evaluated before it, once."""
        self.assertEqual(self.pick("fetch", "URL"), ("always", "base", "url", "fetch"))
        self.assertEqual(self.pick("Request"), ("always", "base", "url", "fetch"))

    def test_triggers(self) -> None:
        """A trigger is as good as a name."""
        self.assertEqual(self.pick("searchParams"), ("always", "base", "url"))

    def test_global_object(self) -> None:
        """Who mentions the global object may reach any name."""
        everything = {"always", "base", "url", "fetch"}
        self.assertEqual(set(self.pick("globalThis")), everything)
        self.assertEqual(set(self.pick("self")), everything)

    def test_duplicate(self) -> None:
        """Two pieces of one name are refused."""
        error = self.assertRaises(PluginUnusable, Prelude, [piece("a"), piece("a")])
        self.assertEqual(error.name, "a")

    def test_unmet_need(self) -> None:
        """A need that no piece meets is refused, by name."""
        error = self.assertRaises(PluginUnusable, Prelude, [piece("a", needs="b")])
        self.assertIn("'b'", str(error))


class FileTests(SynchronousTestCase):
    """Pieces in packages."""

    def test_beside_modules_and_in_a_folder(self) -> None:
        """Pieces lie in a folder ``js``, or beside the modules."""
        self.assertEqual([p.name for p in pieces_of("aiwebengine.subsystems.routing")], ["routing"])
        self.assertIn("html", [p.name for p in pieces_of("aiwebengine.subsystems.encoding")])

    def test_core(self) -> None:
        """The core and the lockdown are function expressions."""
        for source in core_sources():
            self.assertIn("(function (", source)
            self.assertTrue(source.endswith("})"))
