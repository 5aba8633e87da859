"""``sync_to_async``: its shapes, the places to override, and bad input."""

from __future__ import annotations

import asyncio
import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from asgiref._bridge.async_to_sync import AsyncToSync, async_to_sync
from asgiref._bridge.coroutines import markcoroutinefunction
from asgiref._bridge.sync_to_async import SyncToAsync, sync_to_async
from asgiref._bridge.thread_contexts import ThreadSensitiveContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


# Shapes -----------------------------------------------------------------------------------------


def test_decorator_without_arguments() -> None:
    """``@sync_to_async`` bare."""

    @sync_to_async
    def double(value: int) -> int:
        return 2 * value

    assert isinstance(double, SyncToAsync)
    assert asyncio.run(double(2)) == 4


def test_decorator_with_arguments() -> None:
    """``@sync_to_async(thread_sensitive=False, executor=...)``."""
    with ThreadPoolExecutor(1) as own:

        @sync_to_async(thread_sensitive=False, executor=own)
        def where() -> int:
            return threading.get_ident()

        assert asyncio.run(where()) == own.submit(threading.get_ident).result()


def test_class_takes_its_options_by_position() -> None:
    """``SyncToAsync(func, thread_sensitive)`` is called so by subclasses in the wild."""
    assert asyncio.run(SyncToAsync(int, False)()) == 0
    assert asyncio.run(SyncToAsync(func=int)()) == 0


def test_instance_attributes() -> None:
    """``func`` and ``context`` can be read."""
    wrapped = SyncToAsync(divmod)
    assert wrapped.func is divmod
    assert wrapped.context is None


def test_class_attributes() -> None:
    """What deployments read or assign is there, and one with ``async_to_sync``'s."""
    assert isinstance(SyncToAsync.thread_sensitive_context, ContextVar)
    assert len(SyncToAsync.context_to_thread_executor) >= 0
    assert SyncToAsync.single_thread_executor.submit(int).result() == 0
    assert AsyncToSync.executors is not None

    async def main() -> None:
        assert SyncToAsync.thread_sensitive_context.get(None) is None
        async with ThreadSensitiveContext() as context:
            assert SyncToAsync.thread_sensitive_context.get(None) is context

    asyncio.run(main())


def test_subclass_may_have_a_single_thread_of_its_own() -> None:
    """``single_thread_executor`` is looked up on the object: a subclass may have another."""
    with ThreadPoolExecutor(1) as own:

        class Own(SyncToAsync[[], int]):
            single_thread_executor = own

        assert asyncio.run(Own(threading.get_ident)()) == own.submit(threading.get_ident).result()


def test_contexts_executors_may_be_assigned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment may replace the mapping of contexts to executors."""
    mapping: dict[Any, Any] = {}
    monkeypatch.setattr(SyncToAsync, "context_to_thread_executor", mapping)

    async def main() -> None:
        async with ThreadSensitiveContext() as context:
            await sync_to_async(int)()
            assert context in mapping
        assert mapping == {}

    asyncio.run(main())


def test_one_wrapper_serves_many_calls_at_once() -> None:
    """A wrapper keeps nothing of a call."""
    double = sync_to_async(lambda value: 2 * value, thread_sensitive=False)

    async def main() -> list[int]:
        return list(await asyncio.gather(*(double(value) for value in range(50))))

    assert asyncio.run(main()) == [2 * value for value in range(50)]


# The places to override -------------------------------------------------------------------------


class Recorded(SyncToAsync[..., Any]):
    """What Channels does for its database connections, and tracing tools for their spans."""

    log: list[object]

    def thread_handler(
        self,
        loop: asyncio.AbstractEventLoop,
        exc_info: Any,
        task_context: Any,
        func: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        self.log.extend(("before", threading.get_ident()))
        assert isinstance(loop, asyncio.AbstractEventLoop)
        (child,) = args
        assert isinstance(child, functools.partial)
        assert kwargs == {}
        self.log.append((child.func, child.args, dict(child.keywords)))
        child.keywords.pop("span", None)
        try:
            return super().thread_handler(loop, exc_info, task_context, func, *args, **kwargs)
        finally:
            self.log.append("after")

    async def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Add a keyword, as tools do that hand a span over."""
        return await super().__call__(*args, **kwargs, span="of a tool")


