"""Requests as bytes, answers from bytes."""

from __future__ import annotations

import base64
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.testing.javascript.wire import BadRequest, read_answer, request_bytes


def asked(**more: Any) -> dict[str, Any]:
    return {"method": "GET", "path": "/a", "headers": [], "query": [], "cookies": [], "sent": None} | more


class RequestTests(SynchronousTestCase):
    """What is sent."""

    def test_plain(self) -> None:
        """The least there can be."""
        self.assertEqual(
            request_bytes(asked()), b"GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )

    def test_own_headers(self) -> None:
        """A test's own Host, Content-Type and Content-Length are left as they are."""
        headers = [("Host", "shop.example"), ("Content-Type", "text/x"), ("Content-Length", "1")]
        sent = request_bytes(asked(method="POST", headers=headers, sent={"text": "abc"}))
        self.assertEqual(sent.count(b"Host:"), 1)
        self.assertEqual(sent.count(b"Content-"), 2)

    def test_query_and_path(self) -> None:
        """The query is added to one in the path; what a path cannot hold is escaped, once."""
        sent = request_bytes(asked(path="/é %41?x=1", query=[("y", "a b")]))
        self.assertTrue(sent.startswith(b"GET /%C3%A9%20%41?x=1&y=a+b HTTP"), sent)

    def test_multipart(self) -> None:
        """A file makes the form multipart; names are escaped."""
        file = {
            "filename": 'a"b\r\n',
            "contentType": "image/png",
            "base64": base64.b64encode(b"\xff").decode(),
        }
        sent = request_bytes(asked(method="POST", sent={"form": [("t", "x"), ("f", file)]}))
        self.assertIn(b'name="f"; filename="a%22b%0D%0A"\r\nContent-Type: image/png\r\n\r\n\xff\r\n--', sent)

    def test_empty_body(self) -> None:
        """An empty body has a length."""
        self.assertIn(b"Content-Length: 0", request_bytes(asked(sent={"text": ""})))

    def test_refused(self) -> None:
        """What HTTP cannot carry."""
        for wrong in ({"method": "A B"}, {"headers": [("a b", "c")]}, {"headers": [("a", "b\0")]}):
            self.assertRaises(BadRequest, request_bytes, asked(**wrong))


class AnswerTests(SynchronousTestCase):
    """What is read."""

    def test_cut_off(self) -> None:
        """An answer that breaks off is none."""
        for data in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"):
            self.assertRaises(BadRequest, read_answer, data, "GET")

    def test_cookies(self) -> None:
        """Each Set-Cookie by its name, with its attributes."""
        data = b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=1; Path=/; Secure\r\nSet-Cookie: b=2\r\n\r\n"
        found = read_answer(data, "GET")
        self.assertEqual(
            found["cookies"], {"a": {"value": "1", "path": "/", "secure": True}, "b": {"value": "2"}}
        )
        self.assertEqual((found["status"], found["text"]), (204, ""))
