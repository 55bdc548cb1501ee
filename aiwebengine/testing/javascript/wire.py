"""Requests of tests to the engine's own HTTP front, in memory: bytes in, bytes out, no socket."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import quote, urlencode

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransportWithDisconnection

__all__ = ["BadRequest", "Wire", "read_answer", "request_bytes"]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_BOUNDARY = "aiwebengine-test-boundary"


class BadRequest(Exception):
    """What a test asked for is no HTTP request, or the answer is none; the argument says why."""


class _Transport(StringTransportWithDisconnection):
    """A connection whose end can be waited for."""

    def __init__(self, address: Any, ended: Callable[[], None]) -> None:
        super().__init__(peerAddress=address)  # type: ignore[no-untyped-call]
        self._ended = ended

    def loseConnection(self) -> None:  # noqa: N802 - ITransport's name
        """Close, and say so."""
        super().loseConnection()  # type: ignore[no-untyped-call]
        self._ended()

    def loseWriteConnection(self) -> None:  # noqa: N802 - ITCPTransport's name
        """The answer is whole: there is nothing more to wait for."""
        self.loseConnection()


class Wire:
    """One connection for one request."""

    def __init__(self, site: Any, client_ip: str = "127.0.0.1") -> None:
        kind = IPv6Address if ":" in client_ip else IPv4Address
        self._done: Deferred[bytes] = Deferred(lambda _: self.cut())
        self.transport = _Transport(kind("TCP", client_ip, 50000), self._over)
        self.channel = site.buildProtocol(None)
        self.transport.protocol = self.channel
        self.channel.makeConnection(self.transport)

    async def ask(self, data: bytes) -> bytes:
        """Send a whole request and give the whole answer, once the connection is closed."""
        self.channel.dataReceived(data)
        return await self._done

    def cut(self) -> None:
        """Leave as a client does that no longer wants the answer."""
        if self.transport.connected:
            self.transport.loseConnection()

    def _over(self) -> None:
        if not self._done.called:
            self._done.callback(self.transport.value())  # type: ignore[no-untyped-call]


def request_bytes(asked: Mapping[str, Any]) -> bytes:
    """Give the HTTP/1.1 request for what ``request()`` of a loaded script sent. Raises `BadRequest`."""
    headers: list[tuple[str, str]] = [(str(name), str(value)) for name, value in asked["headers"]]
    given = {name.lower() for name, _ in headers}
    body, kind = _body(asked["sent"])
    if kind and "content-type" not in given:
        headers.append(("Content-Type", kind))
    if asked["cookies"]:
        headers.append(("Cookie", "; ".join(f"{name}={value}" for name, value in asked["cookies"])))
    if "host" not in given:
        headers.insert(0, ("Host", "localhost"))
    if (body or asked["sent"] is not None) and not given & {"content-length", "transfer-encoding"}:
        headers.append(("Content-Length", str(len(body))))
    headers.append(("Connection", "close"))
    path = quote(asked["path"], safe="/%:@!$&'()*+,;=~?-._")
    if asked["query"]:
        path += ("&" if "?" in path else "?") + urlencode([(name, value) for name, value in asked["query"]])
    if not _TOKEN.match(asked["method"]):
        raise BadRequest(f"method {asked['method']!r} is no HTTP method")
    lines = [f"{asked['method']} {path} HTTP/1.1"]
    for name, value in headers:
        if not _TOKEN.match(name) or re.search(r"[\r\n\0]", value):
            raise BadRequest(f"header {name!r} has a character that headers cannot carry")
        lines.append(f"{name}: {value}")
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body


def _body(sent: Mapping[str, Any] | None) -> tuple[bytes, str]:
    if sent is None:
        return b"", ""
    if "json" in sent:
        return sent["json"].encode("utf-8", "surrogatepass"), "application/json"
    if "form" in sent:
        return _form(sent["form"])
    if "base64" in sent:
        return base64.b64decode(sent["base64"]), "application/octet-stream"
    return sent["text"].encode("utf-8", "replace"), "text/plain; charset=utf-8"


def _form(fields: Sequence[tuple[str, Any]]) -> tuple[bytes, str]:
    if all(isinstance(value, str) for _, value in fields):
        return urlencode([tuple(field) for field in fields]).encode(), "application/x-www-form-urlencoded"
    parts = []
    for name, value in fields:
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{_quoted(name)}"'
        if isinstance(value, str):
            parts.append(f"{head}\r\n\r\n".encode() + value.encode("utf-8", "replace"))
            continue
        content = (
            base64.b64decode(value["base64"])
            if "base64" in value
            else value["text"].encode("utf-8", "replace")
        )
        head += f'; filename="{_quoted(value["filename"])}"\r\nContent-Type: {value["contentType"]}\r\n\r\n'
        parts.append(head.encode() + content)
    parts.append(f"--{_BOUNDARY}--\r\n".encode())
    return b"\r\n".join(parts), f"multipart/form-data; boundary={_BOUNDARY}"


def _quoted(text: str) -> str:
    return str(text).replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


class _Bytes:
    """What `HTTPResponse` takes for a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        """Give the bytes to read."""
        return io.BytesIO(self._data)


def read_answer(data: bytes, method: str) -> dict[str, Any]:
    """Give an answer as the realm's ``ScriptResponse`` wants it. Raises `BadRequest` when it broke off."""
    response = HTTPResponse(_Bytes(data), method=method)  # type: ignore[arg-type]
    try:
        response.begin()
        body = response.read()
    except (HTTPException, OSError, ValueError) as error:
        raise BadRequest(f"the answer broke off ({error})") from None
    headers = [(name.lower(), value) for name, value in response.getheaders()]
    try:
        text: str | None = body.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    encoded = base64.b64encode(body).decode()
    return {
        "status": response.status,
        "headers": headers,
        "cookies": dict(_cookie(value) for name, value in headers if name == "set-cookie"),
        "text": text,
        "lossy": body.decode("utf-8", "replace"),
        "base64": encoded if text is None else None,
        "bytes": encoded,
    }


def _cookie(header: str) -> tuple[str, dict[str, Any]]:
    """Give name and ``{"value", attribute...}`` of a Set-Cookie value; attributes in lower case."""
    pair, *attributes = [part.strip() for part in header.split(";")]
    name, _, value = pair.partition("=")
    found: dict[str, Any] = {"value": value}
    for attribute in attributes:
        key, sign, text = attribute.partition("=")
        found[key.lower()] = text if sign else True
    return name, found
