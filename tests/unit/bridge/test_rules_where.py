"""Rules R1 to R6 of the bridge: which thread and which loop code runs in."""

from __future__ import annotations

import asyncio
import atexit
import socket
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

import pytest

from asgiref._bridge import loop_threads
from asgiref._bridge.async_to_sync import AsyncToSync, async_to_sync
from asgiref._bridge.sync_to_async import SyncToAsync, sync_to_async
from asgiref._bridge.thread_contexts import ThreadSensitiveContext
from tests.doubles import RecordingExecutor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

#: Awaited: the thread that thread-sensitive code runs in here.
home = sync_to_async(threading.get_ident)

#: Awaited: a thread of the default executor.
elsewhere = sync_to_async(threading.get_ident, thread_sensitive=False)


async def _home_of(_: object = None) -> int:
    return await home()


async def _running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


async def _turns(count: int = 3) -> None:
    """Let the loop go round: whatever is ready takes its next step."""
    for _ in range(count):
        await asyncio.sleep(0)


def _in_thread(function: Callable[[], Any]) -> Any:
    """Return what ``function()`` returns in a new thread, which has ended by then."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


# R1 ---------------------------------------------------------------------------------------------


def test_home_is_the_outermost_synchronous_thread() -> None:
    """R1: the home is the thread of the outermost ``async_to_sync``, to any depth."""
    here = threading.get_ident()
    seen: list[int] = []

    def work(depth: int) -> None:
        seen.append(threading.get_ident())
        if depth:
            async_to_sync(coroutine)(depth)

    async def coroutine(depth: int) -> None:
        assert threading.get_ident() != here
        await sync_to_async(work)(depth - 1)

    async_to_sync(coroutine)(4)
    assert seen == [here] * 4


def test_home_is_the_worker_of_the_context() -> None:
    """R1: below a coroutine the home is the worker of the ``ThreadSensitiveContext``."""

    async def in_context(ready: asyncio.Event, other: asyncio.Event) -> set[int]:
        async with ThreadSensitiveContext():
            first = await home()
            ready.set()
            await other.wait()
            # Both contexts hold their thread now.
            return {first, await home(), await asyncio.create_task(_home_of())}

    async def main() -> None:
        one, two = asyncio.Event(), asyncio.Event()
        outside = await home()
        homes = await asyncio.gather(in_context(one, two), in_context(two, one))
        assert [len(each) for each in homes] == [1, 1]
        assert len({*homes[0], *homes[1], outside, threading.get_ident()}) == 4

    asyncio.run(main())


def test_a_context_is_home_for_a_task_whose_context_names_none() -> None:
    """R1: the home of a driven loop is for tasks that name none; a context entered there does.

    Test clients run each application in an empty context, and applications enter a context for each
    request: two of them must be able to run at the same time.
    """
    here = threading.get_ident()

    async def request() -> int:
        assert await home() == here
        async with ThreadSensitiveContext():
            return await home()

    async def client() -> int:
        return await asyncio.create_task(request(), context=Context())

    assert async_to_sync(client)() != here


def test_a_context_is_home_in_a_thread_of_the_users_own() -> None:
    """R1: such a thread starts a tree of its own, also where it runs in a context of another's."""
    here = threading.get_ident()

    async def request() -> int:
        async with ThreadSensitiveContext():
            return await home()

    async def carrier() -> tuple[int, int]:
        run = copy_context().run
        common = await asyncio.to_thread(lambda: run(asyncio.run, _home_of()))
        return common, await asyncio.to_thread(lambda: run(asyncio.run, request()))

    common, own = async_to_sync(carrier)()
    assert len({here, common, own}) == 3


def test_home_is_the_single_thread_otherwise() -> None:
    """R1: without either, the home is the worker of ``SyncToAsync.single_thread_executor``."""

    async def main() -> tuple[int, int]:
        return await home(), threading.get_ident()

    first, loop_thread = asyncio.run(main())
    second, other_loop_thread = _in_thread(lambda: asyncio.run(main()))
    single = SyncToAsync.single_thread_executor.submit(threading.get_ident).result()
    assert first == second == single
    assert single not in {loop_thread, other_loop_thread}


def test_single_thread_executor_is_looked_up_at_call_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """R1: a deployment that assigns another executor to the class moves the home at once."""
    wrapped = sync_to_async(threading.get_ident)
    with ThreadPoolExecutor(1) as own:
        monkeypatch.setattr(SyncToAsync, "single_thread_executor", own)

        async def main() -> int:
            return await wrapped()

        assert asyncio.run(main()) == own.submit(threading.get_ident).result()


