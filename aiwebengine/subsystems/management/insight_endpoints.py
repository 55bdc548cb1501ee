"""What goes on: routes, logs, requests, limits, plugins, state. Imports Klein: import it late."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import quote

import msgspec

from aiwebengine._version import VERSION
from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IFallback, IFeature, IRequestGate
from aiwebengine.repository.errors import RepositoryUnusable
from aiwebengine.scripts.log import LEVELS, LogEntry, matcher, parse_since
from aiwebengine.scripts.routes import Match, OtherMethods, Route
from aiwebengine.subsystems.management.audit import AUDIT, parse_audit
from aiwebengine.subsystems.management.callers import READ
from aiwebengine.subsystems.management.endpoints import Endpoints, number, operation
from aiwebengine.subsystems.management.limits import limits
from aiwebengine.subsystems.management.log_tail import LogTail
from aiwebengine.subsystems.management.operations import Parameter
from aiwebengine.subsystems.management.schemas import (
    LimitList,
    LogPage,
    PluginList,
    RequestList,
    RouteList,
    Status,
)
from aiwebengine.subsystems.management.shapes import answer_encoded, answer_json, argument, canary_json
from aiwebengine.subsystems.management.sse import encode_event, last_event_id
from aiwebengine.web.long_list import LongList

__all__ = ["InsightEndpoints", "route_json"]

_MOST_ENTRIES = 1000
_LIMIT = Parameter("limit", "How many at most.", {"type": "integer", "minimum": 0, "maximum": _MOST_ENTRIES})
_LOG_FILTERS = (
    Parameter("script", "Of this script."),
    Parameter("level", "At least this severe.", {"type": "string", "enum": list(LEVELS)}),
    Parameter("request_id", "Of this request."),
    Parameter("contains", "With this text, letter case ignored."),
    Parameter("since", "Not before: ISO 8601, or milliseconds since the epoch."),
    Parameter("kind", "Of this kind, such as `log`, `error`, `load`, `lint`, `canary`, `audit`."),
)
_AFTER = Parameter("after", "Those after this `seq`.", {"type": "integer", "minimum": 0})


class InsightEndpoints(Endpoints):
    """``/engine/routes``, ``/engine/logs``, ``/engine/requests``, ``/engine/limits`` and others."""

    _since: float
    _listed_routes: LongList[Route]

    @operation(
        "GET",
        "/engine/routes",
        role=READ,
        answers={200: RouteList},
        parameters=(
            Parameter("path", "Tell who answers this path instead, such as `/users/7`."),
            Parameter("method", "With `path`; GET without it."),
        ),
        errors=(400,),
    )
    async def list_routes(self, request: Any) -> None:
        """Every live route with its owner, or who answers a path."""
        path = argument(request, "path")
        if not path:
            routes = await self._listed_routes.encode(self._scripts.routes())
            answer_encoded(request, b'{"routes":' + routes + b"}")
            return
        if not path.startswith("/"):
            raise HTTPProblem(400, "BAD_REQUEST", f"path must start with '/', not {path[:40]!r}")
        method = argument(request, "method", "GET").upper()
        answer = self._who_answers(path, method)
        if answer["owner"] == "nobody" and method in ("GET", "HEAD"):
            claim = await self._claim(path.partition("?")[0])
            if claim is not None:
                answer = answer | {"owner": "fallback", "feature": claim}
        answer_json(request, {"answer": answer})

    @operation(
        "GET",
        "/engine/logs",
        role=READ,
        answers={200: LogPage},
        parameters=(*_LOG_FILTERS, _LIMIT, _AFTER),
        errors=(400,),
    )
    async def read_logs(self, request: Any) -> None:
        """Log entries by filters, oldest first.

        Without `after` the newest ones, with it the first ones after that.
        """
        limit = number(argument(request, "limit", "100"), "limit")
        filters = _log_filters(request)
        filters |= {"limit": min(limit, _MOST_ENTRIES), "after": _after(request)}
        log: Any = self._services.script_log
        found = await log.search(**filters)
        answer_json(request, found | {"entries": [_with_audit(one) for one in found["entries"]]})

    @operation(
        "GET",
        "/engine/logs/stream",
        role=READ,
        answers={200: "text/event-stream"},
        parameters=(
            *_LOG_FILTERS,
            _AFTER,
            Parameter("Last-Event-ID", "Those after this `seq` first.", place="header"),
        ),
        errors=(400, 503),
    )
    async def follow_logs(self, request: Any) -> None:
        """Log entries as they come, as server-sent events.

        `id` is the entry's `seq`; `Last-Event-ID` or `after` replays what came after that one. While the
        repository is away entries have no `id` and the `seq` 0.
        """
        log: Any = self._services.script_log
        wanted = matcher(**_log_filters(request))
        _after(request)  # a reconnecting client repeats it, but Last-Event-ID counts
        after = last_event_id(request)
        asked = log.keeper is None or await log.keeper.catch_up()
        client = self._hub.connect(request)
        try:
            await LogTail(log, client, wanted, _encoded).run(after, complete=asked)
        except RepositoryUnusable:
            client.end()  # it comes again, with the number of what it has seen
        await client.done

    @operation(
        "GET",
        "/engine/requests",
        role=READ,
        answers={200: RequestList},
        parameters=(
            Parameter("script", "Answered by this script."),
            Parameter("status", "With this status, or class of them such as `5xx`."),
            Parameter("method", "With this method."),
            Parameter("path", "Whose path begins so."),
            Parameter("request_id", "This one."),
            Parameter("min_ms", "That took at least so long.", {"type": "number", "minimum": 0}),
            Parameter("since", "Not before: ISO 8601, or milliseconds since the epoch."),
            _LIMIT,
        ),
        errors=(400, 404),
    )
    def list_requests(self, request: Any) -> None:
        """The latest requests with what they cost, newest first."""
        limit = min(number(argument(request, "limit", "100"), "limit"), _MOST_ENTRIES)
        wanted = _request_filters(request)
        found: list[Any] = []
        for record in self._recent_requests()(2**31 if wanted else limit):
            if len(found) >= limit:
                break
            if all(test(record) for test in wanted):
                found.append(record)
        answer_json(request, {"requests": found})

    @operation("GET", "/engine/limits", role=READ, answers={200: LimitList})
    def list_limits(self, request: Any) -> None:
        """Every limit with its value and the configuration key that sets it."""
        configuration: Any = self._services.configuration
        sections = getattr(configuration, "snapshot", configuration).sections
        answer_json(request, {"limits": list(limits(sections))})

    @operation("GET", "/engine/plugins", role=READ, answers={200: PluginList}, errors=(404,))
    def list_plugins(self, request: Any) -> None:
        """Every plugin with its origin and state."""
        from aiwebengine.plugin_text import rows

        plan = getattr(self._services, "plan", None)
        if plan is None:
            raise HTTPProblem(404, "NOT_FOUND", "This engine was not built from a plan of plugins.")
        answer_json(request, {"plugins": rows(plan)})

    @operation("GET", "/engine/status", role=READ, answers={200: Status})
    def show_status(self, request: Any) -> None:
        """Versions, sandboxes, scripts, canaries, streams."""
        services = self._services
        records = self._scripts.records()
        live = sum(one.status == "live" for one in records)
        pool: Any = services.sandboxes
        log: Any = services.script_log
        reactor: Any = services.reactor
        answer_json(
            request,
            {
                "versions": {
                    "aiwebengine": VERSION,
                    "python": platform.python_version(),
                    "twisted": _installed("Twisted"),
                    "quickjs": _installed("quickjs-ng"),
                },
                "environment": services.configuration.environment,
                "mode": services.configuration.section("security").mode,
                "pid": os.getpid(),
                "uptime_s": round(reactor.seconds() - self._since, 3),
                "sandboxes": dict(pool.status()),
                "scripts": {
                    "total": len(records),
                    "live": live,
                    "failed": len(records) - live,
                    "routes": len(self._scripts.routes()),
                },
                "canaries": [
                    {"uri": one.uri, **canary_json(one, services)} for one in self._scripts.canaries.all()
                ],
                "event_streams": len(self._hub),
                "log_entries": log.last_seq,
            },
        )

    def _recent_requests(self) -> Callable[[int], Any]:
        for provider in self._services.providers(IRequestGate):
            recent: Callable[[int], Any] | None = getattr(provider, "recent", None)
            if recent is not None:
                return recent
        raise HTTPProblem(404, "NOT_FOUND", "Requests are not recorded: the plugin request_log is off.")

    def _who_answers(self, path: str, method: str) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "owner": "nobody",
            "route": None,
            "params": {},
            "feature": None,
            "allow": [],
        }
        plain = path.partition("?")[0]
        prefixes = [prefix for one in self._services.providers(IFeature) for prefix in one.prefixes]
        # The longest prefix wins, as it does when a request comes.
        for prefix in sorted(prefixes, key=len, reverse=True):
            if plain == f"/{prefix}" or plain.startswith(f"/{prefix}/"):
                return answer | {"owner": "engine", "feature": prefix}
        sent = quote(plain, safe="/%:@!$&'()*+,;=~-._")
        found = self._scripts.match(method.encode("latin-1", "replace"), sent)
        if isinstance(found, Match):
            params = dict(found.params)
            return answer | {"owner": "script", "route": route_json(found.route), "params": params}
        if isinstance(found, OtherMethods):
            return answer | {"allow": list(found.methods)}
        return answer

    async def _claim(self, path: str) -> str | None:
        """Tell what would answer where no route does, by the first who says so."""
        for one in self._services.providers(IFallback):
            claim = await one.claim(path) if hasattr(one, "claim") else None
            if claim is not None:
                return str(claim)
        return None


def route_json(route: Route) -> dict[str, Any]:
    """Give a route as ``GET /engine/routes`` lists it."""
    return {
        "method": route.method,
        "path": route.path,
        "script": route.uri,
        "kind": route.kind,
        "handler": route.shown or route.handler,
    }


def _with_audit(entry: dict[str, Any]) -> dict[str, Any]:
    return entry | {"audit": parse_audit(entry["message"])} if entry["kind"] == AUDIT else entry


def _encoded(entry: LogEntry) -> bytes:
    text = msgspec.json.encode(_with_audit(entry.as_json())).decode()
    return encode_event(text, id_=entry.seq or None)


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _log_filters(request: Any) -> dict[str, Any]:
    names = ("script", "level", "request_id", "contains", "kind")
    filters: dict[str, Any] = {name: argument(request, name) or None for name in names}
    filters["since"] = _since(request)
    try:
        matcher(**filters)
    except ValueError as error:
        raise HTTPProblem(400, "BAD_REQUEST", str(error)) from None
    return filters


def _after(request: Any) -> int | None:
    text = argument(request, "after")
    return number(text, "after") if text else None


def _since(request: Any) -> float | None:
    text = argument(request, "since")
    try:
        return parse_since(text) if text else None
    except ValueError as error:
        raise HTTPProblem(400, "BAD_REQUEST", f"since: {error}") from None


def _request_filters(request: Any) -> list[Callable[[Mapping[str, Any]], bool]]:
    return list(_tests(request))


def _tests(request: Any) -> Iterator[Callable[[Mapping[str, Any]], bool]]:
    for name in ("script", "request_id"):
        wanted = argument(request, name)
        if wanted:
            yield partial(_same, name, wanted)
    method, path, status = (argument(request, name) for name in ("method", "path", "status"))
    if method:
        yield partial(_same, "method", method.upper())
    if path:
        yield lambda record: str(record["path"]).startswith(path)
    if status:
        low, high = _statuses(status)
        yield lambda record: low <= record["status"] <= high
    least, since = _least_ms(argument(request, "min_ms")), _since(request)
    if least:
        yield lambda record: record["wall_ms"] >= least
    if since is not None:
        yield lambda record: record["started"] * 1000 >= since


def _least_ms(text: str) -> float:
    try:
        least = float(text or 0)
    except ValueError:
        least = math.nan
    if not least >= 0:
        raise HTTPProblem(400, "BAD_REQUEST", f"min_ms must be a number of 0 or more, not {text[:40]!r}")
    return least


def _same(name: str, wanted: str, record: Mapping[str, Any]) -> bool:
    return bool(record[name] == wanted)


def _statuses(text: str) -> tuple[int, int]:
    if len(text) == 3 and text[0] in "12345" and text[1:].lower() == "xx":
        return int(text[0]) * 100, int(text[0]) * 100 + 99
    status = number(text, "status")
    return status, status
