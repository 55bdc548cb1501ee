"""Tests for aiwebengine.repository.deadlines."""

from __future__ import annotations

import socket
import threading
import time

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.repository import deadlines
from aiwebengine.repository.deadlines import Deadlines


class DeadlineTests(SynchronousTestCase):
    """Connections that are silent for too long are shut."""

    def setUp(self):
        self.ours, self.theirs = socket.socketpair()
        self.addCleanup(self.ours.close)
        self.addCleanup(self.theirs.close)
        self.ours.settimeout(30)  # ends a test that fails
        self.deadlines = Deadlines(0.05)
        self.addCleanup(self.deadlines.stop)

    def threads(self):
        return [one for one in threading.enumerate() if one.name == "repository-deadlines"]

    def test_expired(self):
        """Whoever waits hears that the connection has ended."""
        with self.deadlines.over(self.ours.fileno()) as limit:
            self.assertEqual(self.ours.recv(1), b"")
            self.assertTrue(limit.expired)

    def test_answered(self):
        """A connection that is answered in time stays, and is not looked after when it is not used."""
        with self.deadlines.over(self.ours.fileno()) as limit:
            self.theirs.send(b"x")
            self.assertEqual(self.ours.recv(1), b"x")
        self.assertFalse(limit.expired)
        other, end = socket.socketpair()
        self.addCleanup(end.close)
        with other, self.deadlines.over(other.fileno()):
            self.assertEqual(other.recv(1), b"")  # it ends, and by then the first would have
        self.theirs.send(b"y")
        self.assertEqual(self.ours.recv(1), b"y")

    def test_another_connection_of_that_number(self):
        """A connection that has got the number of one that was closed meanwhile is left alone."""
        with self.deadlines.over(self.ours.fileno()) as limit:
            number = self.ours.fileno()
            self.ours.close()
            again, end = socket.socketpair()
            with again, end:
                self.assertIn(number, (again.fileno(), end.fileno()))
                self.assertEqual(self.theirs.recv(1), b"")
                self.assertTrue(limit.expired)
                again.send(b"z")
                self.assertEqual(end.recv(1), b"z")

    def test_renewed_and_lifted(self):
        """Each statement begins anew; without a limit nothing ends."""
        now = [0.0]
        watch = Deadlines(10.0, lambda: now[0])
        self.addCleanup(watch.stop)
        with watch.over(self.ours.fileno()) as limit:
            self.assertEqual(limit.until, 10.0)
            now[0] = 5.0
            limit.renew()
            self.assertEqual(limit.until, 15.0)
            limit.lift()
            limit.renew()
            self.assertIsNone(limit.until)
            watch.hurry(2.0)
            self.assertEqual(limit.until, 7.0)
            now[0] = 6.0
            limit.renew()
            self.assertEqual(limit.until, 8.0)

    def wait_for_end(self):
        until = time.monotonic() + 30
        while self.threads() and time.monotonic() < until:
            time.sleep(0.01)
        self.assertEqual(self.threads(), [])

    def test_thread(self):
        """One thread looks after all, and ends when there was nothing to do for long."""
        self.patch(deadlines, "_IDLE_S", 0.01)
        with self.deadlines.over(self.ours.fileno()), self.deadlines.over(self.theirs.fileno()):
            self.assertEqual(len(self.threads()), 1)
        self.wait_for_end()
        with self.deadlines.over(self.ours.fileno()):
            self.assertEqual(self.ours.recv(1), b"")
        self.wait_for_end()

    def test_no_room_for_a_thread(self):
        """Where a thread cannot be started now, the next call starts one."""

        def fail(thread):
            raise RuntimeError("can't start new thread")

        full = self.patch(threading.Thread, "start", fail)
        with self.assertRaises(RuntimeError), self.deadlines.over(self.ours.fileno()):
            pass
        full.restore()
        with self.deadlines.over(self.ours.fileno()) as limit:
            self.assertEqual(self.ours.recv(1), b"")
        self.assertTrue(limit.expired)

    def test_stopped(self):
        """When it is told to end, the thread still looks after what is under way."""
        with self.deadlines.over(self.ours.fileno()) as limit:
            self.deadlines.stop()
            self.assertEqual(self.ours.recv(1), b"")
            self.assertTrue(limit.expired)
        self.wait_for_end()
