"""Synchronous callables, awaited."""

from __future__ import annotations

import inspect
import sys
import threading
import warnings
from asyncio import CancelledError, get_running_loop
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from functools import partial
from types import FunctionType, MethodType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Concatenate,
    Final,
    Generic,
    ParamSpec,
    TypeVar,
    overload,
)

from asgiref._bridge import nesting, stall, state
from asgiref._bridge.call import Call
from asgiref._bridge.coroutines import COROUTINE_MARKS, iscoroutinefunction
from asgiref._bridge.handled import Reraising
from asgiref._bridge.state import live_pump
from asgiref._bridge.threads import WorkerExecutor
from asgiref._bridge.work import DONE, Errand, Work
from asgiref._bridge.wrapping import LATE, LateAnnotations, look_like

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Coroutine, MutableMapping
    from concurrent.futures import Executor
    from contextvars import ContextVar

    from asgiref._bridge.call import ExcInfo
    from asgiref._bridge.current_thread_executor import CurrentThreadExecutor
    from asgiref._bridge.thread_contexts import ThreadSensitiveContext

__all__ = ("SyncToAsync", "sync_to_async")

_P = ParamSpec("_P")
_Q = ParamSpec("_Q")
_R = TypeVar("_R")
_S = TypeVar("_S")

#: Flags of the functions that sync_to_async does not take, or warns of.
_UNUSUAL = (
    inspect.CO_COROUTINE
    | inspect.CO_ITERABLE_COROUTINE
    | inspect.CO_GENERATOR
    | inspect.CO_ASYNC_GENERATOR
)


