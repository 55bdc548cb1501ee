"""The ``[cors]`` section."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["CorsSettings"]

_Names = tuple[str, ...]


class CorsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which other origins' pages may use this server from a browser."""

    enabled: Annotated[bool, Meta(description="Answer CORS requests.")] = False
    origins: Annotated[
        _Names,
        Meta(
            description='Allowed origins such as "https://app.example.com", "https://*.example.com" for all '
            'subdomains, or "*" for any (not together with credentials).'
        ),
    ] = ()
    methods: Annotated[_Names, Meta(description="Methods that a preflight allows.")] = (
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
    )
    headers: Annotated[_Names, Meta(description='Request headers that a preflight allows; "*" for any.')] = (
        "Accept",
        "Authorization",
        "Content-Type",
        "X-Request-Id",
    )
    expose_headers: Annotated[_Names, Meta(description="Response headers that pages may read.")] = (
        "X-Request-Id",
    )
    credentials: Annotated[bool, Meta(description="Let pages send cookies and HTTP authentication.")] = False
    max_age_s: Annotated[int, Meta(ge=0, description="Seconds a browser may keep a preflight's answer.")] = (
        600
    )
    private_network: Annotated[
        bool, Meta(description="Allow pages of public sites to reach this server in a private network.")
    ] = False
