"""The contract of assets as a test-case mixin, for every back end."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

import attrs
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IAssetRepository
from aiwebengine.repository.errors import AssetConflict, AssetNotFound, AssetsFull
from aiwebengine.repository.model import PUBLIC_MARK, AssetPut
from aiwebengine.testing.repository import RepositoryCase

__all__ = ["AssetContract"]


class AssetContract(RepositoryCase):
    """What every `IAssetRepository` does."""

    def put(self, name: str, content: bytes = b"x", **fields: Any) -> Any:
        """Put an asset and give it."""
        return self.wait(self.repository.assets.put(name, content, "text/plain", **fields))

    def names(self, **fields: Any) -> list[str]:
        """Give the names listed."""
        return [one.name for one in self.wait(self.repository.assets.list(**fields))]

    def test_asset_kept(self) -> None:
        """Bytes and metadata come back as they were, with size, hash and times."""
        verifyObject(IAssetRepository, self.repository.assets)
        content = bytes(range(256)) * 1000
        put = self.wait(
            self.repository.assets.put("img/ä.png", content, "image/png", {"width": 3, "tags": ["a\0", None]})
        )
        self.assertEqual((put.size, put.content_type, put.name), (256_000, "image/png", "img/ä.png"))
        self.assertEqual(len(put.sha256), 64)
        self.assertEqual((put.created_at, put.updated_at), (int(self.time * 1000),) * 2)
        self.assertEqual(put.metadata, {"width": 3, "tags": ["a\0", None]})
        self.assertEqual(self.wait(self.repository.assets.get("img/ä.png")), (put, content))
        self.assertEqual(self.wait(self.repository.assets.stat("img/ä.png")), put)

    def test_asset_part(self) -> None:
        """A part of the bytes is given, less where there are fewer."""
        put = self.put("a", bytes(range(256)) * 100)
        for start, length, wanted in (
            (0, 2, b"\0\1"),
            (255, 2, b"\xff\0"),
            (25_599, 9, b"\xff"),
            (25_600, 1, b""),
        ):
            self.assertEqual(self.wait(self.repository.assets.part("a", start, length)), (put, wanted))
        self.fails(self.repository.assets.part("no", 0, 1), AssetNotFound)

    def test_asset_replaced(self) -> None:
        """Putting again replaces; the time of creation stays."""
        first = self.put("a", b"one", metadata={"x": 1})
        self.time += 1
        second = self.put("a", b"")
        self.assertEqual((second.size, second.metadata), (0, {}))
        self.assertEqual(second.created_at, first.created_at)
        self.assertEqual(second.updated_at, first.updated_at + 1000)
        self.assertEqual(self.wait(self.repository.assets.get("a")), (second, b""))

    def test_asset_missing(self) -> None:
        """What is not there is refused by name."""
        assets = self.repository.assets
        for call in (assets.get, assets.stat, assets.delete):
            self.assertEqual(self.fails(call("no"), AssetNotFound).name, "no")
        self.put("a")
        self.wait(assets.delete("a"))
        self.fails(assets.get("a"), AssetNotFound)
        self.fails(assets.delete("a"), AssetNotFound)

    def test_assets_listed(self) -> None:
        """By name, with a prefix, page after page."""
        for name in ("b", "a/2", "a/1", "a", "a%", "a_", "A", "a0", "a/\U0010ffff"):
            self.put(name)
        listed = ["A", "a", "a%", "a/1", "a/2", "a/\U0010ffff", "a0", "a_", "b"]
        self.assertEqual(self.names(), listed)
        self.assertEqual(self.names(prefix="a/"), ["a/1", "a/2", "a/\U0010ffff"])
        self.assertEqual(self.names(prefix="a/\U0010ffff"), ["a/\U0010ffff"])
        self.assertEqual(self.names(prefix="\U0010ffff"), [])
        self.assertEqual(self.names(limit=2), listed[:2])
        self.assertEqual(self.names(limit=2, after="a%"), listed[3:5])
        self.assertEqual(self.names(prefix="a/", after="a/1"), ["a/2", "a/\U0010ffff"])

    def test_asset_refused(self) -> None:
        """A name or metadata that cannot be kept is refused in words."""
        for name in ("", "a\0b", "\ud800", "x" * 1025):
            error = self.fails(self.repository.assets.put(name, b"", "t"), ValueError)
            self.assertIn("an asset's name", str(error))
        self.fails(self.repository.assets.put("a", b"", "t", {"x": float("nan")}), ValueError)
        self.assertEqual(self.names(), [])

    def test_asset_expected(self) -> None:
        """A change that expects another content is refused with both; "" stands for no asset."""
        assets = self.repository.assets
        first = self.put("a", b"one", expected_sha256="")
        error = self.fails(assets.put("a", b"two", "t", expected_sha256=""), AssetConflict)
        self.assertEqual((error.name, error.expected, error.current), ("a", "", first.sha256))
        self.put("a", b"two", expected_sha256=first.sha256)
        for call in (
            assets.put("a", b"three", "t", expected_sha256=first.sha256),
            assets.delete("a", expected_sha256=first.sha256),
            assets.amend("a", lambda asset: asset, expected_sha256=first.sha256),
        ):
            self.fails(call, AssetConflict)
        self.assertEqual(self.wait(assets.get("a"))[1], b"two")
        error = self.fails(assets.put("b", b"", "t", expected_sha256=first.sha256), AssetConflict)
        self.assertEqual(error.current, "")
        self.fails(assets.delete("b", expected_sha256=first.sha256), AssetNotFound)
        self.wait(assets.delete("a", expected_sha256=self.wait(assets.stat("a")).sha256))
        self.assertEqual(self.names(), [])

    def test_assets_put_together(self) -> None:
        """All files are kept or none, up to the size that all assets may have together."""
        assets = self.repository.assets
        self.assertEqual(self.wait(assets.put_all([])), [])
        puts = [AssetPut(name, name.encode() * 4, "t", {"n": name}) for name in ("a", "b")]
        kept = self.wait(assets.put_all(puts, most_total_bytes=8))
        self.assertEqual(kept, self.wait(assets.list()))
        for bad, error in (
            (AssetPut("c", b"", "t", expected_sha256="0" * 64), AssetConflict),
            (AssetPut("", b"", "t"), ValueError),
            (AssetPut("c", b"", "t", {"x": float("nan")}), ValueError),
        ):
            self.fails(assets.put_all([AssetPut("a", b"new", "t"), bad]), error)
        full = self.fails(assets.put_all([AssetPut("a", b"12345", "t")], most_total_bytes=8), AssetsFull)
        self.assertEqual((full.limit, full.used), (8, 9))
        self.assertEqual(self.wait(assets.list()), kept)
        self.wait(assets.put_all([AssetPut("a", b"1234", "t")], most_total_bytes=8))

    def test_asset_metadata_over(self) -> None:
        """Metadata may be made of those that are replaced."""

        def counted(present: Any) -> dict[str, int]:
            return {"puts": present.metadata["puts"] + 1 if present else 1}

        for number in (1, 2):
            (kept,) = self.wait(self.repository.assets.put_all([AssetPut("a", b"x", "t", counted)]))
            self.assertEqual(kept.metadata, {"puts": number})
        self.assertEqual(self.wait(self.repository.assets.stat("a")), kept)

    def test_asset_amended(self) -> None:
        """Type and metadata can change without the bytes; nothing else does."""
        assets = self.repository.assets
        first = self.put("a", b"one", metadata={"x": 1})
        self.time += 1
        change = lambda asset: attrs.evolve(asset, content_type="b/c", metadata={"y": 2}, size=9)  # noqa: E731
        changed = self.wait(assets.amend("a", change, expected_sha256=first.sha256))
        expected = attrs.evolve(
            first, content_type="b/c", metadata={"y": 2}, updated_at=first.updated_at + 1000
        )
        self.assertEqual(changed, expected)
        self.assertEqual(self.wait(assets.get("a")), (expected, b"one"))
        self.assertEqual(self.fails(assets.amend("b", change), AssetNotFound).name, "b")

    def test_assets_revision(self) -> None:
        """A call that changes something public raises the revision by one; others and reading do not."""
        assets = self.repository.assets
        public = {PUBLIC_MARK: True}

        def raised(call: Any) -> int:
            before = self.wait(assets.revision())
            self.wait(call)
            return int(self.wait(assets.revision()) - before)

        together = [AssetPut(name, b"", "t", public) for name in ("b", "c")]
        for call, wanted in (
            (assets.put("a", b"1", "t"), 0),
            (assets.put("a", b"2", "t", public), 1),
            (assets.put("a", b"2", "t"), 1),
            (assets.amend("a", lambda asset: attrs.evolve(asset, metadata=public)), 1),
            (assets.amend("a", lambda asset: attrs.evolve(asset, metadata={})), 1),
            (assets.amend("a", lambda asset: asset), 0),
            (assets.delete("a"), 0),
            (assets.put_all(together), 1),
            (assets.delete("b"), 1),
            (assets.list(), 0),
        ):
            self.assertEqual(raised(call), wanted)
        before = self.wait(assets.revision())
        self.fails(assets.put("c", b"", "t", public, expected_sha256="0" * 64), AssetConflict)
        self.fails(assets.delete("b"), AssetNotFound)
        self.assertEqual(self.wait(assets.revision()), before)

    def test_assets_public(self) -> None:
        """Public ones can be listed alone."""
        for name, mark in (("a", True), ("b", False), ("c", True), ("d", "true"), ("e", True)):
            self.put(name, metadata={PUBLIC_MARK: mark, "x": 1})
        self.put("f", metadata={"x": f'"{PUBLIC_MARK}":true'})
        self.assertEqual(self.names(public=True), ["a", "c", "e"])
        self.assertEqual(self.names(public=True, after="a", limit=1), ["c"])
        self.assertEqual(self.names(public=True, prefix="e"), ["e"])
        deleted = self.wait(self.repository.assets.delete("a"))
        self.assertEqual((deleted.name, deleted.public, deleted.metadata["x"]), ("a", True, 1))
