"""``asgiref._adapters.worker_pool``: bounded, without counting who waits for a client."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import pytest

from asgiref._adapters.worker_pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 30.0


class _Call:
    """A job that reports to a future."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self.future: Future[Any] = Future()
        self._function = function
        self._args = args

    def run(self) -> None:
        try:
            self.future.set_result(self._function(*self._args))
        except BaseException as error:  # noqa: BLE001  (the test looks at it)
            self.future.set_exception(error)


def _put(pool: WorkerPool, function: Callable[..., Any], *args: Any) -> Future[Any]:
    call = _Call(function, *args)
    pool.put(call)
    return call.future


def test_runs_jobs() -> None:
    """Jobs run in a thread of the pool, one after another where there is one."""
    pool = WorkerPool(1)
    assert _put(pool, divmod, 7, 2).result(PATIENCE) == (3, 1)
    assert _put(pool, threading.get_ident).result(PATIENCE) != threading.get_ident()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_job_that_raises_costs_no_place() -> None:
    """A job must not raise; should one, it is reported as a thread's failure and no place lost."""

    class Broken:
        def run(self) -> None:
            raise ZeroDivisionError

    pool = WorkerPool(1)
    pool.put(Broken())
    assert _put(pool, divmod, 7, 2).result(PATIENCE) == (3, 1)


def test_bound() -> None:
    """The next call waits until one of ``max_workers`` has ended."""
    pool = WorkerPool(2)
    barrier = threading.Barrier(3)
    running = [_put(pool, barrier.wait, PATIENCE) for _ in range(2)]
    third = _put(pool, lambda: 3)
    assert not third.running()
    assert not third.done()
    barrier.wait(PATIENCE)
    assert third.result(PATIENCE) == 3
    for future in running:
        future.result(PATIENCE)


def test_a_thread_is_used_again() -> None:
    """Calls one after another run in one thread."""
    pool = WorkerPool(4)
    first = _put(pool, threading.get_ident).result(PATIENCE)
    # The future is done a moment before its thread is idle.
    idents = {_put(pool, threading.get_ident).result(PATIENCE) for _ in range(50)}
    assert len(idents | {first}) <= 2


def test_waiting_threads_do_not_count() -> None:
    """While the only worker waits for its client, another call gets a thread."""
    pool = WorkerPool(1)
    waits, client = threading.Event(), threading.Event()

    def stalled() -> None:
        with pool.waiting():
            waits.set()
            assert client.wait(PATIENCE)

    first = _put(pool, stalled)
    assert waits.wait(PATIENCE)
    assert _put(pool, lambda: 2).result(PATIENCE) == 2
    client.set()
    first.result(PATIENCE)
    assert _put(pool, lambda: 3).result(PATIENCE) == 3


def test_queued_call_starts_when_a_thread_begins_to_wait() -> None:
    """A call that found the pool full takes the place of a thread that starts to wait."""
    pool = WorkerPool(1)
    queued, client = threading.Event(), threading.Event()

    def stalled() -> None:
        assert queued.wait(PATIENCE)
        with pool.waiting():
            assert client.wait(PATIENCE)

    first = _put(pool, stalled)
    second = _put(pool, lambda: 2)
    queued.set()
    assert second.result(PATIENCE) == 2
    client.set()
    first.result(PATIENCE)


def test_waiting_elsewhere_has_no_effect() -> None:
    """A thread that is none of the pool's may enter ``waiting``."""
    pool = WorkerPool(1)
    with pool.waiting():
        assert _put(pool, lambda: 1).result(PATIENCE) == 1


def test_bad_size() -> None:
    """A pool without threads is refused."""
    with pytest.raises(ValueError, match="at least 1, not 0"):
        WorkerPool(0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_fork() -> None:
    """A forked child starts with an empty pool and works."""
    pool = WorkerPool(1)
    _put(pool, int).result(PATIENCE)
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if _put(pool, divmod, 7, 2).result(PATIENCE) == (3, 1) else 1
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
