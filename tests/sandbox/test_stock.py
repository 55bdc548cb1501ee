# ruff: noqa: E501 - scripts read best as they are
"""Warm realms: which are kept, which go."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox.activity import Program
from aiwebengine.sandbox.failures import LimitHit, ScriptThrew
from aiwebengine.sandbox.realm import Realm
from aiwebengine.sandbox.stock import RealmStock
from aiwebengine.sandbox.wire import sandbox_settings
from tests.sandbox.rig import MODES, PIECES, Prelude, Rig, python_settings

PIECE_NAMES = ("request-shape", "routing")


class StockTests(SynchronousTestCase):
    """`RealmStock`."""

    def make(self, isolation: str = "realm", **changes: int) -> RealmStock:
        settings = sandbox_settings(python_settings(isolation=isolation), Prelude(PIECES))
        self.made = 0
        return RealmStock({**settings, **changes})

    def program(self, stock: RealmStock, source: str = "") -> Program:
        self.made += 1
        program = Program(self.made, "a.js", source, (), PIECE_NAMES)
        stock.programs[program.ident] = program
        return program

    def filled(self, stock: RealmStock, count: int) -> tuple[Program, list[Realm]]:
        program = self.program(stock)
        realms = [stock.take(program) for _ in range(count)]
        for realm in realms:
            stock.give_back(program, realm)
        return program, realms

    def test_last_used_first(self) -> None:
        """The realm used last is used next."""
        stock = self.make()
        program, realms = self.filled(stock, 2)
        self.assertIs(stock.take(program), realms[1])
        self.assertIs(stock.take(program), realms[0])
        self.assertEqual(len(stock), 0)
        self.assertNotIn(stock.take(program), realms)

    def test_most(self) -> None:
        """Past the most there may be, the one of the program longest unused goes."""
        stock = self.make(realms=2)
        old, (kept,) = self.filled(stock, 1)
        new, _ = self.filled(stock, 1)
        stock.give_back(old, stock.take(old))
        newest, _ = self.filled(stock, 1)
        self.assertEqual(len(stock), 2)
        self.assertIs(stock.take(old), kept)
        stock.take(newest)
        self.assertEqual(len(stock), 0)
        self.assertIn(new.ident, stock.programs)

    def test_most_bytes(self) -> None:
        """So past the bytes they may hold in all, but one is always kept."""
        stock = self.make(realm_bytes=1)
        self.filled(stock, 3)
        self.assertEqual(len(stock), 1)

    def test_large_heap(self) -> None:
        """A realm whose heap stays over half of its memory is dropped, one that only needed collecting is kept."""
        stock = self.make()
        program, (realm,) = self.filled(stock, 1)
        self.assertIs(stock.take(program), realm)
        realm.heap = 10**9
        stock.give_back(program, realm)
        self.assertEqual(len(stock), 1)
        self.assertIs(stock.take(program), realm)
        realm.context.eval("globalThis")
        realm.measure = lambda: 10**9  # type: ignore[method-assign]
        realm.heap = 10**9
        stock.give_back(program, realm)
        self.assertEqual(len(stock), 0)

    def test_forgotten(self) -> None:
        """A program that is forgotten takes its realms along; one that comes back later is not kept."""
        for isolation in MODES:
            stock = self.make(isolation)
            program = self.program(stock)
            realm, other = stock.take(program), stock.take(program)
            stock.give_back(program, realm)
            stock.forget(program.ident)
            stock.give_back(program, other)
            self.assertEqual((len(stock), stock.wants_to_prepare), (0, False))
            stock.prepare()
            self.assertEqual(len(stock), 0)

    def test_runtime(self) -> None:
        """In runtime isolation a realm is never used twice; the next is built when there is time, once."""
        stock = self.make("runtime")
        program, (used,) = self.filled(stock, 1)
        self.assertEqual((len(stock), stock.wants_to_prepare), (0, True))
        stock.prepare()
        self.assertEqual((len(stock), stock.wants_to_prepare), (1, False))
        stock.prepare()
        self.assertEqual(len(stock), 1)
        self.assertIsNot(stock.take(program), used)

    def test_preparing_what_cannot_be(self) -> None:
        """What cannot be built ahead is left for the request to report."""
        stock = self.make("runtime")
        program = self.program(stock)
        realm = stock.take(program)
        program.source = "let a = ;"
        stock.give_back(program, realm)
        stock.prepare()
        self.assertEqual(len(stock), 0)


class BuildTests(SynchronousTestCase):
    """Requests whose realm cannot be made."""

    def test_broken(self) -> None:
        """A source that does not compile is reported with its place."""
        rig = Rig()
        failure = rig.call(rig.add("let a;\nlet = 1;")).failure
        assert isinstance(failure, ScriptThrew)
        self.assertEqual(failure.name, "SyntaxError")

    def test_prelude_at_fault(self) -> None:
        """A piece that throws while the realm is made is named, not taken for a limit."""
        rig = Rig()
        rig.add_piece("odd", "odd", "(function (host) { return host.use('nothing of the kind'); })")
        report = rig.load("odd;")
        assert report.error is not None
        self.assertIn(
            "PreludeError: TypeError: piece 'nothing of the kind' is not loaded", report.error.message
        )

    def test_limits(self) -> None:
        """A realm that does not fit is the memory limit's."""
        rig = Rig(memory_limit_bytes=262_144)
        failure = rig.call(rig.add("")).failure
        assert isinstance(failure, LimitHit)
        self.assertEqual(failure.limit, "memory")
