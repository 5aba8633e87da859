"""``wsgiref.simple_server``: ``python -m tests.servers.simple_server module:app port``.

It speaks HTTP/1.0, one connection for each request, and is the reference of PEP 3333.
"""

from __future__ import annotations

import importlib
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each connection."""

    daemon_threads = True


class Handler(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (as inherited)
        """Log nothing."""


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    application = getattr(importlib.import_module(module), name)
    with make_server("127.0.0.1", int(sys.argv[2]), application, Server, Handler) as server:
        server.serve_forever()
