"""Taking turns on a context that the user gave (``context=``): it can be entered once at a time.

A work takes its context when a thread is about to run it, so whoever has a context is running, and
never stands in a queue behind somebody that waits for it. A work that finds its context taken is
parked, leaves the thread to others, and is sent again when the context is free.
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


class _Turns:
    """Who is in a context, and who waits for it, in order."""

    __slots__ = ("context", "holder", "parked")

    def __init__(self, context: Context, holder: Work) -> None:
        #: Kept so that its ``id`` stays its own.
        self.context: Final = context
        self.holder: Final = holder
        self.parked: Final[deque[Work]] = deque()


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
        if not _descends(work, turns.holder):
            turns.parked.append(work)
            return False
        holder = turns.holder
    raise RuntimeError(
        f"deadlock: {work.describe()} asks for context={context!r}, which is in use by "
        f"{holder.describe()}, which waits for it; give the inner call a copy of the context"
    )


def release(context: Context, work: Work) -> None:
    """Leave ``context``, if ``work`` has it, and send those that wait. Any thread may call."""
    with _lock:
        turns = _in_use.get(id(context))
        if turns is None or turns.holder is not work:
            return
        del _in_use[id(context)]
    for parked in turns.parked:
        parked.forward()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=reset)
