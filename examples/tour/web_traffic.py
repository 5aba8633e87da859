"""Real HTTP traffic for the Flask example: ``python -m examples.tour.web_traffic``."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import httpx

from examples.flask_app import BLOCK, PARTY

if TYPE_CHECKING:
    from collections.abc import Iterator

MEGABYTE: Final = 1024 * 1024


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Run the server as a process and give its address; ask it for a port that is in use."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "examples.flask_app", str(port)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        with process.stdout as output:
            try:
                address = output.readline().strip()
                if not address:
                    raise SystemExit("the server did not start; its own words are above")
                print(f"server: asked for port {port}, which is in use; took {address} instead")
                yield address
            finally:
                process.terminate()
                process.wait(10)
    # uvicorn finishes its requests, then ends by the very signal that asked it to.
    assert process.returncode in {0, -signal.SIGTERM}, process.returncode
    print("server: stopped in order")


def upload(client: httpx.Client) -> None:
    """Upload a body in chunks, as a generator makes them, and compare what arrived."""
    block, count = os.urandom(MEGABYTE), 16

    def make() -> Iterator[bytes]:
        for _ in range(count):
            yield block

    answer = client.post("/upload", content=make()).raise_for_status().json()
    digest = hashlib.sha256(block * count).hexdigest()
    print(f"upload: {answer['bytes'] // MEGABYTE} MB in chunks, sha256 {answer['sha256'][:16]}...")
    assert (answer["bytes"], answer["sha256"]) == (count * MEGABYTE, digest)


def download(client: httpx.Client) -> None:
    """Take a stream block by block; it is never whole anywhere."""
    blocks, size = 512, 0
    digest, expected = hashlib.sha256(), hashlib.sha256()
    with client.stream("GET", f"/download/{blocks}") as response:
        for piece in response.iter_raw():
            digest.update(piece)
            size += len(piece)
    for number in range(blocks):
        expected.update(number.to_bytes(8, "big") * (BLOCK // 8))
    print(f"download: {size // MEGABYTE} MB as a stream, {blocks} blocks made while they were sent")
    assert (size, digest.digest()) == (blocks * BLOCK, expected.digest())


def meet(client: httpx.Client) -> None:
    """Send requests that wait for each other: one at a time they would never be answered."""
    with ThreadPoolExecutor(PARTY) as pool:
        answers = list(pool.map(lambda _: client.get("/meet"), range(PARTY)))
    threads = {answer.raise_for_status().json()["thread"] for answer in answers}
    print(f"concurrency: {PARTY} requests that wait for each other, in {len(threads)} threads")
    assert len(threads) == PARTY


def keep_alive(client: httpx.Client) -> None:
    """Send requests one after the other, and look at the client's end of the connection."""
    ports = set()
    for _ in range(20):
        with client.stream("GET", "/download/1") as response:
            response.read()
            stream = response.extensions["network_stream"]
            ports.add(stream.get_extra_info("client_addr")[1])
    print(f"keep-alive: 20 requests over {len(ports)} connection")
    assert len(ports) == 1


def main() -> None:
    """Do all four against one server."""
    with serving() as address, httpx.Client(base_url=address, trust_env=False) as client:
        upload(client)
        download(client)
        meet(client)
        keep_alive(client)


if __name__ == "__main__":
    main()
