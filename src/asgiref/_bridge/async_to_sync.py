"""Coroutine functions, called from synchronous code."""

from __future__ import annotations

import inspect
import sys
import warnings
from asyncio import CancelledError, _get_running_loop
from contextvars import copy_context
from functools import partial
from types import CoroutineType, FunctionType, MethodType
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

from asgiref._bridge import fresh_loop, loop_threads, nesting
from asgiref._bridge.call import Call
from asgiref._bridge.coroutines import COROUTINE_MARKS, iscoroutinefunction
from asgiref._bridge.handled import Reraising
from asgiref._bridge.local import Local
from asgiref._bridge.state import Frame, frame, single_thread_context, thread
from asgiref._bridge.wrapping import LATE, LateAnnotations, look_like

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextvars import Context

    from asgiref._bridge.call import ExcInfo
    from asgiref._bridge.loop_threads import LoopThread
    from asgiref._bridge.work import Work

__all__ = ("LEFT", "AsyncToSync", "async_to_sync")

_P = ParamSpec("_P")
_Q = ParamSpec("_Q")
_R = TypeVar("_R")
_S = TypeVar("_S")


#: Why synchronous code gets a CancelledError that no coroutine has raised.
LEFT: Final = "the task that waited for this code was cancelled"


class _Executors(Local):
    """What `AsyncToSync.executors` is: a `Local` whose ``current`` is the pump of the frame."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        here = frame.get() if name == "current" else None
        return super().__getattribute__(name) if here is None else here.pump

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "current":
            super().__setattr__(name, value)
            return
        here = frame.get()
        if here is None:
            frame.set(Frame(value, None, None))
        else:
            frame.set(Frame(value, here.work, here.root))

    def __delattr__(self, name: str) -> None:
        here = frame.get() if name == "current" else None
        if here is None:
            super().__delattr__(name)
        elif here.work is None and here.root is None:
            frame.set(None)
        else:
            frame.set(Frame(None, here.work, here.root))


class AsyncToSync(Generic[_P, _R]):
    """Wraps a coroutine function so that synchronous code can call it; see `async_to_sync`.

    Subclasses may override `main_wrap`, which runs around the coroutine, on its loop.

    Args:
        awaitable: the coroutine function, or another callable that returns an awaitable.
        force_new_loop: run each call on a loop of its own, which is closed after it.

    Raises:
        TypeError: if ``awaitable`` cannot be called, or is an async generator function.

    """

    #: ``executors.current`` is the innermost `CurrentThreadExecutor` of the running code.
    executors: ClassVar[Local] = _Executors()

    #: Seconds that a loop, on which a call waits, may be stopped until the call raises
    #: RuntimeError.
    stopped_loop_timeout: float = 5.0

    awaitable: Callable[_P, Awaitable[_R]]
    force_new_loop: bool

    def __init__(
        self, awaitable: Callable[_P, Awaitable[_R]], force_new_loop: bool = False
    ) -> None:
        if (
            type(awaitable) is not FunctionType
            or not awaitable.__code__.co_flags & inspect.CO_COROUTINE
        ):
            _look_at(awaitable)
        look_like(self, awaitable)
        for mark in COROUTINE_MARKS:
            self.__dict__.pop(mark, None)
        self.awaitable = awaitable
        self.force_new_loop = force_new_loop

    def __getattr__(self, name: str) -> Any:
        if name in LATE:
            return getattr(self.awaitable, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __call__(self, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run the coroutine and wait for it; meanwhile this thread may run what it calls.

        Raises:
            BaseException: what the coroutine raised, the same object.
            RuntimeError: in a thread whose event loop is running; if the loop closes or stays
                stopped.
            asyncio.CancelledError: if the coroutine was cancelled; or once, if the task that waits
                for the running code was cancelled and has gone.
            RecursionError: if calls are nested so deeply that the stack is nearly full.

        """
        if _get_running_loop() is not None:
            raise RuntimeError(
                "You cannot use AsyncToSync in the same thread as an async event loop - just await "
                "the async function directly."
            )
        work = thread.here.work
        if work is not None:
            nesting.check(work.frame)
        awaitable = self.awaitable(*args, **kwargs)
        if type(awaitable) is not CoroutineType and not inspect.isawaitable(awaitable):
            raise TypeError(
                f"async_to_sync: {self.awaitable!r} returned {awaitable!r}, which cannot be awaited"
            )
        call = Call(self, awaitable, sys.exc_info(), work)
        result: _R
        if work is None:
            result = self._on_own_loop(call)
            return result
        if not work.block(call):
            call.refuse(CancelledError(LEFT))
            raise CancelledError(LEFT)
        try:
            if self.force_new_loop or not work.loop.is_running():
                result = self._on_own_loop(call)
            else:
                result = self._on_loop_of(work, call)
        finally:
            work.unblock()
        return result

    def _on_loop_of(self, work: Work, call: Call) -> Any:
        call.loop = work.loop
        if work.exclusive is None:
            call.context = copy_context()
        else:
            call.fork_context()
        return call.wait(call.post, foreign=True)

    def _on_own_loop(self, call: Call) -> Any:
        single = single_thread_context.get()
        leased: LoopThread | None = None
        try:
            loop_thread = None if single is None else single.loop_thread()
            if loop_thread is None:
                if self.force_new_loop:
                    loop_thread = leased = loop_threads.pool.lease()
                else:
                    loop_thread = loop_threads.dedicated()
        except RuntimeError as exception:  # no thread can be started
            call.refuse(exception)
            raise
        call.fork_context()
        if not self.force_new_loop:
            call.loop = loop_thread.loop
            return call.wait(call.hand_over, foreign=False)
        try:
            return call.wait(partial(fresh_loop.hand_over, call, loop_thread), foreign=False)
        finally:
            if leased is not None:
                loop_threads.pool.release(leased)

    async def main_wrap(
        self,
        call_result: Call,
        exc_info: ExcInfo,
        task_context: Any,  # noqa: ARG002  # for those who override
        context: list[Context],  # noqa: ARG002  # for those who override
        awaitable: Awaitable[_R],
    ) -> None:
        """Await the awaitable on its loop and pass on its outcome. The place to override.

        Args:
            call_result: takes the outcome: ``set_result`` or ``set_exception``.
            exc_info: what the caller's ``sys.exc_info()`` was; it is the same inside.
            task_context: not for use; pass it on.
            context: not for use; pass it on.
            awaitable: what the wrapped callable returned.

        """
        exception = exc_info[1]
        try:
            if exception is None or sys.exception() is exception:
                result = await awaitable
            else:
                try:
                    with Reraising(exception):
                        raise exception
                except BaseException as raised:
                    if raised is not exception:
                        raise  # a signal handler's
                    del exception, exc_info, raised
                    result = await awaitable
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001  # for the caller
            call_result.set_exception(error)
        else:
            call_result.set_result(result)

    @overload
    def __get__(self, parent: None, objtype: type[Any]) -> AsyncToSync[_P, _R]: ...

    @overload
    def __get__(
        self: AsyncToSync[Concatenate[_S, _Q], _R], parent: _S, objtype: type[_S] | None = None
    ) -> Callable[_Q, _R]: ...

    def __get__(self, parent: Any, objtype: Any = None) -> Any:
        """Bind to an object, as a function in a class does."""
        return self if parent is None else MethodType(self, parent)


