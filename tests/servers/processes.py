"""Real servers, each in a process of its own on a free port of this machine."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Server", "resident_peak", "serving")

ROOT: Final = Path(__file__).parents[2]

#: Seconds that a server gets to answer for the first time, on a busy machine.
PATIENCE: Final = 60.0

HOST: Final = "127.0.0.1"

#: How each server is called; ``{app}`` is "module:name".
COMMANDS: Final = {
    "uvicorn-h11": (
        "uvicorn {app} --host {host} --port {port} --http h11 --loop asyncio --lifespan off "
        "--log-level warning"
    ),
    "uvicorn-h11-uvloop": (
        "uvicorn {app} --host {host} --port {port} --http h11 --loop uvloop --lifespan off "
        "--log-level warning"
    ),
    "uvicorn-httptools": (
        "uvicorn {app} --host {host} --port {port} --http httptools --loop asyncio --lifespan off "
        "--log-level warning"
    ),
    "uvicorn-httptools-uvloop": (
        "uvicorn {app} --host {host} --port {port} --http httptools --loop uvloop --lifespan off "
        "--log-level warning"
    ),
    "hypercorn": "hypercorn {app} --bind {host}:{port} --log-level WARNING",
    "granian": (
        "granian {app} --interface asginl --host {host} --port {port} --log-level warning --no-ws"
    ),
    "waitress": "waitress --listen={host}:{port} --threads=8 {app}",
    "gunicorn": (
        "gunicorn {app} --bind {host}:{port} --worker-class gthread --threads 8 "
        "--log-level warning --no-control-socket"
    ),
    "cheroot": "cheroot {app} --bind {host}:{port}",
    "wsgiref": "tests.servers.simple_server {app} {port}",
}


class Server:
    """A server that answers.

    Attributes:
        port: where, on 127.0.0.1.
        pid: of the process that serves.
    """

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.process = process

    def connect(self) -> socket.socket:
        """Return a connection."""
        connection = socket.create_connection((HOST, self.port), timeout=PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    @property
    def pids(self) -> list[int]:
        """The process and those it started, which may be the ones that serve."""
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        return found


def resident_peak(server: Server) -> int:
    """Return the most bytes that any process of a server has had in memory so far."""
    peaks = []
    for pid in server.pids:
        status = Path(f"/proc/{pid}/status").read_text()
        peaks += [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
    return max(peaks) * 1024


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(kind: str, site: str) -> Iterator[Server]:
    """Run a server for the block; skip the test where it is not installed.

    Args:
        kind: one of ``COMMANDS``.
        site: as "module:name"; the module's ``application`` is served, and told the name.
    """
    module = kind.partition("-")[0]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    if "uvloop" in kind and importlib.util.find_spec("uvloop") is None:
        pytest.skip("uvloop is not installed")
    if "httptools" in kind and importlib.util.find_spec("httptools") is None:
        pytest.skip("httptools is not installed")
    port = _free_port()
    folder, _, name = site.partition(":")
    command = COMMANDS[kind].format(app=f"{folder}:application", host=HOST, port=port).split()
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=os.environ
        | {"PYTHONPATH": path, "PYTHONWARNINGS": "default", "ASGIREF_TEST_SITE": name},
    ) as process:
        try:
            server = Server(port, process)
            _wait_until_up(server)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _wait_until_up(server: Server) -> None:
    patience = threading.Event()
    for _ in range(int(PATIENCE / 0.05)):
        if server.process.poll() is not None:
            pytest.fail(f"the server ended by itself: {server.process.args!r}")
        with contextlib.suppress(OSError):
            server.connect().close()
            return
        patience.wait(0.05)
    pytest.fail(f"the server did not come up: {server.process.args!r}")
