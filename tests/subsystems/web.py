"""A feature behind a real HTTP channel in memory, with the part of the engine's exchange that it needs."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from twisted.internet.address import IPv4Address
from twisted.internet.testing import StringTransport
from twisted.web import server
from zope.interface import implementer
from zope.interface.verify import verifyObject

from aiwebengine.errors import HTTPProblem, RouteConflict, ScriptInvalid, ScriptNotFound, VersionConflict
from aiwebengine.interfaces import IExchange


def problem_of(error):
    """Give the answer to an exception, as the engine's error table does."""
    match error:
        case HTTPProblem():
            return error
        case RouteConflict():
            return HTTPProblem(409, "ROUTE_CONFLICT", str(error), {"owner": error.owner})
        case ScriptInvalid():
            return HTTPProblem(422, error.code, str(error), {"line": error.line, "column": error.column})
        case VersionConflict():
            return HTTPProblem(412, "PRECONDITION_FAILED", str(error))
        case ScriptNotFound():
            return HTTPProblem(404, "NOT_FOUND", str(error))
    return None


@implementer(IExchange)
class ExchangeRequest(server.Request):
    """A Twisted request that is an exchange too."""

    request_id = "r1"
    secure = False
    record = None

    @property
    def path_text(self):
        return self.path.decode("ascii")

    @property
    def client_ip(self):
        return self.client.host

    def header(self, name):
        return self.getHeader(name)

    def answer(self, status, headers, body):
        self.setResponseCode(status)
        for name, value in headers:
            self.responseHeaders.addRawHeader(name, value)
        if status not in (204, 304):
            self.setHeader(b"content-length", b"%d" % len(body))
        if self.method != b"HEAD":
            self.write(body)
        self.finish()

    def finish(self):
        # As the engine's request: Klein finishes once more after an error of its routing.
        if not self.finished:
            super().finish()

    def refuse(self, error):
        problem = problem_of(error)
        if problem is None:
            self.site.crashes.append(error)
            problem = HTTPProblem(500, "INTERNAL_ERROR", str(error))
        content = {"error": {"code": problem.code, "message": problem.message}, "status": problem.status}
        if problem.details:
            content["error"]["details"] = dict(problem.details)
        headers = [(name.encode(), value.encode()) for name, value in problem.headers]
        headers.append((b"Content-Type", b"application/json"))
        self.answer(problem.status, headers, json.dumps(content).encode())


class Transport(StringTransport):
    """A transport whose reader may be slow."""

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
        from twisted.internet.error import ConnectionLost
        from twisted.python.failure import Failure

        self.protocol.connectionLost(Failure(ConnectionLost()))


class FeatureHelper:
    """Ask a feature by HTTP."""

    def __init__(self, case, feature, clock, key=None):
        self.case = case
        self.key = key
        self.site = server.Site(feature.resource(), requestFactory=ExchangeRequest, reactor=clock)
        self.site.crashes = []

    def connect(self, method, path, body=b"", peer="127.0.0.1", **headers):
        """Send a request and give the connection."""
        if self.key and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.key}"
        connection = Connection(self.site, peer)
        connection.send(method, path, body, **headers)
        return connection

    def ask(self, method, path, body=b"", **headers):
        """Send a request and give its answer."""
        if isinstance(body, dict | list):
            body = json.dumps(body)
        answer = self.connect(method, path, body, **headers).answer
        self.case.assertEqual(self.site.crashes, [])
        return answer

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


def verify_exchange(site):
    """Check that the request used here is an exchange."""
    request = ExchangeRequest(Connection(site).protocol._channel, False)
    request.path = b"/"
    request.method = b"GET"
    verifyObject(IExchange, request)
