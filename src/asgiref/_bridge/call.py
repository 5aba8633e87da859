"""One coroutine in flight: made by a thread, which waits for it and meanwhile serves it."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Final, Protocol

from asgiref._bridge import call_tree, loop_threads
from asgiref._bridge.context import adopt, storage
from asgiref._bridge.current_thread_executor import CurrentThreadExecutor
from asgiref._bridge.driven_loop import DrivenLoop, RootFrame
from asgiref._bridge.handled import get_context, set_context
from asgiref._bridge.state import frame, live_pump, thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from types import TracebackType

    from asgiref._bridge.state import Frame
    from asgiref._bridge.work import Work

    ExcInfo = (
        tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    )

__all__ = ("Call", "CallOwner")

#: How often an interrupted hand-over is tried.
_ATTEMPTS: Final = 10

#: Seconds between two looks at a loop that the bridge does not drive (I6).
_INTERVAL: Final = 0.25


class CallOwner(Protocol):
    """What a call needs of the `AsyncToSync` that makes it."""

    stopped_loop_timeout: float

    def main_wrap(
        self,
        call_result: Call,
        exc_info: ExcInfo,
        task_context: Any,
        context: list[Context],
        awaitable: Awaitable[Any],
    ) -> Coroutine[Any, Any, None]:
        """Await ``awaitable`` and give its outcome to ``call_result``."""


class Call(RootFrame):
    """One coroutine in flight, and the frame of everything below it.

    The thread that makes it waits in `wait`; the loop's thread does the rest. Fields are handed
    from one to the other by the hand-over that starts the call and by `finish`, and need no lock.
    """

    __slots__ = (
        "after",
        "alive",
        "answered",
        "awaitable",
        "cancelled",
        "canceller",
        "context",
        "exc_info",
        "exception",
        "given",
        "given_up",
        "inbox",
        "interruptions",
        "owner",
        "result",
        "started",
        "task",
    )

    #: Also a frame that is no root; said again for pyright, since ``start`` assigns a root.
    root: Frame | None

    def __init__(
        self, owner: CallOwner, awaitable: Awaitable[Any], exc_info: ExcInfo, work: Work | None
    ) -> None:
        outer = None if work is None else live_pump(work.frame)
        #: Where the waiting thread finds work and hears of the end.
        self.inbox: Final = CurrentThreadExecutor(outer)
        # Below a thread_sensitive=False call, thread-sensitive work goes home, not to this thread.
        super().__init__(self.inbox if work is None or work.sensitive else outer)
        self.work = work
        #: Until the outcome is taken.
        self.owner: CallOwner | None = owner
        self.awaitable: Awaitable[Any] | None = awaitable
        self.exc_info: ExcInfo = exc_info
        #: `start` was called: it may be asked for twice, after an interruption.
        self.started: bool = False
        #: The task that runs the coroutine.
        self.task: asyncio.Task[Any] | None = None
        #: The context to run in, or to take changes from.
        self.context: Context | None = None
        #: The storage of `context` when it was handed over.
        self.given: object = None
        #: The context to take changes from after the call, if there are any.
        self.after: Context | None = None
        self.answered: bool = False
        self.result: Any = None
        self.exception: BaseException | None = None
        #: The waiting thread was interrupted: do not start, or cancel.
        self.cancelled: bool = False
        #: The work whose task passed a cancellation on, and its message, until that has arrived.
        self.canceller: tuple[Work, tuple[object, ...]] | None = None
        #: The loop has run since the waiting thread found it stopped.
        self.alive: bool = True
        #: How often a task that lends itself was cancelled for this call alone.
        self.interruptions: int = 0
        #: The waiting thread has left; nobody wants the outcome.
        self.given_up: bool = False

    def describe(self) -> str:
        """Say what this is, for an error message."""
        awaitable = getattr(self.owner, "awaitable", "a function that has returned")
        return f"the call of {awaitable!r} by async_to_sync"

    # In the loop's thread -----------------------------------------------------------------------

    def set_result(self, result: Any) -> None:
        """Take the outcome of the coroutine. The first one counts."""
        if not self.answered:
            self.answered = True
            self.result = result

    def set_exception(self, exception: BaseException) -> None:
        """Take the outcome of the coroutine. The first one counts."""
        if not self.answered:
            self.answered = True
            self.exception = exception

    def finish(self) -> None:
        """Let the waiting thread go on."""
        if not self.answered:
            self.set_exception(RuntimeError("main_wrap ended without an outcome"))
        self.over = True
        self.task = None
        if self.root is self:
            self.root = None  # an ended call answers for nothing, and would keep itself alive
        canceller, self.canceller = self.canceller, None
        if canceller is not None:
            work, message = canceller
            work.report_missed(message)
        self.inbox.notify()

    def discard(self) -> None:
        """Close the coroutine, if it has not been started."""
        if inspect.iscoroutine(self.awaitable):
            self.awaitable.close()

    def refuse(self, exception: BaseException | None = None) -> None:
        """End the call without having started its coroutine (I4).

        Args:
            exception: its outcome; None for a CancelledError as its canceller has got it.

        """
        self.discard()
        message = () if self.canceller is None else self.canceller[1]
        if self.cancelled:
            self.canceller = None  # this is what it asked for
        self.set_exception(asyncio.CancelledError(*message) if exception is None else exception)
        self.finish()

    def wrapped(self) -> Coroutine[Any, Any, None]:
        """Return the coroutine that runs the awaitable and takes its outcome."""
        owner, awaitable, exc_info = self.owner, self.awaitable, self.exc_info
        assert owner is not None
        assert awaitable is not None
        assert self.context is not None
        self.awaitable = None
        self.exc_info = (None, None, None)
        return owner.main_wrap(self, exc_info, None, [self.context], awaitable)

    def start(self) -> None:
        """Make a task for the call. Runs in the loop's thread, but not in the call's context.

        A task that starts eagerly enters its context at once, and it can be entered only once.
        """
        if self.started:
            return
        self.started = True
        if self.cancelled or self.given_up:
            self.refuse()
            return
        loop, driven = self.loop, thread.here.driven
        assert loop is not None
        self.arrive()
        coroutine = self._run(driven)
        try:
            if driven is not None and driven.loop is loop:
                outermost = driven.root_of(self.work.frame) if self.work is not None else None
                if outermost is not None and self.drives:
                    self.root = outermost  # which cleans up, in the end (R4)
                else:
                    driven.roots.append(self)
                task = driven.create_unlisted_task(coroutine, context=self.context)
            else:
                task = loop.create_task(coroutine, context=self.context)
            if not self.over:  # as it may be if the task started eagerly
                self.task = task
                task.add_done_callback(self._on_task_done, context=self.context)
        except BaseException as exception:  # noqa: BLE001  # a task factory of the user's
            coroutine.close()
            self._forget(driven)
            self.refuse(exception)

    def arrive(self) -> None:
        """Make the call's context at home in the loop's thread."""
        context = self.context
        if call_tree.INHERITED and context is not None:
            context.run(call_tree.arrive)
            self.given = storage(context)

    async def _run(self, driven: DrivenLoop | None) -> None:
        try:
            await self.wrapped()
        except BaseException as exception:
            if self.is_closed_by(exception):
                self._lost()
                raise
            self.set_exception(exception)
        await self.settle()
        self._end(driven)

    async def settle(self) -> None:
        """Clean up until nothing is left of what the coroutine has started."""
        while self.tasks or self.asyncgens or self.dropped:
            try:
                await self.clean_up()
            except asyncio.CancelledError:
                continue  # once more interrupted: the tasks are cancelled, go on waiting for them

    def _forget(self, driven: DrivenLoop | None) -> None:
        if driven is not None and self in driven.roots:
            driven.roots.remove(self)

    def _end(self, driven: DrivenLoop | None) -> None:
        self._forget(driven)
        context = self.context
        if context is not None and storage(context) is not self.given:
            self.after = context
        if self.task is not None:
            # It would find that the call is over, after one more round of the loop: 5 % of a call.
            self.task.remove_done_callback(self._on_task_done)
        self.finish()

    def is_closed_by(self, exception: BaseException) -> bool:
        """Tell whether this means that the coroutine was closed, and is no outcome of its own.

        It was closed by whoever dropped the task. A GeneratorExit that the coroutine raises itself
        comes out of it in a step of its task.
        """
        if not isinstance(exception, GeneratorExit):
            return False
        try:
            task = asyncio.current_task()
        except RuntimeError:
            return True  # no loop runs here
        # Before its task is known here, an eager one is in its first step.
        return task is None or (self.task is not None and task is not self.task)

    def _lost(self) -> None:
        self.set_exception(RuntimeError("the event loop was closed under the call"))
        self.finish()

    def _on_task_done(self, task: asyncio.Task[Any]) -> None:
        if self.over:
            return
        # Cancelled before its first step: the coroutine was never entered (I4).
        self._forget(thread.here.driven)
        self.refuse(None if task.cancelled() else _failure(task))

    def cancel(self, *message: object) -> None:
        """Cancel the coroutine, wherever it is. Runs in the loop's thread."""
        if self.over:
            return
        self.cancelled = True
        task = self.task
        if task is not None:
            self.interruptions += 1
            task.cancel(*message[:1])

    def cancel_for(self, work: Work, message: tuple[object, ...]) -> bool:
        """Pass on the cancellation of the task that waits for ``work``, from its thread.

        Args:
            work: what the task waits for.
            message: the arguments of the CancelledError that it got.

        Returns:
            Whether the call may still be cancelled; if not after all, ``work`` hears of it.

        """
        self.canceller = work, message
        loop = self.loop
        if loop is None:
            # It is about to start in another thread, which names the loop and then looks here; so
            # after this look there for the loop again.
            self.cancelled = True
            loop = self.loop
            if loop is None:
                return True
        try:
            loop.call_soon_threadsafe(self._take_cancellation)
        except RuntimeError:
            self.canceller = None
            return False
        return True

    def _take_cancellation(self) -> None:
        canceller = self.canceller
        if canceller is None:
            return
        work, message = canceller
        if self.over:
            self.canceller = None
            work.report_missed(message)
        elif not self.answered:
            self.canceller = None
            self.cancel(*message)
        # Otherwise the coroutine has ended, and what it left is cleaned up: `finish` reports.

    # In the waiting thread ----------------------------------------------------------------------

    def hand_over(self) -> None:
        """Have `start` called in the thread of the call's loop. Calling it again does no harm."""
        loop = self.loop
        assert loop is not None
        try:
            loop.call_soon_threadsafe(self.start, context=Context())
        except RuntimeError as exception:  # closed
            self.refuse(exception)

    def post(self) -> None:
        """Have the task that waits for the running code run this. Again does no harm."""
        work = self.work
        assert work is not None
        if not self.started and not work.post(self):
            # That task has gone, or is busy with what it was asked before: a task of our own.
            if self.given is None:
                self.fork_context()
            self.hand_over()

    def fork_context(self) -> None:
        """Give the call a context of its own, a copy of the running one."""
        context = copy_context()
        context.run(frame.set, self)
        if call_tree.INHERITED:
            context.run(call_tree.depart)
        self.context = context
        self.given = storage(context)

    def is_over(self) -> bool:
        """Tell whether the waiting thread may go on."""
        return self.over

    def wait(self, launch: Callable[[], None], *, foreign: bool) -> Any:
        """Start the call, serve it until it is over, and return or raise its outcome.

        Args:
            launch: hands the call over; may be called again after an interruption.
            foreign: the loop is not this thread's own, so it may stop or be closed.

        Raises:
            BaseException: what the coroutine raised, or what a signal handler raised here, after
                the coroutine was cancelled and has cleaned up (R7).
            RuntimeError: if the loop closed or stays stopped (R13).
        """
        try:
            self.serve(launch, self.is_over, foreign=foreign)
        finally:
            self.inbox.close()
        return self.outcome()

    def serve(
        self, launch: Callable[[], None] | None, until: Callable[[], bool], *, foreign: bool
    ) -> None:
        """Run what comes to the inbox until ``until()`` is true; whoever makes it so notifies it.

        Raises:
            BaseException: what a signal handler raised here, when the call is over.
        """
        here = thread.here
        work, here.work = here.work, None
        interval = _INTERVAL if foreign else -1
        interruption: BaseException | None = None
        interrupted = False
        attempts = 0
        stopped_since: float | None = None
        while True:
            try:
                if launch is not None:
                    attempts += 1
                    launch()
                    launch = None
                if interrupted:
                    self._interrupt()
                    interrupted = False
                if self.inbox.serve(until, interval) or self.given_up:
                    break
                stopped_since = self._look_at_loop(stopped_since)
            except BaseException as raised:  # noqa: BLE001  # raised below
                # A signal handler raised it: KeyboardInterrupt, or a time limit of the user's.
                interruption, interrupted, until = raised, True, self.is_over
                if attempts == _ATTEMPTS and launch is not None:
                    # No signal handler is that quick: it cannot be handed over.
                    launch = None
                    self.refuse(raised)
        here.work = work
        if interruption is not None:
            self.exception = None
            try:
                raise interruption
            finally:
                del interruption

    def outcome(self) -> Any:
        """Return or raise what the coroutine returned or raised, and take its context's changes."""
        if self.after is not None:
            adopt(self.after, frame)
        exception = self.exception
        self.exception = self.awaitable = self.context = self.after = None
        # The storage leads back to here, through the frame in it.
        self.owner = self.given = None
        self.exc_info = (None, None, None)
        if exception is not None:
            if loop_threads.pool.closed and isinstance(exception, asyncio.CancelledError):
                _stay_if_daemon()
            context = get_context(exception)
            try:
                raise exception
            finally:
                # Raising it again is a detail of ours: what it was raised in stays its context.
                set_context(exception, context)
                del exception, context
        result, self.result = self.result, None
        return result

    def _interrupt(self) -> None:
        self.cancelled = True
        loop = self.loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(self.cancel)
            except RuntimeError:
                self._give_up("was closed")

    def _look_at_loop(self, stopped_since: float | None) -> float | None:
        loop = self.loop
        if loop is None:
            return None
        if loop.is_closed():
            self._give_up("was closed")
        elif loop.is_running():
            return None
        elif stopped_since is None or self.alive:
            # It may run in short steps, and be found between them each time.
            self.alive = False
            loop.call_soon_threadsafe(self._note_life)
            return time.monotonic()
        elif (
            self.owner is not None
            and time.monotonic() - stopped_since >= self.owner.stopped_loop_timeout
        ):
            self._give_up(
                "has been stopped for longer than AsyncToSync.stopped_loop_timeout "
                f"({self.owner.stopped_loop_timeout} s)"
            )
        return stopped_since

    def _note_life(self) -> None:
        self.alive = True

    def _give_up(self, why: str) -> None:
        self.given_up = True
        self.set_exception(
            RuntimeError(f"the event loop {self.loop!r}, on which async_to_sync waits, {why}")
        )
        if self.work is not None:
            self.work.withdraw(self)
        if self.task is not None and self.loop is not None and not self.loop.is_closed():
            # Should the loop run again, nobody wants the coroutine to go on.
            self.loop.call_soon_threadsafe(self.cancel)


def _stay_if_daemon() -> None:
    """Let a daemon thread go no further: the interpreter exits, and ends it where it is.

    Its coroutine was cancelled and has cleaned up. An error in the thread would be of no use to
    anybody, and be printed.
    """
    if threading.current_thread().daemon:
        never = threading.Lock()
        never.acquire()
        never.acquire()


def _failure(task: asyncio.Task[Any]) -> BaseException:
    return task.exception() or RuntimeError("the call's task ended without an outcome")
