# ruff: noqa: E501 - scripts read best as they are
"""The pool's decisions, on a clock and with sandboxes that do what the test says."""

from __future__ import annotations

import signal
from types import SimpleNamespace
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import ISandboxPool
from aiwebengine.sandbox import frames
from aiwebengine.sandbox.crew import FAILED_STARTS, START_GRACE_S
from aiwebengine.sandbox.failures import LimitHit, ScriptThrew, TimedOut, Unavailable, WorkerLost
from aiwebengine.sandbox.pool import CANCEL_GRACE_S
from aiwebengine.sandbox.process import SandboxProcess
from aiwebengine.sandbox.schedule import PIPELINE_DEPTH
from tests.sandbox.pool_fakes import FakeProcess, Sink, Stage, told, usage


class FakeTests(SynchronousTestCase):
    """The fakes are like what they stand for."""

    def test_process(self) -> None:
        """The fake has every public member of a real sandbox that the pool uses."""
        real = SandboxProcess(lambda *a: None, lambda *a: None)
        protocol = {name for name in dir(real) if not name.startswith("_")}
        twisteds = {name for name in protocol if name[0].islower() and any(c.isupper() for c in name)} | {
            "factory",
            "connected",
            "transport",
            "start",
        }
        fake = FakeProcess(lambda *a: None, lambda *a: None)
        self.assertEqual(protocol - twisteds - set(dir(fake)), set())
        for name in protocol - twisteds:
            self.assertEqual(callable(getattr(real, name)), callable(getattr(fake, name)), name)

    def test_pool(self) -> None:
        """The pool is one."""
        verifyObject(ISandboxPool, Stage().pool)


