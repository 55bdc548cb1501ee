"""A request as a script sees it: JSON text for the realm's ``request-shape`` piece, and binary parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from aiwebengine.sandbox.loading import call_payload
from aiwebengine.sandbox.model import Program

__all__ = ["route_call"]

_encode = msgspec.json.Encoder().encode


def route_call(
    program: Program,
    key: str,
    handler: str,
    request: Any,
    params: Mapping[str, str],
    facts: Mapping[str, Any],
    seed: str | None,
) -> bytes:
    """
    Give the CALL payload for a request that a route answers.

    ``handler`` is the name of the handler where it was given by name or inside ``init``, else empty.
    """
    parts: list[bytes] = []
    data: dict[str, Any] = {
        "method": request.method.decode("latin-1"),
        "path": request.path_text,
        "url": _url(request),
        "httpVersion": request.http_version,
        "query": request.query,
        "params": params,
        "headers": request.headers,
        "cookies": request.cookies,
        "form": None,
        "files": (),
        "body": "",
        "isJson": False,
        "ip": request.client_ip,
        "requestId": request.request_id,
    }
    if request.body_kind:
        _add_body(data, request, parts)
    text = _encode(("route", key, handler or None, program.error_handler, data, facts, seed))
    return call_payload(program.ident, text, parts)


def _url(request: Any) -> str:
    scheme = "https" if request.secure else "http"
    query = f"?{request.raw_query}" if request.raw_query else ""
    return f"{scheme}://{request.host}{request.raw_path}{query}"


def _add_body(data: dict[str, Any], request: Any, parts: list[bytes]) -> None:
    kind = request.body_kind
    if kind in ("form", "multipart"):
        data["form"] = request.form()
    if kind == "multipart":
        files = []
        for upload in request.files:
            files.append(
                {
                    "field": upload.field,
                    "filename": upload.filename,
                    "contentType": upload.content_type,
                    "size": upload.size,
                    "at": len(parts) if upload.size else -1,
                }
            )
            if upload.size:
                parts.append(upload.bytes())
        data["files"] = files
        return
    body: bytes = request.body
    try:
        data["body"] = body.decode("utf-8")
    except UnicodeDecodeError:
        data["bodyAt"] = len(parts)
        parts.append(body)
        return
    data["isJson"] = request.is_json