def test_thread_handler_may_be_overridden() -> None:
    """It runs in the worker around the call, with ``args == (child,)``.

    A tool adds a keyword to ``__call__``, finds it in ``child.keywords``, and removes it there.
    """

    def takes(value: int, *, option: str) -> tuple[int, str]:
        return value, option

    wrapped = Recorded(takes)
    log: list[object] = []
    wrapped.log = log
    assert asyncio.run(wrapped(1, option="x")) == (1, "x")
    home = SyncToAsync.single_thread_executor.submit(threading.get_ident).result()
    assert log == ["before", home, (takes, (1,), {"option": "x", "span": "of a tool"}), "after"]


def test_thread_handler_sees_the_error_of_the_call() -> None:
    """What the function raises passes through it, and what it raises itself arrives."""

    class Strict(SyncToAsync[..., Any]):
        def thread_handler(self, *args: Any, **kwargs: Any) -> Any:
            try:
                return super().thread_handler(*args, **kwargs)
            except ZeroDivisionError as error:
                raise LookupError("from the handler") from error

    with pytest.raises(LookupError, match="from the handler") as caught:
        asyncio.run(Strict(divmod)(1, 0))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_thread_handler_may_be_wrapped_on_the_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tracing tools replace the method of the class itself; the call looks it up."""
    seen: list[object] = []
    original = SyncToAsync.thread_handler

    def traced(self: SyncToAsync[Any, Any], *args: Any, **kwargs: Any) -> Any:
        seen.append(args[4].func)
        return original(self, *args, **kwargs)

    wrapped = sync_to_async(divmod)
    monkeypatch.setattr(SyncToAsync, "thread_handler", traced)
    assert asyncio.run(wrapped(7, 2)) == (3, 1)
    assert seen == [divmod]


def test_thread_handler_may_be_set_on_the_object() -> None:
    """It gets a `functools.partial`, also of a function that is called without arguments."""
    wrapped: Any = sync_to_async(dict)
    seen: list[object] = []

    def traced(*args: Any) -> Any:
        seen.append((type(args[4]), args[4].func, args[4].args, args[4].keywords))
        return type(wrapped).thread_handler(wrapped, *args)

    assert asyncio.run(wrapped()) == {}
    wrapped.thread_handler = traced
    assert asyncio.run(wrapped()) == {}
    assert asyncio.run(wrapped(one=1)) == {"one": 1}
    assert seen == [(functools.partial, dict, (), {}), (functools.partial, dict, (), {"one": 1})]


def test_thread_handler_runs_the_function_in_the_right_context() -> None:
    """``func`` enters the context; the handler itself is outside of it."""
    var: ContextVar[str] = ContextVar("var", default="outside")
    seen: list[str] = []

    class Looking(SyncToAsync[..., Any]):
        def thread_handler(self, *args: Any, **kwargs: Any) -> Any:
            seen.append(var.get())
            result = super().thread_handler(*args, **kwargs)
            seen.append(var.get())
            return result

    async def main() -> str:
        var.set("inside")
        result: str = await Looking(var.get)()
        return result

    assert asyncio.run(main()) == "inside"
    assert seen == ["outside", "outside"]


# Bad input --------------------------------------------------------------------------------------


async def coroutine_function() -> None:
    """Be async."""


class AsyncCall:
    """Is called as a coroutine function is."""

    async def __call__(self) -> None:
        """Be async."""


def _returns_a_coroutine() -> Any:
    return coroutine_function()


def test_coroutine_functions_are_refused() -> None:
    """A coroutine function, also marked, bound, partial or as ``__call__``, is a ``TypeError``."""
    bad: list[Any] = [
        coroutine_function,
        AsyncCall(),
        AsyncCall().__call__,
        functools.partial(coroutine_function),
        markcoroutinefunction(_returns_a_coroutine),
        sync_to_async(int),
    ]
    for func in bad:
        with pytest.raises(TypeError, match="is async: await it") as caught:
            sync_to_async(func)
        # Programs compare this text of asgiref 3.13.0; the rest is a note.
        assert str(caught.value) == "sync_to_async can only be applied to sync functions."


def test_awaitable_instead_of_a_function() -> None:
    """A coroutine, or any other object that cannot be called, is a ``TypeError`` that says why."""
    coroutine = coroutine_function()
    for bad in (coroutine, 3, "name"):
        with pytest.raises(TypeError, match="without calling it") as caught:
            sync_to_async(bad)  # type: ignore[call-overload]  # that is the mistake
        assert repr(bad) in caught.value.__notes__[0]
    coroutine.close()


def test_async_generator_functions_are_refused() -> None:
    """They are iterated over, not called."""

    async def generates() -> Any:
        yield 1

    with pytest.raises(TypeError, match="async generator"):
        sync_to_async(generates)


def test_generator_functions_are_warned_of() -> None:
    """A generator function works, and the warning names ``sync_to_async_iter``."""

    def generates() -> Iterator[int]:
        yield 1

    with pytest.warns(match="sync_to_async_iter") as warned:
        wrapped = sync_to_async(generates)
    assert warned[0].filename == __file__
    assert list(asyncio.run(wrapped())) == [1]


def test_executor_with_thread_sensitive_is_refused() -> None:
    """Thread-sensitive code has one home: an executor is a contradiction."""
    with ThreadPoolExecutor(1) as own, pytest.raises(TypeError, match="thread_sensitive"):
        sync_to_async(int, executor=own)


def test_executor_that_was_shut_down() -> None:
    """Is a ``RuntimeError`` at the call; nothing is left half done."""
    own = ThreadPoolExecutor(1)
    own.shutdown()

    async def main() -> None:
        with pytest.raises(RuntimeError, match="shutdown"):
            await sync_to_async(int, thread_sensitive=False, executor=own)()
        context = ThreadSensitiveContext(executor=own)
        async with context:
            with pytest.raises(RuntimeError, match="shutdown"):
                await sync_to_async(int)()
        assert await sync_to_async(int)() == 0

    asyncio.run(main())


def test_default_executor_that_was_shut_down() -> None:
    """The same with the loop's own."""

    async def main() -> None:
        await asyncio.get_running_loop().shutdown_default_executor()
        with pytest.raises(RuntimeError, match="shutdown"):
            await sync_to_async(int, thread_sensitive=False)()

    asyncio.run(main())


