"""``aiwebengine deploy FILE...``: put scripts into a running engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from aiwebengine.cli.client import Management, Refused, management_options, script_path

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
@click.option("--check", is_flag=True, help="Check the scripts and change nothing.")
@click.option("--atomic", is_flag=True, help="Deploy all files or none.")
@management_options
def deploy(
    api: Management,
    as_json: bool,
    files: tuple[Path, ...],
    uri: str | None,
    base: Path | None,
    message: str,
    expect: int | None,
    check: bool,
    atomic: bool,
) -> None:
    """
    Put scripts into a running engine.

    A file's URI is its name, or its path relative to --base; a directory stands for all .js files below it,
    with paths relative to it. Exit status 1 when any of them was refused.
    """
    scripts = _collect(files, base)
    if (uri or expect is not None) and len(scripts) != 1:
        raise click.UsageError("--uri and --expect are for one file")
    if uri:
        scripts = {uri: next(iter(scripts.values()))}
    sources = {name: _read(file) for name, file in scripts.items()}
    if atomic and not check:
        _batch(api, as_json, sources)
        return
    results: list[Any] = []
    failed = 0
    for name, source in sources.items():
        try:
            results.append(_check(api, name, source) if check else _put(api, name, source, message, expect))
        except Refused as refusal:
            results.append({"uri": name, "ok": False, "reason": refusal.message})
        failed += results[-1].get("ok") is False
        if not as_json:
            _show(results[-1], check)
    if as_json:
        click.echo(json.dumps(results, indent=2, ensure_ascii=False))
    if failed:
        raise Refused(f"{failed} of {len(results)} scripts refused")


def _collect(files: tuple[Path, ...], base: Path | None) -> dict[str, Path]:
    """Give the file of each URI. Raises click.UsageError for a URI named twice or a file outside ``base``."""
    found: dict[str, Path] = {}
    for given in files:
        inside = sorted(given.rglob("*.js")) if given.is_dir() else [given]
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


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{file}: {error}") from None


def _put(api: Management, uri: str, source: str, message: str, expect: int | None) -> Any:
    headers = dict(_SOURCE) if expect is None else {**_SOURCE, "If-Match": f'"{expect}"'}
    path = script_path(uri)
    return api.call("PUT", path, query={"message": message}, body=source.encode(), headers=headers).json()


def _check(api: Management, uri: str, source: str) -> Any:
    path = f"/engine/check?uri={quote(uri, safe='')}"
    return {"uri": uri, **api.call("POST", path, body=source.encode(), headers=_SOURCE).json()}


def _batch(api: Management, as_json: bool, sources: dict[str, str]) -> None:
    body = json.dumps({"scripts": sources}).encode()
    answer = api.call("POST", "/engine/batch", body=body, headers={"Content-Type": "application/json"})
    if as_json:
        click.echo(answer.body.decode())
    else:
        click.echo(f"deployed {', '.join(sources)}")


def _show(result: Any, check: bool) -> None:
    """Print what became of one script."""
    uri = result["uri"]
    if "reason" in result:
        click.echo(f"{uri}: {result['reason']}", err=True)
        return
    for remark in result.get("diagnostics", ()):
        place = ":".join(str(remark[key]) for key in ("line", "column") if remark.get(key))
        click.echo(f"{uri}:{place}: {remark['severity']}: {remark['message']} ({remark['code']})")
    routes = ", ".join(f"{route['method']} {route['path']}" for route in result.get("routes", ()))
    if not check:
        click.echo(f"{uri}: version {result['version']}, {routes or 'no routes'}")
    elif result["ok"]:
        click.echo(f"{uri}: ok, {routes or 'no routes'}")
    else:
        click.echo(f"{uri}: does not load", err=True)
