# ruff: noqa: E501 - scripts read best unbroken
"""REQ-ASSET-003: the name `assets` in scripts, on a real engine; and what it serves over HTTP."""

from __future__ import annotations

import json
from hashlib import sha256
from urllib.parse import quote

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IRequestObserver, IScriptGlobals
from aiwebengine.sandbox.model import HostCall
from aiwebengine.subsystems.assets.provider import Assets, AssetsForScripts, build
from aiwebengine.subsystems.assets.script_api import AssetOperations
from aiwebengine.subsystems.assets.uploads import Uploads
from tests.http.support import EngineCase
from tests.subsystems.assets.support import AssetCase
from tests.subsystems.assets.test_pictures import picture

# Does one of its cases and tells what came of it.
SCRIPT = """
register("/run", async (request) => {
  try { return { value: await cases[request.query.case](request) ?? null }; }
  catch (error) { return { error: error.name, message: error.message }; }
}, "POST");
const cases = {
  async life() {
    const put = await assets.put("s/a.txt", "grüße", { metadata: { n: [1, null] } });
    const got = await assets.get("s/a.txt");
    const keys = Object.keys(got).sort().join();
    const seen = [await got.text(), [...await got.bytes()], (await got.arrayBuffer()).byteLength, keys];
    const stat = await assets.stat("s/a.txt");
    return [put, seen, stat, await assets.delete("s/a.txt"), await assets.delete("s/a.txt"), await assets.get("s/a.txt"), await assets.stat("s/a.txt")];
  },
  async kinds(request) {
    const buffer = new Uint8Array([0, 255, 1, 2]);
    const kinds = {
      string: "a\\ud800b", bytes: buffer, view: new DataView(buffer.buffer, 1, 2), buffer: buffer.buffer,
      blob: new Blob(["<b>"], { type: "text/html" }), file: new File(["x"], "n.png", { type: "image/png" }),
      upload: request.files[0], empty: "", none: new Uint8Array(0),
    };
    const found = {};
    for (const [name, data] of Object.entries(kinds)) {
      const put = await assets.put("k/" + name, data);
      found[name] = [put.contentType, [...await (await assets.get("k/" + name)).bytes()]];
    }
    return found;
  },
  async changing() {
    const data = new Uint8Array(700000).fill(7);
    const put = assets.put("c", data);
    data.fill(9);
    await put;
    const got = await assets.get("c");
    const bytes = await got.bytes();
    bytes.fill(1);
    return [got.size, [...new Set(await got.bytes())]];
  },
  async large(request) {
    const put = await assets.put("large.bin", request.files[0], { public: true });
    return [put.size, put.sha256, put.url];
  },
  async read() {
    const bytes = await (await assets.get("large.bin")).bytes();
    return [bytes.length, bytes[0], bytes[bytes.length - 1]];
  },
  async long() {
    const text = "x" + "\\ud83d\\ude00".repeat(400000);
    await assets.put("long.txt", text);
    return (await (await assets.get("long.txt")).text()) === text;
  },
  async text(request) {
    const got = await assets.get("large.txt");
    const text = await got.text();
    return [got.size, text.length, text.slice(0, 2), text.slice(-3), text.split("\\ufffd").length - 1];
  },
  async json() { await assets.put("j", JSON.stringify({ a: 1 })); return (await assets.get("j")).json(); },
  async bom() { await assets.put("b", "\\ufeffx"); const got = await assets.get("b"); return [await got.text(), (await got.bytes()).length]; },
  async conditions() {
    const first = await assets.put("once", "1", { ifNoneMatch: "*" });
    const again = await assets.put("once", "2", { ifNoneMatch: "*" });
    const second = await assets.put("once", "2", { ifMatch: first.sha256 });
    const stale = await assets.put("once", "3", { ifMatch: `"${first.sha256}"` });
    return [again, second.size, stale, await (await assets.get("once")).text()];
  },
  async list() {
    for (const name of ["l/c", "l/a", "l/b"]) await assets.put(name, name);
    const first = await assets.list({ prefix: "l/", limit: 2 });
    const second = await assets.list({ prefix: "l/", limit: 2, cursor: first.cursor });
    return [first.assets.map((one) => one.name), first.cursor, second.assets.map((one) => one.name), second.cursor];
  },
  async image() {
    const made = await assets.image("p.png", { width: 20, height: 20, format: "webp", quality: 50 });
    const bytes = await made.bytes();
    return [made.contentType, made.width, made.height, made.size === bytes.length, String.fromCharCode(...bytes.slice(8, 12)), await assets.image("no.png")];
  },
  async shared() { return (await (await assets.get("from/editor.txt")).text()); },
  public: () => assets.put("page.html", "<p>hi", { public: true }),
  hide: () => assets.put("page.html", "<p>hi"),
  bad(request) { return Function.prototype.call.call(bad[request.query.what]); },
};
const bad = {
  name: () => assets.get(7), empty: () => assets.put("", "x"), half: () => assets.put("a\\ud800", "x"), dots: () => assets.put("a/../b", "x"), slash: () => assets.delete("/a"),
  data: () => assets.put("a", 7), object: () => assets.put("a", {}), missing: () => assets.put("a"), options: () => assets.put("a", "x", "public"),
  unknown: () => assets.put("a", "x", { type: "text/plain" }), type: () => assets.put("a", "x", { contentType: 7 }), odd: () => assets.put("a", "x", { contentType: "odd" }),
  refused: () => assets.put("a.exe", "x", { contentType: "application/x-msdownload" }),
  public: () => assets.put("a", "x", { public: "yes" }), meta: () => assets.put("a", "x", { metadata: [1] }), wide: () => assets.put("a", "x", { metadata: { x: "y".repeat(9000) } }),
  match: () => assets.put("a", "x", { ifNoneMatch: "tag" }), limit: () => assets.list({ limit: 1001 }), word: () => assets.list({ limit: "9" }), prefix: () => assets.list({ prefix: 1 }),
  width: () => assets.image("p.png", { width: 0 }), wide2: () => assets.image("p.png", { width: "9" }), high: () => assets.image("p.png", { height: 9000 }),
  fit: () => assets.image("p.png", { fit: "fill" }), cover: () => assets.image("p.png", { fit: "cover", width: 3 }), format: () => assets.image("p.png", { format: "bmp" }),
  quality: () => assets.image("p.png", { quality: 101 }), text: () => assets.image("text.txt"), imageName: () => assets.image(), pixels: () => assets.image("large.png"),
  big: () => assets.put("a", "x".repeat(6000001)), parts: () => assets.put("a", new Uint8Array(6000001)),
};
"""
MULTIPART = "multipart/form-data; boundary=B"


