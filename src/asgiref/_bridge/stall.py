"""Reporting waits that may be a deadlock, in asyncio's debug mode (R16)."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Final

from asgiref._bridge.current_thread_executor import CurrentThreadExecutor
from asgiref._bridge.threads import WorkerExecutor

if TYPE_CHECKING:
    from types import FrameType

    from asgiref._bridge.work import Work

__all__ = ("watch",)

logger: Final = logging.getLogger("asgiref.sync")


def watch(work: Work, after: float) -> None:
    """Report ``work`` once if ``after`` seconds from now a blocked thread keeps it waiting."""
    _Watch(work).look_in(after)


class _Watch:
    """Looks twice, and reports if the home thread has not moved in between: it is blocked."""

    __slots__ = ("_frame", "_instruction", "_stack", "_work")

    #: The second look comes after this part of the time.
    _SECOND: Final = 0.1

    def __init__(self, work: Work) -> None:
        self._work: Final = work
        self._stack: Final = "".join(traceback.format_stack(sys._getframe(3)))
        self._frame: FrameType | None = None
        self._instruction = -1

    def look_in(self, after: float) -> None:
        self._work.loop.call_later(after, self._look, after)

    def _home(self) -> int | None:
        place = self._work.place
        if isinstance(place, (CurrentThreadExecutor, WorkerExecutor)):
            ident = place.thread
            return ident if isinstance(ident, int) else None
        return None

    def _look(self, after: float) -> None:
        home = self._home()
        if home is None or not self._work.is_pending():
            return
        frame = sys._current_frames().get(home)
        if frame is None:
            return
        if frame is self._frame and frame.f_lasti == self._instruction:
            self._report(home, frame)
            return
        self._frame, self._instruction = frame, frame.f_lasti
        self._work.loop.call_later(after * self._SECOND, self._look, after)

    def _report(self, home: int, frame: FrameType) -> None:
        names = {each.ident: each.name for each in threading.enumerate()}
        logger.warning(
            "%s waits for its home thread %r, which is blocked; this may be a deadlock.\n"
            "The call that waits (most recent call last):\n%s"
            "The home thread (most recent call last):\n%s",
            self._work.describe(),
            names.get(home, home),
            self._stack,
            "".join(traceback.format_stack(frame)),
        )
        self._frame = None
