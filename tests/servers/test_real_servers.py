"""The adapters between real servers and real frameworks, over sockets.

What needs packages that are not installed is skipped; ``make servers`` installs all of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import importlib.util
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.servers.processes import HOST, PATIENCE, Server, resident_peak, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK: Final = 64 * 1024
MIB: Final = 1024 * 1024

#: Larger bodies and more requests, where a session asks for them.
LARGE: Final = int(os.environ.get("ASGIREF_SERVER_MIB", "32")) * MIB
REQUESTS: Final = int(os.environ.get("ASGIREF_SERVER_REQUESTS", "500"))

ASGI_SERVERS: Final = (
    "uvicorn-h11",
    "uvicorn-h11-uvloop",
    "uvicorn-httptools",
    "uvicorn-httptools-uvloop",
    "hypercorn",
    "granian",
)
WSGI_SERVERS: Final = ("waitress", "gunicorn", "cheroot")
WSGI: Final = "tests.servers.wsgi_applications"
ASGI: Final = "tests.servers.asgi_applications"


def installed(framework: str) -> bool:
    """Tell whether a framework can be imported, itself and what it needs."""
    return framework == "plain" or importlib.util.find_spec(framework) is not None


@contextlib.contextmanager
def client(server: Server) -> Iterator[http.client.HTTPConnection]:
    """Connect for the block."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=PATIENCE)
    try:
        yield connection
    finally:
        connection.close()


