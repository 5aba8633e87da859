"""Making an exception the one being handled, without leaving a trace on it.

Code that runs for a caller in an ``except`` block sees the same ``sys.exc_info()`` on the other
side of the bridge (R10). The only way to get there is to raise the exception again, which prepends
a traceback entry, sets its context, and may cut the context chain of whatever this thread handles
already; all three are put back. The slots are reached by `BaseException`'s own descriptors, since a
subclass may have overridden the attributes.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ("Trace", "get_context", "set_context")

_traceback: Final[Any] = BaseException.__dict__["__traceback__"]
_context: Final[Any] = BaseException.__dict__["__context__"]

#: Held while an exception is raised once more.
_raising: Final = threading.RLock()

get_context: Final[Any] = _context.__get__
set_context: Final[Any] = _context.__set__


class Trace:
    """What raising an exception once more would change, to be put back.

    Make it before the ``raise``; call `restore` in the ``except`` block.
    """

    __slots__ = ("_context", "_cut", "_exception", "_traceback")

    def __init__(self, exception: BaseException) -> None:
        # Several threads may handle the same exception, for calls that are awaited together.
        _raising.acquire()
        self._exception = exception
        self._traceback: TracebackType | None = _traceback.__get__(exception)
        self._context: BaseException | None = get_context(exception)
        #: An exception handled here already whose context is the one to be raised: raising would
        #: set that context to None, so as not to close a circle.
        self._cut: BaseException | None = None
        seen = set()
        handled = sys.exception()
        while handled is not None and id(handled) not in seen:
            seen.add(id(handled))
            following = get_context(handled)
            if following is exception:
                self._cut = handled
                break
            handled = following

    def restore(self) -> None:
        """Leave the exception as it was."""
        exception = self._exception
        _traceback.__set__(exception, self._traceback)
        set_context(exception, self._context)
        if self._cut is not None:
            set_context(self._cut, exception)
        _raising.release()
