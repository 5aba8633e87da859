"""Where threads leave news for tasks: one wake-up of the loop for a whole batch."""

from __future__ import annotations

import weakref
from collections import deque
from contextvars import Context
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from asgiref._bridge.driven_loop import DrivenLoop

__all__ = ("Letter", "Mailbox")


class Letter(Protocol):
    """Something that a task waits for."""

    def wake(self) -> None:
        """Make the task look. In the thread of the loop; may be called for nothing."""

    def wake_soon(self) -> None:
        """Do the same in a callback of its own, for debug mode."""


class Mailbox:
    """The letters for the tasks of one loop. Any thread delivers; the loop's thread empties it.

    It must not keep the loop: the loop's thread keeps the mailbox.
    """

    __slots__ = ("_context", "_letters", "_scheduled", "driven", "lock", "loop", "thread")

    def __init__(self, loop: AbstractEventLoop, driven: DrivenLoop | None) -> None:
        self.loop: Final = weakref.ref(loop)
        #: What async_to_sync knows of the loop, if it drives it.
        self.driven: Final = driven
        #: The identifier of the thread that runs the loop.
        self.thread: Final = get_ident()
        #: For those who deliver, and those who wait, to agree about a letter.
        self.lock: Final = Lock()
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
        try:
            self._scheduled = True
            loop = self.loop()
            if loop is not None:
                loop.call_soon_threadsafe(self._empty, context=self._context)
        except RuntimeError:  # closed: nobody waits there any more
            self._letters.clear()
            self._scheduled = False
        except BaseException:
            # A signal handler raised it, perhaps before the loop was told. The letter will be
            # delivered again (I5), and then the loop must be.
            self._scheduled = False
            raise

    def _empty(self) -> None:
        letters = self._letters
        try:
            self._scheduled = False
            loop = self.loop()
            debug = loop is not None and loop.get_debug()
            while letters:
                letter = letters[0]
                if debug:
                    letter.wake_soon()
                else:
                    letter.wake()
                # It may have run the loop, and so this, itself.
                if letters and letters[0] is letter:
                    letters.popleft()
        finally:
            # A KeyboardInterrupt, out of a task or between two: the rest follows when the loop runs
            # again. The first may be woken once more, for nothing.
            if letters and not self._scheduled:
                loop = self.loop()
                if loop is not None and not loop.is_closed():
                    self._scheduled = True
                    loop.call_soon(self._empty, context=self._context)
