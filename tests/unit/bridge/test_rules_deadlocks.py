"""Rules R15 and R16 of the bridge: waits that cannot end, and waits that may not."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from asgiref._bridge.async_to_sync import async_to_sync
from asgiref._bridge.sync_to_async import SyncToAsync, sync_to_async
from asgiref._bridge.thread_contexts import ThreadSensitiveContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

home = sync_to_async(threading.get_ident)


async def _turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def _refused_one() -> None:
    """Be refused by the name of the function."""
    raise AssertionError("this never runs")


async def _refused() -> str:
    """Ask for the home thread, and return the error."""
    with pytest.raises(RuntimeError, match="deadlock") as caught:
        await sync_to_async(_refused_one)()
    return str(caught.value)


def _runs_a_loop() -> str:
    return asyncio.run(_refused())


# R15 --------------------------------------------------------------------------------------------


def test_loop_in_the_home_thread_of_a_task() -> None:
    """R15: work sent to the very thread that runs the loop that awaits it, below a task."""

    async def main() -> None:
        assert "_refused_one" in await sync_to_async(_runs_a_loop)()

    asyncio.run(main())


def test_loop_in_the_home_thread_of_a_thread() -> None:
    """R15: the same where the home is the thread of the outermost ``async_to_sync``."""
    async_to_sync(sync_to_async(_runs_a_loop))()


def test_loop_in_the_home_thread_of_a_context() -> None:
    """R15: the same where a ``ThreadSensitiveContext`` gives the home."""

    async def main() -> None:
        async with ThreadSensitiveContext():
            await sync_to_async(_runs_a_loop)()

    asyncio.run(main())


def test_loop_in_the_only_thread_of_an_executor() -> None:
    """R15: the same with an executor of one thread."""

    async def main() -> None:
        with ThreadPoolExecutor(1) as own:
            async with ThreadSensitiveContext(executor=own):
                await sync_to_async(_runs_a_loop)()

    asyncio.run(main())


def test_both_ends_are_named() -> None:
    """R15: the error names both ends: the call that would wait, and what it waits for."""

    async def main() -> str:
        return await sync_to_async(_runs_a_loop)()

    message = asyncio.run(main())
    assert "_refused_one" in message
    assert "home thread" in message
    assert "loop" in message
    assert "thread_sensitive=False" in message  # the way out


@pytest.mark.parametrize("force", [False, True], ids=["same loop", "fresh loop"])
def test_deadlock_through_more_levels(force: bool) -> None:
    """R15: through calls in between that run in other threads and on other loops."""
    hop = async_to_sync(_refused, force_new_loop=force)

    async def inner() -> None:
        await sync_to_async(hop, thread_sensitive=False)()

    def runs_a_loop() -> None:
        asyncio.run(inner())

    asyncio.run(sync_to_async(runs_a_loop)())
    async_to_sync(sync_to_async(runs_a_loop))()


@pytest.mark.parametrize("fresh", [False, True], ids=["loop of the thread", "fresh loop"])
def test_loop_in_the_only_thread_of_an_executor_from_elsewhere(fresh: bool) -> None:
    """R15: the executor's one thread is found to be taken, whichever thread asks."""

    async def inner() -> None:
        hop = async_to_sync(_refused, force_new_loop=fresh)
        assert "_refused_one" in await sync_to_async(hop, thread_sensitive=False)()

    async def main() -> None:
        with ThreadPoolExecutor(1) as own:
            async with ThreadSensitiveContext(executor=own):
                await sync_to_async(lambda: asyncio.run(inner()))()

    asyncio.run(main())
    async_to_sync(main)()


def test_no_alarm_for_an_executor_whose_thread_waits_in_a_call() -> None:
    """R15: what a call has left behind waits for the executor's thread only until that is free."""
    started = threading.Event()
    go_on = threading.Event()

    async def later() -> int:
        started.set()
        async with ThreadSensitiveContext(executor=own):
            return await home()

    async def leaves() -> asyncio.Task[int]:
        return asyncio.create_task(later())

    def outer() -> asyncio.Task[int]:
        task = async_to_sync(leaves)()
        go_on.wait()
        return task

    async def main() -> None:
        async with ThreadSensitiveContext(executor=own):
            outer_task = asyncio.create_task(sync_to_async(outer)())
            await asyncio.get_running_loop().run_in_executor(None, started.wait)
            await _turns()
            go_on.set()
            assert await (await outer_task) == own.submit(threading.get_ident).result()

    with ThreadPoolExecutor(1) as own:
        asyncio.run(main())


