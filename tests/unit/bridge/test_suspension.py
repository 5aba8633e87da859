"""`Suspension`: what a task waits for, with less than a future has."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import pytest

from asgiref._bridge.suspension import Suspension

var: ContextVar[int] = ContextVar("var", default=0)


def _wake(suspension: Suspension) -> None:
    """Wake as a mailbox does: from a callback of the loop, not from within another task."""
    asyncio.get_running_loop().call_soon(suspension.wake)


def test_wakes_its_task() -> None:
    """Again and again, in the task's own context."""
    log: list[int] = []

    async def waits(suspension: Suspension) -> None:
        var.set(1)
        for _ in range(3):
            await suspension.suspended()
            log.append(var.get())

    async def main() -> None:
        suspension = Suspension(asyncio.get_running_loop())
        task = asyncio.create_task(waits(suspension))
        for _ in range(3):
            await asyncio.sleep(0)
            _wake(suspension)
            await asyncio.sleep(0)
        await task

    asyncio.run(main())
    assert log == [1, 1, 1]


def test_a_wake_without_a_waiting_task_is_lost() -> None:
    """It remembers nothing."""

    async def main() -> None:
        suspension = Suspension(asyncio.get_running_loop())
        suspension.wake()
        task = asyncio.create_task(_wait(suspension))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not task.done()
        _wake(suspension)
        await task

    asyncio.run(main())


async def _wait(suspension: Suspension) -> None:
    await suspension.suspended()


@pytest.mark.parametrize("message", [None, "why"])
def test_cancellation(message: str | None) -> None:
    """Reaches the waiting task with its message, once; the task may wait again."""
    log: list[object] = []

    async def waits(suspension: Suspension) -> None:
        try:
            await suspension.suspended()
        except asyncio.CancelledError as error:
            log.append(error.args)
        await suspension.suspended()
        log.append("woken")

    async def main() -> None:
        suspension = Suspension(asyncio.get_running_loop())
        task = asyncio.create_task(waits(suspension))
        await asyncio.sleep(0)
        task.cancel() if message is None else task.cancel(message)
        for _ in range(3):
            await asyncio.sleep(0)
        _wake(suspension)
        await task

    asyncio.run(main())
    assert log == [() if message is None else (message,), "woken"]


def test_woken_and_cancelled_at_once() -> None:
    """Whichever came first, the task hears of the cancellation, and of it once."""
    log: list[str] = []

    async def waits(suspension: Suspension) -> None:
        try:
            await suspension.suspended()
            log.append("woken")
            await suspension.suspended()
        except asyncio.CancelledError:
            log.append("cancelled")

    async def main() -> None:
        for wake_first in (True, False):
            suspension = Suspension(asyncio.get_running_loop())
            task = asyncio.create_task(waits(suspension))
            await asyncio.sleep(0)
            if wake_first:
                _wake(suspension)
            asyncio.get_running_loop().call_soon(task.cancel)
            if not wake_first:
                _wake(suspension)
            await asyncio.wait([task])

    asyncio.run(main())
    # Whether it goes on in between depends on when it takes its step, as with a future.
    assert [each for each in log if each != "woken"] == ["cancelled", "cancelled"]


def test_cancelling_nobody() -> None:
    """Tells that there is no task that waits."""

    async def main() -> None:
        assert not Suspension(asyncio.get_running_loop()).cancel()

    asyncio.run(main())


def test_it_is_awaited_on_its_own_loop_alone() -> None:
    """A task of another loop gets asyncio's own error."""
    other = asyncio.new_event_loop()
    suspension = Suspension(other)

    async def main() -> None:
        with pytest.raises(RuntimeError, match="different loop"):
            await suspension.suspended()

    asyncio.run(main())
    other.close()
