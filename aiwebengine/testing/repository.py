"""The contract of `IScriptRepository` as a test-case mixin, for every back end; others are in ``stores``."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from zope.interface.verify import verifyObject

from aiwebengine.errors import ScriptNotFound, VersionConflict
from aiwebengine.interfaces import IHealthCheck, IRepository
from aiwebengine.repository.model import LogQuery
from aiwebengine.scripts.log import LogEntry
from aiwebengine.scripts.model import ScriptChange, digest

if TYPE_CHECKING:
    from twisted.trial.unittest import SynchronousTestCase as _Base
else:
    _Base = object

__all__ = ["RepositoryCase", "ScriptRepositoryContract"]


class RepositoryCase(_Base):
    """
    Mix into a ``SynchronousTestCase`` whose ``make_repository(now)`` gives an empty repository.

    ``now`` is a callable giving seconds since the epoch. The repository's coroutines must finish at once
    (give it an `aiwebengine.repository.worker.InlineWorker` where it uses threads).
    """

    time = 1_700_000_000.0

    def make_repository(self, now: Any) -> Any:
        """Give a new, empty repository."""
        raise NotImplementedError

    def setUp(self) -> None:
        """Make the repository and have it closed afterwards."""
        super().setUp()
        self.repository = self.make_repository(lambda: self.time)
        self.addCleanup(lambda: self.wait(self.repository.close()))

    def wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Give the result of a coroutine that finishes at once."""
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def fails(self, coroutine: Coroutine[Any, Any, Any], error: type[Exception]) -> Any:
        """Give the error with which a coroutine ends."""
        return self.failureResultOf(Deferred.fromCoroutine(coroutine), error).value


