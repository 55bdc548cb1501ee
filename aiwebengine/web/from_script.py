"""What a handler gave, as an HTTP answer; what went wrong in it, as an `HTTPProblem`."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from aiwebengine.errors import HTTPProblem
from aiwebengine.sandbox.failures import LimitHit, ScriptThrew, TimedOut, Unavailable, WorkerLost
from aiwebengine.sandbox.loading import place_in
from aiwebengine.web.errors import source_frame

__all__ = ["BadAnswer", "answer_headers", "body_of", "chunk_bytes", "plain", "problem_of_failure"]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_FORBIDDEN = re.compile(r"[\r\n\0]")
_COOKIE_VALUE = re.compile(r'[^"\s,;\\\x00-\x1f\x7f-\uffff]*\Z')
_SAME_SITE = {"lax": "Lax", "strict": "Strict", "none": "None"}
_COOKIE_KEYS = {
    "name",
    "value",
    "path",
    "domain",
    "maxAge",
    "expires",
    "httpOnly",
    "secure",
    "sameSite",
    "partitioned",
}
# More than this few clients and proxies take: Python's stops at 64 KiB a line, nginx at 4 to 8 KiB in all.
MOST_HEADER_BYTES = 65_536
MOST_HEADERS = 500
_KNOWN_TYPES: dict[str, tuple[bytes, bytes]] = {}


class BadAnswer(Exception):
    """A handler's result cannot be sent; the argument says why."""


def answer_headers(
    content_type: str | None, headers: Iterable[Sequence[str]], cookies: Any, *, secure: bool
) -> list[tuple[bytes, bytes]]:
    """
    Give raw header pairs for a handler's result. Raises `BadAnswer` for one that HTTP cannot carry.

    Cookies are HttpOnly, SameSite=Lax and for ``/`` unless the script says otherwise, Secure on https.
    """
    found: list[tuple[bytes, bytes]] = []
    if content_type:
        known = _KNOWN_TYPES.get(content_type)
        if known is None:
            known = (b"Content-Type", _value("Content-Type", content_type))
            if len(_KNOWN_TYPES) < 256:
                _KNOWN_TYPES[content_type] = known
        found.append(known)
    for name, value in headers:
        if not _TOKEN.match(name):
            raise BadAnswer(f"header name {name!r} is not a token (RFC 9110, section 5.1)")
        if content_type is None and name.lower() == "content-type":
            found.insert(0, (b"Content-Type", _value(name, value)))
            continue
        found.append((name.encode("latin-1"), _value(name, value)))
    if content_type and any(name.lower() == b"content-type" for name, _ in found[1:]):
        # A Content-Type among the headers is the script's own choice; it wins over the default.
        chosen = [pair for pair in found[1:] if pair[0].lower() == b"content-type"][-1]
        found = [chosen, *(pair for pair in found[1:] if pair[0].lower() != b"content-type")]
    if cookies:
        found.extend((b"Set-Cookie", text.encode("utf-8")) for text in _cookies(cookies, secure))
    if len(found) > MOST_HEADERS:
        raise BadAnswer(f"the answer has {len(found)} headers; the most are {MOST_HEADERS}")
    size = sum(len(name) + len(value) + 4 for name, value in found)
    if size > MOST_HEADER_BYTES:
        raise BadAnswer(f"the answer's headers have {size} bytes; the most are {MOST_HEADER_BYTES}")
    return found


def _value(name: str, value: str) -> bytes:
    if _FORBIDDEN.search(value):
        raise BadAnswer(
            f"header {name}: its value contains a line break or NUL, which would split the answer"
        )
    try:
        return value.strip().encode("latin-1")
    except UnicodeEncodeError:
        return value.strip().encode("utf-8", "replace")


def _cookies(cookies: Any, secure: bool) -> list[str]:
    if isinstance(cookies, Mapping):
        listed = [
            {**value, "name": name} if isinstance(value, Mapping) else {"name": name, "value": value}
            for name, value in cookies.items()
        ]
    elif isinstance(cookies, Sequence) and not isinstance(cookies, str):
        listed = list(cookies)
    else:
        raise BadAnswer("cookies must be an object or a list of {name, value, …}")
    return [_cookie(one, secure) for one in listed]


