"""Iterables across the bridge, both ways."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import AsyncIterable, Iterable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, TypeVar, cast, overload

from asgiref._bridge.borrowed_thread import BorrowedThread
from asgiref._bridge.conversation import Conversation
from asgiref._bridge.coroutines import iscoroutinefunction
from asgiref._bridge.sync_to_async import SyncToAsync
from asgiref._bridge.threads import WorkerExecutor
from asgiref._bridge.work import Work

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterator
    from concurrent.futures import Executor
    from contextvars import Context

    from asgiref._bridge.driven_loop import DrivenLoop
    from asgiref._bridge.state import Frame
    from asgiref._bridge.thread_contexts import ThreadSensitiveContext

__all__ = ("async_to_sync_iter", "sync_to_async_iter")

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _call(step: Callable[..., Any], *args: Any) -> Any:
    return step(*args)


class _Steps(SyncToAsync[..., Any]):
    """Runs the steps of one iteration, each where the first one ran.

    The last step, which closes the source, may come from another context: the event loop closes an
    async generator that was dropped.
    """

    _home: tuple[Frame | None, ThreadSensitiveContext | None, DrivenLoop | None] | None = None

    def __init__(
        self, *, thread_sensitive: bool, executor: Executor | None, context: Context | None
    ) -> None:
        super().__init__(_call, thread_sensitive, executor, context)
        self.sensitive: Final = thread_sensitive

    def send(self, work: Work) -> None:
        """Put ``work`` where the first step went."""
        if self._home is None:
            self._home = work.frame, work.scope, work.driven
        else:
            work.frame, work.scope, work.driven = self._home
        super().send(work)

    async def certainly(self, function: Callable[[], object]) -> None:
        """Call ``function`` and wait for it; it is called even if this task is cancelled."""
        try:
            await self(function)
        except asyncio.CancelledError:
            # It may have been dropped before it started. Nobody waits for this one; where the
            # first did start, a source takes being closed twice.
            call = partial(self.func, function)
            nothing = (None, None, None)  # is handled there, where this would be CancelledError
            self.send(Work(self, asyncio.get_running_loop(), nothing, call, self.sensitive))
            raise


def _take(iterator: Iterator[_T], count: int) -> tuple[list[_T], bool, BaseException | None]:
    """Take up to ``count`` items.

    Returns:
        The items, whether the iterator is exhausted, and what it raised after those items.

    """
    items: list[_T] = []
    while len(items) < count:
        try:
            items.append(next(iterator))
        except StopIteration:
            return items, True, None
        except BaseException as exception:
            if not items:
                raise
            return items, True, exception
    return items, False, None


class _Options:
    """How `sync_to_async_iter` was asked to run the steps."""

    __slots__ = ("context", "executor", "read_ahead", "thread_sensitive")

    def __init__(
        self,
        thread_sensitive: bool,
        executor: Executor | None,
        context: Context | None,
        read_ahead: int,
    ) -> None:
        if thread_sensitive and executor is not None:
            raise TypeError("executor must not be set when thread_sensitive is True")
        _check_read_ahead(read_ahead)
        self.thread_sensitive: Final = thread_sensitive
        self.executor: Final = executor
        self.context: Final = context
        self.read_ahead: Final = read_ahead

    async def iterate(self, source: Callable[[], Iterable[_T]]) -> AsyncGenerator[_T, None]:
        executor: Executor | None = None
        borrowed: BorrowedThread | None = None
        if not self.thread_sensitive:
            if self.executor is None:
                executor = WorkerExecutor()
            else:
                borrowed = BorrowedThread(self.executor)
                executor = await borrowed.borrow()
        steps = _Steps(
            thread_sensitive=self.thread_sensitive, executor=executor, context=self.context
        )
        try:
            iterator: Iterator[_T] = await steps(lambda: iter(source()))
            try:
                exhausted = False
                while not exhausted:
                    items, exhausted, exception = await steps(_take, iterator, 1 + self.read_ahead)
                    for item in items:
                        yield item
                    if exception is not None:
                        try:
                            raise exception
                        finally:
                            del exception, items
            finally:
                close = getattr(iterator, "close", None)
                if close is not None:
                    await steps.certainly(close)
        finally:
            if borrowed is not None:
                borrowed.give_back()
            elif executor is not None:
                executor.shutdown(wait=False)


def _check_read_ahead(read_ahead: int) -> None:
    if not isinstance(read_ahead, int):
        raise TypeError(f"read_ahead must be an int, not {read_ahead!r}")
    if read_ahead < 0:
        raise ValueError(f"read_ahead must not be negative, and is {read_ahead}")


@overload
def sync_to_async_iter(
    source: None = None,
    *,
    thread_sensitive: bool = True,
    executor: Executor | None = None,
    context: Context | None = None,
    read_ahead: int = 0,
) -> Callable[[Callable[_P, Iterable[_T]]], Callable[_P, AsyncGenerator[_T, None]]]: ...


@overload
def sync_to_async_iter(
    source: Callable[_P, Iterable[_T]],
    *,
    thread_sensitive: bool = True,
    executor: Executor | None = None,
    context: Context | None = None,
    read_ahead: int = 0,
) -> Callable[_P, AsyncGenerator[_T, None]]: ...


@overload
def sync_to_async_iter(
    source: Iterable[_T],
    *,
    thread_sensitive: bool = True,
    executor: Executor | None = None,
    context: Context | None = None,
    read_ahead: int = 0,
) -> AsyncGenerator[_T, None]: ...


def sync_to_async_iter(
    source: Any = None,
    *,
    thread_sensitive: bool = True,
    executor: Executor | None = None,
    context: Context | None = None,
    read_ahead: int = 0,
) -> Any:
    """Iterate asynchronously over a synchronous iterable, in another thread.

    Every step runs in one thread: ``iter()``, each ``next()``, and ``close()``, which follows the
    end of the iteration, early or not. Leave a loop early under `contextlib.aclosing`, to have
    closed the source when the block ends; otherwise the event loop closes it soon.

    Args:
        source: an iterable, or a generator function (or another callable that returns an iterable);
            of a function a function is made, so this can be a decorator, with and without
            arguments.
        thread_sensitive: run the steps in the home thread of the call tree, as `sync_to_async`
            does. If False, in a thread kept for this iteration: one of ``executor``, or one of a
            pool of ours.
        executor: any `concurrent.futures.Executor`. One of its threads is taken for as long as the
            iteration lasts.
        context: run the steps in exactly this context.
        read_ahead: how many items may be taken from the source before they are asked for. Taking
            several in one step saves hops.

    Returns:
        An async generator, or a function that returns one.

    Raises:
        TypeError: if ``source`` is neither an iterable nor a callable, or is asynchronous; if an
            executor is given with ``thread_sensitive=True``.
        ValueError: if ``read_ahead`` is negative.

    """
    options = _Options(thread_sensitive, executor, context, read_ahead)
    if source is None:
        return lambda function: _async_iterating(function, options)
    if isinstance(source, Iterable):
        return options.iterate(lambda: source)
    return _async_iterating(source, options)


def _async_iterating(function: Any, options: _Options) -> Any:
    if not callable(function):
        raise TypeError(
            f"sync_to_async_iter takes an iterable or a generator function, not {function!r}"
        )
    if iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(
            f"sync_to_async_iter takes synchronous iterables, and {function!r} is asynchronous: "
            "use 'async for' directly"
        )

    @wraps(function)
    def iterating(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        return options.iterate(lambda: function(*args, **kwargs))

    return iterating


class _Producer(Generic[_T]):
    """Takes items from an async iterable, on its loop, as far as they are asked for."""

    def __init__(self, source: Callable[[], AsyncIterable[_T]], read_ahead: int) -> None:
        self._source: Final = source
        self._read_ahead: Final = read_ahead
        #: Filled on the loop, emptied by the thread.
        self.items: Final[deque[_T]] = deque()
        self._asked_for = 0
        self._more: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        #: Makes the thread look for items. It does not lead back to here.
        self.notify: Callable[[], None] | None = None

    async def produce(self) -> None:
        self._loop = asyncio.get_running_loop()
        more = self._more = asyncio.Event()
        taken = 0
        iterator = aiter(self._source())
        try:
            while True:
                try:
                    item = await anext(iterator)
                except StopAsyncIteration:
                    return
                self.items.append(item)
                del item
                taken += 1
                if self.notify is not None:
                    self.notify()
                while taken >= self._asked_for + self._read_ahead:
                    more.clear()
                    if taken < self._asked_for + self._read_ahead:
                        break  # asked for in between
                    await more.wait()
        finally:
            close = getattr(iterator, "aclose", None)
            if close is not None:
                await close()

    def ask_for_one(self) -> None:
        """Let one more item be taken. In the thread."""
        self._asked_for += 1
        loop, more = self._loop, self._more
        if loop is not None and more is not None:
            try:
                loop.call_soon_threadsafe(more.set)
            except RuntimeError:
                pass  # closed: the conversation tells

    def has_items(self) -> bool:
        """Tell whether there is an item for the thread."""
        return bool(self.items)


def _iterate(source: Callable[[], AsyncIterable[_T]], read_ahead: int) -> Generator[_T, None, None]:
    if asyncio._get_running_loop() is not None:  # None instead of an exception
        raise RuntimeError(
            "You cannot use async_to_sync_iter in the same thread as an async event loop - just "
            "use 'async for' directly."
        )
    producer = _Producer(source, read_ahead)
    conversation = Conversation(producer.produce)
    producer.notify = conversation.notify
    try:
        while True:
            producer.ask_for_one()
            if not conversation.wait(producer.has_items):
                conversation.result()
                return
            yield producer.items.popleft()
    finally:
        conversation.close()


@overload
def async_to_sync_iter(
    source: None = None, *, read_ahead: int = 0
) -> Callable[[Callable[_P, AsyncIterable[_T]]], Callable[_P, Generator[_T, None, None]]]: ...


@overload
def async_to_sync_iter(
    source: Callable[_P, AsyncIterable[_T]], *, read_ahead: int = 0
) -> Callable[_P, Generator[_T, None, None]]: ...


@overload
def async_to_sync_iter(
    source: AsyncIterable[_T], *, read_ahead: int = 0
) -> Generator[_T, None, None]: ...


def async_to_sync_iter(source: Any = None, *, read_ahead: int = 0) -> Any:
    """Iterate synchronously over an asynchronous iterable.

    The whole iteration is one call: one task, in one context, on one loop (that which
    `async_to_sync` would use). Its thread-sensitive code runs in the thread that iterates, while
    that thread waits for an item. Leaving early closes the source: with the generator's
    ``close()``, for which `contextlib.closing` is made, or when it is dropped.

    Args:
        source: an async iterable, or an async generator function (or another callable that returns
            an async iterable); of a function a function is made, so this can be a decorator, with
            and without arguments.
        read_ahead: how many items may be taken from the source before they are asked for.

    Returns:
        A generator, or a function that returns one. It must be iterated in one thread.

    Raises:
        TypeError: if ``source`` is neither an async iterable nor a callable.
        ValueError: if ``read_ahead`` is negative.
        RuntimeError: at the first step, in a thread whose event loop is running.

    """
    _check_read_ahead(read_ahead)
    if source is None:
        return lambda function: _sync_iterating(function, read_ahead)
    if isinstance(source, AsyncIterable):
        return _iterate(lambda: source, read_ahead)
    return _sync_iterating(source, read_ahead)


def _sync_iterating(function: Any, read_ahead: int) -> Any:
    if not callable(function):
        raise TypeError(
            "async_to_sync_iter takes an async iterable or an async generator function, not "
            f"{function!r}"
        )
    if iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise TypeError(
            f"async_to_sync_iter takes async generator functions, and {function!r} is none"
        )

    @wraps(function)
    def iterating(*args: Any, **kwargs: Any) -> Generator[Any, None, None]:
        return _iterate(lambda: cast("AsyncIterable[Any]", function(*args, **kwargs)), read_ahead)

    return iterating