def blocks_of(size: int) -> Iterator[bytes]:
    """Give a body in blocks, without ever holding all of it."""
    for number in range(size // BLOCK):
        yield number.to_bytes(8, "big") * (BLOCK // 8)


def digest_of(size: int) -> str:
    """Return the length and hash of that body."""
    digest = hashlib.sha256()
    for block in blocks_of(size):
        digest.update(block)
    return f"{size} {digest.hexdigest()}"


def get(connection: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
    """Return status and body."""
    connection.request("GET", path)
    response = connection.getresponse()
    return response.status, response.read()


def check_site(server: Server, *, chunked: bool) -> None:
    """Ask for each page of a site, over one connection."""
    size = 4 * MIB
    with client(server) as connection:
        assert get(connection, "/hello") == (200, b"hello")
        headers = {} if chunked else {"Content-Length": str(size)}
        connection.request("POST", "/upload", blocks_of(size), headers, encode_chunked=chunked)
        response = connection.getresponse()
        assert (response.status, response.read().decode()) == (200, digest_of(size))
        status, body = get(connection, "/download?blocks=64")
        assert status == 200
        assert hashlib.sha256(body).hexdigest() == digest_of(size).split()[1]
        assert get(connection, "/hello") == (200, b"hello")


@pytest.mark.parametrize("framework", ["flask", "bottle", "falcon", "pyramid", "django"])
@pytest.mark.parametrize("kind", ["uvicorn-h11", "uvicorn-httptools", "hypercorn", "granian"])
def test_wsgi_frameworks(kind: str, framework: str) -> None:
    """WSGI frameworks behind ASGI servers: pages, an upload, a streamed download, keep-alive."""
    if not installed(framework):
        pytest.skip(f"{framework} is not installed")
    with serving(kind, f"{WSGI}:{framework}") as server:
        check_site(server, chunked=False)


@pytest.mark.parametrize("framework", ["starlette", "fastapi", "django", "wsgi"])
@pytest.mark.parametrize("kind", [*WSGI_SERVERS, "wsgiref"])
def test_asgi_frameworks(kind: str, framework: str) -> None:
    """ASGI frameworks behind WSGI servers, and a WSGI application behind both adapters."""
    if framework != "wsgi" and not installed(framework):
        pytest.skip(f"{framework} is not installed")
    with serving(kind, f"{ASGI}:{framework}") as server:
        check_site(server, chunked=False)


@pytest.mark.parametrize("kind", ASGI_SERVERS)
class TestWsgiToAsgi:
    """A plain WSGI application behind each ASGI server."""

    def test_chunked(self, kind: str) -> None:
        """An upload without a Content-Length is read to its end."""
        with serving(kind, f"{WSGI}:plain") as server:
            check_site(server, chunked=True)

    def test_keep_alive(self, kind: str) -> None:
        """Many requests over few connections: not one error."""
        with serving(kind, f"{WSGI}:plain") as server, contextlib.ExitStack() as stack:
            connections = [stack.enter_context(client(server)) for _ in range(4)]
            for _ in range(REQUESTS // 4):
                for connection in connections:
                    connection.request("GET", "/hello")
                for connection in connections:
                    response = connection.getresponse()
                    assert (response.status, response.read()) == (200, b"hello")

    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_memory(self, kind: str) -> None:
        """Large bodies pass in constant memory, both ways."""
        with serving(kind, f"{WSGI}:plain") as server, client(server) as connection:
            assert get(connection, "/hello") == (200, b"hello")
            before = resident_peak(server)
            headers = {"Content-Length": str(LARGE)}
            connection.request("POST", "/upload", blocks_of(LARGE), headers)
            response = connection.getresponse()
            assert response.read().decode() == digest_of(LARGE)
            connection.request("GET", f"/download?blocks={LARGE // BLOCK}")
            response = connection.getresponse()
            digest = hashlib.sha256()
            while block := response.read(BLOCK):
                digest.update(block)
            assert digest.hexdigest() == digest_of(LARGE).split()[1]
            grown = resident_peak(server) - before
            print(f"{kind}: {LARGE // MIB} MiB up and down, {grown / MIB:.1f} MiB more memory")
            assert grown < 24 * MIB

    def test_streaming_both_ways(self, kind: str) -> None:
        """Each chunk is answered before the next one is sent."""
        with serving(kind, f"{WSGI}:plain") as server, server.connect() as connection:
            connection.sendall(
                b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            received = b""
            for chunk in (b"one", b"two", b"three"):
                connection.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                while chunk not in received:
                    more = connection.recv(BLOCK)
                    assert more
                    received += more
            connection.sendall(b"0\r\n\r\n")
            while not received.endswith(b"0\r\n\r\n"):
                more = connection.recv(BLOCK)
                assert more
                received += more
            assert received.startswith(b"HTTP/1.1 200")

    def test_aborted_uploads_and_downloads(self, kind: str) -> None:
        """Clients that leave in the middle cost no worker: the server goes on answering."""
        with serving(kind, f"{WSGI}:plain") as server:
            for _ in range(60):
                with server.connect() as connection:
                    connection.sendall(
                        b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc"
                    )
                with server.connect() as connection:
                    connection.sendall(b"GET /download?blocks=100000 HTTP/1.1\r\nHost: a\r\n\r\n")
                    assert connection.recv(100)
            with client(server) as connection:
                assert get(connection, "/hello") == (200, b"hello")

    def test_unread_uploads(self, kind: str) -> None:
        """Clients that leave an upload unread end the response that streams beside it."""
        with serving(kind, f"{WSGI}:plain") as server, client(server) as connection:
            for _ in range(3):
                with server.connect() as upload:
                    upload.sendall(
                        b"POST /endless HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n"
                        + bytes(BLOCK)
                    )
                    assert upload.recv(100)
                    upload.setblocking(False)
                    with contextlib.suppress(BlockingIOError):
                        for _ in range(16):
                            upload.send(bytes(BLOCK))
            patience = threading.Event()
            for _ in range(int(PATIENCE / 0.1)):
                if get(connection, "/running") == (200, b"0"):
                    break
                patience.wait(0.1)
            else:
                pytest.fail("a response goes on without its client")

    def test_slow_readers_and_stalled_uploads(self, kind: str) -> None:
        """Clients that neither read nor send, however many, do not keep others from threads."""
        with serving(kind, f"{WSGI}:plain") as server, contextlib.ExitStack() as stack:
            for _ in range(40):
                stalled = stack.enter_context(server.connect())
                stalled.sendall(b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
                slow = stack.enter_context(server.connect())
                slow.sendall(b"GET /download?blocks=2000 HTTP/1.1\r\nHost: a\r\n\r\n")
            with client(server) as connection:
                for _ in range(5):
                    assert get(connection, "/hello") == (200, b"hello")

    def test_failure_is_not_a_whole_response(self, kind: str) -> None:
        """A response that fails half-way is not ended as if it were whole."""
        with serving(kind, f"{WSGI}:plain") as server:
            with client(server) as connection:
                connection.request("GET", "/fail")
                with pytest.raises((http.client.HTTPException, OSError)):
                    connection.getresponse().read()
            with client(server) as connection:
                assert get(connection, "/hello") == (200, b"hello")

    def test_half_closed(self, kind: str) -> None:
        """A client that closes its sending side early leaves the server in order."""
        with serving(kind, f"{WSGI}:plain") as server:
            with server.connect() as connection:
                connection.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(BLOCK):
                    pass
            with client(server) as connection:
                assert get(connection, "/hello") == (200, b"hello")


def test_http2() -> None:
    """Over HTTP/2, requests of one connection are answered side by side."""
    pytest.importorskip("h2")
    httpx: Any = pytest.importorskip("httpx")
    with (
        serving("hypercorn", f"{WSGI}:plain") as server,
        httpx.Client(http1=False, http2=True, base_url=f"http://{HOST}:{server.port}") as session,
    ):
        for _ in range(20):
            response = session.get("/hello")
            assert (response.http_version, response.text) == ("HTTP/2", "hello")
        size = 4 * MIB
        assert session.post("/upload", content=blocks_of(size)).text == digest_of(size)
        assert len(session.get("/download?blocks=64").content) == size


@pytest.mark.parametrize("kind", WSGI_SERVERS)
class TestAsgiToWsgi:
    """A Starlette application behind each WSGI server."""

    @pytest.fixture
    def server(self, kind: str) -> Iterator[Server]:
        """Serve it."""
        if not installed("starlette"):
            pytest.skip("starlette is not installed")
        with serving(kind, f"{ASGI}:starlette") as server:
            yield server

    def test_chunked(self, server: Server) -> None:
        """An upload without a Content-Length is read to its end."""
        check_site(server, chunked=True)

    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_memory(self, server: Server, kind: str) -> None:
        """Large bodies pass in constant memory, both ways."""
        with client(server) as connection:
            assert get(connection, "/hello") == (200, b"hello")
            before = resident_peak(server)
            headers = {"Content-Length": str(LARGE)}
            connection.request("POST", "/upload", blocks_of(LARGE), headers)
            response = connection.getresponse()
            assert response.read().decode() == digest_of(LARGE)
            connection.request("GET", f"/download?blocks={LARGE // BLOCK}")
            response = connection.getresponse()
            while response.read(BLOCK):
                pass
            grown = resident_peak(server) - before
            print(f"{kind}: {LARGE // MIB} MiB up and down, {grown / MIB:.1f} MiB more memory")
            assert grown < 24 * MIB

    def test_aborted_downloads(self, server: Server) -> None:
        """Clients that leave in the middle cost no worker: the server goes on answering."""
        for _ in range(30):
            with server.connect() as connection:
                connection.sendall(b"GET /download?blocks=100000 HTTP/1.1\r\nHost: a\r\n\r\n")
                assert connection.recv(100)
        with client(server) as connection:
            assert get(connection, "/hello") == (200, b"hello")
