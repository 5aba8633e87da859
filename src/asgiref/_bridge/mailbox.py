"""Where threads leave news for tasks: one wake-up of the loop for a whole batch."""

from __future__ import annotations

import weakref
from collections import deque
from contextvars import Context
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

__all__ = ("Letter", "Mailbox")


class Letter(Protocol):
    """Something that a task waits for."""

    def wake(self) -> None:
        """Called in the thread of the loop; may be called more often than needed."""


class Mailbox:
    """The letters for the tasks of one loop. Any thread delivers; the loop's thread empties it.

    It must not keep the loop: the loop's thread keeps the mailbox.
    """

    __slots__ = ("_context", "_letters", "_scheduled", "loop")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.loop: Final = weakref.ref(loop)
        self._letters: Final[deque[Letter]] = deque()
        #: The loop has been told and has not yet begun to empty. Set after a letter was put in and
        #: cleared before the first is taken out, so no letter is left behind (I1); that two
        #: threads may both find it unset costs a second wake-up.
        self._scheduled = False
        #: Not the deliverer's: its variables are of no concern here, and copying it costs time.
        self._context: Final = Context()

    def deliver(self, letter: Letter) -> None:
        """Have ``letter.wake()`` called in the loop's thread, unless the loop is closed."""
        self._letters.append(letter)
        if self._scheduled:
            return
        self._scheduled = True
        loop = self.loop()
        try:
            if loop is not None:
                loop.call_soon_threadsafe(self._empty, context=self._context)
        except RuntimeError:  # closed: nobody waits there any more
            self._letters.clear()

    def _empty(self) -> None:
        self._scheduled = False
        letters = self._letters
        try:
            while letters:
                letters[0].wake()
                letters.popleft()
        finally:
            # A KeyboardInterrupt between two letters: the rest follows when the loop runs again.
            if letters and not self._scheduled:
                loop = self.loop()
                if loop is not None and not loop.is_closed():
                    self._scheduled = True
                    loop.call_soon(self._empty, context=self._context)
