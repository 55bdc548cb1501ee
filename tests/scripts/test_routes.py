"""Tests for aiwebengine.scripts.routes, .patterns and .trie."""

from itertools import count, permutations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.errors import RouteConflict, ScriptInvalid
from aiwebengine.sandbox.model import Program, Registration
from aiwebengine.scripts.patterns import parse_method, parse_path
from aiwebengine.scripts.routes import OtherMethods, RouteIndex, routes_of

_idents = count(1)


def routes(uri, *lines):
    """Make routes from lines such as ``GET /x``."""
    registrations = []
    for line in lines:
        method, _, path = line.partition(" ")
        registrations.append(Registration("route", line, {"method": method, "path": path, "handler": "h"}))
    return routes_of(uri, Program(next(_idents), uri, 1, ""), registrations)


def index(**scripts):
    """Make an index with scripts of the given lines."""
    made = RouteIndex()
    for uri, lines in scripts.items():
        made = made.replace({uri: routes(uri, *lines)})
    return made


def ask(made, request):
    """Give the matched path and parameters for ``GET /x``; ``405: …`` or None otherwise."""
    method, _, path = request.partition(" ")
    found = made.match(method.encode(), path)
    if isinstance(found, OtherMethods):
        return f"405: {found.allow}"
    return found and (f"{found.route.method} {found.route.path}", dict(found.params))