def test_call_outside_of_a_loop() -> None:
    """Awaiting it needs a running loop, as every coroutine does; asyncio's error says so."""
    call = sync_to_async(int)()
    with pytest.raises(RuntimeError, match="no running event loop"):
        call.send(None)


def test_call_that_is_never_awaited_does_nothing() -> None:
    """Calling makes a coroutine; only awaiting it submits anything."""
    called: list[int] = []
    call = sync_to_async(called.append)(1)
    call.close()
    SyncToAsync.single_thread_executor.submit(int).result()
    assert called == []


def test_wrong_arguments_are_the_callers() -> None:
    """The ``TypeError`` of a call with wrong arguments arrives as any other exception."""
    with pytest.raises(TypeError):
        asyncio.run(sync_to_async(divmod)(1))  # type: ignore[call-arg]  # that is the mistake


def test_cancelled_task_of_a_loop_that_closes() -> None:
    """A task that is closed with its loop leaves, and its work runs alone."""
    started, release = threading.Event(), threading.Event()
    log: list[str] = []

    def work() -> None:
        started.set()
        release.wait()
        log.append("finished")

    loop = asyncio.new_event_loop()
    call = sync_to_async(work)()
    loop.call_soon(call.send, None)
    loop.call_soon(loop.stop)
    loop.run_forever()
    started.wait()
    call.close()
    loop.close()
    release.set()
    SyncToAsync.single_thread_executor.submit(int).result()
    assert log == ["finished"]


def test_result_that_cannot_be_compared() -> None:
    """Arguments and results are handed over, never looked at."""

    class Odd:
        __hash__ = None  # type: ignore[assignment]  # as a numpy array

        def __eq__(self, _: object) -> bool:
            raise AssertionError("somebody compared this")

        def __bool__(self) -> bool:
            raise AssertionError("somebody asked for the truth of this")

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"somebody asked for {name}")

    odd = Odd()

    async def back(value: Odd) -> Odd:
        return value

    def there(value: Odd) -> Odd:
        return async_to_sync(back)(value)

    assert asyncio.run(sync_to_async(there)(odd)) is odd


@pytest.mark.parametrize(
    ("options", "name"),
    [({"context": 3}, "context"), ({"executor": 3, "thread_sensitive": False}, "executor")],
    ids=["context", "executor"],
)
def test_wrong_options_are_named_at_once(options: dict[str, Any], name: str) -> None:
    """Not at the first call, and by their names."""
    with pytest.raises(TypeError, match=f"^{name} must be"):
        sync_to_async(len, **options)