class SyncToAsync(Generic[_P, _R]):
    """Wraps a synchronous callable so that calling it gives a coroutine; see `sync_to_async`.

    Subclasses may override `thread_handler`, which runs in the worker thread around each call.

    Args:
        func: the callable.
        thread_sensitive: run it in the home thread of the call tree.
        executor: where to run it otherwise; None for the default executor of the loop.
        context: run it in exactly this context instead of in a copy of the caller's.

    Raises:
        TypeError: if ``func`` cannot be called or is a coroutine function; if an executor is given
            with ``thread_sensitive=True``.

    """

    #: Where thread-sensitive calls go that nothing else gives a home.
    single_thread_executor: ClassVar[Executor] = WorkerExecutor()

    #: The innermost `ThreadSensitiveContext`.
    thread_sensitive_context: ClassVar[ContextVar[ThreadSensitiveContext]] = (
        state.thread_sensitive_context
    )

    #: The executor of each entered `ThreadSensitiveContext`, from its first call to its exit.
    context_to_thread_executor: ClassVar[MutableMapping[ThreadSensitiveContext, Executor]] = (
        state.context_to_thread_executor
    )

    #: Seconds after which, in asyncio's debug mode, a call that waits for blocked threads is
    #: reported on the logger ``asgiref.sync``.
    stall_report_after: ClassVar[float] = 1.0

    func: Callable[_P, _R]
    context: Context | None

    def __init__(
        self,
        func: Callable[_P, _R],
        thread_sensitive: bool = True,
        executor: Executor | None = None,
        context: Context | None = None,
    ) -> None:
        if (
            type(func) is not FunctionType
            or func.__code__.co_flags & _UNUSUAL
            or not func.__dict__.keys().isdisjoint(COROUTINE_MARKS)
        ):
            _look_at(func)
        if thread_sensitive and executor is not None:
            raise TypeError("executor must not be set when thread_sensitive is True")
        if executor is not None and not callable(getattr(executor, "submit", None)):
            raise TypeError(f"executor must be a concurrent.futures.Executor, not {executor!r}")
        if context is not None and not isinstance(context, Context):
            raise TypeError(f"context must be a contextvars.Context, not {context!r}")
        look_like(self, func)
        self.__dict__.update(COROUTINE_MARKS)
        self.func = func
        self.context = context
        self._thread_sensitive = thread_sensitive
        self._executor = executor

    def __getattr__(self, name: str) -> Any:
        if name in LATE:
            return getattr(self.func, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    async def __call__(self, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Call the wrapped callable in its thread and wait for it.

        Raises:
            BaseException: what the callable raised, the same object.
            RuntimeError: if the wait could never end, or the executor takes no more calls.
            RecursionError: if calls are nested so deeply that the stack is nearly full.

        """
        loop = get_running_loop()
        # `thread_handler`, and what it is promised to get, cost a tenth of a call: left out where
        # it would do nothing else.
        direct = (
            type(self).thread_handler is _thread_handler
            and sys.exception() is None
            and "thread_handler" not in self.__dict__
        )
        work = Work(
            self,
            loop,
            None if direct else sys.exc_info(),
            partial(self.func, *args, **kwargs) if args or kwargs or not direct else self.func,
            self._thread_sensitive,
        )
        try:
            if work.frame is not None:
                nesting.check(work.frame)
            self.send(work)
            if loop.get_debug():
                stall.watch(work, self.stall_report_after)
            await work.suspended()
        except BaseException as exception:
            # Not sent, cancelled, or closed with its loop.
            if not isinstance(exception, CancelledError) or not work.pass_on(exception.args):
                work.abandon()
                raise
        if work.state != DONE or work.missed is not None:
            await work.until_over()
        result: _R = work.outcome()
        return result

    @overload
    def __get__(self, parent: None, objtype: type[Any]) -> SyncToAsync[_P, _R]: ...

    @overload
    def __get__(
        self: SyncToAsync[Concatenate[_S, _Q], _R], parent: _S, objtype: type[_S] | None = None
    ) -> Callable[_Q, Coroutine[Any, Any, _R]]: ...

    def __get__(self, parent: Any, objtype: Any = None) -> Any:
        """Bind to an object, as a function in a class does."""
        return self if parent is None else MethodType(self, parent)

    def thread_handler(
        self,
        loop: AbstractEventLoop,  # noqa: ARG002  # for those who override
        exc_info: ExcInfo,
        task_context: Any,
        func: Callable[..., _R],
        *args: Any,
        **kwargs: Any,
    ) -> _R:
        """Do the call in the worker thread. The place to override.

        Args:
            loop: the loop of the caller.
            exc_info: what the caller's ``sys.exc_info()`` was; it is the same inside.
            task_context: not for use; pass it on.
            func: called with the other arguments, it runs its first argument in the right context.
            args: one callable, a `functools.partial` of the user's with the arguments of the call.
            kwargs: none.

        """
        exception = exc_info[1]
        if exception is None or sys.exception() is exception:
            return func(*args, **kwargs)
        try:
            with Reraising(exception):
                # A task that has gone may look at its exception, which this changes for a moment.
                if not getattr(task_context, "abandoned", False):
                    raise exception
        except BaseException as raised:
            if raised is not exception:
                raise  # a signal handler's
            del exception, exc_info, raised
            return func(*args, **kwargs)
        return func(*args, **kwargs)

    def send(self, work: Work) -> None:
        """Put ``work`` where it belongs (R1 to R3). Any thread."""
        if not work.sensitive:
            self._send_to_pool(work)
            return
        pump = None if work.frame is None else live_pump(work.frame)
        executor: Executor | None = None
        if pump is None:
            if work.scope is not None:
                executor = work.scope.executor_for(work, self.context_to_thread_executor)
            if executor is None:
                if work.driven is not None and work.frame is None:
                    pump = work.driven.pump()
                if pump is None:
                    executor = self.single_thread_executor
        if pump is not None:
            self._put(work, pump)
        elif type(executor) is WorkerExecutor:
            home = executor.thread
            if (
                home is not None
                and (
                    work.frame is not None or work.around is not None or home == work.waiting_thread
                )
                and not executor.is_left_behind()
            ):
                pump = work.hidden_pump(home)
                if pump is not None:
                    self._put(work, pump)
                    return
                self._check(work, home, None)
            work.place = executor
            executor.put(work)
        elif executor is not None:
            self._submit(executor, work)

    def _put(self, work: Work, pump: CurrentThreadExecutor) -> None:
        self._check(work, pump.thread, pump)
        work.place = pump
        pump.put(work)

    def _check(self, work: Work, home: int, pump: CurrentThreadExecutor | None) -> None:
        """Raise if the thread for ``work`` runs a loop that waits, directly or not, for it (R15).

        A loop that runs in that thread keeps it from its queue. Each loop counts in which an
        ancestor of ``work`` is awaited, up to the call whose pump it is.
        """
        ancestor: Work | None = work
        while ancestor is not None and not ancestor.abandoned:
            if ancestor.waiting_thread == home:
                raise _deadlock(work)
            if ancestor.around is not None:
                ancestor = ancestor.around
                continue
            above = ancestor.frame
            # A call below a thread_sensitive=False hop names the pump too, which is not its own.
            if above is None or (isinstance(above, Call) and above.inbox is pump):
                return
            ancestor = above.work

    def _send_to_pool(self, work: Work) -> None:
        executor = self._executor
        if executor is None:
            # Its public name is run_in_executor, which wraps each call in two futures.
            executor = getattr(work.loop, "_default_executor", None)
            if executor is None:
                if threading.get_ident() != work.waiting_thread:  # sent once more
                    work.loop.call_soon_threadsafe(work.forward)
                    return
                work.place = work.loop
                future = work.loop.run_in_executor(None, work.run)
                work.future = future
                future.add_done_callback(work.look_at_future)
                return
        self._submit(executor, work)

    def _submit(self, executor: Executor, work: Work) -> None:
        if (work.around is not None or work.frame is not None) and (
            type(executor) is WorkerExecutor or getattr(executor, "_max_workers", None) == 1
        ):
            taken = work.thread_taken_from(executor)
            if taken is not None:
                pump = work.hidden_pump(taken) if work.sensitive else None
                if pump is not None:
                    self._put(work, pump)
                    return
                self._check(work, taken, None)
        work.place = executor
        if type(executor) is ThreadPoolExecutor:
            # It forgets a call when it has run it, or never will, which costs less to watch for
            # than a callback of the future.
            work.future = executor.submit(Errand(work))
            if work.is_over():
                work.future = None
            return
        future = executor.submit(work.run)
        work.future = future
        future.add_done_callback(work.look_at_future)
        if work.is_over():
            work.future = None


def _deadlock(work: Work) -> RuntimeError:
    if work.sensitive:
        which, remedy = "is thread-sensitive, but its home", "use thread_sensitive=False"
    else:
        which, remedy = "goes to an executor with one thread, but that", "give it another executor"
    return RuntimeError(
        f"deadlock: {work.describe()} {which} thread is busy running an event loop that waits for "
        f"it (the call is awaited on {work.loop!r}); {remedy}, or run that loop in another thread"
    )


#: What runs around a call if nobody overrides it.
_thread_handler: Final = SyncToAsync.thread_handler

SyncToAsync.__annotations__ = LateAnnotations(SyncToAsync.__annotations__)  # type: ignore[assignment]  # see there


def _refused(reason: str) -> TypeError:
    """Return the error of asgiref 3.13.0, whose text programs compare; the reason is a note."""
    error = TypeError("sync_to_async can only be applied to sync functions.")
    error.add_note(reason)
    return error


def _look_at(func: Any) -> None:
    """Raise or warn if ``func`` is not a plain synchronous callable."""
    if not callable(func):
        raise _refused(f"{func!r} cannot be called; pass the function itself, without calling it")
    call = type(func).__call__ if callable(type(func)) else func
    if iscoroutinefunction(func) or iscoroutinefunction(call):
        raise _refused(f"{func!r} is async: await it")
    if inspect.isasyncgenfunction(func):
        raise _refused(f"{func!r} is an async generator function: iterate over it with 'async for'")
    if inspect.isgeneratorfunction(func):
        warnings.warn(
            f"sync_to_async was given the generator function {func!r}: only its creation runs in "
            "the other thread; use sync_to_async_iter to iterate over it",
            stacklevel=4,
        )


@overload
def sync_to_async(
    *,
    thread_sensitive: bool = True,
    executor: Executor | None = None,
    context: Context | None = None,
) -> Callable[[Callable[_P, _R]], Callable[_P, Coroutine[Any, Any, _R]]]: ...


@overload
def sync_to_async(
    func: Callable[_P, _R],
    *,
    thread_sensitive: bool = True,
    executor: Executor | None = None,
    context: Context | None = None,
) -> Callable[_P, Coroutine[Any, Any, _R]]: ...


def sync_to_async(
    func: Callable[_P, _R] | None = None,
    *,
    thread_sensitive: bool = True,
    executor: Executor | None = None,
    context: Context | None = None,
) -> (
    Callable[_P, Coroutine[Any, Any, _R]]
    | Callable[[Callable[_P, _R]], Callable[_P, Coroutine[Any, Any, _R]]]
):
    """Make a synchronous callable awaitable; usable as a decorator, with and without arguments.

    Args:
        func: the callable. It is called in another thread than the one that awaits it.
        thread_sensitive: run it in the home thread of the call tree, where all thread-sensitive
            code of the tree runs, one call at a time: the thread of the outermost
            `async_to_sync`, or of the enclosing `ThreadSensitiveContext`, or the one thread of
            the process for such calls. If False, it runs in ``executor``, beside others.
        executor: any `concurrent.futures.Executor`; None for the default executor of the loop.
        context: run it in exactly this context, instead of in a copy of the caller's whose changes
            come back. Calls that share one take turns.

    Raises:
        TypeError: if ``func`` cannot be called or is a coroutine function; if an executor is given
            with ``thread_sensitive=True``.

    """
    # The result is a SyncToAsync. It is annotated as a plain callable because checkers bind those
    # to objects and classes as they do functions, and keep what they know of overloads.
    if func is None:
        return lambda f: SyncToAsync(
            f, thread_sensitive=thread_sensitive, executor=executor, context=context
        )
    return SyncToAsync(func, thread_sensitive=thread_sensitive, executor=executor, context=context)
