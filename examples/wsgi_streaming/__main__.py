"""Talk to a streaming WSGI application under uvicorn: ``python -m examples.wsgi_streaming``.

Exit status: 0 if every line was answered before the next one was sent.
"""

from __future__ import annotations

import socket
import threading
from typing import Final

import uvicorn

from examples.wsgi_streaming import app

LINES: Final = ("is anybody there?", "the body is not complete yet", "and yet you answer", "bye")

#: Seconds to wait for an answer before the example counts as failed.
PATIENCE: Final = 10.0


class _Chunks:
    """The chunks of a response (RFC 9112, section 7.1), read one at a time."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rb")
        self.status = self._file.readline().decode().strip()
        while self._file.readline().strip():
            pass

    def next(self) -> str:
        """Return the next chunk; empty at the end."""
        size = int(self._file.readline(), 16)
        block = self._file.read(size + 2)[:-2]
        return block.decode().strip()


def converse(port: int) -> None:
    """Send one chunk at a time, and wait for its answer before the next."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        chunks: _Chunks | None = None
        for line in LINES:
            block = f"{line}\n".encode()
            connection.sendall(b"%x\r\n%s\r\n" % (len(block), block))
            print(f"  client sends    {line}")
            if chunks is None:
                chunks = _Chunks(connection)
            answer = chunks.next()
            print(f"  client receives {answer}")
            if answer != line.upper():
                raise SystemExit(f"expected {line.upper()!r}, got {answer!r}")
        connection.sendall(b"0\r\n\r\n")
        if chunks is None or chunks.next():
            raise SystemExit("the response did not end with the request")


def main() -> None:
    """Serve, converse, stop."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, lifespan="off", log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        listener.listen()
        thread.start()
        try:
            print("One request, one response, both still going on:")
            converse(listener.getsockname()[1])
            print("Request and response have ended together; no body was ever held as a whole.")
        finally:
            server.should_exit = True
            thread.join()


if __name__ == "__main__":
    main()
