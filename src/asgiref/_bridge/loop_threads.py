"""Threads that run event loops for async_to_sync: one pool, one lease a calling thread.

They are daemons, so that they work on for the users' ``atexit`` handlers; after those, the last
handler closes their loops.
"""

from __future__ import annotations

import atexit
import itertools
import os
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Final

from asgiref._bridge.driven_loop import DrivenLoop
from asgiref._bridge.state import thread

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

    from asgiref._bridge.call import Call

__all__ = ("Lease", "LoopThread", "LoopThreadPool", "dedicated", "pool")


class LoopThread:
    """A thread with a loop of its own, which runs until it is closed."""

    def __init__(self, name: str) -> None:
        self.driven: Final = DrivenLoop()
        #: The process that the thread lives in.
        self.pid: Final = os.getpid()
        #: The call whose fresh loop runs here while the thread's own stands still.
        self.occupant: Call | None = None
        self._jobs: Final[deque[Callable[[], None]]] = deque()
        self._closing = False
        self._thread: Final = threading.Thread(target=self._run, name=name, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self.driven.close()
            raise

    @property
    def loop(self) -> AbstractEventLoop:
        """The loop that runs in this thread."""
        return self.driven.loop

    def _run(self) -> None:
        while not self._closing:
            self.driven.run_forever()
            while self._jobs:
                self._jobs.popleft()()
        self.driven.close()

    def run_elsewhere(self, job: Callable[[], None]) -> None:
        """Have ``job()`` called in this thread, while its own loop stands still.

        ``job`` must not raise. Returns at once.
        """
        self._jobs.append(job)
        self.loop.call_soon_threadsafe(self.loop.stop)

    def close(self) -> None:
        """Stop and close the loop, and end the thread. Returns at once."""
        self._closing = True
        self.loop.call_soon_threadsafe(self.loop.stop)

    def join(self, timeout: float) -> None:
        """Wait for the end of the thread, at most ``timeout`` seconds."""
        self._thread.join(timeout)


class LoopThreadPool:
    """The loop threads that nobody has leased, and those that somebody has."""

    #: Idle loop threads beyond this number are closed. Each holds three file descriptors.
    MAX_IDLE: Final = 8

    def __init__(self) -> None:
        #: Loops whose threads stayed behind in the parent of a fork: they are neither closed, which
        #: would disturb what they share with the parent, nor dropped, which would warn.
        self._left_behind: list[LoopThread] = []
        self._all: set[LoopThread] = set()
        #: The interpreter exits: the calls on these loops were cancelled.
        self.closed = False
        self.reset()
        atexit.register(self.close)

    def reset(self) -> None:
        """Forget all threads: in the child of a fork there are none."""
        self._left_behind.extend(self._all)
        # Re-entrant: a lease may be given back by a finalizer, in the middle of anything.
        self._lock = threading.RLock()
        self._names = itertools.count(1)
        self._idle: list[LoopThread] = []
        self._all = set()
        self.closed = False

    def lease(self) -> LoopThread:
        """Take an idle loop thread, or start one.

        Raises:
            RuntimeError: when no thread can be started.

        """
        with self._lock:
            if self._idle:
                return self._idle.pop()
            name = f"asgiref-loop-{next(self._names)}"
        loop_thread = LoopThread(name)
        with self._lock:
            self._all.add(loop_thread)
        return loop_thread

    def release(self, loop_thread: LoopThread) -> None:
        """Give a loop thread back. Any thread may call, also one that ends; never blocks."""
        if loop_thread.pid != os.getpid():
            return
        with self._lock:
            closed = loop_thread.loop.is_closed()
            if not closed and len(self._idle) < self.MAX_IDLE:
                self._idle.append(loop_thread)
                return
            self._all.discard(loop_thread)
        if not closed:
            loop_thread.close()

    def close(self) -> None:
        """Close all loops, at interpreter exit."""
        self.closed = True
        with self._lock:
            loop_threads = [each for each in self._all if each.pid == os.getpid()]
            self._all = set()
            self._idle = []
        for loop_thread in loop_threads:
            loop_thread.close()
        for loop_thread in loop_threads:
            # One that does not end (its loop is busy with something that blocks) is a daemon.
            loop_thread.join(0.2)


#: The one pool of this process.
pool: Final = LoopThreadPool()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=pool.reset)


class Lease:
    """A thread's hold on its loop thread. It ends with the thread, whose local state owns it."""

    __slots__ = ("loop_thread",)

    def __init__(self) -> None:
        self.loop_thread: Final = pool.lease()

    # A default, for the main thread's lease ends after this module's globals are gone.
    def __del__(self, _is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        loop_thread = getattr(self, "loop_thread", None)
        if loop_thread is not None and not _is_finalizing():
            pool.release(loop_thread)


def dedicated() -> LoopThread:
    """Return this thread's own loop thread, which stays the same until this thread ends (R4).

    Raises:
        RuntimeError: when no thread can be started.

    """
    lease = thread.here.lease
    if lease is None or lease.loop_thread.loop.is_closed():
        lease = thread.here.lease = Lease()
    return lease.loop_thread
