"""
What loading scripts gave, kept in the repository: a start need not load again what has not changed.

Kept is only what may be repeated without running anything (`LoadReport.repeatable`), by the digest of the
text and the fingerprint of all else it depends on. It is a shortcut and nothing more: whatever is missing,
damaged, of another text or of another engine counts as unknown, and the script is loaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from aiwebengine.interfaces import IKeyValueRepository
from aiwebengine.repository.namespaces import LOADS_NAMESPACE
from aiwebengine.sandbox.model import Diagnostic, Program, Registration
from aiwebengine.scripts.examine import Examination
from aiwebengine.scripts.model import LiveScript, Script, digest
from aiwebengine.scripts.routes import routes_of

__all__ = ["KeptLoads"]

_SETTLE_S = 1.0

_encode = msgspec.json.Encoder().encode


class _Load(msgspec.Struct, array_like=True):
    """What one script's load gave; the order of the fields is that of the stored list."""

    sha256: str
    names: tuple[str, ...]
    pieces: tuple[str, ...]
    error_handler: str | None
    registrations: tuple[tuple[str, str, dict[str, Any]], ...]
    remarks: tuple[tuple[str, str, str, int | None, int | None], ...]


class _Shelf(msgspec.Struct):
    """Some scripts' loads, which are stored together."""

    fingerprint: str
    loads: dict[str, msgspec.Raw]


_read_load = msgspec.json.Decoder(_Load).decode
_read_shelf = msgspec.json.Decoder(_Shelf).decode


class KeptLoads:
    """
    Loads by URI, on 256 shelves, each one value in a key-value store.

    ``make_program`` is `SandboxPool.make_program`; ``fingerprint`` is asked once, when it is first needed;
    ``clock`` has ``callLater``. Nothing here raises for what the store does: a failure is logged.
    """

    def __init__(
        self,
        store: IKeyValueRepository,
        make_program: Callable[..., Program],
        fingerprint: Callable[[], str],
        clock: Any,
    ) -> None:
        self._store = store
        self._make_program = make_program
        self._ask_fingerprint = fingerprint
        self._clock = clock
        self._log = Logger()
        self._known_fingerprint = ""
        self._pending: dict[str, bytes | None] = {}
        self._timer: Any = None
        self._writing: Deferred[None] | None = None
        self._ended = False

    async def known(self, scripts: Sequence[Script]) -> dict[str, Examination]:
        """Give what loading these scripts would give, for those of which it is known."""
        found: dict[str, Examination] = {}
        for shelf, members in _by_shelf(scripts, lambda script: script.uri).items():
            try:
                loads = (await self._read(shelf)).loads
                for script in members:
                    if script.uri in loads:
                        load = _read_load(loads[script.uri])
                        if load.sha256 == digest(script.source):
                            found[script.uri] = self._examination(script, load)
            except Exception as error:
                self._log.warn(
                    "what was kept of loading scripts ({shelf}) is not used: {error}",
                    shelf=shelf,
                    error=error,
                )
        return found

    def keep(self, loads: Mapping[str, Examination | None]) -> None:
        """Have what loading gave kept by URI, soon; None, or what may not be repeated, is forgotten."""
        if self._ended:
            return
        for uri, one in loads.items():
            self._pending[uri] = _packed(one) if one is not None else None
        if self._pending and self._timer is None and self._writing is None:
            # Deployments come in swarms.
            self._timer = self._clock.callLater(_SETTLE_S, self._begin)

    async def stop(self) -> None:
        """Write what is still to be written; nothing is kept afterwards."""
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
            self._begin()
        if self._writing is not None:
            done: Deferred[None] = Deferred()
            self._writing.addBoth(lambda _: done.callback(None))
            await done

    def _begin(self) -> None:
        self._timer = None
        self._writing = Deferred.fromCoroutine(self._write())
        # A write that never waited is over already.
        self._writing.addBoth(lambda _: self._written())

    def _written(self) -> None:
        self._writing = None

    async def _write(self) -> None:
        while self._pending:
            pending, self._pending = self._pending, {}
            for shelf, members in _by_shelf(pending.items(), lambda item: item[0]).items():
                try:
                    await self._change(shelf, dict(members))
                except Exception as error:
                    self._log.warn(
                        "what loading scripts gave is not kept ({shelf}): {error}", shelf=shelf, error=error
                    )

    async def _change(self, shelf: str, changes: Mapping[str, bytes | None]) -> None:
        try:
            loads = (await self._read(shelf)).loads
        except (msgspec.MsgspecError, ValueError):
            loads = {}
        before = dict(loads)
        for uri, load in changes.items():
            if load is None:
                loads.pop(uri, None)
            else:
                loads[uri] = msgspec.Raw(load)
        if {uri: bytes(raw) for uri, raw in loads.items()} != {u: bytes(raw) for u, raw in before.items()}:
            text = _encode(_Shelf(self._fingerprint, loads)).decode()
            await self._store.set(LOADS_NAMESPACE, shelf, {"sha256": _sum(text), "text": text})

    async def _read(self, shelf: str) -> _Shelf:
        """Give a shelf, an empty one if it is of another fingerprint. Raises ValueError for a damaged one."""
        kept = await self._store.get(LOADS_NAMESPACE, shelf)
        if kept is None:
            return _Shelf(self._fingerprint, {})
        value = kept.value
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            raise ValueError("not what was written")
        if value.get("sha256") != _sum(value["text"]):
            raise ValueError("damaged")
        found = _read_shelf(value["text"])
        return found if found.fingerprint == self._fingerprint else _Shelf(self._fingerprint, {})

    @property
    def _fingerprint(self) -> str:
        self._known_fingerprint = self._known_fingerprint or self._ask_fingerprint()
        return self._known_fingerprint

    def _examination(self, script: Script, load: _Load) -> Examination:
        uri = script.uri
        program = self._make_program(
            uri, script.version, script.source, load.names, load.error_handler, load.pieces
        )
        registrations = tuple(Registration(*one) for one in load.registrations)
        remarks = tuple(Diagnostic(*one) for one in load.remarks)
        routes = routes_of(uri, program, registrations)
        live = LiveScript(program, registrations)
        return Examination(uri, remarks, None, live, routes, registrations, repeatable=True)


def _packed(found: Examination) -> bytes | None:
    """Give the stored form of a load; None for what may not be repeated, or what JSON cannot hold."""
    if found.live is None or not found.repeatable:
        return None
    program = found.live.program
    try:
        load = _Load(
            digest(program.source),
            program.names,
            program.pieces,
            program.error_handler,
            tuple((one.kind, one.key, dict(one.data)) for one in found.registrations),
            tuple((one.severity, one.code, one.message, one.line, one.column) for one in found.diagnostics),
        )
        packed = _encode(load)
        return packed if _read_load(packed) == load else None
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError):
        return None


def _by_shelf(items: Iterable[Any], uri_of: Callable[[Any], str]) -> dict[str, list[Any]]:
    shelves: dict[str, list[Any]] = {}
    for item in items:
        name = hashlib.blake2b(uri_of(item).encode(), digest_size=1).hexdigest()
        shelves.setdefault(name, []).append(item)
    return shelves


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