def test_deadlock_of_a_created_task() -> None:
    """R15: a task that the loop in the home thread runs is as stuck."""

    async def inner() -> None:
        await asyncio.create_task(_refused())

    asyncio.run(sync_to_async(lambda: asyncio.run(inner()))())


def test_async_to_sync_where_a_loop_runs() -> None:
    """R15: blocking the thread of a running loop is refused at once, and nothing is left."""
    called: list[int] = []

    async def coroutine() -> None:
        called.append(1)

    async def main() -> None:
        with pytest.raises(RuntimeError, match="just await"):
            async_to_sync(coroutine)()

    asyncio.run(main())
    async_to_sync(main)()
    assert called == []


@pytest.mark.parametrize("sensitive", [True, False], ids=["sensitive", "insensitive"])
def test_asking_for_a_context_in_use_by_oneself(sensitive: bool) -> None:
    """R15: a call that descends from one that is in the ``context`` it asks for can never run."""
    context = Context()

    async def inner() -> str:
        with pytest.raises(RuntimeError, match="deadlock") as caught:
            await sync_to_async(_refused_one, thread_sensitive=sensitive, context=context)()
        return str(caught.value)

    def outer() -> str:
        return async_to_sync(inner)()

    async def main() -> None:
        message = await sync_to_async(outer, context=context)()
        assert "_refused_one" in message
        assert "outer" in message

    asyncio.run(main())
    async_to_sync(main)()


def test_failed_submission_leaves_nothing_behind() -> None:
    """R15: after the error everything works, and a context does not wait for what was refused."""

    async def main() -> None:
        async with ThreadSensitiveContext():
            thread = await home()
            await sync_to_async(_runs_a_loop)()
            assert await home() == thread
        await sync_to_async(_runs_a_loop)()
        await home()

    asyncio.run(main())

    async def below() -> int:
        await sync_to_async(_runs_a_loop)()
        return await home()

    assert async_to_sync(below)() == threading.get_ident()


class _Refusing(Executor):
    """Takes no calls."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> NoReturn:
        raise OSError("no calls today")


def test_executor_that_refuses() -> None:
    """R15, R2: ``submit`` that raises gives its error to the caller, and leaves nothing behind."""

    async def main() -> None:
        wrapped = sync_to_async(int, thread_sensitive=False, executor=_Refusing())
        with pytest.raises(OSError, match="no calls today"):
            await wrapped()
        async with ThreadSensitiveContext(executor=_Refusing()):
            with pytest.raises(OSError, match="no calls today"):
                await home()
        # A context that the refused call had asked for is free.
        context = Context()
        refused = sync_to_async(int, thread_sensitive=False, executor=_Refusing(), context=context)
        with pytest.raises(OSError, match="no calls today"):
            await refused()
        assert await sync_to_async(int, context=context)() == 0

    asyncio.run(main())


def test_no_alarm_for_unrelated_tasks() -> None:
    """R15: tasks of other trees wait for the home thread and get it; nothing is inherited."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        carried = copy_context()
        blocked = asyncio.Event()
        release = asyncio.Event()

        async def coroutine() -> None:
            blocked.set()
            await release.wait()

        first = asyncio.create_task(sync_to_async(async_to_sync(coroutine))())
        await blocked.wait()
        others = [
            asyncio.create_task(home()),
            loop.create_task(home(), context=carried),
            loop.create_task(home(), context=Context()),
        ]
        await _turns()
        release.set()
        await first
        assert len(set(await asyncio.gather(*others))) == 1

    asyncio.run(main())
    async_to_sync(main)()


