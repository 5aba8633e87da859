"""Threads that wait for work: one pool, leased one at a time.

A leased thread is the home of a call tree whose outermost end is a coroutine. Starting a thread
costs more than a dozen calls, so a thread goes back to the pool when its lease ends. Between two
leases it is parked; parked threads are ended at interpreter exit, before the users' ``atexit``
handlers, and busy ones as soon as they have done what they accepted.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from collections import deque
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from asgiref._bridge.bell import Bell
from asgiref._bridge.current_thread_executor import Item, Submitted

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Worker", "WorkerExecutor", "WorkerPool", "pool")

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Worker:
    """A thread with a queue. Any thread may put; the thread itself runs and removes."""

    __slots__ = ("_bell", "_closed", "_items", "ended", "leases", "shareable", "thread")

    def __init__(self, name: str) -> None:
        #: Guarded by the pool's lock.
        self.leases = 0
        #: It may be leased again while it is out. Guarded by the pool's lock.
        self.shareable = False
        #: Set by the pool: end when there is nothing to do.
        self._closed = False
        #: Set by the thread itself, at its end. Whoever puts, looks afterwards (I1).
        self.ended = False
        self._items: Final[deque[Item]] = deque()
        self._bell: Final = Bell()
        self.thread: Final = threading.Thread(target=self._serve, name=name, daemon=False)
        self.thread.start()

    def put(self, item: Item) -> None:
        """Have ``item`` run in this thread. Never blocks."""
        self._items.append(item)
        self._bell.ring()
        if self.ended:
            self._drain()

    def _drain(self) -> None:
        while True:
            try:
                item = self._items.popleft()
            except IndexError:
                return
            item.forward()

    def close(self) -> None:
        """End the thread when its queue is empty."""
        self._closed = True
        self._bell.ring()

    def _serve(self) -> None:
        items = self._items
        while True:
            while items:
                items[0].run()
                items.popleft()
            if self._closed:
                self.ended = True
                self._drain()
                return
            self._bell.wait()


class WorkerPool:
    """Parked workers and the count of leased ones."""

    #: Parked workers beyond this number are ended.
    MAX_PARKED: Final = 32

    def __init__(self) -> None:
        #: Counts forks: a worker of an earlier generation has no thread.
        self.generation = 0
        self._begin()
        threading_atexit: Callable[[Callable[[], None]], None] | None = getattr(
            threading, "_register_atexit", None
        )
        if threading_atexit is not None:
            # Where concurrent.futures ends its threads: before they are joined, before atexit.
            threading_atexit(self.close)

    def reset(self) -> None:
        """Forget all threads: in the child of a fork there are none."""
        self.generation += 1
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.RLock()
        self._names = itertools.count(1)
        self._parked: list[Worker] = []
        self._leased: set[Worker] = set()
        self._closed = False

    def lease(self, limit: int | None = None, *, shareable: bool = False) -> Worker:
        """Take a worker: a parked one, else a new one, else (past ``limit``) one to share.

        Args:
            limit: how many shareable workers may be out before they are shared; None for no limit.
            shareable: whether others may share this one. What is home to everything else is not.

        Raises:
            RuntimeError: at interpreter exit, when no thread can be started any more.

        """
        with self._lock:
            if self._closed:
                raise RuntimeError("no thread can be started at interpreter exit")
            shared = limit is not None and [each for each in self._leased if each.shareable]
            if shared and limit is not None and len(shared) >= limit:
                worker = min(shared, key=lambda each: each.leases)
            elif self._parked:
                worker = self._parked.pop()
            else:
                worker = Worker(f"asgiref-worker-{next(self._names)}")
            worker.shareable = shareable
            worker.leases += 1
            self._leased.add(worker)
            return worker

    def release(self, worker: Worker) -> None:
        """Give a lease back. The worker goes on with what it has accepted."""
        with self._lock:
            worker.leases -= 1
            if worker.leases:
                return
            self._leased.discard(worker)
            if self._closed or len(self._parked) >= self.MAX_PARKED:
                worker.close()
            else:
                self._parked.append(worker)

    def close(self) -> None:
        """Let every thread end as soon as its queue is empty."""
        with self._lock:
            self._closed = True
            workers = [*self._parked, *self._leased]
        for worker in workers:
            worker.close()


#: The one pool of this process.
pool: Final = WorkerPool()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=pool.reset)


class WorkerExecutor(Executor):
    """An executor with one worker, leased at the first submission, for as long as it lives.

    Args:
        limit: as for `WorkerPool.lease`, asked at that moment, where the worker may be shared.

    """

    def __init__(self, limit: Callable[[], int | None] | None = None) -> None:
        self._limit = limit
        # Re-entrant: a finalizer may bridge, in the middle of anything.
        self._lock = threading.RLock()
        self._worker: Worker | None = None
        #: The identifier of the worker's thread, or None while there is none.
        self.thread: int | None = None
        self._generation = pool.generation
        self._shut_down = False

    def is_left_behind(self) -> bool:
        """Tell whether the worker stayed in the parent of a fork; then `thread` means nothing."""
        return self._generation != pool.generation

    def put(self, item: Item) -> None:
        """Have ``item`` run in the worker.

        Raises:
            RuntimeError: after `shutdown`, or at interpreter exit.

        """
        worker = self._worker
        if worker is None or self._generation != pool.generation:
            worker = self._lease()
        if worker.ended:
            raise RuntimeError("no thread can be started at interpreter exit")
        worker.put(item)

    def _lease(self) -> Worker:
        if self._generation != pool.generation:
            # In the child of a fork.
            self._lock, self._worker, self.thread = threading.RLock(), None, None
            self._generation = pool.generation
        with self._lock:
            if self._shut_down:
                raise RuntimeError("cannot schedule new work after shutdown")
            if self._worker is None:
                limit = self._limit
                if limit is None:
                    self._worker = pool.lease()
                else:
                    self._worker = pool.lease(limit(), shareable=True)
                self.thread = self._worker.thread.ident
            return self._worker

    def submit(self, fn: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_R]:
        """Have ``fn(*args, **kwargs)`` called in the worker.

        Raises:
            RuntimeError: after `shutdown`, or at interpreter exit.

        """
        item = Submitted(lambda: fn(*args, **kwargs))
        self.put(item)
        return item.future  # type: ignore[return-value]  # what fn returns is what the future gets

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """Give the worker back. What was accepted runs; with ``wait``, it has run on return."""
        if self.is_left_behind():
            self._shut_down = True
            return
        with self._lock:
            self._shut_down = True
            worker, self._worker = self._worker, None
            self.thread = None
        if worker is None:
            return
        if wait and worker.thread.ident != threading.get_ident():
            last = Submitted(lambda: None)
            worker.put(last)
            last.future.result()
        pool.release(worker)

    # A default, for module globals may be gone at interpreter exit.
    def __del__(self, _is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        worker = self._worker
        if worker is not None and not _is_finalizing() and not self.is_left_behind():
            pool.release(worker)