def test_context_with_executor_moves_the_home_below_a_coroutine() -> None:
    """R1: entering a context with an executor moves the home there, until the block ends."""
    with ThreadPoolExecutor(1) as own:

        async def main() -> None:
            before = await home()
            async with ThreadSensitiveContext(executor=own):
                assert await home() == own.submit(threading.get_ident).result()
                async with ThreadSensitiveContext():
                    assert await home() == own.submit(threading.get_ident).result()
            assert await home() == before

        asyncio.run(main())


@pytest.mark.parametrize("deeper", [False, True], ids=["at once", "deeper"])
@pytest.mark.parametrize("shared", [False, True], ids=["own", "the process's"])
def test_context_with_the_executor_whose_thread_waits(shared: bool, deeper: bool) -> None:
    """R1: the home thread is blocked in ``async_to_sync``, so its pump runs what goes home."""

    async def ask() -> int:
        if deeper:
            return await sync_to_async(async_to_sync(home), thread_sensitive=False)()
        return await home()

    async def inner() -> int:
        async with ThreadSensitiveContext(executor=executor):
            return await ask()

    async def main() -> None:
        async with ThreadSensitiveContext(executor=executor):
            expected = await home()
            assert await sync_to_async(async_to_sync(inner))() == expected
            assert await home() == expected

    with ThreadPoolExecutor(1) as own:
        executor = SyncToAsync.single_thread_executor if shared else own
        asyncio.run(main())


def test_task_left_in_a_context_with_the_executor_whose_thread_waited() -> None:
    """R2: when the pump has ended, what descends from it waits for the executor's thread."""
    tasks: list[asyncio.Task[int]] = []
    ended, left, go_on = asyncio.Event(), threading.Event(), threading.Event()

    async def later() -> int:
        async with ThreadSensitiveContext(executor=executor):
            await ended.wait()
            return await home()

    async def leave() -> None:
        tasks.append(asyncio.create_task(later()))

    def waits() -> int:
        async_to_sync(leave)()
        left.set()
        go_on.wait()
        return threading.get_ident()

    async def main() -> None:
        async with ThreadSensitiveContext(executor=executor):
            waiting = asyncio.create_task(sync_to_async(waits)())
            await asyncio.to_thread(left.wait)
            ended.set()
            for _ in range(3):
                await asyncio.sleep(0)
            assert not tasks[0].done()
            go_on.set()
            assert await tasks[0] == await waiting

    with ThreadPoolExecutor(1) as executor:
        asyncio.run(main())


def test_context_with_executor_moves_the_home_below_a_thread() -> None:
    """R1: also below ``async_to_sync``: ``executors.current`` is None inside, restored after."""
    here = threading.get_ident()
    with ThreadPoolExecutor(1) as own:

        async def main() -> None:
            pump = AsyncToSync.executors.current
            assert pump is not None
            async with ThreadSensitiveContext(executor=own):
                assert AsyncToSync.executors.current is None
                assert await home() == own.submit(threading.get_ident).result()
                # Further down, where a thread of the executor waits, that thread is home.
                nested = await sync_to_async(async_to_sync(_home_of))()
                assert nested == own.submit(threading.get_ident).result()
            assert AsyncToSync.executors.current is pump
            assert await home() == here

        async_to_sync(main)()


def test_plain_context_inside_another_moves_nothing() -> None:
    """R1: a plain context inside another one leaves the home where it is, and the other alive."""

    async def main() -> None:
        async with ThreadSensitiveContext() as outer:
            first = await home()
            async with ThreadSensitiveContext() as inner:
                assert await home() == first
                assert outer in SyncToAsync.context_to_thread_executor
                assert inner not in SyncToAsync.context_to_thread_executor
            assert await home() == first

    asyncio.run(main())


def test_plain_context_below_a_thread_moves_nothing() -> None:
    """R1: a plain context below ``async_to_sync`` leaves the home with the thread."""
    here = threading.get_ident()

    async def main() -> None:
        async with ThreadSensitiveContext() as context:
            assert AsyncToSync.executors.current is not None
            assert await home() == here
            assert context not in SyncToAsync.context_to_thread_executor

    async_to_sync(main)()


