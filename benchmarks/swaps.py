"""Whether requests fail while a script is replaced again and again: keep-alive clients beside an author."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from benchmarks.asking import KEY, patient
from benchmarks.deploys import figures_ms, source, told
from benchmarks.errors import Unavailable

__all__ = ["Seen", "swaps"]

_PATH = "/live"
_URI = "/engine/scripts/live.js"
_LIMIT_S = 60.0


@attrs.define
class Seen:
    """What clients saw; ``acknowledged`` and ``sent`` are the newest version whose PUT ended and began."""

    acknowledged: int = 0
    sent: int = 0
    done: bool = False
    answers: int = 0
    not_200: int = 0
    mixed: int = 0
    stale: int = 0
    connection_errors: int = 0
    seconds: list[float] = attrs.field(factory=list, repr=False)

    def judge(self, status: int, body: bytes, floor: int) -> None:
        """
        Count an answer; ``floor`` was the newest acknowledged version when its request left.

        Any version from there to the newest one sent is right: "old or new".
        """
        self.answers += 1
        version = told(body) if status == 200 else None
        if status != 200:
            self.not_200 += 1
        elif version is None:
            self.mixed += 1
        elif not floor <= version <= self.sent:
            self.stale += 1

    @property
    def failures(self) -> int:
        """How many requests were not answered as they ought to be."""
        return self.not_200 + self.mixed + self.stale + self.connection_errors


def swaps(scratch: Path, count: int, connections: int) -> dict[str, object]:
    """Replace a script ``count`` times while ``connections`` clients ask for it without a pause."""
    file = scratch / "scripts" / "ready.js"
    file.parent.mkdir(parents=True)
    file.write_text(source("/ready", 0), "utf-8")
    server, _ = patient(scratch, "/ready")
    try:
        began = time.perf_counter()
        seen, put_s = asyncio.run(_together(server.url, count, connections))
        took = time.perf_counter() - began
    finally:
        server.stop()
    return {
        "swaps": seen.acknowledged,
        "asked_swaps": count,
        "connections": connections,
        "seconds": took,
        "requests": seen.answers,
        "failures": seen.failures,
        "not_200": seen.not_200,
        "mixed_bodies": seen.mixed,
        "outdated_bodies": seen.stale,
        "connection_errors": seen.connection_errors,
        "request": figures_ms(seen.seconds),
        "put": figures_ms(put_s),
    }


async def _together(url: str, count: int, connections: int) -> tuple[Seen, list[float]]:
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or 80)
    seen = Seen()
    reader, writer = await asyncio.open_connection(*address)
    await _put(reader, writer, seen, 0)
    clients = [asyncio.create_task(_client(address, seen)) for _ in range(connections)]
    put_s = []
    end = time.perf_counter() + _LIMIT_S
    try:
        for number in range(1, count + 1):
            began = time.perf_counter()
            if began > end:
                break
            await _put(reader, writer, seen, number)
            put_s.append(time.perf_counter() - began)
            await asyncio.sleep(0.005)
    finally:
        seen.done = True
        await asyncio.wait_for(asyncio.gather(*clients), 30)
        writer.close()
    return seen, put_s


async def _put(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Seen, number: int) -> None:
    body = source(_PATH, number).encode("utf-8")
    head = (
        f"PUT {_URI} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: application/javascript\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    seen.sent = number
    writer.write(head.encode("ascii") + body)
    status, said = await _answer(reader)
    if status not in (200, 201):
        raise Unavailable(f"a PUT was answered {status}: {said[:200]!r}")
    seen.acknowledged = number


async def _client(address: tuple[str, int], seen: Seen) -> None:
    request = f"GET {_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode("ascii")
    while not seen.done:
        try:
            reader, writer = await asyncio.open_connection(*address)
            while not seen.done:
                floor, began = seen.acknowledged, time.perf_counter()
                writer.write(request)
                status, body = await _answer(reader)
                seen.seconds.append(time.perf_counter() - began)
                seen.judge(status, body, floor)
            writer.close()
        except (OSError, asyncio.IncompleteReadError, ValueError):
            # A connection ended while a request was on it, or what came is not HTTP.
            seen.connection_errors += 1
            await asyncio.sleep(0.01)


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Give status and body of an answer with a Content-Length. Raises ValueError for anything else."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split()[1])
    sizes = [int(line.partition(":")[2]) for line in head if line.lower().startswith("content-length:")]
    if len(sizes) != 1:
        raise ValueError(f"no single Content-Length in {head!r}")
    return status, await reader.readexactly(sizes[0])
