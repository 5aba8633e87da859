"""The exchange of a home thread: each event is waited for through the bridge.

Whatever an event meets on its way (a middleware's ``send``, say) may need the home thread, which
is this one; ``async_to_sync`` serves such work while it waits, a lock would not. It serves the work
of the call that waits and of no other: so what the thread will wait for is never received ahead.
"""

from __future__ import annotations

import asyncio

from asgiref._adapters.exchange import Exchange, body_of, kind_of
from asgiref._bridge.async_to_sync import AsyncToSync

__all__ = ("SteppedExchange",)


class SteppedExchange(Exchange):
    """Sends and receives one event at a time, while the thread waits.

    Nothing is taken ahead, but for what ``gather`` waits for before there is a thread.
    """

    # -- the thread's side

    def _hand_over(self, size: int, blocks: int, *, urgent: bool) -> None:  # noqa: ARG002  (no window)
        if urgent:
            self.flush()
            if not self._completed and self._whole:
                self.listen()

    def flush(self) -> None:
        """Wait until everything put was sent."""
        AsyncToSync(self._send_rest)()

    def listen(self) -> bool:
        """Look out for the client's leaving from now on; false when it has left."""
        return super().listen() if self._whole else not self.deserted()

    def take(self, wanted: int) -> bytes:  # noqa: ARG002  (each event is waited for anyway)
        """Return the next block of the request body, ``b""`` at its end."""
        while not self._incoming:
            if self._cancelled:
                raise asyncio.CancelledError("The request was cancelled.")
            if self._whole:
                return b""
            if self._gone or self._broken is not None:
                raise self._cut_off() from self._broken
            AsyncToSync(self._pull)()
        return self._incoming.popleft()

    # -- the loop's side

    async def gather(self, length: int) -> None:
        """Wait for so many bytes of the body, or its end, before the request takes its thread."""
        received = sum(map(len, self._incoming))
        while received < length and not (self._whole or self._gone or self._broken is not None):
            received += await self._pull()

    async def _pull(self) -> int:
        """Receive the next event; return how many bytes of the body are in it."""
        try:
            event = await self._receive()
            self._accept(event)
            return len(body_of(event)) if kind_of(event) == "http.request" else 0
        except Exception as error:  # noqa: BLE001  (raised to whoever reads on)
            self._unreceived(error)
            return 0

    async def _receive_all(self) -> None:
        try:
            event = await self._receive()  # the body is whole: only the client's leaving counts
            if kind_of(event) == "http.disconnect":
                self._gone = True
        except Exception as error:  # noqa: BLE001  (nobody reads on)
            self._unreceived(error)

    async def cancel(self) -> None:
        """Let the thread know; one that waits here was told, and waited for, by the bridge."""
        self._cancelled = True

    async def drain(self) -> None:
        """Send what is left after the thread has ended."""
        await self._send_rest()
        self._raise_failure()
