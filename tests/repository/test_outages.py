"""PostgreSQL goes away and comes back: what was acknowledged is there, calls fail clearly, then work."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from urllib.parse import quote

from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList, gatherResults
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase, TestCase

from aiwebengine.repository import RepositoryUnavailable, RepositoryUnusable, open_database, open_repository
from aiwebengine.repository.deadlines import Limit
from aiwebengine.repository.worker import InlineWorker
from aiwebengine.scripts.model import ScriptChange
from tests.repository.postgresql_server import shared_server
from tests.repository.support import environment
from tests.repository.test_postgresql import empty_database
from tests.scripts.fakes import RegistryHelper


class ServerCase(TestCase):
    """A repository with real threads on a server which runs again after the test."""

    timeout = 300

    def setUp(self):
        self.url = empty_database()
        self.server = shared_server()
        self.addCleanup(self.start_again)
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def start_again(self):
        self.server.thaw()
        if not self.server.is_running():
            self.server.start()

    def open(self, **keywords):
        repository = open_repository(self.url, reactor=reactor, **keywords)
        self.addCleanup(lambda: Deferred.fromCoroutine(repository.close()))
        return repository

    def run_scenario(self, coroutine):
        return Deferred.fromCoroutine(coroutine)


class OutageTests(ServerCase):
    """REQ-DATA-002, REQ-DATA-004."""

    def outage(self, interrupt):
        """Interrupt the server under load, start it, and check what was acknowledged."""
        repository = self.open(pool_size=4)
        acknowledged = {}
        unknown = {}
        failures = []
        stopping = []

        async def load(name):
            number = 0
            while not stopping:
                number += 1
                try:
                    await repository.save([ScriptChange(name, f"{name} {number}")])
                    await repository.key_values.set("n", name, number)
                except RepositoryUnavailable as error:
                    failures.append(error)
                    unknown.setdefault(name, set()).add(number)
                    await deferLater(reactor, 0.01)
                else:
                    acknowledged.setdefault(name, []).append(number)

        async def until(met):
            while not met():
                await deferLater(reactor, 0.01)

        async def scenario():
            names = [f"s{number}" for number in range(8)]
            loads = [Deferred.fromCoroutine(load(name)) for name in names]
            await until(lambda: all(len(acknowledged.get(name, ())) > 3 for name in names))
            interrupt()
            await until(lambda: len(failures) > 30)
            before = {name: len(acknowledged[name]) for name in names}
            self.server.start()
            await until(lambda: all(len(acknowledged[name]) > before[name] + 3 for name in names))
            stopping.append(True)
            await gatherResults(loads)
            for name in names:
                sources = {
                    (await repository.version(name, one.version)).source
                    for one in await repository.versions(name)
                }
                for number in acknowledged[name]:
                    self.assertIn(f"{name} {number}", sources)
                self.assertLessEqual(
                    sources, {f"{name} {n}" for n in {*acknowledged[name], *unknown.get(name, ())}}
                )
                kept = (await repository.key_values.get("n", name)).value
                self.assertGreaterEqual(kept, acknowledged[name][-1])
            self.assertEqual((await repository.check())["status"], "healthy")

        done = self.run_scenario(scenario())
        done.addCallback(lambda _: self.check_said(failures))
        return done

    def check_said(self, failures):
        for error in failures:
            self.assertIn("tester:***@127.0.0.1", error.url)
            self.assertNotIn(self.server.password, str(error))
        texts = [
            event for event in self.events if event.get("log_namespace", "").endswith("PostgreSQLDatabase")
        ]
        self.assertIn("does not answer", texts[0]["log_format"])
        self.assertIn("answers again", texts[-1]["log_format"])
        self.assertNotIn(self.server.password, repr(self.events))
        self.assertNotIn(self.server.quoted_password, repr(self.events))

    def test_req_data_004_server_stopped(self):
        """The server is stopped under load: clear errors, nothing acknowledged is lost, recovery unaided."""
        return self.outage(self.server.stop)

    def test_req_data_004_server_killed(self):
        """The same with SIGKILL of all the server's processes."""
        return self.outage(self.server.kill)

    def test_away_at_first(self):
        """A repository whose server is not there yet fails clearly and works once it is."""
        repository = self.open()

        async def scenario():
            self.server.stop()
            with self.assertRaises(RepositoryUnavailable):
                await repository.scripts()
            self.server.start()
            self.assertEqual(await repository.scripts(), [])

        return self.run_scenario(scenario())

    def test_scripts_keep_serving(self):
        """While the repository is away what is live stays live; a deployment is refused."""
        repository = self.open()
        helper = RegistryHelper(self, repository=repository, start=False)

        async def scenario():
            await helper.registry.start()
            await helper.registry.put("a.js", "GET /a first")
            self.server.stop()
            with self.assertRaises(RepositoryUnavailable):
                await helper.registry.put("a.js", "GET /b second")
            with self.assertRaises(RepositoryUnavailable):
                await helper.registry.refresh()
            self.assertEqual(helper.registry.match(b"GET", "/a").route.handler, "first")
            self.assertEqual(helper.registry.record("a.js").script.version, 1)
            self.server.start()
            record = await helper.registry.put("a.js", "GET /b second")
            self.assertEqual(record.script.version, 2)
            self.assertEqual(helper.registry.match(b"GET", "/b").route.handler, "second")

        return self.run_scenario(scenario())


