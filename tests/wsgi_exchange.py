"""One request played to a WSGI application without a socket, by the rules of a server."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ("WsgiExchange", "wsgi_environ")


def wsgi_environ(
    method: str = "GET", path: str = "/", body: bytes = b"", **others: object
) -> dict[str, Any]:
    """Return an environ as servers make it."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "example.org",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ | others


class WsgiExchange:
    """Calls, iterates and closes, and keeps what the application gave."""

    def __init__(self, environ: dict[str, Any] | None = None) -> None:
        self.environ = wsgi_environ() if environ is None else environ
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.blocks: list[bytes] = []
        self.iterable: Any = None

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        """Keep the head."""
        assert not self.status or exc_info
        self.status, self.headers = status, headers
        return self.blocks.append

    def begin(self, application: Callable[..., Iterable[bytes]]) -> WsgiExchange:
        """Call the application."""
        self.iterable = application(self.environ, self.start_response)
        return self

    def end(self) -> None:
        """Close the response."""
        close = getattr(self.iterable, "close", None)
        if close is not None:
            close()

    def run(self, application: Callable[..., Iterable[bytes]]) -> WsgiExchange:
        """Play the request to its end."""
        self.begin(application)
        try:
            self.blocks.extend(block for block in self.iterable if block)
        finally:
            self.end()
        return self

    @property
    def body(self) -> bytes:
        """All of the body."""
        return b"".join(self.blocks)
