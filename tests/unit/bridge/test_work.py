"""`Work`: whatever happens to it, its task hears of it and its thread and context are free."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import TYPE_CHECKING

import pytest

from asgiref._bridge import exclusive_context, state
from asgiref._bridge import work as work_module
from asgiref._bridge.async_to_sync import async_to_sync
from asgiref._bridge.mailbox import Mailbox
from asgiref._bridge.sync_to_async import sync_to_async

if TYPE_CHECKING:
    from asgiref._bridge.work import Work


class _Unspeakable:
    """A callable that cannot be shown in an error message."""

    def __call__(self) -> int:
        return 1

    def __repr__(self) -> str:
        raise ZeroDivisionError


def test_deadlock_of_a_callable_that_has_no_repr() -> None:
    """R15: the call that would wait for itself raises, and the home thread lives on."""
    shared = copy_context()

    async def inner() -> int:
        return await sync_to_async(_Unspeakable(), context=shared)()

    async def main() -> None:
        holder = sync_to_async(async_to_sync(inner), thread_sensitive=False, context=shared)
        with pytest.raises(RuntimeError, match="deadlock"):
            await holder()
        assert await sync_to_async(int)() == 0

    asyncio.run(main())


def test_taking_a_context_may_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever that raises is for the task; the worker goes on."""

    def take(context: Context, work: Work) -> bool:
        raise ZeroDivisionError

    async def main() -> None:
        with monkeypatch.context() as patched:
            patched.setattr(exclusive_context, "take", take)
            with pytest.raises(ZeroDivisionError):
                await sync_to_async(int, context=copy_context())()
        assert await sync_to_async(int)() == 0

    asyncio.run(main())


def test_executor_that_drops_a_callable_that_has_no_repr() -> None:
    """R2: whoever awaits a call that never runs gets an exception."""

    async def main() -> None:
        busy, leave = threading.Event(), threading.Event()
        executor = ThreadPoolExecutor(1)

        def occupy() -> None:
            busy.set()
            leave.wait()

        executor.submit(occupy)
        busy.wait()
        call = sync_to_async(_Unspeakable(), thread_sensitive=False, executor=executor)
        task = asyncio.create_task(call())
        await asyncio.sleep(0)
        executor.shutdown(wait=False, cancel_futures=True)
        leave.set()
        with pytest.raises(RuntimeError, match="shut down"):
            await task

    asyncio.run(main())


def test_context_taken_for_a_call_that_another_queue_has_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A work may stand in two queues (I1): the slower one leaves no ``context=`` in use (R8)."""
    shared = copy_context()
    take = exclusive_context.take
    raced: list[Work] = []

    def take_late(context: Context, work: Work) -> bool:
        if not raced:
            raced.append(work)
            faster = threading.Thread(target=work.run)
            faster.start()
            faster.join()
        return take(context, work)

    async def main(executor: ThreadPoolExecutor) -> None:
        call = sync_to_async(int, thread_sensitive=False, context=shared, executor=executor)
        assert await call() == 0
        assert len(raced) == 1
        # Behind the other in the executor's one thread.
        assert await call() == 0

    monkeypatch.setattr(exclusive_context, "take", take_late)
    with ThreadPoolExecutor(1) as executor:
        asyncio.run(main(executor))


def test_interrupted_before_the_task_heard_of_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """R7: a signal handler may raise between the posting of a call and the waking of its task."""
    deliver = Mailbox.deliver
    interrupts = [KeyboardInterrupt]

    def interrupted(mailbox: Mailbox, letter: Work) -> None:
        if letter.request is not None and interrupts:
            raise interrupts.pop()
        deliver(mailbox, letter)

    def work() -> str:
        with pytest.raises(KeyboardInterrupt):
            async_to_sync(asyncio.sleep)(0)
        return "goes on"

    monkeypatch.setattr(Mailbox, "deliver", interrupted)
    assert asyncio.run(sync_to_async(work)()) == "goes on"
    assert interrupts == []


class _InterruptedOnce:
    """The thread state, which a signal handler interrupts when one thread asks for it."""

    def __init__(self, thread: int) -> None:
        self._thread: int | None = thread

    @property
    def here(self) -> object:
        if self._thread == threading.get_ident():
            self._thread = None
            raise KeyboardInterrupt
        return state.thread.here


def test_interrupted_before_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    """R7: work that a thread has claimed is not lost, nor is the context that it has entered."""
    shared = Context()
    log: list[str] = []

    async def main() -> None:
        monkeypatch.setattr(work_module, "thread", _InterruptedOnce(home))
        await asyncio.shield(sync_to_async(log.append, context=shared)("once"))

    home = threading.get_ident()
    with pytest.raises(KeyboardInterrupt):
        async_to_sync(main)()
    monkeypatch.undo()
    assert log in ([], ["once"])  # not, if its task was cancelled before
    assert asyncio.run(sync_to_async(str, context=shared)("free")) == "free"