@pytest.mark.parametrize("in_context", [False, True], ids=["single thread", "context"])
def test_insensitive_hop_moves_nothing_below_a_coroutine(in_context: bool) -> None:
    """R1: below a ``thread_sensitive=False`` hop, thread-sensitive code goes home."""

    async def tree() -> None:
        first = await home()

        def hop() -> tuple[int, int]:
            return threading.get_ident(), async_to_sync(_home_of)()

        thread, below = await sync_to_async(hop, thread_sensitive=False)()
        assert thread != first
        assert below == first

    async def main() -> None:
        if in_context:
            async with ThreadSensitiveContext():
                await tree()
        else:
            await tree()

    asyncio.run(main())


def test_insensitive_hop_moves_nothing_below_a_thread() -> None:
    """R1: nor does it below ``async_to_sync``, where the blocked thread is home."""
    here = threading.get_ident()

    def hop() -> int:
        assert threading.get_ident() != here
        return async_to_sync(_home_of)()

    async def main() -> int:
        return await sync_to_async(hop, thread_sensitive=False)()

    assert async_to_sync(main)() == here


def test_insensitive_hop_below_a_blocked_home() -> None:
    """R1: home, hop, home again: the blocked home thread runs it from the pump it waits in."""

    async def middle() -> tuple[int, int]:
        return await sync_to_async(hop, thread_sensitive=False)()

    def hop() -> tuple[int, int]:
        return threading.get_ident(), async_to_sync(_home_of)()

    def at_home() -> None:
        hopped, below = async_to_sync(middle)()
        assert hopped != threading.get_ident()
        assert below == threading.get_ident()

    asyncio.run(sync_to_async(at_home)())
    async_to_sync(sync_to_async(at_home))()


def test_other_thread_starts_a_tree_of_its_own() -> None:
    """R1: a thread of the user's is home to its own calls, whatever context it carries."""
    here = threading.get_ident()

    async def main() -> None:
        context = copy_context()
        thread, below = _in_thread(
            lambda: context.run(lambda: (threading.get_ident(), async_to_sync(_home_of)()))
        )
        assert thread != here
        assert below == thread

    async_to_sync(main)()


def test_other_thread_with_a_loop_of_its_own() -> None:
    """R1: a loop that the user runs in a thread of theirs is no part of the tree either."""
    here = threading.get_ident()
    single = SyncToAsync.single_thread_executor.submit(threading.get_ident).result()

    async def main() -> None:
        context = copy_context()
        assert _in_thread(lambda: context.run(asyncio.run, _home_of())) == single
        assert await home() == here

    async_to_sync(main)()


def test_blocked_home_serves_only_descendants() -> None:
    """R1: while the home is blocked, work that descends from none of its pumps waits."""
    log: list[str] = []

    async def main() -> None:
        blocked = asyncio.Event()

        async def below() -> None:
            blocked.set()
            await queued.wait()
            await sync_to_async(log.append)("below")

        def at_home() -> None:
            async_to_sync(below)()
            log.append("end of the home's call")

        queued = asyncio.Event()
        first = asyncio.create_task(sync_to_async(at_home)())
        await blocked.wait()
        second = asyncio.create_task(sync_to_async(log.append)("unrelated"))
        await _turns()
        queued.set()
        await asyncio.gather(first, second)

    asyncio.run(main())
    assert log == ["below", "end of the home's call", "unrelated"]


def test_innermost_pump_serves() -> None:
    """R1: the innermost live pump from which the work descends runs it; outer ones wait."""
    log: list[str] = []

    async def outer() -> None:
        inside, queued = asyncio.Event(), asyncio.Event()

        async def inner() -> None:
            assert AsyncToSync.executors.current is not pump
            inside.set()
            await queued.wait()
            await sync_to_async(log.append)("inner's")
            log.append("end of inner")

        def work() -> None:
            async_to_sync(inner)()
            log.append("end of work")

        async def sibling() -> None:
            await inside.wait()
            task = asyncio.create_task(sync_to_async(log.append)("outer's"))
            await _turns()
            queued.set()
            await task

        pump = AsyncToSync.executors.current
        await asyncio.gather(sync_to_async(work)(), sibling())

    async_to_sync(outer)()
    assert log == ["inner's", "end of inner", "end of work", "outer's"]


def test_driven_loop_gives_its_home_to_tasks_without_one() -> None:
    """R1: a loop that ``async_to_sync`` drives is home to tasks whose context names none."""

    async def main() -> int:
        loop = asyncio.get_running_loop()
        return await loop.create_task(_home_of(), context=Context())

    assert async_to_sync(main)() == threading.get_ident()
    assert async_to_sync(main, force_new_loop=True)() == threading.get_ident()


# R2 ---------------------------------------------------------------------------------------------


