"""The root of the site: gates first, then the engine's own features by first path segment, then scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from twisted.web.resource import getChildForRequest

from aiwebengine.interfaces import IFeature
from aiwebengine.web.body import media_type
from aiwebengine.web.gates import Gates
from aiwebengine.web.refusals import shutting_down
from aiwebengine.web.request import EngineRequest
from aiwebengine.web.site import Application, ServerLimits

__all__ = ["Root"]


class _Mount:
    """A feature below one of its prefixes; its resource is made when first asked for."""

    def __init__(self, feature: IFeature) -> None:
        self.feature = feature
        self.limit = getattr(feature, "body_limit", None)
        self.takes_raw = getattr(feature, "raw_body", None)
        self.while_draining: bool = getattr(feature, "while_draining", False)
        self._resource: Any = None

    def render(self, request: EngineRequest) -> None:
        if self._resource is None:
            self._resource = self.feature.resource()
            adopt_klein(self._resource)
        request.prepath = []
        request.postpath = [segment.encode("utf-8") for segment in request.path_text[1:].split("/")]
        request.render(getChildForRequest(self._resource, request))


class Root:
    """
    The application of an `EngineSite`.

    ``scripts`` (the script dispatch) answers what no feature's prefix covers. A prefix is a first path
    segment, or more than one joined by ``/``; of several that match the longest counts.
    """

    def __init__(
        self,
        scripts: Application | Any,
        *,
        settings: ServerLimits,
        gates: Gates | None = None,
        features: Iterable[IFeature] = (),
    ) -> None:
        self._scripts = scripts
        self._settings = settings
        self._gates = gates or Gates()
        self._mounts: dict[str, list[tuple[str, _Mount]]] = {}
        for feature in features:
            self.mount(feature)

    @property
    def prefixes(self) -> Sequence[str]:
        """The prefixes that are taken, reserved from scripts."""
        return sorted(path[1:] for mounts in self._mounts.values() for path, _ in mounts)

    def mount(self, feature: IFeature) -> None:
        """Have a feature answer below its prefixes. Raises ValueError when one is taken."""
        mount = _Mount(feature)
        for prefix in feature.prefixes:
            path = "/" + prefix.strip("/")
            mounts = self._mounts.setdefault(path[1:].partition("/")[0], [])
            if any(taken == path for taken, _ in mounts):
                raise ValueError(f"the prefix {path} is taken twice")
            mounts.append((path, mount))
            mounts.sort(key=lambda entry: -len(entry[0]))

    def apply(self, settings: ServerLimits) -> None:
        """Take new settings."""
        self._settings = settings

    def dispatch(self, request: EngineRequest) -> None:
        """Send a request through the gates to whom it is for; while draining few features want one."""
        if request.site.draining:
            mount = self._mount_of(request.path_text)
            if mount is None or not mount.while_draining:
                raise shutting_down()
        self._gates.before(request, self._proceed)

    def body_limit(self, request: EngineRequest) -> int:
        """Give the feature's own limit, else ``max_upload_bytes`` for multipart, else ``max_body_bytes``."""
        mount = self._mount_of(request.path_text)
        if mount is not None and mount.takes_raw is not None:
            # Whatever type a client claims (curl says it is a form), this feature wants the bytes.
            request.raw_body = mount.takes_raw(request)
        if mount is not None and mount.limit is not None:
            limit: int | None = mount.limit(request)
            if limit is not None:
                return limit
        if media_type(request.headers.get("content-type"))[0].startswith("multipart/"):
            return self._settings.max_upload_bytes
        return self._settings.max_body_bytes

    def _proceed(self, request: EngineRequest) -> None:
        mount = self._mount_of(request.path_text)
        if mount is None:
            self._scripts.dispatch(request)
        else:
            mount.render(request)

    def _mount_of(self, path: str) -> _Mount | None:
        mounts = self._mounts.get(path[1:].partition("/")[0])
        if mounts is not None:
            for prefix, mount in mounts:
                if path == prefix or path.startswith(prefix + "/"):
                    return mount
        return None


def adopt_klein(resource: Any) -> None:
    """Have a Klein resource's own 404, 405 and uncaught errors answered by our error table."""
    if type(resource).__module__.partition(".")[0] == "klein":
        from aiwebengine.web.klein_errors import adopt

        adopt(resource)
