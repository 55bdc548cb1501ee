"""A feature behind the engine's own site, in memory."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from aiwebengine.web.errors import ErrorPages
from aiwebengine.web.root import Root
from aiwebengine.web.site import EngineSite
from tests.web.support import Scripts, make_settings


class Transport(StringTransport):
    """A transport that tells whether it was aborted."""

    aborted = False

    def abortConnection(self):
        self.aborted = True


class Answer:
    """A parsed response."""

    def __init__(self, raw, complete):
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if head else 0
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            self.headers[name.lower()] = value
        if self.headers.get("transfer-encoding") == "chunked":
            body = unchunk(body)
        self.body = body
        self.complete = complete

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.status, self.json["error"]["code"]


def unchunk(data):
    """Join chunks; the last may be missing."""
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        body += data[: int(size, 16)]
        data = data[int(size, 16) + 2 :]
    return body


class Connection:
    """One connection to a resource."""

    def __init__(self, site, peer="127.0.0.1"):
        self.transport = Transport(peerAddress=IPv4Address("TCP", peer, 50000))
        self.protocol = site.buildProtocol(None)
        self.protocol.makeConnection(self.transport)

    def send(self, method, path, body=b"", **headers):
        if isinstance(body, str):
            body = body.encode()
        fields = {"Host": "127.0.0.1:8080", "Content-Length": str(len(body))}
        fields |= {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        self.protocol.dataReceived("\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body)

    @property
    def answer(self):
        return Answer(self.transport.value(), None)

    def lost(self):
        self.protocol.connectionLost(Failure(ConnectionLost()))


class FeatureHelper:
    """Ask a feature by HTTP."""

    def __init__(self, case, feature, clock, key=None):
        self.case = case
        self.key = key
        self.clock = clock
        settings = make_settings()
        root = Root(Scripts(), settings=settings, features=[feature])
        self.site = EngineSite(settings, root, clock, errors=ErrorPages(development=True))

    def connect(self, method, path, body=b"", peer="127.0.0.1", **headers):
        """Send a request and give the connection."""
        if self.key and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.key}"
        connection = Connection(self.site, peer)
        connection.send(method, path, body, **headers)
        self.clock.advance(0)
        return connection

    def ask(self, method, path, body=b"", **headers):
        """Send a request and give its answer."""
        if isinstance(body, dict | list):
            body = json.dumps(body)
        return self.connect(method, path, body, **headers).answer

    def form(self, path, **fields):
        """Post a form."""
        return self.ask("POST", path, urlencode(fields), Content_Type="application/x-www-form-urlencoded")


def events(answer):
    """Give the events of a stream: (id, event, data)."""
    found = []
    for block in answer.text.split("\n\n"):
        fields = [
            line.partition(": ")[::2] for line in block.split("\n") if line and not line.startswith(":")
        ]
        if fields:
            data = "\n".join(value for name, value in fields if name == "data")
            found.append((dict(fields).get("id"), dict(fields).get("event"), data))
    return found
