"""`Call`: cancellations during a clean-up, loops that stop, what cannot be handed over."""

from __future__ import annotations

import asyncio
import inspect
import sys
from contextvars import Context, copy_context
from types import SimpleNamespace
from typing import Any

import pytest

from asgiref._bridge import call as call_module
from asgiref._bridge.async_to_sync import AsyncToSync, async_to_sync
from asgiref._bridge.call import Call
from asgiref._bridge.sync_to_async import SyncToAsync, sync_to_async
from asgiref._bridge.work import Work
from tests.programs import run_program


async def _answer() -> int:
    return 3


class _CleaningUp:
    """A call on a fresh loop whose coroutine has returned, while a task that it left cleans up."""

    def __init__(self) -> None:
        self._cleaning = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._fresh: asyncio.AbstractEventLoop | None = None
        self._finish: asyncio.Event | None = None

    async def _left(self) -> None:
        self._fresh = asyncio.get_running_loop()
        finish = self._finish = asyncio.Event()
        try:
            await asyncio.Event().wait()
        finally:
            self._loop.call_soon_threadsafe(self._cleaning.set)
            await finish.wait()

    async def _leave(self) -> str:
        self._task = asyncio.create_task(self._left())
        await asyncio.sleep(0)
        return "left"

    async def call(self) -> str:
        return await sync_to_async(async_to_sync(self._leave, force_new_loop=True))()

    async def begun(self) -> None:
        """Wait until the clean-up has begun."""
        await self._cleaning.wait()

    async def finish(self) -> None:
        """Let it end, after what was asked of its loop before."""
        for _ in range(10):  # a cancellation reaches the call in the next steps of our loop
            await asyncio.sleep(0)
        assert self._fresh is not None
        assert self._finish is not None
        self._fresh.call_soon_threadsafe(self._finish.set)


def test_cancelled_while_the_call_cleans_up() -> None:
    """R12: the coroutine has ended and cannot be cancelled, so the task is, after the clean-up."""

    async def main() -> None:
        cleaning_up = _CleaningUp()
        task = asyncio.create_task(cleaning_up.call())
        await cleaning_up.begun()
        task.cancel()
        await cleaning_up.finish()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(main())


def test_timeout_while_the_call_cleans_up() -> None:
    """R14: it raises ``TimeoutError`` all the same, and ``cancelling()`` ends where it began."""

    async def main() -> None:
        cleaning_up = _CleaningUp()
        limits: list[asyncio.Timeout] = []

        async def limited() -> int:
            async def call() -> None:
                async with asyncio.timeout(None) as limit:
                    limits.append(limit)
                    await cleaning_up.call()

            with pytest.raises(TimeoutError):
                await call()
            task = asyncio.current_task()
            assert task is not None
            return task.cancelling()

        task = asyncio.create_task(limited())
        await cleaning_up.begun()
        limits[0].reschedule(0)
        await cleaning_up.finish()
        assert await task == 0

    asyncio.run(main())


def test_loop_that_runs_in_short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """R13: a loop that has run between two looks was not stopped for all that time."""
    now = 0.0
    monkeypatch.setattr(call_module, "time", SimpleNamespace(monotonic=lambda: now))
    owner = AsyncToSync(_answer)
    owner.stopped_loop_timeout = 5.0
    loop = asyncio.SelectorEventLoop()
    call = Call(owner, _answer(), sys.exc_info(), None)
    call.loop = loop
    stopped_since: float | None = None
    for _ in range(5):
        stopped_since = call._look_at_loop(stopped_since)
        now += 4
        assert not call.given_up
        loop.call_soon(loop.stop)
        loop.run_forever()
    stopped_since = call._look_at_loop(stopped_since)
    now += 6
    call._look_at_loop(stopped_since)
    assert call.given_up
    call.discard()
    with pytest.raises(RuntimeError, match="stopped for longer than"):
        call.outcome()
    loop.close()


@pytest.mark.parametrize("given", [False, True], ids=["copied", "given"])
def test_tasks_left_below_a_nested_call(given: bool) -> None:
    """R4: they live until the *outermost* call ends, whatever context the sync code runs in."""
    context = copy_context() if given else None
    log: list[str] = []

    async def left() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            log.append("left task ends")

    async def inner() -> None:
        tasks.append(asyncio.create_task(left()))
        await asyncio.sleep(0)

    def middle() -> None:
        async_to_sync(inner)()
        log.append("inner has ended")

    async def outer() -> None:
        await sync_to_async(middle, context=context)()
        log.append("outer ends")

    tasks: list[asyncio.Task[None]] = []
    async_to_sync(outer)()
    assert log == ["inner has ended", "outer ends", "left task ends"]


def test_call_that_can_never_be_handed_over() -> None:
    """What handing it over raises each time is no signal handler's: it is raised, not retried."""
    attempts = 0

    def launch() -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1000:
            call.set_exception(AssertionError("tried for ever"))
            call.finish()
        raise LookupError

    coroutine = _answer()
    call = Call(AsyncToSync(_answer), coroutine, sys.exc_info(), None)
    Context().run(call.fork_context)
    with pytest.raises(LookupError):
        call.wait(launch, foreign=False)
    assert attempts < 1000
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED


def test_call_after_the_loops_were_closed() -> None:
    """An ``atexit`` handler that runs later than ours, below a block that was never left."""
    program = """
    import atexit, logging, signal

    logging.getLogger("asyncio").setLevel("ERROR")  # it warns when the machine is slow

    def last():
        from asgiref.sync import async_to_sync
        signal.alarm(30)
        try:
            async_to_sync(answer, force_new_loop=True)()
        except RuntimeError:
            print("refused")

    atexit.register(last)
    from asgiref.sync import AsyncSingleThreadContext, async_to_sync

    async def answer():
        return 3

    AsyncSingleThreadContext().__enter__()
    print(async_to_sync(answer)())
    """
    assert run_program(program).split() == ["3", "refused"]


class _StartsMeanwhile(Call):
    """A call that another thread starts when its canceller has just found it without a loop."""

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name == "loop" and value is None and self.context is not None:
            self.loop = asyncio.get_running_loop()
            self.start()
        return value


def test_cancelled_while_another_thread_starts_it() -> None:
    """R12: either the start sees the cancellation, or the canceller sees the loop."""

    async def for_ever() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        work = Work(SyncToAsync(int), asyncio.get_running_loop(), None, int, True)
        call = _StartsMeanwhile(AsyncToSync(for_ever), for_ever(), sys.exc_info(), None)
        call.fork_context()
        assert call.cancel_for(work, ())
        for _ in range(5):
            await asyncio.sleep(0)
        assert call.over
        assert isinstance(call.exception, asyncio.CancelledError)

    asyncio.run(main())
