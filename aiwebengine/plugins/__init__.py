"""
Where plugin drop-ins live: one module per plugin, holding an instance and nothing else.

Further directories on ``sys.path`` that hold ``aiwebengine/plugins/`` without an ``__init__.py`` belong to
this package too, so another distribution may add drop-ins. See docs/plugins.md.
"""

from twisted.plugin import pluginPackagePaths

__path__.extend(pluginPackagePaths(__name__))
__all__: list[str] = []