def test_pump_keeps_the_order_of_submission() -> None:
    """R2: a pump runs its work in the order of submission."""
    log: list[int] = []

    async def main() -> None:
        await asyncio.gather(*(sync_to_async(log.append)(number) for number in range(50)))

    async_to_sync(main)()
    assert log == list(range(50))


def test_worker_keeps_the_order_of_submission() -> None:
    """R2: so does a worker."""
    log: list[int] = []

    async def main() -> None:
        await asyncio.gather(*(sync_to_async(log.append)(number) for number in range(50)))

    asyncio.run(main())
    assert log == list(range(50))


def test_ended_pump_hands_on_to_the_next_outer_one() -> None:
    """R2: work whose pump has ended goes to the next outer pump."""
    here = threading.get_ident()

    async def outer() -> None:
        left: list[asyncio.Task[int]] = []
        ended = asyncio.Event()

        async def late() -> int:
            await ended.wait()
            return await home()

        async def inner() -> None:
            left.append(asyncio.create_task(late()))

        await sync_to_async(async_to_sync(inner))()
        ended.set()
        assert await left[0] == here

    async_to_sync(outer)()


def test_ended_pump_is_never_an_error() -> None:
    """R2: where no pump is left, the next choice of R1 applies."""
    carried: list[Context] = []

    async def first() -> None:
        carried.append(copy_context())

    async def request() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        single = await loop.create_task(_home_of(), context=carried[0])
        async with ThreadSensitiveContext():
            expected = await home()
            inside = copy_context()
            inside.run(lambda: [var.set(value) for var, value in carried[0].items()])
            assert await loop.create_task(_home_of(), context=inside) == expected
        return single, expected

    async_to_sync(first)()
    single = SyncToAsync.single_thread_executor.submit(threading.get_ident).result()
    seen, of_context = asyncio.run(request())
    assert seen == single != of_context
    # The same on the thread's own loop, in the next call: an ended frame names no other one.
    again = async_to_sync(_home_in(carried[0]))
    assert again() == single


def _home_in(context: Context) -> Callable[[], Coroutine[Any, Any, int]]:
    """Return a coroutine function that asks for its home in that context."""

    async def ask() -> int:
        return await asyncio.get_running_loop().create_task(_home_of(), context=context)

    return ask


@pytest.mark.parametrize("cancel_futures", [True, False], ids=["cancelled", "kept"])
def test_nothing_is_dropped_by_an_executor_that_shuts_down(cancel_futures: bool) -> None:
    """R2: what was accepted runs, or its awaiter gets an exception."""
    own = ThreadPoolExecutor(1)
    ran: list[int] = []
    started, release = threading.Event(), threading.Event()

    def block() -> None:
        started.set()
        release.wait()

    async def main() -> list[object]:
        async with ThreadSensitiveContext(executor=own):
            calls: list[Awaitable[object]] = [
                asyncio.create_task(sync_to_async(block)()),
                *(asyncio.create_task(sync_to_async(ran.append)(each)) for each in range(3)),
            ]
            await asyncio.to_thread(started.wait)
            own.shutdown(wait=False, cancel_futures=cancel_futures)
            release.set()
            return list(await asyncio.gather(*calls, return_exceptions=True))

    first, *others = asyncio.run(main())
    assert first is None
    if cancel_futures:
        assert ran == []
        assert [type(each) for each in others] == [RuntimeError] * 3
        assert "shut down" in str(others[0])
    else:
        assert ran == [0, 1, 2]
        assert others == [None] * 3


class _BrokenExecutor(Executor):
    """Accepts calls and fails them later, as a thread pool does whose initializer raises."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.futures.append(Future())
        return self.futures[-1]


def test_nothing_is_dropped_by_an_executor_that_fails() -> None:
    """R2: an executor that gives up a call by an exception gives it to the awaiter."""
    own = _BrokenExecutor()

    async def main() -> None:
        async with ThreadSensitiveContext(executor=own):
            task = asyncio.create_task(home())
            await _turns()
            own.futures[0].set_exception(OSError("no thread"))
            with pytest.raises(OSError, match="no thread"):
                await task

    asyncio.run(main())


def test_works_that_a_pump_had_accepted_at_its_end_run() -> None:
    """R2: a task that calls on while its call's thread is leaving finds a thread to run it."""
    here = threading.get_ident()
    results: list[int] = []

    async def outer() -> None:
        tasks: list[asyncio.Task[None]] = []

        async def hurry() -> None:
            while len(results) < 200:
                results.append(await home())

        async def inner() -> None:
            tasks.append(asyncio.create_task(hurry()))

        while not tasks or not tasks[-1].done():
            await sync_to_async(async_to_sync(inner))()
        await asyncio.gather(*tasks)

    async_to_sync(outer)()
    assert set(results) == {here}


