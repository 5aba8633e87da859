"""`LoopThread` and its pool: loops that wait for calls."""

from __future__ import annotations

import asyncio
import atexit
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

import pytest

from asgiref._bridge import loop_threads
from asgiref._bridge.loop_threads import LoopThread, LoopThreadPool

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pool() -> Iterator[LoopThreadPool]:
    """A pool of the test's own, whose loops are closed with it."""
    pool = LoopThreadPool()
    yield pool
    pool.close()
    atexit.unregister(pool.close)


def _thread_of(loop_thread: LoopThread) -> threading.Thread:
    future: Future[threading.Thread] = Future()
    loop_thread.loop.call_soon_threadsafe(lambda: future.set_result(threading.current_thread()))
    return future.result()


def test_its_loop_runs_until_it_is_closed() -> None:
    """In a daemon thread of its own; closing returns at once."""
    loop_thread = LoopThread("asgiref-loop-test")
    thread = _thread_of(loop_thread)
    assert thread.daemon
    assert thread.name == "asgiref-loop-test"
    loop_thread.close()
    loop_thread.join(30)
    assert loop_thread.loop.is_closed()
    assert not thread.is_alive()


def test_stopping_the_loop_does_not_end_it() -> None:
    """Code that stops the loop by mistake stops nothing."""
    loop_thread = LoopThread("asgiref-loop-test")
    loop_thread.loop.call_soon_threadsafe(loop_thread.loop.stop)
    assert _thread_of(loop_thread).is_alive()
    loop_thread.close()
    loop_thread.join(30)


def test_run_elsewhere() -> None:
    """A job runs in the thread while its own loop stands still; then the loop goes on."""
    loop_thread = LoopThread("asgiref-loop-test")
    seen: Future[tuple[bool, threading.Thread]] = Future()
    loop_thread.run_elsewhere(
        lambda: seen.set_result((loop_thread.loop.is_running(), threading.current_thread()))
    )
    running, thread = seen.result()
    assert not running
    assert thread is _thread_of(loop_thread)
    loop_thread.close()
    loop_thread.join(30)


def test_closing_cancels_what_is_left() -> None:
    """Tasks on the loop are cancelled and awaited before it is closed."""
    loop_thread = LoopThread("asgiref-loop-test")
    log: list[str] = []
    started: Future[None] = Future()

    async def left() -> None:
        started.set_result(None)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            log.append("cancelled")

    tasks = []
    loop = loop_thread.loop
    loop.call_soon_threadsafe(lambda: tasks.append(loop.create_task(left())))
    started.result()
    loop_thread.close()
    loop_thread.join(30)
    assert log == ["cancelled"]
    assert loop.is_closed()


def test_pool_leases_idle_ones_first(pool: LoopThreadPool) -> None:
    """A thread is started only where none is idle."""
    first, second = pool.lease(), pool.lease()
    assert first is not second
    pool.release(first)
    assert pool.lease() is first


def test_no_thread_can_be_started(pool: LoopThreadPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is a ``RuntimeError`` for the caller, and leaves no loop open."""
    loops: list[asyncio.AbstractEventLoop] = []
    make = asyncio.new_event_loop

    def recorded() -> asyncio.AbstractEventLoop:
        loops.append(make())
        return loops[-1]

    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(asyncio, "new_event_loop", recorded)
    monkeypatch.setattr(threading.Thread, "start", refused)
    with pytest.raises(RuntimeError, match="start new thread"):
        pool.lease()
    assert [loop.is_closed() for loop in loops] == [True]


def test_dedicated_loop_that_was_closed() -> None:
    """A thread whose loop somebody closed gets a new one."""
    seen: list[LoopThread] = []

    def work() -> None:
        seen.append(loop_threads.dedicated())
        assert loop_threads.dedicated() is seen[0]
        seen[0].close()
        seen[0].join(30)
        seen.append(loop_threads.dedicated())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen[0] is not seen[1]
    assert not seen[1].loop.is_closed()
