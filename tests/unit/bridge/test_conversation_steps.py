"""`Conversation`: one coroutine, waited for in several waits."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from asgiref._bridge.async_to_sync import async_to_sync
from asgiref._bridge.call import Call
from asgiref._bridge.conversation import Conversation
from asgiref._bridge.sync_to_async import sync_to_async

if TYPE_CHECKING:
    from collections.abc import Callable

var: ContextVar[str] = ContextVar("var", default="unset")


class _Steps:
    """Two ends that take turns: the coroutine makes steps, the thread asks for them."""

    def __init__(self) -> None:
        self.made = 0
        self.asked = 0
        self.log: list[object] = []
        self.conversation: Conversation[str] | None = None
        self.go_on = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    async def coroutine(self) -> str:
        self.loop = asyncio.get_running_loop()
        try:
            for number in range(3):
                self.log.append(asyncio.current_task())
                self.log.append(await sync_to_async(threading.get_ident)())
                var.set(f"step {number}")
                self.made += 1
                assert self.conversation is not None
                self.conversation.notify()
                await self.go_on.wait()
                self.go_on.clear()
        except asyncio.CancelledError:
            self.log.append("cancelled")
            raise
        return "the end"

    def next(self) -> bool:
        assert self.conversation is not None
        self.asked += 1
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self.go_on.set)
        return self.conversation.wait(lambda: self.made >= self.asked)


def _in_a_thread(function: Callable[[], None]) -> None:
    function()


def _below_a_task(function: Callable[[], None]) -> None:
    asyncio.run(sync_to_async(function)())


def _below_a_call(function: Callable[[], None]) -> None:
    async_to_sync(sync_to_async(function))()


WHERE = pytest.mark.parametrize("where", [_in_a_thread, _below_a_task, _below_a_call])


@WHERE
def test_steps(where: Callable[[Callable[[], None]], None]) -> None:
    """One task in one context; thread-sensitive code runs at home whenever the thread waits."""

    def talk() -> None:
        steps = _Steps()
        steps.conversation = conversation = Conversation(steps.coroutine)
        for number in range(3):
            assert steps.next()
            assert var.get() == f"step {number}"
            assert not conversation.over
        assert not steps.next()  # there is no fourth: it has ended
        assert conversation.over
        assert conversation.result() == "the end"
        tasks, threads = steps.log[::2], steps.log[1::2]
        assert len(set(tasks)) == 1
        assert threads == [threading.get_ident()] * 3

    where(talk)


@WHERE
def test_close_cancels(where: Callable[[Callable[[], None]], None]) -> None:
    """And waits until the coroutine has cleaned up."""

    def talk() -> None:
        steps = _Steps()
        steps.conversation = conversation = Conversation(steps.coroutine)
        assert steps.next()
        conversation.close()
        assert conversation.over
        assert steps.log[-1] == "cancelled"
        conversation.close()  # again does no harm

    where(talk)


def test_errors_arrive() -> None:
    """What the coroutine raises is raised by ``result``, the same object."""
    error = LookupError("from the coroutine")

    async def fails() -> None:
        raise error

    conversation = Conversation(fails)
    assert not conversation.wait(lambda: False)
    with pytest.raises(LookupError) as caught:
        conversation.result()
    assert caught.value is error


async def _other() -> str:
    await asyncio.sleep(0)
    return "other"


def test_other_calls_in_between() -> None:
    """The thread may do as it likes between two waits, and call other coroutines."""
    steps = _Steps()
    steps.conversation = conversation = Conversation(steps.coroutine)
    assert steps.next()
    assert async_to_sync(_other)() == "other"
    assert steps.next()
    conversation.close()


def test_nothing_starts_without_a_wait() -> None:
    """A conversation that is closed at once never runs its coroutine."""
    steps = _Steps()
    steps.conversation = conversation = Conversation(steps.coroutine)
    conversation.close()
    assert steps.log == []


def test_closed_by_another_thread() -> None:
    """A finalizer may close it: the coroutine is cancelled, and nobody waits for it there."""
    steps = _Steps()
    steps.conversation = conversation = Conversation(steps.coroutine)
    assert steps.next()
    thread = threading.Thread(target=conversation.close)
    thread.start()
    thread.join()
    assert not conversation.wait(lambda: False)
    assert steps.log[-1] == "cancelled"


def test_on_a_loop_that_is_given() -> None:
    """It may run on a loop that somebody else runs."""
    steps = _Steps()

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def talk() -> None:
            steps.conversation = conversation = Conversation(steps.coroutine, loop)
            assert steps.next()
            assert steps.loop is loop
            conversation.close()

        thread = asyncio.to_thread(talk)
        await thread

    asyncio.run(main())


def test_interrupted_before_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    """R7: a signal handler may raise before the coroutine is handed over; closing does not hang."""
    serve = Call.serve
    interrupts = [KeyboardInterrupt]

    def interrupted(call: Call, *args: Any, **options: Any) -> None:
        if interrupts:
            raise interrupts.pop()
        serve(call, *args, **options)

    monkeypatch.setattr(Call, "serve", interrupted)

    async def never() -> None:
        raise AssertionError("nobody waits for this")

    conversation = Conversation(never)
    with pytest.raises(KeyboardInterrupt):
        conversation.result()
    conversation.close()
    assert conversation.over
