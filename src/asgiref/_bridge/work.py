"""One synchronous call in flight: made by a task, run by a thread, awaited by that task."""

from __future__ import annotations

import asyncio
import reprlib
from contextvars import Context, copy_context
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final, Protocol

from asgiref._bridge import call_tree, exclusive_context
from asgiref._bridge.context import adopt, same
from asgiref._bridge.handled import Reraising, get_context, set_context
from asgiref._bridge.mailbox import Mailbox
from asgiref._bridge.state import Frame, frame, thread, thread_sensitive_context
from asgiref._bridge.suspension import Suspension

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from concurrent.futures import Future

    from asgiref._bridge.call import Call, ExcInfo
    from asgiref._bridge.current_thread_executor import CurrentThreadExecutor
    from asgiref._bridge.driven_loop import DrivenLoop
    from asgiref._bridge.thread_contexts import ThreadSensitiveContext

__all__ = ("DONE", "Errand", "Work", "WorkOwner")

# States, see the theory of operation. A constant compares faster than an enum member.
PENDING: Final = 0
_RUNNING: Final = 1
DONE: Final = 2
_DROPPED: Final = 3


#: Writes what users gave in error messages, whatever their ``__repr__`` does.
_repr: Final = reprlib.Repr()
_repr.maxother = _repr.maxstring = 200


