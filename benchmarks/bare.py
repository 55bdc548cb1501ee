"""
The least that Twisted and Klein can do with the same answer.

Run as ``python -m benchmarks.bare resource|klein FILE``; where it listens is written to the file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

__all__ = ["main"]


def _answer(request: Any) -> bytes:
    name = request.args.get(b"name", [b"world"])[0].decode()
    request.setHeader(b"Content-Type", b"application/json")
    return json.dumps({"hello": name}).encode()


def _resource() -> Any:
    from twisted.web.resource import Resource

    class Hello(Resource):
        isLeaf = True  # noqa: N815

        def render_GET(self, request: Any) -> bytes:  # noqa: N802
            return _answer(request)

    root = Resource()
    root.putChild(b"hello", Hello())
    return root


def _klein() -> Any:
    from klein import Klein

    app = Klein()

    @app.route("/hello", methods=["GET"])
    def hello(request: Any) -> bytes:
        return _answer(request)

    return app.resource()


def main(kind: str, port_file: str) -> None:
    """Serve until killed."""
    from twisted.internet import reactor
    from twisted.web.server import Site

    port = reactor.listenTCP(0, Site(_klein() if kind == "klein" else _resource()), interface="127.0.0.1")
    new = Path(port_file + ".new")
    new.write_text(f"http://127.0.0.1:{port.getHost().port}")
    new.rename(port_file)
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
