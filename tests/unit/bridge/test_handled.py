"""`Reraising`: an exception is handled once more, and is as it was before."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from asgiref._bridge import handled
from asgiref._bridge.handled import Reraising
from asgiref._bridge.sync_to_async import sync_to_async
from tests.programs import run_program


def _is_free() -> bool:
    """Tell whether another thread can take the lock."""

    def take() -> bool:
        taken = Reraising.lock.acquire(blocking=False)
        if taken:
            Reraising.lock.release()
        return taken

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(take).result()


@pytest.mark.parametrize("interrupted", ["_successor_in_chain", "set_context", None])
def test_nothing_that_is_raised_leaves_the_lock_held(
    monkeypatch: pytest.MonkeyPatch, interrupted: str | None
) -> None:
    """A ``KeyboardInterrupt`` at its beginning, in its block or at its end comes out (R7, R10).

    Other threads go on handling exceptions.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if interrupted is not None:
        monkeypatch.setattr(handled, interrupted, interrupt)
    error = LookupError()
    raised = KeyboardInterrupt() if interrupted is None else error
    with pytest.raises(KeyboardInterrupt), Reraising(error):
        raise raised
    assert _is_free()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_fork_while_another_thread_raises() -> None:
    """R7: a thread that is gone in the child holds no lock there."""
    program = """
    import logging, os, signal, threading, warnings
    from asgiref._bridge.handled import Reraising
    from asgiref.sync import async_to_sync, sync_to_async

    logging.getLogger("asyncio").setLevel("ERROR")  # it warns when the machine is slow
    held, leave = threading.Event(), threading.Event()

    def hold():
        with Reraising(LookupError()):
            held.set()
            leave.wait()

    async def handle():
        try:
            raise LookupError
        except LookupError:
            return await sync_to_async(lambda: 3)()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    warnings.simplefilter("ignore", DeprecationWarning)  # of the threads in the parent
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        os._exit(async_to_sync(handle)())
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    leave.set()
    thread.join()
    """
    assert run_program(program).split() == ["3"]


class _Lock:
    """A lock that says when the thread of a loop asks for it."""

    def __init__(self, asked: threading.Event) -> None:
        self._lock = threading.RLock()
        self._thread = threading.get_ident()
        self._asked = asked

    def acquire(self) -> bool:
        if threading.get_ident() == self._thread:
            self._asked.set()
        return self._lock.acquire()

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


async def _cancelled_while_handling(begun: threading.Event, over: threading.Event) -> bool:
    """Tell whether an exception is as it was when a call that handled it has been cancelled."""

    async def call() -> bool:
        try:
            raise LookupError
        except LookupError as error:
            before = error.__traceback__, error.__context__
            with pytest.raises(asyncio.CancelledError):
                await sync_to_async(int, thread_sensitive=False)()
            try:
                return (error.__traceback__, error.__context__) == before
            finally:
                over.set()

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    await asyncio.get_running_loop().run_in_executor(None, begun.wait)
    task.cancel()
    return await task


def test_cancelled_while_the_thread_begins_to_handle(monkeypatch: pytest.MonkeyPatch) -> None:
    """R10: the task goes on when the thread has put back what that changes."""
    begun, over = threading.Event(), threading.Event()
    leave = Reraising.__exit__

    def leave_late(self: Reraising, *exc_info: Any) -> None:
        begun.set()
        over.wait()
        leave(self, *exc_info)

    monkeypatch.setattr(Reraising, "lock", _Lock(asked=over))
    monkeypatch.setattr(Reraising, "__exit__", leave_late)
    assert asyncio.run(_cancelled_while_handling(begun, over))


def test_cancelled_before_the_thread_begins_to_handle(monkeypatch: pytest.MonkeyPatch) -> None:
    """R10: an exception whose task has gone is not touched any more."""
    begun, over = threading.Event(), threading.Event()
    enter, leave = Reraising.__enter__, Reraising.__exit__
    raised: list[object] = []

    def enter_late(self: Reraising) -> None:
        begun.set()
        over.wait()
        enter(self)

    def note(self: Reraising, *exc_info: Any) -> None:
        raised.append(exc_info[1])
        leave(self, *exc_info)

    monkeypatch.setattr(Reraising, "__enter__", enter_late)
    monkeypatch.setattr(Reraising, "__exit__", note)
    assert asyncio.run(_cancelled_while_handling(begun, over))
    assert raised == [None]
