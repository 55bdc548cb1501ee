"""multipart/form-data, parsed as it arrives (RFC 7578)."""

from __future__ import annotations

import logging

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from aiwebengine.web.refusals import bad_request, body_too_large, too_many_parts

__all__ = ["MultipartForm", "UploadedFile"]

# The library warns of every malformed form in the standard library's log; ours is answered with 400.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)

_MAX_PART_HEADERS = 8
_MAX_PART_HEADER_BYTES = 4096


class UploadedFile:
    """One uploaded file; its content stays in the pieces in which it was received until asked for."""

    __slots__ = ("_pieces", "content_type", "field", "filename", "size")

    def __init__(self, field: str, filename: str, content_type: str) -> None:
        self.field = field
        self.filename = filename
        self.content_type = content_type
        self.size = 0
        self._pieces: list[memoryview] = []

    def add(self, piece: memoryview) -> None:
        """Take the next piece of content."""
        self.size += len(piece)
        self._pieces.append(piece)

    def bytes(self) -> bytes:
        """Give the whole content (a copy)."""
        return b"".join(self._pieces)


class MultipartForm:
    """
    A push parser of one form: ``pairs`` of text fields and ``files``, each in order.

    At most ``max_parts`` parts and ``max_field`` bytes of text fields together (413); malformed forms, part
    headers over 4096 bytes, and a missing boundary are 400.
    """

    def __init__(self, boundary: str, max_parts: int, max_field: int) -> None:
        if not boundary:
            raise bad_request("The multipart body's type has no boundary.")
        if not boundary.isascii() or len(boundary) > 70:
            raise bad_request("The multipart body's boundary is malformed.")
        self.pairs: list[tuple[str, str]] = []
        self.files: list[UploadedFile] = []
        self._max_parts, self._max_field = max_parts, max_field
        self._parts = self._field_bytes = 0
        self._ended = False
        self._name: list[bytes] = []
        self._value: list[bytes] = []
        self._headers: dict[bytes, bytes] = {}
        self._field: str = ""
        self._file: UploadedFile | None = None
        self._text: list[bytes] = []
        self._parser = MultipartParser(
            boundary.encode("ascii"),
            {
                "on_part_begin": self._part_begin,
                "on_header_field": lambda data, start, end: self._name.append(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.append(data[start:end]),
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._part_data,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
            max_header_count=_MAX_PART_HEADERS,
            max_header_size=_MAX_PART_HEADER_BYTES,
        )

    def feed(self, data: bytes) -> None:
        """Take received bytes. Raises `HTTPProblem`."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise bad_request(f"The multipart body is malformed: {error}.") from None

    def close(self) -> None:
        """Take note that all has been received. Raises `HTTPProblem` 400 without a last boundary."""
        if not self._ended:
            raise bad_request("The multipart body is malformed: it ends before its last boundary.")

    def _part_begin(self) -> None:
        self._parts += 1
        if self._parts > self._max_parts:
            raise too_many_parts(self._max_parts, self._parts)
        self._headers = {}

    def _header_end(self) -> None:
        name = b"".join(self._name).strip().lower()
        if name in self._headers:
            raise bad_request("The multipart body is malformed: a part repeats a header.")
        self._headers[name] = b"".join(self._value).strip(b" \t")
        self._name.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        disposition, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"name")
        if disposition != b"form-data" or name is None:
            raise bad_request("The multipart body is malformed: a part has no form-data name.")
        if self._headers.get(b"content-transfer-encoding", b"binary").lower() not in (
            b"binary",
            b"8bit",
            b"7bit",
        ):
            raise bad_request("The multipart body is malformed: parts must not have a transfer encoding.")
        self._field = name.decode("utf-8", "replace")
        filename = options.get(b"filename")
        self._file = None
        if filename is not None:
            content_type = self._headers.get(b"content-type", b"application/octet-stream").decode("latin-1")
            self._file = UploadedFile(self._field, filename.decode("utf-8", "replace"), content_type)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.add(memoryview(data)[start:end])
            return
        self._field_bytes += end - start
        if self._field_bytes > self._max_field:
            raise body_too_large(self._max_field, self._field_bytes, "server.max_body_bytes")
        self._text.append(data[start:end])

    def _part_end(self) -> None:
        if self._file is not None:
            self.files.append(self._file)
            self._file = None
        else:
            self.pairs.append((self._field, b"".join(self._text).decode("utf-8", "replace")))
            self._text.clear()

    def _end(self) -> None:
        self._ended = True
