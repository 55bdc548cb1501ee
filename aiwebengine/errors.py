"""The exceptions of aiwebengine; each carries fields, not only text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

__all__ = [
    "AIWebEngineError",
    "ConfigurationInvalid",
    "HTTPProblem",
    "LimitExceeded",
    "PluginUnusable",
    "Problem",
    "RouteConflict",
    "ScriptInvalid",
    "ScriptNotFound",
    "VersionConflict",
]


class AIWebEngineError(Exception):
    """The root of every error raised on purpose by aiwebengine."""


@attrs.frozen
class Problem:
    """
    One thing wrong with the configuration: where, what, and what was expected.

    ``key`` is empty for a problem of a whole source; a ``value`` of None stands for none to be shown.
    """

    origin: str
    key: str
    value: object
    expected: str

    def __str__(self) -> str:
        what = self.key if self.value is None else f"{self.key} = {self.value!r}"
        return ": ".join(part for part in (self.origin, what, self.expected) if part)


@attrs.define(auto_exc=True, str=False)
class ConfigurationInvalid(AIWebEngineError):
    """The configuration cannot be used; all problems found are listed at once."""

    problems: Sequence[Problem]

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


@attrs.define(auto_exc=True, str=False)
class PluginUnusable(AIWebEngineError):
    """A configured plugin is missing, broken, duplicated, or lacks what it requires."""

    name: str
    origin: str
    reason: str

    def __str__(self) -> str:
        return f"plugin {self.name!r} ({self.origin}): {self.reason}"


@attrs.define(auto_exc=True, str=False)
class HTTPProblem(AIWebEngineError):
    """An answer that is an error of the table in docs/errors.md.

    ``details`` appears in the body (for 5xx in development only); ``headers`` are added to the answer.
    """

    status: int
    code: str
    message: str
    details: Mapping[str, object] | None = None
    headers: Sequence[tuple[str, str]] = ()

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"


@attrs.define(auto_exc=True, str=False)
class LimitExceeded(AIWebEngineError):
    """
    A script asked the host for more than a limit allows; it sees a RangeError with that ``code``.

    ``limit`` names the limit, ``value`` is its value, ``used`` what was asked for, both in ``unit``;
    ``config_key`` sets it.
    """

    message: str
    limit: str
    value: float
    used: float
    unit: str
    config_key: str
    script_name = "RangeError"
    code = "LIMIT_EXCEEDED"

    def __str__(self) -> str:
        return self.message

    def as_json(self) -> dict[str, object]:
        """Give the figures as the details of an error answer have them."""
        return {name: getattr(self, name) for name in ("limit", "value", "used", "unit", "config_key")}


@attrs.define(auto_exc=True, str=False)
class ScriptInvalid(AIWebEngineError):
    """A script does not load: refused by size, syntax, lint, top level or ``init``.

    ``line`` and ``column`` are 1-based, None where unknown; ``stack`` names the script's own URI.
    """

    uri: str
    message: str
    line: int | None = None
    column: int | None = None
    stack: str = ""
    code: str = "SCRIPT_INVALID"

    def __str__(self) -> str:
        at = f":{self.line}" if self.line else ""
        return f"{self.uri}{at}: {self.message}"


@attrs.define(auto_exc=True, str=False)
class RouteConflict(AIWebEngineError):
    """Two scripts claim the same method and path; the later one, which does so at ``line``, is refused."""

    method: str
    path: str
    uri: str
    owner: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.uri}: route {self.method} {self.path} is already registered by {self.owner}"


@attrs.define(auto_exc=True, str=False)
class ScriptNotFound(AIWebEngineError):
    """No script (or no such version of it) has that URI."""

    uri: str
    version: int | None = None

    def __str__(self) -> str:
        return f"no script {self.uri!r}" + ("" if self.version is None else f" with version {self.version}")


@attrs.define(auto_exc=True, str=False)
class VersionConflict(AIWebEngineError):
    """``If-Match`` named another version than the current one."""

    uri: str
    expected: int
    current: int

    def __str__(self) -> str:
        return f"{self.uri}: version {self.expected} was expected, the current one is {self.current}"
