"""The editor's frontend, installed and built beside the checkout: once per process."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

from twisted.trial.unittest import SkipTest

__all__ = ["SOURCES", "STATIC", "installed", "npm"]

STATIC = Path(__file__).resolve().parents[2] / "aiwebengine" / "subsystems" / "editor" / "static"
SOURCES = STATIC.parent / "frontend"
_NO_NETWORK = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENOTCACHED")


@functools.cache
def _install() -> tuple[Path | None, str]:
    """Give a copy of the sources with their packages, or why there is none."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return None, "no npm is installed (Debian: apt-get install npm)"
    place = Path(tempfile.mkdtemp(prefix="editor-", dir=Path.cwd())) / "frontend"
    shutil.copytree(SOURCES, place, ignore=shutil.ignore_patterns("node_modules"))
    done = npm(place, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund")
    if done.returncode:
        if any(code in done.stderr for code in _NO_NETWORK):
            return None, "npm reaches no registry and its cache lacks the editor's packages"
        raise AssertionError(f"npm ci fails:\n{done.stderr}")
    return place, ""


def installed() -> Path:
    """Give the sources with ``node_modules``. Raises SkipTest when npm or a network is missing."""
    place, reason = _install()
    if place is None:
        raise SkipTest(reason)
    return place


def npm(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run npm."""
    return subprocess.run(["npm", *arguments], cwd=directory, capture_output=True, text=True, check=False)
