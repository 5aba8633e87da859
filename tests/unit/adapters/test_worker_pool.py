"""``asgiref._adapters.worker_pool``: bounded, without counting who waits for a client."""

from __future__ import annotations

import os
import threading
from concurrent.futures import CancelledError, Future

import pytest

from asgiref._adapters.worker_pool import WorkerPool

PATIENCE = 30.0


def test_runs_calls_and_hands_out_their_outcome() -> None:
    """Results and exceptions, ``BaseException``s included, arrive in the future."""
    pool = WorkerPool(1)
    assert pool.submit(divmod, 7, 2).result(PATIENCE) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result(PATIENCE)
    with pytest.raises(KeyboardInterrupt):
        pool.submit(_interrupt).result(PATIENCE)
    pool.shutdown()


def _interrupt() -> None:
    raise KeyboardInterrupt


def test_bound() -> None:
    """The next call waits until one of ``max_workers`` has ended."""
    pool = WorkerPool(2)
    barrier = threading.Barrier(3)
    running = [pool.submit(barrier.wait, PATIENCE) for _ in range(2)]
    third: Future[int] = pool.submit(lambda: 3)
    assert not third.running()
    assert not third.done()
    barrier.wait(PATIENCE)
    assert third.result(PATIENCE) == 3
    for future in running:
        future.result(PATIENCE)
    pool.shutdown()


def test_a_thread_is_used_again() -> None:
    """Calls one after another run in one thread."""
    pool = WorkerPool(4)
    first = pool.submit(threading.get_ident).result(PATIENCE)
    # The future is done a moment before its thread is idle.
    idents = {pool.submit(threading.get_ident).result(PATIENCE) for _ in range(50)}
    assert len(idents | {first}) <= 2
    pool.shutdown()


def test_waiting_threads_do_not_count() -> None:
    """While the only worker waits for its client, another call gets a thread."""
    pool = WorkerPool(1)
    waits, client = threading.Event(), threading.Event()

    def stalled() -> None:
        with pool.waiting():
            waits.set()
            assert client.wait(PATIENCE)

    first = pool.submit(stalled)
    assert waits.wait(PATIENCE)
    assert pool.submit(lambda: 2).result(PATIENCE) == 2
    client.set()
    first.result(PATIENCE)
    assert pool.submit(lambda: 3).result(PATIENCE) == 3
    pool.shutdown()


def test_queued_call_starts_when_a_thread_begins_to_wait() -> None:
    """A call that found the pool full takes the place of a thread that starts to wait."""
    pool = WorkerPool(1)
    queued, client = threading.Event(), threading.Event()

    def stalled() -> None:
        assert queued.wait(PATIENCE)
        with pool.waiting():
            assert client.wait(PATIENCE)

    first = pool.submit(stalled)
    second: Future[int] = pool.submit(lambda: 2)
    queued.set()
    assert second.result(PATIENCE) == 2
    client.set()
    first.result(PATIENCE)
    pool.shutdown()


def test_waiting_elsewhere_has_no_effect() -> None:
    """A thread that is none of the pool's may enter ``waiting``."""
    pool = WorkerPool(1)
    with pool.waiting():
        assert pool.submit(lambda: 1).result(PATIENCE) == 1
    pool.shutdown()


def test_cancelled_in_the_queue() -> None:
    """A call cancelled before its turn never runs."""
    pool = WorkerPool(1)
    go = threading.Event()
    first = pool.submit(go.wait, PATIENCE)
    second: Future[None] = pool.submit(pytest.fail, "it ran")
    assert second.cancel()
    go.set()
    first.result(PATIENCE)
    with pytest.raises(CancelledError):
        second.result(PATIENCE)
    pool.shutdown()


def test_after_shutdown() -> None:
    """A pool that was shut down refuses calls and drops what was queued, if told to."""
    pool = WorkerPool(1)
    go = threading.Event()
    first = pool.submit(go.wait, PATIENCE)
    second: Future[None] = pool.submit(pytest.fail, "it ran")
    pool.shutdown(cancel_futures=True)
    assert second.cancelled()
    with pytest.raises(RuntimeError, match="shut down"):
        pool.submit(int)
    go.set()
    first.result(PATIENCE)


def test_bad_size() -> None:
    """A pool without threads is refused."""
    with pytest.raises(ValueError, match="at least 1, not 0"):
        WorkerPool(0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_fork() -> None:
    """A forked child starts with an empty pool and works."""
    pool = WorkerPool(1)
    pool.submit(int).result(PATIENCE)
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if pool.submit(divmod, 7, 2).result(PATIENCE) == (3, 1) else 1
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    pool.shutdown()
