"""The OpenAPI document of the management API, made from its operations (REQ-DOC-005)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from aiwebengine._version import VERSION
from aiwebengine.subsystems.management.operations import Operation
from aiwebengine.subsystems.management.schemas import Error

__all__ = ["openapi"]

_REF = "#/components/schemas/{name}"
_VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")
_STATUSES = {
    200: "Done.",
    201: "Stored; it is new.",
    204: "Deleted.",
    206: "The part that `Range` asks for.",
    304: "Not changed.",
    400: "Malformed: the path, a parameter, a header or the body.",
    401: "No key, or a wrong one.",
    403: "The key's role does not include this, or it is switched off.",
    404: "There is none.",
    409: "Another script has a route, or there is nothing to compare a canary with.",
    412: "`If-Match` or `If-None-Match` names another state than the present one.",
    413: "Larger than a limit.",
    415: "Not a type that is taken.",
    416: "Nothing lies in the range that `Range` asks for.",
    422: "The script does not load; `details` has line and column.",
    429: "Too many wrong keys; see `Retry-After`.",
    503: "No sandbox is to be had, too many streams, or the repository is away; see `Retry-After`.",
}
_TAGS = (
    "scripts",
    "batch",
    "check",
    "eval",
    "routes",
    "logs",
    "requests",
    "limits",
    "plugins",
    "status",
    "assets",
)
_ALWAYS = (401, 403, 429)


def openapi(operations: Iterable[Operation]) -> dict[str, Any]:
    """Give the document (OpenAPI 3.1) as JSON data."""
    operations = sorted(operations, key=_rank)
    types: dict[str, type] = {"Error": Error}
    for one in operations:
        for kind in _types_of(one):
            types[kind.__name__] = kind
    _, components = msgspec.json.schema_components(list(types.values()), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        path = _VARIABLE.sub("{" + one.path_parameter["name"] + "}", one.rule)
        paths.setdefault(path, {})[one.method.lower()] = _operation(one, path != one.rule)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "aiwebengine management API",
            "version": VERSION,
            "summary": "Scripts, their versions, assets, logs and routes.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(one) for one in operations)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`security.api_key`, or a named key of `management.keys`.",
                }
            },
        },
    }


def _types_of(operation: Operation) -> Iterable[type]:
    for content in (*operation.answers.values(), operation.body):
        for kind in content.values() if isinstance(content, Mapping) else [content]:
            if isinstance(kind, type) and kind is not str:
                yield kind


def _operation(one: Operation, has_variable: bool) -> dict[str, Any]:
    role = f"Takes the role `{one.role}`." if one.role else "Needs no key."
    described: dict[str, Any] = {
        "operationId": one.name,
        "tags": [_tag(one)],
        "summary": one.summary,
        "description": f"{one.description} {role}".strip(),
        "parameters": [
            *([dict(one.path_parameter)] if has_variable else []),
            *(
                {
                    "name": given.name,
                    "in": given.place,
                    "required": given.required,
                    "description": given.description,
                    "schema": dict(given.schema),
                }
                for given in one.parameters
            ),
        ],
        "responses": {str(status): _answer(status, content) for status, content in one.answers.items()},
    }
    if one.role is None:
        described["security"] = []
    if one.body is not None:
        described["requestBody"] = {"required": True, "content": _content(one.body)}
    always = {*(_ALWAYS if one.role else ()), *((413,) if one.body is not None else ())}
    for status in sorted({*one.errors, *always}):
        described["responses"][str(status)] = _answer(status, Error)
    described["x-role"] = one.role or "none"
    return described


def _answer(status: int, content: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": _STATUSES[status]}
    if content is not None:
        answer["content"] = _content(content)
    return answer


def _content(content: Any) -> dict[str, Any]:
    if not isinstance(content, Mapping):
        content = {content: str} if isinstance(content, str) else {"application/json": content}
    return {
        media: {"schema": {"type": "string"} if kind is str else _schema(kind)}
        for media, kind in content.items()
    }


def _schema(kind: Any) -> dict[str, Any]:
    return {"type": "object"} if kind is dict else {"$ref": _REF.format(name=kind.__name__)}


def _rank(operation: Operation) -> int:
    tag = _tag(operation)
    return _TAGS.index(tag) if tag in _TAGS else len(_TAGS)


def _tag(operation: Operation) -> str:
    return operation.rule.split("/")[2].partition(".")[0]
