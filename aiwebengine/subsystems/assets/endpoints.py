"""``/engine/assets``: files over HTTP. Imports Klein: import it late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from klein import Klein
from msgspec import UNSET

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IExchange, IServices
from aiwebengine.repository.errors import AssetNotFound
from aiwebengine.repository.model import Asset
from aiwebengine.subsystems.assets.answers import Representation, answer_bytes, entity_tags
from aiwebengine.subsystems.assets.names import MOST_NAME_BYTES, check_asset_name
from aiwebengine.subsystems.assets.shapes import AssetChange, AssetList, AssetPage, AssetRecord
from aiwebengine.subsystems.assets.store import AssetStore, NewAsset, Stored
from aiwebengine.subsystems.management.audit import why_refused
from aiwebengine.subsystems.management.callers import DEPLOY, READ
from aiwebengine.subsystems.management.endpoints import Endpoints, number
from aiwebengine.subsystems.management.mount import router
from aiwebengine.subsystems.management.operations import Operation, Operations, Parameter
from aiwebengine.subsystems.management.shapes import (
    accepts_json,
    answer_json,
    argument,
    json_body,
    matches_tag,
    narrowing,
    uri_of,
)
from aiwebengine.subsystems.management.sse import EventHub

__all__ = ["AssetEndpoints", "app", "operation"]

_NAME = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "The asset's name, percent-encoded as one segment (`css%2Fsite.css`) or with its slashes.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MOST_NAME_BYTES},
}
_ANY = "*/*"
_MOST_LISTED = 1000
_IF_MATCH = Parameter("If-Match", "The `ETag` that must be the present one.", place="header")
# What somebody uploaded must not act as a page of this origin, where the API's session is.
_HARMLESS = (
    (b"Content-Security-Policy", b"sandbox"),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Cross-Origin-Resource-Policy", b"same-origin"),
    (b"Cache-Control", b"no-cache"),
    (b"Vary", b"Accept"),
)

app = router()
operation = Operations(app, _NAME)


def _refused(action: str) -> Any:
    def note(self: AssetEndpoints, request: Any, arguments: Mapping[str, Any], error: Exception) -> None:
        try:
            name = uri_of(arguments["raw"]) if "raw" in arguments else ""
        except HTTPProblem:
            name = str(arguments["raw"])
        self._note(request, action, "", asset=name, **why_refused(_explained(error)))

    return note


class AssetEndpoints(Endpoints):
    """``/engine/assets``."""

    app: ClassVar[Klein] = app
    operations: ClassVar[Sequence[Operation]] = operation.all

    def __init__(self, services: IServices, hub: EventHub, store: AssetStore) -> None:
        super().__init__(services, hub)
        self._store = store

    @operation(
        "GET",
        "/engine/assets",
        role=READ,
        answers={200: AssetPage},
        parameters=(
            Parameter("prefix", "Only names that begin with this."),
            Parameter("after", "Only names beyond this one."),
            Parameter(
                "limit", "How many at most.", {"type": "integer", "minimum": 0, "maximum": _MOST_LISTED}
            ),
        ),
        errors=(400, 503),
    )
    async def list_assets(self, request: Any) -> None:
        """Assets by name, a page of them."""
        limit = min(number(argument(request, "limit", "100"), "limit"), _MOST_LISTED)
        prefix, after = argument(request, "prefix"), argument(request, "after")
        found = list(await self._store.repository.list(prefix, after, limit + 1))
        more = found[limit - 1].name if 0 < limit < len(found) else None
        answer_json(request, {"assets": [self._store.record(one) for one in found[:limit]], "next": more})

    @operation(
        "GET",
        "/engine/assets/<path:raw>",
        role=READ,
        answers={
            200: {_ANY: str, "application/json": AssetRecord},
            206: {_ANY: str},
            304: None,
        },
        parameters=(
            Parameter("If-None-Match", "`ETag`s the client has.", place="header"),
            Parameter("Range", "Bytes wanted, such as `bytes=0-99`.", place="header"),
        ),
        errors=(400, 404, 412, 416, 503),
    )
    async def get_asset(self, request: Any, raw: str) -> None:
        """An asset's bytes.

        With `Accept: application/json` its record. `ETag` is the SHA-256 of the content in quotes. Ranges
        and HEAD are answered.
        """
        name, exchange = _name_of(raw), IExchange(request)
        if accepts_json(request):
            self._answer_asset(request, await self._store.repository.stat(name))
            return
        asset, content = await self._store.repository.get(name)
        modified = asset.updated_at // 1000
        shown = Representation(asset.size, asset.content_type, _etag(asset), modified, _HARMLESS)
        answer_bytes(exchange, shown, content)

    @operation(
        "PUT",
        "/engine/assets/<path:raw>",
        role=DEPLOY,
        body={_ANY: str},
        answers={200: AssetRecord, 201: AssetRecord},
        parameters=(
            Parameter(
                "public",
                "Whether it is served to everybody; as before without it, and true for a new asset.",
                {"type": "boolean"},
            ),
            _IF_MATCH,
            Parameter("If-None-Match", "`*`: the asset must not exist yet.", place="header"),
        ),
        errors=(400, 412, 413, 415, 503),
        refused=_refused("asset put"),
    )
    async def put_asset(self, request: Any, raw: str) -> None:
        """Store an asset: the body as it is.

        Its type is that of `Content-Type`; where that says nothing, it follows from the name. Metadata stay
        as they were.
        """
        name, exchange = _name_of(raw), IExchange(request)
        public = _boolean(narrowing(request, "public"), "public")
        expected = await self._expected(exchange, name)
        new = NewAsset(name, request.body, exchange.header("content-type"), public, expected_sha256=expected)
        stored = await _explaining(self._store.put(new))
        await self._note_stored(request, [stored])
        self._answer_asset(request, stored.asset, 201 if stored.new else 200)

    @operation(
        "POST",
        "/engine/assets",
        role=DEPLOY,
        body={"multipart/form-data": str},
        answers={200: AssetList},
        parameters=(
            Parameter(
                "public",
                "Whether they are served to everybody; as before without it, and true for new assets.",
                {"type": "boolean"},
            ),
        ),
        errors=(400, 413, 415, 503),
        refused=_refused("asset upload"),
    )
    async def upload_assets(self, request: Any) -> None:
        """Store the files of a form, all or none.

        Each file's name is that of the field `prefix`, if there is one, and its file name.
        """
        if request.body_kind != "multipart":
            raise HTTPProblem(415, "UNSUPPORTED_MEDIA_TYPE", "Files are uploaded as multipart/form-data.")
        public = _boolean(narrowing(request, "public"), "public")
        prefix = next((value for name, value in request.form() if name == "prefix"), "")
        files = [one for one in request.files if one.filename or one.size]
        if not files:
            raise HTTPProblem(400, "BAD_REQUEST", "The form has no file.")
        new: dict[str, NewAsset] = {}
        for one in files:
            name = _checked(prefix + one.filename, one.filename)
            if name in new:
                raise HTTPProblem(400, "BAD_REQUEST", f"{one.filename}: the form has two files of this name.")
            new[name] = NewAsset(name, one.bytes(), one.content_type, public)
        stored = await _explaining(self._store.put_all(list(new.values())))
        await self._note_stored(request, stored)
        answer_json(request, {"assets": [self._store.record(each.asset) for each in stored]})

    @operation(
        "PATCH",
        "/engine/assets/<path:raw>",
        role=DEPLOY,
        body=AssetChange,
        answers={200: AssetRecord},
        parameters=(_IF_MATCH,),
        errors=(400, 404, 412, 415, 503),
        refused=_refused("asset change"),
    )
    async def change_asset(self, request: Any, raw: str) -> None:
        """Change what is known of an asset, not its bytes."""
        name, wanted = _name_of(raw), json_body(request, AssetChange)
        expected = await self._expected(IExchange(request), name)
        given = {
            field: value
            for field in ("public", "content_type", "metadata")
            if (value := getattr(wanted, field)) is not UNSET
        }
        asset = await _explaining(self._store.amend(name, expected_sha256=expected, **given))
        shown = {field: str(given[field]).lower() for field in ("public", "content_type") if field in given}
        await self._note_durably(request, "asset change", "", asset=name, sha256=asset.sha256, **shown)
        self._answer_asset(request, asset)

    @operation(
        "DELETE",
        "/engine/assets/<path:raw>",
        role=DEPLOY,
        answers={204: None},
        parameters=(_IF_MATCH,),
        errors=(400, 404, 412, 503),
        refused=_refused("asset delete"),
    )
    async def delete_asset(self, request: Any, raw: str) -> None:
        """Delete an asset."""
        name, exchange = _name_of(raw), IExchange(request)
        await self._store.delete(name, expected_sha256=await self._expected(exchange, name))
        await self._note_durably(request, "asset delete", "", asset=name)
        exchange.answer(204, [], b"")

    def _answer_asset(self, request: Any, asset: Asset, status: int = 200) -> None:
        headers = ((b"ETag", _etag(asset).encode("ascii")), (b"Vary", b"Accept"))
        answer_json(request, self._store.record(asset), status, headers)

    async def _note_stored(self, request: Any, stored: Sequence[Stored]) -> None:
        for asset in (one.asset for one in stored):
            public = "true" if asset.public else "false"
            fields = {"asset": asset.name, "sha256": asset.sha256, "size": asset.size, "public": public}
            self._note(request, "asset put", "", **fields)
        await self._services.script_log.flush()

    async def _expected(self, exchange: IExchange, name: str) -> str | None:
        """
        Read If-Match and If-None-Match as the SHA-256 that must be the present one, "" for none.

        Several tags are tried against the present content, which must still be there when it is changed.
        Raises `HTTPProblem` 412.
        """
        if_match, if_none_match = exchange.header("if-match"), exchange.header("if-none-match")
        if if_match is None and if_none_match is None:
            return None
        if if_match is None and if_none_match is not None and if_none_match.strip() == "*":
            return ""
        try:
            current = (await self._store.repository.stat(name)).sha256
        except AssetNotFound:
            current = ""
        given = entity_tags(if_match if if_match is not None else if_none_match or "")
        among = bool(current) and ("*" in given or f'"{current}"' in given)
        if among is (if_match is None):
            header = "If-Match" if if_match is not None else "If-None-Match"
            message = f"{header} is {', '.join(given)}; the present content has " + (
                f'the ETag "{current}".' if current else "no ETag, there is no such asset."
            )
            raise HTTPProblem(412, "PRECONDITION_FAILED", message, {"current": current or None})
        if if_match is not None and matches_tag(if_none_match, f'"{current}"'):
            message = "If-Match and If-None-Match name the same content; both cannot hold."
            raise HTTPProblem(412, "PRECONDITION_FAILED", message, {"current": current})
        return current


def _name_of(raw: str) -> str:
    """Decode and check a name taken from the path as sent. Raises `HTTPProblem` 400."""
    return _checked(uri_of(raw))


def _checked(name: str, shown: str = "") -> str:
    """Give a name back. Raises `HTTPProblem` 400, naming the file ``shown`` if that is given."""
    try:
        return check_asset_name(name)
    except ValueError as error:
        raise HTTPProblem(400, "BAD_REQUEST", f"{shown[:200]}: {error}." if shown else f"{error}.") from None


def _etag(asset: Asset) -> str:
    return f'"{asset.sha256}"'


def _boolean(text: str, name: str) -> bool | None:
    if text not in ("", "true", "false"):
        raise HTTPProblem(400, "BAD_REQUEST", f"{name} must be true or false, not {text[:40]!r}")
    return None if not text else text == "true"


async def _explaining(work: Any) -> Any:
    try:
        return await work
    except ValueError as error:
        raise _explained(error) from None


def _explained(error: Exception) -> Exception:
    return HTTPProblem(400, "BAD_REQUEST", f"{error}.") if isinstance(error, ValueError) else error
