"""`AsyncSingleThreadContext`, and what the rules leave open of `ThreadSensitiveContext`."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import TYPE_CHECKING

import pytest

from asgiref._bridge.async_to_sync import async_to_sync
from asgiref._bridge.sync_to_async import SyncToAsync, sync_to_async
from asgiref._bridge.thread_contexts import AsyncSingleThreadContext, ThreadSensitiveContext
from tests.programs import run_program

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from concurrent.futures import Executor

    from asgiref._bridge.work import Work


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


class _Holder:
    """A call in a pool thread that has a ``context=`` until it is told to leave."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.entered, self.leave = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.entered.set()
        self.leave.wait()

    async def start(self) -> asyncio.Task[None]:
        call = sync_to_async(self, thread_sensitive=False, context=self.context)
        task = asyncio.create_task(call())
        await asyncio.to_thread(self.entered.wait)
        return task


def test_call_that_waits_for_its_context_is_counted_once() -> None:
    """Leaving waits for a call that was sent again, because its ``context=`` was in use, once."""

    async def main() -> None:
        shared = copy_context()
        holder = _Holder(shared)
        held = await holder.start()
        context = ThreadSensitiveContext()
        await context.__aenter__()
        parked = asyncio.create_task(sync_to_async(int, context=shared)())
        await asyncio.sleep(0)
        await sync_to_async(int)()  # behind the other in the same worker, which has met that one
        holder.leave.set()
        assert await parked == 0
        await held
        leaving = asyncio.create_task(context.__aexit__(None, None, None))
        await asyncio.sleep(0)
        assert leaving.done()

    asyncio.run(main())


def test_call_that_waits_for_its_context_while_the_block_ends() -> None:
    """It was accepted, so it runs, also in a context with an executor (R6)."""

    async def main() -> None:
        shared = copy_context()
        holder = _Holder(shared)
        held = await holder.start()
        with ThreadPoolExecutor(1) as executor:
            async with ThreadSensitiveContext(executor=executor):
                parked = asyncio.create_task(sync_to_async(int, context=shared)())
                await asyncio.sleep(0)
                await sync_to_async(int)()
                asyncio.get_running_loop().call_soon(holder.leave.set)
            assert await parked == 0
        await held

    asyncio.run(main())


def test_dropped_context_gives_its_thread_back() -> None:
    """A context that was entered and never left is freed with its task, and so is its thread."""

    async def abandon(dropped: threading.Event) -> int:
        context = ThreadSensitiveContext()
        await context.__aenter__()
        weakref.finalize(context, dropped.set)
        return await sync_to_async(threading.get_ident)()

    async def main() -> None:
        before = len(SyncToAsync.context_to_thread_executor)
        threads = set()
        for _ in range(5):
            dropped = threading.Event()
            threads.add(await asyncio.create_task(abandon(dropped)))
            await asyncio.sleep(0)  # the loop has let go of the task
            for _ in range(300):
                gc.collect()
                if dropped.wait(0.01):  # until then, the worker may hold what it has just run
                    break
            assert dropped.is_set()
        assert len(SyncToAsync.context_to_thread_executor) == before
        assert len(threads) == 1

    asyncio.run(main())


def test_single_thread_context_that_is_carried_on() -> None:
    """Code that runs in a context from inside of the block, after the block, leases no thread."""
    own = async_to_sync(_where)()
    with AsyncSingleThreadContext():
        assert async_to_sync(_where)() != own
        carried = copy_context()
    assert carried.run(async_to_sync(_where)) == own


