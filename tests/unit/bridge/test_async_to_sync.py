"""``async_to_sync``: its shapes, the places to override, and bad input."""

from __future__ import annotations

import asyncio
import functools
import threading
import warnings
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import pytest

from asgiref._bridge.async_to_sync import AsyncToSync, async_to_sync
from asgiref._bridge.current_thread_executor import CurrentThreadExecutor
from asgiref._bridge.sync_to_async import sync_to_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Generator


async def double(value: int) -> int:
    """Double it."""
    return 2 * value


# Shapes -----------------------------------------------------------------------------------------


def test_decorator_without_arguments() -> None:
    """``@async_to_sync`` bare."""

    @async_to_sync
    async def wrapped(value: int) -> int:
        return 2 * value

    assert isinstance(wrapped, AsyncToSync)
    assert wrapped(2) == 4


def test_decorator_with_arguments() -> None:
    """``@async_to_sync(force_new_loop=True)``."""

    @async_to_sync(force_new_loop=True)
    async def wrapped() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    assert wrapped().is_closed()


def test_instance_attributes() -> None:
    """``awaitable`` and ``force_new_loop`` can be read, and assigned."""
    wrapped = AsyncToSync(double)
    assert wrapped.awaitable is double
    assert wrapped.force_new_loop is False
    assert AsyncToSync(double, True).force_new_loop is True


def test_executors_current() -> None:
    """``AsyncToSync.executors.current`` is the pump of the running code, for those who ask."""
    assert getattr(AsyncToSync.executors, "current", None) is None

    async def main() -> None:
        pump = AsyncToSync.executors.current
        assert isinstance(pump, CurrentThreadExecutor)
        future = pump.submit(threading.get_ident)
        assert await asyncio.wrap_future(future) == home
        assert await sync_to_async(lambda: AsyncToSync.executors.current)() is pump

    home = threading.get_ident()
    async_to_sync(main)()
    assert getattr(AsyncToSync.executors, "current", None) is None


def test_executors_current_may_be_hidden() -> None:
    """Code that sets it to None, as test clients do, gets its own home below."""

    async def main() -> int:
        AsyncToSync.executors.current = None
        return await sync_to_async(threading.get_ident)()

    assert async_to_sync(main)() != threading.get_ident()


def test_executors_current_may_be_set_and_deleted() -> None:
    """Outside of any call it is then what it was before; inside of one it is hidden."""

    def outside() -> None:
        pump = CurrentThreadExecutor(None)
        AsyncToSync.executors.current = pump
        assert AsyncToSync.executors.current is pump
        del AsyncToSync.executors.current
        assert not hasattr(AsyncToSync.executors, "current")
        with pytest.raises(AttributeError):
            del AsyncToSync.executors.current

    async def inside() -> None:
        del AsyncToSync.executors.current
        assert AsyncToSync.executors.current is None

    copy_context().run(outside)
    async_to_sync(inside)()


def test_executors_keeps_other_names() -> None:
    """It is a ``Local``: any other name is a value like another."""
    AsyncToSync.executors.mine = 1
    assert AsyncToSync.executors.mine == 1
    del AsyncToSync.executors.mine
    with pytest.raises(AttributeError):
        _ = AsyncToSync.executors.mine


# The places to override -------------------------------------------------------------------------


def test_main_wrap_may_be_overridden() -> None:
    """It runs around the coroutine, on its loop, and gets the awaitable by position."""
    log: list[object] = []

    class Traced(AsyncToSync[[int], int]):
        async def main_wrap(self, *args: Any, **kwargs: Any) -> None:
            log.append(asyncio.iscoroutine(args[4]))
            await super().main_wrap(*args, **kwargs)
            log.append(args[0].result)

    assert Traced(double)(2) == 4
    assert log == [True, 4]


def test_main_wrap_may_be_wrapped_on_the_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tracing tools replace the method of the class itself; the call looks it up."""
    seen: list[object] = []
    original = AsyncToSync.main_wrap

    async def traced(self: AsyncToSync[Any, Any], *args: Any, **kwargs: Any) -> None:
        seen.append(self.awaitable)
        await original(self, *args, **kwargs)

    wrapped = async_to_sync(double)
    monkeypatch.setattr(AsyncToSync, "main_wrap", traced)
    assert wrapped(2) == 4
    assert asyncio.run(sync_to_async(wrapped)(2)) == 4
    assert seen == [double, double]


def test_main_wrap_that_gives_no_outcome() -> None:
    """Is a ``RuntimeError``, not a hang."""

    class Forgets(AsyncToSync[[int], int]):
        async def main_wrap(self, *args: Any, **kwargs: Any) -> None:
            args[4].close()

    with pytest.raises(RuntimeError, match="without an outcome"):
        Forgets(double)(2)
    with pytest.raises(RuntimeError, match="without an outcome"):
        asyncio.run(sync_to_async(Forgets(double))(2))


def test_main_wrap_that_raises() -> None:
    """Its own error arrives at the caller."""

    class Raises(AsyncToSync[[int], int]):
        async def main_wrap(self, *args: Any, **kwargs: Any) -> None:
            args[4].close()
            raise LookupError("from main_wrap")

    with pytest.raises(LookupError, match="from main_wrap"):
        Raises(double)(2)
    with pytest.raises(LookupError, match="from main_wrap"):
        asyncio.run(sync_to_async(Raises(double))(2))


def test_main_wrap_may_give_another_outcome() -> None:
    """``set_result`` and ``set_exception`` of its first argument decide; the first one counts."""

    class Replaces(AsyncToSync[[int], int]):
        async def main_wrap(self, *args: Any, **kwargs: Any) -> None:
            args[0].set_result(-1)
            await super().main_wrap(*args, **kwargs)

    assert Replaces(double)(2) == -1


# What is awaited --------------------------------------------------------------------------------


class Waits:
    """An awaitable that is no coroutine."""

    def __await__(self) -> Generator[Any, None, str]:
        yield from asyncio.sleep(0).__await__()
        return "waited"


def test_any_awaitable_will_do() -> None:
    """A callable may return an object with ``__await__``; unmarked, it gets a warning."""

    def gives() -> Awaitable[str]:
        return Waits()

    with pytest.warns(match="non-async-marked callable") as warned:
        wrapped = async_to_sync(gives)
    assert warned[0].filename == __file__
    assert wrapped() == "waited"
    assert asyncio.run(sync_to_async(wrapped)()) == "waited"


def test_decorator_with_arguments_warns_at_the_decorated_function() -> None:
    """The warning points at the caller's line there too."""

    def gives() -> Awaitable[str]:
        return Waits()

    with pytest.warns(match="non-async-marked callable") as warned:
        async_to_sync(force_new_loop=True)(gives)
    assert len(warned) == 1


