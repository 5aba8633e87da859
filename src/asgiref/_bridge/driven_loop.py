"""A loop that async_to_sync drives: what its calls leave behind is known, and cleaned up.

asyncio can list the tasks of a loop only by looking at all tasks of all loops, and can close the
async generators of a loop only once in its life. So a driven loop keeps its own books: each task
that is created on it, and each async generator that is first iterated on it, is entered in the
call from which it descends.
"""

from __future__ import annotations

import asyncio
import sys
import weakref
from typing import TYPE_CHECKING, Any, Final

from asgiref._bridge.state import Frame, frame, thread

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine

    from asgiref._bridge.current_thread_executor import CurrentThreadExecutor

__all__ = ("DrivenLoop", "RootFrame")


class RootFrame(Frame):
    """The frame of an outermost call on a driven loop, with the books of what it started."""

    __slots__ = ("asyncgens", "drives", "dropped", "over", "tasks")

    def __init__(self, pump: CurrentThreadExecutor | None) -> None:
        super().__init__(pump, None, self)
        #: Tasks that are not done. Only the loop's thread uses it.
        self.tasks: set[asyncio.Task[Any]] = set()
        #: Async generators that were started. Only the loop's thread uses it.
        self.asyncgens: weakref.WeakSet[AsyncGenerator[Any, Any]] | None = None
        #: Those that were dropped, until they are being closed. Only the loop's thread uses it.
        self.dropped: list[AsyncGenerator[Any, Any]] | None = None
        #: A thread waits for this all the time, and so drives the loop; not so between the steps
        #: of an iteration.
        self.drives: bool = True
        #: Nothing is entered any more.
        self.over: bool = False

    async def clean_up(self) -> None:
        """Cancel and await the tasks that are left, and close the async generators (R4)."""
        loop = asyncio.get_running_loop()
        cancelled: set[asyncio.Task[Any]] = set()
        while tasks := {task for task in self.tasks if not task.done()}:
            for task in tasks - cancelled:
                task.cancel()
            cancelled |= tasks
            done, _ = await asyncio.wait(tasks)
            for task in done:
                self.tasks.discard(task)
                if not task.cancelled() and (exception := task.exception()) is not None:
                    loop.call_exception_handler(
                        {
                            "message": "unhandled exception in a task left behind by async_to_sync",
                            "exception": exception,
                            "task": task,
                        }
                    )
        # A task that ended in this very step of the loop has not yet said so.
        self.tasks.clear()
        asyncgens = [*(self.asyncgens or ()), *(self.dropped or ())]
        self.asyncgens = None
        if self.dropped is not None:
            self.dropped.clear()
        for asyncgen in asyncgens:
            try:
                await asyncgen.aclose()
            except Exception as exception:  # noqa: BLE001  # reported, as asyncio does
                loop.call_exception_handler(
                    {
                        "message": "an async generator left behind by async_to_sync did not close",
                        "exception": exception,
                        "asyncgen": asyncgen,
                    }
                )


