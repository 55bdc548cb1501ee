"""Features mounted at the root: Klein applications and plain resources, with our errors and headers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPullProducer
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.pages import forbidden
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer

import aiwebengine
from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IFeature
from tests.web.support import Server, parse_answers


@implementer(IFeature)
class Feature:
    def __init__(self, resource: Any, *prefixes: str) -> None:
        self._resource = resource
        self.prefixes = prefixes
        self.asked = 0

    def resource(self) -> Any:
        self.asked += 1
        return self._resource


class Leaf(Resource):
    isLeaf = True  # noqa: N815

    def __init__(self, get: Any) -> None:
        super().__init__()
        self._get = get

    def render_GET(self, request: Any) -> Any:
        return self._get(request)


class MountTests(SynchronousTestCase):
    def leaf(self, text: bytes) -> Any:
        return Leaf(lambda request: text)

    def test_prefixes(self) -> None:
        features = [
            Feature(self.leaf(b"health"), "health"),
            Feature(self.leaf(b"acme"), ".well-known/acme-challenge"),
            Feature(self.leaf(b"deep"), "engine/deep"),
            Feature(self.leaf(b"engine"), "engine", "upsert_script"),
        ]
        server = Server(features=features)
        for path, body in (
            ("/health", b"health"),
            ("/health/live", b"health"),
            ("/%68ealth", b"health"),
            ("//health//", b"health"),
            ("/healthy", b"Hello"),
            ("/", b"Hello"),
            ("/.well-known/acme-challenge/x", b"acme"),
            ("/.well-known/other", b"Hello"),
            ("/engine/deep/er", b"deep"),
            ("/engine/deeper", b"engine"),
            ("/upsert_script", b"engine"),
        ):
            self.assertEqual(server.get(path).answer.body, body, path)
        self.assertEqual(features[0].asked, 1)
        self.assertIn("engine/deep", server.root.prefixes)

    def test_taken_prefix(self) -> None:
        features = [Feature(self.leaf(b""), "a"), Feature(self.leaf(b""), "a")]
        self.assertRaises(ValueError, Server, features=features)

    def test_feature_may_have_its_own_body_limit(self) -> None:
        feature = Feature(self.leaf(b""), "engine")
        feature.body_limit = lambda request: 5 if request.method == b"PUT" else None  # type: ignore[attr-defined]
        server = Server(features=[feature], max_body_bytes=10)
        answer = server.get("/engine", method="PUT", body=b"123456").answer
        self.assertEqual(answer.status, 413)
        self.assertEqual(answer.json["error"]["details"]["value"], 5)
        self.assertEqual(server.get("/engine", method="POST", body=b"123456").answer.status, 405)
        self.assertEqual(server.get("/engine", method="POST", body=b"1" * 11).answer.status, 413)

    def test_body_limit_that_fails_is_500(self) -> None:
        feature = Feature(self.leaf(b""), "engine")
        feature.body_limit = lambda request: 1 / 0  # type: ignore[attr-defined]
        wire = Server(features=[feature]).get("/engine", method="PUT", body=b"1")
        self.assertEqual((wire.answer.status, wire.closed), (500, True))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class ResourceTests(SynchronousTestCase):
    def ask(self, get: Any, method: str = "GET", path: str = "/r", **options: Any) -> Any:
        server = Server(features=[Feature(Leaf(get), "r")], **options)
        return server, server.get(path, "Cookie: a=b", method=method)

    def test_request_face(self) -> None:
        seen: dict[str, Any] = {}

        def get(request: Any) -> bytes:
            request.setHeader(b"X-Own", b"1")
            request.addCookie(b"k", b"v", httpOnly=True)
            request.setLastModified(0)
            request.setETag(b'"tag"')
            seen.update(
                args=request.args,
                cookie=request.getCookie(b"a"),
                header=request.getHeader("host"),
                path=request.path,
                postpath=request.postpath,
                host=request.getHost(),
                client=request.getClientAddress(),
                secure=request.isSecure(),
                name=request.getRequestHostname(),
                content=request.content.read(),
                transport=request.transport is request.channel.transport,
            )
            return b"body"

        _, wire = self.ask(get, path="/r/a%2Fb?x=1&x=2")
        headers = wire.answer.headers
        self.assertEqual(wire.answer.body, b"body")
        self.assertEqual(headers["set-cookie"], "k=v; HttpOnly")
        self.assertEqual((headers["x-own"], headers["etag"]), ("1", '"tag"'))
        self.assertEqual(headers["last-modified"], "Thu, 01 Jan 1970 00:00:00 GMT")
        self.assertEqual(headers["content-type"], "text/html; charset=utf-8")
        self.assertEqual(headers["x-request-id"], "010101010101-1")
        self.assertNotIn("server", headers)
        self.assertEqual(seen["args"], {b"x": [b"1", b"2"]})
        self.assertEqual(
            (seen["cookie"], seen["header"], seen["name"]), (b"b", "example.com", b"example.com")
        )
        self.assertEqual((seen["path"], seen["postpath"]), (b"/r/a%2Fb", [b"r", b"a", b"b"]))
        self.assertEqual((seen["secure"], seen["content"], seen["transport"]), (False, b"", True))

    def test_options_and_405(self) -> None:
        _, wire = self.ask(lambda request: b"", method="OPTIONS")
        self.assertEqual((wire.answer.status, wire.answer.headers["allow"]), (204, "GET, HEAD, OPTIONS"))
        _, wire = self.ask(lambda request: b"", method="DELETE")
        self.assertEqual(
            (wire.answer.code, wire.answer.headers["allow"]), ("METHOD_NOT_ALLOWED", "GET, HEAD, OPTIONS")
        )

    def test_head(self) -> None:
        _, wire = self.ask(lambda request: b"12345", method="HEAD")
        (answer,) = parse_answers(wire.raw, head_only=True)
        self.assertEqual((answer.headers["content-length"], answer.body), ("5", b""))

    def test_what_is_written_in_one_turn_has_a_length(self) -> None:
        def get(request: Any) -> int:
            request.write(b"a")
            request.write(b"b")
            request.finish()
            request.finish()
            return NOT_DONE_YET

        server, wire = self.ask(get)
        self.assertEqual((wire.answer.headers["content-length"], wire.answer.body), ("2", b"ab"))
        server.advance(1)
        self.assertEqual(wire.answer.body, b"ab")

    def test_what_is_written_later_is_streamed(self) -> None:
        held: list[Any] = []

        def get(request: Any) -> int:
            request.write(b"a")
            held.append(request)
            return NOT_DONE_YET

        server, wire = self.ask(get)
        server.clock.advance(0)
        held[0].write(b"b")
        done = held[0].notifyFinish()
        held[0].finish()
        self.successResultOf(done)
        self.assertEqual((wire.answer.headers["transfer-encoding"], wire.answer.body), ("chunked", b"ab"))

    def test_pull_producer(self) -> None:
        @implementer(IPullProducer)
        class Source:
            left = 3

            def __init__(self, request: Any) -> None:
                self.request = request

            def resumeProducing(self) -> None:
                self.request.write(b"x")
                self.left -= 1
                if not self.left:
                    self.request.unregisterProducer()
                    self.request.finish()

            def stopProducing(self) -> None:
                raise AssertionError

        def get(request: Any) -> int:
            request.registerProducer(Source(request), False)
            return NOT_DONE_YET

        from twisted.internet import task

        pending: list[Any] = []
        self.patch(
            task, "_theCooperator", task.Cooperator(scheduler=lambda call: pending.append(call) or None)
        )
        _, wire = self.ask(get)
        while pending:
            pending.pop()()
        self.assertEqual(wire.answer.body, b"xxx")

    def test_producer_for_nobody_is_stopped(self) -> None:
        stopped: list[bool] = []

        class Source:
            def stopProducing(self) -> None:
                stopped.append(True)

        def get(request: Any) -> int:
            request.answer(200, [], b"")
            request.registerProducer(Source(), True)
            return NOT_DONE_YET

        self.ask(get)
        self.assertEqual(stopped, [True])

    def test_errors(self) -> None:
        def broken(request: Any) -> bytes:
            raise ZeroDivisionError

        for get, status, code in (
            (broken, 500, "INTERNAL_ERROR"),
            (lambda request: "text", 500, "INTERNAL_ERROR"),
        ):
            _, wire = self.ask(get)
            self.assertEqual((wire.answer.status, wire.answer.code), (status, code))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError, TypeError)), 2)

        def failed(request: Any) -> int:
            request.processingFailed(Failure(HTTPProblem(418, "TEAPOT", "x")))
            return NOT_DONE_YET

        self.assertEqual(self.ask(failed)[1].answer.code, "TEAPOT")

    def test_twisted_error_pages_are_ours(self) -> None:
        tree = Resource()
        tree.putChild(b"r", Resource())
        tree.children[b"r"].putChild(b"no", forbidden())
        server = Server(features=[Feature(tree, "r")])
        self.assertEqual(server.get("/r/nothing").answer.code, "NOT_FOUND")
        self.assertEqual(server.get("/r/no").answer.code, "FORBIDDEN")


class KleinTests(SynchronousTestCase):
    def setUp(self) -> None:
        from klein import Klein

        app = Klein()

        class Api:
            app = Klein()

            @app.route("/api/items/<int:number>", methods=["GET", "PUT"])
            def item(self, request: Any, number: int) -> bytes:
                return b"item %d" % number

            @app.route("/api/later")
            def later(self, request: Any) -> Any:
                self.waiting: Deferred[bytes] = Deferred()
                return self.waiting

            @app.route("/api/problem")
            def problem(self, request: Any) -> None:
                raise HTTPProblem(409, "CONFLICT", "in conflict")

            @app.route("/api/broken")
            def broken(self, request: Any) -> None:
                raise ZeroDivisionError

            @app.route("/api/own")
            def own(self, request: Any) -> None:
                raise LookupError

            @app.handle_errors(LookupError)
            def explain(self, request: Any, failure: Failure) -> bytes:
                request.setResponseCode(410)
                return b"own words"

            @app.route("/api/abort")
            def abort(self, request: Any) -> None:
                from werkzeug.exceptions import BadRequest

                raise BadRequest("the colour is missing")

            @app.route("/api/answered")
            def answered(self, request: Any) -> None:
                request.answer(201, [], b"made")

            @app.route("/api/branch/")
            def branch(self, request: Any) -> bytes:
                return b"branch"

        @app.route("/plain")
        def plain(request: Any) -> bytes:
            return b"plain"

        self.api = Api()
        self.server = Server(
            features=[Feature(self.api.app.resource(), "api"), Feature(app.resource(), "plain")]
        )

    def test_routes(self) -> None:
        answer = self.server.get("/api/items/3").answer
        self.assertEqual((answer.status, answer.body), (200, b"item 3"))
        self.assertEqual(answer.headers["content-length"], "6")
        self.assertIn("x-request-id", answer.headers)
        self.assertEqual(self.server.get("/plain").answer.body, b"plain")
        self.assertEqual(self.server.get("/api/answered").answer.status, 201)

    def test_404_405_options(self) -> None:
        for path in ("/api/nothing", "/plain/nothing"):
            answer = self.server.get(path).answer
            self.assertEqual((answer.status, answer.code), (404, "NOT_FOUND"))
            self.assertEqual(answer.headers["content-type"], "application/json")
        answer = self.server.get("/api/items/3", method="DELETE").answer
        self.assertEqual(
            (answer.code, answer.headers["allow"]), ("METHOD_NOT_ALLOWED", "GET, HEAD, OPTIONS, PUT")
        )
        self.assertEqual(self.server.get("/api/items/3", method="OPTIONS").answer.status, 204)

    def test_errors(self) -> None:
        self.assertEqual(self.server.get("/api/problem").answer.code, "CONFLICT")
        self.assertEqual(self.server.get("/api/broken").answer.code, "INTERNAL_ERROR")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        abort = self.server.get("/api/abort").answer
        self.assertEqual(abort.json["error"]["message"], "the colour is missing")
        own = self.server.get("/api/own").answer
        self.assertEqual((own.status, own.body), (410, b"own words"))

    def test_redirect_to_the_branch(self) -> None:
        answer = self.server.get("/api/branch").answer
        self.assertEqual(answer.status, 308)
        self.assertEqual(answer.headers["location"], "/api/branch/")

    def test_later_and_gone(self) -> None:
        wire = self.server.get("/api/later")
        self.api.waiting.callback(b"at last")
        self.assertEqual(wire.answer.body, b"at last")
        self.server.get("/api/later").hang_up()
        self.assertTrue(self.api.waiting.called)


class LazinessTests(SynchronousTestCase):
    def test_klein_is_not_imported_without_need(self) -> None:
        code = (
            "import sys, aiwebengine.web.root; print([m for m in ('klein', 'werkzeug') if m in sys.modules])"
        )
        root = str(Path(aiwebengine.__file__).parent.parent)
        found = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": root}
        )
        self.assertEqual(found.stdout.strip(), "[]")
