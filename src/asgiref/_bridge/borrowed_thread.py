"""One thread of somebody else's executor, for as long as an iteration lasts."""

from __future__ import annotations

import asyncio
import threading
import weakref
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from asgiref._bridge.current_thread_executor import CurrentThreadExecutor

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future

__all__ = ("BorrowedThread",)


class _Loan:
    """What the borrowed thread looks at; it must not keep the iteration."""

    __slots__ = ("__weakref__", "over", "pump")

    def __init__(self) -> None:
        self.over = False
        self.pump: CurrentThreadExecutor | None = None

    def serve(self, loop: asyncio.AbstractEventLoop, ready: asyncio.Future[None]) -> None:
        """Run the steps of the iteration, in the borrowed thread."""
        self.pump = CurrentThreadExecutor(None)
        try:
            loop.call_soon_threadsafe(_resolve, ready)
        except RuntimeError:
            return  # closed: nobody waits there
        self.pump.serve(lambda: self.over)
        self.pump.close()

    def end(self) -> None:
        """Let the thread go. Any thread, any time."""
        self.over = True
        if self.pump is not None:
            self.pump.notify()


class BorrowedThread:
    """One thread of a foreign executor, which may have many, until it is given back or dropped."""

    #: Ended at interpreter exit, when executors wait for their threads.
    _loans: ClassVar[weakref.WeakSet[_Loan] | None] = None

    def __init__(self, executor: Executor) -> None:
        self._executor: Final = executor
        self._loan: Final = _Loan()
        loans = BorrowedThread._loans
        if loans is None:
            loans = BorrowedThread._loans = weakref.WeakSet()
            _at_thread_exit(_end_loans)
        loans.add(self._loan)

    async def borrow(self) -> CurrentThreadExecutor:
        """Wait for a thread, and return the executor that runs things in it."""
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        future = self._executor.submit(self._loan.serve, loop, ready)
        future.add_done_callback(partial(_refuse, loop, ready))
        try:
            await ready
        except BaseException:
            self.give_back()
            future.cancel()
            raise
        assert self._loan.pump is not None
        return self._loan.pump

    def give_back(self) -> None:
        """Let the thread go."""
        self._loan.end()

    def __del__(self) -> None:
        self._loan.end()


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def _refuse(loop: asyncio.AbstractEventLoop, ready: asyncio.Future[None], _: Future[None]) -> None:
    """Hear that the executor has done with the loan; if it never gave a thread, say so."""
    if ready.done():
        return
    with suppress(RuntimeError):  # closed: nobody waits there
        loop.call_soon_threadsafe(_fail, ready)


def _fail(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_exception(
            RuntimeError("the executor was shut down before it gave a thread to the iteration")
        )


def _end_loans() -> None:
    for loan in list(BorrowedThread._loans or ()):
        loan.end()


def _at_thread_exit(function: Callable[[], None]) -> None:
    """Have ``function`` called before the interpreter joins its threads."""
    register: Callable[[Callable[[], None]], None] | None = getattr(
        threading, "_register_atexit", None
    )
    if register is not None:
        with suppress(RuntimeError):  # it is too late for that
            register(function)
