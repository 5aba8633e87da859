"""The threads that run WSGI requests: bounded, without counting those that wait for a client."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("WorkerPool", "default_size")

#: Seconds after which a thread without work ends.
IDLE_SECONDS: Final = 10.0

_here = threading.local()


def default_size() -> int:
    """Return how many threads the default executor of an event loop has at most."""
    return min(32, (os.cpu_count() or 1) + 4)


class Job(Protocol):
    """What a pool runs."""

    def run(self) -> None:
        """Do the work and report the outcome; raises nothing. In a thread of the pool."""


class _Seat:
    """Where one idle thread waits for its next job."""

    __slots__ = ("called", "job")

    job: Job

    def __init__(self) -> None:
        # Held by default; whoever calls the thread releases it, once for each call.
        self.called = threading.Lock()
        self.called.acquire()


class WorkerPool:
    """Runs jobs in at most ``max_workers`` threads, the most recently idle thread first.

    A thread that waits for its client inside ``waiting()`` is not counted: slow clients, however
    many, do not keep other requests from threads. It goes on as soon as its wait ends; the bound
    is observed again by the next request that wants to start.

    The threads are daemons: they do not delay the end of the interpreter. They end when idle. In a
    forked child the pool starts empty.

    It is no ``concurrent.futures.Executor``, for a job reports its outcome by itself: making,
    locking and settling a future for it is a sixth of what a short request costs.

    Args:
        max_workers: how many jobs run at a time; ``None`` means as many as the default executor
            of an event loop has.

    Raises:
        TypeError: ``max_workers`` is no integer.
        ValueError: ``max_workers`` is not positive.
    """

    def __init__(self, max_workers: int | None = None) -> None:
        if max_workers is not None and not isinstance(max_workers, int):
            raise TypeError(
                f"max_workers must be an int or None, not {max_workers!r} of type "
                f"{type(max_workers).__name__}."
            )
        if max_workers is not None and max_workers < 1:
            raise ValueError(f"max_workers must be at least 1, not {max_workers!r}.")
        self.max_workers: int = default_size() if max_workers is None else max_workers
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._guard = threading.Lock()
        self._running = 0  # threads that run a job and do not wait for a client
        self._queue: deque[Job] = deque()
        self._idle: list[_Seat] = []
        self._started = 0

    def put(self, job: Job) -> None:
        """Run ``job`` in one of the threads, at once or in its turn.

        Raises:
            RuntimeError: a thread is needed and the system gives none.
        """
        if self._process != os.getpid():
            self._reset()
        with self._guard:
            if self._running >= self.max_workers:
                self._queue.append(job)
                return
            self._running += 1
            seat = self._idle.pop() if self._idle else None
        self._give(job, seat)

    def _give(self, job: Job, seat: _Seat | None) -> None:
        """Hand a job, already counted as running, to an idle thread or to a new one."""
        if seat is not None:
            seat.job = job
            seat.called.release()
            return
        self._started += 1
        name = f"asgiref-wsgi-{self._started}"
        try:
            threading.Thread(target=self._work, args=(job,), name=name, daemon=True).start()
        except BaseException:
            with self._guard:
                self._running -= 1
            raise

    def _work(self, job: Job) -> None:
        _here.pool = self
        seat = _Seat()
        while True:
            try:
                job.run()
            except BaseException:  # noqa: BLE001  (a fault of ours must not cost a thread)
                threading.excepthook(
                    threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread()))
                )
            del job
            with self._guard:
                # Threads that came back from a wait may be more than the bound: then this one
                # leaves the queue to the others.
                if self._queue and self._running <= self.max_workers:
                    job = self._queue.popleft()
                    continue
                self._running -= 1
                self._idle.append(seat)
            if not seat.called.acquire(timeout=IDLE_SECONDS):
                with self._guard:
                    if seat in self._idle:
                        self._idle.remove(seat)
                        return
                # Called in the last moment: the job is on its way.
                seat.called.acquire()
            job = seat.job
            del seat.job

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Do not count this thread while the block lasts; no effect in any other thread."""
        if getattr(_here, "pool", None) is not self:
            yield
            return
        seat: _Seat | None = None
        job: Job | None = None
        with self._guard:
            self._running -= 1
            if self._queue and self._running < self.max_workers:
                job = self._queue.popleft()
                self._running += 1
                seat = self._idle.pop() if self._idle else None
        if job is not None:
            try:
                self._give(job, seat)
            except RuntimeError:  # no thread to be had: the job keeps its place
                with self._guard:
                    self._queue.appendleft(job)
        try:
            yield
        finally:
            with self._guard:
                self._running += 1
