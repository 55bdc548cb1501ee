"""The JavaScript tests of the web platform, in a locked realm and in a plain context."""

from pathlib import Path
from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.subsystems.web_platform.provider import WebPlatform
from tests.subsystems.web_platform.harness import Rig

_TESTS = Path(__file__).parent / "js"
_PIECES = WebPlatform().pieces()


class _Areas:
    """One test per area; ``frozen`` says whether everything is frozen first, as realm isolation does."""

    frozen: ClassVar[bool]

    def check(self, area: str) -> None:
        """Run an area's file with the engine's default stack (64 KiB) and memory (16 MiB)."""
        failures = Rig(_PIECES, frozen=self.frozen).run_tests((_TESTS / f"{area}.test.js").read_text("utf-8"))
        self.assertEqual([], failures, "\n\n".join(failures))  # type: ignore[attr-defined]

    def test_req_jsapi_005_url(self) -> None:
        """URL parses, resolves, serializes and changes URLs as the URL standard has it."""
        self.check("url")

    def test_req_jsapi_005_urlsearchparams(self) -> None:
        """URLSearchParams reads and writes application/x-www-form-urlencoded."""
        self.check("urlsearchparams")

    def test_req_jsapi_006_headers(self) -> None:
        """Headers normalises, combines, sorts and refuses as the Fetch standard has it."""
        self.check("headers")

    def test_req_jsapi_006_request(self) -> None:
        """Request checks its options and carries bodies and signals."""
        self.check("request")

    def test_req_jsapi_006_response(self) -> None:
        """Response checks its options, is read once, clones, and hands its parts to the host."""
        self.check("response")

    def test_req_jsapi_006_formdata(self) -> None:
        """FormData keeps entries and goes through multipart/form-data and back."""
        self.check("formdata")

    def test_req_jsapi_006_blob(self) -> None:
        """Blob and File keep bytes, slice them and read them in every way."""
        self.check("blob")

    def test_req_jsapi_002_streams(self) -> None:
        """Readable, writable and transform streams flow, tee, pipe, fail and cancel."""
        self.check("streams")

    def test_req_jsapi_005_events(self) -> None:
        """Events reach their listeners; errors in listeners are reported."""
        self.check("events")

    def test_req_jsapi_005_abort(self) -> None:
        """Signals abort once, by hand, by time and with others."""
        self.check("abort")

    def test_req_jsapi_005_timers(self) -> None:
        """Timers, microtasks, performance, navigator and DOMException."""
        self.check("timers")

    def test_req_jsapi_005_structured_clone(self) -> None:
        """Values are cloned with their identities, or refused with DataCloneError."""
        self.check("structured-clone")


class LockedRealmTests(_Areas, SynchronousTestCase):
    """Everything the pieces gave and all intrinsics are frozen."""

    frozen = True


class PlainContextTests(_Areas, SynchronousTestCase):
    """Nothing is frozen."""

    frozen = False
