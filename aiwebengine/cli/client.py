"""The client of the management API (`/engine/...`) which the commands share."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from functools import update_wrapper
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import attrs
import click
from click.core import ParameterSource

from aiwebengine.cli.profiles import ProfileBook

__all__ = ["Answer", "Management", "Refused", "management_options", "script_path"]

_TIMEOUT_S = 60.0
_DEFAULT_URL = "http://127.0.0.1:8080"


class Refused(click.ClickException):
    """
    The engine could not be reached or said no; the message is for people, exit status 1.

    ``status`` is 0 when it was not reached. ``reason`` is the message without the place in a script that
    ``details`` name: ``uri``, ``line``, ``column``.
    """

    def __init__(
        self,
        message: str,
        status: int = 0,
        code: str = "",
        reason: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.reason = reason or message
        self.details = details or {}


@attrs.frozen
class Answer:
    """A successful answer: ``status``, ``headers`` with lower-case names, ``body``."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Give the body's JSON data. Raises `Refused` when it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise Refused("the answer is not JSON; does the URL belong to an aiwebengine?") from None


@attrs.frozen
class Management:
    """One engine's management API at ``url`` (scheme, host, port, maybe a path prefix)."""

    url: str
    api_key: str = attrs.field(default="", repr=False)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make a request and give the answer. Raises `Refused` for a status of 300 or more, or no answer."""
        with self._open(method, path, query, body, headers, _TIMEOUT_S) as response:
            try:
                content = response.read()
            except (OSError, HTTPException) as error:
                raise Refused(f"{self.url}: the answer broke off: {error}") from None
            return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, content)

    def lines(
        self, path: str, *, query: Mapping[str, object], headers: Mapping[str, str], timeout_s: float
    ) -> Iterator[str]:
        """
        Give the lines of a streamed answer until it ends or is silent for ``timeout_s``.

        Raises `Refused` when it does not begin; a connection that breaks later ends the iteration.
        """
        with self._open("GET", path, query, None, headers, timeout_s) as response:
            try:
                for line in response:
                    yield line.decode("utf-8", "replace").rstrip("\r\n")
            except (OSError, HTTPException):
                return

    def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None,
        body: bytes | None,
        headers: Mapping[str, str] | None,
        timeout_s: float,
    ) -> HTTPResponse:
        given = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        url = self.url.rstrip("/") + path + (f"?{urllib.parse.urlencode(given)}" if given else "")
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Refused(f"{self.url!r} is no http or https URL")
        request = urllib.request.Request(url, data=body, method=method)  # noqa: S310 - checked just above
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        if self.api_key:
            request.add_header("Authorization", f"Bearer {self.api_key}")
        # No proxy stands between this machine and itself, whatever the environment says.
        proxies = [urllib.request.ProxyHandler({})] if _is_loopback(parts.hostname) else []
        opener = urllib.request.build_opener(_KeepTheKey, *proxies)
        try:
            response: HTTPResponse = opener.open(request, timeout=timeout_s)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.code, error.read(), error.headers.get("Location")) from None
        except urllib.error.URLError as error:
            raise Refused(f"{self.url} does not answer: {error.reason}") from None
        except (OSError, HTTPException, ValueError) as error:
            raise Refused(f"{self.url} does not answer: {error}") from None
        return response


class _KeepTheKey(urllib.request.HTTPRedirectHandler):
    """Refuses to follow redirects: the API key is for the URL named and no other."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Have urllib treat the redirect as an error."""
        return


def script_path(uri: str, *rest: str) -> str:
    """Give the management path of a script; its URI is one percent-encoded segment."""
    return "/".join(["/engine/scripts", urllib.parse.quote(uri, safe=""), *rest])


def management_options(function: Callable[..., None]) -> Callable[..., None]:
    """
    Give a command ``--url --api-key --profile --json``; it is called with ``api`` and ``as_json``.

    Options win over ``--profile`` (or ``AIWEBENGINE_PROFILE``), that over the other variables, those over the
    profile in use. A profile's key goes to the profile's URL only. Without any key, an engine on this machine
    is asked with the one which an engine in development keeps in ``var``.
    """

    def wrapped(url: str, api_key: str, profile: str, **arguments: Any) -> None:
        url, api_key = _engine(url, api_key, profile)
        parts = urllib.parse.urlsplit(url)
        near = _is_loopback(parts.hostname or "")
        if api_key and parts.scheme == "http" and not near:
            click.echo(f"warning: the API key goes to {parts.hostname} unencrypted; use https", err=True)
        key = api_key or (_kept_key() if near else "")
        function(Management(url, key), **arguments)

    options = (
        click.option(
            "--url",
            envvar="AIWEBENGINE_URL",
            default=_DEFAULT_URL,
            show_default=True,
            show_envvar=True,
            help="Where the engine answers.",
        ),
        click.option(
            "--api-key", envvar="AIWEBENGINE_API_KEY", default="", show_envvar=True, help="Its api_key."
        ),
        click.option(
            "--profile",
            envvar="AIWEBENGINE_PROFILE",
            default="",
            metavar="NAME",
            show_envvar=True,
            help="A saved URL and key; see aiwebengine profile.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text."),
    )
    result: Callable[..., None] = update_wrapper(wrapped, function)
    for option in reversed(options):
        result = option(result)
    return result


def _engine(url: str, api_key: str, profile: str) -> tuple[str, str]:
    """Give the URL and key by options, profile and environment."""
    context = click.get_current_context()

    def said(name: str) -> ParameterSource | None:
        return context.get_parameter_source(name)

    if said("url") is ParameterSource.COMMANDLINE:
        if profile and said("profile") is ParameterSource.COMMANDLINE:
            raise click.UsageError("give --url or --profile")
        return url, api_key
    if not profile and said("url") is ParameterSource.ENVIRONMENT:
        return url, api_key
    book = ProfileBook.read()
    if not profile and not book.current:
        return url, api_key
    chosen = book.named(profile or book.current)
    given = api_key if said("api_key") is ParameterSource.COMMANDLINE else ""
    return chosen.url, given or chosen.api_key or api_key


def _kept_key() -> str:
    try:
        return (Path("var") / "api_key").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refusal(status: int, body: bytes, location: str | None) -> Refused:
    """Say why the engine refused, with the script's line where it names one."""
    if location:
        return Refused(f"{status}: the engine answers at {location}; use that as --url", status)
    try:
        error = json.loads(body)["error"]
        message, code, details = str(error["message"]), str(error.get("code", "")), error.get("details") or {}
    except (ValueError, KeyError, TypeError, AttributeError):
        text = body.decode("utf-8", "replace").strip()
        return Refused(f"{status}: {text[:500]}" if text else f"the engine answered {status}", status)
    details = details if isinstance(details, dict) else {}
    place = ""
    if details.get("line"):
        place = f"line {details['line']}"
        place += f", column {details['column']}" if details.get("column") else ""
        place += ": "
        # The message of a script that does not load may begin with the place, too.
        message = re.sub(rf"^\S+:{details['line']}: ", "", message)
    hint = "; give --api-key, set AIWEBENGINE_API_KEY or choose a --profile" if status == 401 else ""
    said = f"{message} ({status} {code}){hint}"
    return Refused(place + said, status, code, said, details)