class MatchTests(SynchronousTestCase):
    """What answers a request."""

    def test_req_jsapi_001_literal(self):
        """A literal path matches itself only, with or without a trailing slash."""
        made = index(a=["GET /users", "GET /", "POST /x/y/"])
        self.assertEqual(ask(made, "GET /users"), ("GET /users", {}))
        self.assertEqual(ask(made, "GET /users/"), ("GET /users", {}))
        self.assertEqual(ask(made, "GET /"), ("GET /", {}))
        self.assertEqual(ask(made, "POST /x/y"), ("POST /x/y/", {}))
        for path in ("/user", "/users/1", "/Users", "//users", "/users//", "", "*", "users"):
            self.assertIsNone(ask(made, "GET " + path), path)

    def test_req_jsapi_001_parameter(self):
        """A parameter is one segment that is not empty, decoded."""
        made = index(a=["GET /users/:id", "GET /users/:id/posts/:post"])
        self.assertEqual(ask(made, "GET /users/7"), ("GET /users/:id", {"id": "7"}))
        self.assertEqual(ask(made, "GET /users/7/"), ("GET /users/:id", {"id": "7"}))
        self.assertEqual(
            ask(made, "GET /users/a%20b/posts/%C3%BC"),
            ("GET /users/:id/posts/:post", {"id": "a b", "post": "ü"}),
        )
        for path in ("/users/", "/users", "/users//posts/1", "/users/1/posts", "/users/1/2"):
            self.assertIsNone(ask(made, "GET " + path), path)

    def test_encoded_slash_stays_inside(self):
        """An encoded slash does not end a segment; a literal may contain one too."""
        made = index(a=["GET /files/:name", "GET /a%2Fb", "GET /50%25"])
        self.assertEqual(ask(made, "GET /files/a%2Fb"), ("GET /files/:name", {"name": "a/b"}))
        self.assertEqual(ask(made, "GET /a%2fb"), ("GET /a%2Fb", {}))
        self.assertIsNone(ask(made, "GET /a/b"))
        self.assertEqual(ask(made, "GET /50%25"), ("GET /50%25", {}))

    def test_decoded_once(self):
        """A parameter is decoded once only, and a plus sign is a plus sign."""
        made = index(a=["GET /:x"])
        self.assertEqual(ask(made, "GET /%252F+"), ("GET /:x", {"x": "%2F+"}))

    def test_literal_spellings(self):
        """A literal matches in every spelling of its characters."""
        for registered in ("/grüße", "/gr%C3%BC%C3%9Fe", "/gr%c3%bc%c3%9fe"):
            made = index(a=["GET " + registered])
            self.assertEqual(ask(made, "GET /gr%C3%BC%C3%9Fe"), ("GET " + registered, {}))
        self.assertEqual(ask(index(a=["GET /users"]), "GET /%75sers"), ("GET /users", {}))

    def test_req_jsapi_001_wildcard(self):
        """A wildcard is the rest, with its slashes; the rest may be empty when the slash is there."""
        made = index(a=["GET /files/*path", "GET /all/*"])
        self.assertEqual(ask(made, "GET /files/a/b%20c/"), ("GET /files/*path", {"path": "a/b c/"}))
        self.assertEqual(ask(made, "GET /files/"), ("GET /files/*path", {"path": ""}))
        self.assertIsNone(ask(made, "GET /files"))
        self.assertEqual(ask(made, "GET /all/x"), ("GET /all/*", {"*": "x"}))

    def test_everything(self):
        """The wildcard at the root takes all that is not reserved."""
        made = index(a=["GET /*"])
        self.assertEqual(ask(made, "GET /"), ("GET /*", {"*": ""}))
        self.assertEqual(ask(made, "GET /a//b"), ("GET /*", {"*": "a//b"}))
        for path in (
            "/health",
            "/health/live",
            "/engine/scripts",
            "/%65ngine",
            "/.well-known/acme-challenge/x",
        ):
            self.assertIsNone(ask(made, "GET " + path), path)
        self.assertEqual(ask(made, "GET /.well-known/other"), ("GET /*", {"*": ".well-known/other"}))

    def test_precedence(self):
        """Literal before parameter before wildcard, segment by segment, in any order of registration."""
        lines = ("GET /a/b", "GET /a/:x", "GET /:y/b", "GET /a/*", "GET /*")
        for order in permutations(lines):
            made = index(a=order)
            self.assertEqual(ask(made, "GET /a/b"), ("GET /a/b", {}))
            self.assertEqual(ask(made, "GET /a/c"), ("GET /a/:x", {"x": "c"}))
            self.assertEqual(ask(made, "GET /c/b"), ("GET /:y/b", {"y": "c"}))
            self.assertEqual(ask(made, "GET /a/b/c"), ("GET /a/*", {"*": "b/c"}))
            self.assertEqual(ask(made, "GET /c/d"), ("GET /*", {"*": "c/d"}))

    def test_backtracking(self):
        """A literal that leads nowhere does not hide a parameter that leads somewhere."""
        made = index(a=["GET /a/b/c", "GET /:x/b/d", "GET /:x/*rest"])
        self.assertEqual(ask(made, "GET /a/b/d"), ("GET /:x/b/d", {"x": "a"}))
        self.assertEqual(ask(made, "GET /a/b/e"), ("GET /:x/*rest", {"x": "a", "rest": "b/e"}))

    def test_req_http_001_methods(self):
        """Each method has its own route; any token is a method."""
        methods = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "PROPFIND", "M-SEARCH")
        made = index(a=[f"{method} /x" for method in methods])
        for method in methods:
            self.assertEqual(ask(made, method + " /x"), (method + " /x", {}))
        self.assertEqual(ask(index(a=["get /x"]), "GET /x"), ("GET /x", {}))

    def test_req_http_001_head(self):
        """HEAD falls back to GET, for literals and for parameters, unless it is registered."""
        made = index(a=["GET /x", "GET /p/:id", "GET /both", "HEAD /both"])
        self.assertEqual(ask(made, "HEAD /x"), ("GET /x", {}))
        self.assertEqual(ask(made, "HEAD /p/1"), ("GET /p/:id", {"id": "1"}))
        self.assertEqual(ask(made, "HEAD /both"), ("HEAD /both", {}))
        made = index(a=["HEAD /both", "GET /both"])
        self.assertEqual(ask(made, "HEAD /both"), ("HEAD /both", {}))
        made = made.replace({"a": routes("a", "GET /both")})
        self.assertEqual(ask(made, "HEAD /both"), ("GET /both", {}))

    def test_req_http_001_other_methods(self):
        """A known path with another method says which methods it has, of all patterns that match."""
        made = index(a=["GET /x", "POST /x"], b=["PUT /:any", "DELETE /*"])
        self.assertEqual(ask(made, "PATCH /x"), "405: DELETE, GET, HEAD, OPTIONS, POST, PUT")
        self.assertEqual(ask(made, "OPTIONS /x"), "405: DELETE, GET, HEAD, OPTIONS, POST, PUT")
        self.assertEqual(ask(made, "GET /y"), "405: DELETE, OPTIONS, PUT")
        self.assertEqual(ask(made, "get /x"), "405: DELETE, GET, HEAD, OPTIONS, POST, PUT")

    def test_method_decides_between_patterns(self):
        """A less specific route with the right method answers before a 405."""
        made = index(a=["GET /users/me"], b=["POST /users/:id"])
        self.assertEqual(ask(made, "POST /users/me"), ("POST /users/:id", {"id": "me"}))

    def test_kinds(self):
        """A registration of any kind that has a method and a path is a route; others are not."""
        program = Program(1, "a", 1, "")
        found = routes_of(
            "a",
            program,
            [
                Registration(
                    "stream", "/events", {"method": "GET", "path": "/events", "options": {"replay": 1}}
                ),
                Registration("topic", "t", {"name": "t"}),
            ],
        )
        self.assertEqual([(one.kind, one.key, one.path) for one in found], [("stream", "/events", "/events")])
        self.assertEqual((found[0].handler, found[0].options, found[0].program), ("", {"replay": 1}, program))


