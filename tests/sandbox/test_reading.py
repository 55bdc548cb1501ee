"""The front reads what a sandbox says in as few turns as it can."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox import frames
from aiwebengine.sandbox.process import SandboxProcess


class ReadingTests(SynchronousTestCase):
    """A sandbox whose output comes through a real pipe."""

    def setUp(self) -> None:
        self.read, self.write = os.pipe()
        os.set_blocking(self.read, False)
        self.addCleanup(os.close, self.read)
        self.addCleanup(os.close, self.write)
        self.found: list[tuple[int, int, bytes]] = []
        self.process = SandboxProcess(lambda process, *frame: self.hear(frame), lambda *ending: None)
        self.sent: list[bytes] = []
        transport: Any = SimpleNamespace(
            pid=1,
            pipes={0: SimpleNamespace(fd=-1), 1: SimpleNamespace(fd=self.read)},
            writeToChild=lambda descriptor, data: self.sent.append(data),
        )
        self.process.makeConnection(transport)

    def hear(self, frame: Any) -> None:
        """Keep a frame, and send something in return."""
        self.found.append(frame)
        self.process.send(b"[%d]" % frame[1])

    def test_large(self) -> None:
        """When a piece is as large as Twisted gives them, the rest of the pipe is read with it."""
        payload = bytes(range(256)) * 200
        data = frames.pack(frames.RESULT, 7, payload)
        os.write(self.write, data[8192:])
        self.process.outReceived(data[:8192])
        self.assertTrue(self.found == [(frames.RESULT, 7, payload)], f"{len(self.found)} frames")

    def test_nothing_more(self) -> None:
        """A pipe that is empty by then is no problem."""
        data = frames.pack(frames.RESULT, 7, b"x" * (8192 - 9))
        self.process.outReceived(data)
        self.assertEqual(len(self.found), 1)

    def test_small(self) -> None:
        """A short piece leaves the pipe alone."""
        os.write(self.write, b"later")
        self.process.outReceived(frames.pack(frames.RESULT, 7, b"now"))
        self.assertEqual(os.read(self.read, 100), b"later")

    def test_replies_go_together(self) -> None:
        """What is sent while frames are heard goes in one write, in order; later frames go by themselves."""
        self.process.outReceived(b"".join(frames.pack(frames.RESULT, ident) for ident in (1, 2, 3)))
        self.process.send(b"[later]")
        self.assertEqual(self.sent, [b"[1][2][3]", b"[later]"])
