"""Tests for aiwebengine.scripts.forks."""

from types import SimpleNamespace

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.errors import RouteConflict
from aiwebengine.sandbox.model import Program, Registration
from aiwebengine.scripts.forks import forked, share_of
from aiwebengine.scripts.routes import OtherMethods, RouteIndex, routes_of


def routes(uri, version, *specs, kind="route"):
    """Make the routes of ``"GET /x"`` texts."""
    registrations = [
        Registration(kind, spec, dict(zip(("method", "path"), spec.split(" "), strict=True)))
        for spec in specs
    ]
    return routes_of(uri, Program(version, uri, version, ""), registrations)


class ShareTests(SynchronousTestCase):
    """Which requests are chosen."""

    def test_same_every_time(self):
        """The choice depends on the texts alone."""
        self.assertEqual(share_of("request", "salt"), share_of("request", "salt"))
        self.assertNotEqual(share_of("request", "salt"), share_of("request", "other"))
        self.assertTrue(0 <= share_of("\udcff", "") < 100)

    def test_even(self):
        """Of many ids about the wanted share is chosen."""
        for percent in (1, 10, 50, 99):
            ids = (f"74c950caff50-{number}" for number in range(20_000))
            chosen = sum(share_of(one, "a.js 2") < percent for one in ids)
            self.assertLess(abs(chosen / 200 - percent), 1)


class ForkTests(SynchronousTestCase):
    """An index with two versions of a script."""

    def setUp(self):
        old = routes("a", 1, "GET /same/:id", "GET /old", "POST /same/:id", "GET /wild/*")
        other = routes("b", 1, "GET /free/*rest")
        self.settled = RouteIndex().replace({"a": old, "b": other})

    def index(self, percent, *specs, sticky=False):
        new = routes("a", 2, *specs)
        return forked(self.settled, self.settled, "a", new, percent, sticky)

    def answers(self, index, path, method=b"GET", request_id="r", client_ip="c"):
        """Give version and parameters of what answers."""
        found = index.match(method, path)
        if not hasattr(found, "route"):
            return found
        request = SimpleNamespace(method=method, raw_path=path, request_id=request_id, client_ip=client_ip)
        if found.route.fork is not None:
            found = found.route.fork.choose(request, found)
        return found.route.uri, found.route.program.version, dict(found.params)

    def test_shared_route(self):
        """A route of both goes to the one or the other, parameters by each one's names."""
        everyone = self.index(100, "GET /same/:key")
        self.assertEqual(self.answers(everyone, "/same/a%2Fb"), ("a", 2, {"key": "a/b"}))
        almost_nobody = self.index(1e-12, "GET /same/:key")
        self.assertEqual(self.answers(almost_nobody, "/same/7"), ("a", 1, {"id": "7"}))
        self.assertEqual(self.answers(everyone, "/same/7", b"HEAD"), ("a", 2, {"key": "7"}))
        self.assertEqual(self.answers(everyone, "/same/7", b"POST"), ("a", 1, {"id": "7"}))

    def test_removed_route(self):
        """A route that the new version lacks stays until it is promoted."""
        self.assertEqual(self.answers(self.index(100, "GET /x"), "/old"), ("a", 1, {}))
        self.assertEqual(self.answers(self.index(100), "/old"), ("a", 1, {}))

    def test_added_route(self):
        """A new path answers always, unless something answered it before: then for the share only."""
        specs = ("GET /new", "GET /same/special", "GET /free/x", "PUT /old")
        for percent in (100, 1e-12):
            index = self.index(percent, *specs)
            self.assertEqual(self.answers(index, "/new"), ("a", 2, {}))
            self.assertEqual(self.answers(index, "/old", b"PUT"), ("a", 2, {}))
        self.assertEqual(self.answers(index, "/same/special"), ("a", 1, {"id": "special"}))
        self.assertEqual(self.answers(index, "/free/x"), ("b", 1, {"rest": "x"}))
        index = self.index(100, *specs)
        self.assertEqual(self.answers(index, "/same/special"), ("a", 2, {}))
        self.assertEqual(self.answers(index, "/free/x"), ("a", 2, {}))
        self.assertIsInstance(self.answers(index, "/new", b"POST"), OtherMethods)

    def test_sticky(self):
        """A sticky choice is the client's, else the request's."""
        ids = [str(number) for number in range(50)]
        index = self.index(50, "GET /same/:id", sticky=True)
        self.assertEqual(len({self.answers(index, "/same/1", request_id=one)[1] for one in ids}), 1)
        self.assertEqual(len({self.answers(index, "/same/1", client_ip=one)[1] for one in ids}), 2)
        index = self.index(50, "GET /same/:id")
        self.assertEqual(len({self.answers(index, "/same/1", request_id=one)[1] for one in ids}), 2)
        self.assertEqual(len({self.answers(index, "/same/1", client_ip=one)[1] for one in ids}), 1)

    def test_other_kinds(self):
        """What is no plain route stays with the old version."""
        new = routes("a", 2, "GET /stream", "GET /same/:id", kind="stream")
        index = forked(self.settled, self.settled, "a", new, 100, False)
        self.assertIsNone(self.answers(index, "/stream"))
        self.assertEqual(self.answers(index, "/same/1"), ("a", 1, {"id": "1"}))

    def test_conflict(self):
        """A path of another script is refused."""
        self.assertRaises(RouteConflict, self.index, 10, "GET /free/*x")