class FrozenTests(ServerCase):
    """A server that is there but does not answer."""

    def freeze(self):
        """Freeze the server, with calls waiting only shortly: those from now on and those under way."""
        deadlines = self.repository._database._deadlines
        deadlines.seconds = 0.2
        self.server.freeze()
        deadlines.hurry(0.2)

    def thaw(self):
        self.repository._database._deadlines.seconds = 60.0
        self.server.thaw()

    def frozen(self, scenario, **options):
        # A busy machine may take long before it is frozen.
        self.repository = self.open(**{"call_timeout_s": 60.0, **options})

        async def run():
            await self.repository.scripts()
            await scenario(self.repository)

        return self.run_scenario(run())

    def assert_unavailable(self, results):
        for success, result in results:
            self.assertFalse(success)
            result.trap(RepositoryUnavailable)

    def threads(self):
        return {one.name for one in threading.enumerate() if "repository" in one.name}

    def test_req_data_004_frozen(self):
        """Calls fail soon; when the server goes on, so does the repository, with all its connections."""

        async def scenario(repository):
            await repository.save([ScriptChange("a", "1")])
            jobs = [Deferred.fromCoroutine(repository.scripts()) for _ in range(6)]
            await gatherResults(jobs)
            self.freeze()
            calls = [repository.save([ScriptChange("a", "2")]), *(repository.scripts() for _ in range(9))]
            results = await DeferredList([Deferred.fromCoroutine(call) for call in calls], consumeErrors=True)
            self.assert_unavailable(results)
            reasons = [result.value.reason for _, result in results]
            self.assertIn("no answer within", "; ".join(reasons))
            self.thaw()
            while True:
                try:
                    script = await repository.script("a")
                    break
                except RepositoryUnavailable:
                    await deferLater(reactor, 0.02)
            self.assertEqual(script.source, "1")
            await gatherResults([Deferred.fromCoroutine(repository.scripts()) for _ in range(9)])
            self.assertEqual((await repository.save([ScriptChange("a", "2")]))[0].version, 2)
            facts = await repository.check()
            self.assertLessEqual(facts["connections"], 3)
            self.assertEqual(facts["calls_waiting"], 0)
            # What was given up ends as soon as the server reads that it is over.
            while await self.connections(repository) > 4:
                await deferLater(reactor, 0.02)

        return self.frozen(scenario, pool_size=3)

    async def connections(self, repository):
        return await repository._calls.read(
            lambda link: link.one("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")[
                0
            ]
        )

    def test_frozen_while_saving(self):
        """When it falls silent amid the commit, the error says that the outcome is not known."""

        async def scenario(repository):
            def work(link):
                link.run("INSERT INTO settings VALUES ('x', '1', '', 0)")
                self.freeze()

            with self.assertRaises(RepositoryUnavailable) as caught:
                await repository._calls.write(work)
            self.assertTrue(caught.exception.unknown)
            self.assertIn("whether the change was saved is not known", caught.exception.reason)
            self.thaw()
            self.assertLessEqual(len(await repository.settings.all()), 1)

        return self.frozen(scenario)

    def test_in_doubt(self):
        """What may have been saved unknown to us is news when the server goes on."""
        told = []

        async def scenario(repository):
            repository.watch(lambda: told.append(True))
            other = self.open()
            while not told:
                await other.save([ScriptChange("a", "x")])
                await deferLater(reactor, 0.02)
            await deferLater(reactor, 0.1)
            del told[:]

            def work(link):
                link.run("INSERT INTO settings VALUES ('x', '1', '', 0)")
                self.freeze()

            with self.assertRaises(RepositoryUnavailable):
                await repository._calls.write(work)
            self.thaw()
            await repository.scripts()
            while not told:
                await deferLater(reactor, 0.02)

        return self.frozen(scenario)

    def test_closed_while_frozen(self):
        """Closing ends what is under way, and every thread."""

        async def scenario(repository):
            repository.watch(lambda: None)
            before = self.threads()
            self.assertIn("repository-listen", before)
            self.freeze()
            call = DeferredList([Deferred.fromCoroutine(repository.scripts())], consumeErrors=True)
            await repository.close()
            self.assert_unavailable(await call)
            self.thaw()
            while self.threads():
                await deferLater(reactor, 0.02)

        return self.frozen(scenario)

    def test_slow_statement(self):
        """A server that is only slow gives the statement up itself; its connection stays."""

        def pid(link):
            return link.one("SELECT pg_backend_pid()")[0]

        async def scenario():
            # The tables are made first, with all the time that takes.
            await self.open().scripts()
            repository = self.open(pool_size=1, call_timeout_s=1.0)
            repository._database._deadlines.seconds = 60.0
            first = await repository._calls.read(pid)
            with self.assertRaises(RepositoryUnavailable) as caught:
                await repository._calls.read(lambda link: link.one("SELECT pg_sleep(60)"))
            self.assertIn("statement timeout", caught.exception.reason)
            self.assertEqual(await repository._calls.read(pid), first)

        return self.run_scenario(scenario())

    def test_long_work(self):
        """Each statement has its own time, and a snapshot any."""
        renewed, lifted = [], []
        self.patch(Limit, "renew", lambda limit: renewed.append(limit))
        self.patch(Limit, "lift", lambda limit: lifted.append(limit))

        def work(link):
            for _ in range(3):
                link.one("SELECT 1")
            link.run("UPDATE revisions SET number = number")
            link.many("DELETE FROM settings WHERE name = ?", [("x",)])
            link.lock("x")

        def read_snapshot(database):
            with database.snapshot() as link:
                return link.one("SELECT 1")

        async def scenario(repository):
            del renewed[:], lifted[:]
            await repository._calls.write(work)
            self.assertEqual((len(renewed), lifted), (7, []))
            await deferToThread(read_snapshot, repository._database)
            self.assertEqual(len(lifted), 1)

        return self.frozen(scenario)


