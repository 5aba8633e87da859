"""A small site by PEP 3333 alone, and what the sites of the WSGI frameworks are made of.

``/echo`` gives each block as it reads it; ``/endless`` never ends by itself, and ``/running`` tells
how many of those there are; ``/fail`` fails within its response.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK: Final = 64 * 1024


def count(stream: Any) -> str:
    """Read a body in blocks; return its length and hash."""
    digest, size = hashlib.sha256(), 0
    while block := stream.read(BLOCK):
        digest.update(block)
        size += len(block)
    return f"{size} {digest.hexdigest()}"


def make(blocks: int) -> Iterator[bytes]:
    """Give blocks that tell their number."""
    for number in range(blocks):
        yield number.to_bytes(8, "big") * (BLOCK // 8)


def plain_application(environ: dict[str, Any], start_response: Any) -> Any:
    """Answer by PEP 3333 alone."""
    path = environ["PATH_INFO"]
    headers = [("Content-Type", "text/plain")]
    if path == "/upload":
        answer = count(environ["wsgi.input"]).encode()
    elif path == "/download":
        start_response("200 OK", headers)
        return make(int(environ["QUERY_STRING"].partition("=")[2]))
    elif path == "/echo":
        start_response("200 OK", headers)
        return iter(environ["wsgi.input"].read1, b"")
    elif path == "/endless":
        start_response("200 OK", headers)
        return endless()
    elif path == "/running":
        answer = b"%d" % len(running)
    elif path == "/fail":
        start_response("200 OK", headers)
        return failing()
    else:
        answer = b"hello"
    start_response("200 OK", [*headers, ("Content-Length", str(len(answer)))])
    return [answer]


#: The endless responses that have begun and were not closed.
running: Final[set[object]] = set()


def endless() -> Iterator[bytes]:
    """Give small blocks until the response is closed."""
    response = object()
    running.add(response)
    try:
        while True:
            yield b"more"
    finally:
        running.remove(response)


def failing() -> Iterator[bytes]:
    """Fail within the response."""
    yield b"some"
    raise RuntimeError("deliberate: a response that fails half-way")
