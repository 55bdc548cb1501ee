"""The management API with a log that a repository keeps: audit, queries and streams."""

import json
from types import SimpleNamespace

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.plugins.aiwebengine_management import management
from aiwebengine.repository import RepositoryUnavailable
from aiwebengine.repository.log_keeper import LogKeeper
from aiwebengine.repository.model import LogQuery
from aiwebengine.subsystems.canary.settings import CanarySettings
from aiwebengine.subsystems.canary.watch import CanaryWatch
from aiwebengine.subsystems.management.settings import ManagementSettings
from tests.repository.test_log_keeper import SharedLogs
from tests.scripts.fakes import RegistryHelper
from tests.subsystems.fakes import Configuration, Services
from tests.subsystems.web import FeatureHelper, events

KEY = "k" * 30


class KeptLogCase(SynchronousTestCase):
    """The management API of one engine; others may write to the same log."""

    def setUp(self):
        self.clock = Clock()
        self.helper = RegistryHelper(self)
        self.log = self.helper.script_log
        self.log._max_entries = 5
        self.repository = self.helper.repository
        self.logs = SharedLogs(self.repository.logs)
        self.keeper = LogKeeper(self.log, self.logs, self.clock)
        self.helper.wait(self.keeper.start())
        configuration = Configuration("production", security={"api_key": KEY})
        configuration.sections["management"] = ManagementSettings(eval=True)
        self.services = Services(self.helper, self.clock, configuration)
        self.feature = management.build(None, self.services)
        self.web = FeatureHelper(self, self.feature, self.clock, KEY)

    def append(self, *messages):
        for message in messages:
            self.log.append("info", message, script="a")

    def others_append(self, *messages):
        """Have another engine log."""
        entries = [self.log.entry("info", message, script="a") for message in messages]
        self.helper.wait(self.logs.append(entries, "other"))

    def tick(self):
        self.clock.advance(0.05)

    def break_off(self, *operations):
        """Have some operations of the repository fail, or all. Not named ``fail``: assertions call that."""

        def fault(operation):
            if operation in operations or not operations:
                raise RepositoryUnavailable("memory:", "on purpose")

        self.repository.fault = fault

    def repair(self):
        self.repository.fault = lambda operation: None

    def kept(self):
        """Give what the repository has of the audit trail."""
        found = self.helper.wait(self.repository.logs.query(LogQuery(kind="audit")))
        return [" ".join(one.message.split()[:3]) for one in found]


