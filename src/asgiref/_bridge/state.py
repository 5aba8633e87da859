"""All state that the bridge shares, with the owner and the guard of each piece.

=============================  =============================================  ======================
piece                          owner                                          guard
=============================  =============================================  ======================
``thread``                     each thread has its own                        none needed
``frame``                      each context; set by calls and by contexts     none needed
                               with an executor
``thread_sensitive_context``   each context                                   none needed
``single_thread_context``      each context                                   none needed
``context_to_thread_executor`` the contexts that were entered                 the GIL or the
                                                                              dictionary's own lock
``threads.pool``               the process                                    its lock
``loop_threads.pool``          the process                                    its lock
``exclusive_context``'s table  the process                                    its lock
``Reraising.lock``             the process                                    is one
``stall``'s watched calls      the process, in debug mode                     the set itself
=============================  =============================================  ======================

The class attributes of `SyncToAsync` and `AsyncToSync` are the visible handles of some of these.
"""

from __future__ import annotations

import os
import threading
import weakref
from asyncio import _get_running_loop
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from concurrent.futures import Executor

    from asgiref._bridge.current_thread_executor import CurrentThreadExecutor
    from asgiref._bridge.driven_loop import DrivenLoop
    from asgiref._bridge.loop_threads import Lease
    from asgiref._bridge.mailbox import Mailbox
    from asgiref._bridge.thread_contexts import AsyncSingleThreadContext, ThreadSensitiveContext
    from asgiref._bridge.work import Work

__all__ = (
    "Frame",
    "context_to_thread_executor",
    "current_frame",
    "current_home",
    "frame",
    "live_pump",
    "named_home",
    "single_thread_context",
    "thread",
    "thread_sensitive_context",
)


class Frame:
    """What the code below a call inherits: where its thread-sensitive work goes, and descent."""

    __slots__ = ("__weakref__", "hidden", "loop", "pump", "root", "work")

    def __init__(
        self,
        pump: CurrentThreadExecutor | None,
        work: Work | None,
        root: Frame | None,
        loop: AbstractEventLoop | None = None,
        hidden: CurrentThreadExecutor | None = None,
    ) -> None:
        #: Where the code below runs. On other loops the frame means nothing.
        self.loop: AbstractEventLoop | None = loop
        #: The innermost pump to serve the code below, alive or ended; None hides those outside.
        self.pump: CurrentThreadExecutor | None = pump
        #: The work whose code made this frame: the link from frame to frame, outwards.
        self.work: Work | None = work
        #: The outermost call, which cleans up behind the code below.
        self.root: Frame | None = root
        #: The pump that this hides. It still serves what goes home to its very thread.
        self.hidden: CurrentThreadExecutor | None = hidden


class ThreadState:
    """What a thread knows of itself."""

    __slots__ = ("driven", "lease", "mailbox", "work")

    def __init__(self) -> None:
        #: The work that runs here, innermost; None while the thread waits in a call.
        self.work: Work | None = None
        #: This thread's hold on a loop thread.
        self.lease: Lease | None = None
        #: In a loop thread: the loop that it runs now.
        self.driven: DrivenLoop | None = None
        #: In a thread that runs a loop: the mailbox of the latest one.
        self.mailbox: Mailbox | None = None


class _ThreadStates(threading.local):
    """``thread.here`` is the state of the running thread.

    One attribute, for each look at a `threading.local` costs as much as a call.
    """

    def __init__(self) -> None:
        self.here: Final = ThreadState()


thread: Final = _ThreadStates()

#: The innermost frame. Set by calls, and by contexts with an executor, for the code below them.
frame: Final[ContextVar[Frame | None]] = ContextVar("asgiref.frame", default=None)

#: The innermost `ThreadSensitiveContext`.
thread_sensitive_context: Final[ContextVar[ThreadSensitiveContext]] = ContextVar(
    "thread_sensitive_context"
)

#: The loop thread of the outermost `AsyncSingleThreadContext`.
single_thread_context: Final[ContextVar[AsyncSingleThreadContext | None]] = ContextVar(
    "asgiref.single_thread_context", default=None
)

#: The executor of each entered context, from its first call to its exit.
context_to_thread_executor: Final[weakref.WeakKeyDictionary[ThreadSensitiveContext, Executor]] = (
    weakref.WeakKeyDictionary()
)


def live_pump(of: Frame | None) -> CurrentThreadExecutor | None:
    """Return the innermost pump of a frame that has not ended (R2)."""
    pump = None if of is None else of.pump
    while pump is not None and pump.closed:
        pump = pump.outer
    return pump


def current_frame() -> Frame | None:
    """Return the innermost frame, unless its context was carried to a loop of another tree (R1)."""
    here = frame.get()
    if here is not None and here.loop is not None and here.loop is not _get_running_loop():
        around = thread.here.work
        if around is None or around.frame is not here:
            return None
    return here


def named_home() -> object | None:
    """Return what the context of the running code names as its home, or None if it names none.

    That is a pump or a `ThreadSensitiveContext`.
    """
    pump = live_pump(current_frame())
    if pump is not None:
        return pump
    context = thread_sensitive_context.get(None)
    return None if context is None or context.exited else context


def current_home() -> object | None:
    """Return what gives the running code its home thread, or None if nothing does.

    That is what its context names, else the call that drives the running loop; where there is
    neither, thread-sensitive work goes to ``SyncToAsync.single_thread_executor``.
    """
    home = named_home()
    driven = thread.here.driven
    if home is not None or driven is None or current_frame() is not None:
        return home
    return driven.pump()


def _forget() -> None:
    """Forget what the parent's threads were doing: they are not in the child of a fork (R7)."""
    context_to_thread_executor.clear()
    here = thread.here
    here.work = here.lease = here.driven = here.mailbox = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
