"""Rules R12 to R14 of the bridge: cancellation, as if there were no bridge."""

# ruff: noqa: PT012  # a block that ends by an exception is what is tested

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import TYPE_CHECKING, Any

import pytest

from asgiref._bridge.async_to_sync import AsyncToSync, async_to_sync
from asgiref._bridge.sync_to_async import SyncToAsync, sync_to_async

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    #: Takes a coroutine function and gives one that does the same, perhaps beyond a bridge.
    Bridge = Callable[[Callable[[], Awaitable[Any]]], Callable[[], Awaitable[Any]]]

SENSITIVE = pytest.mark.parametrize("sensitive", [True, False], ids=["sensitive", "insensitive"])


async def _turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def _cancelled(task: asyncio.Task[Any]) -> None:
    """Cancel a task and see that it ends so."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class Busy:
    """Work that computes until it is told to end."""

    def __init__(self) -> None:
        self.started, self.release = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.started.set()
        self.release.wait()

    async def has_started(self) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self.started.wait)


@pytest.fixture
def busy() -> Iterator[Busy]:
    """Work that ends with the test at the latest."""
    work = Busy()
    yield work
    work.release.set()


async def _idle_home() -> None:
    """Wait until the single thread has done all that it has accepted."""
    await sync_to_async(int)()


# R12 --------------------------------------------------------------------------------------------


@SENSITIVE
def test_work_that_has_not_started_never_starts(busy: Busy, sensitive: bool) -> None:
    """R12: work that has not started never starts, and ``CancelledError`` is raised at once."""
    log: list[str] = []

    async def main() -> None:
        with ThreadPoolExecutor(1) as own:
            options: dict[str, Any] = {} if sensitive else {"executor": own}
            first = asyncio.create_task(
                sync_to_async(busy, thread_sensitive=sensitive, **options)()
            )
            await busy.has_started()
            queued = sync_to_async(log.append, thread_sensitive=sensitive, **options)
            second = asyncio.create_task(queued("never"))
            third = asyncio.create_task(queued("third"))
            await _turns()
            await _cancelled(second)
            assert not busy.release.is_set()
            busy.release.set()
            await asyncio.gather(first, third)

    asyncio.run(main())
    assert log == ["third"]


def test_queued_work_of_a_pump_never_starts() -> None:
    """R12: the same where the home is a thread that waits in ``async_to_sync``."""
    log: list[str] = []

    async def main() -> None:
        busy = Busy()
        first = asyncio.create_task(sync_to_async(busy)())
        await busy.has_started()
        second = asyncio.create_task(sync_to_async(log.append)("never"))
        await _turns()
        await _cancelled(second)
        busy.release.set()
        await first
        await _idle_home()

    async_to_sync(main)()
    assert log == []


@SENSITIVE
def test_cancellation_reaches_the_coroutine(sensitive: bool) -> None:
    """R12: blocked in ``async_to_sync``: its coroutine is cancelled, and the task waits."""
    log: list[str] = []

    async def main() -> None:
        waiting = asyncio.Event()

        async def coroutine() -> None:
            try:
                waiting.set()
                await asyncio.Event().wait()
            finally:
                await _turns()
                log.append("coroutine cleans up")

        def work() -> None:
            try:
                async_to_sync(coroutine)()
            except asyncio.CancelledError:
                log.append("work hears of it")
                raise

        task = asyncio.create_task(sync_to_async(work, thread_sensitive=sensitive)())
        await waiting.wait()
        await _cancelled(task)
        log.append("task is cancelled")
        assert task.cancelled()

    asyncio.run(main())
    async_to_sync(main)()
    assert log == ["coroutine cleans up", "work hears of it", "task is cancelled"] * 2


@SENSITIVE
def test_sync_code_may_handle_the_cancellation(sensitive: bool) -> None:
    """R12: handled and returned from, the task continues with the result."""

    async def main() -> None:
        waiting = asyncio.Event()

        async def coroutine() -> None:
            waiting.set()
            await asyncio.Event().wait()

        async def clean_up() -> str:
            await _turns()
            return "cleaned up"

        def work() -> str:
            try:
                async_to_sync(coroutine)()
            except asyncio.CancelledError:
                return async_to_sync(clean_up)()
            return "not cancelled"

        task = asyncio.create_task(sync_to_async(work, thread_sensitive=sensitive)())
        await waiting.wait()
        task.cancel()
        assert await task == "cleaned up"
        assert not task.cancelled()

    asyncio.run(main())
    async_to_sync(main)()


def test_computing_work_finishes_alone(busy: Busy) -> None:
    """R12: ``CancelledError`` at once, the thread finishes alone, queued work waits for it."""
    log: list[str] = []

    def work() -> None:
        busy()
        log.append("finished")

    async def main() -> None:
        task = asyncio.create_task(sync_to_async(work)())
        await busy.has_started()
        await _cancelled(task)
        queued = asyncio.create_task(sync_to_async(log.append)("queued"))
        await _turns()
        assert log == []
        busy.release.set()
        await queued

    asyncio.run(main())
    assert log == ["finished", "queued"]


def test_what_computing_work_returns_or_raises_is_dropped(busy: Busy) -> None:
    """R12: nobody hears of an error of work whose task has gone, not even as a warning."""

    def work() -> None:
        busy()
        raise LookupError("nobody is there")

    async def main() -> None:
        task = asyncio.create_task(sync_to_async(work)())
        await busy.has_started()
        await _cancelled(task)
        busy.release.set()
        await _idle_home()

    asyncio.run(main())


def test_cancellation_reaches_a_coroutine_on_a_fresh_loop() -> None:
    """R12: whichever loop the coroutine runs on."""
    log: list[str] = []

    async def main() -> None:
        waiting = threading.Event()

        async def coroutine() -> None:
            try:
                waiting.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                log.append("cancelled")
                raise

        wrapped = sync_to_async(async_to_sync(coroutine, force_new_loop=True))
        task = asyncio.create_task(wrapped())
        await asyncio.get_running_loop().run_in_executor(None, waiting.wait)
        await _cancelled(task)

    asyncio.run(main())
    async_to_sync(main)()
    assert log == ["cancelled"] * 2


@pytest.mark.parametrize("context", [None, Context()], ids=["own context", "given context"])
@pytest.mark.parametrize("force", [False, True], ids=["lent task", "fresh loop"])
def test_the_message_of_a_cancellation_arrives(force: bool, context: Context | None) -> None:
    """R12: as if there were no bridge, below the sync code and back in the task."""
    log: list[tuple[object, ...]] = []
    started = asyncio.Event()

    async def coroutine(loop: asyncio.AbstractEventLoop) -> None:
        loop.call_soon_threadsafe(started.set)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            log.append(error.args)
            raise

    async def main() -> None:
        work = async_to_sync(coroutine, force_new_loop=force)
        task = asyncio.create_task(sync_to_async(work, context=context)(asyncio.get_running_loop()))
        await started.wait()
        task.cancel("the reason")
        try:
            await task
        except asyncio.CancelledError as error:
            log.append(error.args)

    asyncio.run(main())
    assert log == [("the reason",)] * 2


def test_cancellation_reaches_a_coroutine_below_a_given_context() -> None:
    """R12: and whichever context; the sync code decides there too."""
    log: list[str] = []

    async def main() -> None:
        waiting = asyncio.Event()

        async def coroutine() -> None:
            try:
                waiting.set()
                await asyncio.Event().wait()
            finally:
                log.append("cleaned up")

        def handles_it() -> str:
            with pytest.raises(asyncio.CancelledError):
                async_to_sync(coroutine)()
            return "handled"

        task = asyncio.create_task(sync_to_async(handles_it, context=Context())())
        await waiting.wait()
        task.cancel()
        assert await task == "handled"
        waiting.clear()
        raising = asyncio.create_task(sync_to_async(async_to_sync(coroutine), context=Context())())
        await waiting.wait()
        await _cancelled(raising)

    asyncio.run(main())
    assert log == ["cleaned up"] * 2


def test_the_home_is_served_while_a_cancelled_call_cleans_up() -> None:
    """R12: the clean-up of a cancelled coroutine may run thread-sensitive code."""
    threads: list[int] = []

    async def main() -> None:
        waiting = asyncio.Event()
        get_ident = sync_to_async(threading.get_ident)

        async def coroutine() -> None:
            try:
                waiting.set()
                await asyncio.Event().wait()
            finally:
                threads.append(await get_ident())

        home = await get_ident()
        task = asyncio.create_task(sync_to_async(async_to_sync(coroutine))())
        await waiting.wait()
        await _cancelled(task)
        assert threads.pop() == home

    asyncio.run(main())
    async_to_sync(main)()


# R13 --------------------------------------------------------------------------------------------


@SENSITIVE
def test_abandoned_code_hears_of_it_once(busy: Busy, sensitive: bool) -> None:
    """R13: at its next ``async_to_sync``, once; its clean-up after that may bridge again."""
    log: list[object] = []
    ended = threading.Event()

    async def coroutine() -> str:
        await _turns()
        return "bridged"

    def work() -> None:
        busy()
        try:
            async_to_sync(coroutine)()
        except asyncio.CancelledError:
            log.append("cancelled")
        log.append(async_to_sync(coroutine)())
        log.append(async_to_sync(coroutine, force_new_loop=True)())
        ended.set()

    async def main() -> None:
        task = asyncio.create_task(sync_to_async(work, thread_sensitive=sensitive)())
        await busy.has_started()
        await _cancelled(task)
        busy.release.set()
        await asyncio.get_running_loop().run_in_executor(None, ended.wait)

    asyncio.run(main())
    assert log == ["cancelled", "bridged", "bridged"]


def test_clean_up_of_abandoned_code_goes_home(busy: Busy) -> None:
    """R13, R1: thread-sensitive code of that clean-up runs in the same thread as ever."""
    log: list[object] = []
    ended = threading.Event()

    async def coroutine() -> int:
        return await sync_to_async(threading.get_ident)()

    def work() -> None:
        busy()
        with pytest.raises(asyncio.CancelledError):
            async_to_sync(coroutine)()
        log.append(async_to_sync(coroutine)() == threading.get_ident())
        ended.set()

    async def main() -> None:
        task = asyncio.create_task(sync_to_async(work)())
        await busy.has_started()
        await _cancelled(task)
        busy.release.set()
        await asyncio.get_running_loop().run_in_executor(None, ended.wait)

    asyncio.run(main())
    assert log == [True]


def test_the_next_work_of_the_thread_is_not_told(busy: Busy) -> None:
    """R13: the cancellation of one task does not reach the next one's code in that thread."""

    async def coroutine() -> str:
        return "bridged"

    async def main() -> None:
        task = asyncio.create_task(sync_to_async(busy)())
        await busy.has_started()
        await _cancelled(task)
        busy.release.set()
        assert await sync_to_async(async_to_sync(coroutine))() == "bridged"

    asyncio.run(main())


