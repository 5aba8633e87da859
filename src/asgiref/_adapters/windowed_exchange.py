"""The exchange of a pool's thread: it runs ahead of the loop by a window in each direction."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Final

from asgiref._adapters.exchange import (
    RECEIVE_WINDOW_BYTES,
    Event,
    Exchange,
    body_of,
    kind_of,
    seconds_before,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asgiref._adapters.worker_pool import WorkerPool

__all__ = ("WindowedExchange",)

#: Bytes of the response that may wait for the client before the application waits too.
SEND_WINDOW_BYTES: Final = 512 * 1024
#: Blocks of the response that may wait for the client before the application waits too.
SEND_WINDOW_BLOCKS: Final = 32

#: Seconds between looks whether the loop was closed under a thread that waits for it.
LOOP_CHECK_SECONDS: Final = 5.0

#: Held while a condition is made: an application may wait in several threads of its own.
_making: Final = threading.Lock()


class WindowedExchange(Exchange):
    """Lets the thread go on while its blocks are sent, up to a number of bytes and blocks.

    The fast path takes no lock. Each counter has one writer, and each flag is handed over in one
    order: *the producer puts first and then looks whether somebody must be called; the consumer
    first says that it goes, and then looks again whether something was put.* The guard belongs to
    the slow path, in which the thread really waits.

    Args:
        receive: the server's; called in the loop only.
        send: the server's; called in the loop only.
        first: the event that ``receive`` gave first.
        pool: told when the thread waits for the client.
    """

    def __init__(
        self,
        receive: Callable[[], Awaitable[Event]],
        send: Callable[[Event], Awaitable[None]],
        first: Event,
        pool: WorkerPool,
    ) -> None:
        super().__init__(receive, send, first)
        self._pool = pool
        self._changed: threading.Condition | None = None  # made when a thread first waits
        self._waiting = 0  # threads that wait for a change; written with the guard held
        self._woken = False  # they were told, and have not looked yet
        self._put_bytes = 0  # written by the thread
        self._sent_bytes = 0  # written by the loop
        self._put_blocks = 0
        self._sent_blocks = 0
        self._read_bytes = 0  # written by the thread
        self._wanted = 0  # bytes that the thread waits for
        self._received_bytes = sum(map(len, self._incoming))  # written by the loop
        self._sending = False  # the sender runs, or was called
        self._sender: asyncio.Task[None] | None = None
        self._paused: asyncio.Future[None] | None = None  # the receiver waits for room
        self._looks = 0  # of the receiver, for the client, beyond the window
        self._departure: asyncio.Future[None] | None = None  # cancel() waits for the thread
        if not self._whole and not self._gone:
            self._start_receiver()

    # -- the thread's side

    def leave(self) -> None:
        """Say that the thread is done with the request."""
        self._left = True
        departure = self._departure
        if departure is not None:
            self._call_loop(lambda: _settle(departure))

    def put(self, event: Event, size: int, *, last: bool = False, urgent: bool = True) -> bool:
        """Hand an event over to be sent; waits while the window is full."""
        # The base class in one piece: this is the cost of a block.
        if self._gone or self._cancelled:
            self._raise_failure()
            return False
        self._completed = last
        self._outgoing.append((event, size))
        self._put_bytes = put_bytes = self._put_bytes + size
        self._put_blocks = put_blocks = self._put_blocks + 1
        if urgent and not self._sending:
            self._sending = True
            self._call_loop(self._start_sender)
        if not last and (
            put_bytes - self._sent_bytes >= SEND_WINDOW_BYTES
            or put_blocks - self._sent_blocks >= SEND_WINDOW_BLOCKS
        ):
            self._wait_while(self._full)
            if self.deserted():
                self._raise_failure()
                return False
        return True

    def _hand_over(self, size: int, blocks: int, *, urgent: bool) -> None:
        self._put_bytes += size
        self._put_blocks += blocks
        if urgent and not self._sending:
            self._sending = True
            self._call_loop(self._start_sender)

    def flush(self) -> None:
        """Wait until everything put was sent."""
        self._wait_while(lambda: self._sent_blocks < self._put_blocks)

    def take(self, wanted: int) -> bytes:
        """Return the next block of the request body, ``b""`` at its end."""
        incoming = self._incoming
        if not incoming:
            # One wake-up for all that a read asks for, as far as the window goes. What is there is
            # taken first: only an empty queue is sure to have a receiver that goes on.
            self._wanted = wanted = min(wanted, RECEIVE_WINDOW_BYTES)
            self._wait_while(
                lambda: (
                    not self._whole
                    and self._broken is None
                    and self._received_bytes - self._read_bytes < wanted
                )
            )
        if self._cancelled:
            raise asyncio.CancelledError("The request was cancelled.")
        try:
            block = incoming.popleft()
        except IndexError:
            # The end may have been noted after the last look at the queue, with a last block.
            if not self._whole:
                raise self._cut_off() from self._broken
            block = incoming.popleft() if incoming else b""
        self._read_bytes += len(block)
        paused = self._paused
        # Half a window makes one wake-up serve many blocks.
        if (
            paused is not None
            and self._received_bytes - self._read_bytes <= RECEIVE_WINDOW_BYTES // 2
        ):
            self._paused = None
            self._call_loop(lambda: _settle(paused))
        return block

    def _full(self) -> bool:
        return (
            self._put_bytes - self._sent_bytes >= SEND_WINDOW_BYTES
            or self._put_blocks - self._sent_blocks >= SEND_WINDOW_BLOCKS
        )

    def _wait_while(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition ends or nobody is there to end it."""
        if self._gone or self._cancelled or not condition():
            return
        with _making:
            changed = self._changed
            if changed is None:
                changed = self._changed = threading.Condition(threading.Lock())
        with changed:
            self._waiting += 1
            try:
                with self._pool.waiting():
                    while True:
                        self._woken = False
                        if not condition() or self._gone or self._cancelled:
                            break
                        if not changed.wait(LOOP_CHECK_SECONDS) and self._loop.is_closed():
                            self._gone = True
            finally:
                self._waiting -= 1

    # -- the loop's side

    def _wake(self) -> None:
        """Wake a thread that waits, after the change that it waits for."""
        changed = self._changed
        if self._waiting and not self._woken and changed is not None:
            with changed:
                self._woken = True
                changed.notify_all()

    def _start_sender(self) -> None:
        # The sender may have found by itself what it was called for; and when the thread has left,
        # drain() sends all the rest.
        if self._left or (self._sender is not None and not self._sender.done()):
            return
        # First what the application has said, then a look whether somebody is there for more.
        self._sender = self._loop.create_task(self._send_all())
        if not self._completed:
            self._start_receiver()

    async def _send_all(self) -> None:
        outgoing, send = self._outgoing, self._send
        idle = False
        while not self._gone:
            if not outgoing:
                if not idle and not self._completed:
                    # One more turn of the loop lets a thread that waits for the interpreter put
                    # more, which spares it a call for each block.
                    idle = True
                    await asyncio.sleep(0)
                    continue
                self._sending = False
                if not outgoing or self._sending:
                    return
                self._sending = True
            idle = False
            event, size = outgoing.popleft()
            try:
                await send(event)
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001  (raised again in the request's own task)
                self._failed(error)
            self._sent_bytes += size
            self._sent_blocks += 1
            # Woken only when all was sent: one wake-up serves a window. The client does not run
            # dry, for what was sent is still in the server's own buffers.
            if self._waiting and not outgoing:
                self._wake()
        self._wake()

    async def _receive_all(self) -> None:
        try:
            while not self._gone:
                whole = self._whole
                event = await self._receive()
                kind = kind_of(event)
                if whole and kind == "http.request":
                    return  # a careless server repeats itself, perhaps for ever
                size = len(body_of(event))
                paused = None
                if self._received_bytes + size - self._read_bytes >= RECEIVE_WINDOW_BYTES:
                    paused = self._paused
                    if paused is None:
                        paused = self._paused = self._loop.create_future()
                self._accept(event)
                self._received_bytes += size  # after the block itself is there
                enough = self._received_bytes - self._read_bytes >= self._wanted
                if enough or self._whole or self._gone:
                    self._wake()
                # Looked at again: the thread may have emptied the queue before it could see the
                # future, and wait for more than this block: then nobody would settle it.
                ahead = self._received_bytes - self._read_bytes
                if paused is not None and ahead >= RECEIVE_WINDOW_BYTES and not self._whole:
                    await self._wait_for_room(paused)
                elif not size:
                    await asyncio.sleep(0)  # empty events, perhaps for ever, must not keep the loop
        except BaseException as error:
            self._unreceived(error)
            self._wake()
            if isinstance(error, (asyncio.CancelledError, KeyboardInterrupt, SystemExit)):
                raise
        # A response that is complete may end its own exchange while it is being sent.
        if self._gone and self._sender is not None and not self._completed:
            self._sender.cancel()

    async def _wait_for_room(self, paused: asyncio.Future[None]) -> None:
        """Wait until the thread has read, or until it is time to look for the client."""
        while not paused.done():
            await asyncio.wait((paused,), timeout=seconds_before(self._looks))
            if self._put_blocks and not paused.done():
                self._looks += 1
                return

    def abandon(self) -> None:
        """Let go of a thread that waits here, where nothing can be awaited any more."""
        super().abandon()
        self._woken = False
        self._wake()

    async def cancel(self) -> None:
        """Let go of a thread that waits here, and wait until it has left the request."""
        departure = self._loop.create_future()
        self._departure = departure
        self._cancelled = True
        waited = self._waiting > 0
        self._woken = False
        self._wake()
        if waited and self._entered and not self._left:
            await departure

    async def drain(self) -> None:
        """Send what is left after the thread has ended."""
        self._left = True
        if self._sender is not None and not self._sender.done():
            await asyncio.wait((self._sender,))
        await self._send_rest()
        self._raise_failure()

    async def close(self) -> None:
        """End the tasks of the exchange."""
        await super().close()
        sender, self._sender = self._sender, None
        if sender is not None and not sender.done() and not self._abandoned:
            sender.cancel()
            await asyncio.wait((sender,))
        self._woken = False
        self._wake()


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