def test_what_counts_as_marked() -> None:
    """Methods, partials and objects with an async ``__call__`` get no warning."""

    class AsyncCall:
        async def __call__(self, value: int) -> int:
            return value

        async def method(self, value: int) -> int:
            return value

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert async_to_sync(AsyncCall())(1) == 1
        assert async_to_sync(AsyncCall().method)(1) == 1
        assert async_to_sync(functools.partial(double))(1) == 2
        assert async_to_sync(sync_to_async(abs))(-1) == 1


# Bad input --------------------------------------------------------------------------------------


def test_awaitable_instead_of_a_function() -> None:
    """Is a ``TypeError`` that shows how to write it."""
    coroutine = double(1)
    with pytest.raises(TypeError, match=r"async_to_sync\(function\)\(arguments\)") as caught:
        async_to_sync(coroutine)  # type: ignore[call-overload]  # that is the mistake
    assert "a coroutine" in str(caught.value)
    coroutine.close()


def test_object_that_cannot_be_called() -> None:
    """Is warned of, like any object that is not marked as async, and fails at the call."""
    with pytest.warns(UserWarning, match="non-async-marked"):
        wrapped = async_to_sync(3)  # type: ignore[call-overload]  # that is the mistake
    with pytest.raises(TypeError, match="not callable"):
        wrapped()


def test_async_generator_function_is_refused() -> None:
    """Is a ``TypeError`` that names ``async_to_sync_iter``."""

    async def numbers() -> AsyncIterator[int]:
        yield 1

    with pytest.raises(TypeError, match="async_to_sync_iter"):
        async_to_sync(numbers)  # type: ignore[arg-type]  # that is the mistake


def _halve(value: int) -> Any:
    return value // 2


@pytest.mark.filterwarnings("ignore:async_to_sync was passed")
def test_function_that_returns_no_awaitable() -> None:
    """Is a ``TypeError`` that names the function and what it returned."""
    with pytest.raises(TypeError, match="cannot be awaited") as caught:
        async_to_sync(_halve)(14)
    assert "_halve" in str(caught.value)
    assert "7" in str(caught.value)


def test_function_that_raises_at_once() -> None:
    """What the callable itself raises arrives, and nothing is started."""
    with pytest.raises(TypeError, match="unexpected keyword"):
        async_to_sync(double)(wrong=1)  # type: ignore[call-arg]  # that is the mistake


def test_future_of_another_loop() -> None:
    """Awaiting what belongs to another loop is asyncio's ``RuntimeError``, which arrives."""
    loop = asyncio.new_event_loop()
    try:
        future: asyncio.Future[None] = loop.create_future()

        async def waits() -> None:
            await future

        with pytest.raises(RuntimeError, match="different loop"):
            async_to_sync(waits)()
    finally:
        loop.close()
    assert async_to_sync(double)(2) == 4


def test_loop_that_was_closed_before_the_call() -> None:
    """A loop that is closed while its work computes: the call goes to the thread's own loop."""
    release, done = threading.Event(), threading.Event()
    results: list[int] = []

    def work() -> None:
        release.wait()
        results.append(async_to_sync(double)(2))
        done.set()

    loop = asyncio.new_event_loop()
    call = sync_to_async(work)()
    loop.call_soon(call.send, None)
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    release.set()
    done.wait()
    assert results == [4]
    call.close()


def test_dedicated_loop_that_the_coroutine_closes_by_mistake() -> None:
    """A coroutine that stops the kept loop does not end it."""

    async def stops() -> str:
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0)
        return "goes on"

    assert async_to_sync(stops)() == "goes on"
    assert async_to_sync(double)(2) == 4


def test_task_factory_of_the_users() -> None:
    """A task factory that a coroutine sets is asked for tasks, and one that fails is no hang."""
    made: list[str] = []

    def factory(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
        made.append(coro.__name__)
        return asyncio.Task(coro, loop=loop, **options)

    def failing(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
        raise LookupError("no tasks today")

    async def install(which: Any) -> None:
        loop.append(asyncio.get_running_loop())
        loop[-1].set_task_factory(which)

    loop: list[asyncio.AbstractEventLoop] = []
    before = async_to_sync(_task_factory)()
    async_to_sync(install)(factory)
    try:
        assert async_to_sync(double)(2) == 4
        assert made != []
        async_to_sync(install)(failing)
        with pytest.raises(LookupError, match="no tasks today"):
            async_to_sync(double)(2)
    finally:
        loop[-1].call_soon_threadsafe(loop[-1].set_task_factory, before)
    assert async_to_sync(double)(2) == 4


async def _task_factory() -> Any:
    return asyncio.get_running_loop().get_task_factory()
