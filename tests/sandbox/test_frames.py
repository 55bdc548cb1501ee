"""Frames are put together and cut apart without loss, however they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox import frames
from aiwebengine.sandbox.frames import FrameBuffer, pack

FRAMES = st.lists(
    st.tuples(st.integers(0, 255), st.integers(0, 0xFFFFFFFF), st.binary(max_size=40)), max_size=12
)


class FrameTests(SynchronousTestCase):
    """`pack` and `FrameBuffer`."""

    @given(FRAMES, st.data())
    def test_any_chunking(self, sent: list[tuple[int, int, bytes]], data: st.DataObject) -> None:
        """Whatever the pieces in which the bytes come, the frames are the same, in order, each at once."""
        stream = b"".join(pack(*frame) for frame in sent)
        cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
        buffer = FrameBuffer()
        found = []
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            found.extend(buffer.feed(stream[start:end]))
            complete, at = 0, 0
            for frame in sent:
                at += 9 + len(frame[2])
                complete += at <= end
            self.assertEqual(len(found), complete)
        self.assertEqual(found, sent)

    def test_incomplete(self) -> None:
        """Nothing is given before a frame is whole."""
        buffer = FrameBuffer()
        self.assertEqual(buffer.feed(b"\0\0"), [])
        self.assertEqual(buffer.feed(b"\0\2A\0\0\0\7x"), [])
        self.assertEqual(buffer.feed(b"y"), [(65, 7, b"xy")])

    def test_too_long(self) -> None:
        """A length no frame has is refused at once, before its bytes are waited for."""
        head = frames.HEAD.pack(frames.MOST_BYTES + 1, 1, 1)
        self.assertRaises(ValueError, FrameBuffer().feed, head)
        self.assertEqual(FrameBuffer().feed(frames.HEAD.pack(frames.MOST_BYTES, 1, 1)), [])

    def test_kinds_differ(self) -> None:
        """No two kinds of frame share a number."""
        numbers = [getattr(frames, name) for name in frames.__all__ if isinstance(getattr(frames, name), int)]
        self.assertEqual(len(set(numbers)), len(numbers))
        self.assertEqual(len(numbers), 16)