# R3 ---------------------------------------------------------------------------------------------


def test_insensitive_call_runs_in_its_executor() -> None:
    """R3: ``thread_sensitive=False`` runs in ``executor``."""
    with ThreadPoolExecutor(1) as own:
        wrapped = sync_to_async(threading.get_ident, thread_sensitive=False, executor=own)

        async def main() -> int:
            return await wrapped()

        assert asyncio.run(main()) == own.submit(threading.get_ident).result()
        assert async_to_sync(main)() == own.submit(threading.get_ident).result()


def test_insensitive_call_uses_the_public_submit() -> None:
    """R3: through the executor's ``submit``, whatever executor that is."""
    own = RecordingExecutor()

    async def main() -> int:
        call = sync_to_async(threading.get_ident, thread_sensitive=False, executor=own)
        task = asyncio.create_task(call())
        await _turns()
        own.run_all()
        return await task

    assert asyncio.run(main()) == threading.get_ident()
    assert own.threads == [threading.current_thread()]


def test_insensitive_call_runs_in_the_default_executor() -> None:
    """R3: else in the loop's default executor."""
    own = ThreadPoolExecutor(1)

    async def main() -> None:
        fresh = await elsewhere()
        assert fresh != threading.get_ident()
        asyncio.get_running_loop().set_default_executor(own)
        expected = own.submit(threading.get_ident).result()
        assert await elsewhere() == expected

    asyncio.run(main())


def test_insensitive_calls_run_beside_each_other() -> None:
    """R3: two such calls may wait for each other."""
    both = threading.Barrier(2)
    wrapped = sync_to_async(both.wait, thread_sensitive=False)

    async def main() -> list[int]:
        return sorted(await asyncio.gather(wrapped(), wrapped()))

    assert asyncio.run(main()) == [0, 1]


# R4 ---------------------------------------------------------------------------------------------


def test_coroutine_runs_on_the_loop_that_called() -> None:
    """R4 (a): on the loop whose ``sync_to_async`` called it, in the very task that waits."""

    async def inner() -> tuple[object, object]:
        return asyncio.get_running_loop(), asyncio.current_task()

    async def main() -> None:
        here = asyncio.get_running_loop(), asyncio.current_task()
        assert await sync_to_async(async_to_sync(inner))() == here
        hop = sync_to_async(async_to_sync(inner), thread_sensitive=False)
        assert await hop() == here

    asyncio.run(main())
    async_to_sync(main)()


def test_coroutine_runs_elsewhere_if_that_loop_has_stopped() -> None:
    """R4 (a), (b): if that loop does not run any more, on the thread's dedicated loop."""
    stopped = threading.Event()

    def work() -> asyncio.AbstractEventLoop:
        stopped.wait()
        return async_to_sync(_running_loop)()

    loop = asyncio.new_event_loop()
    try:
        task = loop.create_task(sync_to_async(work)())
        loop.call_soon(lambda: loop.call_soon(loop.stop))
        loop.run_forever()
        stopped.set()
        # Only when the work is over does the loop run again.
        SyncToAsync.single_thread_executor.submit(int).result()
        used = loop.run_until_complete(task)
    finally:
        loop.close()
    assert used is not loop


def test_dedicated_loop_is_kept_from_call_to_call() -> None:
    """R4 (b): one loop for all calls of a thread, running in a thread of its own."""

    async def where() -> tuple[object, int]:
        return asyncio.get_running_loop(), threading.get_ident()

    call = async_to_sync(where)
    loop, thread = call()
    assert thread != threading.get_ident()
    assert [call() for _ in range(3)] == [(loop, thread)] * 3
    assert isinstance(loop, asyncio.AbstractEventLoop)
    assert loop.is_running()


def test_each_thread_has_a_dedicated_loop() -> None:
    """R4 (b): threads do not share their loops while they live."""
    both = threading.Barrier(2)
    call = async_to_sync(_running_loop)

    def work(_: int) -> tuple[object, object]:
        first = call()
        both.wait()
        return first, call()

    with ThreadPoolExecutor(2) as pool:
        (one, again), (two, too) = pool.map(work, range(2))
    assert one is again
    assert two is too
    assert one is not two
    assert call() not in {one, two}