class ScriptRepositoryContract(RepositoryCase):
    """What every `IScriptRepository` does; mixed in as `RepositoryCase` says."""

    def save(self, uri: str, source: str | None, **fields: Any) -> Any:
        """Save one change and give the outcome."""
        return self.wait(self.repository.save([ScriptChange(uri, source, **fields)]))[0]

    def test_provides(self) -> None:
        """It provides the interfaces."""
        verifyObject(IRepository, self.repository)
        verifyObject(IHealthCheck, self.repository)
        self.assertEqual(self.repository.name, "repository")

    def test_empty(self) -> None:
        """Nothing is there at first, and asking for something says so."""
        self.assertEqual(list(self.wait(self.repository.scripts())), [])
        self.assertEqual(self.fails(self.repository.script("a"), ScriptNotFound).uri, "a")
        self.fails(self.repository.versions("a"), ScriptNotFound)
        error = self.fails(self.repository.version("a", 3), ScriptNotFound)
        self.assertEqual((error.uri, error.version), ("a", 3))

    def test_created(self) -> None:
        """A new script has version 1, with size in bytes, hash, times, author and message."""
        source = "// grüße \U0001f600\n"
        saved = self.save("a.js", source, author="ann", message="first")
        self.assertEqual(saved, self.wait(self.repository.script("a.js")))
        self.assertEqual(list(self.wait(self.repository.scripts())), [saved])
        self.assertEqual((saved.uri, saved.version, saved.source), ("a.js", 1, source))
        self.assertEqual((saved.size, saved.sha256), (len(source.encode()), digest(source)))
        self.assertEqual((saved.author, saved.message), ("ann", "first"))
        self.assertEqual(saved.created_at, int(self.time * 1000))
        self.assertEqual(saved.updated_at, saved.created_at)

    def test_text_is_kept_exactly(self) -> None:
        """NUL, carriage returns, an empty text and a long one come back as they were."""
        for number, source in enumerate(["", "\0", "\ufeffa\0b", "a\r\nb\rc\u2028", "x" * 300_000]):
            self.save(f"s{number}", source)
            self.assertEqual(self.wait(self.repository.script(f"s{number}")).source, source)

    def test_updated(self) -> None:
        """Saving again gives the next version; the time of creation stays."""
        first = self.save("a", "1")
        self.time += 60
        second = self.save("a", "22", author="bob")
        self.assertEqual((second.version, second.size, second.author), (2, 2, "bob"))
        self.assertEqual(second.created_at, first.created_at)
        self.assertEqual(second.updated_at, first.updated_at + 60_000)

    def test_versions(self) -> None:
        """All versions are listed newest first without sources, and each can be read with its source."""
        self.save("a", "one", author="ann", message="m1")
        self.time += 1
        self.save("a", "two")
        self.save("b", "other")
        listed = self.wait(self.repository.versions("a"))
        self.assertEqual([(one.version, one.source) for one in listed], [(2, ""), (1, "")])
        oldest = listed[1]
        self.assertEqual((oldest.author, oldest.message, oldest.size), ("ann", "m1", 3))
        self.assertEqual(oldest.sha256, digest("one"))
        self.assertEqual(oldest.created_at, int(self.time * 1000) - 1000)
        self.assertEqual(self.wait(self.repository.version("a", 1)).source, "one")
        self.fails(self.repository.version("a", 3), ScriptNotFound)

    def test_texts_about_it(self) -> None:
        """NUL and lone surrogates in author and message are replaced, not refused."""
        saved = self.save("a", "", author="a\0b", message="m\ud800")
        self.assertEqual((saved.author, saved.message), ("a\ufffdb", "m\ufffd"))
        self.assertEqual(self.wait(self.repository.script("a")), saved)

    def test_unknown_names(self) -> None:
        """A name that no script can have is simply not there."""
        self.fails(self.repository.script("a\0"), ScriptNotFound)
        self.fails(self.repository.versions("\ud800"), ScriptNotFound)

    def test_sorted(self) -> None:
        """Scripts are listed by URI."""
        for uri in ("b", "a/z", "C"):
            self.save(uri, "")
        self.assertEqual([one.uri for one in self.wait(self.repository.scripts())], ["C", "a/z", "b"])

    def test_deleted(self) -> None:
        """A deleted script is gone, its versions stay readable, and its version numbers go on."""
        self.save("a", "one")
        created = self.wait(self.repository.script("a")).created_at
        self.assertIsNone(self.save("a", None))
        self.assertEqual(list(self.wait(self.repository.scripts())), [])
        self.fails(self.repository.script("a"), ScriptNotFound)
        self.assertEqual(self.wait(self.repository.version("a", 1)).source, "one")
        self.time += 5
        again = self.save("a", "two")
        self.assertEqual(again.version, 2)
        self.assertEqual(again.created_at, created + 5000)
        self.assertEqual([one.version for one in self.wait(self.repository.versions("a"))], [2, 1])

    def test_delete_missing(self) -> None:
        """Deleting what is not there is refused, also a second time."""
        self.fails(self.repository.save([ScriptChange("a", None)]), ScriptNotFound)
        self.save("a", "one")
        self.save("a", None)
        self.fails(self.repository.save([ScriptChange("a", None)]), ScriptNotFound)

    def test_expected_version(self) -> None:
        """A stale expectation is refused with both versions; 0 means that it must not exist."""
        self.save("a", "one", expected_version=0)
        error = self.fails(
            self.repository.save([ScriptChange("a", "x", expected_version=0)]), VersionConflict
        )
        self.assertEqual((error.uri, error.expected, error.current), ("a", 0, 1))
        self.save("a", "two", expected_version=1)
        self.fails(self.repository.save([ScriptChange("a", "x", expected_version=1)]), VersionConflict)
        self.fails(self.repository.save([ScriptChange("a", None, expected_version=1)]), VersionConflict)
        self.assertEqual(self.wait(self.repository.script("a")).source, "two")
        self.assertIsNone(self.save("a", None, expected_version=2))
        error = self.fails(
            self.repository.save([ScriptChange("a", "x", expected_version=2)]), VersionConflict
        )
        self.assertEqual(error.current, 0)

    def test_all_or_nothing(self) -> None:
        """When one of several changes cannot be made, none is."""
        self.save("a", "one")
        changes = [ScriptChange("b", "new"), ScriptChange("a", "two"), ScriptChange("missing", None)]
        self.fails(self.repository.save(changes), ScriptNotFound)
        changes[2] = ScriptChange("a", "three", expected_version=1)
        self.fails(self.repository.save(changes), VersionConflict)
        self.assertEqual([(s.uri, s.source) for s in self.wait(self.repository.scripts())], [("a", "one")])
        self.assertEqual(len(self.wait(self.repository.versions("a"))), 1)
        self.fails(self.repository.versions("b"), ScriptNotFound)

    def test_several(self) -> None:
        """Several changes give their outcomes in order."""
        self.save("a", "one")
        outcome = self.wait(
            self.repository.save([ScriptChange("b", "b"), ScriptChange("a", None), ScriptChange("c", "c")])
        )
        self.assertEqual([one and one.uri for one in outcome], ["b", None, "c"])
        self.assertEqual(self.wait(self.repository.save([])), [])

    def logged(self) -> list[tuple[int, str]]:
        """Give number and message of every log entry."""
        return [(one.seq, one.message) for one in self.wait(self.repository.logs.query(LogQuery()))]

    def test_req_data_004_with_entries(self) -> None:
        """Log entries are stored with the changes they tell of, told what these have become."""

        def entries(outcome: Sequence[Any]) -> Sequence[LogEntry]:
            return [
                LogEntry(0, 1000, "info", "a", "r", "", "audit", f"{one and one.version}") for one in outcome
            ]

        self.wait(self.repository.logs.append([LogEntry(0, 1, "info", "", "", "", "log", "before")]))
        self.wait(self.repository.save([ScriptChange("a", "one"), ScriptChange("b", "b")], entries))
        self.wait(self.repository.save([ScriptChange("a", "two"), ScriptChange("b", None)], entries))
        self.assertEqual(self.logged(), [(1, "before"), (2, "1"), (3, "1"), (4, "2"), (5, "None")])
        alone = LogEntry(0, 1000, "warn", "a", "r", "", "audit", "alone", 3)
        self.assertEqual(self.wait(self.repository.save([], lambda outcome: [alone])), [])
        self.assertEqual(list(self.wait(self.repository.logs.query(LogQuery(after=5)))), [alone.numbered(6)])

    def test_no_entry_without_the_change(self) -> None:
        """Of a change that is refused no entry is left, and of one whose entry cannot be made no change."""

        def entries(outcome: Sequence[Any]) -> Sequence[LogEntry]:
            return [LogEntry(0, 1000, "info", "a", "", "", "audit", "m")]

        def fail(outcome: Sequence[Any]) -> Sequence[LogEntry]:
            raise ValueError("no entry")

        self.save("a", "one")
        stale = ScriptChange("a", "x", expected_version=7)
        self.fails(self.repository.save([ScriptChange("b", "x"), stale], entries), VersionConflict)
        self.fails(self.repository.save([ScriptChange("a", "two")], fail), ValueError)
        self.assertEqual(self.logged(), [])
        self.assertEqual(self.wait(self.repository.script("a")).source, "one")
        self.wait(self.repository.save([ScriptChange("a", "two")], entries))
        self.assertEqual(self.logged(), [(1, "m")])

    def test_health(self) -> None:
        """It is healthy and counts its scripts."""
        self.save("a", "one")
        report = self.wait(self.repository.check())
        self.assertEqual((report["status"], report["scripts"]), ("healthy", 1))
        self.assertGreaterEqual(report["latency_ms"], 0)
