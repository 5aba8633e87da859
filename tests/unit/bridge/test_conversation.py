"""`Conversation`, seen through `async_to_sync_iter`: whose it is, and how it ends."""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from asgiref._bridge.async_to_sync import async_to_sync
from asgiref._bridge.iterators import async_to_sync_iter
from asgiref._bridge.sync_to_async import sync_to_async

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator


async def _numbers() -> AsyncGenerator[int, None]:
    for number in range(5):
        yield number


class _LeftBehind:
    """Sync code whose task is cancelled, and has gone, between its two parts."""

    def __init__(self) -> None:
        self.begun, self.go_on, self.ended = (threading.Event() for _ in range(3))

    def wait(self) -> None:
        self.begun.set()
        self.go_on.wait()

    async def cancel(self, task: asyncio.Task[None]) -> None:
        await asyncio.to_thread(self.begun.wait)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        self.go_on.set()


def test_begun_by_one_call_and_continued_by_another() -> None:
    """A step belongs to the call that takes it: that the first one's task has gone is no concern.

    R13 tells the code whose task was cancelled, and nobody else.
    """
    left = _LeftBehind()
    iterations: list[Generator[int, None, None]] = []

    def begin() -> None:
        iterations.append(async_to_sync_iter(_numbers)())
        assert next(iterations[0]) == 0
        left.wait()

    def go_on() -> int:
        with closing(iterations[0]):
            return next(iterations[0])

    async def main() -> int:
        await left.cancel(asyncio.create_task(sync_to_async(begin)()))
        return await sync_to_async(go_on)()

    assert asyncio.run(main()) == 1


def test_cancelling_whoever_continues() -> None:
    """R12: it reaches the iteration in which that call is blocked, and frees the thread."""
    iterations: list[Generator[int, None, None]] = []

    def begin() -> None:
        iterations.append(async_to_sync_iter(numbers)())
        assert next(iterations[0]) == 0

    def go_on() -> int:
        return next(iterations[0])

    async def numbers() -> AsyncGenerator[int, None]:
        yield 0
        waiting.set()
        await asyncio.Event().wait()

    async def main() -> None:
        await sync_to_async(begin)()
        task = asyncio.create_task(sync_to_async(go_on)())
        await waiting.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert await sync_to_async(int)() == 0

    waiting = asyncio.Event()
    asyncio.run(main())


def test_dropped_by_code_whose_task_has_gone() -> None:
    """R13: the finalizer closes the source, and the next ``async_to_sync`` raises."""
    left = _LeftBehind()
    log: list[str] = []

    async def numbers() -> AsyncGenerator[int, None]:
        try:
            yield 0
        finally:
            log.append("closed")

    async def answer() -> None:
        log.append("answered")

    def work() -> None:
        try:
            iteration = async_to_sync_iter(numbers)()
            next(iteration)
            left.wait()
            del iteration
            log.append("dropped")
            try:
                async_to_sync(answer)()
            except asyncio.CancelledError:
                log.append("told")
            async_to_sync(answer)()
        finally:
            left.ended.set()

    async def main() -> None:
        await left.cancel(asyncio.create_task(sync_to_async(work)()))
        await asyncio.to_thread(left.ended.wait)

    asyncio.run(main())
    assert log == ["closed", "dropped", "told", "answered"]


def test_error_in_the_clean_up_of_an_iteration_that_is_left_early() -> None:
    """What the source raises when it is closed comes out, as from a plain generator."""

    async def numbers() -> AsyncGenerator[int, None]:
        try:
            yield 0
        finally:
            raise ValueError("not flushed")

    with (
        pytest.raises(ValueError, match="not flushed"),
        closing(async_to_sync_iter(numbers)()) as iteration,
    ):
        assert next(iteration) == 0