def test_no_alarm_below_the_deadlock_that_was_avoided() -> None:
    """R15: a loop in a home thread may call whatever does not need that thread."""

    async def inner() -> tuple[int, int]:
        insensitive = await sync_to_async(threading.get_ident, thread_sensitive=False)()
        async with ThreadSensitiveContext(executor=own):
            return insensitive, await home()

    def runs_a_loop() -> tuple[int, int]:
        return asyncio.run(inner())

    with ThreadPoolExecutor(1) as own:
        expected = own.submit(threading.get_ident).result()
        for seen in (
            asyncio.run(sync_to_async(runs_a_loop)()),
            async_to_sync(sync_to_async(runs_a_loop))(),
        ):
            assert seen[1] == expected


def test_no_alarm_for_a_loop_in_a_thread_that_is_not_home() -> None:
    """R15: a loop that runs in a pool's thread keeps nobody from the home thread."""

    def runs_a_loop() -> int:
        return asyncio.run(_home())

    async def _home() -> int:
        return await home()

    async def main() -> None:
        expected = await home()
        assert await sync_to_async(runs_a_loop, thread_sensitive=False)() == expected

    asyncio.run(main())
    async_to_sync(main)()


def test_no_alarm_after_the_deadlock_is_over() -> None:
    """R15: what another tree did in the home thread a moment ago is of no concern."""

    async def main() -> None:
        results = await asyncio.gather(
            *(sync_to_async(_runs_a_loop)() for _ in range(5)), *(home() for _ in range(5))
        )
        assert len(set(results[5:])) == 1

    asyncio.run(main())


def test_context_that_shares_its_thread_with_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """R15, R6: contexts that share a thread are no deadlock unless one waits for the other."""
    monkeypatch.setattr(ThreadSensitiveContext, "max_threads", 1)

    async def request() -> int:
        async with ThreadSensitiveContext():
            return await sync_to_async(async_to_sync(_home))()

    async def _home() -> int:
        return await home()

    async def main() -> None:
        assert len(set(await asyncio.gather(*(request() for _ in range(10))))) == 1

    asyncio.run(main())


# R16 --------------------------------------------------------------------------------------------


class _Reports(logging.Handler):
    """Hears what is logged, and tells the test."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []
        self.came = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        assert record.levelno == logging.WARNING
        self.messages.append(record.getMessage())
        self.came.set()


@pytest.fixture
def reports() -> Iterator[_Reports]:
    """What is reported in the test."""
    handler = _Reports()
    logger = logging.getLogger("asgiref.sync")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


class _Impatient(SyncToAsync[[], int]):
    """Is reported at once if it waits."""

    stall_report_after = 0.0


def _blocks_the_home(started: threading.Event, release: threading.Event) -> None:
    started.set()
    release.wait()


async def _stalls(reports: _Reports, turns: int) -> None:
    """Wait for a home thread that is blocked, for so many turns of the loop or a report."""
    started, release = threading.Event(), threading.Event()
    blocking = asyncio.create_task(sync_to_async(_blocks_the_home)(started, release))
    await asyncio.get_running_loop().run_in_executor(None, started.wait)
    waiting = asyncio.create_task(_waits_for_the_home())
    while turns and not reports.came.is_set():
        turns -= 1
        await asyncio.sleep(0)
    await _turns(20)
    release.set()
    await asyncio.gather(blocking, waiting)


async def _waits_for_the_home() -> None:
    await _Impatient(threading.get_ident)()


def _in_debug_mode(on: bool, main: Callable[[], Any]) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        before = loop.get_debug()
        loop.set_debug(on)
        try:
            await main()
        finally:
            loop.set_debug(before)

    asyncio.run(run())


def test_stall_is_reported_once_with_both_stacks(reports: _Reports) -> None:
    """R16: in debug mode, one warning on ``asgiref.sync``, with both stacks."""
    _in_debug_mode(True, lambda: _stalls(reports, -1))
    assert len(reports.messages) == 1
    message = reports.messages[0]
    assert "_waits_for_the_home" in message
    assert "_blocks_the_home" in message
    assert "get_ident" in message


def test_stall_below_a_thread_is_reported(reports: _Reports) -> None:
    """R16: also where the home is the thread of the outermost ``async_to_sync``."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        before = loop.get_debug()
        loop.set_debug(True)
        try:
            await _stalls(reports, -1)
        finally:
            loop.set_debug(before)

    async_to_sync(main)()
    assert len(reports.messages) == 1
    assert "_blocks_the_home" in reports.messages[0]


