"""Deployers that write down what an engine acknowledged, and the comparison with what is stored."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from aiwebengine.repository import open_repository
from aiwebengine.repository.model import LogQuery
from aiwebengine.repository.worker import InlineWorker
from aiwebengine.subsystems.management.audit import parse_audit
from aiwebengine.testing.engine import EngineProcess

_BROKEN = (OSError, http.client.HTTPException)


class Ledger:
    """What was acknowledged, by script: version to source; and what was sent, whatever came of it."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, dict[int, str]] = {}
        self.tried: dict[str, set[str]] = {}
        self.statuses: set[int] = set()
        self.retry_after: set[str | None] = set()

    @property
    def count(self) -> int:
        """How many deployments were acknowledged."""
        return sum(len(versions) for versions in self.acknowledged.values())

    def deploy(self, engine: EngineProcess, uri: str, source: str) -> int:
        """Put a script and write down what came of it; give the status, 0 when the connection broke."""
        self.tried.setdefault(uri, set()).add(source)
        try:
            answer = engine.put_script(uri, source)
        except _BROKEN:
            return 0
        self.statuses.add(answer.status)
        if answer.status in (200, 201):
            self.acknowledged.setdefault(uri, {})[answer.json["version"]] = source
        elif answer.status == 503:
            self.retry_after.add(answer.header("retry-after"))
        return answer.status

    def differences(self, url: str) -> list[str]:
        """Give in words where the database at ``url`` is not what was acknowledged."""
        repository = open_repository(url, worker=InlineWorker())
        try:
            return [*self._versions(repository), *self._audit(repository)]
        finally:
            _result(repository.close())

    def _versions(self, repository: Any) -> Any:
        for uri, known in self.acknowledged.items():
            stored = {one.version for one in _result(repository.versions(uri))}
            if sorted(stored) != list(range(1, len(stored) + 1)):
                yield f"{uri}: versions are not without a gap: {sorted(stored)}"
            for version, source in known.items():
                if version not in stored or _result(repository.version(uri, version)).source != source:
                    yield f"{uri}: version {version} was acknowledged and is not there"
            for version in stored - set(known):
                if _result(repository.version(uri, version)).source not in self.tried[uri]:
                    yield f"{uri}: version {version} was never sent"

    def _audit(self, repository: Any) -> Any:
        query = LogQuery(kind="audit", limit=100_000, after=0)
        entries = [parse_audit(one.message) for one in _result(repository.logs.query(query))]
        told = sorted((one["uri"], int(one["version"])) for one in entries if "refused" not in one)
        stored = sorted(
            (one.uri, version.version)
            for one in _result(repository.scripts())
            if one.uri in self.tried
            for version in _result(repository.versions(one.uri))
        )
        if told != stored:
            yield f"the audit trail has {told}, stored is {stored}"


class Crowd:
    """Threads that do something over and over until they are told to stop."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self.errors: list[BaseException] = []

    def add(self, work: Callable[[int], object]) -> None:
        """Call ``work(number)`` with ascending numbers."""

        def run() -> None:
            number = 0
            while not self._stopping.is_set():
                number += 1
                try:
                    work(number)
                except BaseException as error:
                    self.errors.append(error)
                    return

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        """Let them finish what they do, and raise the first error there was."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        if self.errors:
            raise self.errors[0]


def _result(coroutine: Any) -> Any:
    found: list[Any] = []
    Deferred.fromCoroutine(coroutine).addBoth(found.append)
    (result,) = found
    if hasattr(result, "raiseException"):
        result.raiseException()
    return result
