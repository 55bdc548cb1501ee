"""The example scripts answer as docs/examples.md says (REQ-DOC-004)."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from urllib.parse import urlencode

from aiwebengine.testing.client import Answer
from tests.http.support import EngineCase

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "scripts" / "example_scripts"
FORM = "application/x-www-form-urlencoded"


class ExampleTests(EngineCase):
    """All examples in one engine, as ./scripts/serve has them."""

    scripts = {path.name: path.read_text(encoding="utf-8") for path in sorted(SCRIPTS.glob("*.js"))}

    def cookies(self, answer: Answer) -> dict[str, str]:
        return dict(text.partition(";")[0].split("=", 1) for text in answer.all("set-cookie"))

    def test_req_doc_004_all_are_described(self) -> None:
        text = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
        self.assertEqual(set(re.findall(r"^## (\S+\.js)$", text, re.M)), set(self.scripts))

    def test_req_doc_004_all_are_tested(self) -> None:
        for name in self.scripts:
            self.assertTrue(hasattr(self, f"test_{name.removesuffix('.js')}"), name)

    def test_index(self) -> None:
        answer = self.get("/")
        self.assertEqual(answer.status, 200)
        self.assertIn("text/html", answer.header("content-type") or "")
        for link in re.findall(r'href="(/[^"]*)"', answer.text):
            # The page of errors links to paths that fail on purpose.
            self.assertNotEqual(self.get(link).status, 404, link)

    def test_hello(self) -> None:
        self.assertEqual(self.get("/hello").text.strip(), "Hello, world!")
        self.assertEqual(self.get("/hello/Ada").json, {"greeting": "Hello, Ada!"})

    def test_json_api(self) -> None:
        answer = self.get("/books?author=Le%20Guin&sort=year&limit=1")
        book = {"id": 1, "title": "The Left Hand of Darkness", "author": "Le Guin", "year": 1969}
        self.assertEqual(answer.json, {"total": 2, "books": [book]})
        missing = self.get("/books/9")
        self.assertEqual((missing.status, missing.json), (404, {"error": "no book 9"}))
        new = {"title": "Roadside Picnic", "author": "Strugatsky", "year": 1972}
        made = self.client.post_json("/books", new)
        self.assertEqual((made.status, made.json), (201, {"id": 4, **new}))
        self.assertTrue((made.header("location") or "").endswith("/books/4"))
        self.assertEqual(
            self.client.post_json("/books", {"title": "Untold"}).json, {"error": "author is required"}
        )
        self.assert_error(self.client.post("/books", "{", "application/json"), 400, "BAD_REQUEST")

    def test_forms(self) -> None:
        page = self.get("/guestbook")
        token = self.cookies(page)["guestbook"]
        self.assertIn(token, page.text)
        form = urlencode({"token": token, "name": "<b>Ada</b>", "words": "hello"})
        answer = self.client.post("/guestbook", form, FORM, Cookie=f"guestbook={token}")
        self.assertIn("<blockquote>hello</blockquote><p>— &lt;b&gt;Ada&lt;/b&gt;", answer.text)
        guess = urlencode({"token": "guess", "name": "Eve", "words": "hello"})
        self.assertEqual(self.client.post("/guestbook", guess, FORM).status, 403)

    def test_upload(self) -> None:
        body = (
            b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nholiday\r\n'
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="note.txt"\r\n'
            b"Content-Type: text/plain\r\n\r\nabc\r\n--b--\r\n"
        )
        answer = self.client.post("/upload", body, "multipart/form-data; boundary=b")
        file = {
            "field": "file",
            "filename": "note.txt",
            "contentType": "text/plain",
            "size": 3,
            "sha256": hashlib.sha256(b"abc").hexdigest(),
        }
        self.assertEqual(answer.json, {"note": "holiday", "files": [file]})

    def test_gallery(self) -> None:
        def send(name: str, content_type: str) -> Answer:
            head = f'--b\r\nContent-Disposition: form-data; name="picture"; filename="{name}"\r\n'
            body = f"{head}Content-Type: {content_type}\r\n\r\nmeow\r\n--b--\r\n".encode()
            return self.client.post("/gallery", body, "multipart/form-data; boundary=b")

        self.assertEqual(send("cat.png", "image/png").header("location"), "/gallery")
        refused = send("x.html", "text/html")
        self.assertEqual((refused.status, refused.json), (415, {"error": "x.html is no picture"}))
        page = self.get("/gallery").text
        (source,) = re.findall(r'src="(/gallery/[^"]+\.png)"', page)
        self.assertIn("cat.png, 4 bytes", page)
        picture = self.get(source)
        self.assertEqual((picture.body, picture.header("content-type")), (b"meow", "image/png"))
        for status in (204, 404):
            self.assertEqual(self.client.request("DELETE", source).status, status)
        self.assertEqual(self.get(source).status, 405, "only DELETE has a route there")

    def test_cookies(self) -> None:
        first = self.get("/visits")
        (name, value), *_ = self.cookies(first).items()
        second = self.get("/visits", Cookie=f"{name}={value}")
        self.assertEqual((first.json, second.json), ({"visits": 1}, {"visits": 2}))
        self.assertEqual(self.get("/visits", Cookie=f"{name}=nonsense").json, {"visits": 1})
        gone = self.client.request("DELETE", "/visits")
        self.assertEqual(gone.json, {"visits": 0})
        self.assertIn("Max-Age=0", gone.header("set-cookie") or "")

    def test_streaming(self) -> None:
        self.assertEqual(self.get("/stream/countdown?from=2").text, "2\n1\nlift-off\n")
        self.assertEqual(self.get("/stream/table.csv?rows=3").text, "n,square\n1,1\n2,4\n3,9\n")

    def test_errors(self) -> None:
        teapot = self.get("/errors/teapot")
        self.assertEqual(
            (teapot.status, teapot.json), (418, {"sorry": "I'm a teapot", "path": "/errors/teapot"})
        )
        for path, status, code in (
            ("throw", 500, "SCRIPT_ERROR"),
            ("rejected", 500, "SCRIPT_ERROR"),
            ("nothing", 500, "SCRIPT_ERROR"),
            ("loop", 504, "SCRIPT_TIMEOUT"),
            ("deep", 500, "SCRIPT_STACK_OVERFLOW"),
            ("hungry", 500, "SCRIPT_MEMORY_LIMIT"),
            ("members-only", 401, "UNAUTHORIZED"),
        ):
            self.assert_error(self.get(f"/errors/{path}"), status, code)
        details = self.get("/errors/loop").json["error"]["details"]
        self.assertEqual(details["config_key"], "javascript.execution_timeout_ms")

    def test_binary(self) -> None:
        png = self.get("/images/stripes.png")
        self.assertEqual(png.body[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(self.get("/images/gradient.bmp").body[:2], b"BM")
        svg = self.get("/images/chart.svg?values=3,1").text
        self.assertTrue(
            svg.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 108" fill="#1d3557">')
        )

    def test_crypto(self) -> None:
        digests = self.get("/crypto/hash?text=hello").json
        for name in ("md5", "sha1", "sha256"):
            self.assertEqual(digests[name], hashlib.new(name, b"hello").hexdigest())
        token = self.get("/crypto/token?user=ada").json["token"]
        self.assertEqual(self.get(f"/crypto/check?token={token}").json, {"valid": True, "user": "ada"})
        self.assertEqual(self.get(f"/crypto/check?token=x{token}").json, {"valid": False})

    def test_timers_async(self) -> None:
        together = self.get("/timers/together").json
        self.assertEqual(together["values"], ["tea", "toast", "egg"])
        self.assertEqual(self.get("/timers/patience?ms=500").text.strip(), "too slow")
        self.assertEqual(self.get("/timers/ticks").json, {"ticks": [1, 2, 3, 4, 5]})
        self.assertEqual(json.loads(self.get("/timers/order").text), ["handler", "microtask", "timer"])
