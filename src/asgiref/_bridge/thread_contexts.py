"""Contexts that decide which thread is home, or which loop thread is dedicated."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, ClassVar

from asgiref._bridge import loop_threads
from asgiref._bridge.state import (
    Frame,
    context_to_thread_executor,
    current_frame,
    frame,
    named_home,
    single_thread_context,
    thread_sensitive_context,
)
from asgiref._bridge.threads import WorkerExecutor

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from concurrent.futures import Executor
    from contextvars import ContextVar, Token
    from types import TracebackType
    from typing import Any, Self, TypeVar

    from asgiref._bridge.loop_threads import LoopThread
    from asgiref._bridge.work import Work

    _T = TypeVar("_T")

__all__ = ("AsyncSingleThreadContext", "ThreadSensitiveContext")


def _reset(var: ContextVar[_T], token: Token[_T]) -> None:
    """Reset a variable; from another context than it was set in (a fixture), leave it."""
    try:
        var.reset(token)
    except ValueError:
        pass


class ThreadSensitiveContext:
    """An asynchronous context manager that gives the calls in it a home thread of their own.

    Thread-sensitive calls below it run in one thread, and those of other contexts in others,
    instead of all in one. The thread comes from a pool at the first such call and goes back on
    exit, which waits for the calls that were accepted.

    Inside another one, or below `async_to_sync`, a context without an executor changes nothing.

    Args:
        executor: run the calls there instead: also below `async_to_sync`, whose thread is not home
            inside. It should have one worker. It is not shut down. Such a context is for one use.

    """

    #: How many threads all contexts together may hold; None for no limit. Beyond it contexts share
    #: threads, which may delay them, and two of them that wait for each other cannot go on.
    max_threads: ClassVar[int | None] = None

    def __init__(self, *, executor: Executor | None = None) -> None:
        self.executor = executor
        #: No new calls are accepted.
        self.exited: bool = False
        self._used = False
        #: One for each time it was entered and not yet left; None where that moved nothing.
        self._tokens: list[Token[ThreadSensitiveContext] | None] = []
        self._frame_token: Token[Frame | None] | None = None
        #: Guards what is below.
        self._lock = threading.RLock()
        self._pending = 0
        #: Where calls go, and what to give back in the end.
        self._current: Executor | None = None
        self._leased: Executor | None = None
        #: Where its executor was entered: ``SyncToAsync`` may have been given another mapping.
        self._executors: MutableMapping[ThreadSensitiveContext, Executor] = (
            context_to_thread_executor
        )
        #: Who waits for the end of the accepted calls.
        self._drained: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    async def __aenter__(self) -> Self:
        """Make this the home of the calls below.

        Raises:
            RuntimeError: if it has an executor and was entered before.

        """
        if self.executor is not None:
            if self._used:
                raise RuntimeError(
                    "a ThreadSensitiveContext with an executor cannot be entered again"
                    if self.exited
                    else "this ThreadSensitiveContext is already entered"
                )
            self._used = True
            above = frame.get()
            # A context that was carried elsewhere does not make this part of the tree (R1).
            hides = current_frame()
            self._frame_token = frame.set(
                Frame(
                    None,
                    None if above is None else above.work,
                    None if above is None else above.root,
                    asyncio.get_running_loop(),
                    None if hides is None else hides.pump or hides.hidden,
                )
            )
            self._tokens.append(thread_sensitive_context.set(self))
        elif named_home() in (None, self):
            if not any(self._tokens):
                self.exited = False
            self._tokens.append(thread_sensitive_context.set(self))
        else:
            self._tokens.append(None)
        return self

    def _leave(self) -> bool:
        """Undo the innermost entering of this context.

        Returns:
            Whether that was the last that made this a home.

        """
        tokens = self._tokens
        for index in reversed(range(len(tokens))):
            token = tokens[index]
            if token is not None:
                try:
                    thread_sensitive_context.reset(token)
                except ValueError:
                    continue  # entered by another task, too
            del tokens[index]
            break
        else:  # left in another context than it was entered in (a fixture)
            token = tokens.pop() if tokens else None
        return token is not None and not any(tokens)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Accept no more calls, wait for those accepted, give the thread back."""
        if not self._leave():
            return
        if self._frame_token is not None:
            _reset(frame, self._frame_token)
            self._frame_token = None
        drained: asyncio.Future[None] | None = None
        with self._lock:
            self.exited = True
            executor = self._executors.pop(self, None)
            if self.executor is None:
                self._leased = executor
            if self._pending:
                if self.executor is not None and isinstance(exc, asyncio.CancelledError):
                    return
                loop = asyncio.get_running_loop()
                drained = loop.create_future()
                self._drained.append((loop, drained))
        if drained is None:
            self._release()
        else:
            await drained

    def executor_for(
        self, work: Work, executors: MutableMapping[ThreadSensitiveContext, Executor]
    ) -> Executor | None:
        """Accept ``work`` and return where it goes, or None if this context is over.

        Raises:
            RuntimeError: if it is over and had an executor of its own.

        """
        with self._lock:
            if work.counted is self:
                return self._current  # sent once more
            if self.exited:
                if self.executor is None:
                    return None
                raise RuntimeError(
                    f"the ThreadSensitiveContext with executor {self.executor!r} has exited: "
                    "a task that outlives it cannot call thread-sensitive code there"
                )
            executor = executors.get(self)
            if executor is None:
                cls = type(self)  # the executor must not lead back to its key
                executor = self.executor or WorkerExecutor(lambda: cls.max_threads)
                executors[self] = executor
                self._executors = executors
            self._current = executor
            self._pending += 1
            work.counted = self
            return executor

    def count_down(self) -> None:
        """Hear that an accepted call has ended. Any thread."""
        with self._lock:
            self._pending -= 1
            if self._pending or not self.exited:
                return
        self._release()

    def _release(self) -> None:
        """Give the thread back, and tell those who wait for that."""
        with self._lock:
            executor, self._leased = self._leased, None
            drained, self._drained = self._drained, []
        if executor is not None:
            executor.shutdown(wait=False)
        for loop, future in drained:
            try:
                loop.call_soon_threadsafe(_set, future)
            except RuntimeError:
                pass  # closed: nobody waits there


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class AsyncSingleThreadContext:
    """A context manager in which all `async_to_sync` calls use one loop thread.

    It concerns the calls that would run on a loop of the calling thread's own, or on a new one
    (``force_new_loop``), from whatever thread they come. It is re-entrant: the outermost one
    counts.
    """

    def __init__(self) -> None:
        #: By thread, for each leaves its own blocks.
        self._tokens: dict[int, list[Token[Any]]] = {}
        self._lock = threading.RLock()
        self._depth = 0
        self._loop_thread: LoopThread | None = None

    def loop_thread(self) -> LoopThread | None:
        """Return the one loop thread, leased at the first call; None after the last exit."""
        with self._lock:
            loop_thread = self._loop_thread
            if not self._depth:
                return None  # the running code outlived the block
            if loop_thread is None or loop_thread.pid != os.getpid():
                loop_thread = self._loop_thread = loop_threads.pool.lease()
            return loop_thread

    def __enter__(self) -> Self:
        """Make the calls below use this context's loop thread, unless an outer one decides."""
        outer = single_thread_context.get()
        token = single_thread_context.set(self if outer is None else outer)
        with self._lock:
            self._depth += 1
            self._tokens.setdefault(threading.get_ident(), []).append(token)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let calls go where they would without it.

        Raises:
            ValueError: in another thread than that which entered it.

        """
        with self._lock:
            tokens = self._tokens.get(threading.get_ident())
            if tokens is None:
                raise ValueError(
                    "this AsyncSingleThreadContext was not entered in this thread: leave it in the "
                    "thread that entered it"
                )
            token = tokens.pop()
            if not tokens:
                del self._tokens[threading.get_ident()]
            self._depth -= 1
            loop_thread = None
            if not self._depth:
                loop_thread, self._loop_thread = self._loop_thread, None
        _reset(single_thread_context, token)
        if loop_thread is not None:
            loop_threads.pool.release(loop_thread)
