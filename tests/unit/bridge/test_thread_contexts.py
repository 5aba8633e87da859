"""`AsyncSingleThreadContext`, and what the rules leave open of `ThreadSensitiveContext`."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context

import pytest

from asgiref._bridge.async_to_sync import async_to_sync
from asgiref._bridge.sync_to_async import SyncToAsync, sync_to_async
from asgiref._bridge.thread_contexts import AsyncSingleThreadContext, ThreadSensitiveContext


async def _where() -> int:
    return threading.get_ident()


def _calls() -> list[int]:
    """Return the threads of calls of each kind, from this thread and another one."""
    context = copy_context()
    with ThreadPoolExecutor(1) as pool:
        return [
            async_to_sync(_where)(),
            async_to_sync(_where, force_new_loop=True)(),
            pool.submit(context.run, async_to_sync(_where)).result(),
            async_to_sync(_where)(),
        ]


def test_all_calls_use_one_loop_thread() -> None:
    """``async_to_sync`` in it uses one loop thread, from whatever thread, also with a new loop."""
    with AsyncSingleThreadContext():
        assert len(set(_calls())) == 1
    assert len(set(_calls())) > 1


def test_re_entrant() -> None:
    """The outermost one counts, be it the same object or another."""
    context = AsyncSingleThreadContext()
    with context:
        outer = async_to_sync(_where)()
        with context, AsyncSingleThreadContext():
            assert async_to_sync(_where)() == outer
        assert async_to_sync(_where)() == outer
    own = async_to_sync(_where)()
    with context:
        assert async_to_sync(_where)() != own
    assert async_to_sync(_where)() == own


def test_left_by_an_exception() -> None:
    """It is over then as well."""
    own = async_to_sync(_where)()
    with pytest.raises(LookupError), AsyncSingleThreadContext():
        raise LookupError
    assert async_to_sync(_where)() == own


def test_below_a_task_the_loop_of_the_task_counts() -> None:
    """It concerns only calls that would run on a loop of the calling thread's own."""

    def work() -> bool:
        with AsyncSingleThreadContext():
            return async_to_sync(_where)() == loop_thread

    loop_thread = threading.get_ident()
    assert asyncio.run(sync_to_async(work)())


def test_entered_in_one_context_and_left_in_another() -> None:
    """As fixtures do: leaving is no error."""
    context = ThreadSensitiveContext()
    other = AsyncSingleThreadContext()

    async def main() -> None:
        await asyncio.get_running_loop().create_task(context.__aenter__(), context=Context())
        await context.__aexit__(None, None, None)

    asyncio.run(main())
    Context().run(other.__enter__)
    other.__exit__(None, None, None)


def test_left_twice() -> None:
    """Leaving again does nothing."""

    async def main() -> None:
        context = ThreadSensitiveContext()
        async with context:
            await sync_to_async(int)()
        await context.__aexit__(None, None, None)
        assert await sync_to_async(int)() == 0

    asyncio.run(main())


def test_left_by_an_exception_waits_too() -> None:
    """A context that is left by an error waits for what it accepted, and the error goes on."""
    release = threading.Event()
    log: list[str] = []

    def slow() -> None:
        release.wait()
        log.append("work")

    async def main() -> None:
        async with ThreadSensitiveContext():
            task = asyncio.create_task(sync_to_async(slow)())
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_soon(release.set)
            raise LookupError(task)

    with pytest.raises(LookupError):
        asyncio.run(main())
    assert log == ["work"]


def test_cancelled_while_it_waits() -> None:
    """A cancellation that comes while leaving ends the wait; the thread goes back later."""
    started, release = threading.Event(), threading.Event()

    def slow() -> None:
        started.set()
        release.wait()

    async def main() -> None:
        async def request(leaving: asyncio.Event) -> None:
            async with ThreadSensitiveContext():
                tasks.append(asyncio.create_task(sync_to_async(slow)()))
                await asyncio.sleep(0)
                leaving.set()

        tasks: list[asyncio.Task[None]] = []
        leaving = asyncio.Event()
        task = asyncio.create_task(request(leaving))
        await leaving.wait()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        release.set()
        await asyncio.gather(*tasks)

    asyncio.run(main())


def test_subclass_may_have_a_cap_of_its_own() -> None:
    """``max_threads`` is asked of the context's own class."""

    class Capped(ThreadSensitiveContext):
        max_threads = 1

    async def request(barrier: asyncio.Barrier) -> int:
        async with Capped():
            thread = await sync_to_async(threading.get_ident)()
            await barrier.wait()
            return thread

    async def main() -> set[int]:
        barrier = asyncio.Barrier(3)
        return set(await asyncio.gather(*(request(barrier) for _ in range(3))))

    assert len(asyncio.run(main())) == 1


def test_many_contexts_leave_nothing() -> None:
    """A thousand requests, a hundred at a time, leave no executor in the mapping."""

    async def request() -> int:
        async with ThreadSensitiveContext():
            return await sync_to_async(threading.get_ident)()

    async def main() -> None:
        before = len(SyncToAsync.context_to_thread_executor)
        for _ in range(10):
            await asyncio.gather(*(request() for _ in range(100)))
        assert len(SyncToAsync.context_to_thread_executor) == before

    asyncio.run(main())
