"""A plain blocking HTTP client for tests, and raw connections for what no client library would send."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import attrs

__all__ = ["Answer", "Client", "RawConnection", "read_answers"]

Body = bytes | str | None


@attrs.frozen
class Answer:
    """One HTTP answer, whole; ``headers`` are (name, value) pairs as they came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = attrs.field(repr=lambda body: repr(body[:2000]))

    def header(self, name: str) -> str | None:
        """Give a header's value, repeated ones joined by ``, ``; None when it is absent."""
        found = self.all(name)
        return ", ".join(found) if found else None

    def all(self, name: str) -> list[str]:
        """Give every value of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def text(self) -> str:
        """The body as UTF-8 text."""
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        """The body as JSON data."""
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The ``error.code`` of the engine's error answers, None for other answers."""
        try:
            error = self.json["error"]
        except (ValueError, TypeError, KeyError):
            return None
        return error.get("code") if isinstance(error, dict) else None


class Client:
    """
    Sends requests to one server, each on a connection of its own unless `keep_alive` is used.

    ``timeout`` is in seconds and ends a test that hangs; no test should depend on it otherwise.
    """

    def __init__(self, url: str, *, headers: Mapping[str, str] | None = None, timeout: float = 60.0) -> None:
        parts = urlsplit(url)
        if parts.hostname is None or parts.port is None:
            raise ValueError(f"{url!r} is not an address such as http://127.0.0.1:8080")
        self.address = (parts.hostname, parts.port)
        self.url = url
        self._headers = dict(headers or {})
        self._timeout = timeout

    def request(
        self,
        method: str,
        target: str,
        body: Body = None,
        headers: Mapping[str, str] | None = None,
        *,
        on: http.client.HTTPConnection | None = None,
    ) -> Answer:
        """Send one request and read its whole answer. Raises OSError or HTTPException as http.client does."""
        connection = on or self._connection()
        try:
            data = body.encode("utf-8") if isinstance(body, str) else body
            connection.request(method, target, data, {**self._headers, **(headers or {})})
            response = connection.getresponse()
            content = response.read()
            return Answer(response.status, tuple(response.getheaders()), content)
        finally:
            if on is None:
                connection.close()

    def get(self, target: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET."""
        return self.request("GET", target, None, headers)

    def post(self, target: str, body: Body = b"", content_type: str = "text/plain", **headers: str) -> Answer:
        """POST a body of a type; header names are written with ``_`` for ``-``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", target, body, {"Content-Type": content_type, **named})

    def post_json(self, target: str, data: object) -> Answer:
        """POST data as JSON."""
        return self.post(target, json.dumps(data), "application/json")

    @contextmanager
    def keep_alive(self) -> Iterator[http.client.HTTPConnection]:
        """Give one connection for several requests (``on=``)."""
        connection = self._connection()
        try:
            yield connection
        finally:
            connection.close()

    def raw(self, data: bytes = b"", *, receive_buffer: int | None = None) -> RawConnection:
        """Open a connection, send bytes as they are."""
        return RawConnection(self.address, data, timeout=self._timeout, receive_buffer=receive_buffer)

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self.address, timeout=self._timeout)


class RawConnection:
    """A socket: `send` what you like, `read_all` until the server closes."""

    def __init__(
        self,
        address: tuple[str, int],
        data: bytes = b"",
        *,
        timeout: float = 60.0,
        receive_buffer: int | None = None,
    ) -> None:
        """``receive_buffer`` (bytes) limits what the system takes in while nobody reads."""
        self.socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        if data:
            self.send(data)

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def read(self, most: int = 65536) -> bytes:
        """Read what has come; ``b""`` when the server has closed."""
        return self.socket.recv(most)

    def read_until(self, end: bytes) -> bytes:
        """Read up to and with ``end``, and what came after it. Raises EOFError when it never comes."""
        data = b""
        while end not in data:
            piece = self.read()
            if not piece:
                raise EOFError(f"the connection ended after {data[-200:]!r}")
            data += piece
        return data

    def read_all(self) -> bytes:
        """Read until the server closes or resets the connection."""
        pieces = []
        try:
            while piece := self.read():
                pieces.append(piece)
        except ConnectionResetError:
            pass
        return b"".join(pieces)

    def half_close(self) -> None:
        """Send no more, but go on reading."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Leave."""
        self.socket.close()


def read_answers(data: bytes) -> list[Answer]:
    """Parse the answers of a connection, one after the other; the last may lack framing. 1xx have no body."""
    answers = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        if not end:
            raise ValueError(f"an unfinished head: {head!r}")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ", 2)[1])
        pairs = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:]))
        fields = {name.lower(): value for name, value in pairs}
        body = b""
        if status >= 200 and status not in (204, 304):
            if fields.get("transfer-encoding") == "chunked":
                body, data = _chunks(data)
            elif "content-length" in fields:
                length = int(fields["content-length"])
                body, data = data[:length], data[length:]
                if len(body) < length:
                    raise ValueError(f"the body has {len(body)} of {length} bytes")
            else:
                body, data = data, b""
        answers.append(Answer(status, pairs, body))
    return answers


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        line, end, data = data.partition(b"\r\n")
        if not end:
            raise ValueError("the chunked body is not whole")
        size = int(line, 16)
        body += data[:size]
        if data[size : size + 2] != b"\r\n":
            raise ValueError("the chunked body is not whole")
        data = data[size + 2 :]
        if size == 0:
            return body, data
