"""``aiwebengine assets ...``: look at and change the assets of a running engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from aiwebengine.cli.client import Management, Refused, management_options
from aiwebengine.cli.terminal import print_json, print_table

__all__ = ["assets"]

_PAGE = 1000


@click.group()
def assets() -> None:
    """List, store, read and delete the assets of a running engine."""


@assets.command("list")
@click.option("--prefix", default="", help="Only names that begin with this.")
@management_options
def list_assets(api: Management, as_json: bool, prefix: str) -> None:
    """List assets with type, size and where they are served."""
    found = list(_all(api, prefix))
    if as_json:
        print_json({"assets": found})
        return
    lines = [("NAME", "TYPE", "SIZE", "UPDATED", "SERVED AT")]
    lines += [
        (one["name"], one["content_type"], str(one["size"]), one["updated_at"], one["url"] or "-")
        for one in found
    ]
    print_table(lines)


@assets.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--prefix", default="", help="What names begin with, such as img/.")
@click.option("--type", "content_type", default="", help="Their media type; by their names without it.")
@click.option(
    "--public/--private", default=None, help="Whether they are served; as before, and new ones are, without."
)
@management_options
def put(
    api: Management,
    as_json: bool,
    files: tuple[Path, ...],
    prefix: str,
    content_type: str,
    public: bool | None,
) -> None:
    """
    Store files, replacing those of the same names.

    An asset's name is the file's, after --prefix; a directory stands for all files below it (but hidden
    ones), with paths relative to it. Exit status 1 when any of them was refused; the others are stored.
    """
    query = {} if public is None else {"public": str(public).lower()}
    headers = {"Content-Type": content_type or "application/octet-stream"}
    stored, failed = [], []
    for file, name in _named(files, prefix):
        try:
            content = file.read_bytes()
            answer = api.call("PUT", _path(name), query=query, body=content, headers=headers)
        except OSError as error:
            failed.append({"name": name, "error": f"{file}: {error.strerror}"})
        except Refused as error:
            if error.status == 0:
                raise
            failed.append({"name": name, "error": error.message})
        else:
            stored.append(answer.json())
            if not as_json:
                click.echo(
                    f"{name}: {'stored' if answer.status == 201 else 'replaced'}, {len(content)} bytes"
                )
            continue
        if not as_json:
            click.echo(f"{name}: {failed[-1]['error']}", err=True)
    if as_json:
        print_json({"assets": stored, "failed": failed})
    if failed:
        raise SystemExit(1)


@assets.command()
@click.argument("name")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@management_options
def get(api: Management, as_json: bool, name: str, output: Path | None) -> None:
    """Print an asset's bytes (with --json, all that is known of it)."""
    headers = {"Accept": "application/json" if as_json else "*/*"}
    answer = api.call("GET", _path(name), headers=headers)
    if output is not None:
        output.write_bytes(answer.body)
    elif as_json:
        print_json(answer.json())
    else:
        click.echo(answer.body, nl=False)


@assets.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@management_options
def delete(api: Management, as_json: bool, names: tuple[str, ...]) -> None:
    """Delete assets. Exit status 1 when one of them cannot be; the others are."""
    deleted, failed = [], []
    for name in names:
        try:
            api.call("DELETE", _path(name))
        except Refused as error:
            if error.status == 0:
                raise
            failed.append({"name": name, "error": error.message})
            if not as_json:
                click.echo(f"{name}: {error.message}", err=True)
        else:
            deleted.append(name)
            if not as_json:
                click.echo(f"{name}: deleted")
    if as_json:
        print_json({"deleted": deleted, "failed": failed})
    if failed:
        raise SystemExit(1)


def _all(api: Management, prefix: str) -> Iterator[dict[str, Any]]:
    after = ""
    while True:
        query = {"prefix": prefix, "after": after, "limit": _PAGE}
        page = api.call("GET", "/engine/assets", query=query).json()
        yield from page["assets"]
        after = page["next"]
        if not after:
            return


def _named(files: tuple[Path, ...], prefix: str) -> Iterator[tuple[Path, str]]:
    for file in files:
        if not file.is_dir():
            yield file, prefix + file.name
            continue
        for below in sorted(file.rglob("*")):
            relative = below.relative_to(file)
            if below.is_file() and not any(part.startswith(".") for part in relative.parts):
                yield below, prefix + relative.as_posix()


def _path(name: str) -> str:
    return f"/engine/assets/{quote(name, safe='')}"
