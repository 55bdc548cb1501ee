"""Whole answers go to the socket at once, as far as it takes them."""

from __future__ import annotations

from twisted.internet.abstract import FileDescriptor
from twisted.internet.main import CONNECTION_LOST
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from tests.web.support import Server, parse_answers

_GET = b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"


class _Socket(FileDescriptor):
    """A descriptor that takes ``room`` bytes, then none; ``lost`` makes it say that the peer is gone."""

    def __init__(self, room: int, *, lost: bool = False) -> None:
        super().__init__(MemoryReactorClock())
        self.connected = 1
        self.room = room
        self.lost = lost
        self.taken = b""

    def getPeer(self) -> None:
        return None

    def writeSomeData(self, data: bytes) -> int | BaseException:
        if self.lost:
            return CONNECTION_LOST
        sent = bytes(data[: self.room])
        self.room -= len(sent)
        self.taken += sent
        return len(sent)

    def watched(self) -> bool:
        """Whether the reactor was asked to say when there is room."""
        return bool(self.reactor.writers)


class WriteNowTests(SynchronousTestCase):
    """One request on a socket that behaves in some way."""

    def connect(self, socket: _Socket) -> None:
        channel = Server().site.buildProtocol(None)
        assert channel is not None
        self.channel = channel
        channel.makeConnection(socket)

    def test_whole(self) -> None:
        """An answer that fits is sent without the reactor."""
        socket = _Socket(100_000)
        self.connect(socket)
        self.channel.dataReceived(_GET)
        (answer,) = parse_answers(socket.taken)
        self.assertEqual((answer.status, answer.body), (200, b"Hello"))
        self.assertFalse(socket.watched())

    def test_rest(self) -> None:
        """What does not fit follows when there is room, and further answers after it."""
        socket = _Socket(10)
        self.connect(socket)
        self.channel.dataReceived(_GET)
        self.assertEqual(len(socket.taken), 10)
        self.assertTrue(socket.watched())
        self.channel.dataReceived(_GET)
        self.assertEqual(len(socket.taken), 10)
        socket.room = 100_000
        socket.doWrite()
        self.assertEqual([answer.body for answer in parse_answers(socket.taken)], [b"Hello", b"Hello"])

    def test_full(self) -> None:
        """A socket that takes nothing loses nothing."""
        socket = _Socket(0)
        self.connect(socket)
        self.channel.dataReceived(_GET)
        socket.room = 100_000
        socket.doWrite()
        self.assertEqual(parse_answers(socket.taken)[0].body, b"Hello")

    def test_lost(self) -> None:
        """A peer that has gone is left for the reactor to find out, which tells everybody."""
        socket = _Socket(100_000, lost=True)
        self.connect(socket)
        self.channel.dataReceived(_GET)
        self.assertTrue(socket.watched())
        self.assertIs(socket.doWrite(), CONNECTION_LOST)
