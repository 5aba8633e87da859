"""Taking turns on a context that the user gave (``context=``): it can be entered once at a time.

A work takes its context when a thread is about to run it, so whoever has a context is running, and
never stands in a queue behind somebody that waits for it. A work that finds its context taken is
parked, and leaves the thread to others.

When the context is free, parked works are *called*: they are sent again, and the first to run takes
it, called or not. The context must not be given to one of them, which may then stand in a queue
behind somebody that waits for another one. Nor is it enough to call the one that waited longest,
for the same reason; but one of those that stand in the same queue is, since they would wait for
each other anyway. So calling costs the same however many wait.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from contextvars import Context

    from asgiref._bridge.work import Work

__all__ = ("release", "reset", "take")


class _Parked:
    """Those who wait for a context and would stand in the same queue."""

    __slots__ = ("called", "place", "waiting")

    def __init__(self, place: object) -> None:
        #: Kept so that its ``id`` stays its own.
        self.place: Final = place
        self.waiting: Final[deque[Work]] = deque()
        #: Sent again, and not yet about to run.
        self.called: Final[set[Work]] = set()

    def call(self) -> list[Work]:
        """Return whom to send: the first, or all where they may part, if nobody was called."""
        chosen: list[Work] = []
        parting = getattr(self.place, "closed", False)  # a pump that has ended
        while self.waiting and (parting or not (self.called or chosen)):
            work = self.waiting.popleft()
            if work.is_pending():
                chosen.append(work)
        self.called.update(chosen)
        return chosen


class _Turns:
    """Who is in a context, and who waits for it, in order."""

    __slots__ = ("context", "holder", "parked", "sending", "to_send")

    def __init__(self, context: Context, holder: Work) -> None:
        #: Kept so that its ``id`` stays its own.
        self.context: Final = context
        #: None while those that were called are on their way.
        self.holder: Work | None = holder
        #: By the ``id`` of the place.
        self.parked: Final[dict[int, _Parked]] = {}
        self.to_send: Final[deque[Work]] = deque()
        #: A thread is at it. Where an executor runs what it gets at once, that ends the work, which
        #: calls the next: one after the other, not one inside the other.
        self.sending: bool = False

    def park(self, work: Work) -> None:
        parked = self.parked.get(id(work.place))
        if parked is None:
            parked = self.parked[id(work.place)] = _Parked(work.place)
        parked.waiting.append(work)

    def arrived(self, work: Work) -> bool:
        """Note that a work is about to run, or never will. Return whether it had been called."""
        for parked in list(self.parked.values()):
            if work in parked.called:
                parked.called.remove(work)
                return True
        return False

    def call(self) -> None:
        """Choose those to be sent, and forget the places where nobody is left."""
        for key, parked in list(self.parked.items()):
            self.to_send.extend(parked.call())
            if not parked.waiting and not parked.called:
                del self.parked[key]


# Contexts cannot be hashed. Both names below are guarded by the lock.
_in_use: dict[int, _Turns] = {}
# Re-entrant: a finalizer may end a work, in the middle of anything.
_lock = threading.RLock()


def reset() -> None:
    """Forget all turns: their holders did not follow into the child of a fork."""
    global _in_use, _lock  # noqa: PLW0603  # a lock may have been held by a thread that is gone
    _in_use = {}
    _lock = threading.RLock()


def _descends(work: Work, holder: Work) -> bool:
    ancestor: Work | None = work
    while ancestor is not None:
        if ancestor is holder:
            return True
        ancestor = ancestor.parent()
    return False


def take(context: Context, work: Work) -> bool:
    """Take ``context`` for ``work``, or park ``work`` until it is free.

    Returns:
        Whether ``work`` has the context.

    Raises:
        RuntimeError: if ``work`` descends from the work that is in the context, which therefore
            cannot leave it before ``work`` has run (R15).

    """
    with _lock:
        turns = _in_use.get(id(context))
        if turns is None:
            _in_use[id(context)] = _Turns(context, work)
            return True
        if turns.holder is work:
            return True
        turns.arrived(work)
        if turns.holder is None:
            turns.holder = work
            return True
        if not _descends(work, turns.holder):
            turns.park(work)
            return False
        holder = turns.holder
    raise RuntimeError(
        f"deadlock: {work.describe()} asks for context={context!r}, which is in use by "
        f"{holder.describe()}, which waits for it; give the inner call a copy of the context"
    )


def release(context: Context, work: Work) -> None:
    """Leave ``context``, if ``work`` has it or was called, and call those that wait. Any thread."""
    with _lock:
        turns = _in_use.get(id(context))
        if turns is None:
            return
        if turns.holder is work:
            turns.holder = None
        elif not turns.arrived(work) or turns.holder is not None:
            return
        turns.call()
        if not turns.parked:
            del _in_use[id(context)]
        if turns.sending:
            return
        turns.sending = True
    interruption: BaseException | None = None
    while True:
        try:
            with _lock:
                if not turns.to_send:
                    turns.sending = False
                    break
                called = turns.to_send[0]
            called.forward()
            with _lock:
                turns.to_send.popleft()
        except BaseException as raised:  # noqa: BLE001  # a signal handler's, raised below
            interruption = raised  # sending again does no harm
    if interruption is not None:
        raise interruption


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=reset)
