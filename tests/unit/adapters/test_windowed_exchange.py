"""``asgiref._adapters.windowed_exchange``: orders of loop and thread that only chance brings."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from asgiref._adapters import exchange as exchange_module
from asgiref._adapters import windowed_exchange
from asgiref._adapters.exchange import (
    LONGEST_LOOK_SECONDS,
    LOOK_SECONDS,
    RECEIVE_WINDOW_BYTES,
    seconds_before,
)
from asgiref._adapters.windowed_exchange import WindowedExchange
from asgiref._adapters.worker_pool import WorkerPool

PATIENCE = 30.0


@pytest.fixture(autouse=True)
def no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a wake-up that was forgotten hang, instead of being made good after a while."""
    monkeypatch.setattr(windowed_exchange, "LOOP_CHECK_SECONDS", 3600.0)
    monkeypatch.setattr(exchange_module, "LOOK_SECONDS", 3600.0)
    monkeypatch.setattr(exchange_module, "LONGEST_LOOK_SECONDS", 3600.0)


def part(size: int, *, last: bool = False) -> dict[str, Any]:
    """Return an event of a request body."""
    return {"type": "http.request", "body": bytes(size), "more_body": not last}


class LoopWithAGap:
    """The running loop, in which the thread gets its turn where the receiver makes its future."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.full = threading.Event()
        self.emptied = threading.Event()

    def create_future(self) -> asyncio.Future[None]:
        """Let the thread empty the queue first: it cannot see the future yet."""
        self.full.set()
        assert self.emptied.wait(PATIENCE)
        return self._loop.create_future()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


def test_queue_emptied_before_the_receiver_waits() -> None:
    """The receiver looks again before it waits for room that the thread has made already.

    The receiver finds the window full; the thread takes everything, and sees nobody to tell; the
    receiver adds a block. The thread then waits for more than this block: if the receiver waited
    too, nobody would ever go on.
    """

    async def main() -> None:
        most, rest = RECEIVE_WINDOW_BYTES - 1, RECEIVE_WINDOW_BYTES // 2
        events = iter([part(rest), part(rest, last=True)])

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0)  # an eager task comes this far before there is a gap
            return next(events)

        async def send(event: dict[str, Any]) -> None:
            raise AssertionError(event)

        exchange = WindowedExchange(receive, send, part(most), WorkerPool())
        loop = LoopWithAGap(asyncio.get_running_loop())
        exchange._loop = loop  # type: ignore[assignment]  # stands in between the two
        read: list[int] = []

        def read_all() -> None:
            assert loop.full.wait(PATIENCE)
            read.append(len(exchange.take(1)))
            loop.emptied.set()
            while block := exchange.take(RECEIVE_WINDOW_BYTES):
                read.append(len(block))

        await asyncio.to_thread(read_all)
        exchange.leave()
        await exchange.close()
        assert read == [most, rest, rest]

    asyncio.run(main())


def test_looks_grow_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken beyond the window grows ever more slowly while a response streams."""
    monkeypatch.undo()
    waits = [seconds_before(look) for look in range(40)]
    assert waits == sorted(waits)
    assert waits[15] == waits[0] == LOOK_SECONDS
    assert waits[17] == 2 * LOOK_SECONDS
    assert waits[-1] == LONGEST_LOOK_SECONDS
