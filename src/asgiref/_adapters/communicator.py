"""One application, driven by hand from a test: what goes in, what comes out, how it ends."""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING, Any

from asgiref._adapters.compatibility import guarantee_single_callable, require_callable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import TracebackType

    from asgiref._protocol.applications import ASGI3Application, ASGIApplication

__all__ = ("ApplicationCommunicator",)


async def _serve(
    application: ASGI3Application,
    scope: Mapping[str, Any],
    receive: Callable[[], Awaitable[Mapping[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Call the application inside its task, so that even a plain function sees its context."""
    await application(scope, receive, send)


def _retrieve(application: asyncio.Task[None]) -> None:
    """Look at the error, so that asyncio does not complain when no test ever asks for it."""
    if not application.cancelled():
        application.exception()


class ApplicationCommunicator:
    """Run one instance of an application and play the server's side by hand.

    The application starts at the first look at `future`, which every method but `stop` takes, as
    a task of the running loop. It runs in an empty context: no context variable of
    the test is visible to it, nor the other way round. Everything here belongs to that one loop and
    its thread. Dropping the communicator cancels an application that still runs.

    Attributes:
        application: the application, as ASGI 3.
        scope: the very object that the application gets.
        input_queue: events that the application has not received yet.
        output_queue: events that the application sent and nobody took yet.

    """

    application: ASGI3Application
    scope: Mapping[str, Any]
    input_queue: asyncio.Queue[Mapping[str, Any]]
    output_queue: asyncio.Queue[dict[str, Any]]

    def __init__(self, application: ASGIApplication, scope: Mapping[str, Any]) -> None:
        """Prepare the connection; needs no running loop, for nothing starts yet.

        Args:
            application: an ASGI 2 or ASGI 3 application.
            scope: the connection scope.

        Raises:
            TypeError: if the application cannot be called.

        """
        self._future: asyncio.Task[None] | None = None
        self._failed_at: TracebackType | None = None
        require_callable(application)
        self.application = guarantee_single_callable(application)
        self.scope = scope
        self.input_queue = asyncio.Queue()
        self.output_queue = asyncio.Queue()

    @property
    def future(self) -> asyncio.Task[None]:
        """The task that runs the application; the first access starts it.

        Raises:
            RuntimeError: at the first access, if no loop is running in this thread.

        """
        if self._future is None:
            loop = asyncio.get_running_loop()
            # The queues' methods are handed over, not ours: the task must not keep us alive.
            call = _serve(self.application, self.scope, self.input_queue.get, self.output_queue.put)
            self._future = contextvars.Context().run(loop.create_task, call)
            self._future.add_done_callback(_retrieve)
        return self._future

    def __del__(self) -> None:
        """Leave nothing running; may happen in any thread, and long after the loop."""
        future: asyncio.Task[None] | None = getattr(self, "_future", None)
        if future is None or future.done():
            return
        loop = future.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(future.cancel)

    async def send_input(self, message: Mapping[str, Any]) -> None:
        """Queue an event for the application to receive, and start it if it has not started.

        Args:
            message: the event; the application gets this very object.

        """
        # Tests wait next for something that the application does, without another call here.
        _ = self.future
        await self.input_queue.put(message)

    # The three timeouts below are parameters because every caller of asgiref 3.13.0 gives them so.
    async def receive_output(self, timeout: float | None = 1) -> dict[str, Any]:  # noqa: ASYNC109
        """Return the next event that the application sends.

        Events that are queued already come first, also when the application has ended since.
        Nothing here ends the application: after a timeout one may try again.

        Args:
            timeout: seconds to wait for one; None waits until there is one or the application
                ends.

        Raises:
            TimeoutError: if nothing came in time; or at once if nothing can come any more,
                because the application has returned or was stopped. The text says which.
            Exception: whatever the application failed with, at once.
            RuntimeError: if the application runs in another loop.

        """
        application = self._running_here()
        if self.output_queue.empty() and not application.done():
            try:
                async with asyncio.timeout(timeout) as limit:
                    return await self._output_unless_ended(application, limit)
            except TimeoutError:
                # Raised by the limit alone; the reason is told below, free of this context.
                pass
        if not self.output_queue.empty():
            return self.output_queue.get_nowait()
        if not application.done():
            msg = f"the application sent nothing within {timeout} s; it is still running"
            raise TimeoutError(msg)
        if application.cancelled():
            msg = "the application sends nothing any more: it was stopped"
            raise TimeoutError(msg)
        self._raise_failure(application)
        msg = "the application sends nothing any more: it has returned"
        raise TimeoutError(msg)

    async def _output_unless_ended(
        self, application: asyncio.Task[None], limit: asyncio.Timeout
    ) -> dict[str, Any]:
        """Take the next output; the end of the application ends ``limit`` early."""
        now = asyncio.get_running_loop().time
        waiting = True

        def give_up(_: object) -> None:
            # Scheduled when the application ends, called later: the output may have come in the
            # same step of the loop, or the time may have run out.
            if waiting and not limit.expired():
                limit.reschedule(now())

        application.add_done_callback(give_up)
        try:
            return await self.output_queue.get()
        finally:
            waiting = False
            application.remove_done_callback(give_up)

    async def receive_nothing(
        self,
        timeout: float = 0.1,  # noqa: ASYNC109
        interval: float = 0.01,
    ) -> bool:
        """Tell whether the application sends nothing for a while; takes no event.

        Args:
            timeout: seconds to watch; less if the application ends, which settles it.
            interval: seconds between two looks.

        Returns:
            False as soon as there is an event, also one that was queued before; else True.

        Raises:
            Exception: whatever the application failed with, if no event is queued.
            RuntimeError: if the application runs in another loop.

        """
        application = self._running_here()
        now = asyncio.get_running_loop().time
        end = now() + timeout
        while self.output_queue.empty() and not application.done():
            left = end - now()
            if left <= 0:
                break
            await asyncio.wait({application}, timeout=min(interval, left))
        if not self.output_queue.empty():
            return False
        if application.done() and not application.cancelled():
            self._raise_failure(application)
        return True

    async def wait(self, timeout: float | None = 1) -> None:  # noqa: ASYNC109
        """Wait for the application to end; cancel it when time is up, and wait for that end.

        Args:
            timeout: seconds that the application gets; None sets no limit.

        Raises:
            Exception: whatever the application failed with, every time this is called. Being
                cancelled is no failure.
            RuntimeError: if the application runs in another loop.

        """
        application = self._running_here()
        try:
            await asyncio.wait({application}, timeout=timeout)
        finally:
            if not application.done():
                application.cancel()
                await asyncio.wait({application})
        if not application.cancelled():
            self._raise_failure(application)

    def stop(self, exceptions: bool = True) -> None:
        """Cancel the application if it runs; it ends when the loop goes on.

        Args:
            exceptions: whether to raise what the application, already ended, failed with.

        Raises:
            Exception: that failure. Being cancelled is none.

        """
        application = self._future
        if application is None:
            return
        if not application.done():
            application.cancel()
        elif exceptions and not application.cancelled():
            self._raise_failure(application)

    def _raise_failure(self, application: asyncio.Task[None]) -> None:
        """Raise what the application failed with, if it failed, with its own frames every time.

        ``application.result()`` shows them the first time only; a plain ``raise`` would show the
        frames of every earlier caller as well.
        """
        error = application.exception()
        if error is not None:
            self._failed_at = self._failed_at or error.__traceback__
            raise error.with_traceback(self._failed_at)

    def _running_here(self) -> asyncio.Task[None]:
        """Return the application's task, started if need be, provided that it can be awaited."""
        application = self.future
        if not application.done() and application.get_loop() is not asyncio.get_running_loop():
            msg = (
                "this communicator's application runs in another event loop: "
                "make a communicator for each loop"
            )
            raise RuntimeError(msg)
        return application