class QueueTests(SynchronousTestCase):
    """Who runs where, and who waits."""

    def test_idle_sandboxes_first(self) -> None:
        """Jobs go to idle sandboxes; a program is told to each once."""
        stage = Stage(max_per_script=2)
        first, second = stage.job(), stage.job()
        self.assertEqual({stage.where(first), stage.where(second)}, {0, 1})
        process = stage.process(first)
        self.assertEqual(process.kinds(), [frames.PROGRAM, frames.CALL])
        process.answer(first)
        again = stage.job()
        self.assertEqual(stage.process(again).kinds(), [frames.CALL])

    def test_what_an_answer_sets_off_does_not_overtake(self) -> None:
        """A job submitted while an answer is handed over goes behind those that wait for the sandbox."""
        stage = Stage(workers=1)
        running = stage.job("a.js")
        waiting = [stage.job("b.js"), stage.job("c.js")]
        later: list[Any] = []
        assert isinstance(running.sink, Sink)
        running.sink.done.addCallback(lambda _: later.append(stage.job("d.js")))
        stage.process(running).answer(running)
        self.assertEqual([stage.where(job) for job in (*waiting, *later)], [0, None, None])
        stage.process(waiting[0]).answer(waiting[0])
        self.assertEqual([stage.where(job) for job in (waiting[1], *later)], [0, None])

    def test_warm_sandbox_preferred(self) -> None:
        """A sandbox that knows the program is taken before one that does not."""
        stage = Stage(workers=3)
        one = stage.job("a.js")
        two = stage.job("b.js")
        for job in (one, two):
            stage.process(job).answer(job)
        self.assertEqual(stage.where(stage.job("b.js")), stage.where(two))
        self.assertEqual(stage.where(stage.job("a.js")), stage.where(one))

    def test_max_per_script(self) -> None:
        """By default one script holds all sandboxes but one; others are served at once."""
        stage = Stage(workers=3)
        jobs = [stage.job("a.js") for _ in range(4)]
        self.assertEqual([stage.where(job) is None for job in jobs], [False, False, True, True])
        self.assertIsNotNone(stage.where(stage.job("b.js")))
        self.assertEqual(stage.pool.status()["queued"], 2)
        self.assertEqual(stage.pool.status()["running"], 3)

    def test_max_per_script_configured(self) -> None:
        """Or as many as configured; with one worker, that one."""
        stage = Stage(workers=3, max_per_script=1)
        jobs = [stage.job("a.js") for _ in range(2)]
        self.assertEqual([stage.where(job) is None for job in jobs], [False, True])
        stage = Stage(workers=1)
        self.assertIsNotNone(stage.where(stage.job()))

    def test_queue_served_in_turns(self) -> None:
        """When a sandbox gets free, each waiting script has its turn."""
        stage = Stage(workers=1)
        running = stage.job("z.js")
        waiting = [stage.job(uri) for uri in ("a.js", "a.js", "a.js", "b.js", "c.js")]
        order = []
        process = stage.process(running)
        while process.running:
            job = next(iter(process.running))
            order.append(job.uri)
            process.answer(job, cpu_us=5000)
        self.assertEqual(order, ["z.js", "a.js", "b.js", "c.js", "a.js", "a.js"])
        self.assertTrue(all(job.process is process for job in waiting))

    def test_queue_full(self) -> None:
        """Past max_queue a job is refused, naming the key; the sink hears it before the call returns."""
        stage = Stage(workers=1, max_queue=2)
        for _ in range(3):
            stage.job()
        job, sink = stage.call()
        self.assertIsNone(job)
        assert isinstance(sink.failures[0], Unavailable)
        self.assertIn("javascript.max_queue", sink.failures[0].reason)
        self.assertEqual(stage.pool.status()["refused"], 1)

    def test_no_queue(self) -> None:
        """A queue of none refuses what cannot run at once."""
        stage = Stage(workers=1, max_queue=0)
        stage.job()
        self.assertIsNone(stage.call()[0])

    def test_waiting_jobs_free_their_sandbox(self) -> None:
        """While a job awaits the host its sandbox serves others; the answer goes to where the job is."""
        asked: dict[str, Deferred[Any]] = {}

        async def ask(call: Any, argument: Any) -> Any:
            asked[argument] = Deferred()
            return await asked[argument]

        stage = Stage(workers=1, operations={"ask": ask})
        first = stage.job()
        process = stage.process(first)
        process.wait(first, [[1, "ask", "q"]])
        second = stage.job()
        self.assertEqual(stage.where(second), 0)
        process.sent.clear()
        asked["q"].callback("A")
        self.assertEqual(process.sent, [(frames.ANSWER, first.ident, b'[1,true,"A"]')])
        process.answer(second)
        process.answer(first)
        self.assertEqual(process.jobs, {})
        self.assertEqual(stage.pool.status()["running"], 0)

    def test_most_waiting_jobs(self) -> None:
        """A sandbox holds no more jobs at once than realms it may keep; the next waits for one to end."""
        stage = Stage(workers=1, realms_per_sandbox=2)
        first, second = stage.job(), stage.job()
        stage.process(first).wait(first)
        process = stage.process(second)
        process.wait(second)
        third = stage.job()
        self.assertIsNone(stage.where(third))
        process.answer(first)
        self.assertEqual(stage.where(third), 0)


