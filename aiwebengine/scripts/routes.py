"""
Which script answers a request: the route index, asked first on each request.

Paths are matched as sent (percent-encoded, already normalised): each segment is decoded by itself, so an
encoded slash stays inside its segment. Precedence is literal, then parameter, then wildcard, segment by
segment, with backtracking; ``/x`` and ``/x/`` are the same route. An index never changes:
`RouteIndex.replace` gives a new one which shares all that stayed the same, so a swap is one assignment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import attrs

from aiwebengine.errors import RouteConflict, ScriptInvalid
from aiwebengine.sandbox.model import Program, Registration
from aiwebengine.scripts.patterns import RESERVED_PREFIXES, Pattern, parse_method, parse_path, reserved_by
from aiwebengine.scripts.trie import Edit, Node

if TYPE_CHECKING:
    from aiwebengine.scripts.forks import Fork

__all__ = ["IndexEdit", "Match", "OtherMethods", "Route", "RouteIndex", "routes_of"]


@attrs.frozen(eq=False)
class Route:
    """
    One method and path of a live script.

    ``kind`` and ``key`` are the registration's; ``handler`` is the name by which it was given, else empty;
    ``shown`` is the function's own name; ``line`` is where it was registered; ``program`` is what runs;
    ``fork``, when there is one, chooses between two versions of the script.
    """

    method: str
    pattern: Pattern
    uri: str
    kind: str
    key: str
    handler: str
    options: Mapping[str, Any]
    program: Program
    shown: str = ""
    line: int | None = None
    fork: Fork | None = None

    @property
    def path(self) -> str:
        """The path as registered, such as ``/users/:id``."""
        return self.pattern.path

    @property
    def shape(self) -> object:
        """What two routes that answer the same requests have in common."""
        return self.method, self.pattern.segments, self.pattern.wildcard


@attrs.frozen(eq=False)
class Match:
    """A route that answers, and the decoded values of its parameters. Do not change ``params``."""

    route: Route
    params: Mapping[str, str]


@attrs.frozen
class OtherMethods:
    """The path is known, but not with that method: 405, or for OPTIONS an answer with ``Allow``."""

    methods: tuple[str, ...]

    @property
    def allow(self) -> str:
        """The value of the ``Allow`` header."""
        return ", ".join(self.methods)


def routes_of(uri: str, program: Program, registrations: Iterable[Registration]) -> tuple[Route, ...]:
    """
    Read the routes among a script's registrations: of any kind, with ``method`` and ``path`` in their data.

    Raises `ScriptInvalid` for a malformed one.
    """
    routes = []
    for one in registrations:
        data = one.data
        if "method" not in data or "path" not in data:
            continue
        line = data.get("line") or None
        try:
            method, pattern = parse_method(data["method"]), parse_path(data["path"])
        except ValueError as error:
            raise ScriptInvalid(uri=uri, message=f"TypeError: {error}", line=line) from None
        routes.append(
            Route(
                method=method,
                pattern=pattern,
                uri=uri,
                kind=one.kind,
                key=one.key,
                handler=str(data.get("handler") or ""),
                options=data.get("options") or {},
                program=program,
                shown=str(data.get("handler_name") or ""),
                line=line,
            )
        )
    return tuple(routes)


class RouteIndex:
    """
    An immutable index of routes.

    ``reserved`` are prefixes of one or more segments, without the leading slash, which belong to the engine
    and its features: a script that claims a path under one is refused, and no wildcard reaches below it.
    """

    __slots__ = ("_by_uri", "_literal", "_reserved", "_reserved_first", "_root")

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        prefixes = {tuple(one.strip("/").split("/")) for one in (*RESERVED_PREFIXES, *reserved)}
        self._reserved: tuple[tuple[str, ...], ...] = tuple(sorted(prefixes))
        self._reserved_first = frozenset(prefix[0] for prefix in prefixes)
        self._root: Node[Route] = Node()
        self._by_uri: dict[str, tuple[Route, ...]] = {}
        self._literal: dict[str, dict[bytes, Match]] = {}

    def routes(self, uri: str | None = None) -> Sequence[Route]:
        """Give the routes of one script, or all, by script and in the order of registration."""
        if uri is not None:
            return self._by_uri.get(uri, ())
        return [route for key in sorted(self._by_uri) for route in self._by_uri[key]]

    def match(self, method: bytes, path: str) -> Match | OtherMethods | None:
        """
        Find what answers: a `Match`, `OtherMethods` for a known path, or None.

        ``path`` is as sent, without the query. HEAD falls back to GET.
        """
        found = self._literal.get(path)
        if found is not None:
            hit = found.get(method)
            if hit is not None:
                return hit
        return self._walk(method.decode("latin-1"), path)

    def replace(self, changes: Mapping[str, Sequence[Route]]) -> RouteIndex:
        """
        Give the index in which each named script has exactly the given routes.

        Raises `RouteConflict` when another script has the same method and shape of path, `ScriptInvalid`
        for a path under a reserved prefix. Within one script the last registration of a route wins.
        """
        edit = self.edit()
        edit.replace(changes)
        return edit.finish()

    def edit(self) -> IndexEdit:
        """Begin a change of many scripts, one after the other."""
        return IndexEdit(self)

    def _refuse_reserved(self, uri: str, route: Route) -> None:
        prefix = reserved_by(route.pattern.segments, self._reserved)
        if prefix is not None:
            raise ScriptInvalid(
                uri=uri,
                message=f"TypeError: path {route.path!r} is under /{prefix}, which is reserved by the engine",
                line=route.line,
            )

    def _walk(self, method: str, path: str) -> Match | OtherMethods | None:
        segments = path.split("/")[1:]
        if "%" in path:
            segments = [unquote(one) if "%" in one else one for one in segments]
        if not segments:
            return None
        if segments[0] in self._reserved_first and reserved_by(segments, self._reserved) is not None:
            return None
        known: set[str] = set()
        wanted = (method, "GET") if method == "HEAD" else (method,)
        for routes, values in self._root.candidates(segments):
            for one in wanted:
                route = routes.get(one)
                if route is not None:
                    return Match(route, dict(zip(route.pattern.names, values, strict=True)))
            known.update(routes)
        if not known:
            return None
        if "GET" in known:
            known.add("HEAD")
        known.add("OPTIONS")
        return OtherMethods(tuple(sorted(known)))


class IndexEdit:
    """An index in the making: `finish` gives it, the one it began with stays as it was."""

    def __init__(self, index: RouteIndex) -> None:
        self._index = index
        self._edit: Edit[Route] = Edit(index._root)
        self._literal = dict(index._literal)
        self._by_uri = dict(index._by_uri)

    def check(self, uri: str, routes: Sequence[Route]) -> None:
        """Raise what `replace` would raise for this script alone."""
        for route in routes:
            self._index._refuse_reserved(uri, route)
        for route in routes:
            other = self._edit.get(route.pattern, route.method)
            if other is not None and other.uri != uri:
                raise _conflict(route, other)

    def replace(self, changes: Mapping[str, Sequence[Route]]) -> None:
        """As `RouteIndex.replace`. After an error this edit is of no use: `check` first."""
        for uri, routes in changes.items():
            for route in routes:
                self._index._refuse_reserved(uri, route)
        for uri in changes:
            for route in self._by_uri.pop(uri, ()):
                self._edit.remove(route.pattern, route.method)
                _forget_literal(self._literal, route)
        for uri, routes in changes.items():
            kept: dict[object, Route] = {}
            for route in routes:
                other = self._edit.put(route.pattern, route.method, route)
                if other is not None and other.uri != uri:
                    raise _conflict(route, other)
                kept.pop(route.shape, None)
                kept[route.shape] = route
            for route in kept.values():
                _add_literal(self._literal, route)
            if kept:
                self._by_uri[uri] = tuple(kept.values())

    def finish(self) -> RouteIndex:
        """Give the new index; the edit is over."""
        old = self._index
        new = RouteIndex.__new__(RouteIndex)
        new._reserved, new._reserved_first = old._reserved, old._reserved_first
        new._root, new._by_uri, new._literal = self._edit.root, self._by_uri, self._literal
        return new


def _conflict(route: Route, other: Route) -> RouteConflict:
    return RouteConflict(route.method, route.path, route.uri, other.uri, route.line)


def _spellings(route: Route) -> tuple[str, ...]:
    """Give the paths, as sent, by which a literal route is found without walking the trie."""
    path = "/" + "/".join(one or "" for one in route.pattern.segments)
    return ("/",) if path == "/" else (path, path + "/")


def _is_plain(route: Route) -> bool:
    return route.pattern.literal and not any(
        "/" in (one or "") or "%" in (one or "") for one in route.pattern.segments
    )


def _add_literal(literal: dict[str, dict[bytes, Match]], route: Route) -> None:
    if _is_plain(route):
        match = Match(route, {})
        for path in _spellings(route):
            methods = dict(literal.get(path, ()))
            methods[route.method.encode("ascii")] = match
            if route.method == "GET":
                methods.setdefault(b"HEAD", match)
            literal[path] = methods


def _forget_literal(literal: dict[str, dict[bytes, Match]], route: Route) -> None:
    if _is_plain(route):
        for path in _spellings(route):
            methods = {
                name: match for name, match in literal.get(path, {}).items() if match.route is not route
            }
            if methods:
                literal[path] = methods
            else:
                literal.pop(path, None)