class SwapTests(SynchronousTestCase):
    """Replacing a script's routes."""

    def test_old_index_is_untouched(self):
        """A request that holds the old index is not affected by the swap."""
        old = index(a=["GET /x", "GET /p/:id", "GET /w/*"])
        new = old.replace({"a": routes("a", "GET /y")})
        for path in ("/x", "/p/1", "/w/1"):
            self.assertIsNotNone(ask(old, "GET " + path))
            self.assertIsNone(ask(new, "GET " + path))
        self.assertIsNone(ask(old, "GET /y"))
        self.assertEqual(ask(new, "GET /y"), ("GET /y", {}))

    def test_removed(self):
        """Without routes a script leaves nothing behind, and others stay."""
        made = index(a=["GET /x/y/z", "GET /p/:id/q"], b=["POST /x/y", "GET /p/:other"])
        made = made.replace({"a": ()})
        self.assertIsNone(ask(made, "GET /x/y/z"))
        self.assertEqual(ask(made, "GET /x/y"), "405: OPTIONS, POST")
        self.assertEqual(ask(made, "GET /p/1"), ("GET /p/:other", {"other": "1"}))
        made = made.replace({"b": ()})
        self.assertTrue(made._root.empty)
        self.assertEqual(list(made.routes()), [])
        self.assertEqual(made.replace({"never": ()}).routes("never"), ())

    def test_conflict(self):
        """Two scripts cannot have the same method and shape of path; both are named."""
        for mine, other in (
            ("GET /x", "GET /x"),
            ("GET /x", "GET /x/"),
            ("GET /a/:x", "GET /a/:y"),
            ("GET /*", "GET /*rest"),
            ("GET /%75", "GET /u"),
        ):
            made = index(first=[mine])
            error = self.assertRaises(RouteConflict, made.replace, {"second": routes("second", other)})
            self.assertEqual((error.uri, error.owner), ("second", "first"))
            self.assertEqual(f"{error.method} {error.path}", other)

    def test_edit(self):
        """An edit goes script by script; what a check refuses leaves no trace in it."""
        old = index(a=["GET /a"], b=["GET /b/:x"])
        edit = old.edit()
        edit.check("c", routes("c", "GET /c"))
        edit.replace({"c": routes("c", "GET /c")})
        for uri, lines in (("d", ["GET /d", "GET /b/:y"]), ("d", ["GET /d", "GET /c"])):
            error = self.assertRaises(RouteConflict, edit.check, uri, routes(uri, *lines))
            self.assertEqual(error.uri, "d")
        self.assertRaises(ScriptInvalid, edit.check, "d", routes("d", "GET /d", "GET /health"))
        edit.replace({"b": ()})
        edit.check("d", routes("d", "GET /b/:y"))
        edit.check("a", routes("a", "GET /a"))
        new = edit.finish()
        self.assertEqual([one.uri for one in new.routes()], ["a", "c"])
        self.assertIsNone(ask(new, "GET /d"))
        self.assertEqual([one.uri for one in old.routes()], ["a", "b"])

    def test_no_conflict(self):
        """Another method, another shape, and a route that moves within one batch are all right."""
        made = index(a=["GET /x", "GET /p/:id"], b=["POST /x", "GET /p/literal", "GET /p/*"])
        moved = made.replace({"a": routes("a", "POST /x"), "b": routes("b", "GET /x")})
        self.assertEqual(moved.match(b"GET", "/x").route.uri, "b")
        self.assertEqual(moved.match(b"POST", "/x").route.uri, "a")

    def test_same_script_twice(self):
        """Within one script the last registration of a route wins."""
        made = index(a=["GET /p/:x", "GET /p/:y", "GET /l", "GET /l/"])
        self.assertEqual(ask(made, "GET /p/1"), ("GET /p/:y", {"y": "1"}))
        self.assertEqual(ask(made, "GET /l"), ("GET /l/", {}))
        self.assertEqual([one.path for one in made.routes("a")], ["/p/:y", "/l/"])

    def test_reserved(self):
        """A path under a reserved prefix is refused with the prefix's name."""
        made = RouteIndex(["api/scripts", "/upsert_script"])
        for path, prefix in (
            ("/health", "/health"),
            ("/engine/x", "/engine"),
            ("/%65ngine", "/engine"),
            ("/.well-known/acme-challenge/:t", "/.well-known/acme-challenge"),
            ("/api/scripts", "/api/scripts"),
            ("/upsert_script", "/upsert_script"),
        ):
            error = self.assertRaises(ScriptInvalid, made.replace, {"a": routes("a", "GET " + path)})
            self.assertIn(f"under {prefix}, which is reserved", error.message)
        made = made.replace({"a": routes("a", "GET /api/:x", "GET /healthy", "GET /:x")})
        self.assertIsNone(ask(made, "GET /api/scripts"))
        self.assertEqual(ask(made, "GET /api/other"), ("GET /api/:x", {"x": "other"}))
        self.assertEqual(ask(made, "GET /healthy"), ("GET /healthy", {}))

    @given(st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.integers(0, 8), max_size=4)), max_size=12))
    def test_same_as_rebuilt(self, changes):
        """After any sequence of swaps the index answers like one built at once."""
        paths = ("/", "/a", "/a/b", "/:x", "/a/:y", "/:x/b", "/*", "/a/*", "/:x/:y/*")
        made, state = RouteIndex(), {}
        for uri, chosen in changes:
            wanted = routes(uri, *(f"GET {paths[number]}" for number in dict.fromkeys(chosen)))
            try:
                made = made.replace({uri: wanted})
            except RouteConflict:
                continue
            state[uri] = wanted
        rebuilt = RouteIndex().replace(state)
        for path in ("/", "/a", "/b", "/a/b", "/b/b", "/a/c", "/b/c", "/a/b/c", "/b/c/d", "/a/", "/%61"):
            for method in ("GET", "POST"):
                self.assertEqual(ask(made, f"{method} {path}"), ask(rebuilt, f"{method} {path}"), path)