@pytest.mark.parametrize("below", [False, True], ids=["in a thread", "below a task"])
def test_fresh_loop_is_closed_after_the_call(below: bool) -> None:
    """R4 (c): ``force_new_loop`` makes a loop for the call, and closes it after."""
    fresh = async_to_sync(_running_loop, force_new_loop=True)

    def work() -> list[asyncio.AbstractEventLoop]:
        return [fresh(), fresh(), async_to_sync(_running_loop)()]

    async def main() -> list[asyncio.AbstractEventLoop]:
        return await sync_to_async(work)()

    one, two, kept = asyncio.run(main()) if below else work()
    assert len({one, two, kept}) == 3
    assert one.is_closed()
    assert two.is_closed()


@pytest.mark.parametrize("force", [False, True], ids=["dedicated loop", "fresh loop"])
def test_tasks_left_are_cancelled_and_awaited(force: bool) -> None:
    """R4: at the end of an outermost call, the tasks it left are cancelled and awaited."""
    log: list[str] = []
    here = threading.get_ident()

    async def left() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            log.append("cancelled")
            await _turns()
            # Even its synchronous clean-up has a thread to run in.
            log.append("cleaned up at home" if await home() == here or force else "elsewhere")

    async def main() -> None:
        task = asyncio.create_task(left())
        task.add_done_callback(lambda _: log.append("done"))
        await _turns()
        log.append("returns")

    async_to_sync(main, force_new_loop=force)()
    assert log == ["returns", "cancelled", "cleaned up at home", "done"]


def test_tasks_made_while_cleaning_up_are_awaited_too() -> None:
    """R4: a task that a dying task starts is no survivor either."""
    log: list[str] = []

    async def last() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            log.append("last")

    async def left() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            tasks.append(asyncio.create_task(last()))
            await _turns()

    async def main() -> None:
        tasks.append(asyncio.create_task(left()))
        await _turns()

    tasks: list[asyncio.Task[None]] = []
    async_to_sync(main)()
    assert [task.done() for task in tasks] == [True, True]
    assert log == ["last"]


def test_only_the_outermost_call_cleans_up() -> None:
    """R4: what an inner call leaves lives as long as the outermost one."""
    tasks: list[asyncio.Task[bool]] = []

    async def inner() -> None:
        tasks.append(asyncio.create_task(asyncio.Event().wait()))

    async def outer() -> None:
        await sync_to_async(async_to_sync(inner))()
        await _turns()
        assert not tasks[0].done()

    async_to_sync(outer)()
    assert tasks[0].cancelled()


def test_no_task_of_a_foreign_loop_is_cancelled() -> None:
    """R4: on a loop that somebody else runs, tasks that a call leaves are that loop's."""

    async def inner() -> asyncio.Task[bool]:
        return asyncio.create_task(asyncio.Event().wait())

    async def main() -> None:
        task = await sync_to_async(async_to_sync(inner))()
        await _turns()
        assert not task.done()
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(main())


def test_the_error_of_a_task_left_is_reported() -> None:
    """R4: what such a task raises goes to the loop's exception handler, not to nowhere."""
    reports: list[dict[str, Any]] = []

    async def left() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise LookupError("while cleaning up")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, report: reports.append(report))
        left_task.append(asyncio.create_task(left()))
        await _turns()

    left_task: list[asyncio.Task[None]] = []
    try:
        async_to_sync(main)()
    finally:

        async def restore() -> None:
            asyncio.get_running_loop().set_exception_handler(None)

        async_to_sync(restore)()
    assert [str(report["exception"]) for report in reports] == ["while cleaning up"]
    assert left_task[0].done()


@pytest.mark.parametrize("force", [False, True], ids=["dedicated loop", "fresh loop"])
def test_async_generators_left_are_closed(force: bool) -> None:
    """R4: async generators that a call left unfinished are closed, on the loop, call for call."""
    log: list[object] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            log.append(asyncio.get_running_loop())

    async def main() -> asyncio.AbstractEventLoop:
        generator = numbers()
        kept.append(generator)
        assert await anext(generator) == 1
        return asyncio.get_running_loop()

    kept: list[AsyncIterator[int]] = []
    loops = [async_to_sync(main, force_new_loop=force)() for _ in range(2)]
    assert log == loops