def _run_until(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> None:
    """Run a loop until it is stopped, with that task on it."""
    loop.run_forever()
    assert not task.done()


def test_loop_that_closes_under_sync_code() -> None:
    """R13: a loop that closes under sync code gives that code a ``RuntimeError``."""
    loop = asyncio.new_event_loop()
    errors: list[BaseException] = []

    async def coroutine() -> None:
        loop.call_soon(loop.stop)
        await asyncio.Event().wait()

    def work() -> None:
        try:
            async_to_sync(coroutine)()
        except BaseException as error:  # noqa: BLE001  # looked at below
            errors.append(error)

    async def main() -> None:
        await sync_to_async(work)()

    task = loop.create_task(main())
    _run_until(loop, task)
    # What asyncio logs of a task that is closed with its loop is not our concern.
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # as asyncio's gather does
    loop.close()
    SyncToAsync.single_thread_executor.submit(int).result()
    assert [type(error) for error in errors] == [RuntimeError]
    assert "closed" in str(errors[0])


def test_loop_that_stays_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """R13: or stays stopped longer than ``AsyncToSync.stopped_loop_timeout``."""
    monkeypatch.setattr(AsyncToSync, "stopped_loop_timeout", 0.0)
    loop = asyncio.new_event_loop()
    log: list[str] = []

    async def coroutine() -> None:
        loop.call_soon(loop.stop)
        try:
            await asyncio.Event().wait()
        finally:
            log.append("coroutine ends")

    def work() -> str:
        with pytest.raises(RuntimeError, match="stopped_loop_timeout"):
            async_to_sync(coroutine)()
        log.append("work ends")
        return "result"

    try:
        task = loop.create_task(sync_to_async(work)())
        _run_until(loop, task)
        SyncToAsync.single_thread_executor.submit(int).result()
        # Should it run again, what the code has given up is cancelled, and its task goes on.
        assert loop.run_until_complete(task) == "result"
    finally:
        loop.close()
    assert log == ["work ends", "coroutine ends"]


def test_loop_that_stops_for_a_moment() -> None:
    """R13: a loop that is run in pieces does no harm."""
    assert AsyncToSync.stopped_loop_timeout == 5.0
    loop = asyncio.new_event_loop()

    async def coroutine() -> str:
        loop.call_soon(loop.stop)
        await _turns()
        return "result"

    try:
        task = loop.create_task(sync_to_async(async_to_sync(coroutine))())
        loop.run_forever()
        assert loop.run_until_complete(task) == "result"
    finally:
        loop.close()


# R14 and R12: the same with a bridge as without -------------------------------------------------


async def _forever() -> None:
    await asyncio.Event().wait()


def _current() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


def _expire(timeout: asyncio.Timeout) -> None:
    """Let the time be over at the loop's next step: no sooner than the code under it is there."""
    timeout.reschedule(asyncio.get_running_loop().time())


async def _timeout_before_the_start(bridge: Bridge, log: list[object]) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await bridge(_forever)()
    log.append(_current().cancelling())


async def _timeout_around(bridge: Bridge, log: list[object]) -> None:
    async def inside() -> None:
        _expire(timeout)
        try:
            await _forever()
        finally:
            log.append("cleaned up")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(None) as timeout:
            await bridge(inside)()
    log.append(_current().cancelling())


async def _timeout_inside(bridge: Bridge, log: list[object]) -> None:
    async def inside() -> str:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await _forever()
        log.append(_current().cancelling())
        return "went on"

    log.append(await bridge(inside)())
    log.append(_current().cancelling())


async def _timeout_that_is_handled(bridge: Bridge, log: list[object]) -> None:
    async def inside() -> str:
        _expire(timeout)
        try:
            await _forever()
        except asyncio.CancelledError:
            log.append("handled")
        return "result"

    async with asyncio.timeout(None) as timeout:
        log.append(await bridge(inside)())
    log.extend((timeout.expired(), _current().cancelling()))


async def _timeout_in_timeout(bridge: Bridge, log: list[object]) -> None:
    async def inside() -> None:
        async with asyncio.timeout(0):
            await _forever()

    async def expires() -> None:
        _expire(outer)
        await _forever()

    async def middle() -> None:
        with pytest.raises(TimeoutError):
            await bridge(inside)()
        log.append(_current().cancelling())
        await bridge(expires)()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(None) as outer:
            await bridge(middle)()
    log.append(_current().cancelling())


async def _both_timeouts_at_once(bridge: Bridge, log: list[object]) -> None:
    async def inside() -> None:
        async with asyncio.timeout(None) as inner:
            _expire(inner)
            _expire(outer)
            await _forever()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(None) as outer:
            await bridge(inside)()
    log.append(_current().cancelling())


async def _wait_for(bridge: Bridge, log: list[object]) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(bridge(_forever)(), 0.001)
    log.append(await asyncio.wait_for(bridge(_nothing)(), None))
    log.append(_current().cancelling())


async def _nothing() -> str:
    return "nothing"


async def _group_around(bridge: Bridge, log: list[object]) -> None:
    waiting = asyncio.Event()

    async def waits() -> None:
        waiting.set()
        try:
            await _forever()
        finally:
            log.append("sibling cancelled")

    async def fails() -> None:
        await waiting.wait()
        await _turns()  # Python 3.12 counts cancellations otherwise while the body runs
        raise LookupError("one of the group")

    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.TaskGroup() as group:
            group.create_task(_as_coroutine(bridge(waits)))
            group.create_task(_as_coroutine(bridge(fails)))
    log.extend(str(error) for error in caught.value.exceptions)
    log.append(_current().cancelling())


async def _group_inside(bridge: Bridge, log: list[object]) -> None:
    async def fails() -> None:
        await _turns()
        raise LookupError("one of the group")

    async def inside() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(_forever())
            group.create_task(_as_coroutine(bridge(fails)))
            await _forever()

    with pytest.raises(ExceptionGroup) as caught:
        await bridge(inside)()
    log.extend(str(error) for error in caught.value.exceptions)
    log.append(_current().cancelling())


async def _as_coroutine(function: Callable[[], Awaitable[Any]]) -> Any:
    return await function()


async def _cancelled_from_outside(bridge: Bridge, log: list[object]) -> None:
    waiting = asyncio.Event()

    async def inside() -> None:
        waiting.set()
        try:
            await _forever()
        except asyncio.CancelledError as error:
            log.append(error.args)
            await _turns()
            log.append("cleaned up")
            raise

    task = asyncio.create_task(_as_coroutine(bridge(inside)))
    await waiting.wait()
    task.cancel("why")
    await asyncio.wait([task])
    log.extend((task.cancelled(), task.cancelling()))


async def _cancelled_twice(bridge: Bridge, log: list[object]) -> None:
    waiting, cleaning = asyncio.Event(), asyncio.Event()

    async def inside() -> None:
        waiting.set()
        try:
            await _forever()
        finally:
            cleaning.set()
            try:
                await _forever()
            except asyncio.CancelledError:
                log.append("clean-up cancelled")
                raise

    task = asyncio.create_task(_as_coroutine(bridge(inside)))
    await waiting.wait()
    task.cancel()
    await cleaning.wait()
    task.cancel()
    await asyncio.wait([task])
    log.extend((task.cancelled(), task.cancelling()))


async def _cancelled_and_kept_on(bridge: Bridge, log: list[object]) -> None:
    waiting = asyncio.Event()

    async def inside() -> str:
        waiting.set()
        try:
            await _forever()
        except asyncio.CancelledError:
            _current().uncancel()
            log.append(_current().cancelling())
            await _turns()
        return "result"

    async def outside() -> str:
        result: str = await bridge(inside)()
        await asyncio.sleep(0)  # would raise if the cancellation were still to come
        log.append(_current().cancelling())
        return result

    task = asyncio.create_task(outside())
    await waiting.wait()
    task.cancel()
    log.append(await task)
    log.append(task.cancelled())


async def _shielded(bridge: Bridge, log: list[object]) -> None:
    waiting, release = asyncio.Event(), asyncio.Event()

    async def inside() -> str:
        waiting.set()
        await release.wait()
        log.append("ends")
        return "result"

    inner = asyncio.ensure_future(_as_coroutine(bridge(inside)))
    task = asyncio.create_task(_as_coroutine(lambda: asyncio.shield(inner)))
    await waiting.wait()
    task.cancel()
    await asyncio.wait([task])
    log.append(task.cancelled())
    release.set()
    log.append(await inner)


SCENARIOS = [
    _timeout_before_the_start,
    _both_timeouts_at_once,
    _timeout_around,
    _timeout_inside,
    _timeout_that_is_handled,
    _timeout_in_timeout,
    _wait_for,
    _group_around,
    _group_inside,
    _cancelled_from_outside,
    _cancelled_twice,
    _cancelled_and_kept_on,
    _shielded,
]


def _straight(function: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    return function


def _bridged(function: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    return sync_to_async(AsyncToSync(lambda: _as_coroutine(function)))


def _insensitive(function: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    return sync_to_async(AsyncToSync(lambda: _as_coroutine(function)), thread_sensitive=False)


def _in_context(function: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    wrapped = AsyncToSync(lambda: _as_coroutine(function))
    return sync_to_async(wrapped, context=Context())


def _twice(function: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    return _bridged(_insensitive(_bridged(function)))


@pytest.mark.filterwarnings("ignore:async_to_sync was passed a non-async-marked callable")
@pytest.mark.parametrize("outermost", ["task", "thread"])
@pytest.mark.parametrize("bridge", [_bridged, _insensitive, _twice, _in_context])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_as_if_there_were_no_bridge(
    scenario: Callable[[Bridge, list[object]], Any], bridge: Bridge, outermost: str
) -> None:
    """R12, R14: timeouts, task groups and cancellation do across any nesting what they do without.

    ``Task.cancelling()`` is part of what is compared.
    """

    async def main(bridge: Bridge, log: list[object]) -> None:
        if bridge is not _straight and scenario is _group_around:
            # Two calls that wait for each other need two threads.
            await scenario(_insensitive, log)
        else:
            await scenario(bridge, log)

    expected: list[object] = []
    asyncio.run(main(_straight, expected))
    seen: list[object] = []
    if outermost == "task":
        asyncio.run(main(bridge, seen))
    else:
        async_to_sync(main)(bridge, seen)
    assert expected != []
    assert seen == expected