class AuditTests(KeptLogCase):
    """REQ-SEC, REQ-DATA-004: no change without its entry."""

    def put(self, source, query=""):
        return self.web.ask("PUT", "/engine/scripts/a" + query, source).status

    def test_req_data_004_kept_with_the_change(self):
        """When a change is answered its entry is kept, though nothing was written behind yet."""
        CanaryWatch(self.services, CanarySettings())
        post = lambda path, data: self.web.ask("POST", "/engine/" + path, data).status  # noqa: E731
        self.break_off("logs.append")
        self.assertEqual(self.put("GET /x"), 201)
        self.assertEqual(post("scripts/a/rollback", {"version": 1}), 200)
        self.assertEqual(self.put("GET /x c", "?canary=5"), 200)
        self.assertEqual(post("scripts/a/canary", {"action": "percent", "percent": 10}), 200)
        self.assertEqual(post("scripts/a/canary", {"action": "promote"}), 200)
        self.assertEqual(self.put("GET /x d", "?canary=5"), 200)
        self.assertEqual(post("scripts/a/canary", {"action": "abort"}), 200)
        self.assertEqual(post("batch", {"scripts": {"b": "", "a": None}}), 200)
        self.assertEqual(self.web.ask("DELETE", "/engine/scripts/b").status, 204)
        self.assertEqual(
            self.kept(),
            [
                "action=put uri=a version=1",
                "action=rollback uri=a previous=1",
                'action="canary put" uri=a',
                'action="canary percent" uri=a',
                'action="canary promote" uri=a',
                'action="canary put" uri=a',
                'action="canary abort" uri=a',
                'action="batch put" uri=b',
                'action="batch delete" uri=a',
                "action=delete uri=b previous=1",
            ],
        )

    def test_refused(self):
        """A refusal and an evaluation are kept before they are answered."""
        self.assertEqual(self.put("throw boom"), 422)
        self.assertEqual(self.web.ask("POST", "/engine/eval", {"expression": "1"}).status, 200)
        self.assertEqual(
            self.kept(), ["action=put uri=a refused=SCRIPT_INVALID", "action=eval expression=1 actor=api"]
        )

    def test_refused_while_away(self):
        """A repository that is away refuses the change; the entry of that comes when it is back."""
        self.break_off()
        answer = self.web.ask("PUT", "/engine/scripts/a", "GET /x")
        self.assertEqual((answer.status, answer.headers["retry-after"]), (503, "5"))
        self.assertEqual(self.web.ask("POST", "/engine/eval", {"expression": "1"}).status, 200)
        self.repair()
        self.assertEqual(self.kept(), [])
        self.clock.advance(1)
        self.assertEqual(self.kept()[0], "action=put uri=a refused=SERVICE_UNAVAILABLE")

    def test_answer_waits_for_a_second(self):
        """A repository that does not answer keeps a refusal waiting for a second, no longer."""
        self.logs.gates["append"] = Deferred()
        connection = self.web.connect("PUT", "/engine/scripts/a", "throw boom")
        self.clock.advance(0.9)
        self.assertFalse(connection.transport.value())
        self.clock.advance(0.2)
        self.assertEqual(connection.answer.status, 422)
        self.logs.open("append")

    def test_abort_while_away(self):
        """A canary that cannot be forgotten is out of service; the request may be sent again."""
        CanaryWatch(self.services, CanarySettings())
        self.put("GET /x")
        self.put("GET /x c", "?canary=100")

        def abort():
            return self.web.ask("POST", "/engine/scripts/a/canary", {"action": "abort"}).status

        self.break_off()
        self.assertEqual(abort(), 503)
        self.assertEqual(self.helper.answers("GET", "/x"), ("a", 1, {}))
        self.repair()
        self.assertEqual((abort(), abort()), (200, 404))
        self.assertEqual(
            self.kept()[-3:],
            [
                'action="canary abort" uri=a',
                "action=canary uri=a refused=SERVICE_UNAVAILABLE",
                "action=canary uri=a refused=NOT_FOUND",
            ],
        )

    def test_taken_back_while_away(self):
        """A canary that the engine takes back is forgotten, with its entry, when the repository is back."""
        watch = CanaryWatch(self.services, CanarySettings(min_requests=1))
        self.put("GET /x")
        self.put("GET /x c", "?canary=100")
        self.break_off()
        record = SimpleNamespace(script="a", started=9e9, version=2, status=500, error_code="SCRIPT_ERROR")
        watch.finished(SimpleNamespace(record=record))
        self.assertEqual(self.helper.answers("GET", "/x"), ("a", 1, {}))
        self.clock.advance(5)
        self.repair()
        self.assertNotIn('action="canary rollback" uri=a', self.kept())
        self.clock.advance(5)
        self.assertEqual(self.kept()[-1], 'action="canary rollback" uri=a')
        self.assertEqual([one.uri for one in self.helper.wait(self.repository.scripts())], ["a"])
        self.helper.wait(watch.stop())

    def test_replaced_while_away(self):
        """A canary put in place of one that was taken back stays, and the entry is kept."""
        watch = CanaryWatch(self.services, CanarySettings(min_requests=1))
        self.put("GET /x")
        self.put("GET /x c", "?canary=100")
        self.break_off()
        record = SimpleNamespace(script="a", started=9e9, version=2, status=500, error_code="SCRIPT_ERROR")
        watch.finished(SimpleNamespace(record=record))
        self.repair()
        self.put("GET /x d", "?canary=50")
        self.clock.advance(5)
        self.tick()
        self.assertEqual(self.kept()[-2:], ['action="canary put" uri=a', 'action="canary rollback" uri=a'])
        self.assertEqual(self.helper.registry.canaries.get("a").percent, 50)

    def test_stopped_while_away(self):
        """The end of the engine ends the tries."""
        watch = CanaryWatch(self.services, CanarySettings(min_requests=1))
        self.put("GET /x")
        self.put("GET /x c", "?canary=100")
        self.break_off("save")
        record = SimpleNamespace(script="a", started=9e9, version=2, status=500, error_code="SCRIPT_ERROR")
        watch.finished(SimpleNamespace(record=record))
        self.helper.wait(watch.stop())
        self.repair()
        self.clock.advance(5)
        self.assertNotIn('action="canary rollback" uri=a', self.kept())