class PipelineTests(SynchronousTestCase):
    """Calls sent ahead of answers."""

    def test_quick_scripts(self) -> None:
        """A quick script's calls are sent ahead, up to a depth."""
        stage = Stage(workers=1)
        stage.make_quick()
        jobs = [stage.job() for _ in range(PIPELINE_DEPTH + 1)]
        self.assertEqual([stage.where(job) for job in jobs], [0] * PIPELINE_DEPTH + [None])
        process = stage.process(jobs[0])
        for job in jobs[:2]:
            process.answer(job, cpu_us=10)
        self.assertEqual(stage.where(jobs[-1]), 0)

    def test_slow_and_unknown_scripts(self) -> None:
        """Not those of a script that is slow or not yet known."""
        stage = Stage(workers=1)
        self.assertEqual([stage.where(job) for job in (stage.job(), stage.job())], [0, None])
        stage = Stage(workers=1)
        job = stage.job()
        stage.process(job).answer(job, cpu_us=5000)
        self.assertEqual([stage.where(job) for job in (stage.job(), stage.job())], [0, None])

    def test_others_wait(self) -> None:
        """Not while another script waits for the sandbox."""
        stage = Stage(workers=1)
        stage.make_quick()
        first = stage.job()
        other = stage.job("b.js")
        self.assertIsNone(stage.where(stage.job()))
        stage.process(first).answer(first, cpu_us=10)
        self.assertEqual(stage.where(other), 0)

    def test_costs_are_learnt(self) -> None:
        """A script that becomes slow is no longer sent ahead."""
        stage = Stage(workers=1)
        stage.make_quick()
        for _ in range(10):
            job = stage.job()
            stage.process(job).answer(job, cpu_us=100_000)
        self.assertEqual([stage.where(job) for job in (stage.job(), stage.job())], [0, None])

    def test_death_with_calls_ahead(self) -> None:
        """When a sandbox ends, calls it cannot have begun run elsewhere, in their order; the first is lost."""
        stage = Stage(workers=1, spare_sandboxes=1)
        stage.get_ready()
        stage.make_quick()
        calls = [stage.call() for _ in range(3)]
        jobs = [job for job, _ in calls if job is not None]
        dying = stage.process(jobs[0])
        dying.end(signal=11)
        self.assertEqual([sink.failures for _, sink in calls], [[WorkerLost(11, None, True)], [], []])
        stage.get_ready()
        heir = stage.process(jobs[1])
        self.assertIsNot(heir, dying)
        self.assertEqual(next(ident for kind, ident, _ in heir.sent if kind == frames.CALL), jobs[1].ident)
        while heir.running:
            heir.answer(next(iter(heir.running)))
        self.assertEqual([len(sink.heads) for _, sink in calls], [0, 1, 1])


