"""What several test modules of the repository use."""

from __future__ import annotations

import os
from pathlib import Path

import aiwebengine


def environment() -> dict[str, str]:
    """Give the environment of a child process that imports this aiwebengine."""
    return {**os.environ, "PYTHONPATH": str(Path(aiwebengine.__file__).parent.parent)}
