"""The catalogue of hostile scripts against a whole engine, in both ways of isolation (REQ-SEC-004)."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import IncompleteRead
from typing import ClassVar
from urllib.parse import quote

from aiwebengine.testing.client import Answer
from tests.http.support import EngineCase
from tests.security.hostile_scripts import (
    ATTACKS,
    CPU,
    ERROR,
    LEAKS,
    LOADS,
    WALL,
    Attack,
    Leak,
    Load,
    Outcome,
)

LIMITS = {
    "javascript.execution_timeout_ms": 150,
    "javascript.init_timeout_ms": 500,
    "javascript.memory_limit_bytes": 16_777_216,
    # What breaks off for want of memory may be answered by this alone, long before the client gives up.
    "server.request_timeout_ms": 10_000,
}
#: A chain of promises: where memory ends with one link too many it just stops, and nobody answers any more.
CHAIN = "then endlessly"
#: What may end by the wall clock alone, and so needs one that strikes soon.
WAITING = [attack for attack in ATTACKS if attack.outcomes[0] == WALL or attack.name == CHAIN]
HEALTHY = 'register("/healthy", () => "healthy");'


def fits(answer: Answer, outcomes: tuple[Outcome, ...]) -> bool:
    """Tell whether an answer is one of the outcomes allowed."""
    # A machine with other things to do may give a script so little CPU that its wall clock strikes first.
    for status, code in (*outcomes, WALL) if CPU in outcomes else outcomes:
        if answer.status == status and code in (None, answer.text if status == 200 else answer.code):
            return True
    return False


class Hostile(EngineCase):
    """An engine for all of a class; after each hostile script the others must still be served."""

    scripts = {"healthy.js": HEALTHY}
    isolation = "realm"
    more: ClassVar[Mapping[str, object]] = {}

    @classmethod
    def begin_engine(cls) -> None:
        cls.settings = {**LIMITS, **cls.more, "javascript.isolation": cls.isolation}
        super().begin_engine()

    def uri(self, name: str) -> str:
        return "hostile-" + "".join(c if c.isalnum() else "-" for c in name)

    def remove(self, uri: str) -> None:
        self.engine.admin.request("DELETE", f"/engine/scripts/{quote(uri, safe='')}")

    def check_healthy(self, name: str) -> None:
        """The script of someone else and the engine itself answer."""
        answer = self.get("/healthy")
        # All sandboxes may be starting anew: then it says so, and answers once one has.
        while answer.status == 503:
            answer = self.get("/healthy")
        self.assertEqual((answer.status, answer.text), (200, "healthy"), name)
        self.assertIn(self.get("/health").status, (200, 503))

    def attack(self, attack: Attack) -> str | None:
        """Give what was wrong."""
        uri = self.uri(attack.name)
        put = self.engine.put_script(uri, attack.source)
        if put.status != 201:
            # Refused already: as good.
            return None if put.status == 422 else f"{attack.name}: {put}"
        try:
            answer = self.get("/attack")
        except IncompleteRead:
            # A stream that was cut: its failure came after its head.
            answer = Answer(500, (), b'{"error": {"code": "SCRIPT_ERROR"}}')
        self.check_healthy(attack.name)
        self.remove(uri)
        return None if fits(answer, attack.outcomes) else f"{attack.name}: {answer}"

    def leak(self, leak: Leak) -> str | None:
        """Give what leaked."""
        uri = self.uri(leak.name)
        put = self.engine.put_script(uri, leak.source)
        if put.status == 422 and "is not defined" in put.text:
            # What it would leak by is not there at all.
            return None
        if put.status != 201:
            return f"{leak.name}: {put}"
        problem = None
        for _ in range(2):
            planted = self.get("/plant")
            if not fits(planted, leak.plant):
                problem = f"{leak.name}: {planted}"
            for _ in range(3):
                answer = self.get("/probe")
                if (answer.status, answer.text) != (200, "clean"):
                    problem = f"{leak.name}: {answer}"
        if self.get("/planted").status != 404:
            problem = f"{leak.name}: planted a route"
        self.check_healthy(leak.name)
        self.remove(uri)
        return problem

    def load(self, load: Load) -> str | None:
        """Give what was wrong."""
        uri = self.uri(load.name)
        answer = self.engine.put_script(uri, load.source)
        self.check_healthy(load.name)
        if answer.status == 201:
            # A handler that is not there is no reason to refuse the rest of a script; asking for it is a 500.
            asked = self.get("/x")
            self.remove(uri)
            return None if fits(asked, (ERROR,)) else f"{load.name}: {answer}, {asked}"
        return None if fits(answer, load.outcomes) else f"{load.name}: {answer}"

    def none_of(self, problems: list[str | None]) -> None:
        found = [problem for problem in problems if problem]
        self.assertEqual(found, [], "\n".join(found))


class RealmTests(Hostile):
    """Frozen realms, used again for requests of the same script."""

    def test_req_sec_004_attacks(self) -> None:
        self.none_of([self.attack(attack) for attack in ATTACKS if attack not in WAITING])

    def test_req_sec_004_leaks(self) -> None:
        self.none_of([self.leak(leak) for leak in LEAKS])

    def test_req_sec_004_loads(self) -> None:
        self.none_of([self.load(load) for load in LOADS])
        listed = [entry["uri"] for entry in self.engine.admin.get("/engine/scripts").json["scripts"]]
        self.assertEqual([uri for uri in listed if uri.startswith("hostile-load")], [])


class RuntimeTests(RealmTests):
    """A new context for each request."""

    isolation = "runtime"


class RealmWaitingTests(Hostile):
    """Those that wait for ever."""

    more = {"server.request_timeout_ms": 1500}

    def test_req_sec_004_waiting(self) -> None:
        self.assertTrue(WAITING)
        self.none_of([self.attack(attack) for attack in WAITING])


class RuntimeWaitingTests(RealmWaitingTests):
    """The same in new contexts."""

    isolation = "runtime"
