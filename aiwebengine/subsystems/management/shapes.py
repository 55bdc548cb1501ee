"""What the management API says: the JSON of records, and reading what clients send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from aiwebengine.errors import HTTPProblem, ScriptInvalid
from aiwebengine.interfaces import IExchange, IRequestObserver, IServices
from aiwebengine.scripts.canary import Canary
from aiwebengine.scripts.model import ScriptRecord, iso_time
from aiwebengine.web.negotiation import quality

__all__ = [
    "accepts_json",
    "answer_encoded",
    "answer_json",
    "argument",
    "canary_json",
    "error_json",
    "expected_version",
    "json_body",
    "matches_etag",
    "matches_tag",
    "narrowing",
    "record_json",
    "text_body",
    "uri_of",
]

_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


def record_json(record: ScriptRecord) -> dict[str, Any]:
    """Give a script's record as ``GET /engine/scripts`` lists it."""
    script = record.script
    return {
        "uri": record.uri,
        "size": script.size if script else 0,
        "version": script.version if script else 0,
        "updated_at": iso_time(script.updated_at) if script else None,
        "status": record.status,
        "error": error_json(record.error) if record.error else None,
        "routes": [
            {"method": str(one.data["method"]).upper(), "path": one.data["path"]}
            for one in (record.live.routes if record.live else ())
        ],
    }


def error_json(error: ScriptInvalid) -> dict[str, Any]:
    """Give why a script does not load."""
    return {"message": error.message, "line": error.line, "column": error.column, "stack": error.stack}


def answer_json(
    request: Any, data: Any, status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    """Answer with JSON."""
    answer_encoded(request, _encode(data), status, headers)


def answer_encoded(
    request: Any, text: bytes, status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    """Answer with JSON text."""
    own = ((b"Content-Type", b"application/json"), (b"Cache-Control", b"no-store"))
    IExchange(request).answer(status, [*own, *headers], text)


def canary_json(canary: Canary, services: IServices) -> dict[str, Any]:
    """Give a canary with what was counted of it (zeros when nobody counts)."""
    shown: dict[str, Any] = {
        "version": canary.version,
        "percent": canary.percent,
        "requests": 0,
        "errors": 0,
        "error_rate": 0.0,
        "baseline_version": canary.base,
        "baseline_requests": 0,
        "baseline_error_rate": 0.0,
        "started_at": iso_time(canary.started_at),
        "author": canary.author,
        "message": canary.message,
        "sha256": canary.sha256,
    }
    for observer in services.providers(IRequestObserver):
        figures = getattr(observer, "canary_figures", None)
        if figures is not None:
            shown |= figures(canary.uri)
    return shown


def accepts_json(request: Any) -> bool:
    """Tell whether the client asks for JSON by name; `*/*` stands for the thing itself."""
    accept = (IExchange(request).header("accept") or "").lower()
    named = any(one.partition(";")[0].strip() == _JSON for one in accept.split(","))
    return named and quality(accept, _JSON) > 0


def argument(request: Any, name: str, default: str = "") -> str:
    """Give a query (or form) field's last value as text."""
    values = request.args.get(name.encode("ascii"))
    return str(values[-1].decode("utf-8", "replace")) if values else default


def narrowing(request: Any, name: str) -> str:
    """
    Give a parameter without which the request would mean much more, "" when it was not given.

    Raises `HTTPProblem` 400 for an empty one: somebody's variable was not set.
    """
    text = argument(request, name)
    if not text and name.encode("ascii") in request.args:
        raise HTTPProblem(400, "BAD_REQUEST", f"{name} must not be empty; leave it out if it is not meant")
    return text


def text_body(request: Any) -> str:
    """Give the request's body as text. Raises `HTTPProblem` 400 when it is not UTF-8."""
    request.content.seek(0)
    try:
        return str(request.content.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise HTTPProblem(400, "BAD_REQUEST", f"the body is not UTF-8 (byte {error.start})") from None


def json_body(request: Any, kind: type) -> Any:
    """Give the body as the given msgspec type. Raises `HTTPProblem` 400 saying what is wrong."""
    request.content.seek(0)
    body = request.content.read()
    if not body.strip():
        raise HTTPProblem(400, "BAD_REQUEST", "the body is empty; a JSON object is expected")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HTTPProblem(400, "BAD_REQUEST", f"the body is not what is expected: {error}") from None


def uri_of(raw: str) -> str:
    """Decode a script's URI taken from the path as sent. Raises `HTTPProblem` 400."""
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise HTTPProblem(400, "BAD_REQUEST", "the script's URI is not UTF-8") from None


def matches_etag(header: str | None, version: int) -> bool:
    """Tell whether an If-Match or If-None-Match value names the version (0: there is none)."""
    return version > 0 and matches_tag(header, f'"{version}"')


def matches_tag(header: str | None, tag: str) -> bool:
    """Tell whether an If-Match or If-None-Match value names the tag."""
    if header is None:
        return False
    tags = [one.strip().removeprefix("W/") for one in header.split(",")]
    return "*" in tags or tag in tags


def expected_version(request: Any, current: Callable[[], int]) -> int | None:
    """
    Read If-Match and ``If-None-Match: *`` as the version that must be the current one, None for any.

    Raises `HTTPProblem` 412 when the current version is not among those named.
    """
    exchange = IExchange(request)
    if_match, if_none_match = exchange.header("if-match"), exchange.header("if-none-match")
    version = current()
    if if_match is not None and not matches_etag(if_match, version):
        raise HTTPProblem(
            412,
            "PRECONDITION_FAILED",
            f'If-Match is {if_match}, the current version is "{version}" (with quotation marks)'
            if version
            else f"If-Match is {if_match}, but there is no such script",
            {"current": version},
        )
    if if_none_match is not None and matches_etag(if_none_match, version):
        raise HTTPProblem(
            412, "PRECONDITION_FAILED", f"the script exists, its version is {version}", {"current": version}
        )
    if if_match is not None:
        return version
    return 0 if if_none_match is not None and if_none_match.strip() == "*" else None
