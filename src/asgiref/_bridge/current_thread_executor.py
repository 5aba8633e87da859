"""The executor that works in the thread that waits: the pump."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Final, ParamSpec, Protocol, TypeVar

from asgiref._bridge.bell import Bell

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("CurrentThreadExecutor", "Item", "Submitted")

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Item(Protocol):
    """Something to do in a thread. It is done once, however many queues it stands in."""

    def run(self) -> None:
        """Do it, unless it was done or given up. Never raises, except what a signal handler did."""

    def forward(self) -> None:
        """Find another queue: this one has closed. Never raises."""


class Submitted:
    """A function that was given to `Executor.submit`, with its future."""

    __slots__ = ("_calls", "_forward", "future")

    def __init__(
        self, call: Callable[[], object], forward: Callable[[Submitted], None] | None = None
    ) -> None:
        self.future: Final[Future[object]] = Future()
        #: Whoever takes the call out is the only one to settle the future.
        self._calls: Final[list[Callable[[], object]]] = [call]
        self._forward = forward

    def run(self) -> None:
        """Call the function in this thread and set the future."""
        try:
            call = self._calls.pop()
        except IndexError:
            return  # it stood in another queue, too
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = call()
        except BaseException as exception:  # noqa: BLE001  # the future's owner decides
            self.future.set_exception(exception)
        else:
            self.future.set_result(result)
        del self

    def forward(self) -> None:
        """Go where the executor sends what it can no longer do itself, or fail."""
        if not self._calls:
            return
        if self._forward is not None:
            self._forward(self)
        else:
            self.fail(RuntimeError("the executor was shut down before the call"))

    def fail(self, exception: RuntimeError) -> None:
        """Give up the call, unless it was taken."""
        try:
            self._calls.pop()
        except IndexError:
            return
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(exception)


class CurrentThreadExecutor(Executor):
    """Runs what is submitted in the thread that made it, while that thread waits.

    Args:
        old_executor: the one to turn to when this one has ended, or None.

    """

    def __init__(self, old_executor: CurrentThreadExecutor | None) -> None:
        self.outer: Final = old_executor
        self.thread: Final = threading.get_ident()
        #: Set by this thread only, never cleared. Whoever puts, looks afterwards (I1).
        self.closed: bool = False
        self._items: Final[deque[Item]] = deque()
        self._bell: Final = Bell()

    def put(self, item: Item) -> None:
        """Have ``item`` run in this executor's thread. Any thread may call; never blocks."""
        self._items.append(item)
        self._bell.ring()
        if self.closed:
            self._drain()

    def notify(self) -> None:
        """Make the waiting thread look around."""
        self._bell.ring()

    def serve(self, is_over: Callable[[], bool], interval: float = -1) -> bool:
        """Run items until the thread that would stop it says so. Only for the own thread.

        Args:
            is_over: asked whenever there is nothing to do; whoever makes it true calls `notify`.
            interval: seconds without anything to do after which to return anyway; -1 for never.

        Returns:
            Whether it is over.

        Raises:
            BaseException: what a signal handler raised. Calling again goes on (I5).

        """
        items = self._items
        while True:
            while items:
                items[0].run()
                items.popleft()
            if is_over():
                return True
            if not self._bell.wait(interval):
                return is_over()

    def close(self) -> None:
        """Stop: whatever is and will be put in goes to the next choice."""
        self.closed = True
        if self._items:
            self._drain()

    def _drain(self) -> None:
        # Another thread may drain too; an item that was sent twice runs once.
        items = self._items
        while True:
            try:
                item = items[0]
            except IndexError:
                return
            item.forward()
            try:
                items.remove(item)
            except ValueError:
                pass

    def run_until_future(self, future: Future[object]) -> None:
        """Run what is submitted until ``future`` is done, then end. Only for the own thread."""
        if threading.get_ident() != self.thread:
            raise RuntimeError(
                "run_until_future must be called in the thread that made the executor"
            )
        future.add_done_callback(self._on_done)
        try:
            self.serve(future.done)
        finally:
            self.close()

    def _on_done(self, _: Future[object]) -> None:
        self.notify()

    def submit(self, fn: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_R]:
        """Have ``fn(*args, **kwargs)`` called in this executor's thread.

        Returns:
            Its future.

        Raises:
            RuntimeError: in the executor's own thread, which could never run it; or after the
                executor ended, if no outer one is still running.

        """
        if threading.get_ident() == self.thread:
            raise RuntimeError("You cannot submit onto CurrentThreadExecutor from its own thread")
        executor: CurrentThreadExecutor | None = self
        while executor is not None and executor.closed:
            executor = executor.outer
        if executor is None:
            raise RuntimeError("CurrentThreadExecutor already quit or is broken")
        item = Submitted(lambda: fn(*args, **kwargs), self._forward)
        executor.put(item)
        return item.future  # type: ignore[return-value]  # what fn returns is what the future gets

    def _forward(self, item: Submitted) -> None:
        executor: CurrentThreadExecutor | None = self.outer
        while executor is not None and executor.closed:
            executor = executor.outer
        if executor is not None:
            executor.put(item)
        else:
            item.fail(RuntimeError("CurrentThreadExecutor already quit or is broken"))
