"""The exchange of a home thread: each event is waited for through the bridge.

Whatever an event meets on its way (a middleware's ``send``, say) may need the home thread, which
is this one; ``async_to_sync`` serves such work while it waits, a lock would not.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from asgiref._adapters.exchange import (
    RECEIVE_WINDOW_BYTES,
    Event,
    Exchange,
    body_of,
    kind_of,
    seconds_before,
)
from asgiref._bridge.async_to_sync import AsyncToSync

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ("SteppedExchange",)


class SteppedExchange(Exchange):
    """Sends and receives one event at a time, while the thread waits.

    Until the response begins, nothing is taken ahead, but for what ``gather`` waits for. From then
    on events are received as they come, for one of them may be the client's leaving.

    Args:
        receive: the server's; called in the loop only.
        send: the server's; called in the loop only.
        first: the event that ``receive`` gave first.
    """

    def __init__(
        self,
        receive: Callable[[], Awaitable[Event]],
        send: Callable[[Event], Awaitable[None]],
        first: Event,
    ) -> None:
        super().__init__(receive, send, first)
        # Touched in the loop alone, as is all of the body's way but the taking of a block.
        self._received_bytes = sum(map(len, self._incoming))
        self._read_bytes = 0
        self._arrived = asyncio.Event()
        self._roomy = asyncio.Event()

    # -- the thread's side

    def _hand_over(self, size: int, blocks: int, *, urgent: bool) -> None:  # noqa: ARG002  (no window)
        if urgent:
            self.flush()
            if not self._completed:
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
            if self._gone or self._broken is not None:
                raise self._cut_off() from self._broken
            AsyncToSync(self._pull)()
        return self._incoming.popleft()

    # -- the loop's side

    async def gather(self, length: int) -> None:
        """Wait for so many bytes of the body, or its end, before the request takes its thread."""
        while self._received_bytes < length and not (
            self._whole or self._gone or self._broken is not None
        ):
            await self._pull()

    async def _pull(self) -> None:
        """Receive the next event, or wait until the receiver has it."""
        if self._receiver is not None:
            self._read_bytes = self._received_bytes  # all was taken, or nobody would ask
            self._roomy.set()
            self._arrived.clear()
            if not (self._incoming or self._whole or self._gone or self._broken):
                await self._arrived.wait()
            return
        try:
            event = await self._receive()
            self._accept(event)
            self._received_bytes += len(body_of(event))
        except Exception as error:  # noqa: BLE001  (raised to whoever reads on)
            self._unreceived(error)

    async def _receive_all(self) -> None:
        looks = 0
        try:
            while not self._gone:
                whole = self._whole
                event = await self._receive()
                if whole and kind_of(event) == "http.request":
                    return  # a careless server repeats itself, perhaps for ever
                self._accept(event)
                size = len(body_of(event))
                self._received_bytes += size
                self._arrived.set()
                if self._whole or self._received_bytes - self._read_bytes < RECEIVE_WINDOW_BYTES:
                    if not size:
                        await asyncio.sleep(0)  # empty events must not keep the loop
                    continue
                self._roomy.clear()
                try:
                    async with asyncio.timeout(seconds_before(looks)):
                        await self._roomy.wait()
                except TimeoutError:
                    looks += 1
        except BaseException as error:
            self._unreceived(error)
            if isinstance(error, (asyncio.CancelledError, KeyboardInterrupt, SystemExit)):
                raise
        finally:
            self._arrived.set()

    async def cancel(self) -> None:
        """Let the thread know; one that waits here was told, and waited for, by the bridge."""
        self._cancelled = True

    async def drain(self) -> None:
        """Send what is left after the thread has ended."""
        await self._send_rest()
        self._raise_failure()