class TailTests(KeptLogCase):
    """REQ-LOG-003: ``/engine/logs/stream``."""

    def follow(self, query=""):
        return self.web.connect("GET", "/engine/logs/stream" + query)

    def heard(self, connection):
        """Give what came: number and message, or the number alone."""
        return [
            (id_, json.loads(data)["message"]) if data else id_ for id_, _, data in events(connection.answer)
        ]

    def test_beyond_memory(self):
        """What was missed comes from the repository, then what is in memory, then what comes."""
        self.append(*"1234567")
        self.tick()
        self.others_append("x")
        connection = self.follow("?after=1")
        self.append("8")
        self.tick()
        self.assertEqual("".join(message for _, message in self.heard(connection)), "234567x8")
        self.assertEqual([int(id_) for id_, _ in self.heard(connection)], list(range(2, 10)))
        late = self.follow()
        self.others_append("y")
        self.tick()
        self.assertEqual(self.heard(late), [("10", "y")])
        self.assertEqual(self.heard(connection)[-1], ("10", "y"))

    def test_req_log_003_repository_ahead(self):
        """What comes from the repository before the log has heard of it comes once."""
        self.append(*"1234567")
        self.tick()
        self.logs.gates["last_seq"] = Deferred()
        connection = self.follow("?after=1")
        entries = [self.log.entry("info", "x", script="a")]
        self.helper.wait(self.repository.logs.append(entries, "other"))
        self.logs.open("last_seq")
        self.others_append("y")
        self.tick()
        self.assertEqual("".join(message for _, message in self.heard(connection)), "234567xy")

    def test_earlier_run(self):
        """A number higher than any there is brings everything; while nobody can know, nothing."""
        self.append("1")
        self.tick()
        self.assertEqual(self.heard(self.follow("?after=99")), [("1", "1")])
        self.break_off()
        self.assertEqual(self.heard(self.follow("?after=99")), [])

    def test_many_missed(self):
        """Many entries are read in parts, at the pace of the client."""
        self.append(*map(str, range(1201)))
        self.clock.pump([0.05, 0, 0, 0])
        self.feature._hub._buffer = 3
        connection = self.follow("?after=0")
        self.assertEqual(len(self.heard(connection)), 1201)
        slow = self.web.connect("GET", "/engine/logs/stream?after=0")
        self.assertEqual(len(self.heard(slow)), 1201)

    def test_slow_while_catching_up(self):
        """A client that does not read while it is sent what it missed is waited for, not cut off."""
        self.append(*"123456789")
        self.tick()
        self.feature._hub._buffer = 3
        self.logs.gates["query"] = Deferred()
        connection = self.follow("?after=0")
        connection.transport.producer.pauseProducing()
        self.logs.open("query")
        self.assertEqual(self.heard(connection), [])
        connection.transport.producer.resumeProducing()
        self.assertEqual("".join(message for _, message in self.heard(connection)), "123456789")
        self.assertFalse(connection.transport.aborted)

    def test_gone_while_catching_up(self):
        """A client that leaves while it is sent what it missed is forgotten."""
        self.append(*"123456789")
        self.tick()
        self.logs.gates["query"] = Deferred()
        connection = self.follow("?after=0")
        connection.transport.producer.pauseProducing()
        connection.lost()
        self.logs.open("query")
        self.assertFalse(self.log.followed)
        self.assertEqual(len(self.feature._hub), 0)

    def test_away(self):
        """While the repository is away entries come at once, without an id; the id follows."""
        connection = self.follow()
        self.append("1")
        self.tick()
        self.break_off()
        self.append("2", "3")
        self.tick()
        late = self.follow("?after=1")
        self.append("4")
        self.assertEqual(self.heard(connection), [("1", "1"), (None, "2"), (None, "3"), (None, "4")])
        self.assertEqual(self.heard(late), [(None, "2"), (None, "3"), (None, "4")])
        self.repair()
        self.clock.advance(1)
        self.append("5")
        self.tick()
        self.assertEqual(self.heard(connection)[4:], ["4", ("5", "5")])
        self.assertEqual(self.heard(late)[3:], ["4", ("5", "5")])
        self.assertEqual(self.heard(self.follow("?after=3")), [("4", "4"), ("5", "5")])

    def test_missed_cannot_be_read(self):
        """When what was missed cannot be read the stream ends, so that the client comes again."""
        self.append(*"1234567")
        self.tick()
        self.break_off("logs.query")
        connection = self.follow("?after=1")
        self.assertTrue(connection.transport.value().endswith(b"0\r\n\r\n"))
        self.assertEqual((connection.answer.status, self.heard(connection)), (200, []))
        self.assertFalse(self.log.followed)

    def test_filtered(self):
        """Filters hold for what was missed, what is in memory and what has no number yet."""
        self.append(*"ab" * 4)
        self.tick()
        connection = self.follow("?after=0&contains=b")
        self.break_off()
        self.append(*"ab")
        self.tick()
        self.assertEqual([message for _, message in self.heard(connection)], list("bbbbb"))
