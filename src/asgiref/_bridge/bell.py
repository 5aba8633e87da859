"""Waking a thread that looks for news."""

from __future__ import annotations

import threading
from typing import Final

__all__ = ("Bell",)

#: Seconds after which the main thread interrupts its wait, to look for signals.
_GLANCE: Final = 0.25


class Bell:
    """One thread waits for the bell, others ring it. Ringing twice is as good as once (I2).

    Whoever rings has put the news in its place before; the one who waits looks there before each
    wait, so that a ring that was meant for earlier news costs one look and nothing is missed.
    """

    __slots__ = ("_silence",)

    def __init__(self) -> None:
        #: Held unless the bell has rung.
        self._silence: Final = threading.Lock()
        self._silence.acquire()

    def ring(self) -> None:
        """Wake the thread that waits, or the next that will. Never blocks."""
        silence = self._silence
        if silence.locked():
            try:
                silence.release()
            except RuntimeError:
                pass  # another thread was faster

    def wait(self, timeout: float = -1) -> bool:
        """Wait for a ring.

        Args:
            timeout: seconds to wait at most; -1 for no limit.

        Returns:
            Whether it rang.

        """
        acquire = self._silence.acquire
        if timeout >= 0 or threading.get_ident() != threading.main_thread().ident:
            return acquire(timeout=timeout)
        # A signal does not end the wait for a lock if it comes in the moment before, or to another
        # thread of the process; its handler would not run until the bell rings (I7).
        while not acquire(timeout=_GLANCE):
            pass
        return True
