"""`WorkerPool` and `WorkerExecutor`: threads that are leased, reused and ended."""

from __future__ import annotations

import os
import threading
import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from asgiref._bridge.threads import Worker, WorkerExecutor, WorkerPool
from asgiref._bridge.threads import pool as shared_pool
from tests.programs import run_program

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    """A pool of the test's own, whose threads end with it."""
    pool = WorkerPool()
    yield pool
    pool.close()


def _end(worker: Worker) -> None:
    worker.close()
    worker.thread.join()


class _Item:
    def __init__(self, log: list[object]) -> None:
        self.log = log
        self.done = threading.Event()

    def run(self) -> None:
        self.log.append(threading.get_ident())
        self.done.set()

    def forward(self) -> None:
        self.log.append("forwarded")
        self.done.set()


def test_worker_runs_items_in_its_thread() -> None:
    """In the order in which they were put."""
    worker = Worker("asgiref-worker-test")
    log: list[object] = []
    last = _Item(log)
    for item in (*(_Item(log) for _ in range(9)), last):
        worker.put(item)
    last.done.wait()
    assert log == [worker.thread.ident] * 10
    _end(worker)


def test_worker_does_what_it_accepted_before_it_ends() -> None:
    """Closing ends the thread when its queue is empty."""
    worker = Worker("asgiref-worker-test")
    log: list[object] = []
    release = threading.Event()
    first = Future[None]()

    class Blocks(_Item):
        def run(self) -> None:
            first.set_result(None)
            release.wait()

    worker.put(Blocks(log))
    first.result()
    for _ in range(3):
        worker.put(_Item(log))
    worker.close()
    release.set()
    worker.thread.join()
    assert log == [worker.thread.ident] * 3


def test_whoever_puts_after_the_end_forwards() -> None:
    """An item that no thread is left to run finds another way, from the thread that put it."""
    worker = Worker("asgiref-worker-test")
    _end(worker)
    log: list[object] = []
    worker.put(_Item(log))
    assert log == ["forwarded"]


def test_lease_takes_a_parked_worker_first(pool: WorkerPool) -> None:
    """A thread is started only where none is parked."""
    first = pool.lease()
    second = pool.lease()
    assert first is not second
    pool.release(first)
    assert pool.lease() is first


def test_parked_workers_are_bounded(pool: WorkerPool) -> None:
    """Those beyond the bound end."""
    workers = [pool.lease() for _ in range(pool.MAX_PARKED + 2)]
    for worker in workers:
        pool.release(worker)
    for worker in workers[pool.MAX_PARKED :]:
        worker.thread.join()
    assert all(worker.thread.is_alive() for worker in workers[: pool.MAX_PARKED])


def test_limit_makes_workers_shared(pool: WorkerPool) -> None:
    """Past it the least shared one is leased again, and parked after the last release."""
    own = pool.lease()
    shared = [pool.lease(2, shareable=True) for _ in range(4)]
    assert len(set(shared)) == 2
    assert own not in shared
    assert shared.count(shared[0]) == 2
    for worker in shared[:3]:
        pool.release(worker)
    assert pool.lease(None) not in {own, shared[3]}


@pytest.mark.parametrize("limit", [0, 1, -1])
def test_lowest_limit_is_one(pool: WorkerPool, limit: int) -> None:
    """A limit that leaves no thread would leave no way to work."""
    first = pool.lease(limit, shareable=True)
    assert pool.lease(limit, shareable=True) is first


def test_no_lease_after_the_end(pool: WorkerPool) -> None:
    """At interpreter exit no thread can be started; the error says so."""
    worker = pool.lease()
    pool.close()
    worker.thread.join()
    with pytest.raises(RuntimeError, match="interpreter exit"):
        pool.lease()
    pool.release(worker)


def _thread_of(executor: WorkerExecutor) -> int | None:
    return executor.thread


def test_executor_leases_at_the_first_submission() -> None:
    """And keeps its one thread until it is shut down."""
    executor = WorkerExecutor()
    assert _thread_of(executor) is None
    thread = executor.submit(threading.get_ident).result()
    assert _thread_of(executor) == thread
    assert executor.submit(threading.get_ident).result() == thread
    executor.shutdown()
    assert _thread_of(executor) is None
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(int)


