"""Iterables across the bridge, both ways."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from asgiref._bridge import borrowed_thread
from asgiref.sync import (
    ThreadSensitiveContext,
    async_to_sync,
    async_to_sync_iter,
    sync_to_async,
    sync_to_async_iter,
)
from tests.programs import run_program

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterator


class Source:
    """A generator function that records in which threads its parts ran."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.produced = 0
        self.closed = threading.Event()

    def __call__(self, count: int) -> Generator[int, None, None]:
        try:
            for number in range(count):
                self.threads.add(threading.get_ident())
                self.produced += 1
                yield number
        finally:
            self.threads.add(threading.get_ident())
            self.closed.set()


class AsyncSource:
    """An async generator function that records its task, its loop and its home threads."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[Any] | None] = set()
        self.loops: set[asyncio.AbstractEventLoop] = set()
        self.homes: set[int] = set()
        self.produced = 0
        self.closed = threading.Event()

    async def __call__(self, count: int) -> AsyncGenerator[int, None]:
        try:
            for number in range(count):
                self.tasks.add(asyncio.current_task())
                self.loops.add(asyncio.get_running_loop())
                self.homes.add(await sync_to_async(threading.get_ident)())
                self.produced += 1
                yield number
        finally:
            await asyncio.sleep(0)
            self.closed.set()


async def everything(items: AsyncGenerator[int, None]) -> list[int]:
    """Collect all items."""
    return [item async for item in items]


class TestSyncToAsyncIter:
    """Synchronous iterables, iterated asynchronously."""

    def test_items_come_in_order(self) -> None:
        """All items of an iterable, in order; also none."""

        async def main() -> None:
            assert await everything(sync_to_async_iter([1, 2, 3])) == [1, 2, 3]
            assert await everything(sync_to_async_iter(range(0))) == []

        asyncio.run(main())

    def test_decorator(self) -> None:
        """A generator function becomes a function of the same name, with and without arguments."""

        @sync_to_async_iter
        def plain(count: int) -> Iterator[int]:
            yield from range(count)

        @sync_to_async_iter(thread_sensitive=False)
        def optioned(count: int) -> Iterator[int]:
            yield from range(count)

        async def main() -> None:
            assert await everything(plain(2)) == [0, 1]
            assert await everything(optioned(count=2)) == [0, 1]

        asyncio.run(main())
        assert plain.__name__ == "plain"

    @pytest.mark.parametrize(
        "options", [{}, {"thread_sensitive": False}, {"read_ahead": 3}], ids=str
    )
    def test_every_step_runs_in_one_other_thread(self, options: dict[str, Any]) -> None:
        """Starting, each step and closing run in one thread, which is not the loop's."""
        source = Source()

        async def main() -> None:
            assert await everything(sync_to_async_iter(source, **options)(5)) == [0, 1, 2, 3, 4]

        asyncio.run(main())
        assert len(source.threads) == 1
        assert threading.get_ident() not in source.threads

    def test_one_thread_of_a_foreign_executor(self) -> None:
        """An executor with many threads lends one, and gets it back."""
        source = Source()

        async def main(executor: ThreadPoolExecutor) -> None:
            iterating = sync_to_async_iter(source, thread_sensitive=False, executor=executor)
            busy = threading.Barrier(2)
            await asyncio.gather(
                everything(iterating(20)),
                *(
                    sync_to_async(busy.wait, thread_sensitive=False, executor=executor)()
                    for _ in range(2)
                ),
            )

        with ThreadPoolExecutor(3) as executor:
            asyncio.run(main(executor))
        assert len(source.threads) == 1

    def test_steps_run_at_home(self) -> None:
        """Below async_to_sync, the steps run in the thread that waits (R1)."""
        source = Source()
        async_to_sync(everything)(sync_to_async_iter(source)(3))
        assert source.threads == {threading.get_ident()}

    def test_steps_run_in_the_context_thread(self) -> None:
        """In a ThreadSensitiveContext, the steps run in its thread (R1)."""
        source = Source()

        async def main() -> int:
            async with ThreadSensitiveContext():
                await everything(sync_to_async_iter(source)(3))
                return await sync_to_async(threading.get_ident)()

        home = asyncio.run(main())
        assert source.threads == {home}

    @pytest.mark.parametrize("read_ahead", [0, 2])
    def test_reads_ahead_no_further_than_asked(self, read_ahead: int) -> None:
        """With one item taken, the source has produced that one and ``read_ahead`` more."""
        source = Source()

        async def main() -> None:
            items = sync_to_async_iter(source, read_ahead=read_ahead)(10)
            async with aclosing(items):
                await anext(items)
                assert source.produced == 1 + read_ahead

        asyncio.run(main())

    def test_leaving_early_closes_the_source(self) -> None:
        """The source is closed, in its thread, when the block around the iteration ends."""
        source = Source()

        async def main() -> None:
            async with aclosing(sync_to_async_iter(source)(10)) as items:
                async for _ in items:
                    break
            assert source.closed.is_set()

        asyncio.run(main())
        assert len(source.threads) == 1

    def test_a_dropped_iteration_is_closed_by_the_loop(self) -> None:
        """Without a block, the loop closes the source, in the thread of the steps."""
        source = Source()

        async def main() -> None:
            async for _ in sync_to_async_iter(source, thread_sensitive=False)(10):
                break

        asyncio.run(main())
        source.closed.wait()
        assert len(source.threads) == 1

    def test_the_source_is_closed_although_the_task_is_cancelled(self) -> None:
        """Cancelled while it waits for the thread to close the source, the source is closed."""
        source = Source()
        busy, free = threading.Event(), threading.Event()

        def occupy() -> None:
            busy.set()
            free.wait()

        async def main() -> None:
            items = sync_to_async_iter(source)(10)
            await anext(items)
            occupied = asyncio.create_task(sync_to_async(occupy)())
            await asyncio.to_thread(busy.wait)
            closing = asyncio.create_task(items.aclose())
            await asyncio.sleep(0)
            closing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await closing
            free.set()
            await occupied
            await asyncio.to_thread(source.closed.wait)

        asyncio.run(main())
        assert len(source.threads) == 1

    def test_an_error_comes_after_the_items_before_it(self) -> None:
        """What the source raises arrives as itself, in its place, however far is read ahead."""
        error = LookupError()

        def failing() -> Iterator[int]:
            yield 1
            yield 2
            raise error

        async def main() -> None:
            items = sync_to_async_iter(failing, read_ahead=5)()
            assert [await anext(items), await anext(items)] == [1, 2]
            with pytest.raises(LookupError) as caught:
                await anext(items)
            assert caught.value is error

        asyncio.run(main())

    def test_context_variables_go_in_and_come_out(self) -> None:
        """Each step sees what the consumer set, and the consumer what the step set (R8)."""
        var = contextvars.ContextVar("var", default=0)

        def source() -> Iterator[int]:
            while True:
                var.set(var.get() + 1)
                yield var.get()

        async def main() -> None:
            async with aclosing(sync_to_async_iter(source)()) as items:
                assert await anext(items) == 1
                assert var.get() == 1
                var.set(10)
                assert await anext(items) == 11

        asyncio.run(main())

    @pytest.mark.parametrize(
        ("source", "options", "error"),
        [
            (3, {}, TypeError),
            (AsyncSource().__call__, {}, TypeError),
            ([], {"read_ahead": -1}, ValueError),
            ([], {"read_ahead": "x"}, TypeError),
            ([], {"executor": ThreadPoolExecutor(1)}, TypeError),
        ],
        ids=["number", "async", "negative", "text", "executor"],
    )
    def test_bad_input(self, source: Any, options: dict[str, Any], error: type[Exception]) -> None:
        """Bad input is refused at once."""
        with pytest.raises(error):
            sync_to_async_iter(source, **options)


