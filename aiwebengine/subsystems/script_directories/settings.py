"""The section ``[scripts]``."""

from __future__ import annotations

from typing import Annotated

import msgspec

__all__ = ["ScriptsSettings"]


class ScriptsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which directories hold scripts, and whether they are watched."""

    directories: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Directories whose *.js files, also in subdirectories, are loaded as scripts."
        ),
    ] = ()
    watch: Annotated[
        bool | None,
        msgspec.Meta(description="Reload a script when its file changes; unset: in development only."),
    ] = None
    example_scripts: Annotated[
        bool, msgspec.Meta(description="Also load the example scripts that come with aiwebengine.")
    ] = False
