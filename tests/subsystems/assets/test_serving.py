"""REQ-ASSET-001: assets and files where no script answers."""

from __future__ import annotations

import os
from email.utils import formatdate
from pathlib import Path

from twisted.internet.defer import Deferred
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IEngineService, IFallback
from aiwebengine.repository.errors import RepositoryUnavailable
from aiwebengine.subsystems.assets.contents import MOST_BYTES_EACH, Contents
from aiwebengine.subsystems.assets.files import SMALL_BYTES
from aiwebengine.subsystems.assets.settings import IMMUTABLE
from aiwebengine.subsystems.assets.store import NewAsset
from tests.subsystems.assets.support import ServingCase

NOT_FOUND = (404, "NOT_FOUND")


class RepositoryTests(ServingCase):
    """Public assets."""

    def test_provides(self):
        """The provider is what it says."""
        verifyObject(IFallback, self.plugin)
        verifyObject(IEngineService, self.plugin)

    def test_req_asset_001_served(self):
        """A public asset answers at its name, with type, tag, time and cache headers."""
        url = self.put("css/site.css", b"a {}").json["url"]
        answer = self.get(url)
        self.assertEqual((answer.status, answer.body), (200, b"a {}"))
        expected = {
            "content-type": "text/css; charset=utf-8",
            "last-modified": "Tue, 14 Nov 2023 22:13:20 GMT",
            "cache-control": "public, max-age=0, must-revalidate",
            "accept-ranges": "bytes",
            "content-length": "4",
        }
        self.assertEqual({name: answer.headers[name] for name in expected}, expected)
        head = self.ask("HEAD", url)
        self.assertEqual((head.status, head.body, head.headers["content-length"]), (200, b"", "4"))
        self.assertEqual(head.headers["etag"], answer.headers["etag"])
        record = self.observer.records[-1]
        self.assertEqual((record.status, record.route, record.script), (200, "assets", ""))

    def test_req_asset_001_not_found(self):
        """Anything else is the ordinary 404, and the repository is not asked."""
        self.put("a.txt")
        self.put("secret.txt", b"x", "?public=false")
        self.put(".hidden", b"x")
        self.put("a/.b/c", b"x")
        asked = []
        self.services.repository.fault = asked.append
        for path in ("/", "/b.txt", "/secret.txt", "/.hidden", "/a/.b/c", "/a.txt/", "/a", "/A.txt"):
            self.assertEqual(self.get(path).code, NOT_FOUND, path)
        self.assertEqual(asked, [])

    def test_names(self):
        """Every name is served at its url, however it is encoded."""
        for name in (
            "ä b.txt",
            "a%b",
            "a?b",
            "a#b",
            "a+b&c=d;e",
            "\U0001f600/x",
            "~a",
            "(a)",
            "a/b",
        ):
            made = self.put(name, name.encode())
            self.assertEqual(self.get(made.json["url"]).body, name.encode(), name)

    def test_scripts_win(self):
        """A script's route comes before an asset; a route for other methods leaves GET to the asset."""
        self.put("a", b"asset")
        self.put("b", b"asset")
        self.helper.put("one.js", "GET /a\nPOST /b\nPOST /c")
        self.assertEqual(self.get("/a").body, b"script one.js")
        self.assertEqual(self.get("/b").body, b"asset")
        self.assertEqual(self.ask("POST", "/b").body, b"script one.js")
        answer = self.get("/c")
        self.assertEqual(
            (answer.code, answer.headers["allow"]), ((405, "METHOD_NOT_ALLOWED"), "OPTIONS, POST")
        )
        self.assertEqual(self.ask("PUT", "/b").code, (405, "METHOD_NOT_ALLOWED"))

    def test_methods(self):
        """Other methods on an asset are 405, OPTIONS says which there are."""
        self.put("a.txt")
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = self.ask(method, "/a.txt", Authorization="")
            self.assertEqual(answer.code, (405, "METHOD_NOT_ALLOWED"))
            self.assertEqual(answer.headers["allow"], "GET, HEAD, OPTIONS")
            self.assertEqual(self.ask(method, "/b.txt").code, NOT_FOUND)
        answer = self.ask("OPTIONS", "/a.txt")
        self.assertEqual((answer.status, answer.headers["allow"]), (204, "GET, HEAD, OPTIONS"))

    def test_index(self):
        """A directory's index answers for it; without the slash the client is sent there."""
        self.put("index.html", b"root")
        self.put("docs/index.html", b"docs")
        self.put("plain", b"plain")
        self.put("plain/index.html", b"below")
        self.assertEqual(self.get("/").body, b"root")
        self.assertEqual(self.get("/docs/").body, b"docs")
        self.assertEqual(self.get("/plain").body, b"plain")
        answer = self.get("/docs?a=b%20c")
        self.assertEqual((answer.status, answer.headers["location"]), (301, "/docs/?a=b%20c"))
        self.assertEqual(self.ask("POST", "/docs").code, (405, "METHOD_NOT_ALLOWED"))
        self.assertEqual(self.get("//docs").headers["location"], "/docs/")
        self.configuration.change("assets", index="")
        for path in ("/", "/docs/", "/docs"):
            self.assertEqual(self.get(path).code, NOT_FOUND)
        self.configuration.change("assets", index="plain")
        self.assertEqual(self.get("/").body, b"plain")

    def test_path(self):
        """They may be served below a path of their own."""
        self.configuration.change("assets", path="/static")
        url = self.put("a.txt", b"1").json["url"]
        self.assertEqual(url, "/static/a.txt")
        self.assertEqual(self.get(url).body, b"1")
        self.assertEqual(self.get("/a.txt").code, NOT_FOUND)
        self.assertEqual(self.get("/static").code, NOT_FOUND)

    def test_changes_are_seen(self):
        """What is put, hidden or deleted here is so at once."""
        self.put("a.txt", b"1")
        self.assertEqual(self.get("/a.txt").body, b"1")
        self.put("a.txt", b"2")
        self.assertEqual(self.get("/a.txt").body, b"2")
        self.ask("PATCH", self.path("a.txt"), {"public": False})
        self.assertEqual(self.get("/a.txt").code, NOT_FOUND)
        self.ask("PATCH", self.path("a.txt"), {"public": True})
        self.assertEqual(self.get("/a.txt").body, b"2")
        self.ask("DELETE", self.path("a.txt"))
        self.assertEqual(self.get("/a.txt").code, NOT_FOUND)

    def test_req_data_004_changes_by_others(self):
        """What another engine does is seen at the next look at the revision."""
        mark = {"aiwebengine:public": True}
        for number in range(1001):
            self.wait(self.repository.put(f"x/{number:04}", b"x", "t/t", mark))
        self.wait(self.repository.put("private", b"x", "t/t"))
        self.assertEqual(self.get("/x/1000").code, NOT_FOUND)
        self.clock.advance(1)
        self.assertEqual(self.get("/x/1000").body, b"x")
        self.wait(self.repository.put("x/0000", b"x", "t/t"))
        self.wait(self.repository.delete("x/0001"))
        # Before the look, the repository's word counts.
        self.assertEqual(self.get("/x/0002").body, b"x")
        asked = []
        self.services.repository.fault = asked.append
        self.clock.advance(1)
        self.assertEqual(asked, ["assets.revision", "assets.list"])
        self.clock.advance(1)
        self.assertEqual(asked[2:], ["assets.revision"])
        self.assertEqual(self.get("/x/0000").code, NOT_FOUND)
        self.assertEqual(self.get("/x/0001").code, NOT_FOUND)

    def test_own_changes_cost_nothing(self):
        """What this engine changes itself, public or not, does not have all names read again."""
        self.put("a")
        self.put("a", b"2", "?public=false")
        self.put("b", b"2", "?public=false")
        self.ask("PATCH", self.path("b"), {"public": True})
        self.ask("PATCH", self.path("b"), {"public": False})
        self.ask("PATCH", self.path("a"), {"public": True})
        self.ask("DELETE", self.path("a"))
        self.ask("DELETE", self.path("b"))
        asked = []
        self.services.repository.fault = asked.append
        self.clock.advance(1)
        self.assertEqual(asked, ["assets.revision"])

    def test_changed_while_read(self):
        """What changes here while all names are read is not lost."""
        self.wait(self.repository.put("old", b"x", "t/t", {"aiwebengine:public": True}))
        list_assets = self.repository.list

        async def meanwhile(**options):
            listed = await list_assets(**options)
            self.put("new")
            self.ask("DELETE", self.path("old"))
            return listed

        self.repository.list = meanwhile
        self.clock.advance(1)
        self.assertEqual(self.get("/new").status, 200)
        self.assertEqual(self.get("/old").code, NOT_FOUND)

    def test_written_twice_at_once(self):
        """Of two writes to one asset the later one counts, whichever the repository answers first."""
        waiting = []
        store = self.plugin.store

        def slowed(work):
            async def slow(*arguments, **options):
                result = await work(*arguments, **options)
                waiting.append(Deferred())
                await waiting[-1]
                return result

            return slow

        for name in ("put_all", "delete"):
            self.patch(self.repository, name, slowed(getattr(self.repository, name)))

        def both(*works):
            begun = [self.helper.begin(work) for work in works]
            while waiting:
                waiting.pop().callback(None)
            for each in begun:
                self.successResultOf(each)

        both(store.put(NewAsset("a.txt", b"first")), store.put(NewAsset("a.txt", b"later")))
        tag = self.ask("GET", self.path("a.txt")).headers["etag"]
        self.assertEqual(self.ask("HEAD", "/a.txt").headers["etag"], tag)
        both(store.delete("a.txt"), store.put(NewAsset("a.txt", b"again")))
        self.assertEqual(self.get("/a.txt").body, b"again")

    def test_gone_meanwhile(self):
        """What another engine deleted or hid is not served, though this one does not know yet."""
        self.put("a.txt")
        self.put("b.txt")
        self.wait(self.repository.delete("a.txt"))
        self.wait(self.repository.put("b.txt", b"now private", "t/t"))
        self.assertEqual(self.get("/a.txt").code, NOT_FOUND)
        self.assertEqual(self.get("/b.txt").code, NOT_FOUND)

    def test_away(self):
        """While the repository is away small contents come from memory, others are 503."""
        self.put("a.txt", b"small")
        self.put("b.bin", b"x" * (MOST_BYTES_EACH + 1))
        self.assertEqual(self.get("/a.txt").body, b"small")
        tag = self.get("/b.bin").headers["etag"]

        def fault(operation):
            raise RepositoryUnavailable("memory:", "on purpose")

        self.services.repository.fault = fault
        self.assertEqual(self.get("/a.txt").body, b"small")
        self.assertEqual(self.get("/b.bin").code, (503, "SERVICE_UNAVAILABLE"))
        self.assertEqual(self.get("/b.bin", If_None_Match=tag).status, 304)
        self.clock.advance(5)
        self.assertEqual(self.get("/a.txt").body, b"small")

    def test_large(self):
        """A large content comes in parts; one that is changed or deleted meanwhile does not look whole."""
        whole = bytes(range(256)) * 12_000
        tag = self.put("a.bin", whole).headers["etag"]
        self.assertEqual(self.get("/a.bin").body, whole)
        part = self.get("/a.bin", Range="bytes=1-2000000")
        self.assertEqual((part.status, part.body), (206, whole[1:2000001]))
        self.assertEqual(self.get("/a.bin", Range="bytes=9999999-").status, 416)
        self.assertEqual(self.get("/a.bin", If_None_Match=tag).status, 304)
        self.assertEqual(self.ask("HEAD", "/a.bin").headers["content-length"], str(len(whole)))
        for change in (
            lambda: self.repository.put("a.bin", whole[::-1], "t/t", {"aiwebengine:public": True}),
            lambda: self.repository.delete("a.bin"),
        ):
            count = iter(range(100))

            def fault(operation, change=change, count=count):
                if operation == "assets.part" and next(count) == 1:
                    self.wait(change())

            self.services.repository.fault = fault
            connection = self.web.connect("GET", "/a.bin")
            self.assertEqual(len(connection.answer.body), 1_048_576)
            self.assertTrue(connection.transport.aborted or connection.transport.disconnecting)
            self.services.repository.fault = lambda operation: None
        self.assertEqual(self.get("/a.bin").code, NOT_FOUND)

    def test_cache_control(self):
        """The first pattern that fits the name says how long."""
        patterns = {"build/*.js": IMMUTABLE, "*.js": "no-store"}
        self.configuration.change("assets", cache=patterns, cache_control="no-cache")
        for name, wanted in (("build/a/b.1234.js", IMMUTABLE), ("a.js", "no-store"), ("a.css", "no-cache")):
            self.put(name)
            self.assertEqual(self.get("/" + name).headers["cache-control"], wanted)

    def test_conditions(self):
        """304 by tag or time, 412, and parts; with If-Range only of the same file."""
        tag = self.put("a.txt", b"0123456789").headers["etag"]
        same, before = "Tue, 14 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 2023 22:13:19 GMT"
        for headers, status in (
            ({"If_None_Match": tag}, 304),
            ({"If_None_Match": f"W/{tag}, x"}, 304),
            ({"If_None_Match": "*"}, 304),
            ({"If_None_Match": '"x"'}, 200),
            ({"If_Modified_Since": same}, 304),
            ({"If_Modified_Since": before}, 200),
            ({"If_Modified_Since": "nonsense"}, 200),
            ({"If_None_Match": '"x"', "If_Modified_Since": same}, 200),
            ({"If_Match": tag}, 200),
            ({"If_Match": f"W/{tag}"}, 412),
            ({"If_Unmodified_Since": same}, 200),
            ({"If_Unmodified_Since": before}, 412),
            ({"Range": "bytes=0-0", "If_Range": tag}, 206),
            ({"Range": "bytes=0-0", "If_Range": f"W/{tag}"}, 200),
            ({"Range": "bytes=0-0", "If_Range": same}, 206),
            ({"Range": "bytes=0-0", "If_Range": before}, 200),
            ({"Range": "bytes=10-", "If_None_Match": tag}, 304),
        ):
            self.assertEqual(self.get("/a.txt", **headers).status, status, headers)
        self.assertEqual(self.get("/a.txt", If_None_Match=tag).headers["cache-control"][:6], "public")

    def test_ranges(self):
        """One part, several, and none that can be satisfied."""
        self.put("a.txt", b"0123456789")
        one = self.get("/a.txt", Range="bytes=2-4")
        self.assertEqual((one.status, one.body), (206, b"234"))
        self.assertEqual((one.headers["content-range"], one.headers["content-length"]), ("bytes 2-4/10", "3"))
        several = self.get("/a.txt", Range="bytes=0-1, -2")
        self.assertEqual(several.status, 206)
        boundary = several.headers["content-type"].removeprefix("multipart/byteranges; boundary=")
        parts = several.body.split(f"--{boundary}".encode())
        self.assertEqual((parts[0], parts[-1]), (b"\r\n", b"--\r\n"))
        self.assertEqual([part.partition(b"\r\n\r\n")[2] for part in parts[1:-1]], [b"01\r\n", b"89\r\n"])
        self.assertIn(b"Content-Range: bytes 8-9/10\r\n", parts[2])
        self.assertEqual(several.headers["content-length"], str(len(several.body)))
        none = self.get("/a.txt", Range="bytes=10-20")
        self.assertEqual(none.code, (416, "RANGE_NOT_SATISFIABLE"))
        self.assertEqual(none.headers["content-range"], "bytes */10")
        self.assertEqual(self.ask("HEAD", "/a.txt", Range="bytes=2-4").status, 200)


