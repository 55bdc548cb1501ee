"""A client that keeps its connection, for the measurements in which one request follows another."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.errors import Unavailable
from benchmarks.processes import spent_by_role
from benchmarks.servers import Server, engine

__all__ = ["KEY", "Asker", "cpu_by_role", "not_loaded", "patient"]

#: The key of the engines that are measured.
KEY = "benchmark-lasting-0123456789abcdef"


class Asker:
    """One connection to an engine; with ``key`` each request carries it."""

    def __init__(self, url: str, key: str = "") -> None:
        parts = urlsplit(url)
        self._link = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=60)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        """Give status and body. Raises OSError or http.client.HTTPException."""
        headers = self._headers | ({"Content-Type": "application/javascript"} if body is not None else {})
        sent = None if body is None else body.encode("utf-8")
        self._link.request(method, path, body=sent, headers=headers)
        answer = self._link.getresponse()
        return answer.status, answer.read()

    def timed(self, path: str) -> tuple[float, Any]:
        """Give the seconds a GET took and its JSON. Raises `Unavailable` unless it was answered 200."""
        began = time.perf_counter()
        status, body = self.ask("GET", path)
        took = time.perf_counter() - began
        if status != 200:
            raise Unavailable(f"GET {path} was answered {status}: {body[:200]!r}")
        return took, json.loads(body)

    def close(self) -> None:
        """Close the connection."""
        self._link.close()


def patient(
    scratch: Path, path: str, extra: tuple[str, ...] = (), limit_s: float = 30.0
) -> tuple[Server, float]:
    """
    Start an engine, and wait as long as ``limit_s`` for ``path`` to be answered 200; give it and the seconds.

    Its scripts directory is ``scratch/scripts``. Raises `Unavailable`.
    """
    scripts = scratch / "scripts"
    scripts.mkdir(parents=True, exist_ok=True)
    port_file = scratch / "port"
    server = engine(scratch, scripts, (f"security.api_key={KEY}", *extra))
    while time.perf_counter() - server.began < limit_s:
        if port_file.exists() and (said := port_file.read_text().split()):
            server.url = said[0]
            asker = Asker(server.url)
            try:
                if asker.ask("GET", path)[0] == 200:
                    return server, time.perf_counter() - server.began
            except (OSError, http.client.HTTPException):
                pass
            finally:
                asker.close()
        time.sleep(0.01)
    front_s, sandboxes_s = cpu_by_role(server)
    server.stop()
    log = scratch / "output.log"
    last = log.read_text("utf-8", "replace").splitlines()[-3:]
    used = f"front {front_s:.1f} s, sandboxes {sandboxes_s:.1f} s of CPU so far"
    raise Unavailable(" | ".join([f"no answer within {limit_s:.0f} s ({used})", *last]))


def cpu_by_role(server: Server) -> tuple[float, float]:
    """Give the CPU seconds used so far by the front, and by its sandboxes."""
    return spent_by_role({}, server.cpu(), server.pid)


def not_loaded(asker: Asker) -> list[str]:
    """Give each listed script that does not load, with the reason."""
    _, listed = asker.timed("/engine/scripts")
    return [f"{one['uri']}: {one['error']}" for one in listed["scripts"] if one.get("error")]