def test_single_thread_context_that_two_threads_enter() -> None:
    """Each leaves its own block."""
    context = AsyncSingleThreadContext()
    entered, leave = threading.Event(), threading.Event()

    def other() -> tuple[int, int]:
        own = async_to_sync(_where)()
        with context:
            entered.set()
            leave.wait()
        return own, async_to_sync(_where)()

    own = async_to_sync(_where)()
    with ThreadPoolExecutor(1) as pool:
        with context:
            future = pool.submit(other)
            entered.wait()
        here = async_to_sync(_where)()
        leave.set()
        others_own, there = future.result()
    assert here == own
    assert there == others_own


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_single_thread_context_in_the_child_of_a_fork() -> None:
    """R7: the child has a loop thread of its own, not the parent's, which is not there."""
    program = """
    import logging, os, signal, warnings
    from asgiref.sync import AsyncSingleThreadContext, async_to_sync

    logging.getLogger("asyncio").setLevel("ERROR")  # it warns when the machine is slow
    async def answer():
        return 3

    with AsyncSingleThreadContext():
        async_to_sync(answer)()
        warnings.simplefilter("ignore", DeprecationWarning)  # of the threads in the parent
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            os._exit(async_to_sync(answer)())
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), async_to_sync(answer)())
    """
    assert run_program(program).split() == ["3", "3"]


@pytest.mark.parametrize("given", [False, True], ids=["copied", "given"])
def test_call_that_is_cancelled_while_it_is_sent(given: bool) -> None:
    """It is counted after it was dropped, and leaving the context waits for nothing (R6)."""

    class Slow(ThreadSensitiveContext):
        """The task is cancelled when the call is on its way to the worker."""

        def executor_for(
            self, work: Work, executors: MutableMapping[ThreadSensitiveContext, Executor]
        ) -> Executor | None:
            work.abandon()
            return super().executor_for(work, executors)

    async def main() -> None:
        context = copy_context() if given else None
        slow = Slow()
        await slow.__aenter__()
        call = sync_to_async(int, context=context)
        task = asyncio.create_task(call())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        worker = SyncToAsync.context_to_thread_executor[slow]
        await asyncio.wrap_future(worker.submit(int))  # it has met the call
        leaving = asyncio.create_task(slow.__aexit__(None, None, None))
        await asyncio.sleep(0)
        assert leaving.done()

    asyncio.run(main())


def test_single_thread_context_is_left_where_it_was_entered() -> None:
    """Leaving it in another thread says so, and harms nobody."""

    async def work() -> str:
        return "works"

    context = AsyncSingleThreadContext()
    with context, ThreadPoolExecutor(1) as pool:
        left = pool.submit(context.__exit__, None, None, None)
        with pytest.raises(ValueError, match="was not entered in this thread"):
            left.result()
        assert async_to_sync(work)() == "works"


async def _home() -> int:
    return await sync_to_async(threading.get_ident)()


def test_entered_again_by_code_inside() -> None:
    """Entering a plain context once more moves nothing, and leaving that ends nothing."""

    async def main() -> None:
        context = ThreadSensitiveContext()
        async with context:
            home = await _home()
            async with context:
                assert await _home() == home
            assert await _home() == home
        assert await _home() != home
        assert context not in SyncToAsync.context_to_thread_executor

    asyncio.run(main())


def test_shared_by_tasks() -> None:
    """Tasks that enter the same plain context share its thread until the last of them leaves."""

    async def main() -> None:
        context = ThreadSensitiveContext()
        first_is_in, second_is_in, first_is_out = (asyncio.Event() for _ in range(3))

        async def first() -> int:
            async with context:
                home = await _home()
                first_is_in.set()
                await second_is_in.wait()
            assert await _home() == elsewhere
            first_is_out.set()
            return home

        async def second() -> int:
            await first_is_in.wait()
            async with context:
                second_is_in.set()
                home = await _home()
                await first_is_out.wait()
                assert await _home() == home
            assert await _home() == elsewhere
            return home

        elsewhere = await _home()
        homes = await asyncio.gather(first(), second())
        assert homes[0] == homes[1] != elsewhere

    asyncio.run(main())


def test_entered_again_while_it_is_being_left() -> None:
    """Whoever leaves first hears of the end of the calls, too."""

    async def main() -> None:
        context = ThreadSensitiveContext()
        end, running = threading.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def work() -> None:
            loop.call_soon_threadsafe(running.set)
            end.wait()

        async def leave_while_working() -> None:
            async with context:
                call = asyncio.create_task(sync_to_async(work)())
                await running.wait()
            await call

        leaving = asyncio.create_task(leave_while_working())
        await running.wait()
        for _ in range(3):
            await asyncio.sleep(0)
        async with context:
            end.set()
            assert await _home()
        await leaving

    asyncio.run(main())
