"""An EngineSite in memory: raw bytes in, parsed answers out, a clock instead of time."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.python.failure import Failure

from aiwebengine.web.errors import ErrorPages
from aiwebengine.web.gates import Gates
from aiwebengine.web.root import Root
from aiwebengine.web.site import EngineSite


def make_settings(**changes: Any) -> SimpleNamespace:
    values: dict[str, Any] = {
        "max_body_bytes": 1_048_576,
        "max_upload_bytes": 10_485_760,
        "max_header_bytes": 16_384,
        "max_header_count": 200,
        "max_uri_bytes": 8192,
        "max_multipart_parts": 1000,
        "max_connections": 20_000,
        "header_timeout_ms": 10_000,
        "idle_timeout_ms": 60_000,
        "min_body_rate_bytes_per_s": 500,
        "trusted_proxies": [],
        "request_timeout_ms": 5000,
        "backlog": 1024,
    }
    return SimpleNamespace(**(values | changes))


class Scripts:
    """An application that keeps the requests it gets; ``reply`` answers them unless it is None."""

    def __init__(self, reply: Any = None) -> None:
        self.requests: list[Any] = []
        self.reply = reply

    def dispatch(self, request: Any) -> None:
        self.requests.append(request)
        if self.reply is not None:
            self.reply(request)


def hello(request: Any) -> None:
    request.answer(200, [(b"Content-Type", b"text/plain; charset=utf-8")], b"Hello")


class Answer:
    """One parsed answer."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.pairs = headers
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        code: str = self.json["error"]["code"]
        return code


def parse_answers(data: bytes, *, head_only: bool = False) -> list[Answer]:
    """Parse all answers of a connection strictly; 1xx are answers without a body."""
    answers = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        version, status, _ = lines[0].split(" ", 2)
        assert version == "HTTP/1.1", lines
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines[1:])]
        fields = {name.lower(): value for name, value in headers}
        body = b""
        if not head_only and int(status) >= 200 and int(status) not in (204, 304):
            if fields.get("transfer-encoding") == "chunked":
                while True:
                    size, _, data = data.partition(b"\r\n")
                    length = int(size, 16)
                    piece, end, data = data[:length], data[length : length + 2], data[length + 2 :]
                    assert end == b"\r\n"
                    body += piece
                    if not length:
                        break
            elif "content-length" in fields:
                length = int(fields["content-length"])
                body, data = data[:length], data[length:]
                assert len(body) == length, "the answer is shorter than its Content-Length"
            else:
                body, data = data, b""
        answers.append(Answer(int(status), headers, body))
    return answers


class Wire:
    """One connection to a site."""

    def __init__(self, site: EngineSite, peer: Any = None) -> None:
        channel = site.buildProtocol(None)
        assert channel is not None
        self.channel = channel
        self.transport = StringTransportWithDisconnection(peerAddress=peer)
        self.transport.protocol = channel
        channel.makeConnection(self.transport)

    def send(self, data: bytes) -> Wire:
        self.channel.dataReceived(data)
        return self

    @property
    def raw(self) -> bytes:
        return self.transport.value()

    @property
    def answers(self) -> list[Answer]:
        return parse_answers(self.raw)

    @property
    def answer(self) -> Answer:
        (answer,) = self.answers
        return answer

    @property
    def closed(self) -> bool:
        return not self.transport.connected

    def hang_up(self) -> None:
        self.transport.connected = False
        self.channel.connectionLost(Failure(ConnectionDone()))


class Server:
    """A started site on a Clock, with a Root."""

    def __init__(
        self,
        reply: Any = hello,
        *,
        gates: Any = (),
        observers: Any = (),
        features: Any = (),
        development: bool = False,
        **settings: Any,
    ) -> None:
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self.settings = make_settings(**settings)
        self.scripts = Scripts(reply)
        self.gates = Gates(gates, observers)
        self.root = Root(self.scripts, settings=self.settings, gates=self.gates, features=features)
        self.site = EngineSite(
            self.settings,
            self.root,
            self.clock,
            gates=self.gates,
            errors=ErrorPages(development=development),
            entropy=lambda count: b"\x01" * count,
        )
        self.site.startFactory()

    @property
    def requests(self) -> list[Any]:
        return self.scripts.requests

    def connect(self, peer: Any = None) -> Wire:
        return Wire(self.site, peer)

    def send(self, data: bytes) -> Wire:
        return self.connect().send(data)

    def get(
        self, target: str, *headers: str, method: str = "GET", body: bytes = b"", peer: Any = None
    ) -> Wire:
        lines = [f"{method} {target} HTTP/1.1", "Host: example.com", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join(lines) + "\r\n\r\n"
        return self.connect(peer).send(head.encode("latin-1") + body)

    def advance(self, seconds: float) -> None:
        """Let time pass in steps that the sweep sees."""
        for _ in range(int(seconds / 0.25)):
            self.clock.advance(0.25)
