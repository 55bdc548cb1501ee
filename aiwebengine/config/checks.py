"""
Checks of single values, for ``Meta(extra={"check": ...})`` of a settings field.

Each takes the converted value and gives None when it is fine, else what was expected.
"""

from __future__ import annotations

import re

from aiwebengine.config.secret import Secret

__all__ = [
    "connection_url",
    "endpoint",
    "header_name",
    "header_value",
    "host",
    "network",
    "public_url",
    "rate",
]

_RATE = re.compile(r"[1-9][0-9]{0,8}/(?:[1-9][0-9]{0,5})?(?:second|minute|hour|day|s|m|h|d)")
_HOST_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


def host(value: str) -> str | None:
    """Accept an IP address (IPv6 without brackets) or a host name."""
    import ipaddress

    try:
        ipaddress.ip_address(value)
    except ValueError:
        labels = value.removesuffix(".").split(".")
        if len(value) > 253 or not all(_HOST_LABEL.fullmatch(label) for label in labels):
            return "an IP address or a host name"
        if all(label.isdigit() for label in labels):
            return "an IPv4 address has four numbers from 0 to 255"
    return None


def network(value: str) -> str | None:
    """Accept an IP address or a network in CIDR notation without host bits."""
    import ipaddress

    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        hint = " (no host bits may be set)" if "host bits" in str(error) else ""
        return f'an IP address or a network such as "10.0.0.0/8"{hint}'
    return None


def endpoint(value: str) -> str | None:
    """Accept a Twisted server endpoint string that parses, such as ``tcp:8080:interface=127.0.0.1``."""
    if value.startswith("systemd:"):
        # Parsing it takes the inherited sockets, which only the service itself has.
        fields = dict(part.partition("=")[::2] for part in value.split(":")[1:])
        return (
            None
            if fields.get("domain") and fields.get("index", "").isdigit()
            else ('a Twisted endpoint string such as "systemd:domain=INET:index=0"')
        )
    from twisted.internet.endpoints import serverFromString

    try:
        # Parsers only keep the reactor; anything may go wrong in those of third parties.
        serverFromString(object(), value)
    except Exception:
        return 'a Twisted endpoint string such as "tcp:8080:interface=127.0.0.1"'
    port = re.match(r"(?:tcp|tcp6|ssl):(?:port=)?(\d+)", value)
    if port is not None and int(port[1]) > 65535:
        return "an endpoint whose port is from 0 to 65535"
    return None


def public_url(value: str) -> str | None:
    """Accept nothing, or an absolute http(s) URL without query, fragment or user."""
    from urllib.parse import urlsplit

    expected = 'an absolute URL such as "https://app.example.com", without query, fragment or user'
    if not value:
        return None
    try:
        parts = urlsplit(value)
        well_formed = (
            parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port)
        )
    except ValueError:
        return expected
    if not well_formed or parts.query or parts.fragment or "@" in parts.netloc:
        return expected
    return (
        None if host(parts.hostname or "") is None and value.isprintable() and " " not in value else expected
    )


def connection_url(value: Secret) -> str | None:
    """Accept nothing or ``scheme:...``; for known schemes look at the rest, too."""
    text = value.reveal()
    if not text:
        return None
    match = _SCHEME.match(text)
    if match is None:
        return 'a URL such as "sqlite:///var/aiwebengine.db" or "postgresql://user@host/name"'
    scheme, rest = match[1].lower(), text[match.end() :]
    if scheme == "sqlite" and (not rest.startswith("///") or rest == "///"):
        return '"sqlite:///" followed by a path (four slashes begin an absolute one)'
    if scheme in ("postgresql", "postgres", "redis", "rediss") and not rest.startswith("//"):
        return f'"{scheme}://" followed by a host'
    return None


def rate(value: str) -> str | None:
    """Accept a rate such as ``100/minute`` or ``5/10s`` (a count per second, minute, hour or day)."""
    if _RATE.fullmatch(value):
        return None
    return 'a rate such as "100/minute": a count, a slash, and second, minute, hour or day'


def header_name(value: str) -> str | None:
    """Accept an HTTP field name (RFC 9110, 5.1)."""
    return None if _TOKEN.fullmatch(value) else "an HTTP header name"


def header_value(value: str) -> str | None:
    """Accept an HTTP field value: Latin-1 text without control characters (RFC 9110, 5.5)."""
    if all(character == "\t" or (" " <= character <= "\xff" and character != "\x7f") for character in value):
        return None
    return "an HTTP header value: Latin-1 text without line breaks or control characters"