class WorkOwner(Protocol):
    """What a work needs of the `SyncToAsync` that makes it."""

    func: Callable[..., Any]
    context: Context | None

    def thread_handler(
        self,
        loop: AbstractEventLoop,
        exc_info: ExcInfo,
        task_context: Any,
        func: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Call ``func(*args, **kwargs)`` in the worker thread."""

    def send(self, work: Work) -> None:
        """Put ``work`` where it belongs."""


def _frame_on(
    loop: AbstractEventLoop, inherited: Frame | None, around: Work | None
) -> Frame | None:
    """Return the innermost frame that counts for code on ``loop``.

    Args:
        loop: the running loop.
        inherited: the frame of the running code's context.
        around: the work that runs the loop, if one does: its tree is ours, whatever context the
            code runs in.

    """
    above = inherited
    # A context that was carried to another thread's loop does not make that loop part of the tree
    # (R1).
    if above is None or (above.loop is not loop and above.loop is not None):
        above = None if around is None else around.frame
    # Frames of ended calls are left out, or contexts that are inherited from call to call would
    # grow a chain. A plain frame is that of a context that hides what is outside.
    while above is not None and above.work is not None and above.work.is_over():
        if type(above) is Frame:
            break
        above = above.work.frame
    return above


class Work(Suspension):
    """One synchronous call in flight.

    Who stands first in ``_claims`` is the only one to move the state out of PENDING. The lock
    guards `abandoned`, `request` and `call`. What else both sides use is written by one side before
    it hands over, and read by the other after.
    """

    __slots__ = (
        "__weakref__",
        "_base",
        "_claims",
        "abandoned",
        "around",
        "call",
        "child",
        "context",
        "counted",
        "driven",
        "exc_info",
        "exception",
        "exclusive",
        "frame",
        "future",
        "lock",
        "mailbox",
        "missed",
        "owner",
        "place",
        "request",
        "result_",
        "returned",
        "runs_in",
        "scope",
        "sensitive",
        "serving",
        "state",
        "told",
        "waiting_thread",
    )

    def __init__(
        self,
        owner: WorkOwner,
        loop: AbstractEventLoop,
        exc_info: ExcInfo | None,
        child: Callable[[], Any],
        sensitive: bool,
    ) -> None:
        # As Suspension.__init__ does, which is worth a call for each work.
        self.loop = loop  # type: ignore[misc]  # Final there, set once here too
        self._asyncio_future_blocking = False
        self._resume = self._context = None
        here = thread.here
        mailbox = here.mailbox
        if mailbox is None or mailbox.loop() is not loop:
            mailbox = here.mailbox = Mailbox(loop, here.driven)
        #: Until the outcome is taken: the mailbox may hold this for longer than the task does.
        self.owner: WorkOwner | None = owner
        self.mailbox: Final = mailbox
        #: Guards what its comments say. One for all works of a loop, since making one costs more
        #: than a tenth of making a work: nothing is called, nor can anything die, where it is held.
        self.lock: Final = mailbox.lock
        #: For `SyncToAsync.thread_handler`; None where that would only make the call.
        self.exc_info: ExcInfo | None = exc_info
        #: What to call, until it was called or never will be.
        self.child: Callable[[], Any] | None = child
        #: Who wants to call or end it, in order: the identifiers of threads, and marks of those who
        #: end it. A list, for ``append`` is atomic; a lock, taken as often, cost 4 % of a call.
        self._claims: Final[list[object]] = []
        self.sensitive: Final = sensitive
        self.waiting_thread: Final = mailbox.thread
        #: The work whose code runs the loop, and which therefore waits for this one.
        around = here.work
        self.around: Work | None = around
        above = frame.get()
        scope = thread_sensitive_context.get(None)
        if above is not None or around is not None:
            above = _frame_on(loop, above, around)
            if scope is None and around is not None:
                scope = around.scope
        self.frame: Frame | None = above
        self.scope: ThreadSensitiveContext | None = scope
        #: The context that waits for this before it lets its worker go.
        self.counted: ThreadSensitiveContext | None = None
        self.driven: DrivenLoop | None = mailbox.driven
        exclusive = owner.context
        #: The context that the user gave, which the owner may exchange meanwhile.
        self.exclusive: Final = exclusive
        #: The context to run in: that one, or a copy of the task's.
        self.context: Context = copy_context() if exclusive is None else exclusive
        #: What the task knows of `context`: a copy of it, from when it last took or gave changes.
        self._base: Context = copy_context()
        if call_tree.INHERITED and exclusive is None:
            self.context.run(call_tree.depart)
        self.state: int = PENDING
        #: The task has left; nobody wants the outcome.
        self.abandoned: bool = False
        #: CancelledError was raised for that in the thread.
        self.told: bool = False
        #: The call that the thread has posted, until the task takes it.
        self.request: Call | None = None
        #: The call in which the thread is blocked, wherever it runs.
        self.call: Call | None = None
        #: The task was cancelled, with this message, and the call to which that was passed on had
        #: ended.
        self.missed: tuple[object, ...] | None = None
        #: The call that the task runs now. Written in the loop's thread.
        self.serving: Call | None = None
        #: What the function returned.
        self.result_: Any = None
        #: What it raised.
        self.exception: BaseException | None = None
        #: The identifier of the thread that runs it, until it has reported.
        self.runs_in: int | None = None
        #: The function has returned or raised.
        self.returned: bool = False
        #: The executor or pump where the work stands.
        self.place: object = None
        #: What the executor gave for it, where that is not ours.
        self.future: Future[Any] | asyncio.Future[Any] | None = None

    def describe(self) -> str:
        """Say what this is, for an error message."""
        func = getattr(self.owner, "func", "a function that has returned")
        return f"the call of {_repr.repr(func)} by sync_to_async"

    def is_over(self) -> bool:
        """Tell whether the call has ended or never will start."""
        return self.state >= DONE

    def parent(self) -> Work | None:
        """Return the work that cannot end before this one, innermost, or None."""
        if self.around is not None:
            return self.around
        return None if self.frame is None else self.frame.work

    def thread_taken_from(self, executor: object) -> int | None:
        """Return the thread of ``executor`` in which an ancestor runs, innermost, or None."""
        ancestor = self.parent()
        while ancestor is not None:
            if ancestor.place is executor:
                return ancestor.runs_in
            if ancestor.abandoned:
                return None  # it has the thread still, but those further up go on without it
            ancestor = ancestor.parent()
        return None

    def hidden_pump(self, home: int) -> CurrentThreadExecutor | None:
        """Return the innermost live pump of a thread from which this descends, though hidden."""
        work: Work | None = self
        while work is not None and not work.abandoned:
            pump = None if work.frame is None else work.frame.hidden
            while pump is not None:
                if pump.thread == home and not pump.closed:
                    return pump
                pump = pump.outer
            work = work.parent()
        return None

    def is_pending(self) -> bool:
        """Tell whether the call has not started."""
        return self.state == PENDING

    # In the thread that runs it -----------------------------------------------------------------

    def run(self) -> None:
        """Do the call, unless somebody else did or does, or it was dropped, or has to wait."""
        if self.exclusive is not None and not self._may_enter(self.exclusive):
            return
        me = get_ident()
        claims = self._claims
        claims.append(me)
        # In PENDING also when a signal handler raised here before, and this runs once more (I5).
        if claims[0] != me or self.state != PENDING:
            self._run_again()
            return
        child = self.child
        here = thread.here
        outer = here.work
        try:
            try:
                self.state = _RUNNING
                self.runs_in = me
                here.work = self
                if call_tree.INHERITED:
                    self.context.run(call_tree.arrive)
                    self._base = self.context.copy()
                assert child is not None
                if self.exc_info is None:
                    self.result_ = self.context.run(child)
                else:
                    assert self.owner is not None
                    self.result_ = self.owner.thread_handler(
                        self.loop, self.exc_info, self, self.context.run, child
                    )
            except BaseException as exception:  # noqa: BLE001  # for the task
                self.exception = exception
        finally:
            self.returned = True
            here.work = outer
            del child  # the task may go on, and drop its arguments, before this has returned
            self._finish()

    def _run_again(self) -> None:
        """Do what is left to do for a call that was run or dropped before."""
        if self.returned and self.runs_in == get_ident():
            # A KeyboardInterrupt came between the return and the report (I5).
            self._finish()
        elif self.state >= DONE:
            # It ended while it was sent, or was about to enter its context. If it is about to be
            # dropped, who drops it lets the others go, later.
            self._let_others_go()

    def _may_enter(self, context: Context) -> bool:
        """Take the context that the user gave; if another has it, come back later."""
        if self.state != PENDING:
            return True  # it does not enter, and there may be something left to do
        try:
            return exclusive_context.take(context, self)
        except BaseException as exception:  # noqa: BLE001  # for the task
            self.fail(exception)
            return False

    def _finish(self) -> None:
        """Report the outcome. May be called again if it was interrupted."""
        self.child = self.exc_info = None
        # Without the lock: first the state, then the look; `abandon` does the reverse. If both see
        # each other, both throw the outcome away.
        self.state = DONE
        if self.counted is not None or self.exclusive is not None:
            self._let_others_go()
        if self.abandoned:
            self.result_ = self.exception = None
        else:
            self.mailbox.deliver(self)
        # After the state: who sets it looks at the state afterwards. It leads back to here.
        self.future = self.runs_in = None

    def _let_go(self) -> None:
        """Free what the call needed to run, and whoever waits for its end."""
        self.child = self.exc_info = None
        self._let_others_go()

    def _let_others_go(self) -> None:
        counted, self.counted = self.counted, None
        if counted is not None:
            counted.count_down()
        if self.exclusive is not None:
            exclusive_context.release(self.exclusive, self)

    def forward(self) -> None:
        """Go to the next choice: the queue in which this stood has closed."""
        owner = self.owner
        if self.state != PENDING or owner is None:
            return
        try:
            owner.send(self)
        except BaseException as exception:  # noqa: BLE001  # for the task
            self.fail(exception)

    def fail(self, exception: BaseException) -> None:
        """End the call without having run it."""
        me = object()
        self._claims.append(me)
        if self._claims[0] is not me:
            return
        self.exception = exception
        self.state = DONE
        self._let_go()
        self.future = None
        self.mailbox.deliver(self)

    def look_at_future(self, future: Future[Any] | asyncio.Future[Any] | None) -> None:
        """Hear that a foreign executor is done with this, and fail if it never ran it."""
        if self.state != PENDING:
            return
        exception: BaseException | None = None
        if future is not None and future.done() and not future.cancelled():
            exception = future.exception()
            if exception is None:
                return  # it is parked, and will be sent again (I9)
        self.fail(
            exception or RuntimeError(f"the executor was shut down before it ran {self.describe()}")
        )

    def block(self, call: Call, *, quietly: bool = False) -> bool:
        """Note that the thread is about to wait for ``call``, so that a cancellation reaches it.

        Args:
            call: what it waits for.
            quietly: go on in any case; the thread hears the next time.

        Returns:
            Whether to go on; not if the task has gone, and the thread has to hear of it first.

        """
        with self.lock:
            if self.abandoned and not self.told and not quietly:
                self.told = True
                return False
            self.call = call
            return True

    def unblock(self) -> None:
        """Note that the thread no longer waits."""
        with self.lock:
            self.call = None

    def post(self, call: Call) -> bool:
        """Ask the waiting task to run ``call``. Asking again does no harm.

        Returns:
            Whether it will; not if it has gone, or is busy with what it was asked before.

        """
        with self.lock:
            if self.serving is call:
                return True
            if self.request is not call:
                if self.abandoned or self.request is not None or self.serving is not None:
                    return False
                self.request = call
        # Also when asked again: a signal handler may have raised just before (I7).
        self.mailbox.deliver(self)
        return True

    def withdraw(self, call: Call) -> None:
        """Take back a posted call that the task has not taken."""
        with self.lock:
            if self.request is call:
                self.request = None

    def report_missed(self, message: tuple[object, ...]) -> None:
        """Tell the task that the call it wanted cancelled had ended already. Any thread."""
        self.missed = message
        self.mailbox.deliver(self)

    def _take_missed(self) -> tuple[object, ...] | None:
        message, self.missed = self.missed, None
        return message

    # In the thread of the loop ------------------------------------------------------------------

    async def until_over(self) -> None:
        """Go on waiting, after the first time, and run the coroutines that the thread asks for.

        Raises:
            asyncio.CancelledError: if the task is cancelled while the function has not started, or
                computes (R12).

        """
        try:
            while True:
                # Before waiting again: a wake-up that came meanwhile is not remembered.
                message = self._take_missed()
                if message is not None and not self.pass_on(message):
                    raise asyncio.CancelledError(*message)
                while self.state != DONE and self.request is not None:
                    await self._serve()
                if self.missed is not None:
                    continue
                if self.state == DONE:
                    return
                try:
                    await self.suspended()
                except asyncio.CancelledError as cancelled:
                    if not self.pass_on(cancelled.args):
                        raise
        except BaseException:
            # Cancelled, or the coroutine was closed with its loop.
            self.abandon()
            raise

    def outcome(self) -> Any:
        """Return or raise what the function returned or raised, and take its context's changes."""
        if self.exclusive is None and not same(self.context, self._base):
            adopt(self.context, frame, self._base)
        self.owner = None
        exception = self.exception
        if exception is not None:
            self.exception = None
            context = get_context(exception)
            try:
                raise exception
            finally:
                # Raising it again is a detail of ours: what it was raised in stays its context.
                set_context(exception, context)
                del exception, context
        # The mailbox, or the worker, may still have this while the task goes on.
        result, self.result_ = self.result_, None
        return result

    async def _serve(self) -> None:
        """Run the coroutine that the thread has posted."""
        with self.lock:
            call, self.request = self.request, None
            self.serving = call
        if call is None:
            return
        if self.exclusive is None:
            await self._lend_task(call)
        else:
            await self._watch_task(call)

    def pass_on(self, message: tuple[object, ...]) -> bool:
        """Answer a cancellation: pass it on to the call in which the thread is blocked (I3).

        What the thread makes of it decides about this task.

        Args:
            message: the arguments of the CancelledError that the task got.

        Returns:
            Whether there is one; otherwise the task leaves.

        """
        with self.lock:
            posted, self.request = self.request, None
            call = self.call
        if posted is not None:
            posted.refuse(asyncio.CancelledError(*message))
            return True
        if call is None or call.over or self.state != _RUNNING:
            return False
        return call.cancel_for(self, message)

    def abandon(self) -> None:
        """Leave for good: do not start it, or let it finish alone."""
        self._resume = self._context = None
        me = object()
        self._claims.append(me)
        dropped = self._claims[0] is me
        if dropped:
            self.state = _DROPPED
        with self.lock:
            self.abandoned = True
            done = self.state == DONE
            call, self.request = self.request, None
        if self.exc_info is not None and not dropped:
            # The thread may be about to handle the task's exception, which changes that for a
            # moment: let it put that back; if it has not begun it will not, now.
            with Reraising.lock:
                pass
        if dropped:
            future, self.future = self.future, None
            self._let_go()
            if future is not None:
                future.cancel()
        if done:
            if self.exclusive is None and not same(self.context, self._base):
                adopt(self.context, frame, self._base)
            self.result_ = self.exception = None
        if call is not None:
            call.refuse(asyncio.CancelledError())

    async def _lend_task(self, call: Call) -> None:
        """Run a coroutine for the thread, here, in the task and the context that wait for it."""
        context = call.context
        if call.cancelled or call.given_up or context is None:
            self.serving = None
            call.refuse(asyncio.CancelledError())
            return
        if not same(context, self._base):
            adopt(context, frame, self._base)
        call.started = True
        self._base = context
        above = frame.get()
        call.root = None if above is None else above.root
        call.task = task = asyncio.current_task(self.loop)
        token = frame.set(call)
        before = copy_context()
        try:
            await call.wrapped()
        except BaseException as exception:
            if call.is_closed_by(exception):
                call.set_exception(RuntimeError("the event loop was closed under the call"))
                raise
            call.set_exception(exception)
        finally:
            after = copy_context()
            if not same(after, before):
                # The thread takes them over; what it changes from there on, it changes itself.
                call.after = self._base = after
            if task is not None:
                for _ in range(call.interruptions):
                    task.uncancel()
            if frame.get() is call:  # another task may share the context
                try:
                    frame.reset(token)
                except ValueError:  # closed from another context
                    pass
            self.serving = None
            call.finish()

    async def _watch_task(self, call: Call) -> None:
        """Run a coroutine for a thread that runs in a context of its own, in a task of its own."""
        task = asyncio.current_task(self.loop)
        forwarded = 0
        call.start()
        call_task = call.task
        while call_task is not None and not call_task.done():
            try:
                await asyncio.wait((call_task,))
            except asyncio.CancelledError as cancelled:
                if call.answered:
                    raise  # too late for the coroutine
                forwarded += 1
                call_task.cancel(*cancelled.args[:1])
        self.serving = None
        if call_task is not None and task is not None:
            # What the coroutine took back of our cancellations, this task takes back too (R14).
            for _ in range(forwarded - call_task.cancelling()):
                task.uncancel()


class Errand:
    """What a `ThreadPoolExecutor` runs for a work, and drops without a word if it is shut down."""

    __slots__ = ("_work",)

    def __init__(self, work: Work) -> None:
        self._work: Work | None = work

    def __call__(self) -> None:
        """Do the call, in a thread of the executor."""
        work, self._work = self._work, None
        if work is not None:
            work.run()

    def __del__(self) -> None:
        work = self._work
        if work is not None:
            work.look_at_future(work.future)