class OutcomeTests(SynchronousTestCase):
    """Frames from sandboxes reach sinks, logs and operations."""

    def setUp(self) -> None:
        self.sent: list[Any] = []
        self.stage = Stage(operations={"tell": self.tell})
        job, self.sink = self.stage.call()
        assert job is not None
        self.job = job
        self.process = self.stage.process(job)

    async def tell(self, call: Any, argument: Any) -> None:
        self.sent.append((call.script, argument))

    def messages(self) -> list[str]:
        return [entry["message"] for entry in self.stage.script_log.query()["entries"]]

    def test_answer(self) -> None:
        """An answer with its usage, and its body beside the head."""
        head = ["B", 200, None, [], None, None, None, None]
        self.process.say(frames.RESULT, self.job.ident, usage(head, 123, 45) + b"body")
        self.assertEqual(self.sink.heads, [head])
        self.assertEqual((self.job.cpu_us, self.job.heap_kb), (123, 45))
        self.assertEqual(self.process.jobs, {})

    def test_effects(self) -> None:
        """Effects before the answer are carried out and change nothing else."""
        effects = msgspec.json.encode([["log", "info", "hello", 1], ["send", "tell", 5]])
        self.process.say(frames.EFFECTS, self.job.ident, effects)
        self.assertEqual((self.messages(), self.sent), (["hello"], [("a.js", 5)]))
        self.assertTrue(self.job.untouched)
        self.process.answer(self.job)
        self.assertEqual(self.job.host_calls, 1)

    def test_failures(self) -> None:
        """What failed is told as a value."""
        for kind, head, wanted in (
            (
                frames.FAILED,
                {"limit": "cpu", "value": 1, "used": 2, "unit": "ms", "stack": ""},
                LimitHit("cpu", 1, 2, "ms", "", "javascript.execution_timeout_ms"),
            ),
            (frames.RESULT, ["!", {"name": "E", "message": "m", "stack": ""}, None], ScriptThrew("E", "m")),
            (frames.FAILED, {"thrown": {"name": "E", "message": "m", "stack": ""}}, ScriptThrew("E", "m")),
        ):
            job, sink = self.stage.call("b.js")
            assert job is not None
            self.stage.process(job).say(kind, job.ident, usage(head))
            self.assertEqual(sink.failures, [wanted])

    def test_stream(self) -> None:
        """A streamed answer: head, chunks as they are asked for, the end."""
        ident = self.job.ident
        self.process.say(
            frames.STREAM, ident, usage(["s", 200, None, [], None, None, [["log", "info", "head", 0]], None])
        )
        self.assertEqual(len(self.sink.streams), 1)
        self.process.sent.clear()
        self.job.pull()
        self.assertEqual(self.process.kinds(), [frames.PULL])
        self.process.say(frames.CHUNK, ident, usage(b'0[[["t","a"]],null,[["send","tell",1]],[]]'))
        self.process.say(
            frames.CHUNK, ident, usage(b'2[[["t","b"]],{"name":"E","message":"m","stack":""},null,[]]')
        )
        self.assertEqual(
            self.sink.chunks, [([["t", "a"]], False, None), ([["t", "b"]], True, ScriptThrew("E", "m"))]
        )
        self.assertEqual((self.messages(), self.sent), (["head"], [("a.js", 1)]))
        self.job.pull()
        self.assertEqual(self.process.kinds(), [])

    def test_stream_that_awaits_the_host(self) -> None:
        """Calls that come with a chunk are started."""
        self.process.say(frames.STREAM, self.job.ident, usage(["s", 200, None, [], None, None, None, None]))
        self.job.pull()
        self.process.sent.clear()
        self.process.say(frames.CHUNK, self.job.ident, usage(b'0[[["t","a"]],null,null,[[1,"tell",2]]]'))
        self.assertEqual(self.process.sent, [(frames.ANSWER, self.job.ident, b"[1,true,null]")])

    def test_nonsense(self) -> None:
        """A sandbox that sends what none sends is killed; its job is lost."""
        for kind, payload in (
            (frames.RESULT, b"x"),
            (frames.RESULT, usage(b"{")),
            (frames.RESULT, usage(b"[]")),
            (frames.RESULT, usage(b"7")),
            (frames.WAIT, b"[]"),
            (frames.CHUNK, usage(b"0[]")),
            (frames.EFFECTS, b"[[1]]"),
            (frames.FAILED, usage({})),
            (200, b""),
        ):
            stage = Stage()
            job, sink = stage.call()
            assert job is not None
            process = stage.process(job)
            process.say(kind, job.ident, payload)
            self.assertEqual(process.kill_reason, "sent nonsense", (kind, payload))
            process.end(signal=9)
            self.assertEqual(len(sink.failures) + len(sink.heads), 1, (kind, payload))
            self.assertEqual(stage.pool.status()["killed"], 1)
            self.flushLoggedErrors()

    def test_sinks_that_fail(self) -> None:
        """What goes wrong in taking an answer in is not the sandbox's fault; the sink is told."""

        class Broken(Sink):
            def answered(self, head: list[Any], raw: bytes | None) -> None:
                raise RuntimeError("broken sink")

        sink = Broken()
        program = self.stage.program("b.js")
        job = self.stage.pool.call(program, b"", sink, request_id="", route="", facts={})
        assert job is not None
        process = self.stage.process(job)
        process.answer(job)
        self.assertEqual(process.kill_reason, "")
        self.assertEqual(len(sink.failures), 1)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_frames_of_nobody(self) -> None:
        """Frames for jobs that are not known are nothing."""
        self.process.say(frames.RESULT, 99, b"")
        self.assertEqual(self.process.kill_reason, "")


