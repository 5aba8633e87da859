"""An ordinary Flask application that knows nothing of async, and its ASGI form.

``python -m examples.flask_app`` serves it; ``uvicorn examples.flask_app:app`` does, too.
"""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Final

from flask import Flask, Response, jsonify, request

from asgiref.wsgi import WsgiToAsgi

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK: Final = 64 * 1024
PARTY: Final = 4

flask_app = Flask(__name__)
app = WsgiToAsgi(flask_app)

_party = threading.Barrier(PARTY)


@flask_app.post("/upload")
def upload() -> Response:
    """Read the body as it arrives, without ever holding all of it."""
    digest, size = hashlib.sha256(), 0
    while block := request.stream.read(BLOCK):
        digest.update(block)
        size += len(block)
    return jsonify(bytes=size, sha256=digest.hexdigest())


@flask_app.get("/download/<int:blocks>")
def download(blocks: int) -> Response:
    """Send a stream that is made while it is sent."""

    def make() -> Iterator[bytes]:
        for number in range(blocks):
            yield number.to_bytes(8, "big") * (BLOCK // 8)

    return Response(make(), mimetype="application/octet-stream")


@flask_app.get("/meet")
def meet() -> Response:
    """Answer when ``PARTY`` requests are here at the same time, each in a thread of its own."""
    place = _party.wait(timeout=10)
    return jsonify(place=place, thread=threading.current_thread().name)