def test_a_client_bound_to_the_loop_works_from_call_to_call() -> None:
    """R4: a connection opened in one call is used in the next ones."""
    ours, theirs = socket.socketpair()
    with theirs:

        async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            return await asyncio.open_connection(sock=ours)

        async def ask(question: bytes) -> bytes:
            writer.write(question)
            await writer.drain()
            theirs.sendall(theirs.recv(100).upper())
            return await reader.readline()

        async def close() -> None:
            writer.close()
            await writer.wait_closed()

        reader, writer = async_to_sync(connect)()
        assert async_to_sync(ask)(b"one\n") == b"ONE\n"
        assert async_to_sync(ask)(b"two\n") == b"TWO\n"
        async_to_sync(close)()


# R5 ---------------------------------------------------------------------------------------------


def test_loop_thread_is_reused_after_its_owner_ended() -> None:
    """R5: the loop of a thread that ended serves the next thread."""
    call = async_to_sync(_running_loop)
    loops = {_in_thread(call) for _ in range(20)}
    # Other tests leave idle ones, and a lease ends when the thread's state does.
    assert len(loops) <= loop_threads.pool.MAX_IDLE
    assert {_in_thread(call) for _ in range(20)} <= loops | {_in_thread(call)}


def test_idle_loop_threads_are_bounded() -> None:
    """R5: loops beyond a bound are closed when nobody uses them."""
    pool = loop_threads.LoopThreadPool()
    try:
        leased = [pool.lease() for _ in range(pool.MAX_IDLE + 3)]
        for each in leased:
            pool.release(each)
        kept = [pool.lease() for _ in range(pool.MAX_IDLE)]
        assert set(kept) < set(leased)
        for each in set(leased) - set(kept):
            each.join(30)
            assert each.loop.is_closed()
    finally:
        pool.close()
        atexit.unregister(pool.close)
    assert all(each.loop.is_closed() for each in leased)


def test_loops_are_made_as_the_policy_says() -> None:
    """R5: ``asyncio.new_event_loop`` makes the loops, so that a policy is followed."""
    example = asyncio.new_event_loop()
    example.close()
    assert type(async_to_sync(_running_loop)()) is type(example)
    fresh = async_to_sync(_running_loop, force_new_loop=True)()
    assert type(fresh) is type(example)


def test_bridge_threads_explain_themselves() -> None:
    """R5: their names tell a thread dump what they are."""

    async def name() -> str:
        return threading.current_thread().name

    assert async_to_sync(name)().startswith("asgiref-loop-")
    assert async_to_sync(name, force_new_loop=True)().startswith("asgiref-loop-")

    async def main() -> str:
        async with ThreadSensitiveContext():
            return await sync_to_async(lambda: threading.current_thread().name)()

    assert asyncio.run(main()).startswith("asgiref-worker-")


# R6 ---------------------------------------------------------------------------------------------


def test_context_reuses_threads() -> None:
    """R6: contexts one after another take their thread from a pool."""

    async def request() -> int:
        async with ThreadSensitiveContext():
            return await home()

    async def main() -> set[int]:
        return {await request() for _ in range(20)}

    assert len(asyncio.run(main())) == 1


def test_executor_of_a_context_is_visible() -> None:
    """R6: ``context_to_thread_executor`` has it from the first call to the exit."""
    executors = SyncToAsync.context_to_thread_executor

    async def main() -> None:
        async with ThreadSensitiveContext() as context:
            assert context not in executors
            thread = await home()
            assert executors[context].submit(threading.get_ident).result() == thread
        assert context not in executors

    asyncio.run(main())


def test_leaving_a_context_waits_and_does_not_block() -> None:
    """R6: leaving waits for work already accepted, while the loop goes on."""
    log: list[str] = []
    release = threading.Event()

    def slow() -> None:
        release.wait()
        log.append("work")

    async def request(leaving: asyncio.Event) -> None:
        async with ThreadSensitiveContext():
            task = asyncio.create_task(sync_to_async(slow)())
            await _turns()
            leaving.set()
        log.append("left")
        await task

    async def main() -> None:
        leaving = asyncio.Event()
        task = asyncio.create_task(request(leaving))
        await leaving.wait()
        await _turns()
        log.append("the loop goes on")
        release.set()
        await task

    asyncio.run(main())
    assert log == ["the loop goes on", "work", "left"]


def test_leaving_a_context_starts_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """R6: neither entering nor leaving starts one; a call takes a parked one."""
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def counted(thread: threading.Thread) -> None:
        started.append(thread)
        start(thread)

    async def main() -> None:
        async with ThreadSensitiveContext():
            await home()
        monkeypatch.setattr(threading.Thread, "start", counted)
        async with ThreadSensitiveContext():
            pass
        async with ThreadSensitiveContext():
            await home()

    asyncio.run(main())
    assert started == []