class TimeTests(SynchronousTestCase):
    """Deadlines, cancellations and what does not heed them."""

    def test_deadline_in_the_queue(self) -> None:
        """A job that waits too long fails so."""
        stage = Stage(workers=1, request_timeout_ms=1000)
        stage.job()
        _, sink = stage.call()
        stage.advance(1)
        self.assertEqual([type(f) for f in sink.failures], [TimedOut])
        self.assertTrue(sink.failures[0].queued)
        self.assertEqual(stage.pool.status()["queued"], 0)

    def test_deadline_while_it_runs(self) -> None:
        """A job that takes too long fails, and its sandbox is told to drop it."""
        stage = Stage(request_timeout_ms=1000)
        job, sink = stage.call()
        assert job is not None
        process = stage.process(job)
        process.sent.clear()
        stage.advance(0.9)
        self.assertEqual(sink.failures, [])
        stage.advance(0.1)
        self.assertEqual(len(sink.failures), 1)
        self.assertEqual((sink.failures[0].limit_ms, sink.failures[0].queued), (1000, False))
        self.assertEqual(process.sent, [(frames.CANCEL, job.ident, b"")])
        process.say(frames.EFFECTS, job.ident, b'[["log","info","finally",0]]')
        self.assertEqual(stage.script_log.query()["entries"][0]["message"], "finally")
        stage.advance(CANCEL_GRACE_S + 1)
        self.assertEqual(process.kill_reason, "")
        self.assertEqual(stage.pool.status()["running"], 0)

    def test_sandbox_that_does_not_heed(self) -> None:
        """One that does not confirm within the grace is killed; the route counts a crash."""
        stage = Stage(request_timeout_ms=1000, execution_timeout_ms=300)
        for _ in range(5):
            job, sink = stage.call()
            assert job is not None
            process = stage.process(job)
            stage.advance(1 + CANCEL_GRACE_S - 0.1)
            self.assertEqual((len(sink.failures), process.kill_reason), (1, ""))
            stage.advance(0.3)
            self.assertEqual(process.kill_reason, "deadline")
            process.end(signal=9)
            stage.get_ready()
        self.assertEqual(stage.pool.status()["killed"], 5)
        _, sink = stage.call()
        self.assertEqual([type(f) for f in sink.failures], [Unavailable])
        self.assertIn("paused", sink.failures[0].reason)
        self.assertGreater(sink.failures[0].retry_after_s, 1)
        self.assertIsNotNone(stage.call(route="GET /other")[0])

    def test_killed_sandbox_takes_nothing(self) -> None:
        """Between the kill and the end no job is given to it."""
        stage = Stage(workers=2, max_per_script=2)
        job = stage.job()
        process = stage.process(job)
        stage.pool.cancel(job)
        stage.advance(CANCEL_GRACE_S + 0.1)
        self.assertEqual(process.kill_reason, "deadline")
        others = [stage.job("b.js"), stage.job("c.js")]
        self.assertEqual([other.process is process for other in others], [False, False])

    def test_retiring_sandboxes_are_swept(self) -> None:
        """Deadlines hold also in a sandbox that is being replaced."""
        stage = Stage(workers=1, spare_sandboxes=1, recycle_after_requests=2, request_timeout_ms=1000)
        stage.get_ready()
        job, sink = stage.call()
        assert job is not None
        process = stage.process(job)
        process.wait(job)
        other = stage.job("b.js")
        process.answer(other)
        self.assertTrue(process.retiring)
        stage.advance(1)
        self.assertEqual([type(f) for f in sink.failures], [TimedOut])

    def test_cancel_running(self) -> None:
        """A client that leaves: the sandbox is told, the sink hears nothing."""
        stage = Stage()
        job, sink = stage.call()
        assert job is not None
        process = stage.process(job)
        process.sent.clear()
        job.cancel()
        job.cancel()
        self.assertEqual(process.kinds(), [frames.CANCEL])
        process.answer(job)  # crossed
        process.say(frames.EFFECTS, job.ident)
        self.assertEqual((sink.heads, sink.failures), ([], []))
        self.assertEqual((process.cancelled, stage.pool.status()["running"]), ({}, 0))

    def test_cancel_waiting(self) -> None:
        """One that leaves while it waits is just forgotten."""
        stage = Stage(workers=1)
        stage.job()
        job, sink = stage.call()
        assert job is not None
        job.cancel()
        self.assertEqual(stage.pool.status()["queued"], 0)
        self.assertEqual(sink.failures, [])

    def test_native_loop_of_a_client_that_left(self) -> None:
        """A sandbox ended by the kernel while it ran a dropped job: its waiting jobs are lost, it is replaced."""
        stage = Stage(workers=1)
        waiting, sink = stage.call("b.js")
        assert waiting is not None
        process = stage.process(waiting)
        process.wait(waiting)
        job = stage.job()
        job.cancel()
        process.end(signal=int(signal.SIGPROF))
        self.assertEqual(sink.failures, [WorkerLost(int(signal.SIGPROF), None, False)])
        stage.get_ready()
        self.assertIsNotNone(stage.where(stage.job()))

    def test_slow_clients(self) -> None:
        """Time spent waiting for the client is not the script's."""
        stage = Stage(request_timeout_ms=1000)
        job, sink = stage.call()
        assert job is not None
        job.paused()
        stage.advance(5)
        self.assertEqual(sink.failures, [])
        job.pull()
        stage.advance(1.1)
        self.assertEqual(len(sink.failures), 1)

    def test_queue_wait(self) -> None:
        """How long a job waited is known."""
        stage = Stage(workers=1)
        first, second = stage.job(), stage.job()
        stage.advance(0.5)
        self.assertAlmostEqual(second.queue_wait_ms, 500)
        stage.process(first).answer(first)
        stage.advance(0.5)
        self.assertAlmostEqual(second.queue_wait_ms, 500)


