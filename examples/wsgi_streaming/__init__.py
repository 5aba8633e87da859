"""A WSGI application that answers while its request is still arriving, and its ASGI form.

It sees lines as they come and sends each one back, shouted, before it waits for the next: neither
body is ever held as a whole. ``python -m examples.wsgi_streaming`` shows it over a real socket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgiref.wsgi import WsgiToAsgi

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment


def shout(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    """Send back each line of the body in capitals, as soon as it has arrived."""
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    while line := environ["wsgi.input"].readline():
        yield line.upper()


app = WsgiToAsgi(shout)
