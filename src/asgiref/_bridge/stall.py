"""Reporting waits that may be a deadlock, in asyncio's debug mode (R16)."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import traceback
import weakref
from contextvars import Context
from typing import TYPE_CHECKING, Final

from asgiref._bridge.current_thread_executor import CurrentThreadExecutor
from asgiref._bridge.threads import WorkerExecutor

if TYPE_CHECKING:
    from types import FrameType

    from asgiref._bridge.work import Work

__all__ = ("watch",)

logger: Final = logging.getLogger("asgiref.sync")


#: The calls of now in debug mode: they tell which threads of a foreign executor do what.
_watched: Final[weakref.WeakSet[Work]] = weakref.WeakSet()


def watch(work: Work, after: float) -> None:
    """Report ``work`` once if ``after`` seconds from now blocked threads keep it waiting."""
    _watched.add(work)
    # In no context, which would be kept alive for as long.
    work.loop.call_later(after, _Watch(work).look, after, context=Context())


class _Watch:
    """Looks twice, and reports if no thread has moved in between that could do the work."""

    __slots__ = ("_seen", "_stack", "_task", "_work")

    #: The second look comes after this part of the time.
    _SECOND: Final = 0.1

    def __init__(self, work: Work) -> None:
        #: Weak: a call that is over must not wait for its watch.
        self._work: Final = weakref.ref(work)
        self._stack: Final = "".join(traceback.format_stack(sys._getframe(3)))
        task = asyncio.current_task(work.loop)
        #: Whoever made the task is not on its stack.
        self._task: Final = "no task" if task is None else task.get_name()
        #: Each thread's innermost frame, and where in it the thread was.
        self._seen: dict[int, tuple[FrameType, int]] = {}

    @staticmethod
    def _threads(work: Work) -> set[int]:
        """Return the identifiers of the threads for which the work waits."""
        place = work.place
        if isinstance(place, (CurrentThreadExecutor, WorkerExecutor)):
            return set() if place.thread is None else {place.thread}
        return {
            each.runs_in
            for each in list(_watched)
            if each.place is place and each.runs_in is not None
        }

    def look(self, after: float) -> None:
        """Look whether the work still waits, and for whom."""
        work = self._work()
        if work is None or not work.is_pending():
            self._seen.clear()
            return
        frames = sys._current_frames()
        threads = self._threads(work)
        now = {each: (frames[each], frames[each].f_lasti) for each in threads if each in frames}
        seen, self._seen = self._seen, now
        if not now:
            return  # nothing is known of who keeps it waiting
        if now == seen:
            self._report(work, now)
            self._seen.clear()
        else:
            again = after * (1 - self._SECOND) if seen else after * self._SECOND
            work.loop.call_later(again, self.look, after, context=Context())

    def _report(self, work: Work, threads: dict[int, tuple[FrameType, int]]) -> None:
        names = {each.ident: each.name for each in threading.enumerate()}
        ident, (frame, _) = next(iter(threads.items()))
        logger.warning(
            "%s, in %s, waits for %s thread %r, which is blocked%s; this may be a deadlock.\n"
            "The call that waits (most recent call last):\n%s"
            "The thread (most recent call last):\n%s",
            work.describe(),
            self._task,
            "its home" if work.sensitive else "a",
            names.get(ident, ident),
            f", like {len(threads) - 1} more of that executor" if len(threads) > 1 else "",
            self._stack,
            "".join(traceback.format_stack(frame)),
        )