def test_contexts_share_threads_past_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    """R6: past ``ThreadSensitiveContext.max_threads`` contexts share threads."""
    monkeypatch.setattr(ThreadSensitiveContext, "max_threads", 2)
    count = 5

    async def request(here: list[int], everybody: asyncio.Event) -> int:
        async with ThreadSensitiveContext():
            thread = await home()
            here.append(thread)
            if len(here) == count:
                everybody.set()
            await everybody.wait()
            assert await home() == thread
            return thread

    async def main() -> None:
        single = await home()
        here: list[int] = []
        everybody = asyncio.Event()
        seen = await asyncio.gather(*(request(here, everybody) for _ in range(count)))
        assert len(set(seen)) == 2
        assert single not in seen
        async with ThreadSensitiveContext():  # the shared threads were given back
            assert await home() in seen

    asyncio.run(main())


def test_no_cap_by_default() -> None:
    """R6: by default each context has a thread of its own."""
    assert ThreadSensitiveContext.max_threads is None


def test_task_that_outlives_a_plain_context_gets_another_worker() -> None:
    """R6: it does not call into the thread that may serve another context now."""

    async def main() -> None:
        left = asyncio.Event()

        async def late() -> int:
            await left.wait()
            return await home()

        async with ThreadSensitiveContext():
            task = asyncio.create_task(late())
            own = await home()
        async with ThreadSensitiveContext():
            assert await home() == own  # it does serve another one
            left.set()
            assert await task != own

    asyncio.run(main())


def test_task_that_outlives_a_context_with_executor_gets_an_error() -> None:
    """R6: the executor is not the task's to use any more: ``RuntimeError`` ("has exited")."""
    with ThreadPoolExecutor(1) as own:

        async def main() -> None:
            left = asyncio.Event()

            async def late() -> int:
                await left.wait()
                return await home()

            async with ThreadSensitiveContext(executor=own):
                task = asyncio.create_task(late())
            left.set()
            with pytest.raises(RuntimeError, match="has exited"):
                await task

        asyncio.run(main())


def test_context_with_executor_is_for_one_use() -> None:
    """R6: "already entered", "cannot be entered again"; a refusal leaves the first one intact."""
    with ThreadPoolExecutor(1) as own:

        async def main() -> None:
            context = ThreadSensitiveContext(executor=own)
            async with context:
                with pytest.raises(RuntimeError, match="already entered"):
                    await context.__aenter__()
                assert await home() == own.submit(threading.get_ident).result()
            with pytest.raises(RuntimeError, match="cannot be entered again"):
                await context.__aenter__()

        asyncio.run(main())


def test_plain_context_may_be_entered_again() -> None:
    """R6: a plain one is for any number of uses, one after another."""

    async def main() -> None:
        outside = await home()
        context = ThreadSensitiveContext()
        for _ in range(2):
            async with context:
                assert await home() != outside
            assert await home() == outside

    asyncio.run(main())


def test_context_never_shuts_its_executor_down() -> None:
    """R6: the executor is its owner's."""
    with ThreadPoolExecutor(1) as own:

        async def main() -> None:
            async with ThreadSensitiveContext(executor=own):
                await home()

        asyncio.run(main())
        assert own.submit(int).result() == 0


def test_context_left_by_cancellation_does_not_wait_for_its_executor() -> None:
    """R6: a context with an executor, left by cancellation, leaves its worker computing."""
    release, started = threading.Event(), threading.Event()

    def slow() -> None:
        started.set()
        release.wait()

    with ThreadPoolExecutor(1) as own:

        async def request() -> None:
            async with ThreadSensitiveContext(executor=own):
                await sync_to_async(slow)()

        async def main() -> None:
            task = asyncio.create_task(request())
            await asyncio.to_thread(started.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not release.is_set()

        try:
            asyncio.run(main())
        finally:
            release.set()


def test_plain_context_left_by_cancellation_waits() -> None:
    """R6: a plain one gives its thread back only when it is free."""
    release, started = threading.Event(), threading.Event()
    log: list[str] = []

    def slow() -> None:
        started.set()
        release.wait()
        log.append("work")

    async def request() -> None:
        try:
            async with ThreadSensitiveContext():
                await sync_to_async(slow)()
        finally:
            log.append("left")

    async def main() -> None:
        task = asyncio.create_task(request())
        await asyncio.to_thread(started.wait)
        task.cancel()
        await _turns()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert log == ["work", "left"]
