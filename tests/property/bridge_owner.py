"""What belongs to one event loop of a program, and has to end before the loop does."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


def set_done(future: asyncio.Future[None]) -> None:
    """Set the future unless it is done."""
    if not future.done():
        future.set_result(None)


async def for_ever() -> None:
    """Never end, except by cancellation."""
    await asyncio.get_running_loop().create_future()


class Owner:
    """What has to be done before the outermost coroutine on a loop may end, and before the loop."""

    def __init__(self, outer: Owner | None = None) -> None:
        """Belong to the same loop as ``outer``, or to a new one."""
        self.loop = asyncio.get_running_loop()
        self.gate: asyncio.Future[None] = self.loop.create_future()
        self.detached: list[asyncio.Task[None]] = []
        same = outer is not None and outer.loop is self.loop
        self.left: list[asyncio.Task[Any]] = outer.left if outer is not None and same else []
        self.generators: list[Generator] = outer.generators if outer is not None and same else []
        self._lock = threading.Lock()
        self._running = 0
        self._idle: asyncio.Future[None] | None = None

    def enter(self) -> None:
        """Count a function that runs in another thread."""
        with self._lock:
            self._running += 1

    def leave(self) -> None:
        """Count it back. Any thread."""
        with self._lock:
            self._running -= 1
            idle = self._idle if not self._running else None
        if idle is not None:
            self.loop.call_soon_threadsafe(set_done, idle)

    async def finish(self) -> None:
        """Run the detached tasks; wait for the functions whose tasks have gone."""
        cancelled: asyncio.CancelledError | None = None
        while True:
            if not self.gate.done():
                self.gate.set_result(None)
            try:
                pending = [task for task in self.detached if not task.done()]
                if pending:
                    await asyncio.wait(pending)
                    continue
                with self._lock:
                    if not self._running:
                        break
                    self._idle = idle = self.loop.create_future()
                await idle
            except asyncio.CancelledError as error:
                cancelled = error
                for task in self.detached:
                    task.cancel()
        for task in self.detached:
            if not task.cancelled():
                task.result()
        if cancelled is not None:
            raise cancelled


@dataclass(eq=False)
class Generator:
    """An async generator that somebody has begun to iterate over."""

    iterator: AsyncGenerator[None, None] | None = None
    closed: bool = False

    async def steps(self) -> AsyncGenerator[None, None]:
        """Yield for ever."""
        try:
            while True:
                yield
        finally:
            self.closed = True
