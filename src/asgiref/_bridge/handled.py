"""Making an exception the one being handled, without leaving a trace on it.

Code that runs for a caller in an ``except`` block sees the same ``sys.exc_info()`` on the other
side of the bridge (R10). The only way to get there is to raise the exception again, which prepends
a traceback entry, sets its context, and may cut the context chain of whatever this thread handles
already; all three are put back. The slots are reached by `BaseException`'s own descriptors, since a
subclass may have overridden the attributes.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ("Reraising", "get_context", "set_context")

_traceback: Final[Any] = BaseException.__dict__["__traceback__"]
_context: Final[Any] = BaseException.__dict__["__context__"]

get_context: Final[Any] = _context.__get__
set_context: Final[Any] = _context.__set__


class Reraising:
    """``with Reraising(exception): raise exception``, and the exception is as it was before.

    The ``except`` clause around it handles the exception. Several threads may do so at a time, for
    calls that are awaited together.
    """

    __slots__ = ("_context", "_cut", "_exception", "_traceback")

    #: Held while an exception is raised once more. Renewed in the child of a fork.
    lock: ClassVar[threading.RLock] = threading.RLock()

    def __init__(self, exception: BaseException) -> None:
        self._exception: Final = exception

    def __enter__(self) -> None:
        """Note what raising the exception would change."""
        exception = self._exception
        try:
            self.lock.acquire()
            self._traceback: TracebackType | None = _traceback.__get__(exception)
            self._context: BaseException | None = get_context(exception)
            self._cut = _successor_in_chain(exception)
        except BaseException:  # a signal handler's; the lock may or may not have been acquired
            with suppress(RuntimeError):
                self.lock.release()
            raise

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Put it back."""
        try:
            exception = self._exception
            _traceback.__set__(exception, self._traceback)
            set_context(exception, self._context)
            if self._cut is not None:
                set_context(self._cut, exception)
        finally:
            self.lock.release()


def _successor_in_chain(exception: BaseException) -> BaseException | None:
    """Return the exception handled here, or one in its chain, whose context is ``exception``.

    Raising would set that context to None, so as not to close a circle.
    """
    seen = set()
    handled = sys.exception()
    while handled is not None and id(handled) not in seen:
        seen.add(id(handled))
        following: BaseException | None = get_context(handled)
        if following is exception:
            return handled
        handled = following
    return None


def _renew_lock() -> None:
    Reraising.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
