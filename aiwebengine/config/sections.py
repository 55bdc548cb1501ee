"""The core's own sections: keys, defaults, units and help. Plugins bring theirs in the same form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from aiwebengine.config import checks
from aiwebengine.config.secret import Secret, SecretURL

__all__ = [
    "CORE_SECTIONS",
    "BusSettings",
    "JavaScriptSettings",
    "LoggingSettings",
    "PluginsSettings",
    "RepositorySettings",
    "ScriptsSettings",
    "SecuritySettings",
    "ServerSettings",
]

Conflicts = Iterator[tuple[tuple[str, ...], str]]

_RELOAD: Final = {"reload": True}
_PATH: Final = {"path": True}

Milliseconds = Annotated[int, Meta(ge=1, le=86_400_000)]
Bytes = Annotated[int, Meta(ge=1, le=2**40)]
Count = Annotated[int, Meta(ge=1, le=10_000_000)]


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Listening, limits while receiving, shutdown."""

    host: Annotated[
        str,
        Meta(description="Address to listen on; `0.0.0.0` or `::` for all.", extra={"check": checks.host}),
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="TCP port; 0 takes a free one.")] = 8080
    listen: Annotated[
        tuple[Annotated[str, Meta(extra={"check": checks.endpoint})], ...],
        Meta(description="Twisted endpoint strings to listen on instead of `host` and `port`."),
    ] = ()
    port_file: Annotated[
        str,
        Meta(description="File the bound `http://HOST:PORT` is written to; none when empty.", extra=_PATH),
    ] = ""
    data_dir: Annotated[
        str, Meta(min_length=1, description="Directory of what the engine itself keeps.", extra=_PATH)
    ] = "var"
    processes: Annotated[int, Meta(ge=1, le=256, description="Front processes sharing the port.")] = 1
    request_timeout_ms: Annotated[
        Milliseconds,
        Meta(description="Longest a whole request may take before it is answered 408.", extra=_RELOAD),
    ] = 5000
    idle_timeout_ms: Annotated[
        Milliseconds, Meta(description="How long a connection may wait for its next request.", extra=_RELOAD)
    ] = 60_000
    header_timeout_ms: Annotated[
        Milliseconds,
        Meta(description="Deadline for a request's whole head, from its first byte.", extra=_RELOAD),
    ] = 10_000
    min_body_rate_bytes_per_s: Annotated[
        int,
        Meta(
            ge=0, le=2**40, description="Slowest a body may arrive on average; 0 for no limit.", extra=_RELOAD
        ),
    ] = 500
    max_body_bytes: Annotated[
        Bytes, Meta(description="Largest request body but uploads; 413 beyond.", extra=_RELOAD)
    ] = 1_048_576
    max_upload_bytes: Annotated[
        Bytes, Meta(description="Largest multipart/form-data body; 413 beyond.", extra=_RELOAD)
    ] = 10_485_760
    max_multipart_parts: Annotated[
        Count, Meta(description="Most parts of a multipart/form-data body; 413 beyond.", extra=_RELOAD)
    ] = 1000
    max_uri_bytes: Annotated[
        Bytes, Meta(description="Longest request target; 414 beyond.", extra=_RELOAD)
    ] = 8192
    max_header_bytes: Annotated[
        Bytes, Meta(description="Largest request head in all; 431 beyond.", extra=_RELOAD)
    ] = 16_384
    max_header_count: Annotated[
        Count, Meta(description="Most header lines of a request; 431 beyond.", extra=_RELOAD)
    ] = 200
    max_connections: Annotated[Count, Meta(description="Most open connections per front process.")] = 20_000
    backlog: Annotated[int, Meta(ge=1, le=65535, description="Connections the system queues for us.")] = 1024
    shutdown_grace_ms: Annotated[
        int,
        Meta(ge=0, le=3_600_000, description="How long a stop waits for requests under way.", extra=_RELOAD),
    ] = 10_000
    trusted_proxies: Annotated[
        tuple[Annotated[str, Meta(extra={"check": checks.network})], ...],
        Meta(description="Addresses and networks whose X-Forwarded-* headers are believed.", extra=_RELOAD),
    ] = ()
    public_url: Annotated[
        str,
        Meta(
            description="How clients reach us, such as `https://app.example.com`; by the request when empty.",
            extra={"check": checks.public_url, "reload": True},
        ),
    ] = ""

    def check(self) -> Conflicts:
        """Listen once per endpoint."""
        if len(set(self.listen)) < len(self.listen):
            yield ("listen",), "each endpoint once"


class JavaScriptSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Sandboxes and the limits of scripts."""

    workers: Annotated[int, Meta(ge=0, le=1024, description="Sandbox processes; 0 = number of cores.")] = 0
    spare_sandboxes: Annotated[
        int, Meta(ge=0, le=64, description="Warm processes that replace a killed one.")
    ] = 1
    isolation: Annotated[
        Literal["realm", "runtime"],
        Meta(description="`realm`: a frozen realm per script; `runtime`: a new context per request."),
    ] = "realm"
    sandbox: Annotated[
        Literal["auto", "require", "off"],
        Meta(
            description="Operating system hardening: `auto` uses what the platform has, `require` refuses to "
            "start without it, `off` is for debugging."
        ),
    ] = "auto"
    allowed_apis: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...],
        Meta(description="APIs scripts may use; empty = all but `filesystem` and `eval`."),
    ] = ()
    console: Annotated[bool, Meta(description="Whether `console.*` is kept in the script log.")] = True
    memory_limit_bytes: Annotated[int, Meta(ge=262_144, le=2**40, description="Memory of one realm.")] = (
        16_777_216
    )
    stack_size_bytes: Annotated[
        int, Meta(ge=16_384, le=67_108_864, description="JavaScript stack; 65536 is some 38 plain frames.")
    ] = 65_536
    execution_timeout_ms: Annotated[
        Milliseconds, Meta(description="CPU time of one request, summed over its turns; 504 beyond.")
    ] = 1000
    init_timeout_ms: Annotated[
        Milliseconds, Meta(description="Time a script's load and `init` may take.")
    ] = 5000
    max_script_bytes: Annotated[Bytes, Meta(description="Largest script source.")] = 1_000_000
    max_pending_jobs: Annotated[Count, Meta(description="Most promise jobs of one request.")] = 100_000
    max_output_bytes: Annotated[Bytes, Meta(description="Largest result of one request.")] = 8_388_608
    max_log_bytes: Annotated[Bytes, Meta(description="Most text one request may log; the rest is cut.")] = (
        65_536
    )
    max_timers: Annotated[Count, Meta(description="Most timers of one request at a time.")] = 1000
    max_host_calls: Annotated[Count, Meta(description="Most host operations of one request.")] = 1000
    max_queue: Annotated[
        int, Meta(ge=0, le=10_000_000, description="Requests that may wait for a sandbox; 503 beyond.")
    ] = 1000
    max_per_script: Annotated[
        int, Meta(ge=0, le=1024, description="Sandboxes one script may hold; 0 = all but one, at least one.")
    ] = 0
    realms_per_sandbox: Annotated[Count, Meta(description="Most warm realms of one process.")] = 64
    recycle_after_requests: Annotated[
        int, Meta(ge=0, description="Requests after which a sandbox process is replaced; 0 = never.")
    ] = 100_000

    def check(self) -> Conflicts:
        """One script cannot hold more sandboxes than there are."""
        if self.workers and self.max_per_script > self.workers:
            yield ("max_per_script", "workers"), f"at most javascript.workers ({self.workers})"


class ScriptsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where scripts are loaded from."""

    directories: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(description="Directories whose `*.js` files are loaded.", extra=_PATH),
    ] = ()
    watch: Annotated[
        bool,
        Meta(description="Whether changed files are loaded anew.", extra={"defaults": {"development": True}}),
    ] = False
    example_scripts: Annotated[bool, Meta(description="Whether the bundled examples are loaded.")] = False
    reuse_loads: Annotated[
        bool,
        Meta(description="Whether a start loads only what has changed, where loading it did nothing else."),
    ] = True


class RepositorySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where scripts and their versions are kept."""

    database_url: Annotated[
        SecretURL,
        Meta(
            description="`memory:`, `sqlite:///path` or `postgresql://user:password@host/name`.",
            extra={"check": checks.connection_url, "path": True, "defaults": {"test": SecretURL("memory:")}},
        ),
    ] = SecretURL("sqlite:///var/aiwebengine.db")
    pool_size: Annotated[int, Meta(ge=1, le=1000, description="Most database connections.")] = 10
    call_timeout_ms: Annotated[
        int,
        Meta(
            ge=100,
            le=600_000,
            description="How long a PostgreSQL server may take to answer before it counts as away.",
        ),
    ] = 10_000
    auto_migrate: Annotated[bool, Meta(description="Whether the tables are brought up to date at start.")] = (
        True
    )

    def check(self) -> Conflicts:
        """Say that there must be a repository."""
        if not self.database_url:
            yield ("database_url",), 'a URL such as "memory:" or "sqlite:///var/aiwebengine.db"'


class BusSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How several fronts tell each other what happened."""

    url: Annotated[
        SecretURL,
        Meta(
            description="`redis://host:6379/0`; empty = in this process.",
            extra={"check": checks.connection_url},
        ),
    ] = SecretURL("")


class LoggingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The engine's own log and the access log."""

    level: Annotated[
        Literal["trace", "debug", "info", "warn", "error"],
        Meta(description="Least severe level that is written.", extra=_RELOAD),
    ] = "info"
    format: Annotated[
        Literal["text", "json", "console"],
        Meta(description="`console` is coloured text for a terminal."),
    ] = "text"
    targets: Annotated[
        tuple[Literal["console", "file"], ...], Meta(description="Where the log goes: `console`, `file`.")
    ] = ("console",)
    file_path: Annotated[str, Meta(description="The log file of target `file`.", extra=_PATH)] = (
        "var/log/aiwebengine.log"
    )
    rotation: Annotated[
        Literal["daily", "hourly", "weekly", "size"], Meta(description="When a new log file is begun.")
    ] = "daily"
    max_bytes: Annotated[Bytes, Meta(description="Size at which rotation `size` begins a new file.")] = (
        104_857_600
    )
    retention_days: Annotated[
        int, Meta(ge=0, le=36_500, description="Days old log files are kept; 0 = for ever.", extra=_RELOAD)
    ] = 14
    compress: Annotated[bool, Meta(description="Whether old log files are gzipped.")] = True
    access_log: Annotated[
        Literal["combined", "common", "json", "off"], Meta(description="Format of the access log.")
    ] = "combined"

    def check(self) -> Conflicts:
        """Have a path for a file, and each target once."""
        if "file" in self.targets and not self.file_path:
            yield ("file_path", "targets"), 'a path, since logging.targets has "file"'
        if len(set(self.targets)) < len(self.targets):
            yield ("targets",), "each target once"


def _security_headers() -> dict[str, str]:
    return {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-XSS-Protection": "1; mode=block",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


class SecuritySettings(msgspec.Struct, frozen=True, kw_only=True):
    """The engine's own key, what it tells clients, response headers."""

    mode: Annotated[
        Literal["development", "production"],
        Meta(
            description="`development` shows stacks and limits in error bodies.",
            extra={"defaults": {"development": "development"}},
        ),
    ] = "production"
    api_key: Annotated[
        Secret, Meta(description="Bearer key of the management API; none when empty.", extra=_RELOAD)
    ] = Secret("")
    require_https: Annotated[
        bool, Meta(description="Whether plain HTTP requests are refused or redirected.", extra=_RELOAD)
    ] = False
    headers: Annotated[
        dict[
            Annotated[str, Meta(extra={"check": checks.header_name})],
            Annotated[str, Meta(extra={"check": checks.header_value})],
        ],
        Meta(description="Headers of every response; an empty value leaves one out.", extra=_RELOAD),
    ] = msgspec.field(default_factory=_security_headers)
    content_security_policy: Annotated[
        str,
        Meta(
            description="The Content-Security-Policy header; none when empty.",
            extra={"check": checks.header_value, "reload": True},
        ),
    ] = ""
    hsts_max_age_s: Annotated[
        int,
        Meta(
            ge=0, le=63_072_000, description="Strict-Transport-Security over https; 0 = none.", extra=_RELOAD
        ),
    ] = 31_536_000
    dangerous_patterns: Annotated[
        Literal["warn", "reject", "off"],
        Meta(description="What becomes of a script that uses `eval` and the like.", extra=_RELOAD),
    ] = "warn"


class PluginsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which plugins there are."""

    directories: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(description="Directories of one-off plugins, besides those installed.", extra=_PATH),
    ] = ()
    enabled: Annotated[
        tuple[Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")], ...],
        Meta(description="Names of plugins that must be there; the start fails without them."),
    ] = ()
    disabled: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^([a-z][a-z0-9_]*|\*)$")], ...],
        Meta(description="Names of plugins that are not built; `*` for all that `enabled` does not name."),
    ] = ()


CORE_SECTIONS: Final[Mapping[str, type[msgspec.Struct]]] = {
    "server": ServerSettings,
    "javascript": JavaScriptSettings,
    "scripts": ScriptsSettings,
    "repository": RepositorySettings,
    "bus": BusSettings,
    "logging": LoggingSettings,
    "security": SecuritySettings,
    "plugins": PluginsSettings,
}
"""Section name to schema, in the order they are documented and shown."""
