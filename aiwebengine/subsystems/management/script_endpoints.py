"""Scripts over HTTP: read, store, delete, versions, differences, canaries. Imports Klein: import it late."""

from __future__ import annotations

from typing import Any

from twisted.internet.threads import deferToThreadPool

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IExchange
from aiwebengine.scripts.log import LogEntry
from aiwebengine.scripts.model import Script, ScriptChange, ScriptRecord, iso_time, validate_uri
from aiwebengine.subsystems.management.callers import DEPLOY, READ, caller_of
from aiwebengine.subsystems.management.diffs import diff
from aiwebengine.subsystems.management.endpoints import (
    IF_MATCH,
    IF_NONE_MATCH,
    Endpoints,
    encoded,
    number,
    operation,
    refusal_noted,
)
from aiwebengine.subsystems.management.operations import Parameter
from aiwebengine.subsystems.management.schemas import (
    Batch,
    BatchResult,
    CanaryAction,
    CanaryDetail,
    DiffResult,
    Rollback,
    ScriptList,
    ScriptRecordShape,
    ScriptSource,
    VersionList,
)
from aiwebengine.subsystems.management.shapes import (
    accepts_json,
    answer_encoded,
    answer_json,
    argument,
    canary_json,
    expected_version,
    json_body,
    matches_etag,
    narrowing,
    text_body,
    uri_of,
)
from aiwebengine.web.long_list import LongList

__all__ = ["ScriptEndpoints"]

_JAVASCRIPT = "application/javascript"
_PUT_ERRORS = (400, 409, 412, 413, 422, 503)
_WHOLE = {"type": "integer", "minimum": 1}
_MESSAGE = Parameter("message", "Why; kept with the version.")
# Comparing longer texts would keep every other request waiting.
_QUICK_BYTES = 100_000


