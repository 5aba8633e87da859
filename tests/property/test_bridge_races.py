"""Programs written to break the bridge: each is a nesting, or a race, that could hang."""

from __future__ import annotations

import asyncio
import inspect
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import TYPE_CHECKING, Any

import pytest

from asgiref.sync import (
    AsyncSingleThreadContext,
    ThreadSensitiveContext,
    async_to_sync,
    markcoroutinefunction,
    sync_to_async,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


def _returns() -> str:
    return "returned"


def _runs(function: Callable[[], Coroutine[Any, Any, Any]]) -> Callable[[], Any]:
    """Return a synchronous function that runs a loop of its own."""
    return lambda: asyncio.run(function())


def test_a_home_thread_that_waits_over_two_loops_of_its_own_is_a_deadlock() -> None:
    """R15: home runs a loop, which waits for a thread, which runs a loop, which waits for home."""

    async def innermost() -> str:
        return await sync_to_async(_returns)()

    async def between() -> Any:
        return await sync_to_async(_runs(innermost), thread_sensitive=False)()

    async def outermost() -> Any:
        return await sync_to_async(_runs(between))()

    with pytest.raises(RuntimeError, match="deadlock"):
        asyncio.run(outermost())
    with pytest.raises(RuntimeError, match="deadlock"):
        async_to_sync(outermost)()


@pytest.mark.parametrize("executor", [False, True])
def test_a_loop_inside_of_a_call_belongs_to_its_tree_whatever_the_context(executor: bool) -> None:
    """R1, R15: home is found, and found blocked, from a context that knows nothing of the tree."""

    async def innermost() -> str:
        return await sync_to_async(_returns)()

    async def between() -> Any:
        own = ThreadPoolExecutor(1) if executor else None
        try:
            async with ThreadSensitiveContext(executor=own):
                return await sync_to_async(_runs(innermost), context=Context())()
        finally:
            if own is not None:
                own.shutdown()

    async def outermost() -> Any:
        return await sync_to_async(async_to_sync(between))()

    with pytest.raises(RuntimeError, match="deadlock"):
        asyncio.run(outermost())


def test_a_context_that_is_asked_for_again_over_a_loop_of_its_own_is_a_deadlock() -> None:
    """R15: who is in a context runs a loop, which waits for that context."""
    context = Context()

    async def inner() -> str:
        return await sync_to_async(_returns, thread_sensitive=False, context=context)()

    async def outer() -> Any:
        return await sync_to_async(_runs(inner), context=context)()

    with pytest.raises(RuntimeError, match="deadlock"):
        asyncio.run(outer())
    assert asyncio.run(inner()) == "returned"


def test_a_task_that_ends_in_the_same_step_as_its_call_does_not_stop_the_loop() -> None:
    """R4: there is nothing left to cancel, and nobody to wait for."""
    ended: list[asyncio.Task[None]] = []

    async def returns() -> None:
        pass

    async def main() -> None:
        ended.append(asyncio.create_task(returns()))
        await asyncio.sleep(0)  # The task has ended; its callbacks run in the next step.
        assert ended[0].done()

    async_to_sync(main)()
    async_to_sync(main)()


def test_a_coroutine_whose_task_is_cancelled_before_its_first_step_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A coroutine that never starts is not left behind either, which would warn."""
    make_loop = asyncio.new_event_loop

    def cancelled(
        loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any
    ) -> asyncio.Task[Any]:
        loop.set_task_factory(None)
        task = asyncio.Task(coroutine, loop=loop, **options)
        task.cancel()
        return task

    def new_event_loop() -> asyncio.AbstractEventLoop:
        loop = make_loop()
        loop.set_task_factory(cancelled)
        return loop

    made: list[Coroutine[Any, Any, None]] = []

    async def never() -> None:
        raise AssertionError

    def remember() -> Coroutine[Any, Any, None]:
        made.append(never())
        return made[0]

    async def warm_up() -> None:
        pass

    markcoroutinefunction(remember)
    async_to_sync(warm_up, force_new_loop=True)()  # so that only one more loop will be made
    monkeypatch.setattr(asyncio, "new_event_loop", new_event_loop)

    with pytest.raises(asyncio.CancelledError):
        async_to_sync(remember, force_new_loop=True)()
    assert inspect.getcoroutinestate(made[0]) == inspect.CORO_CLOSED


@pytest.mark.parametrize("outermost_is_fresh", [False, True])
def test_a_fresh_loop_inside_of_another_in_the_one_loop_thread_is_a_deadlock(
    outermost_is_fresh: bool,
) -> None:
    """R15: the outer loop occupies the thread of the context, and waits for the inner one."""

    async def innermost() -> None:
        raise AssertionError

    async def between() -> None:
        call = async_to_sync(innermost, force_new_loop=True)
        await sync_to_async(call, thread_sensitive=False)()

    async def outermost() -> None:
        await sync_to_async(async_to_sync(between, force_new_loop=True))()

    start = between if outermost_is_fresh else outermost
    with AsyncSingleThreadContext(), pytest.raises(RuntimeError, match="deadlock"):
        async_to_sync(start, force_new_loop=outermost_is_fresh)()


def test_fresh_loops_beside_each_other_in_the_one_loop_thread_take_turns() -> None:
    """No call is below the other, so the second has to wait and no more."""

    async def fresh() -> asyncio.AbstractEventLoop:
        await sync_to_async(_returns)()
        return asyncio.get_running_loop()

    async def main() -> list[asyncio.AbstractEventLoop]:
        call = async_to_sync(fresh, force_new_loop=True)
        return await asyncio.gather(
            *(sync_to_async(call, thread_sensitive=False)() for _ in range(5))
        )

    with AsyncSingleThreadContext():
        loops = async_to_sync(main)()
    assert len(set(loops)) == 5
    assert all(loop.is_closed() for loop in loops)
