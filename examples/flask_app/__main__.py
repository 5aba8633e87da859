"""Serve the Flask application by uvicorn: ``python -m examples.flask_app [PORT]``.

The first line of output is the address. Without a port, or where it is in use, it is a free one.
"""

from __future__ import annotations

import argparse
import socket
import sys

import uvicorn

from examples.flask_app import app


def listen(port: int) -> socket.socket:
    """Return a socket bound to that port of this machine, or to a free one if it is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        print(f"port {port}: {reason}; taking a free one", file=sys.stderr)
        listener.bind(("127.0.0.1", 0))
    return listener


def main() -> None:
    """Serve until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m examples.flask_app")
    parser.add_argument("port", type=int, nargs="?", default=0, help="default: a free one")
    listener = listen(parser.parse_args().port)
    host, port = listener.getsockname()
    print(f"http://{host}:{port}", flush=True)
    uvicorn.Server(uvicorn.Config(app, lifespan="off")).run(sockets=[listener])


if __name__ == "__main__":
    main()