def form(content: bytes, content_type: str = "image/gif") -> bytes:
    head = f'--B\r\nContent-Disposition: form-data; name="f"; filename="f.bin"\r\nContent-Type: {content_type}\r\n\r\n'
    return head.encode() + content + b"\r\n--B--\r\n"


class ScriptTests(EngineCase):
    """Scripts with assets."""

    scripts = {"assets.js": SCRIPT, "wild.js": 'register("/wild/*", () => "script");'}
    settings = {
        "repository.database_url": "memory:",
        "assets.max_bytes": 6_000_000,
        "assets.max_image_pixels": 1_000_000,
        "assets.allowed_types": ["text/*", "image/*", "application/octet-stream", "application/json"],
    }

    def run_case(self, case: str, body: bytes = form(b"gif"), **query: str) -> object:
        target = f"/run?case={case}" + "".join(f"&{key}={value}" for key, value in query.items())
        answer = self.client.request("POST", target, body, {"Content-Type": MULTIPART})
        self.assertEqual(answer.status, 200, answer)
        return answer.json.get("value", answer.json)

    def test_req_asset_003_life(self) -> None:
        put, seen, stat, deleted, again, got, gone = self.run_case("life")
        content = "grüße".encode()
        self.assertEqual(
            (put["name"], put["size"], put["public"], put["url"]), ("s/a.txt", len(content), False, None)
        )
        self.assertEqual(put["sha256"], sha256(content).hexdigest())
        self.assertEqual(
            (put["contentType"], put["metadata"]), ("text/plain; charset=utf-8", {"n": [1, None]})
        )
        self.assertRegex(put["updatedAt"], r"^\d{4}-\d\d-\d\dT")
        keys = "contentType,createdAt,metadata,name,public,sha256,size,updatedAt,url"
        self.assertEqual(seen, ["grüße", list(content), len(content), keys])
        self.assertEqual(stat, put)
        self.assertEqual((deleted, again, got, gone), (True, False, None, None))

    def test_req_asset_002_kinds(self) -> None:
        found = self.run_case("kinds")
        octets = "application/octet-stream"
        self.assertEqual(
            found,
            {
                "string": [octets, list("a\ufffdb".encode())],
                "bytes": [octets, [0, 255, 1, 2]],
                "view": [octets, [255, 1]],
                "buffer": [octets, [0, 255, 1, 2]],
                "blob": ["text/html", list(b"<b>")],
                "file": ["image/png", list(b"x")],
                "upload": ["image/gif", list(b"gif")],
                "empty": [octets, []],
                "none": [octets, []],
            },
        )

    def test_content_is_taken_when_called(self) -> None:
        self.assertEqual(self.run_case("changing"), [700_000, [7]])

    def test_req_asset_002_large_upload(self) -> None:
        """Five megabytes go through a script whose memory is sixteen, and are served."""
        content = bytes(range(256)) * 20_000
        self.assertEqual(
            self.run_case("large", form(content)), [len(content), sha256(content).hexdigest(), "/large.bin"]
        )
        self.assertEqual(self.run_case("read"), [len(content), 0, 255])
        with self.client.raw(
            b"GET /large.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        ) as connection:
            data = connection.read_all()
        self.assertEqual(data.partition(b"\r\n\r\n")[2], content)

    def test_large_text(self) -> None:
        """UTF-8 is put together again where its parts were cut; what is none becomes U+FFFD."""
        text = "x€😀" * 150_000
        self.engine.admin.request("PUT", "/engine/assets/large.txt", text.encode() + b"\xff")
        self.assertEqual(
            self.run_case("text"), [len(text.encode()) + 1, 600_001, "x€", "\U0001f600\ufffd", 1]
        )

    def test_texts(self) -> None:
        self.assertEqual(self.run_case("json"), {"a": 1})
        self.assertEqual(self.run_case("bom"), ["x", 4])
        self.assertIs(self.run_case("long"), True)

    def test_req_data_004_conditions(self) -> None:
        self.assertEqual(self.run_case("conditions"), [None, 1, None, "2"])

    def test_list(self) -> None:
        self.assertEqual(self.run_case("list"), [["l/a", "l/b"], "l/b", ["l/c"], None])

    def test_one_name_space(self) -> None:
        """What the editor puts scripts see, and the other way round."""
        self.engine.admin.request("PUT", "/engine/assets/from%2Feditor.txt", "hello")
        self.assertEqual(self.run_case("shared"), "hello")
        self.run_case("public")
        answer = self.engine.admin.get("/engine/assets/page.html", {"Accept": "application/json"})
        self.assertEqual((answer.json["public"], answer.json["url"]), (True, "/page.html"))
        self.assertEqual((self.get("/page.html").text, self.get("/page.html").status), ("<p>hi", 200))
        self.run_case("hide")
        self.assert_error(self.get("/page.html"), 404, "NOT_FOUND")

    def test_req_asset_004_image(self) -> None:
        """A picture is made smaller, in another format."""
        self.engine.admin.request("PUT", "/engine/assets/p.png", picture(80, 40))
        self.assertEqual(self.run_case("image"), ["image/webp", 20, 10, True, "WEBP", None])

    def test_req_asset_003_bad_arguments(self) -> None:
        self.engine.admin.request("PUT", "/engine/assets/text.txt", "text")
        self.engine.admin.request("PUT", "/engine/assets/large.png", picture(1001, 1000))
        for what, error, word in (
            ("name", "TypeError", "name must be"),
            ("empty", "TypeError", "name must be"),
            ("half", "RangeError", "half a surrogate pair"),
            ("dots", "RangeError", "name: "),
            ("slash", "RangeError", "name: "),
            ("data", "TypeError", "data must be"),
            ("object", "TypeError", "data must be"),
            ("missing", "TypeError", "data must be"),
            ("options", "TypeError", "options must be"),
            ("unknown", "TypeError", '"type"'),
            ("type", "TypeError", "contentType must be"),
            ("odd", "RangeError", "media type"),
            ("refused", "TypeError", "application/x-msdownload is not allowed"),
            ("public", "TypeError", "public must be"),
            ("meta", "TypeError", "metadata must be"),
            ("wide", "RangeError", "8192"),
            ("match", "RangeError", "ifNoneMatch must be"),
            ("limit", "RangeError", "limit must be"),
            ("word", "TypeError", "limit must be"),
            ("prefix", "TypeError", "prefix must be"),
            ("width", "RangeError", "width must be"),
            ("wide2", "TypeError", "width must be"),
            ("high", "RangeError", "height must be"),
            ("fit", "RangeError", "fit must be"),
            ("cover", "TypeError", "needs width and height"),
            ("format", "RangeError", "format must be"),
            ("quality", "RangeError", "quality must be"),
            ("text", "RangeError", "text.txt is no picture"),
            ("imageName", "TypeError", "name must be"),
            ("pixels", "RangeError", "assets.max_image_pixels"),
            ("big", "RangeError", "6000000"),
            ("parts", "RangeError", "6000000"),
        ):
            found = self.run_case("bad", what=what)
            self.assertEqual(found["error"], error, (what, found))
            self.assertIn(word, found["message"], what)
            self.assertIn("assets.", found["message"], what)

    def test_dry_run(self) -> None:
        """An expression may read; what would change something is refused."""
        self.engine.admin.request("PUT", "/engine/assets/dry.txt", "kept")

        def evaluate(expression: str) -> object:
            return self.engine.admin.post_json("/engine/eval", {"expression": expression}).json

        read = evaluate('assets.get("dry.txt").then((one) => one.text())')
        self.assertIn("kept", json.dumps(read))
        for expression in ('assets.put("dry.txt", "x")', 'assets.delete("dry.txt")'):
            self.assertIn("PermissionError", json.dumps(evaluate(expression)))
        self.assertEqual(self.engine.admin.get("/engine/assets/dry.txt").text, "kept")

    def test_req_asset_001_over_http(self) -> None:
        """Scripts win; ranges and conditions hold on the wire; the log names the route."""
        for name in ("wild/a.txt", "tame/a.txt"):
            self.engine.admin.request("PUT", f"/engine/assets/{quote(name, safe='')}", "0123456789")
        self.assertEqual(self.get("/wild/a.txt").text, "script")
        answer = self.get("/tame/a.txt", Range="bytes=-3")
        self.assertEqual((answer.status, answer.text), (206, "789"))
        self.assertEqual(answer.header("x-content-type-options"), "nosniff")
        tag = answer.header("etag") or ""
        self.assertEqual(self.get("/tame/a.txt", If_None_Match=tag).status, 304)
        self.assert_error(self.get("/tame/a.txt", Range="bytes=10-"), 416, "RANGE_NOT_SATISFIABLE")
        self.assert_error(self.client.post("/tame/a.txt"), 405, "METHOD_NOT_ALLOWED")
        self.assert_error(self.get("/tame/b.txt"), 404, "NOT_FOUND")
        records = self.engine.admin.get("/engine/requests?limit=50").json["requests"]
        routes = {one["route"] for one in records if one["path"] == "/tame/a.txt"}
        self.assertEqual(routes, {"assets"})

    def test_typings(self) -> None:
        text = self.engine.admin.get("/engine/types/aiwebengine.d.ts").text
        self.assertIn("declare const assets: Assets;", text)


class ProviderTests(AssetCase):
    """What is given to scripts, and when."""

    def test_allowed_apis(self) -> None:
        """Where `javascript.allowed_apis` leaves the name out, assets are still served and managed."""
        self.assertIsInstance(self.plugin, AssetsForScripts)
        verifyObject(IScriptGlobals, self.plugin)
        verifyObject(IRequestObserver, self.plugin)
        self.configuration.change("javascript", allowed_apis=("encoding",))
        self.assertIs(type(build(self.services)), Assets)
        self.assertFalse(IScriptGlobals.providedBy(build(self.services)))
        self.configuration.change("javascript", allowed_apis=("assets",))
        self.assertIsInstance(build(self.services), AssetsForScripts)

    def test_untrusted(self) -> None:
        """What no piece of ours sends is refused by its shape."""
        for operation, argument in (
            ("assets.get", None),
            ("assets.get", {"name": 7}),
            ("assets.read", {"name": "a", "sha256": "", "at": -1, "length": 1}),
            ("assets.list", {"prefix": "", "after": "", "limit": 10**6}),
            ("assets.upload", {"name": "a", "upload": None, "text": None, "base64": "?"}),
            ("assets.put", {"name": "a", "public": 1}),
        ):
            perform = self.plugin.operations()[operation]
            self.helper.fails(perform(HostCall("a.js", 1, "r"), argument), TypeError)

    def test_changed_while_read(self) -> None:
        """A large content that is changed or deleted while it is read in parts is an error."""
        read = self.plugin.operations()["assets.read"]
        call, asked = HostCall("a.js", 1, "r"), {"name": "a", "sha256": "0" * 64, "at": 0, "length": 1}
        self.helper.fails(read(call, asked), ValueError)
        self.put("a", b"x")
        self.helper.fails(read(call, asked), ValueError)


class UploadTests(SynchronousTestCase):
    """Contents handed over in parts."""

    def setUp(self) -> None:
        self.now = 0.0
        self.uploads = Uploads(lambda: self.now)
        self.call = HostCall("a.js", 1, "r1")

    def test_together(self) -> None:
        """Parts are put together and given once."""
        ident = self.uploads.add(self.call, None, b"ab", 10)
        self.assertEqual(self.uploads.add(self.call, ident, b"cd", 10), ident)
        self.assertEqual(self.uploads.take(self.call, ident), b"abcd")
        self.assertRaises(ValueError, self.uploads.take, self.call, ident)
        self.assertEqual(self.uploads.size, 0)

    def test_bounded(self) -> None:
        """Neither one nor all may become too large; what did is forgotten."""
        ident = self.uploads.add(self.call, None, b"x" * 6, 10)
        self.assertRaises(ValueError, self.uploads.add, self.call, ident, b"x" * 5, 10)
        self.assertEqual(self.uploads.size, 0)
        part = bytes(2**25)
        for _ in range(2):
            self.uploads.add(self.call, None, part, 2**26)
        self.assertRaises(ValueError, self.uploads.add, self.call, None, b"x", 10)
        self.assertEqual(self.uploads.size, 2**26)

    def test_whose(self) -> None:
        """Another script or request cannot add to it or take it."""
        ident = self.uploads.add(self.call, None, b"x", 10)
        for other in (HostCall("b.js", 1, "r1"), HostCall("a.js", 1, "r2")):
            self.assertRaises(ValueError, self.uploads.add, other, ident, b"x", 10)
            self.assertRaises(ValueError, self.uploads.take, other, ident)

    def test_forgotten(self) -> None:
        """They go with the request, or after two minutes."""
        self.uploads.add(self.call, None, b"x", 10)
        self.uploads.request_ended("r2")
        self.assertEqual(self.uploads.size, 1)
        self.uploads.request_ended("r1")
        self.assertEqual(self.uploads.size, 0)
        self.uploads.add(self.call, None, b"x", 10)
        self.now = 121.0
        self.uploads.add(self.call, None, b"yz", 10)
        self.assertEqual(self.uploads.size, 2)

    def test_operations_cover_the_piece(self) -> None:
        """Every operation that the piece calls is there."""
        names = AssetOperations(None, self.uploads, None).by_name()  # type: ignore[arg-type]
        (piece,) = AssetsForScripts.pieces(None)  # type: ignore[arg-type]
        for name in ("get", "read", "stat", "list", "upload", "put", "delete", "image"):
            self.assertIn(f'host.call("assets.{name}"', piece.source)
            self.assertIn(f"assets.{name}", names)
