"""Refusing a call that is nested too deeply, while there is still room to do so.

Calls that go on nesting, most often by mistake, use up the stack of the home thread, and that of
the loop by the chain of their coroutines. Where it ends, ``RecursionError`` is raised, and that may
be in the middle of a hand-over: one side has gone then, and the other waits for it. So a call that
begins below most of the stack is refused before anything is handed over.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asgiref._bridge.state import Frame

__all__ = ("check",)

#: Calls less nested are not looked at, which costs more than the rest of this.
_HARMLESS: Final = 3

#: How much of the stack may be in use, in percent. The rest is for the bridge and for what the
#: interpreter counts apart from frames.
_USABLE: Final = 85


def check(here: Frame | None) -> None:
    """Raise if a call below ``here`` has too little of the running thread's stack left.

    Raises:
        RecursionError: says how deeply the calls are nested.

    """
    nested, frame = 0, here
    while frame is not None and frame.work is not None:
        nested += 1
        frame = frame.work.frame
        if nested == _HARMLESS and not _is_most_of_the_stack_used():
            return
    if nested >= _HARMLESS:
        raise RecursionError(
            f"async_to_sync and sync_to_async are nested {nested} deep, and the stack is nearly "
            f"full: its limit is {sys.getrecursionlimit()} (sys.setrecursionlimit)"
        )


def _is_most_of_the_stack_used() -> bool:
    try:
        sys._getframe(sys.getrecursionlimit() * _USABLE // 100)
    except ValueError:
        return False
    return True
