"""SIGHUP and changed files ask for a reload."""

import os
import signal

from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SkipTest

from aiwebengine.config import ConfigurationWatch, install_sighup
from tests.config.support import ConfigurationTestCase


class WatchTests(ConfigurationTestCase):
    def setUp(self):
        super().setUp()
        self.clock = Clock()
        self.path = self.write("a.toml", "a = 1\n")
        self.missing = self.directory / "b.toml"
        self.reloads = 0
        self.paths = [self.path, self.missing, self.directory]
        self.watch = ConfigurationWatch(self.clock, lambda: self.paths, self.reload, 1.0)
        self.watch.start()
        self.addCleanup(self.watch.stop)

    def reload(self):
        self.reloads += 1

    def ticks(self, count):
        for _ in range(count):
            self.clock.advance(1)
        return self.reloads

    def test_req_cfg_004_a_change_reloads_once_it_has_kept_still(self):
        self.assertEqual(self.ticks(3), 0)
        self.path.write_text("a = 22\n")
        self.assertEqual(self.ticks(1), 0)
        self.path.write_text("a = 333\n")
        self.assertEqual(self.ticks(1), 0)
        self.assertEqual(self.ticks(1), 1)
        self.assertEqual(self.ticks(3), 1)

    def test_files_that_come_and_go_count(self):
        self.missing.write_text("")
        self.assertEqual(self.ticks(2), 1)
        self.missing.unlink()
        self.assertEqual(self.ticks(2), 2)

    def test_a_touch_without_a_change_does_not(self):
        os.utime(self.path, ns=(1, 1))
        self.assertEqual(self.ticks(3), 0)

    def test_a_change_taken_back_in_time_does_not(self):
        self.path.write_text("a = 22\n")
        self.ticks(1)
        self.path.write_text("a = 1\n")
        self.assertEqual(self.ticks(3), 0)

    def test_files_that_a_reload_brings_are_watched_from_then_on(self):
        other = self.write("c.toml", "")
        self.paths.append(other)
        self.path.write_text("a = 22\n")
        self.assertEqual(self.ticks(4), 1)
        other.write_text("b = 1\n")
        self.assertEqual(self.ticks(2), 2)

    def test_a_reload_that_raises_is_logged_and_the_watching_goes_on(self):
        def fail():
            self.reloads += 1
            raise RuntimeError("cannot")

        self.watch = ConfigurationWatch(self.clock, lambda: self.paths, fail, 1.0)
        self.watch.start()
        self.addCleanup(self.watch.stop)
        for text in ("a = 22\n", "a = 333\n"):
            self.path.write_text(text)
            self.ticks(2)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 2)
        self.assertEqual(self.reloads, 4)

    def test_it_stops(self):
        self.watch.stop()
        self.watch.stop()
        self.path.write_text("a = 22\n")
        self.assertEqual(self.ticks(3), 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class SignalTests(ConfigurationTestCase):
    def setUp(self):
        super().setUp()
        if not hasattr(signal, "SIGHUP"):
            raise SkipTest("the platform has no SIGHUP")
        before = signal.getsignal(signal.SIGHUP)
        self.addCleanup(signal.signal, signal.SIGHUP, before)
        self.before = before
        self.calls = []
        self.reactor = MemoryReactorClock()
        self.reactor.callFromThread = lambda function: self.calls.append(("on the reactor", function()))

    def test_the_signal_reloads_on_the_reactor_until_restored(self):
        restore = install_sighup(self.reactor, lambda: "reloaded")
        self.assertIs(signal.getsignal(signal.SIGHUP), self.before)
        for function, arguments, keywords in self.reactor.whenRunningHooks:
            function(*arguments, **keywords)
        signal.raise_signal(signal.SIGHUP)
        self.assertEqual(self.calls, [("on the reactor", "reloaded")])
        restore()
        restore()
        self.assertIs(signal.getsignal(signal.SIGHUP), self.before)

    def test_without_the_signal_nothing_is_installed(self):
        self.patch(signal, "SIGHUP", None)
        install_sighup(self.reactor, lambda: None)()
        self.assertEqual(self.reactor.whenRunningHooks, [])
