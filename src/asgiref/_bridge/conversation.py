"""A coroutine that a thread waits for several times: it runs on between the waits.

`async_to_sync` waits once, to the end. An iteration, or a response that is sent block by block,
waits for each step, and does something of its own between the steps. It stays one call all the
while: one task in one context on one loop, whose thread-sensitive code runs in the thread that
started it, whenever that thread waits.
"""

from __future__ import annotations

import sys
import threading
from asyncio import CancelledError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from asgiref._bridge import loop_threads
from asgiref._bridge.async_to_sync import LEFT, AsyncToSync
from asgiref._bridge.call import Call
from asgiref._bridge.context import adopt, storage
from asgiref._bridge.state import frame, single_thread_context, thread

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Coroutine, Iterator

__all__ = ("Conversation",)

_R = TypeVar("_R")


class Conversation(Generic[_R]):
    """One coroutine in flight that the thread that made this waits for in several waits.

    Only that thread may wait. It starts the coroutine with its first wait.

    Args:
        function: gives the coroutine; called at once, in this thread.
        loop: where to run it; None for the loop that `async_to_sync` would use here. It must be
            running.
    """

    __slots__ = ("_call", "_foreign", "_launched", "_seen", "notify")

    def __init__(
        self, function: Callable[[], Coroutine[Any, Any, _R]], loop: AbstractEventLoop | None = None
    ) -> None:
        work = thread.here.work
        self._foreign = loop is not None
        if loop is None and work is not None and work.loop.is_running():
            loop, self._foreign = work.loop, True
        if loop is None:
            single = single_thread_context.get()
            loop_thread = None if single is None else single.loop_thread()
            loop = (loop_thread or loop_threads.dedicated()).loop
        self._call: Final = Call(AsyncToSync(function), function(), sys.exc_info(), work)
        self._call.loop = loop
        self._call.drives = False
        self._call.fork_context()
        #: Make the waiting thread look whether what it waits for is there. Any thread may call.
        self.notify: Final[Callable[[], None]] = self._call.inbox.notify
        self._launched = False
        #: What the context of the task held when this thread last took its changes.
        self._seen = self._call.given

    @property
    def over(self) -> bool:
        """Whether the coroutine has ended, and what it started was cleaned up."""
        return self._call.over

    @contextmanager
    def _blocked(self, *, quietly: bool) -> Iterator[None]:
        """Let a cancellation of the task that waits for this thread reach the coroutine.

        That is the task of now: an iteration may be begun in one call and continued in another.

        Raises:
            asyncio.CancelledError: once, if that task was cancelled and has gone (R13), unless
                ``quietly``.

        """
        work = thread.here.work
        if work is None:
            yield
            return
        if not work.block(self._call, quietly=quietly):
            raise CancelledError(LEFT)
        try:
            yield
        finally:
            work.unblock()

    def wait(self, ready: Callable[[], bool]) -> bool:
        """Serve the coroutine until ``ready()`` is true or it is over.

        Args:
            ready: asked in this thread; whoever makes it true calls `notify`.

        Returns:
            Whether ``ready()`` is true; if not, the coroutine is over, and `result` tells how.

        Raises:
            BaseException: what a signal handler raised here; the coroutine was cancelled and is
                over.
            asyncio.CancelledError: once, if the task that waited for this thread has gone (R13).

        """
        self._wait(ready, quietly=False)
        return ready()

    def _wait(self, ready: Callable[[], bool], *, quietly: bool) -> None:
        call = self._call
        with self._blocked(quietly=quietly):
            # Once more if a signal handler raised before it was; that does no harm.
            launch = None if call.started else call.hand_over
            self._launched = True
            call.serve(launch, lambda: ready() or call.over, foreign=self._foreign)
        context = call.context
        if context is not None and storage(context) is not self._seen:
            self._seen = storage(context)
            adopt(context, frame)

    def result(self) -> _R:
        """Wait for the end, and return or raise what the coroutine returned or raised."""
        self.wait(lambda: False)
        self._call.inbox.close()
        result: _R = self._call.outcome()
        return result

    def close(self) -> None:
        """Cancel the coroutine if it runs, and wait for its end.

        In another thread than that which made this (a finalizer): cancel, and do not wait.

        Raises:
            BaseException: what the coroutine raised in its clean-up.

        """
        call = self._call
        loop = call.loop
        assert loop is not None
        call.cancelled = True
        if not self._launched:
            self._launched = True
            call.refuse(CancelledError())
        try:
            if not call.over:
                loop.call_soon_threadsafe(call.cancel)
                if threading.get_ident() == call.inbox.thread:
                    self._wait(lambda: False, quietly=True)
        except RuntimeError:
            if not loop.is_closed():
                raise
        finally:
            call.inbox.close()
        exception, call.exception, call.result = call.exception, None, None
        if call.over:
            call.owner = call.context = call.given = None  # which lead back to here
        if exception is not None and not isinstance(exception, CancelledError):
            try:
                raise exception
            finally:
                del exception