class TestAsyncToSyncIter:
    """Asynchronous iterables, iterated synchronously."""

    def test_one_loop_and_one_task(self) -> None:
        """The whole iteration runs in one task on one loop, its sensitive code in this thread."""
        source = AsyncSource()
        assert list(async_to_sync_iter(source.__call__)(4)) == [0, 1, 2, 3]
        assert len(source.tasks) == 1
        assert len(source.loops) == 1
        assert source.homes == {threading.get_ident()}
        assert source.closed.is_set()

    def test_other_calls_in_between(self) -> None:
        """Calls between the steps run on the same loop, and leave the iteration alone (R4)."""
        source = AsyncSource()

        async def loop_of_a_call() -> asyncio.AbstractEventLoop:
            return asyncio.get_running_loop()

        with closing(async_to_sync_iter(source(3))) as items:
            assert next(items) == 0
            assert {async_to_sync(loop_of_a_call)()} == source.loops
            assert list(items) == [1, 2]
        assert len(source.tasks) == 1

    @pytest.mark.parametrize("read_ahead", [0, 2])
    def test_reads_ahead_no_further_than_asked(self, read_ahead: int) -> None:
        """The source never is more than ``read_ahead`` items ahead of what was asked for."""
        source = AsyncSource()

        async def nothing() -> None:
            for _ in range(20):
                await asyncio.sleep(0)

        with closing(async_to_sync_iter(source.__call__, read_ahead=read_ahead)(10)) as items:
            for asked in range(1, 4):
                next(items)
                async_to_sync(nothing)()
                assert source.produced <= asked + read_ahead

    def test_leaving_early_closes_the_source(self) -> None:
        """Closing the generator closes the source, and waits for that."""
        source = AsyncSource()
        items = async_to_sync_iter(source(10))
        assert next(items) == 0
        items.close()
        assert source.closed.is_set()

    def test_a_dropped_iteration_is_closed(self) -> None:
        """So does leaving the loop."""
        source = AsyncSource()
        for _ in async_to_sync_iter(source(10)):
            break
        assert source.closed.is_set()

    def test_an_error_arrives_as_itself(self) -> None:
        """What the source raises arrives as itself, after the items before it."""
        error = LookupError()

        async def failing() -> AsyncGenerator[int, None]:
            yield 1
            raise error

        items = async_to_sync_iter(failing)()
        assert next(items) == 1
        with pytest.raises(LookupError) as caught:
            next(items)
        assert caught.value is error

    def test_below_a_task(self) -> None:
        """Below sync_to_async, the iteration runs on the loop that waits (R4)."""
        source = AsyncSource()

        async def main() -> asyncio.AbstractEventLoop:
            assert await sync_to_async(lambda: list(async_to_sync_iter(source(2))))() == [0, 1]
            return asyncio.get_running_loop()

        loop = asyncio.run(main())
        assert source.loops == {loop}

    def test_context_is_kept_between_the_steps(self) -> None:
        """What the source sets stays set for it, and is seen by the consumer (R8)."""
        var = contextvars.ContextVar("var", default=0)

        async def source() -> AsyncGenerator[int, None]:
            while True:
                var.set(var.get() + 1)
                yield var.get()

        with closing(async_to_sync_iter(source)()) as items:
            assert next(items) == 1
            assert var.get() == 1
            assert next(items) == 2
            assert var.get() == 2

    def test_in_a_running_loop(self) -> None:
        """In the thread of a running loop, the first step says what to do instead."""

        async def main() -> None:
            with pytest.raises(RuntimeError, match="async for"):
                next(async_to_sync_iter(AsyncSource()(1)))

        asyncio.run(main())

    @pytest.mark.parametrize(
        "source", [3, Source().__call__, asyncio.sleep], ids=["number", "sync", "coroutine"]
    )
    def test_bad_input(self, source: Any) -> None:
        """Bad input is refused at once."""
        with pytest.raises(TypeError):
            async_to_sync_iter(source)

    def test_abandoned_code_hears_of_it_once(self) -> None:
        """R13: the step after the task was cancelled raises CancelledError; then all is well."""
        begun, go, trace = threading.Event(), threading.Event(), list[object]()

        def below() -> None:
            begun.set()
            go.wait()
            try:
                list(async_to_sync_iter(AsyncSource().__call__)(2))
            except asyncio.CancelledError:
                trace.append("cancelled")
            trace.append(list(async_to_sync_iter(AsyncSource().__call__)(2)))

        async def main() -> None:
            task = asyncio.create_task(sync_to_async(below)())
            await asyncio.to_thread(begun.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            go.set()
            await sync_to_async(lambda: None)()

        asyncio.run(main())
        assert trace == ["cancelled", [0, 1]]


class TestThreadsThatAreBorrowed:
    """An iteration with an executor of the user's keeps one of its threads, until it ends."""

    def test_cancelled_when_the_thread_has_come(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The thread goes back, although the task never learned that it had it."""
        resolve = borrowed_thread._resolve

        def resolve_and_cancel(ready: asyncio.Future[None]) -> None:
            resolve(ready)
            tasks[0].cancel()

        monkeypatch.setattr(borrowed_thread, "_resolve", resolve_and_cancel)
        tasks: list[asyncio.Task[int]] = []

        async def main(executor: ThreadPoolExecutor) -> None:
            numbers = sync_to_async_iter([1, 2], thread_sensitive=False, executor=executor)

            async def first() -> int:
                return await anext(numbers)

            tasks.append(asyncio.create_task(first()))
            await asyncio.wait(tasks)
            assert tasks[0].cancelled()
            assert await asyncio.wrap_future(executor.submit(int)) == 0

        with ThreadPoolExecutor(1) as executor:
            asyncio.run(main(executor))

    def test_executor_that_drops_the_request(self) -> None:
        """The iteration hears that no thread will come, and does not wait for one."""

        async def main(executor: ThreadPoolExecutor) -> None:
            busy, release = threading.Event(), threading.Event()

            def occupy() -> None:
                busy.set()
                release.wait()

            executor.submit(occupy)
            busy.wait()
            numbers = sync_to_async_iter([1], thread_sensitive=False, executor=executor)
            loop = asyncio.get_running_loop()
            loop.call_soon(partial(executor.shutdown, wait=False, cancel_futures=True))
            try:
                with pytest.raises(RuntimeError, match="shut down before"):
                    await anext(numbers)
            finally:
                release.set()

        with ThreadPoolExecutor(1) as executor:
            asyncio.run(main(executor))

    @pytest.mark.parametrize("kept", [True, False], ids=["kept", "dropped"])
    def test_loop_closed_under_the_iteration(self, kept: bool) -> None:
        """Without ``shutdown_asyncgens``: the thread goes back when the generator is dropped.

        At the latest it goes back at interpreter exit, which does not hang.
        """
        program = """
        import asyncio, logging
        from concurrent.futures import ThreadPoolExecutor
        from asgiref.sync import sync_to_async_iter

        logging.getLogger("asyncio").setLevel("ERROR")  # it warns when the machine is slow
        executor = ThreadPoolExecutor(1)
        numbers = sync_to_async_iter([1, 2], thread_sensitive=False, executor=executor)

        async def first():
            return await anext(numbers)

        loop = asyncio.new_event_loop()
        print(loop.run_until_complete(first()))
        loop.close()
        """
        if not kept:
            program += """
        del numbers
        print(executor.submit(lambda: 2).result())
        """
        assert run_program(program).split() == (["1"] if kept else ["1", "2"])


@pytest.mark.parametrize("read_ahead", [0, 1, 5])
def test_error_of_a_source_is_freed_when_it_is_dropped(read_ahead: int) -> None:
    """R11: no reference cycle is left, so nothing waits for the garbage collector."""

    class FailureError(Exception):
        """Can be referred to weakly."""

    freed = threading.Event()

    def source() -> Iterator[int]:
        yield 1
        raise FailureError

    async def main() -> None:
        try:
            async for _ in sync_to_async_iter(source, read_ahead=read_ahead)():
                pass
        except FailureError as failure:
            weakref.finalize(failure, freed.set)

    gc.disable()
    try:
        asyncio.run(main())
        assert freed.wait(10)
    finally:
        gc.enable()
