"""The contract of the script log as a test-case mixin, for every back end."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

from zope.interface.verify import verifyObject

from aiwebengine.interfaces import ILogRepository
from aiwebengine.repository.model import LogQuery
from aiwebengine.scripts.log import LogEntry
from aiwebengine.testing.repository import RepositoryCase

__all__ = ["LogContract"]


class LogContract(RepositoryCase):
    """What every `ILogRepository` does."""

    def entry(self, seq: int, **fields: Any) -> LogEntry:
        """Give an entry logged ``seq`` seconds after 1970."""
        plain = {"level": "info", "script": "a", "request_id": "", "route": "", "kind": "log", "message": "m"}
        return LogEntry(seq, **{"timestamp": seq * 1000, **plain, **fields})

    def append(self, *entries: LogEntry, front: str = "f", since: int | None = None) -> Any:
        """Append entries and give the number of the first."""
        return self.wait(self.repository.logs.append(entries, front, since))

    def messages(self, **fields: Any) -> list[str]:
        """Give the messages of what a query gives."""
        return [one.message for one in self.wait(self.repository.logs.query(LogQuery(**fields)))]

    def found(self, **fields: Any) -> list[int]:
        """Give the numbers of what a query gives."""
        return [one.seq for one in self.wait(self.repository.logs.query(LogQuery(**fields)))]

    def test_entries_kept(self) -> None:
        """Entries come back whole; NUL and lone surrogates are replaced."""
        verifyObject(ILogRepository, self.repository.logs)
        entry = self.entry(
            1, level="warn", request_id="r", route="GET /x", kind="console", message="ü\n", line=3
        )
        self.assertEqual(self.append(entry), 1)
        self.assertEqual(list(self.wait(self.repository.logs.query(LogQuery()))), [entry])
        self.assertEqual(self.append(self.entry(9, message="a\0b\ud800")), 2)
        self.assertEqual(self.messages(after=1), ["a\ufffdb\ufffd"])

    def test_numbered(self) -> None:
        """Entries are numbered in their order, after all others, whatever number they come with."""
        logs = self.repository.logs
        self.assertEqual(self.wait(logs.last_seq()), 0)
        self.assertEqual(self.append(self.entry(7, message="a"), self.entry(3, message="b")), 1)
        self.assertEqual(self.append(self.entry(1, message="c"), front="g"), 3)
        self.assertEqual(self.append(), 4)
        self.assertEqual((self.found(), self.messages()), ([1, 2, 3], ["a", "b", "c"]))
        self.assertEqual(self.wait(logs.last_seq()), 3)

    def test_numbers_are_not_given_again(self) -> None:
        """The highest number is remembered, even when its entry is gone."""
        logs = self.repository.logs
        self.append(self.entry(1), self.entry(2))
        self.assertEqual(self.wait(logs.prune(1e15, 10)), 2)
        self.assertEqual((self.found(), self.wait(logs.last_seq())), ([], 2))
        self.assertEqual(self.append(self.entry(1)), 3)

    def test_appended_again(self) -> None:
        """Trying again adds nothing when the first try was successful; another engine's are others."""
        self.append(self.entry(0, message="old"))
        self.append(self.entry(0, message="theirs"), front="g")
        batch = self.entry(0, message="a"), self.entry(0, message="b")
        self.assertEqual(self.append(*batch, since=1), 3)
        self.append(self.entry(0, message="theirs"), front="g")
        self.assertEqual(self.append(*batch, since=1), 3)
        self.assertEqual(self.messages(), ["old", "theirs", "a", "b", "theirs"])

    def test_watch(self) -> None:
        """There is something to be told by, and it can be ended."""
        self.repository.logs.watch(lambda: None)()

    def test_filters(self) -> None:
        """By script, level, request and kind."""
        levels = ("trace", "debug", "info", "warn", "error")
        for number, level in enumerate(levels, 1):
            self.append(
                self.entry(number, level=level, script="ab"[number % 2], request_id=f"r{number}", kind=level)
            )
        for number, level in enumerate(levels, 1):
            self.assertEqual(self.found(level=level), list(range(number, 6)))
            self.assertEqual(self.found(request_id=f"r{number}"), [number])
        self.assertEqual(self.found(script="b"), [1, 3, 5])
        self.assertEqual(self.found(script="b", level="warn"), [5])
        self.assertEqual(self.found(level="error", request_id="r4"), [])
        self.assertEqual(self.found(script="c"), [])
        self.assertEqual(self.found(kind="warn"), [4])
        self.assertEqual(self.found(limit=0), [])
        self.fails(self.repository.logs.query(LogQuery(level="loud")), ValueError)

    def test_contains(self) -> None:
        """Text is found whatever its case, and no character is special."""
        for number, message in enumerate(("Hello 100% W_rld!", "hello 1000 World", "ÄPFEL\\n", "straße"), 1):
            self.append(self.entry(number, message=message))
        for text, found in (
            ("hELLO", [1, 2]),
            ("100%", [1]),
            ("w_r", [1]),
            ("d!", [1]),
            ("äpfel", [3]),
            ("\\N", [3]),
            ("STRAß", [4]),
            ("no", []),
        ):
            self.assertEqual(self.found(contains=text), found, text)

    def test_pages(self) -> None:
        """The newest, those after a number, those before one."""
        self.append(*(self.entry(number, message="ä" if number % 3 else "x") for number in range(1, 10)))
        self.assertEqual(self.found(limit=3), [7, 8, 9])
        self.assertEqual(self.found(limit=3, before=7), [4, 5, 6])
        self.assertEqual(self.found(limit=3, after=0), [1, 2, 3])
        self.assertEqual(self.found(limit=3, after=7), [8, 9])
        self.assertEqual(self.found(after=9), [])
        self.assertEqual(self.found(contains="Ä", limit=3), [5, 7, 8])
        self.assertEqual(self.found(contains="Ä", limit=3, after=2), [4, 5, 7])

    def test_since(self) -> None:
        """From a time on, also when the clock was set back in between."""
        for number, moment in enumerate((1000, 5000, 3000, 4000, 6000), 1):
            self.append(self.entry(number, timestamp=moment))
        self.assertEqual(self.found(since=4000), [2, 4, 5])
        self.assertEqual(self.found(since=3999.5, limit=2), [4, 5])
        self.assertEqual(self.found(since=4000.5, after=0), [2, 5])
        self.assertEqual(self.found(since=7000), [])

    def test_pruned(self) -> None:
        """By age and by number."""
        logs = self.repository.logs
        self.append(*(self.entry(number) for number in range(1, 21)))
        self.assertEqual(self.wait(logs.prune(0, 100)), 0)
        self.assertEqual(self.wait(logs.prune(6000, 100)), 5)
        self.assertEqual(self.found(limit=3, after=0), [6, 7, 8])
        self.assertEqual(self.wait(logs.prune(6000, 10)), 5)
        self.assertEqual(self.found(), list(range(11, 21)))
        self.assertEqual(self.wait(logs.prune(6000, 10)), 0)