AsyncToSync.__annotations__ = LateAnnotations(AsyncToSync.__annotations__)  # type: ignore[assignment]  # see there


def _look_at(awaitable: Any) -> None:
    """Raise or warn if ``awaitable`` is not a coroutine function."""
    if inspect.isawaitable(awaitable) and not callable(awaitable):
        raise TypeError(
            "async_to_sync takes an async function, and was given a coroutine that cannot be "
            f"called: {awaitable!r}; write async_to_sync(function)(arguments)"
        )
    if inspect.isasyncgenfunction(awaitable):
        raise TypeError(
            f"async_to_sync cannot be applied to the async generator function {awaitable!r}; use "
            "async_to_sync_iter"
        )
    if not iscoroutinefunction(awaitable) and not iscoroutinefunction(
        getattr(awaitable, "__call__", awaitable)  # noqa: B004  # its code is looked at
    ):
        warnings.warn("async_to_sync was passed a non-async-marked callable", stacklevel=4)


@overload
def async_to_sync(
    *, force_new_loop: bool = False
) -> Callable[[Callable[_P, Awaitable[_R]]], Callable[_P, _R]]: ...


@overload
def async_to_sync(
    awaitable: Callable[_P, Awaitable[_R]], *, force_new_loop: bool = False
) -> Callable[_P, _R]: ...


def async_to_sync(
    awaitable: Callable[_P, Awaitable[_R]] | None = None, *, force_new_loop: bool = False
) -> Callable[_P, _R] | Callable[[Callable[_P, Awaitable[_R]]], Callable[_P, _R]]:
    """Make a coroutine function callable from synchronous code; usable as a decorator.

    The coroutine runs on the loop whose `sync_to_async` called the running code, in the task that
    waits for it; elsewhere on a loop of the calling thread's own, which is kept for later calls.
    While it waits, the calling thread runs the thread-sensitive calls of the coroutine.

    Args:
        awaitable: the coroutine function. A callable that is not marked as one gets a warning.
        force_new_loop: run each call on a new loop, which is closed after it.

    Raises:
        TypeError: if ``awaitable`` cannot be called, or is an async generator function.

    """
    # The result is an AsyncToSync. It is annotated as a plain callable because checkers bind those
    # to objects and classes as they do functions, and keep what they know of overloads.
    if awaitable is None:
        return lambda f: AsyncToSync(f, force_new_loop=force_new_loop)
    return AsyncToSync(awaitable, force_new_loop=force_new_loop)