def _cookie(cookie: Any, secure: bool) -> str:
    if not isinstance(cookie, Mapping) or not isinstance(cookie.get("name"), str):
        raise BadAnswer("a cookie must be an object with a name")
    name = cookie["name"]
    if not _TOKEN.match(name):
        raise BadAnswer(f"cookie name {name!r} is not a token (RFC 6265, section 4.1.1)")
    unknown = cookie.keys() - _COOKIE_KEYS
    if unknown:
        raise BadAnswer(f"cookie {name}: unknown attribute {sorted(unknown)[0]!r}")
    value = cookie.get("value")
    deleted = value is None
    text = (
        ""
        if value is None
        else value
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
    if not _COOKIE_VALUE.match(text):
        from urllib.parse import quote

        text = quote(text, safe="!#$&'()*+-./:<=>?@[]^_`{|}~")
    parts = [f"{name}={text}"]
    for attribute, label in (("path", "Path"), ("domain", "Domain")):
        given = cookie.get(attribute, "/" if attribute == "path" else None)
        if given is not None:
            if not isinstance(given, str) or re.search(r"[;\x00-\x1f\x7f]", given):
                raise BadAnswer(f"cookie {name}: {attribute} has a character that cookies cannot carry")
            parts.append(f"{label}={given}")
    if deleted:
        parts += ["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
    else:
        max_age = cookie.get("maxAge")
        if max_age is not None:
            if not isinstance(max_age, int | float) or isinstance(max_age, bool):
                raise BadAnswer(f"cookie {name}: maxAge must be a number of seconds")
            parts.append(f"Max-Age={int(max_age)}")
        if cookie.get("expires") is not None:
            parts.append(f"Expires={_expires(name, cookie['expires'])}")
    same_site = cookie.get("sameSite", "lax")
    wanted_secure = cookie.get("secure", secure)
    if same_site is not None and same_site is not False:
        shown = _SAME_SITE.get(str(same_site).lower())
        if shown is None:
            raise BadAnswer(f'cookie {name}: sameSite must be "lax", "strict" or "none"')
        wanted_secure = wanted_secure or shown == "None"
        parts.append(f"SameSite={shown}")
    if cookie.get("httpOnly", True):
        parts.append("HttpOnly")
    if wanted_secure:
        parts.append("Secure")
    if cookie.get("partitioned"):
        parts.append("Partitioned")
    return "; ".join(parts)


def _expires(name: str, given: Any) -> str:
    try:
        if isinstance(given, int | float) and not isinstance(given, bool):
            moment = datetime.fromtimestamp(given / 1000, UTC)
        else:
            moment = datetime.fromisoformat(str(given))
        return format_datetime(moment.astimezone(UTC), usegmt=True)
    except (ValueError, OverflowError, OSError):
        raise BadAnswer(
            f"cookie {name}: expires must be a Date, ISO text, or milliseconds since the epoch"
        ) from None


def body_of(what: str, inline: str | None, raw: bytes | None) -> bytes:
    """Give the body's bytes from what the realm sent: text, base64, or bytes beside the head."""
    if what == "t":
        return inline.encode("utf-8", "replace") if inline else b""
    if what == "b":
        return base64.b64decode(inline or "")
    return raw or b""


def chunk_bytes(chunks: Iterable[Sequence[str]]) -> bytes:
    """Join the chunks of a stream that came together."""
    return b"".join(
        text.encode("utf-8", "replace") if kind == "t" else base64.b64decode(text) for kind, text in chunks
    )


def problem_of_failure(failure: Any, uri: str, source: str) -> HTTPProblem:
    """Give the answer to what ended a run, with details that explain it (docs/errors.md)."""
    if isinstance(failure, ScriptThrew):
        return _thrown(failure, uri, source)
    if isinstance(failure, LimitHit):
        return _limit(failure, uri, source)
    if isinstance(failure, TimedOut):
        waiting = "waiting for a sandbox" if failure.queued else "waiting for the script"
        return HTTPProblem(
            408,
            "REQUEST_TIMEOUT",
            f"The request took longer than {plain(failure.limit_ms)} ms.",
            {
                "limit": "request_timeout_ms",
                "value": round(failure.limit_ms),
                "used": round(failure.used_ms),
                "unit": "ms",
                "config_key": "server.request_timeout_ms",
                "script": uri,
                "line": None,
                "stack": "",
                "reason": waiting,
            },
        )
    if isinstance(failure, Unavailable):
        return HTTPProblem(
            503,
            "SERVICE_UNAVAILABLE",
            f"The service is busy: {failure.reason}.",
            {"script": uri},
            (("Retry-After", str(max(1, round(failure.retry_after_s)))),),
        )
    assert isinstance(failure, WorkerLost)  # noqa: S101 - the last of the kinds there are
    if not failure.running:
        return HTTPProblem(
            503,
            "SERVICE_UNAVAILABLE",
            "The sandbox process that served this request has ended.",
            {"script": uri},
            (("Retry-After", "1"),),
        )
    how = f"signal {failure.signal}" if failure.signal else f"exit code {failure.exit_code}"
    return HTTPProblem(
        500,
        "SCRIPT_ERROR",
        f"The sandbox process ended ({how}) while it ran this script.",
        {"script": uri, "signal": failure.signal, "line": None, "stack": ""},
    )


def plain(number: float) -> str:
    """Give a number as people write it: no exponent, no ``.0``."""
    return str(int(number)) if number == int(number) else f"{number:.3f}".rstrip("0")


_LIMITS = {
    "cpu": (504, "SCRIPT_TIMEOUT", "The script used more than {value} ms of CPU time."),
    "jobs": (504, "SCRIPT_TIMEOUT", "The script ran more than {value} promise jobs."),
    "memory": (500, "SCRIPT_MEMORY_LIMIT", "The script needed more than {value} bytes of memory."),
    "stack": (
        500,
        "SCRIPT_STACK_OVERFLOW",
        "The script's recursion is too deep for a stack of {value} bytes.",
    ),
    "output": (500, "SCRIPT_ERROR", "The script's answer is larger than {value} bytes."),
}


def _whole(number: float) -> float:
    return int(number) if number == int(number) else round(number, 3)


def _limit(failure: LimitHit, uri: str, source: str) -> HTTPProblem:
    status, code, text = _LIMITS[failure.limit]
    line, column = place_in(failure.stack, uri)
    details: dict[str, object] = {
        "limit": failure.config_key.rpartition(".")[2],
        "value": _whole(failure.value),
        "used": _whole(failure.used),
        "unit": failure.unit,
        "config_key": failure.config_key,
        "script": uri,
        "line": line,
        "stack": failure.stack,
    }
    if line:
        details["source_frame"] = source_frame(source, line, column)
    return HTTPProblem(status, code, text.format(value=plain(failure.value)), details)


def _thrown(failure: ScriptThrew, uri: str, source: str) -> HTTPProblem:
    if failure.name == "AuthenticationError":
        return HTTPProblem(401, "UNAUTHORIZED", failure.message or "Sign-in is required.")
    if failure.name == "PermissionError":
        return HTTPProblem(403, "FORBIDDEN", failure.message or "This is not allowed.")
    line, column = place_in(failure.stack, uri)
    message = failure.message if failure.name == "Thrown" else f"{failure.name}: {failure.message}"
    message += _hint(failure, source, line)
    details: dict[str, object] = {
        "script": uri,
        "line": line,
        "column": column,
        "name": failure.name,
        "stack": failure.stack.rstrip(),
    }
    limit = failure.extra.get("limit") or failure.extra.get("hostLimit")
    if isinstance(limit, Mapping):
        details |= {key: limit.get(key) for key in ("limit", "value", "used", "unit", "config_key")}
    if line:
        details["source_frame"] = source_frame(source, line, column)
    if failure.name == "ServiceUnavailableError":
        return HTTPProblem(503, "SERVICE_UNAVAILABLE", message, details, (("Retry-After", "5"),))
    return HTTPProblem(500, "SCRIPT_ERROR", message, details)


def _hint(failure: ScriptThrew, source: str, line: int | None) -> str:
    """Explain the one ReferenceError that puzzles people who come from sloppy mode."""
    match = re.match(r"(\S+) is not defined\Z", failure.message)
    if failure.name != "ReferenceError" or not match or not line:
        return ""
    lines = source.splitlines()
    text = lines[line - 1] if line <= len(lines) else ""
    if re.search(
        rf"(?<![\w$.]){re.escape(match[1])}\s*(?:[-+*/%&|^]|\*\*|<<|>>>?|&&|\|\||\?\?)?=(?![=>])|(?<![\w$.]){re.escape(match[1])}\s*(?:\+\+|--)",
        text,
    ):
        return (
            f" (assigned without a declaration: say `let {match[1]}`; nothing assigned lasts longer than its"
            " request, use storage for that)"
        )
    return ""