class PoolTests(ServerCase):
    """Connections."""

    def test_req_data_002_pool_size(self):
        """No more connections than ``pool_size`` are made, however many calls there are."""
        repository = self.open(pool_size=3)

        def work(link):
            link.one("SELECT pg_sleep(0.05)")
            return link.one(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'aiwebengine'"
                " AND datname = current_database()"
            )[0]

        async def scenario():
            await repository.scripts()
            jobs = [Deferred.fromCoroutine(repository._calls.read(work)) for _ in range(12)]
            counts = await gatherResults(jobs)
            self.assertEqual(max(counts), 3)
            facts = await repository.check()
            self.assertEqual((facts["backend"], facts["connections"]), ("postgresql", 3))
            self.assertGreaterEqual(facts["latency_ms"], 0)
            self.assertEqual(facts["calls_waiting"], 0)

        return self.run_scenario(scenario())

    def test_req_data_004_frozen_amid_a_transaction(self):
        """An engine frozen amid a transaction keeps others from theirs only as long as a call may take."""
        frozen = open_database(self.url, call_timeout_s=0.3)
        other = open_database(self.url, call_timeout_s=20)
        self.addCleanup(frozen.close)
        self.addCleanup(other.close)
        frozen.write(self.locked)

        def work(link):
            link.lock("scripts")
            self.assertEqual(other.write(self.locked), "done")
            link.one("SELECT 1")

        error = self.assertRaises(RepositoryUnavailable, frozen.write, work)
        self.assertIn("idle-in-transaction", error.reason)
        self.assertFalse(error.unknown)
        self.assertEqual(frozen.write(self.locked), "done")
        with frozen.snapshot() as link:
            self.assertEqual(link.one("SHOW idle_in_transaction_session_timeout"), ("0",))

    def locked(self, link):
        link.lock("scripts")
        return "done"

    def test_broken_while_idle(self):
        """A connection that the server closed in between is replaced unseen."""
        repository = self.open(pool_size=1)

        def pid(link):
            return link.one("SELECT pg_backend_pid()")[0]

        async def scenario():
            first = await repository._calls.read(pid)
            other = open_database(self.url)
            other.read(lambda link: link.one("SELECT pg_terminate_backend(?)", first))
            while other.read(lambda link: link.one("SELECT 1 FROM pg_stat_activity WHERE pid = ?", first)):
                pass  # it says goodbye before it is gone from there
            other.close()
            while await repository._calls.read(pid) == first:
                raise AssertionError("the broken connection was used")

        return self.run_scenario(scenario())

    def test_broken_while_saving(self):
        """When the connection breaks at the commit, the error says that the outcome is not known."""
        repository = self.open(pool_size=1)

        def work(link):
            link.run("INSERT INTO settings VALUES ('x', '1', '', 0)")
            (pid,) = link.one("SELECT pg_backend_pid()")
            other = open_database(self.url)
            other.read(lambda them: them.one("SELECT pg_terminate_backend(?)", pid))
            while other.read(lambda them: them.one("SELECT 1 FROM pg_stat_activity WHERE pid = ?", pid)):
                pass
            other.close()

        async def scenario():
            with self.assertRaises(RepositoryUnavailable) as caught:
                await repository._calls.write(work)
            self.assertTrue(caught.exception.unknown)
            self.assertIn("whether the change was saved is not known", caught.exception.reason)
            self.assertEqual(await repository.settings.all(), [])

        return self.run_scenario(scenario())

    def test_statement_refused(self):
        """An error in a statement is no outage, and leaves the connection usable."""
        repository = self.open(pool_size=1)

        async def scenario():
            with self.assertRaises(RepositoryUnusable) as caught:
                await repository._calls.write(lambda link: link.run("SELECT nothing FROM nowhere"))
            self.assertNotIsInstance(caught.exception, RepositoryUnavailable)
            self.assertIn("nowhere", caught.exception.reason)
            self.assertEqual(await repository.scripts(), [])

        return self.run_scenario(scenario())

    def test_too_many_calls(self):
        """Beyond a number of waiting calls more are refused at once."""
        repository = self.open(pool_size=1)
        repository._calls._most_waiting = 3

        async def scenario():
            jobs = [Deferred.fromCoroutine(repository.scripts()) for _ in range(3)]
            with self.assertRaises(RepositoryUnavailable) as caught:
                await repository.scripts()
            self.assertIn("3 calls are waiting", caught.exception.reason)
            await gatherResults(jobs)
            self.assertEqual(await repository.scripts(), [])

        return self.run_scenario(scenario())


