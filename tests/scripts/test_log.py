"""Tests for aiwebengine.scripts.log."""

from twisted.logger import Logger, LogLevel
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IScriptLog
from aiwebengine.scripts.log import ScriptLog, parse_since


class LogTests(SynchronousTestCase):
    """What scripts have logged."""

    def setUp(self):
        self.time = 1000.0
        self.events = []
        self.log = self.make()

    def make(self, **limits):
        logger = Logger(namespace="aiwebengine.script", observer=self.events.append)
        return ScriptLog(now=lambda: self.time, logger=logger, **limits)

    def messages(self, **filters):
        return [entry["message"] for entry in self.log.query(**filters)["entries"]]

    def test_provides(self):
        """It provides the interface; its default logger has the scripts' own namespace."""
        verifyObject(IScriptLog, self.log)
        self.assertEqual(ScriptLog()._log.namespace, "aiwebengine.script")

    def test_entry(self):
        """An entry has all that the management API shows."""
        self.log.append(
            "warn", "hello", script="a.js", request_id="r1", route="GET /x", kind="console", line=3
        )
        self.assertEqual(
            self.log.query(),
            {
                "entries": [
                    {
                        "seq": 1,
                        "timestamp": "1970-01-01T00:16:40.000Z",
                        "level": "warn",
                        "script": "a.js",
                        "request_id": "r1",
                        "route": "GET /x",
                        "kind": "console",
                        "message": "hello",
                        "line": 3,
                    }
                ],
                "next": 1,
            },
        )

    def test_req_log_003_server_log(self):
        """Each entry goes to the server's log under the scripts' namespace, text never taken as a format."""
        self.log.append("error", "{boom} %s", script="a.js", request_id="r1", line=3)
        self.log.append("trace", "t")
        first, second = self.events
        self.assertEqual(first["log_namespace"], "aiwebengine.script")
        self.assertEqual((first["log_level"], second["log_level"]), (LogLevel.error, LogLevel.debug))
        self.assertEqual((first["message"], first["request_id"]), ("{boom} %s", "r1"))
        self.assertEqual((first["log_format"], second["script"]), ("{where}: {message}", "engine"))
        self.assertEqual((first["where"], second["where"]), ("a.js:3 [r1]", "engine"))

    def test_levels(self):
        """Other names of levels are understood; a level filter means at least that severe."""
        for level in ("trace", "debug", "log", "INFO", "warning", "error", "critical", "nonsense"):
            self.log.append(level, level)
        self.assertEqual(self.messages(level="error"), ["error", "critical"])
        self.assertEqual(self.messages(level="warning"), ["warning", "error", "critical"])
        self.assertEqual(len(self.messages(level="info")), 6)
        self.assertEqual(len(self.messages(level="trace")), 8)
        self.assertIn("one of trace", str(self.assertRaises(ValueError, self.log.query, level="loud")))

    def test_filters(self):
        """Filters narrow together."""
        self.log.append("info", "Apple", script="a", request_id="1")
        self.time += 1
        self.log.append("info", "apple pie", script="b", request_id="1")
        self.log.append("info", "pear", script="b", request_id="2")
        self.assertEqual(self.messages(script="b"), ["apple pie", "pear"])
        self.assertEqual(self.messages(request_id="1"), ["Apple", "apple pie"])
        self.assertEqual(self.messages(contains="APPLE"), ["Apple", "apple pie"])
        self.assertEqual(self.messages(since=1_001_000), ["apple pie", "pear"])
        self.assertEqual(self.messages(script="b", contains="apple", since=0), ["apple pie"])

    def test_paging(self):
        """Without ``after`` the newest come; with it the next ones, and ``next`` continues."""
        for number in range(10):
            self.log.append("info", str(number), script="even" if number % 2 == 0 else "odd")
        self.assertEqual(self.messages(limit=3), ["7", "8", "9"])
        page = self.log.query(after=0, limit=4)
        self.assertEqual(([e["message"] for e in page["entries"]], page["next"]), (["0", "1", "2", "3"], 4))
        page = self.log.query(after=4, limit=2, script="odd")
        self.assertEqual(([e["message"] for e in page["entries"]], page["next"]), (["5", "7"], 8))
        page = self.log.query(after=page["next"], limit=50, script="odd")
        self.assertEqual(([e["message"] for e in page["entries"]], page["next"]), (["9"], 10))
        page = self.log.query(after=page["next"], limit=50)
        self.assertEqual((page["entries"], page["next"]), ([], 10))

    def test_numbers_of_an_earlier_run(self):
        """A reader that comes with a number from before a restart gets everything."""
        self.log.append("info", "new")
        self.assertEqual(self.log.query(after=500)["next"], 1)
        self.assertEqual(self.messages(after=500), ["new"])
        self.assertEqual(len(self.log.entries_after(500)), 1)

    def test_bounded_by_count(self):
        """The oldest entries are forgotten; numbers go on."""
        self.log = self.make(max_entries=3)
        for number in range(10):
            self.log.append("info", str(number))
        self.assertEqual(self.messages(after=0), ["7", "8", "9"])
        self.assertEqual(self.messages(after=9), ["9"])
        self.assertEqual([one.seq for one in self.log.entries_after(8)], [9, 10])
        self.assertEqual(self.log.last_seq, 10)

    def test_bounded_by_bytes(self):
        """Long messages push out more than short ones; an overlong one is cut."""
        self.log = self.make(max_bytes=5000, max_message=1000)
        for number in range(5):
            self.log.append("info", str(number) * 700)
        self.assertEqual([text[0] for text in self.messages()], ["2", "3", "4"])
        self.log.append("info", "x" * 2000)
        self.assertEqual(self.messages(limit=1), ["x" * 1000 + "… (cut, 2000 characters)"])

    def test_followers(self):
        """A follower hears each entry until it stops; one that fails is dropped and hurts nobody."""
        heard = []

        def bad(entry):
            raise RuntimeError("no")

        stop = self.log.follow(lambda entry: heard.append(entry.message))
        self.log.follow(bad)
        self.log.append("info", "one")
        self.log.append("info", "two")
        stop()
        stop()
        self.log.append("info", "three")
        self.assertEqual(heard, ["one", "two"])
        self.assertEqual(len([event for event in self.events if "log_failure" in event]), 1)

    def test_since(self):
        """A time is a number of ms or ISO 8601."""
        self.assertEqual(parse_since("1700000000000"), 1_700_000_000_000)
        self.assertEqual(parse_since("1970-01-01T00:00:01Z"), 1000)
        self.assertEqual(parse_since("1970-01-01T00:00:01"), 1000)
        self.assertEqual(parse_since("1970-01-01T01:00:01+01:00"), 1000)
        for wrong in ("yesterday", "nan", "inf", "-inf", "1e400", str(2**63)):
            self.assertIn("ISO 8601", str(self.assertRaises(ValueError, parse_since, wrong)))
