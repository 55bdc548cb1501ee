"""The editor's built files, read once, with what caches need to know of them."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from importlib.resources import files

import attrs

from aiwebengine.web.negotiation import quality

__all__ = ["StaticFile", "static_files"]

_TYPES = {".js": b"text/javascript; charset=utf-8", ".css": b"text/css; charset=utf-8"}
_DIGEST_LENGTH = 16


@attrs.frozen
class StaticFile:
    """A file whose name holds its content's digest, so that it never changes: plain and compressed."""

    name: str
    media_type: bytes
    digest: str
    plain: bytes = attrs.field(repr=False)
    compressed: bytes = attrs.field(repr=False)

    @classmethod
    def make(cls, name: str, content: bytes) -> StaticFile:
        """Give the file for ``editor.js`` with some content; its ``name`` is then ``editor-DIGEST.js``."""
        stem, dot, suffix = name.rpartition(".")
        digest = hashlib.sha256(content).hexdigest()[:_DIGEST_LENGTH]
        compressed = gzip.compress(content, 9, mtime=0)
        return cls(f"{stem}-{digest}{dot}{suffix}", _TYPES[dot + suffix], digest, content, compressed)

    def variant(self, accept_encoding: str) -> tuple[bytes, bytes, list[tuple[bytes, bytes]]]:
        """Give the entity tag, the body and more headers of what fits a client best."""
        if quality(accept_encoding, "gzip") > 0:
            return f'"{self.digest}-gzip"'.encode("ascii"), self.compressed, [(b"Content-Encoding", b"gzip")]
        return f'"{self.digest}"'.encode("ascii"), self.plain, []


def static_files() -> Mapping[str, StaticFile]:
    """Read the script and the style sheet; they are found by the names ``editor.js`` and ``editor.css``."""
    built = files("aiwebengine.subsystems.editor") / "static"
    return {name: StaticFile.make(name, (built / name).read_bytes()) for name in ("editor.js", "editor.css")}