class WatchTests(ServerCase):
    """Changes by others are told."""

    def test_told(self):
        """Another's change is told, one's own is not; after a break of the connection it is told too."""
        one, other = self.open(), self.open()
        waiting = []
        told = []

        def hear():
            told.append(True)
            for deferred in waiting:
                waiting.remove(deferred)
                deferred.callback(None)

        def next_news():
            waiting.append(Deferred())
            return waiting[0]

        async def scenario():
            await one.scripts()
            cancel = one.watch(hear)
            news = next_news()
            # The listener may not listen yet: change until it hears.
            while not told:
                await other.save([ScriptChange("a", "x")])
                await deferLater(reactor, 0.05)
            await news
            await deferLater(reactor, 0.3)
            del told[:]
            await one.save([ScriptChange("b", "x")])
            news = next_news()
            await other.save([ScriptChange("c", "x")])
            await news
            self.assertEqual(told, [True])
            news = next_news()
            self.server.stop()
            self.server.start()
            await news
            cancel()
            cancel()

        return self.run_scenario(scenario())


class PasswordTests(SynchronousTestCase):
    """The password is in no error."""

    def error(self, url):
        repository = open_repository(url, worker=InlineWorker())
        return self.failureResultOf(Deferred.fromCoroutine(repository.scripts()), RepositoryUnusable).value

    def test_req_sec_005_wrong_password(self):
        """A refused password is said without it."""
        url = empty_database().replace(shared_server().quoted_password, "wr0ng-secret")
        error = self.error(url)
        self.assertIn("password authentication failed", error.reason)
        self.assertNotIn("wr0ng-secret", str(error) + repr(error))

    def test_req_sec_005_unreadable_url(self):
        """A URL which libpq cannot read is refused without its words, which may quote the password."""
        empty_database()
        for password in ("se/cret", "se:cret@x:y", "%zz"):
            url = f"postgresql://me:{password}@127.0.0.1:5432/db"
            try:
                error = self.error(url)
            except RepositoryUnusable as refused:
                error = refused
                self.assertIn("percent-encoded", str(error))
            self.assertNotIn(password, str(error))
        self.assertNotIn("cret", quote(str(error)))


