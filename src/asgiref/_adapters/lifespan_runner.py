"""The lifespan of an application whose server knows of none (ASGI, "Lifespan Protocol")."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, Literal

from asgiref._adapters.sent_event import required

if TYPE_CHECKING:
    from asgiref._protocol.applications import ASGI3Application

__all__ = ("LifespanMode", "LifespanRunner")

#: ``"auto"``: an application that knows no lifespan is served without; ``"on"``: it must know it;
#: ``"off"``: it is not asked.
LifespanMode = Literal["auto", "on", "off"]

_logger: Final = logging.getLogger("asgiref.wsgi")


class LifespanRunner:
    """Starts an application up and shuts it down, both in the loop that this is made in.

    Args:
        application: an ASGI 3 application.
        mode: whether the application must know the protocol.
    """

    def __init__(self, application: ASGI3Application, mode: LifespanMode) -> None:
        self._application = application
        self._mode: LifespanMode = mode
        #: What the application left for its requests; ``None`` where it has no lifespan.
        self.state: dict[str, Any] | None = None
        self._task: asyncio.Task[None] | None = None
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stopped = asyncio.Event()
        self._fault: Exception | None = None  # what was wrong with an event of the application

    async def start(self) -> None:
        """Start the application up.

        Raises:
            RuntimeError: the application refused to start, broke the protocol while it started, or
                does not know the protocol though it must.
        """
        if self._mode == "off":
            return
        self.state = {}
        self._events.put_nowait({"type": "lifespan.startup"})
        self._task = asyncio.create_task(self._run(), name="lifespan")
        await self._started

    async def stop(self) -> None:
        """Shut the application down; what goes wrong is logged."""
        if self._task is not None and not self._task.done():
            self._events.put_nowait({"type": "lifespan.shutdown"})
            await self._stopped.wait()
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        error: BaseException | None = None
        try:
            await self._application(scope, self._events.get, self._send)
        except asyncio.CancelledError:
            raise
        except BaseException as raised:  # noqa: BLE001  (a SystemExit must not end the loop)
            error = raised
        finally:
            self._end(error)

    def _end(self, error: BaseException | None) -> None:
        if not self._started.done():
            if self._fault is not None:
                # It knows the protocol, only not well: "auto" is no reason to serve it.
                failure = RuntimeError(f"The application did not start up: {self._fault}")
                failure.__cause__ = self._fault
                self._started.set_exception(failure)
            elif self._mode == "on":
                refusal = RuntimeError(
                    "The application takes no part in lifespan, which lifespan='on' demands; "
                    "lifespan='auto' serves such applications too."
                )
                refusal.__cause__ = error
                self._started.set_exception(refusal)
            else:
                self.state = None
                self._started.set_result(None)
        elif error is not None and self._started.exception() is None:
            _logger.error("The application's lifespan ended with an error.", exc_info=error)
        self._stopped.set()

    async def _send(self, event: dict[str, Any]) -> None:
        try:
            self._take(event)
        except Exception as fault:
            self._fault = fault
            raise

    def _take(self, event: dict[str, Any]) -> None:
        kind = required(event, "type")
        if kind == "lifespan.startup.complete" and not self._started.done():
            self._started.set_result(None)
        elif kind == "lifespan.startup.failed" and not self._started.done():
            reason = event.get("message") or "it gave no reason"
            self._started.set_exception(RuntimeError(f"The application did not start up: {reason}"))
        elif kind == "lifespan.shutdown.complete" and self._started.done():
            self._stopped.set()
        elif kind == "lifespan.shutdown.failed" and self._started.done():
            _logger.error("The application did not shut down: %s", event.get("message") or "")
            self._stopped.set()
        else:
            state = (
                "after its startup" if self._started.done() else "before its startup is complete"
            )
            raise RuntimeError(
                f"The application sent {kind!r:.80}, which has no place in a lifespan {state}."
            )