class PatternTests(SynchronousTestCase):
    """What is refused at registration."""

    def test_paths(self):
        """Each refusal says what is wrong."""
        for path, said in (
            (7, "must be a string, not int"),
            ("", "must start with '/'"),
            ("x", "must start with '/'"),
            ("/" + "x" * 2000, "at most 2000 characters"),
            ("/a" * 65, "at most 64 segments"),
            ("/a b", "must not contain ' '"),
            ("/a?b", "must not contain '?'"),
            ("/a#b", "must not contain '#'"),
            ("/a\\b", "must not contain"),
            ("/a\0", "must not contain"),
            ("/a%zz", "two hexadecimal digits"),
            ("/a%", "two hexadecimal digits"),
            ("/%ff", "not UTF-8"),
            ("/%00", "must not have a segment"),
            ("/a//b", "empty segment"),
            ("//", "empty segment"),
            ("/./a", "must not have a segment '.'"),
            ("/%2e%2e", "must not have a segment"),
            ("/*/a", "must be the last segment"),
            ("/*/", "must be the last segment"),
            ("/a*", "segment of its own"),
            ("/:", "needs a name"),
            ("/:a-b", "needs a name"),
            ("/:a.json", "needs a name"),
            ("/*a-b", "needs a name"),
            ("/:a/:a", "'a' occurs twice"),
            ("/:a/*a", "'a' occurs twice"),
        ):
            error = self.assertRaises(ValueError, parse_path, path)
            self.assertIn(said, str(error), path)

    def test_methods(self):
        """A method is a token."""
        self.assertEqual(parse_method("patch"), "PATCH")
        for method in ("", "G T", "GÉT", 7, None, "GET\n", "X" * 41):
            self.assertIn("must be an HTTP method", str(self.assertRaises(ValueError, parse_method, method)))

    def test_refused_as_script_error(self):
        """A malformed route is the script's TypeError."""
        error = self.assertRaises(ScriptInvalid, routes, "a.js", "GET nope")
        self.assertEqual((error.uri, error.message), ("a.js", "TypeError: path must start with '/': 'nope'"))