_CHILD = """
import sys
from twisted.internet.defer import Deferred
from aiwebengine.repository import open_repository
from aiwebengine.repository.deadlines import Limit
from aiwebengine.repository.worker import InlineWorker
from aiwebengine.scripts.model import ScriptChange

repository = open_repository(sys.argv[1], worker=InlineWorker())
number = 0
def done(saved):
    print(saved[0].version, saved[1].version, flush=True)
while True:
    number += 1
    text = f"version {number} " + "x" * 3000
    changes = [ScriptChange("a", text), ScriptChange("b", text)]
    Deferred.fromCoroutine(repository.save(changes)).addCallbacks(done, lambda f: f.raiseException())
"""


class KillTests(SynchronousTestCase):
    """REQ-DATA-004 with PostgreSQL."""

    def wait(self, coroutine):
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def test_req_data_004_kill(self):
        """After each SIGKILL of an engine amid writing, all acknowledged saves are there, and no half one."""
        url = empty_database()
        last = 0
        for wanted in (3, 15):
            child = subprocess.Popen(
                [sys.executable, "-c", _CHILD, url], stdout=subprocess.PIPE, env=environment()
            )
            lines = [child.stdout.readline() for _ in range(wanted)]
            child.send_signal(signal.SIGKILL)
            rest, _ = child.communicate()
            self.assertEqual(child.returncode, -signal.SIGKILL)
            lines += [line for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]
            acknowledged = int(lines[-1].split()[0])
            self.assertGreaterEqual(acknowledged, last + wanted)
            repository = open_repository(url, worker=InlineWorker())
            # The server may be committing the last one still; the lock waits for it.
            self.wait(repository.save([ScriptChange("c", "")]))
            first, second, _ = self.wait(repository.scripts())
            self.assertEqual(first.version, second.version)
            self.assertIn(first.version, (acknowledged, acknowledged + 1))
            last = first.version
            self.wait(repository.close())