def test_executor_shutdown_waits_for_what_was_accepted() -> None:
    """With ``wait``, all of it has run on return; without, it runs later."""
    executor = WorkerExecutor()
    log: list[int] = []
    release = threading.Event()
    executor.submit(release.wait)
    for number in range(3):
        executor.submit(log.append, number)
    release.set()
    executor.shutdown(wait=True)
    assert log == [0, 1, 2]
    executor.shutdown()  # again does no harm

    later = WorkerExecutor()
    release.clear()
    later.submit(release.wait)
    future = later.submit(int)
    later.shutdown(wait=False)
    release.set()
    assert future.result() == 0


def test_executor_may_be_shut_down_by_its_own_thread() -> None:
    """Without waiting for itself."""
    executor = WorkerExecutor()
    executor.submit(executor.shutdown).result()
    assert executor.thread is None


def test_executor_hands_errors_to_the_future() -> None:
    """And its thread lives on."""
    executor = WorkerExecutor()
    with pytest.raises(ZeroDivisionError):
        executor.submit(divmod, 1, 0).result()
    assert executor.submit(divmod, 7, 2).result() == (3, 1)
    executor.shutdown()


def test_first_submissions_from_many_threads() -> None:
    """Lease one worker, not several."""
    for _ in range(20):
        executor = WorkerExecutor()
        barrier = threading.Barrier(4)

        def submit(
            executor: WorkerExecutor = executor, barrier: threading.Barrier = barrier
        ) -> int:
            barrier.wait()
            return executor.submit(threading.get_ident).result()

        with ThreadPoolExecutor(4) as threads:
            futures = [threads.submit(submit) for _ in range(4)]
            assert len({future.result() for future in futures}) == 1
        executor.shutdown()


def test_workers_are_no_daemons() -> None:
    """What they have accepted is done before the interpreter ends."""
    worker = shared_pool.lease()
    assert worker.thread.daemon is False
    assert worker.thread.name.startswith("asgiref-worker-")
    shared_pool.release(worker)


def test_dropped_executor_gives_its_worker_back() -> None:
    """An executor has its worker for as long as it lives, so one that is collected has none."""
    threads = set()
    for _ in range(5):
        executor = WorkerExecutor()
        threads.add(executor.submit(threading.get_ident).result())
        dropped = threading.Event()
        weakref.finalize(executor, dropped.set)
        del executor
        assert dropped.wait(30)
    assert len(threads) == 1


def test_call_after_the_end_of_the_home_thread() -> None:
    """At interpreter exit, a loop that still runs in another thread gets a ``RuntimeError``.

    The main thread has ended, and with it the worker that was home (R2: whoever awaits work that
    cannot run gets an exception).
    """
    program = """
    import asyncio, logging, threading
    from asgiref.sync import sync_to_async

    logging.getLogger("asyncio").setLevel("ERROR")  # it warns when the machine is slow
    started = threading.Event()

    async def main():
        home = await sync_to_async(threading.current_thread)()
        started.set()
        home.join()
        for _ in range(2):
            try:
                await sync_to_async(int)()
            except RuntimeError as error:
                print("interpreter exit" in str(error))

    threading.Thread(target=lambda: asyncio.run(main())).start()
    started.wait()
    """
    assert run_program(program).split() == ["True", "True"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_shut_down_in_the_child_of_a_fork() -> None:
    """R7: an executor from before the fork gives the pool of the child no thread of the parent."""
    program = """
    import os, signal, warnings
    from asgiref._bridge.threads import WorkerExecutor

    executors = [WorkerExecutor() for _ in range(2)]
    for executor in executors:
        executor.submit(int).result()
    warnings.simplefilter("ignore", DeprecationWarning)  # of the threads in the parent
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        executors[0].shutdown()
        executors[1].shutdown(wait=False)
        os._exit(WorkerExecutor().submit(lambda: 3).result())
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    assert run_program(program).split() == ["3"]
