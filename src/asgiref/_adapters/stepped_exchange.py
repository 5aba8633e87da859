"""The exchange of a home thread: each event is waited for through the bridge.

Whatever an event meets on its way (a middleware's ``send``, say) may need the home thread, which
is this one; ``async_to_sync`` serves such work while it waits, a lock would not.
"""

from __future__ import annotations

import asyncio
import contextlib

from asgiref._adapters.exchange import Event, Exchange
from asgiref._bridge.async_to_sync import AsyncToSync

__all__ = ("SteppedExchange",)


class SteppedExchange(Exchange):
    """Sends and receives one event at a time, while the thread waits; nothing is taken ahead."""

    # -- the thread's side

    def _hand_over(self, size: int, blocks: int, *, urgent: bool) -> None:  # noqa: ARG002  (no window)
        if urgent:
            self.flush()
            if not self._completed and self._whole:
                self.listen()

    def flush(self) -> None:
        """Wait until everything put was sent."""
        AsyncToSync(self._send_rest)()

    def take(self, wanted: int) -> bytes:  # noqa: ARG002  (each event is waited for anyway)
        """Return the next block of the request body, ``b""`` at its end."""
        while not self._incoming:
            if self._cancelled:
                raise asyncio.CancelledError("The request was cancelled.")
            if self._whole:
                return b""
            if self._gone:
                raise self._cut_off()
            AsyncToSync(self._pull)()
        return self._incoming.popleft()

    # -- the loop's side

    async def _pull(self) -> None:
        try:
            self._accept(await self._receive())
        except Exception:  # noqa: BLE001  (a server that cannot say more has lost its client)
            self._gone = True

    async def _receive_all(self) -> None:
        with contextlib.suppress(Exception):
            event: Event = {"type": ""}
            while not self._gone and event["type"] != "http.request":
                event = await self._receive()  # the body is whole: only the client's leaving counts
                self._accept(event)

    async def cancel(self) -> None:
        """Let the thread know; one that waits here was told, and waited for, by the bridge."""
        self._cancelled = True

    async def drain(self) -> None:
        """Send what is left after the thread has ended."""
        await self._send_rest()
        self._raise_failure()