class ScriptEndpoints(Endpoints):
    """``/engine/scripts``, ``/engine/batch``."""

    _listed_scripts: LongList[ScriptRecord]

    @operation("GET", "/engine/scripts", role=READ, answers={200: ScriptList})
    async def list_scripts(self, request: Any) -> None:
        """All scripts with their state."""
        scripts = await self._listed_scripts.encode(self._scripts.records())
        answer_encoded(request, b'{"scripts":' + scripts + b"}")

    @operation(
        "GET",
        "/engine/scripts/<script:raw>",
        role=READ,
        answers={200: {_JAVASCRIPT: str, "application/json": ScriptSource}, 304: None},
        parameters=(
            Parameter("version", "An older version, or that of the canary.", _WHOLE),
            Parameter("If-None-Match", "Versions the client has.", place="header"),
        ),
        errors=(400, 404, 503),
    )
    async def get_script(self, request: Any, raw: str) -> None:
        """A script's source.

        With `Accept: application/json` its record with the source. `ETag` is the version.
        """
        uri, wanted = uri_of(raw), argument(request, "version")
        exchange = IExchange(request)
        if wanted:
            version = number(wanted, "version")
            source, created_at = await self._source(uri, version)
            shown: dict[str, Any] = {
                "uri": uri,
                "size": len(source.encode("utf-8")),
                "version": version,
                "updated_at": iso_time(created_at),
            }
        else:
            script = self._stored(uri)
            version, source = script.version, script.source
            shown = self._shown(self._record(uri))
        headers = [(b"ETag", f'"{version}"'.encode("ascii")), (b"Cache-Control", b"no-cache")]
        headers.append((b"Vary", b"Accept"))
        if matches_etag(exchange.header("if-none-match"), version):
            exchange.answer(304, headers, b"")
        elif accepts_json(request):
            headers.append((b"Content-Type", b"application/json"))
            exchange.answer(200, headers, encoded(shown | {"source": source}))
        else:
            headers.append((b"Content-Type", b"application/javascript; charset=utf-8"))
            exchange.answer(200, headers, source.encode("utf-8"))

    @operation(
        "PUT",
        "/engine/scripts/<script:raw>",
        role=DEPLOY,
        body={_JAVASCRIPT: str},
        answers={200: ScriptRecordShape, 201: ScriptRecordShape},
        parameters=(
            _MESSAGE,
            Parameter(
                "canary",
                "Percentage of the requests that the new version gets for now; the present one goes on with"
                " the rest.",
                {"type": "number", "exclusiveMinimum": 0, "maximum": 100},
            ),
            IF_MATCH,
            IF_NONE_MATCH,
        ),
        errors=_PUT_ERRORS,
        refused=refusal_noted("put"),
    )
    async def put_script(self, request: Any, raw: str) -> None:
        """Store a script and have it answer.

        When it is refused nothing changes and the version before goes on serving.
        """
        uri = validate_uri(uri_of(raw))
        percent = narrowing(request, "canary")
        source = text_body(request)
        expected = expected_version(request, lambda: self._version(uri))
        how: dict[str, Any] = {
            "author": caller_of(request).name,
            "message": argument(request, "message"),
            "expected_version": expected,
        }
        if percent:
            await self._put_canary(request, uri, source, _percent(percent), how)
            return
        audited, replaced = self._change_note(request, "put"), 0

        def note(change: ScriptChange, previous: int, script: Script | None) -> LogEntry:
            # Known only now: others may have stored it while this one was being checked.
            nonlocal replaced
            replaced = previous
            return audited(change, previous, script)

        record = await self._scripts.put(uri, source, **how, note=note)
        self._answer_record(request, record, 200 if replaced else 201)

    @operation(
        "DELETE",
        "/engine/scripts/<script:raw>",
        role=DEPLOY,
        answers={204: None},
        parameters=(IF_MATCH,),
        errors=(400, 404, 412, 503),
        refused=refusal_noted("delete"),
    )
    async def delete_script(self, request: Any, raw: str) -> None:
        """Take a script out of service.

        Its versions remain readable, and their numbers go on when it is stored again.
        """
        uri = uri_of(raw)
        expected = expected_version(request, lambda: self._version(uri))
        await self._scripts.delete(
            uri,
            author=caller_of(request).name,
            expected_version=expected,
            note=self._change_note(request, "delete"),
        )
        IExchange(request).answer(204, [], b"")

    @operation(
        "GET",
        "/engine/scripts/<raw>/versions",
        role=READ,
        answers={200: VersionList},
        errors=(400, 404, 503),
    )
    async def list_versions(self, request: Any, raw: str) -> None:
        """A script's versions, newest first."""
        versions = await self._services.repository.versions(uri_of(raw))
        shown = [
            {
                "version": one.version,
                "created_at": iso_time(one.created_at),
                "author": one.author,
                "message": one.message,
                "sha256": one.sha256,
                "size": one.size,
            }
            for one in versions
        ]
        answer_json(request, {"versions": shown})

    @operation(
        "GET",
        "/engine/scripts/<raw>/diff",
        role=READ,
        answers={200: {"text/x-diff": str, "application/json": DiffResult}},
        parameters=(
            Parameter("from", "A version; without it the one before `to`.", _WHOLE),
            Parameter("to", "A version; without it the current one.", _WHOLE),
        ),
        errors=(400, 404, 503),
    )
    async def show_diff(self, request: Any, raw: str) -> None:
        """What changed between two versions.

        As a unified diff, or with `Accept: application/json` as hunks of lines.
        """
        uri = uri_of(raw)
        new_number, old_number = argument(request, "to"), argument(request, "from")
        new_version = number(new_number, "to") if new_number else self._stored(uri).version
        old_version = number(old_number, "from") if old_number else max(1, new_version - 1)
        new, _ = await self._source(uri, new_version)
        old, _ = await self._source(uri, old_version)
        arguments = (uri, old, new, old_version, new_version)
        if len(old) + len(new) <= _QUICK_BYTES:
            found = diff(*arguments)
        else:
            reactor: Any = self._services.reactor
            found = await deferToThreadPool(reactor, reactor.getThreadPool(), diff, *arguments)
        if accepts_json(request):
            answer_json(request, found)
        else:
            headers = [(b"Content-Type", b"text/x-diff; charset=utf-8"), (b"Vary", b"Accept")]
            IExchange(request).answer(200, headers, found["unified"].encode("utf-8"))

    @operation(
        "POST",
        "/engine/scripts/<raw>/rollback",
        role=DEPLOY,
        body=Rollback,
        answers={200: ScriptRecordShape},
        errors=(400, 404, 409, 413, 422, 503),
        refused=refusal_noted("rollback"),
    )
    async def roll_back(self, request: Any, raw: str) -> None:
        """Make an older version the newest.

        Its source is stored as a new version.
        """
        uri, wanted = uri_of(raw), json_body(request, Rollback)
        record = await self._scripts.rollback(
            uri,
            wanted.version,
            author=caller_of(request).name,
            message=wanted.message,
            note=self._change_note(request, "rollback", restored=wanted.version),
        )
        self._answer_record(request, record)

    @operation(
        "GET",
        "/engine/scripts/<raw>/canary",
        role=READ,
        answers={200: CanaryDetail},
        errors=(400, 404),
    )
    def get_canary(self, request: Any, raw: str) -> None:
        """The version on trial, with its source and figures."""
        uri = uri_of(raw)
        canary = self._scripts.canaries.get(uri)
        if canary is None:
            raise HTTPProblem(404, "NOT_FOUND", f"{uri} has no canary", {"uri": uri})
        figures = canary_json(canary, self._services)
        answer_json(request, {"uri": uri, **figures, "source": canary.source})

    @operation(
        "POST",
        "/engine/scripts/<raw>/canary",
        role=DEPLOY,
        body=CanaryAction,
        answers={200: ScriptRecordShape},
        errors=(400, 404, 409, 412, 503),
        refused=refusal_noted("canary"),
    )
    async def act_on_canary(self, request: Any, raw: str) -> None:
        """Promote a canary, abort it, or give it another share.

        `promote` makes it the newest version, `abort` takes it out of service at once, `percent` changes
        its share of the requests.
        """
        uri, wanted = uri_of(raw), json_body(request, CanaryAction)
        canaries = self._scripts.canaries
        if wanted.action == "promote":
            note = self._change_note(request, "canary promote")
            await canaries.promote(uri, author=caller_of(request).name, message=wanted.message, note=note)
        elif wanted.action == "abort":
            await canaries.end(
                uri,
                reason=wanted.message or "on request",
                note=lambda one: self._entry(
                    request, "canary abort", uri, version=one.version, sha256=one.sha256
                ),
            )
        elif wanted.percent is None:
            raise HTTPProblem(400, "BAD_REQUEST", "the action percent needs a percent")
        else:
            await canaries.change(
                uri,
                wanted.percent,
                note=lambda one: self._entry(
                    request, "canary percent", uri, version=one.version, percent=one.percent
                ),
            )
        self._answer_record(request, self._record(uri))

    @operation(
        "POST",
        "/engine/batch",
        role=DEPLOY,
        body=Batch,
        answers={200: BatchResult},
        errors=(400, 404, 409, 412, 413, 422, 503),
        refused=refusal_noted("batch"),
    )
    async def deploy_batch(self, request: Any) -> None:
        """Store and delete several scripts as one change.

        Either everything is done or nothing; scripts of one batch may take routes from each other.
        """
        wanted = json_body(request, Batch)
        for uri in wanted.scripts:
            validate_uri(uri)
        strangers = sorted(set(wanted.expected) - set(wanted.scripts))
        if strangers:
            raise HTTPProblem(400, "BAD_REQUEST", f"expected names {strangers[0]!r}, which is not in scripts")
        author = caller_of(request).name
        changes = [
            ScriptChange(uri, source, author, wanted.message, wanted.expected.get(uri))
            for uri, source in wanted.scripts.items()
        ]
        put, delete = (self._change_note(request, action) for action in ("batch put", "batch delete"))
        outcome = await self._scripts.batch(
            changes,
            note=lambda change, previous, script: (delete if script is None else put)(
                change, previous, script
            ),
        )
        answer_json(
            request,
            {
                "scripts": [self._shown(record) for record in outcome if record is not None],
                "deleted": [change.uri for change in changes if change.source is None],
            },
        )

    async def _put_canary(
        self, request: Any, uri: str, source: str, percent: float, how: dict[str, Any]
    ) -> None:
        await self._scripts.canaries.begin(
            uri,
            source,
            percent,
            **how,
            note=lambda one: self._entry(
                request,
                "canary put",
                uri,
                version=one.version,
                previous=one.base,
                sha256=one.sha256,
                percent=one.percent,
            ),
        )
        self._answer_record(request, self._record(uri))

    async def _source(self, uri: str, version: int) -> tuple[str, float]:
        """Give the source of a version, also that on trial, and its time. Raises `ScriptNotFound`."""
        canary = self._scripts.canaries.get(uri)
        if canary is not None and canary.version == version:
            return canary.source, canary.started_at
        old = await self._services.repository.version(uri, version)
        return old.source, old.created_at


def _percent(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise HTTPProblem(
            400, "BAD_REQUEST", f"canary must be a percentage over 0 and up to 100, not {text[:40]!r}"
        ) from None
