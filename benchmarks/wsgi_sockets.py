"""``WsgiToAsgi`` behind uvicorn, over keep-alive connections on this machine.

Measured is the processor time of the server for a request, which decides its rate when it is busy
and does not depend on what else the machine does; without ``/proc``, the time until the answer.
asgiref 3.13.0 answers a share of such requests with status 500; they are asked again, as a client
would have to, and only the answers that are right count.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket
import subprocess
import sys
import threading
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
def _server(site: str, adapter: str) -> Iterator[tuple[int, int]]:
    """Run uvicorn for the block; gives its port and process."""
    mine = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    others = set(range(os.cpu_count() or 1)) - mine
    # Not a socket handed over: uvicorn takes it for a unix socket, and leaves Nagle's delays on.
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    http = "httptools" if importlib.util.find_spec("httptools") else "h11"
    command = [
        *(sys.executable, "-m", "uvicorn", "benchmarks.wsgi_site:application"),
        *("--host", HOST, "--port", str(port), "--http", http, "--loop", "asyncio"),
        *("--lifespan", "off", "--log-level", "critical", "--no-access-log"),
    ]
    environment = {"BENCHMARK_SITE": site, "BENCHMARK_ADAPTER": adapter}
    with subprocess.Popen(
        command,
        env=os.environ | environment,
        cwd=Path(__file__).parent.parent,
        stderr=subprocess.DEVNULL,
    ) as process:
        if others and mine:
            os.sched_setaffinity(process.pid, {min(others)})
        try:
            _wait_until_up(port)
            yield port, process.pid
        finally:
            process.kill()


def _seconds_of(pid: int) -> float:
    """Return the processor time that all threads of a process have had."""
    tasks = Path(f"/proc/{pid}/task")
    if not tasks.exists():
        return perf_counter()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9


def _wait_until_up(port: int) -> None:
    patience = threading.Event()
    for _ in range(600):
        try:
            socket.create_connection((HOST, port)).close()
        except OSError:
            patience.wait(0.05)
        else:
            return
    raise TimeoutError("uvicorn did not come up")


async def _client(port: int, request: bytes, requests: int) -> None:
    """Ask until so many requests were answered; a connection that was closed is made anew."""
    left, chances = requests, 10 * requests + 100
    while left:
        reader, writer = await asyncio.open_connection(HOST, port, limit=2**21)
        try:
            while left:
                chances -= 1
                if not chances:
                    raise RuntimeError("fewer than one in ten requests are answered")
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length:")[2]
                if length:
                    await reader.readexactly(int(length.split(b"\r\n", 1)[0]))
                else:  # an error page of asgiref 3.13.0's making
                    await reader.readuntil(b"0\r\n\r\n")
                left -= head.startswith(b"HTTP/1.1 200 ")
                if b"connection: close" in head.lower():
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
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
        with _server(site, adapter) as (port, pid):
            await asyncio.gather(*(_client(port, request, 5) for _ in range(concurrency)))
            each, rest = divmod(loops, concurrency)
            shares = [each + (number < rest) for number in range(concurrency)]
            begin = _seconds_of(pid)
            await asyncio.gather(*(_client(port, request, share) for share in shares))
            return _seconds_of(pid) - begin

    return measure


for (_site, _concurrency), _target in TARGETS.items():
    _case = SUITE.case(f"{TITLES[_site]}, concurrency {_concurrency}", target=_target)(
        _subject(_site, "asgiref", _concurrency)
    )
    _case.rival("a2wsgi", target=RIVAL)(_subject(_site, "a2wsgi", _concurrency))
    _case.rival("Starlette")(_subject(_site, "Starlette", _concurrency))
