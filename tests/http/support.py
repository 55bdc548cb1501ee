"""A running engine per test class."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeVar

from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.testing.client import Answer, Client
from aiwebengine.testing.engine import EngineProcess

T = TypeVar("T")

#: Wall-clock time nobody should need, however busy the machine; for tests whose subject is something else.
PATIENT_MS = 60_000


class EngineCase(SynchronousTestCase):
    """
    Tests that share one engine, started for their class.

    ``scripts`` are by file name, ``settings`` by dotted key.

    At the end it must stop as told to, with no traceback in its log.
    """

    scripts: ClassVar[Mapping[str, str]] = {}
    settings: ClassVar[Mapping[str, object]] = {}
    environment: ClassVar[str] = "development"
    engine: ClassVar[EngineProcess]
    client: ClassVar[Client]
    _to_run: ClassVar[int] = 0

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._to_run = 0

    def __init__(self, method_name: str = "runTest") -> None:
        super().__init__(method_name)
        type(self)._to_run += 1

    def run(self, result: Any) -> None:
        """Run a test; trial knows no class fixtures, so the last of the class to run ends the engine."""
        super().run(result)
        cls = type(self)
        cls._to_run -= 1
        if cls._to_run == 0 and "engine" in cls.__dict__:
            try:
                cls.end_engine()
            except Exception:
                result.addError(self, Failure())

    def setUp(self) -> None:
        if "engine" not in type(self).__dict__:
            self.begin_engine()

    @classmethod
    def begin_engine(cls) -> None:
        cls.directory = tempfile.mkdtemp(prefix="aiwebengine-test-")
        patient = {"server.request_timeout_ms": PATIENT_MS, "javascript.stack_size_bytes": 262_144}
        settings = {**patient, **cls.settings}
        cls.engine = EngineProcess(
            cls.directory, settings=settings, scripts=cls.scripts, environment=cls.environment
        )
        atexit.register(cls.engine.kill)
        cls.engine.start()
        cls.client = cls.engine.client
        failed = [
            entry for entry in cls.engine.admin.get("/engine/scripts").json["scripts"] if entry["error"]
        ]
        if failed:
            raise AssertionError(failed)

    @classmethod
    def end_engine(cls) -> None:
        try:
            cls.engine.stop()
            if "Traceback" in cls.engine.log:
                raise AssertionError(cls.engine.log)
        finally:
            cls.engine.kill()
            atexit.unregister(cls.engine.kill)
            shutil.rmtree(cls.directory, ignore_errors=True)

    def get(self, target: str, **headers: str) -> Answer:
        return self.client.get(target, {name.replace("_", "-"): value for name, value in headers.items()})

    def assert_error(self, answer: Answer, status: int, code: str) -> dict[str, Any]:
        """Check an error answer by the contract's shape and give its ``error``."""
        self.assertEqual((answer.status, answer.code), (status, code), answer)
        self.assertEqual(answer.header("content-type"), "application/json")
        body = answer.json
        self.assertEqual(body["status"], status)
        error: dict[str, Any] = body["error"]
        self.assertEqual(error["request_id"], answer.header("x-request-id"))
        self.assertRegex(error["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertIsInstance(error["message"], str)
        self.assertTrue({"path", "method"} <= error.keys())
        return error

    def logged(self, request_id: str) -> list[dict[str, Any]]:
        """Give the script log's entries of a request, oldest first."""
        answer = self.engine.admin.get(f"/engine/logs?request_id={request_id}&limit=1000")
        entries: list[dict[str, Any]] = answer.json["entries"]
        return sorted(entries, key=lambda entry: entry["seq"])


def all_at_once(calls: list[Callable[[], T]]) -> list[T]:
    """Make blocking calls in threads and give what they gave, in order."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]