class FileTests(ServingCase):
    """Files of directories."""

    files = {
        "a.txt": b"file",
        "index.html": b"<p>",
        "sub/index.html": b"sub",
        "sub/x.wasm": b"\0asm",
        "empty.txt": b"",
        ".env": b"SECRET",
        "sub/.git/config": b"SECRET",
        "large.bin": bytes(range(256)) * 1024 * 2,
    }

    def test_req_asset_001_directory(self):
        """A file answers at its path below the directory, with the headers of any asset."""
        answer = self.get("/a.txt")
        self.assertEqual((answer.status, answer.body), (200, b"file"))
        self.assertEqual(answer.headers["content-type"], "text/plain; charset=utf-8")
        moment = formatdate((self.root / "a.txt").stat().st_mtime, usegmt=True)
        self.assertEqual(answer.headers["last-modified"], moment)
        self.assertEqual(self.get("/a.txt", If_None_Match=answer.headers["etag"]).status, 304)
        self.assertEqual(self.get("/a.txt", If_Modified_Since=moment).status, 304)
        self.assertEqual(self.get("/sub/x.wasm").headers["content-type"], "application/wasm")
        self.assertEqual(self.get("/empty.txt").headers["content-length"], "0")
        self.assertEqual(self.observer.records[0].route, "assets")

    def test_who_answers(self):
        """The management API tells which asset or file answers a path, and what nobody answers."""
        self.put("logo.svg", b"<svg/>")
        self.put("hidden.txt", b"x", "?public=false")
        self.helper.put("a", "GET /a.txt\nPOST /sub")

        def asked(query):
            answer = self.ask("GET", f"/engine/routes?path={query}").json["answer"]
            return answer["owner"], answer["feature"]

        self.assertEqual(asked("/logo.svg"), ("fallback", "asset logo.svg"))
        self.assertEqual(asked("/sub/?x=1"), ("fallback", "file sub/index.html"))
        self.assertEqual(asked("/sub/x.wasm&method=head"), ("fallback", "file sub/x.wasm"))
        self.assertEqual(asked("/a.txt")[0], "script")
        for nobody in ("/hidden.txt", "/.env", "/nothing", "/logo.svg&method=POST", "/sub/../.env"):
            self.assertEqual(asked(nobody), ("nobody", None), nobody)

    def test_req_asset_001_mime_types(self):
        """Common types are known, by name only."""
        for suffix, wanted in (
            ("js", "text/javascript; charset=utf-8"),
            ("mjs", "text/javascript; charset=utf-8"),
            ("css", "text/css; charset=utf-8"),
            ("html", "text/html; charset=utf-8"),
            ("json", "application/json"),
            ("svg", "image/svg+xml"),
            ("png", "image/png"),
            ("webp", "image/webp"),
            ("avif", "image/avif"),
            ("woff2", "font/woff2"),
            ("pdf", "application/pdf"),
            ("mp4", "video/mp4"),
            ("tar.gz", "application/gzip"),
            ("nonsense", "application/octet-stream"),
        ):
            self.write(f"types/x.{suffix}", b"x")
            self.assertEqual(self.get(f"/types/x.{suffix}").headers["content-type"], wanted)

    def test_index(self):
        """Directories have an index, no list."""
        self.assertEqual(self.get("/").body, b"<p>")
        self.assertEqual(self.get("/sub/").body, b"sub")
        self.assertEqual(self.get("/sub").headers["location"], "/sub/")
        (self.root / "bare").mkdir()
        for path in ("/bare", "/bare/", "/a.txt/", "/a.txt/index.html"):
            self.assertEqual(self.get(path).code, NOT_FOUND, path)

    def test_req_sec_001_only_what_is_inside(self):
        """Dot files, links that lead out, and what is no regular file are not there."""
        outside = self.root.parent / (self.root.name + "-outside")
        outside.mkdir()
        (outside / "secret.txt").write_bytes(b"SECRET")
        (self.root / "out.txt").symlink_to(outside / "secret.txt")
        (self.root / "out").symlink_to(outside)
        (self.root / "in.txt").symlink_to("a.txt")
        (self.root / "loop").symlink_to("loop")
        os.mkfifo(self.root / "pipe")
        for path in (
            "/.env",
            "/sub/.git/config",
            "/out.txt",
            "/out/secret.txt",
            "/out",
            "/loop",
            "/pipe",
            "/" + "x" * 300,
            "/sub/index.html/x",
        ):
            self.assertEqual(self.get(path).code, NOT_FOUND, path)
        for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/sub/..%2fa.txt", "/a.txt%00"):
            self.assertEqual(self.get(path).code, (400, "BAD_REQUEST"), path)
        self.assertEqual(self.get("/in.txt").body, b"file")

    def test_req_sec_001_deep_paths(self):
        """A path of thousands of segments that leads nowhere is not followed segment by segment."""
        followed = []
        self.patch(os.path, "realpath", followed.append)
        for path in ("/none", "/" + "x/" * 2000, "/" + "x/" * 1000 + "x", "/a.txt" + "/x" * 1000):
            self.assertEqual(self.get(path).code, NOT_FOUND, path)
        self.assertEqual(followed, [])

    def test_root_is_a_link(self):
        """The directory may be a link that is set anew."""
        current = self.root.parent / (self.root.name + "-current")
        current.symlink_to(self.root / "sub")
        self.configuration.change("assets", directories=(str(current),))
        self.assertEqual(self.get("/").body, b"sub")
        current.unlink()
        self.assertEqual(self.get("/").code, NOT_FOUND)
        current.symlink_to(self.root)
        self.assertEqual(self.get("/").body, b"<p>")

    def test_order(self):
        """The repository comes first, then the first directory that has the file."""
        other = self.root.parent / (self.root.name + "-other")
        other.mkdir()
        (other / "a.txt").write_bytes(b"other")
        (other / "b.txt").write_bytes(b"other")
        self.configuration.change("assets", directories=(str(self.root), str(other)))
        self.assertEqual(self.get("/a.txt").body, b"file")
        self.assertEqual(self.get("/b.txt").body, b"other")
        self.put("a.txt", b"asset")
        self.assertEqual(self.get("/a.txt").body, b"asset")

    def test_methods(self):
        """As for assets of the repository; what is not there is 404 for every method."""
        self.assertEqual(self.ask("POST", "/a.txt").code, (405, "METHOD_NOT_ALLOWED"))
        self.assertEqual(self.ask("OPTIONS", "/a.txt").headers["allow"], "GET, HEAD, OPTIONS")
        self.assertEqual(self.ask("POST", "/b.txt").code, NOT_FOUND)
        head = self.ask("HEAD", "/large.bin")
        self.assertEqual((head.headers["content-length"], head.body), (str(2 * 262144), b""))

    def test_large(self):
        """A large file comes in pieces, whole or in part."""
        whole = self.files["large.bin"]
        answer = self.get("/large.bin")
        self.assertEqual((answer.status, answer.body), (200, whole))
        self.assertEqual(answer.headers["content-length"], str(len(whole)))
        part = self.get("/large.bin", Range="bytes=100-200099")
        self.assertEqual((part.status, part.body), (206, whole[100:200100]))
        several = self.get("/large.bin", Range="bytes=0-99,200000-")
        self.assertEqual(several.headers["content-length"], str(len(several.body)))
        self.assertIn(whole[200000:] + b"\r\n--", several.body)
        self.assertEqual(self.get("/large.bin", If_None_Match=answer.headers["etag"]).status, 304)
        self.assertEqual(self.get("/large.bin", Range=f"bytes={len(whole)}-").status, 416)
        self.assertGreater(len(whole), SMALL_BYTES)

    def open_files(self):
        """Give how many of this test's files are open."""
        links = Path("/proc/self/fd")
        paths = [os.readlink(one) for one in links.iterdir() if one.is_symlink()]
        return sum(path.startswith(str(self.root)) for path in paths)

    def test_back_pressure(self):
        """While the client does not read, no more of the file is read."""
        whole = self.files["large.bin"]
        self.clock.hold = True
        connection = self.web.connect("GET", "/large.bin")
        self.clock.release(2)
        self.assertEqual(len(connection.answer.body), 131_072)
        connection.transport.producer.pauseProducing()
        self.clock.release(1)
        self.assertEqual(len(connection.answer.body), 2 * 131_072)
        self.assertEqual((self.clock.held, self.open_files()), (0, 1))
        connection.transport.producer.resumeProducing()
        self.clock.hold = False
        self.clock.release()
        self.assertEqual(connection.answer.body, whole)
        self.assertEqual(self.open_files(), 0)

    def test_left(self):
        """When the client leaves the file is closed, and no more of it is read."""
        self.clock.hold = True
        connection = self.web.connect("GET", "/large.bin")
        self.clock.release(2)
        connection.lost()
        self.clock.release(1)
        self.assertEqual((self.clock.held, self.open_files()), (0, 0))

    def test_cut(self):
        """A file that becomes shorter while it is sent does not look whole."""
        self.clock.hold = True
        connection = self.web.connect("GET", "/large.bin")
        self.clock.release(2)
        os.truncate(self.root / "large.bin", 10)
        self.clock.hold = False
        self.clock.release()
        self.assertEqual(len(connection.answer.body), 131_072)
        self.assertTrue(connection.transport.aborted or connection.transport.disconnecting)
        self.assertEqual(self.open_files(), 0)


class ContentsTests(ServingCase):
    """The memory of contents."""

    def test_bounded(self):
        """It gives up what was used longest ago, and keeps nothing large."""
        contents = Contents()
        for key in "abc":
            contents.keep(key, b"12345", 12)
            contents.get("a")
        self.assertEqual([contents.get(key) for key in "abc"], [b"12345", None, b"12345"])
        self.assertEqual(contents.size, 10)
        contents.keep("d", b"x" * (MOST_BYTES_EACH + 1), 10**9)
        self.assertIsNone(contents.get("d"))
        contents.keep("e", b"", 4)
        self.assertEqual(contents.size, 0)

    def test_setting(self):
        """`assets.memory_cache_bytes` bounds it."""
        self.configuration.change("assets", memory_cache_bytes=0)
        self.put("a.txt", b"1")
        self.get("/a.txt")
        asked = []
        self.services.repository.fault = asked.append
        self.get("/a.txt")
        self.assertEqual(asked, ["assets.get"])
