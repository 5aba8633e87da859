"""An application's own event loop, in a thread of its own, with its lifespan."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from contextvars import Context
from typing import TYPE_CHECKING, Any, Final

from asgiref._adapters.lifespan_runner import LifespanMode, LifespanRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from asgiref._protocol.applications import ASGI3Application

__all__ = ("ApplicationLoop",)

_logger: Final = logging.getLogger("asgiref.wsgi")


class ApplicationLoop:
    """Runs one application for as long as it is served.

    Unlike the loops that ``async_to_sync`` keeps, this one is a server's: tasks that a request
    starts and leaves go on, until the application is shut down.

    Args:
        application: an ASGI 3 application.
        lifespan: whether it takes part in lifespan.

    Raises:
        RuntimeError: it did not start up, or no thread could be started.
    """

    def __init__(self, application: ASGI3Application, lifespan: LifespanMode) -> None:
        self.application = application
        #: The process that the thread lives in.
        self.process = os.getpid()
        # The policy decides: uvloop's is followed.
        self.loop = asyncio.new_event_loop()
        self._closing = False
        self._thread = threading.Thread(
            target=self._serve, name="asgiref-asgi-to-wsgi", daemon=True
        )
        self._thread.start()
        try:
            self._lifespan: LifespanRunner = self._run(lambda: self._start(lifespan))
        except BaseException:
            self._end()
            raise

    @property
    def state(self) -> dict[str, Any] | None:
        """What the application left at startup for its requests."""
        return self._lifespan.state

    async def _start(self, lifespan: LifespanMode) -> LifespanRunner:
        runner = LifespanRunner(self.application, lifespan)
        await runner.start()
        return runner

    def _run(self, function: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Run a coroutine in the loop, as no part of the request that happened to need it."""
        return Context().run(asyncio.run_coroutine_threadsafe, function(), self.loop).result()

    def stop(self) -> None:
        """Shut the application down, and end the thread and what still runs in it."""
        try:
            self._run(self._lifespan.stop)
        finally:
            self._end()

    def _end(self) -> None:
        self._closing = True
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        while not self._closing:
            try:
                self.loop.run_forever()
            except BaseException:
                # A task of the application raised SystemExit; the others are still being served.
                _logger.exception("A task left the application's event loop, which goes on.")
        try:
            self.loop.run_until_complete(_clean_up())
        finally:
            self.loop.close()


async def _clean_up() -> None:
    """End the tasks that are left, as ``asyncio.run`` does."""
    loop = asyncio.get_running_loop()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await loop.shutdown_asyncgens()
    with contextlib.suppress(RuntimeError):  # no thread can be started at the interpreter's exit
        await loop.shutdown_default_executor()
