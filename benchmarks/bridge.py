"""Hops between sync and async code, each way, nested and in crowds."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar, copy_context
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import anyio.from_thread
import anyio.to_thread

from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from benchmarks.suite import Suite

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SUITE = Suite("Bridge")

#: How many calls are in flight at once, in the cases about crowds.
CROWD: Final = 1_000

VARIABLES: Final = [ContextVar[int](f"variable_{number}") for number in range(20)]


def work() -> int:
    """Do nothing, on the sync side."""
    return 1


async def work_later() -> int:
    """Do nothing, on the async side."""
    return 1


async def work_after_a_wait() -> int:
    """Wait for the loop once, on the async side."""
    await asyncio.sleep(0)
    return 1


async def time_each(loops: int, call: Callable[[], Awaitable[object]]) -> float:
    """Await calls one after the other."""
    begin = perf_counter()
    for _ in range(loops):
        await call()
    return perf_counter() - begin


async def time_crowds(loops: int, call: Callable[[], Awaitable[object]]) -> float:
    """Await calls a crowd at a time; the time is scaled to ``loops`` of them."""
    crowds = -(-loops // CROWD)
    begin = perf_counter()
    for _ in range(crowds):
        await asyncio.gather(*(call() for _ in range(CROWD)))
    return (perf_counter() - begin) * loops / (crowds * CROWD)


# --- async calls sync ---------------------------------------------------------------------------


@SUITE.case("one thread-sensitive call", target=0.6)
async def sensitive(loops: int) -> float:
    """Await a wrapper made once."""
    return await time_each(loops, sync_to_async(work))


@sensitive.rival("asyncio.to_thread", target=1.0)
async def sensitive_asyncio(loops: int) -> float:
    """Await the standard library's."""
    return await time_each(loops, lambda: asyncio.to_thread(work))


@sensitive.rival("anyio.to_thread", target=1.0)
async def sensitive_anyio(loops: int) -> float:
    """Await anyio's."""
    return await time_each(loops, lambda: anyio.to_thread.run_sync(work))


@SUITE.case("one thread-sensitive call, wrapped anew", target=0.6)
async def sensitive_anew(loops: int) -> float:
    """Wrap and await, as most code does."""
    return await time_each(loops, lambda: sync_to_async(work)())  # noqa: PLW0108 - wrapped anew


@SUITE.case("one thread-sensitive call, 20 context variables set", target=0.55)
def sensitive_with_variables(loops: int) -> float:
    """Await below a context that is not empty, and does not change."""

    def run() -> float:
        for number, variable in enumerate(VARIABLES):
            variable.set(number)
        return asyncio.run(time_each(loops, sync_to_async(work)))

    return copy_context().run(run)


@SUITE.case("1,000 thread-sensitive calls gathered, per call", target=0.2)
async def sensitive_crowd(loops: int) -> float:
    """Await a crowd that shares one thread."""
    return await time_crowds(loops, sync_to_async(work))


@SUITE.case("one call that is not thread-sensitive", target=0.75)
async def insensitive(loops: int) -> float:
    """Await a call in the loop's default executor."""
    return await time_each(loops, sync_to_async(work, thread_sensitive=False))


@SUITE.case("1,000 calls that are not thread-sensitive gathered, per call", target=0.45)
async def insensitive_crowd(loops: int) -> float:
    """Await a crowd in the loop's default executor."""
    return await time_crowds(loops, sync_to_async(work, thread_sensitive=False))


@SUITE.case("ThreadSensitiveContext around one call", target=0.3)
async def thread_sensitive_context(loops: int) -> float:
    """Enter, call, leave: what a framework does for each request."""
    call = sync_to_async(work)

    async def request() -> None:
        async with ThreadSensitiveContext():
            await call()

    return await time_each(loops, request)


# --- sync calls async ---------------------------------------------------------------------------


def time_each_sync(loops: int, call: Callable[[], object]) -> float:
    """Call one after the other, warm."""
    call()
    begin = perf_counter()
    for _ in range(loops):
        call()
    return perf_counter() - begin


@SUITE.case("async_to_sync from a plain thread", target=0.15)
def plain(loops: int) -> float:
    """Call a coroutine that does not wait."""
    return time_each_sync(loops, async_to_sync(work_later))


def portal(loops: int, call: Callable[[], Awaitable[Any]]) -> float:
    """Call through anyio's blocking portal."""
    with anyio.from_thread.start_blocking_portal() as gate:
        return time_each_sync(loops, lambda: gate.call(call))


@plain.rival("anyio's portal", target=0.6)
def plain_anyio(loops: int) -> float:
    """Call a coroutine that does not wait."""
    return portal(loops, work_later)


@SUITE.case("async_to_sync from a plain thread, with a real wait inside", target=0.15)
def plain_waiting(loops: int) -> float:
    """Call a coroutine that goes around the loop once."""
    return time_each_sync(loops, async_to_sync(work_after_a_wait))


@plain_waiting.rival("anyio's portal", target=0.6)
def plain_waiting_anyio(loops: int) -> float:
    """Call a coroutine that goes around the loop once."""
    return portal(loops, work_after_a_wait)


# --- nested -------------------------------------------------------------------------------------


@SUITE.case("sync -> async -> sync", target=0.2)
def sync_async_sync(loops: int) -> float:
    """The innermost call runs in the thread of the outermost."""

    async def middle() -> int:
        return await sync_to_async(work)()

    return time_each_sync(loops, async_to_sync(middle))


@SUITE.case("async -> sync -> async", target=0.55)
async def async_sync_async(loops: int) -> float:
    """The innermost coroutine runs in the loop of the outermost."""

    def middle() -> int:
        return async_to_sync(work_later)()

    return await time_each(loops, sync_to_async(middle))