class LifeTests(SynchronousTestCase):
    """Processes come and go."""

    def test_start(self) -> None:
        """The start is done when all are ready; spares come after. Each is told its settings."""
        stage = Stage(workers=2, spare_sandboxes=1, start=False)
        started: list[Any] = []
        Deferred.fromCoroutine(stage.pool.start()).addBoth(started.append)
        self.assertEqual(len(stage.spawned), 2)
        stage.spawned[0].say_ready()
        self.assertEqual(started, [])
        stage.spawned[1].say_ready()
        self.assertEqual((started, len(stage.spawned)), ([None], 3))
        stage.spawned[2].say_ready()
        self.assertEqual(told(stage.spawned[2])["cpu_seconds"], 0.3)
        self.assertEqual(stage.pool.layers, "on: everything")
        status = stage.pool.status()
        self.assertEqual(
            (status["sandboxes"], status["spares"], status["wanted"], status["started"]), (2, 1, 2, 3)
        )

    def test_jobs_before_the_first_is_ready(self) -> None:
        """Jobs that come early wait."""
        stage = Stage(workers=1, start=False)
        Deferred.fromCoroutine(stage.pool.start())
        job = stage.job()
        self.assertIsNone(stage.where(job))
        stage.spawned[0].say_ready()
        self.assertEqual(stage.where(job), 0)

    def test_do_not_start(self) -> None:
        """When they end before they are ready, again and again, the start fails."""
        stage = Stage(workers=1, start=False)
        Deferred.fromCoroutine(stage.pool.start()).addBoth(stage.started.append)
        for count in range(FAILED_STARTS):
            self.assertEqual(len(stage.spawned), count + 1)
            stage.spawned[-1].end(exit_code=1)
            stage.advance(2)
        self.assertEqual(len(stage.spawned), FAILED_STARTS)
        self.assertIsInstance(stage.started[0].value, RuntimeError)
        self.assertIn("do not start", str(stage.started[0].value))

    def test_backoff(self) -> None:
        """Later on they are tried again, each time after a longer pause."""
        stage = Stage(workers=1)
        stage.spawned[0].end(exit_code=1)
        pauses = []
        for _ in range(12):
            stage.spawned[-1].end(exit_code=1)
            (call,) = [c for c in stage.clock.getDelayedCalls() if c.getTime() > stage.clock.seconds() + 0.05]
            pauses.append(round(call.getTime() - stage.clock.seconds(), 2))
            stage.advance(pauses[-1] + 0.05)
        self.assertEqual(pauses[:3], [0.2, 0.4, 0.8])
        self.assertEqual(pauses[-1], 30)
        stage.get_ready()
        self.assertIsNotNone(stage.where(stage.job()))

    def test_stuck_start(self) -> None:
        """One that never gets ready is killed and tried again."""
        stage = Stage(workers=1, start=False)
        Deferred.fromCoroutine(stage.pool.start())
        stage.advance(START_GRACE_S + 0.1)
        self.assertEqual(stage.spawned[0].kill_reason, "did not start")
        stage.spawned[0].end(signal=9)
        stage.advance(1)
        self.assertEqual(len(stage.spawned), 2)

    def test_spare_takes_over(self) -> None:
        """When one ends a spare takes its place at once, with what waits; another is started."""
        stage = Stage(workers=1, spare_sandboxes=1)
        stage.get_ready()
        running, sink = stage.call()
        waiting = stage.job("b.js")
        assert running is not None
        stage.process(running).end(exit_code=1)
        self.assertEqual(sink.failures, [WorkerLost(None, 1, True)])
        self.assertEqual(stage.where(waiting), 1)
        self.assertEqual(stage.pool.status()["crashed"], 1)
        stage.get_ready()
        self.assertEqual(stage.pool.status()["spares"], 1)

    def test_spare_ends(self) -> None:
        """A spare that ends is replaced."""
        stage = Stage(workers=1, spare_sandboxes=1)
        stage.get_ready()
        stage.spawned[1].end(exit_code=0)
        stage.get_ready()
        self.assertEqual((stage.pool.status()["spares"], len(stage.spawned)), (1, 3))

    def test_req_js_003_ended_by_the_kernel(self) -> None:
        """A job whose native never looked at the time limit is over its CPU limit."""
        for program, key in (
            (True, "javascript.execution_timeout_ms"),
            (False, "javascript.init_timeout_ms"),
        ):
            stage = Stage(execution_timeout_ms=200, init_timeout_ms=400)
            if program:
                job, sink = stage.call()
                assert job is not None
                stage.process(job).end(signal=int(signal.SIGPROF))
                failure = sink.failures[0]
            else:
                reports: list[Any] = []
                Deferred.fromCoroutine(stage.pool.load("a.js", "x", 1)).addCallback(reports.append)
                next(p for p in stage.spawned if p.jobs).end(signal=int(signal.SIGPROF))
                self.assertIn(key, reports[0].error.message)
                continue
            self.assertEqual((failure.limit, failure.value, failure.config_key), ("cpu", 200, key))

    def test_timer_ended_by_the_kernel(self) -> None:
        """So is one whose timer did that."""
        stage = Stage(workers=1)
        job, sink = stage.call()
        assert job is not None
        process = stage.process(job)
        process.wait(job)
        process.end(signal=int(signal.SIGPROF))
        self.assertIsInstance(sink.failures[0], LimitHit)

    def test_circuit(self) -> None:
        """A route that keeps ending its sandbox is paused; after the pause one call decides."""
        stage = Stage(workers=1)
        for _ in range(5):
            job = stage.job()
            stage.process(job).end(signal=11)
            stage.get_ready()
        self.assertIsNone(stage.call()[0])
        stage.advance(10)
        job = stage.job()
        self.assertIsNone(stage.call()[0])
        stage.process(job).answer(job)
        self.assertIsNotNone(stage.call()[0])

    def test_killed_from_outside(self) -> None:
        """SIGKILL that is not ours fails the request that ran and is not held against its route."""
        stage = Stage(workers=1)
        for _ in range(6):
            job, sink = stage.call()
            assert job is not None
            stage.process(job).end(signal=9)
            stage.get_ready()
            self.assertIsInstance(sink.failures[0], WorkerLost)
        self.assertIsNotNone(stage.call()[0])

    def test_closed_pipe(self) -> None:
        """A sandbox whose pipe is closed gets no more frames: it is ended, and nothing is raised."""
        process = SandboxProcess(lambda *a: None, lambda *a: None)
        signals: list[Any] = []
        process.transport = SimpleNamespace(signalProcess=signals.append)  # type: ignore[assignment]
        process._fd = 7
        process.send(b"x")
        self.assertEqual((len(signals), process.retiring), (1, True))

    def test_recycling(self) -> None:
        """After its share of requests a sandbox is replaced by a spare; it finishes what it has."""
        stage = Stage(workers=1, spare_sandboxes=1, recycle_after_requests=3)
        stage.get_ready()
        old = stage.spawned[0]
        lasting = stage.job("b.js")
        old.wait(lasting)
        for _ in range(2):
            job = stage.job()
            old.answer(job)
        self.assertTrue(old.retiring)
        self.assertEqual(stage.where(stage.job()), 1)
        old.answer(lasting)
        self.assertGreaterEqual(old.retired, 2)  # told anew when it had nothing left
        old.end(exit_code=0)
        self.assertEqual(stage.pool.status()["recycled"], 1)
        stage.get_ready()
        self.assertEqual(stage.pool.status()["spares"], 1)

    def test_recycling_with_jobs_waiting(self) -> None:
        """The spare takes what waits at once."""
        stage = Stage(workers=1, spare_sandboxes=1, recycle_after_requests=1)
        stage.get_ready()
        job, waiting = stage.job("a.js"), stage.job("b.js")
        stage.process(job).answer(job)
        self.assertEqual(stage.where(waiting), 1)

    def test_no_spare_no_recycling(self) -> None:
        """Without a spare nothing is replaced."""
        stage = Stage(workers=1, recycle_after_requests=1)
        job = stage.job()
        stage.process(job).answer(job)
        self.assertFalse(stage.spawned[0].retiring)

    def test_forget(self) -> None:
        """A replaced program is dropped by those that know it, also when a waiting job brings it anew."""
        stage = Stage(workers=1)
        running, waiting = stage.job(), stage.job()
        process = stage.process(running)
        process.sent.clear()
        stage.pool.forget(stage.program("a.js"))
        self.assertEqual(process.kinds(), [frames.FORGET])
        process.answer(running)
        self.assertEqual(process.kinds(), [frames.PROGRAM, frames.CALL, frames.FORGET])
        process.answer(waiting)
        self.assertEqual(process.programs, set())

    def test_stop(self) -> None:
        """Jobs under way and waiting fail as unavailable; the stop is done when all have ended; nothing runs on."""
        stage = Stage(workers=2, spare_sandboxes=1)
        stage.get_ready()
        calls = [stage.call() for _ in range(2)]
        stopped: list[Any] = []
        Deferred.fromCoroutine(stage.pool.stop()).addBoth(stopped.append)
        self.assertEqual(len(calls[1][1].failures), 1)
        self.assertIsNone(stage.call()[0])
        for process in stage.spawned:
            self.assertEqual((stopped, process.kill_reason), ([], "engine stop"))
            process.end(signal=9)
        self.assertEqual(stopped, [None])
        self.assertEqual([sink.failures for _, sink in calls], [[Unavailable("the engine is stopping")]] * 2)
        self.assertEqual(stage.clock.getDelayedCalls(), [])

    def test_stop_while_starting(self) -> None:
        """A start that is stopped fails; a pause before the next try ends."""
        stage = Stage(workers=2, start=False)
        Deferred.fromCoroutine(stage.pool.start()).addBoth(stage.started.append)
        stage.spawned[0].end(exit_code=1)
        stopped: list[Any] = []
        Deferred.fromCoroutine(stage.pool.stop()).addBoth(stopped.append)
        stage.spawned[1].end(signal=9)
        self.assertEqual(stopped, [None])
        self.assertIsInstance(stage.started[0].value, RuntimeError)
        self.assertEqual(stage.clock.getDelayedCalls(), [])

    def test_stop_before_start(self) -> None:
        """Nothing to stop is fine."""
        stage = Stage(start=False)
        self.assertIsNone(self.successResultOf(Deferred.fromCoroutine(stage.pool.stop())))

    def test_seed(self) -> None:
        """Seeds are 32 bytes of the pool's randomness."""
        self.assertEqual(Stage().pool.seed(), "00" * 32)
