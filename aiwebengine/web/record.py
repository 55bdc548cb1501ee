"""What one request cost and how it ended."""

from __future__ import annotations

__all__ = ["RequestRecord"]


class RequestRecord:
    """
    The mutable record of one request, filled in while it is served.

    Times ending in ``_ms`` are milliseconds, ``started`` is seconds since the epoch, sizes are bytes of the
    wire (heads included). ``outcome`` is ``""`` while it is being served, then ``"answered"`` or
    ``"disconnected"`` (the client left, or was cut off, before the whole answer was written).
    """

    __slots__ = (
        "auth_user",
        "client_ip",
        "cpu_ms",
        "error_code",
        "host_calls",
        "memory_peak_bytes",
        "method",
        "outcome",
        "path",
        "queue_wait_ms",
        "request_bytes",
        "request_id",
        "response_bytes",
        "route",
        "script",
        "started",
        "status",
        "version",
        "wall_ms",
    )

    def __init__(self, request_id: str, method: str, path: str, started: float, request_bytes: int) -> None:
        self.request_id = request_id
        self.method = method
        self.path = path
        self.started = started
        self.request_bytes = request_bytes
        self.response_bytes = 0
        self.status = 0
        self.route = self.script = self.client_ip = self.error_code = self.auth_user = self.outcome = ""
        self.version = 0
        self.host_calls = self.memory_peak_bytes = 0
        self.wall_ms = self.cpu_ms = self.queue_wait_ms = 0.0

    def as_dict(self) -> dict[str, object]:
        """Give all fields by name, as JSON data."""
        return {name: getattr(self, name) for name in self.__slots__}
