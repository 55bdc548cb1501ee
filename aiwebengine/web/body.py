"""Bodies while they arrive and once they are whole: what is accepted, and checked before anything runs."""

from __future__ import annotations

import re

import msgspec

from aiwebengine.web.lazy import lazy
from aiwebengine.web.multipart import MultipartForm, UploadedFile
from aiwebengine.web.refusals import bad_request, body_too_large, too_many_parts, unsupported_media_type
from aiwebengine.web.target import decode_pairs, has_bad_escape

__all__ = ["Body", "media_type"]

_PARAMETER = re.compile(r';\s*([A-Za-z0-9_*-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s"]*)')
_CHARSETS = frozenset(("utf-8", "utf8", "us-ascii"))
_check_json = msgspec.json.Decoder(msgspec.Raw).decode


def media_type(header: str | None) -> tuple[str, dict[str, str]]:
    """Give the lower-case type of a Content-Type value (``""`` for none) and its parameters."""
    if not header:
        return "", {}
    name, semicolon, rest = header.partition(";")
    parameters: dict[str, str] = {}
    if semicolon:
        for match in _PARAMETER.finditer(";" + rest):
            value = match[2]
            if value.startswith('"'):
                value = re.sub(r"\\(.)", r"\1", value[1:-1])
            parameters.setdefault(match[1].lower(), value)
    return name.strip().lower(), parameters


class Body:
    """
    A request's body: a sink while it arrives (`add`, `close`), then its content in several forms.

    The constructor raises `HTTPProblem` 415 (type, charset or encoding not supported) and 400 (multipart
    without boundary); `add` 413 as soon as ``limit`` bytes are passed; both it and `close` 400 for malformed
    content. Multipart forms are parsed as they arrive; their files share the received bytes.
    """

    __slots__ = ("__dict__", "_chunks", "_form", "_limit", "_limit_key", "_max_fields", "kind", "size")

    def __init__(
        self,
        content_type: str | None,
        encoding: str | None,
        limit: int,
        limit_key: str,
        max_fields: int,
        max_field: int,
    ) -> None:
        if encoding and encoding.strip().lower() not in ("", "identity"):
            message = f"The content encoding {encoding[:40]!r} is not supported."
            raise unsupported_media_type(message, (("Accept-Encoding", "identity"),))
        name, parameters = media_type(content_type)
        self._chunks: list[bytes] = []
        self._form: MultipartForm | None = None
        self._limit, self._limit_key, self._max_fields = limit, limit_key, max_fields
        self.size = 0
        self.kind = ""
        if name == "application/json" or (name.endswith("+json") and name.startswith("application/")):
            self.kind = "json"
        elif name == "application/x-www-form-urlencoded":
            self.kind = "form"
        elif name == "multipart/form-data":
            self.kind = "multipart"
            self._form = MultipartForm(parameters.get("boundary", ""), max_fields, max_field)
        elif name.startswith("multipart/"):
            raise unsupported_media_type(
                f"Uploads of type {name[:60]!r} are not supported; use multipart/form-data."
            )
        if self.kind and parameters.get("charset", "utf-8").lower() not in _CHARSETS:
            raise unsupported_media_type(
                f"The charset {parameters['charset'][:40]!r} is not supported; use UTF-8."
            )

    def add(self, data: bytes) -> None:
        """Take received content."""
        self.size += len(data)
        if self.size > self._limit:
            self._chunks.clear()
            raise body_too_large(self._limit, self.size, self._limit_key)
        self._chunks.append(data)
        if self._form is not None:
            self._form.feed(data)

    def close(self) -> None:
        """Take note that the body is whole and check what its type promises."""
        if self.kind == "json" and self.size:
            self._close_json()
        elif self.kind == "form":
            raw = self.raw
            fields = raw.count(b"&") + 1
            if fields > self._max_fields:
                raise too_many_parts(self._max_fields, fields, "fields")
            if has_bad_escape(raw.decode("latin-1")):
                raise bad_request("The form has a malformed percent-escape.")
        elif self._form is not None:
            self._form.close()

    def _close_json(self) -> None:
        try:
            self.raw.decode("utf-8")
            _check_json(self.raw)
        except UnicodeDecodeError:
            raise bad_request("The JSON body is not UTF-8.") from None
        except msgspec.DecodeError as error:
            raise bad_request(f"The JSON body is malformed: {error}.") from None
        except RecursionError:
            raise bad_request("The JSON body is nested too deeply.") from None

    @property
    def raw(self) -> bytes:
        """The whole content; joined once."""
        chunks = self._chunks
        if len(chunks) > 1:
            # A multipart form's files are views of the received pieces: they keep those alive.
            chunks[:] = [b"".join(chunks)]
        return chunks[0] if chunks else b""

    @lazy
    def pairs(self) -> list[tuple[str, str]]:
        """The text fields of a form, in order; empty for other types."""
        if self._form is not None:
            return self._form.pairs
        if self.kind == "form":
            return decode_pairs(self.raw.decode("utf-8", "replace"))
        return []

    @property
    def files(self) -> list[UploadedFile]:
        """The files of a multipart form, in order."""
        return [] if self._form is None else self._form.files
