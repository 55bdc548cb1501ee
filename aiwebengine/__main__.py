"""``python -m aiwebengine``: the ``aiwebengine`` command of an un-installed checkout."""

from aiwebengine.cli import main

main()
