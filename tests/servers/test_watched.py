"""Our adapter under a validator, behind real servers, over sockets."""

from __future__ import annotations

import contextlib
import http.client

import pytest

from tests.servers.processes import serving
from tests.servers.test_real_servers import check_site, client, get

KINDS = ("uvicorn-h11", "uvicorn-httptools", "hypercorn", "granian")


@pytest.mark.parametrize("kind", KINDS)
def test_wsgi_to_asgi_breaks_nothing(kind: str) -> None:
    """Whole pages, HEAD, a failure, clients that leave: nothing at any level."""
    with serving(kind, "tests.servers.watched_application:plain") as server:
        check_site(server, chunked=True)
        with client(server) as connection:
            connection.request("HEAD", "/download?blocks=2")
            assert connection.getresponse().read() == b""
        with client(server) as connection, contextlib.suppress(http.client.HTTPException, OSError):
            connection.request("GET", "/fail")
            connection.getresponse().read()
        for _ in range(5):
            with server.connect() as connection:
                connection.sendall(
                    b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc"
                )
            with server.connect() as connection:
                connection.sendall(b"GET /download?blocks=1000 HTTP/1.1\r\nHost: a\r\n\r\n")
                assert connection.recv(100)
        with client(server) as connection:
            status, body = get(connection, "/findings")
        assert status == 200
        served, *findings = body.decode().splitlines()
        assert findings == []
        assert int(served.split()[0]) >= 10
