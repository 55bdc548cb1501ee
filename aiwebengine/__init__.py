"""A self-hosted JavaScript web application engine on Twisted and QuickJS."""

from aiwebengine._version import VERSION

__all__ = ["VERSION"]
__version__ = VERSION
