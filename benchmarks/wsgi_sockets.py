"""``WsgiToAsgi`` behind uvicorn, over keep-alive connections on this machine.

Server and client have a CPU each, where there are two: what is measured is the server's rate.
asgiref 3.13.0 answers a share of such requests with status 500; they count as answered.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

from benchmarks.suite import Suite
from benchmarks.wsgi import RIVAL, TARGETS, TITLES
from benchmarks.wsgi_site import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

SUITE: Final = Suite("WSGI applications behind uvicorn, over sockets")

HOST: Final = "127.0.0.1"


@contextmanager
def _server(site: str, adapter: str) -> Iterator[int]:
    """Run uvicorn for the block; gives its port."""
    mine = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    others = set(range(os.cpu_count() or 1)) - mine
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen(128)
        listener.set_inheritable(True)
        http = "httptools" if importlib.util.find_spec("httptools") else "h11"
        command = [
            *(sys.executable, "-m", "uvicorn", "benchmarks.wsgi_site:application"),
            *("--fd", str(listener.fileno()), "--http", http, "--loop", "asyncio"),
            *("--lifespan", "off", "--log-level", "critical", "--no-access-log"),
        ]
        environment = {"BENCHMARK_SITE": site, "BENCHMARK_ADAPTER": adapter}
        with subprocess.Popen(
            command,
            pass_fds=[listener.fileno()],
            env=os.environ | environment,
            cwd=Path(__file__).parent.parent,
            stderr=subprocess.DEVNULL,
        ) as process:
            if others and mine:
                os.sched_setaffinity(process.pid, {min(others)})
            try:
                yield listener.getsockname()[1]
            finally:
                process.kill()


async def _client(port: int, request: bytes, requests: int) -> None:
    """Send requests one after another; a connection that was closed is made anew."""
    left = requests
    while left:
        reader, writer = await asyncio.open_connection(HOST, port, limit=2**21)
        try:
            while left:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                left -= 1
                length = head.lower().partition(b"content-length:")[2]
                if length:
                    await reader.readexactly(int(length.split(b"\r\n", 1)[0]))
                else:  # an error page of asgiref 3.13.0's making
                    await reader.readuntil(b"0\r\n\r\n")
                if b"connection: close" in head.lower():
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            left -= 1
        finally:
            writer.close()


def _subject(
    site: str, adapter: str, concurrency: int
) -> Callable[[int], Coroutine[object, object, float]]:
    body = REQUESTS[site]
    method = b"POST" if body else b"GET"
    request = method + (
        b" /some/page?a=1 HTTP/1.1\r\nHost: example.org\r\nUser-Agent: benchmark\r\n"
        b"Accept: */*\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    request += body

    async def measure(loops: int) -> float:
        with _server(site, adapter) as port:
            await asyncio.gather(*(_client(port, request, 5) for _ in range(concurrency)))
            each, rest = divmod(loops, concurrency)
            shares = [each + (number < rest) for number in range(concurrency)]
            begin = perf_counter()
            await asyncio.gather(*(_client(port, request, share) for share in shares))
            return perf_counter() - begin

    return measure


for (_site, _concurrency), _target in TARGETS.items():
    _case = SUITE.case(f"{TITLES[_site]}, concurrency {_concurrency}", target=_target)(
        _subject(_site, "asgiref", _concurrency)
    )
    _case.rival("a2wsgi", target=RIVAL)(_subject(_site, "a2wsgi", _concurrency))
    _case.rival("Starlette")(_subject(_site, "Starlette", _concurrency))
