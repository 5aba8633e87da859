"""What a task waits for and is resumed by, with less than an asyncio future has.

An `asyncio.Future` resumes its task by a callback of its own in the loop's queue. Where a thousand
calls end together, making, queueing and running a thousand callbacks costs more than the calls. A
task asks little of what it awaits (PEP 492 and the future protocol of asyncio:
``_asyncio_future_blocking``, ``_loop``, ``add_done_callback``, ``cancel``, ``result``) and
hands it the one callable that makes it go on. So a `Mailbox`, being a callback of the loop
already, resumes each task itself.

Tasks are written in C, from where each call of a Python function costs several of those that Python
code makes. So what can be an attribute or a builtin is one.
"""

from __future__ import annotations

import asyncio
from types import coroutine
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Generator
    from contextvars import Context

__all__ = ("Suspension",)


class Suspension:
    """Something that one task may wait for, again and again. Only for the thread of its loop.

    It remembers nothing: a `wake` without a waiting task is lost, and a task may be woken for
    nothing. So whoever waits looks whether there is a reason to, before and after.
    """

    __slots__ = ("_asyncio_future_blocking", "_context", "_resume", "loop")

    #: The name under which a task looks for the loop of a future without a method for it.
    _loop: AbstractEventLoop

    #: A task that goes on calls this, to be told if it was cancelled: see `_Cancellation`. It was
    #: not, and nobody looks at what this returns.
    result: Final = bool

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.loop: Final = loop
        self._asyncio_future_blocking = False
        self._resume: Callable[[Any], object] | None = None
        self._context: Context | None = None

    def wake(self) -> None:
        """Make the waiting task go on, here and now.

        Raises:
            KeyboardInterrupt, SystemExit: if the task raised it.

        """
        resume, context = self._resume, self._context
        if resume is None or context is None:
            return
        self._resume = self._context = None
        context.run(resume, self)

    def wake_soon(self) -> None:
        """Make the waiting task go on in a callback of its own, whose duration asyncio reports."""
        resume, context = self._resume, self._context
        if resume is not None:
            self._resume = self._context = None
            self.loop.call_soon(resume, self, context=context)

    @coroutine
    def suspended(self) -> Generator[Suspension, None, None]:
        """Wait until the next `wake`.

        Raises:
            asyncio.CancelledError: if the task is cancelled.

        """
        self._asyncio_future_blocking = True
        yield self

    # What a task asks of a future ---------------------------------------------------------------

    def add_done_callback(
        self, callback: Callable[[Any], object], *, context: Context | None = None
    ) -> None:
        """Take the callable that resumes the task."""
        self._resume = callback
        self._context = context

    def cancel(self, msg: Any = None) -> bool:
        """Resume the task with CancelledError, soon.

        Returns:
            Whether there is a task that waits.

        """
        resume, context = self._resume, self._context
        if resume is None:
            return False
        self._resume = self._context = None
        self.loop.call_soon(resume, _Cancellation(msg), context=context)
        return True


Suspension._loop = Suspension.__dict__["loop"]  # the same slot


class _Cancellation:
    """What a task finds in the place of its `Suspension` when it was cancelled."""

    __slots__ = ("_msg",)

    def __init__(self, msg: Any) -> None:
        self._msg: Final = msg

    def result(self) -> None:
        """Raise CancelledError in the task."""
        raise asyncio.CancelledError() if self._msg is None else asyncio.CancelledError(self._msg)
