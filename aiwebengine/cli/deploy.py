"""``aiwebengine deploy FILE...``: put scripts into a running engine, once or whenever they change."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
import click

from aiwebengine.cli.client import Management, Refused, management_options, script_path
from aiwebengine.cli.terminal import is_terminal, paint, print_json
from aiwebengine.cli.watching import LOOK_S, Watcher

__all__ = ["deploy"]

_SOURCE = {"Content-Type": "application/javascript; charset=utf-8"}


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--uri", help="The script's URI; for one file only.")
@click.option(
    "--base",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Make URIs relative to this directory.",
)
@click.option("-m", "--message", default="", help="What changed; kept with the version.")
@click.option("--expect", type=int, help="Refuse unless this is the current version; for one file only.")
@click.option(
    "--canary",
    type=click.FloatRange(0, 100, min_open=True),
    metavar="PERCENT",
    help="Send the new versions this share of the requests for now; see aiwebengine scripts canary.",
)
@click.option("--check", is_flag=True, help="Check the scripts and change nothing.")
@click.option("--atomic", is_flag=True, help="Deploy all files or none.")
@click.option("--watch", is_flag=True, help="Then deploy each file again whenever it changes.")
@management_options
def deploy(
    api: Management,
    as_json: bool,
    files: tuple[Path, ...],
    uri: str | None,
    base: Path | None,
    message: str,
    expect: int | None,
    canary: float | None,
    check: bool,
    atomic: bool,
    watch: bool,
) -> None:
    """
    Put scripts into a running engine.

    A file's URI is its name, or its path relative to --base; a directory stands for all .js files below it
    (but *.test.js, hidden ones and node_modules), with paths relative to it. Exit status 1 when any of them
    was refused.
    """
    if check and atomic:
        raise click.UsageError("--check changes nothing; it goes without --atomic")
    if canary is not None and (check or atomic or watch):
        raise click.UsageError("--canary goes without --check, --atomic and --watch")
    scripts = _collect(files, base)
    if (uri or expect is not None) and len(scripts) != 1:
        raise click.UsageError("--uri and --expect are for one file")
    if watch and expect is not None:
        raise click.UsageError("--expect is for one deployment; it goes without --watch")
    named = {uri: next(iter(scripts.values()))} if uri else scripts
    work = _Deployment(api, as_json, message, expect, canary, check, atomic)
    failed = work.run(named)
    if watch:
        _watch(work, files, base, uri)
        return
    if failed:
        raise Refused(f"{failed} of {len(named)} scripts refused")


@attrs.frozen
class _Deployment:
    """How files are to be deployed."""

    api: Management
    as_json: bool
    message: str
    expect: int | None
    canary: float | None
    check: bool
    atomic: bool

    def run(self, scripts: Mapping[str, Path], *, stamp: str = "") -> int:
        """Deploy, print what became of it (each line after ``stamp``), and give how many were refused."""
        results: list[dict[str, Any]] = []
        if self.atomic:
            results = self._batch(scripts)
            for result in results:
                self._show(result, stamp)
        else:
            with _progress(len(scripts), quiet=self.as_json or bool(stamp)) as advance:
                for uri, file in scripts.items():
                    results.append(self._one(uri, file))
                    advance(uri)
                    if advance is _nothing:
                        self._show(results[-1], stamp)
            if advance is not _nothing:
                for result in results:
                    self._show(result, stamp)
        if self.as_json and stamp:
            for result in results:
                click.echo(json.dumps(result, ensure_ascii=False))
        elif self.as_json:
            print_json(results)
        return sum(not result["ok"] for result in results)

    def _one(self, uri: str, file: Path) -> dict[str, Any]:
        try:
            source = _read(file)
            if self.check:
                path = f"/engine/check?uri={quote(uri, safe='')}"
                report = self.api.call("POST", path, body=source.encode(), headers=_SOURCE).json()
                return {"uri": uri, "file": str(file), **report}
            headers = dict(_SOURCE) if self.expect is None else {**_SOURCE, "If-Match": f'"{self.expect}"'}
            query = {"message": self.message, "canary": self.canary}
            answer = self.api.call(
                "PUT", script_path(uri), query=query, body=source.encode(), headers=headers
            )
            return {"uri": uri, "file": str(file), "ok": True, **answer.json()}
        except Refused as refusal:
            current = refusal.details.get("current")
            if self.expect is not None and refusal.status == 412 and isinstance(current, int):
                now = f"the current one is {current}" if current else "there is no such script"
                said = f"version {self.expect} was expected, {now} (412 {refusal.code})"
                refusal = Refused(said, 412, refusal.code, said, refusal.details)
            return _refused(uri, file, refusal)

    def _batch(self, scripts: Mapping[str, Path]) -> list[dict[str, Any]]:
        """Deploy all in one change; when it is refused, the result of each says so."""
        try:
            sources = {uri: _read(file) for uri, file in scripts.items()}
            asked = {"scripts": sources} | ({"message": self.message} if self.message else {})
            headers = {"Content-Type": "application/json"}
            answer = self.api.call(
                "POST", "/engine/batch", body=json.dumps(asked).encode(), headers=headers
            ).json()
        except Refused as refusal:
            culprit = refusal.details.get("uri")
            others = Refused("not deployed, since another script was refused")
            return [
                _refused(uri, file, refusal if culprit in (uri, None) or culprit not in scripts else others)
                for uri, file in scripts.items()
            ]
        records = {record["uri"]: record for record in answer["scripts"]}
        return [
            {"uri": uri, "file": str(file), "ok": True, **records.get(uri, {})}
            for uri, file in scripts.items()
        ]

    def _show(self, result: Mapping[str, Any], stamp: str) -> None:
        """Print what became of one script."""
        if self.as_json:
            return
        uri, file = result["uri"], result["file"]
        if "reason" in result:
            place = ":".join(str(part) for part in (file, result["line"], result["column"]) if part)
            click.echo(f"{stamp}{place}: {paint(result['reason'], 'red')}", err=True)
            return
        for remark in result.get("diagnostics", ()):
            place = ":".join(str(part) for part in (file, remark.get("line"), remark.get("column")) if part)
            colour = {"error": "red", "warning": "yellow"}.get(remark["severity"], "")
            severity = paint(remark["severity"], colour) if colour else remark["severity"]
            click.echo(f"{stamp}{place}: {severity}: {remark['message']} ({remark['code']})")
        routes = ", ".join(f"{route['method']} {route['path']}" for route in result.get("routes", ()))
        if not result["ok"]:
            click.echo(f"{stamp}{uri}: {paint('does not load', 'red')}", err=True)
            return
        state = f"version {result['version']}" if "version" in result else "ok" if self.check else "deployed"
        if self.canary is not None and (canary := result.get("canary")):
            state = f"version {canary['version']} on trial with {canary['percent']:g} %"
        click.echo(f"{stamp}{uri}: {paint(state, 'green')}, {routes or 'no routes'}")


def _refused(uri: str, file: Path, refusal: Refused) -> dict[str, Any]:
    details = refusal.details
    return {
        "uri": uri,
        "file": str(file),
        "ok": False,
        "reason": refusal.reason,
        "code": refusal.code,
        "line": details.get("line"),
        "column": details.get("column"),
    }


def _collect(files: Sequence[Path], base: Path | None) -> dict[str, Path]:
    """Give the file of each URI. Raises click.UsageError for a URI named twice or a file outside ``base``."""
    found: dict[str, Path] = {}
    for given in files:
        inside = _below(given) if given.is_dir() else [given]
        root = base or (given if given.is_dir() else given.parent)
        if not inside:
            raise click.UsageError(f"{given} holds no .js file")
        for file in inside:
            if not file.resolve().is_relative_to(root.resolve()):
                raise click.UsageError(f"{file} is not below {root}")
            uri = file.resolve().relative_to(root.resolve()).as_posix()
            if uri in found and found[uri].resolve() != file.resolve():
                raise click.UsageError(f"{found[uri]} and {file} would both be {uri}; use --base")
            found[uri] = file
    return found


def _below(directory: Path) -> list[Path]:
    """Give the scripts of a directory, those the engine would load from it."""
    from aiwebengine.subsystems.script_directories.files import list_scripts

    listing = list_scripts([directory])
    for name, reason in listing.problems:
        click.echo(f"warning: {name}: {reason}", err=True)
    return [one.path for one in listing.files.values()]


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"cannot be read: {error}") from None


def _nothing(uri: str) -> None:
    """Draw no progress."""


@contextmanager
def _progress(count: int, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Draw a bar while several files are deployed, where someone sees it."""
    if quiet or count < 2 or not is_terminal(sys.stderr):
        yield _nothing
        return
    bar = click.progressbar(
        length=count, label="deploying", file=sys.stderr, item_show_func=lambda uri: uri or ""
    )
    with bar:
        yield lambda uri: bar.update(1, uri)


def _watch(work: _Deployment, files: Sequence[Path], base: Path | None, uri: str | None) -> None:
    """Deploy what changes until interrupted; each change is a line with the time before it."""

    def listed() -> dict[Path, str]:
        try:
            return {file: uri or name for name, file in _collect(files, base).items()}
        except click.UsageError:
            # All files may be gone for a moment while an editor or a checkout replaces them.
            return {}

    uris = listed()
    watcher = Watcher(listed)
    if not work.as_json:
        click.echo(paint(f"watching {len(uris)} file(s) (Ctrl-C ends)", dim=True), err=True)
    try:
        while True:
            time.sleep(LOOK_S)
            found = watcher.look()
            if found is None:
                continue
            changed, gone = found
            known = uris | listed()
            uris = known
            stamp = f"{datetime.now().astimezone():%H:%M:%S} "
            for file in gone:
                text = f"{stamp}{known.get(file, file)}: the file is gone, the script is not"
                click.echo(paint(text, "yellow"), err=True)
            if changed:
                work.run({known[file]: file for file in changed if file in known}, stamp=stamp)
    except KeyboardInterrupt:
        return
