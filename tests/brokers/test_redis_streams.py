"""The Redis example against a real server: every entry is done at least once, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("redis", reason="needs the redis package: nox -s redis")

import redis.asyncio

from examples.redis_streams.consumer import StreamConsumer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REDIS = shutil.which("redis-server")

pytestmark = pytest.mark.skipif(REDIS is None, reason="needs redis-server (Debian: redis-server)")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Redis server on a socket of its own, without a port and without a trace."""
    folder: Path = tmp_path_factory.mktemp("redis")
    path = folder / "redis.sock"
    assert REDIS is not None  # or the test was skipped
    process = subprocess.Popen(
        [REDIS, "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "ready to accept connections" in line.lower():
            break
    yield f"unix://{path}"
    process.terminate()
    process.communicate()


class Bookkeeper:
    """An application that notes what it did, and fails as often as the fields say."""

    def __init__(self) -> None:
        self.done: list[tuple[str, int]] = []
        self.attempts: dict[int, int] = {}
        self.hanging = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while True:
            entry = await receive()
            number = int(entry["fields"]["number"])
            self.attempts[number] = self.attempts.get(number, 0) + 1
            action = entry["fields"].get("action", "")
            if action == "hang":
                self.hanging.set()
                await asyncio.Event().wait()
            if action == "fail" and self.attempts[number] <= int(entry["fields"]["times"]):
                raise ValueError(f"entry {number}, attempt {self.attempts[number]}")
            self.done.append((scope["key"], number))
            await send({"type": "entry.done", "id": entry["id"]})


def consumer(application: Any, url: str, stream: str) -> StreamConsumer:
    """Make a consumer that retries soon."""
    server = StreamConsumer(application, url, stream, group="group", name="consumer")
    server.wait = 0.01
    server.drain_timeout = 0.0
    server.until_done = True
    return server


@contextlib.asynccontextmanager
async def producer(url: str) -> Any:
    """Open a connection of the test's own."""
    client: Any = redis.asyncio.Redis.from_url(url, decode_responses=True)
    try:
        yield client
    finally:
        await client.aclose()


def test_every_entry_is_done_in_the_order_of_its_key(url: str) -> None:
    """Without failures: exactly once."""

    async def main() -> None:
        async with producer(url) as client:
            for number in range(500):
                await client.xadd("plain", {"key": f"key{number % 7}", "number": number})
        application = Bookkeeper()
        await consumer(application, url, "plain").arun()
        assert sorted(number for _, number in application.done) == list(range(500))
        for key in {key for key, _ in application.done}:
            numbers = [number for one, number in application.done if one == key]
            assert numbers == sorted(numbers)

    asyncio.run(main())


def test_failures_are_delivered_again(url: str) -> None:
    """Until they are done; the entries behind them are not held up."""

    async def main() -> None:
        async with producer(url) as client:
            for number in range(60):
                fields: dict[str, Any] = {"key": f"key{number % 3}", "number": number}
                if number % 10 == 0:
                    fields |= {"action": "fail", "times": 2}
                await client.xadd("failing", fields)
        application = Bookkeeper()
        await consumer(application, url, "failing").arun()
        assert sorted(number for _, number in application.done) == list(range(60))
        assert application.attempts[10] == 3
        assert application.attempts[11] == 1

    asyncio.run(main())


def test_hopeless_entries_are_put_aside(url: str) -> None:
    """After ``max_deliveries`` they are in a stream of their own, and pending no more."""

    async def main() -> None:
        async with producer(url) as client:
            fields = {"key": "a", "number": 1, "action": "fail", "times": 1000}
            identifier = await client.xadd("hopeless", fields)
            await client.xadd("hopeless", {"key": "a", "number": 2})
            application = Bookkeeper()
            server = consumer(application, url, "hopeless")
            await server.arun()
            assert application.attempts == {1: server.max_deliveries, 2: 1}
            ((_, dead),) = await client.xrange("hopeless:dead")
            assert dead["entry"] == identifier

    asyncio.run(main())


def test_a_consumer_that_dies_loses_nothing(url: str) -> None:
    """What it had not done is delivered to its next life."""

    async def main() -> None:
        async with producer(url) as client:
            for number in range(20):
                fields: dict[str, Any] = {"key": f"key{number % 2}", "number": number}
                if number == 6:
                    fields["action"] = "hang"
                await client.xadd("dying", fields)
            first = Bookkeeper()
            server = consumer(first, url, "dying")
            running = asyncio.create_task(server.arun())
            await first.hanging.wait()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            done = {number for _, number in first.done}
            assert 6 not in done

            second = Bookkeeper()
            second.attempts[6] = 1

            async def healed(scope: Any, receive: Any, send: Any) -> None:
                async def without_action() -> Any:
                    entry = await receive()
                    entry["fields"].pop("action", None)
                    return entry

                await second(scope, without_action, send)

            await consumer(healed, url, "dying").arun()
            done |= {number for _, number in second.done}
            assert done == set(range(20))

    asyncio.run(main())
