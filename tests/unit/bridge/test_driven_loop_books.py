"""`DrivenLoop`: what its calls start is known, whatever starts it."""

from __future__ import annotations

import asyncio
import threading
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

import pytest

from asgiref._bridge.async_to_sync import async_to_sync
from asgiref._bridge.driven_loop import DrivenLoop, RootFrame
from asgiref._bridge.state import thread as state
from asgiref._bridge.sync_to_async import sync_to_async
from asgiref._bridge.thread_contexts import AsyncSingleThreadContext

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


def test_close_cleans_up() -> None:
    """Tasks are cancelled and awaited, async generators closed, then the loop."""
    driven = DrivenLoop()
    log: list[str] = []

    async def left() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            log.append("task")

    async def numbers() -> Any:
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            log.append("generator")

    async def main() -> None:
        tasks.append(asyncio.create_task(left()))
        generators.append(numbers())
        await anext(generators[0])
        driven.loop.stop()

    tasks: list[asyncio.Task[None]] = []
    generators: list[Any] = []
    root = RootFrame(None)
    driven.roots.append(root)
    task = driven.create_unlisted_task(main())
    driven.run_forever()
    assert task.done()
    assert root.tasks == set(tasks)
    driven.close()
    assert sorted(log) == ["generator", "task"]
    assert driven.loop.is_closed()


def test_tasks_leave_the_books_when_they_end() -> None:
    """A call that starts many tasks does not keep them."""
    sizes: list[int] = []

    async def main() -> None:
        for _ in range(100):
            await asyncio.create_task(asyncio.sleep(0))
        await asyncio.sleep(0)
        assert state.here.driven is not None
        sizes.append(sum(len(root.tasks) for root in state.here.driven.roots))

    async_to_sync(main)()
    assert sizes == [0]


def test_every_way_to_start_a_task_is_known() -> None:
    """``create_task``, ``ensure_future``, ``gather``, groups, callbacks, empty contexts."""
    tasks: list[asyncio.Future[Any]] = []

    async def left() -> None:
        tasks.append(asyncio.current_task())  # type: ignore[arg-type]  # there is one
        await asyncio.Event().wait()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        started = [
            asyncio.create_task(left()),
            asyncio.ensure_future(left()),
            asyncio.gather(left(), left()),
            loop.create_task(left(), context=Context()),
        ]
        loop.call_soon(lambda: started.append(loop.create_task(left())), context=Context())
        while len(tasks) < 6:  # noqa: ASYNC110  # for steps of this loop
            await asyncio.sleep(0)
        assert len(started) == 5

    async_to_sync(main)()
    assert len(tasks) == 6
    assert all(task.cancelled() for task in tasks)


def test_calls_on_one_loop_answer_for_their_own() -> None:
    """Two calls at once on one loop: the end of one cancels nothing of the other."""
    log: list[str] = []
    first_left, second_done = threading.Event(), threading.Event()

    async def short() -> None:
        tasks.append(asyncio.create_task(asyncio.Event().wait()))
        await asyncio.sleep(0)

    async def long() -> None:
        task = asyncio.create_task(asyncio.Event().wait())
        tasks.append(task)
        first_left.set()
        await asyncio.get_running_loop().run_in_executor(None, second_done.wait)
        log.append("still there" if not task.done() else "cancelled")

    tasks: list[asyncio.Task[Any]] = []
    with AsyncSingleThreadContext():
        thread = threading.Thread(target=copy_context().run, args=(async_to_sync(long),))
        thread.start()
        first_left.wait()
        async_to_sync(short)()
        second_done.set()
        thread.join()
    assert log == ["still there"]
    assert all(task.cancelled() for task in tasks)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_a_loop_survives_what_a_task_raises(kind: type[BaseException]) -> None:
    """``KeyboardInterrupt`` and ``SystemExit`` leave ``run_forever``, which is entered again."""

    async def raises() -> None:
        await asyncio.sleep(0)  # a task that starts eagerly raises it where it is made
        raise kind

    async def main() -> str:
        task = asyncio.create_task(raises())
        await asyncio.wait([task])
        assert type(task.exception()) is kind
        return "goes on"

    assert async_to_sync(main)() == "goes on"
    assert async_to_sync(main, force_new_loop=True)() == "goes on"


@pytest.mark.parametrize("force", [False, True], ids=["own loop", "fresh loop"])
def test_a_dropped_generator_is_closed_when_the_call_ends(force: bool) -> None:
    """One that was dropped in the last step, too, and by its own ``finally``, which may bridge."""
    log: list[object] = []

    async def numbers() -> AsyncGenerator[int, None]:
        try:
            yield 1
            yield 2
        finally:
            for _ in range(3):
                await asyncio.sleep(0)
            log.append(await sync_to_async(threading.get_ident)())

    async def main() -> None:
        async for _ in numbers():
            break

    async_to_sync(main, force_new_loop=force)()
    assert log == [threading.get_ident()]


def test_a_dropped_generator_that_does_not_close_does_not_keep_the_call() -> None:
    """One whose end was begun before that of the call is cancelled, like any task."""
    log: list[str] = []

    async def numbers() -> AsyncGenerator[int, None]:
        try:
            yield 1
        finally:
            try:
                await asyncio.Event().wait()
            finally:
                log.append("cancelled")

    async def main() -> None:
        async for _ in numbers():
            break
        for _ in range(3):
            await asyncio.sleep(0)

    async_to_sync(main)()
    assert log == ["cancelled"]
    async_to_sync(main, force_new_loop=True)()
    assert log == ["cancelled"] * 2
