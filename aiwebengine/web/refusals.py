"""The refusals of the HTTP front itself, as `HTTPProblem` values that say which limit was passed."""

from __future__ import annotations

from aiwebengine.errors import HTTPProblem

__all__ = [
    "CODES",
    "bad_request",
    "body_too_large",
    "expectation_failed",
    "headers_too_large",
    "internal_error",
    "not_found",
    "not_implemented",
    "overloaded",
    "problem_for_status",
    "request_timeout",
    "too_many_parts",
    "unsupported_media_type",
    "uri_too_long",
]

CODES = {
    400: ("BAD_REQUEST", "The request is malformed."),
    401: ("UNAUTHORIZED", "Sign-in is required."),
    403: ("FORBIDDEN", "This is not allowed."),
    404: ("NOT_FOUND", "Nothing is found at this address."),
    405: ("METHOD_NOT_ALLOWED", "This address does not take that method."),
    406: ("NOT_ACCEPTABLE", "No acceptable form of this resource exists."),
    408: ("REQUEST_TIMEOUT", "The request took too long."),
    409: ("CONFLICT", "The request conflicts with the present state."),
    410: ("GONE", "This address is no longer in use."),
    411: ("LENGTH_REQUIRED", "The length of the body is required."),
    412: ("PRECONDITION_FAILED", "A precondition of the request does not hold."),
    413: ("PAYLOAD_TOO_LARGE", "The request's body is too large."),
    414: ("URI_TOO_LONG", "The request's URI is too long."),
    415: ("UNSUPPORTED_MEDIA_TYPE", "This type of body is not supported."),
    417: ("EXPECTATION_FAILED", "The expectation of the request cannot be met."),
    422: ("UNPROCESSABLE_CONTENT", "The content cannot be processed."),
    426: ("UPGRADE_REQUIRED", "Another protocol is required."),
    428: ("PRECONDITION_REQUIRED", "The request must be conditional."),
    429: ("TOO_MANY_REQUESTS", "Too many requests."),
    431: ("REQUEST_HEADER_FIELDS_TOO_LARGE", "The request's headers are too large."),
    500: ("INTERNAL_ERROR", "The server met an error."),
    501: ("NOT_IMPLEMENTED", "The server does not implement this method."),
    502: ("BAD_GATEWAY", "A server behind this one gave a bad answer."),
    503: ("SERVICE_UNAVAILABLE", "The service is unavailable for now."),
    504: ("GATEWAY_TIMEOUT", "A server behind this one did not answer in time."),
}
"""Code and message of a status for which nothing better is known."""


def problem_for_status(status: int, headers: tuple[tuple[str, str], ...] = ()) -> HTTPProblem:
    """Give the generic problem of an error status (`HTTPProblem` with the code of `CODES`)."""
    code, message = CODES.get(status) or ("CLIENT_ERROR" if status < 500 else "SERVER_ERROR", "An error.")
    return HTTPProblem(status, code, message, headers=headers)


def _limit(name: str, value: float, used: float | None, unit: str, config_key: str) -> dict[str, object]:
    details: dict[str, object] = {"limit": name, "value": value, "unit": unit, "config_key": config_key}
    if used is not None:
        details["used"] = used
    return details


def bad_request(message: str) -> HTTPProblem:
    """Give 400 BAD_REQUEST with a message that names what is malformed."""
    return HTTPProblem(400, "BAD_REQUEST", message)


def not_found(path: str) -> HTTPProblem:
    """Give 404 NOT_FOUND for a path."""
    return HTTPProblem(404, "NOT_FOUND", f"Nothing is found at {path}.")


def body_too_large(limit: int, used: int, config_key: str) -> HTTPProblem:
    """Give 413 PAYLOAD_TOO_LARGE; ``used`` is what was declared or, for a chunked body, received so far."""
    return HTTPProblem(
        413,
        "PAYLOAD_TOO_LARGE",
        f"The request's body is larger than {limit} bytes.",
        _limit(config_key.rpartition(".")[2] or "body", limit, used, "bytes", config_key),
    )


def too_many_parts(limit: int, used: int, what: str = "parts") -> HTTPProblem:
    """Give 413 PAYLOAD_TOO_LARGE for a form of too many parts or fields."""
    return HTTPProblem(
        413,
        "PAYLOAD_TOO_LARGE",
        f"The form has more than {limit} {what}.",
        _limit("max_multipart_parts", limit, used, what, "server.max_multipart_parts"),
    )


def uri_too_long(limit: int, used: int) -> HTTPProblem:
    """Give 414 URI_TOO_LONG."""
    return HTTPProblem(
        414,
        "URI_TOO_LONG",
        f"The request's URI is longer than {limit} bytes.",
        _limit("max_uri_bytes", limit, used, "bytes", "server.max_uri_bytes"),
    )


def headers_too_large(limit: int, used: int, *, count: bool = False) -> HTTPProblem:
    """Give 431: too many bytes of headers, or (``count``) too many header fields."""
    unit, key = ("fields", "max_header_count") if count else ("bytes", "max_header_bytes")
    return HTTPProblem(
        431,
        "REQUEST_HEADER_FIELDS_TOO_LARGE",
        f"The request's headers have more than {limit} {unit}.",
        _limit(key, limit, used, unit, f"server.{key}"),
    )


def request_timeout(what: str, limit_ms: int, config_key: str) -> HTTPProblem:
    """Give 408 REQUEST_TIMEOUT; ``what`` is a clause such as "the headers did not arrive"."""
    return HTTPProblem(
        408,
        "REQUEST_TIMEOUT",
        f"The request took too long: {what}.",
        _limit(config_key.rpartition(".")[2], limit_ms, None, "ms", config_key),
    )


def unsupported_media_type(message: str, headers: tuple[tuple[str, str], ...] = ()) -> HTTPProblem:
    """Give 415 UNSUPPORTED_MEDIA_TYPE."""
    return HTTPProblem(415, "UNSUPPORTED_MEDIA_TYPE", message, headers=headers)


def expectation_failed(expectation: str) -> HTTPProblem:
    """Give 417 for an ``Expect`` other than ``100-continue``."""
    return HTTPProblem(417, "EXPECTATION_FAILED", f"The expectation {expectation[:100]!r} cannot be met.")


def not_implemented(method: str) -> HTTPProblem:
    """Give 501 for a method that no route can have."""
    return HTTPProblem(501, "NOT_IMPLEMENTED", f"The method {method[:40]} is not implemented.")


def overloaded(message: str, limit: int, config_key: str, retry_after_s: int = 1) -> HTTPProblem:
    """Give 503 SERVICE_UNAVAILABLE with Retry-After."""
    details = _limit(config_key.rpartition(".")[2], limit, None, "", config_key)
    return HTTPProblem(503, "SERVICE_UNAVAILABLE", message, details, (("Retry-After", str(retry_after_s)),))


def shutting_down() -> HTTPProblem:
    """Give 503 SERVICE_UNAVAILABLE for a request that came while the server drains."""
    return HTTPProblem(
        503, "SERVICE_UNAVAILABLE", "The server is shutting down.", headers=(("Retry-After", "1"),)
    )


def internal_error() -> HTTPProblem:
    """Give the bland 500 shown for an unexpected error; the log has the rest under the request id."""
    return HTTPProblem(500, "INTERNAL_ERROR", "The server met an unexpected error.")