class DrivenLoop:
    """A new event loop, made as the policy says, and the outermost calls that run on it."""

    __slots__ = ("_create_task", "loop", "roots")

    def __init__(self) -> None:
        self.loop: Final = asyncio.new_event_loop()
        #: The outermost calls and unfinished iterations of now. Only the loop's thread changes it.
        self.roots: list[RootFrame] = []
        # Not a task factory, which users set.
        self._create_task: Callable[..., asyncio.Task[Any]] = self.loop.create_task
        self.loop.create_task = self.create_task  # type: ignore[method-assign, assignment]  # above
        # The loop sets the hooks of its thread each time it starts to run; ours come next, before
        # any task.
        self.loop.call_soon(self._hook_asyncgens)

    def pump(self) -> CurrentThreadExecutor | None:
        """Return the home that this loop gives to tasks whose context names none."""
        for root in reversed(tuple(self.roots)):  # asked by other threads too
            if root.drives and root.pump is not None and not root.pump.closed:
                return root.pump
        return None

    def root_of(self, here: Frame | None) -> RootFrame | None:
        """Return the outermost call on this loop from which a frame descends, if it is not over."""
        root = None if here is None else here.root
        if isinstance(root, RootFrame) and not root.over and root in self.roots:
            return root
        return None

    def _root(self) -> RootFrame | None:
        """Return the outermost call that answers for what the running code starts."""
        root = self.root_of(frame.get())
        if root is not None:
            return root
        return next((root for root in reversed(self.roots) if root.drives), None)

    def create_task(self, coro: Coroutine[Any, Any, Any], **options: Any) -> asyncio.Task[Any]:
        """Create a task as the loop itself does, and enter it in the books of its call."""
        task = self._create_task(coro, **options)
        root = self._root()
        if root is not None and not task.done():
            root.tasks.add(task)
            task.add_done_callback(root.tasks.discard)
        return task

    def create_unlisted_task(
        self, coro: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        """Create a task that nobody cleans up: that of a call itself."""
        return self._create_task(coro, **options)

    def run_forever(self) -> None:
        """Run until the loop is stopped, whatever a task raises."""
        outer, thread.here.driven = thread.here.driven, self
        try:
            while True:
                try:
                    self.loop.run_forever()
                except (KeyboardInterrupt, SystemExit):
                    # Raised by a step of some task, which keeps it as its exception. The loop's
                    # other tasks have nothing to do with it.
                    continue
                finally:
                    self.loop.call_soon(self._hook_asyncgens)
                return
        finally:
            thread.here.driven = outer

    def _hook_asyncgens(self) -> None:
        hooks = sys.get_asyncgen_hooks()
        loops_own, loops_own_finalizer = hooks
        # This thread runs one loop at a time, and puts the hooks back when that loop stops.

        def on_first_iteration(asyncgen: AsyncGenerator[Any, Any]) -> None:
            root = self._root()
            if root is not None:
                if root.asyncgens is None:
                    root.asyncgens = weakref.WeakSet()
                root.asyncgens.add(asyncgen)
            if loops_own is not None:
                loops_own(asyncgen)

        def on_drop(asyncgen: AsyncGenerator[Any, Any]) -> None:
            root = self._root() if asyncio._get_running_loop() is self.loop else None
            if root is not None:
                self._close_soon(asyncgen, root)
            elif loops_own_finalizer is not None:
                loops_own_finalizer(asyncgen)

        sys.set_asyncgen_hooks(firstiter=on_first_iteration, finalizer=on_drop)

    def _close_soon(self, asyncgen: AsyncGenerator[Any, Any], root: RootFrame) -> None:
        """Close a dropped generator as the loop itself would, or when ``root`` ends before."""
        dropped = root.dropped
        if dropped is None:
            dropped = root.dropped = []
        dropped.append(asyncgen)

        def close() -> None:
            if asyncgen in dropped:
                dropped.remove(asyncgen)
                _ = self.loop.create_task(asyncgen.aclose())  # kept in the books

        self.loop.call_soon(close)

    def _run_to_end(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        # Unlisted, or cleaning up would clean up itself.
        task = self.create_unlisted_task(coroutine)
        while not task.done():
            try:
                self.loop.run_until_complete(task)
            except (KeyboardInterrupt, SystemExit):
                continue  # raised by a step of some other task, which keeps it

    def close(self) -> None:
        """Cancel what is left, close the loop. The loop must have stopped."""
        loop = self.loop
        outer, thread.here.driven = thread.here.driven, self
        try:
            for root in tuple(self.roots):
                self._run_to_end(root.clean_up())
            leftover = [task for task in asyncio.all_tasks(loop) if not task.done()]
            for task in leftover:
                task.cancel()
            if leftover:
                self._run_to_end(asyncio.wait(leftover))
            self._run_to_end(loop.shutdown_asyncgens())
        finally:
            thread.here.driven = outer
            del loop.create_task  # the instance's: a reference to itself
            loop.close()