def test_stall_is_not_reported_outside_of_debug_mode(reports: _Reports) -> None:
    """R16: a program that nobody debugs pays nothing for it, and hears nothing."""
    _in_debug_mode(False, lambda: _stalls(reports, 1000))
    assert reports.messages == []


def test_stall_report_comes_after_a_second_by_default() -> None:
    """R16: by default work has waited for a second before it is reported."""
    assert SyncToAsync.stall_report_after == 1.0


class _NeverRuns(Executor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return Future()


def test_work_of_a_foreign_executor_is_not_reported(reports: _Reports) -> None:
    """R16: of whose thread nothing is known; and the wait may be cancelled as ever."""

    async def main() -> None:
        async with ThreadSensitiveContext(executor=_NeverRuns()):
            task = asyncio.create_task(_waits_for_the_home())
            await _turns(20)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()

    _in_debug_mode(True, main)
    assert reports.messages == []


def test_starving_in_a_pool_is_reported(reports: _Reports) -> None:
    """R16, R3: so is work that waits for a pool whose threads all wait for it."""
    with ThreadPoolExecutor(1) as pool:
        nested = _Impatient(threading.get_ident, thread_sensitive=False, executor=pool)
        hold = _Impatient(int, thread_sensitive=False, executor=pool)

        async def inner() -> None:
            task = asyncio.create_task(nested())
            while not reports.came.is_set():  # noqa: ASYNC110  # a thread sets it
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])

        def _starves() -> int:
            async_to_sync(inner)()
            return 0

        hold.func = _starves

        async def main() -> None:
            await hold()

        _in_debug_mode(True, main)
    assert "_starves" in reports.messages[0]


def _run_in_itself(**options: Any) -> None:
    """Run, in a thread of an executor, a loop that runs another, which needs that thread."""

    async def ask() -> None:
        await sync_to_async(int, **options)()

    def run_a_loop_elsewhere() -> None:
        asyncio.run(ask())

    async def hop() -> None:
        await sync_to_async(run_a_loop_elsewhere, thread_sensitive=False)()

    def occupy() -> None:
        asyncio.run(hop())

    asyncio.run(_in_home(occupy, options))


async def _in_home(function: Callable[[], None], options: dict[str, Any]) -> None:
    if options:
        await sync_to_async(function, **options)()
        return
    with ThreadPoolExecutor(1) as executor:
        async with ThreadSensitiveContext(executor=executor):
            await sync_to_async(function)()


def test_loops_that_wait_for_the_one_thread_of_an_executor() -> None:
    """R15: it is occupied by a loop that waits for another loop, in which the call is awaited."""
    with pytest.raises(RuntimeError, match=r"deadlock.* home thread is busy"):
        _run_in_itself()
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(RuntimeError, match=r"deadlock.* executor with one thread"),
    ):
        _run_in_itself(thread_sensitive=False, executor=executor)
    with ThreadPoolExecutor(2) as executor:
        _run_in_itself(thread_sensitive=False, executor=executor)


def test_insensitive_call_to_the_single_thread() -> None:
    """R15: the executor of the home may be given to other calls, too."""
    single = SyncToAsync.single_thread_executor
    with pytest.raises(RuntimeError, match=r"deadlock.* executor with one thread"):
        _run_in_itself(thread_sensitive=False, executor=single)
    assert asyncio.run(sync_to_async(int)()) == 0


def test_a_thread_is_taken_also_by_what_nobody_waits_for() -> None:
    """R15: work whose task has gone still keeps the one thread of its executor."""
    started, gone, over = threading.Event(), threading.Event(), threading.Event()
    messages: list[str] = []

    def hop() -> None:
        messages.append(asyncio.run(_refused()))

    async def ask() -> None:
        started.set()
        gone.wait()
        await sync_to_async(hop, thread_sensitive=False)()

    def occupy() -> None:
        try:
            asyncio.run(ask())
        finally:
            over.set()

    async def main() -> None:
        with ThreadPoolExecutor(1) as executor:
            async with ThreadSensitiveContext(executor=executor):
                task = asyncio.create_task(sync_to_async(occupy)())
                await asyncio.to_thread(started.wait)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                gone.set()
                await asyncio.to_thread(over.wait)

    asyncio.run(main())
    assert len(messages) == 1
