"""Telling a context that the bridge carried to a thread from one that a thread inherited.

Interpreters may start each thread with a copy of its starter's context
(``sys.flags.thread_inherit_context``, the default of free-threaded builds from 3.14 on). A `Local`
that lived by its context alone would then be seen by threads that are nobody's: isolation comes
first (R9). So under that flag a context also says in which thread it is at home, and the bridge,
which knows when it takes a context along, corrects that. Elsewhere nothing of this runs.
"""

from __future__ import annotations

import sys
from contextvars import Context, ContextVar
from threading import get_ident
from typing import Final

__all__ = ("INHERITED", "Tree", "arrive", "depart", "grow", "join", "tree")

#: Whether new threads start with a copy of their starter's context.
INHERITED: bool = bool(getattr(sys.flags, "thread_inherit_context", False))


class Tree:
    """The identity of a call tree in which something was written to a `Local`."""

    __slots__ = ()


#: The tree of a context, and the identifier of the thread where that is true.
_place: Final[ContextVar[tuple[Tree, int] | None]] = ContextVar("asgiref.place", default=None)


def tree() -> Tree | None:
    """Return the call tree of the running context, or None in a thread that only inherited it."""
    place = _place.get()
    return None if place is None or place[1] != get_ident() else place[0]


def grow() -> Tree:
    """Return the call tree of the running context, a new one if it has none."""
    here = tree()
    if here is None:
        here = Tree()
        _place.set((here, get_ident()))
    return here


def depart() -> None:
    """Prepare a copy, in which this runs, for another thread: leave behind what is not ours."""
    if tree() is None and _place.get() is not None:
        _place.set(None)


def arrive() -> None:
    """Make the running context, which the bridge has brought, at home in this thread."""
    place = _place.get()
    if place is not None:
        _place.set((place[0], get_ident()))


def join(context: Context) -> None:
    """Make the running context part of the tree of ``context``, from which it takes values."""
    place = context.get(_place)
    if place is not None and tree() is not place[0]:
        _place.set((place[0], get_ident()))
