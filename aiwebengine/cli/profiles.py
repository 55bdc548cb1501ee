"""``aiwebengine profile ...``: engines by name, with their URL and API key."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import click

from aiwebengine.cli.terminal import is_terminal, print_json, print_table

__all__ = ["Profile", "ProfileBook", "profile", "profiles_file"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@attrs.frozen
class Profile:
    """One engine; ``api_key`` may be empty."""

    name: str
    url: str
    api_key: str = attrs.field(default="", repr=False)


def profiles_file() -> Path:
    """Give where profiles are kept: ``aiwebengine/profiles.json`` below the XDG configuration directory."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    # The specification has relative paths ignored.
    root = Path(base) if Path(base).is_absolute() else Path.home() / ".config"
    return root / "aiwebengine" / "profiles.json"


@attrs.define
class ProfileBook:
    """All profiles, and the name of the one in use (``""`` for none)."""

    file: Path
    profiles: dict[str, Profile] = attrs.field(factory=dict)
    current: str = ""

    @classmethod
    def read(cls, file: Path | None = None) -> ProfileBook:
        """Read the file; an absent one holds no profiles. Raises click.ClickException for a malformed one."""
        file = file or profiles_file()
        try:
            with file.open(encoding="utf-8") as opened:
                mode = os.fstat(opened.fileno()).st_mode
                data = json.load(opened)
            found = {
                str(name): Profile(str(name), str(one["url"]), str(one.get("api_key", "")))
                for name, one in data["profiles"].items()
            }
            current = str(data.get("current") or "")
        except FileNotFoundError:
            return cls(file)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise click.ClickException(f"{file} cannot be read: {type(error).__name__}: {error}") from None
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077 and any(one.api_key for one in found.values()):
            click.echo(f"warning: others can read the API keys in {file}; chmod 600 it", err=True)
        return cls(file, found, current if current in found else "")

    def write(self) -> None:
        """Write the file whole, readable by its owner only. Raises click.ClickException."""
        data: Mapping[str, Any] = {
            "current": self.current,
            "profiles": {
                one.name: {"url": one.url, "api_key": one.api_key} for one in self.profiles.values()
            },
        }
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # mkstemp's files are 0600 from the start.
            handle, name = tempfile.mkstemp(dir=self.file.parent, prefix=".profiles.")
            with os.fdopen(handle, "w", encoding="utf-8") as opened:
                json.dump(data, opened, indent=2)
                opened.write("\n")
            Path(name).replace(self.file)
        except OSError as error:
            raise click.ClickException(f"{self.file} cannot be written: {error.strerror}") from None

    def named(self, name: str) -> Profile:
        """Give a profile. Raises click.ClickException naming those there are."""
        try:
            return self.profiles[name]
        except KeyError:
            known = ", ".join(sorted(self.profiles)) or "none"
            raise click.ClickException(f"no profile {name!r}; there are: {known}") from None


_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


@click.group()
def profile() -> None:
    """Save engines by name, so that commands need no --url and --api-key."""


@profile.command()
@click.argument("name")
@click.option("--url", required=True, help="Where the engine answers.")
@click.option("--api-key-stdin", is_flag=True, help="Read its API key from standard input.")
@click.option("--use", "used", is_flag=True, help="Also make it the one in use.")
@_JSON
def add(name: str, url: str, api_key_stdin: bool, used: bool, as_json: bool) -> None:
    """
    Save an engine as NAME, replacing one of that name.

    The key is not taken as an argument: other users of this machine could see it there.
    """
    if not _NAME.fullmatch(name):
        raise click.BadParameter("must be letters, digits, dots, - and _", param_hint="NAME")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.BadParameter(f"{url!r} is no http or https URL", param_hint="--url")
    if parts.username is not None or parts.password is not None:
        raise click.BadParameter("must not hold a user or password", param_hint="--url")
    key = _read_key() if api_key_stdin else ""
    book = ProfileBook.read()
    replaced = name in book.profiles
    book.profiles[name] = Profile(name, url.rstrip("/"), key)
    if used:
        book.current = name
    book.write()
    if as_json:
        print_json(_shown(book, name))
    else:
        click.echo(f"{name}: {'replaced' if replaced else 'saved'}{', in use' if used else ''}")


@profile.command("list")
@_JSON
def list_profiles(as_json: bool) -> None:
    """List the profiles; a * marks the one in use. Keys are not shown."""
    book = ProfileBook.read()
    names = sorted(book.profiles)
    if as_json:
        print_json({"current": book.current or None, "profiles": [_shown(book, name) for name in names]})
        return
    lines = [("", "NAME", "URL", "KEY")]
    for name in names:
        one = book.profiles[name]
        lines.append(("*" if name == book.current else "", name, one.url, "yes" if one.api_key else "no"))
    print_table(lines)


@profile.command()
@click.argument("name", required=False)
@click.option("--none", "nothing", is_flag=True, help="Use no profile.")
@_JSON
def use(name: str | None, nothing: bool, as_json: bool) -> None:
    """Make NAME the profile of commands that name none."""
    if (name is None) != nothing:
        raise click.UsageError("give NAME or --none")
    book = ProfileBook.read()
    book.current = book.named(name).name if name else ""
    book.write()
    if as_json:
        print_json({"current": book.current or None})
    else:
        click.echo(f"{name}: in use" if name else "no profile in use")


@profile.command()
@click.argument("name")
@_JSON
def remove(name: str, as_json: bool) -> None:
    """Forget a profile and its key."""
    book = ProfileBook.read()
    del book.profiles[book.named(name).name]
    if book.current == name:
        book.current = ""
    book.write()
    if as_json:
        print_json({"name": name, "removed": True})
    else:
        click.echo(f"{name}: removed")


def _shown(book: ProfileBook, name: str) -> dict[str, Any]:
    one = book.profiles[name]
    return {"name": name, "url": one.url, "has_key": bool(one.api_key), "current": name == book.current}


def _read_key() -> str:
    if is_terminal(sys.stdin):
        key = str(click.prompt("API key", hide_input=True, err=True))
    else:
        key = sys.stdin.read()
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise click.ClickException("standard input holds no API key")
    return key
