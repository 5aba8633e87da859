"""One request between the event loop, which talks to the server, and the application's thread.

The thread puts events and takes blocks of the body; the loop sends and receives them. Two kinds:

``WindowedExchange``
    The thread runs ahead of the loop by a bounded window in each direction, so that a block does
    not cost a wait. For threads of a pool, on which nothing in the loop depends.

``SteppedExchange``
    The thread waits for each event through ``async_to_sync`` and serves, meanwhile, the
    thread-sensitive work of whatever the event meets on its way. For requests that run in the home
    thread of their call tree.

Only the loop's side touches tasks and the server; the thread's side reaches the loop through
``call_soon_threadsafe`` and the bridge alone.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ("ClientGone", "Exchange", "body_of", "kind_of")

Event = dict[str, Any]

#: Bytes of the request body that wait for the application before the server is asked for no more.
RECEIVE_WINDOW_BYTES: Final = 256 * 1024

#: Only by receiving does one hear that the client has left, and a server may have a queue before
#: that. So for an application that streams its response, and leaves the body alone, one event
#: beyond the window is taken after so many seconds, so often; then ever more seldom.
LOOK_SECONDS: Final = 0.5
EARLY_LOOKS: Final = 16
LONGEST_LOOK_SECONDS: Final = 30.0


class ClientGone(ConnectionAbortedError):  # noqa: N818  (a fact, not a fault)
    """Raised in ``write()`` when nobody is there to get the block.

    An application may let it pass: its request ends without an error then.
    """


def seconds_before(look: int) -> float:
    """Return how long the receiver waits for room before it looks for the client.

    Args:
        look: how often it did so for this request.
    """
    return float(min(LOOK_SECONDS * 2 ** max(0, look - EARLY_LOOKS), LONGEST_LOOK_SECONDS))


def kind_of(event: Any) -> str:
    """Return which of the two events it is that a server has for a request.

    Raises:
        TypeError: it is no event at all.
        ValueError: it is another event.
    """
    try:
        kind = event["type"]
    except (KeyError, TypeError, IndexError):
        raise TypeError(
            f"The server gave {event!r:.80}, where ASGI has an event, a dict with a 'type' in it."
        ) from None
    if kind == "http.request" or kind == "http.disconnect":
        return str(kind)
    raise ValueError(
        f"The server gave the event {kind!r}, where ASGI has http.request and http.disconnect."
    )


def body_of(event: Event) -> bytes:
    """Return the body in an ``http.request`` event.

    Raises:
        TypeError: it is not bytes.
    """
    body: Any = event.get("body") or b""
    if type(body) is bytes:
        return body
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    raise TypeError(
        f"The server's http.request has the body {body!r:.80} of type {type(body).__name__}, "
        "where ASGI has bytes."
    )


class Exchange(ABC):
    """What both kinds share: the two queues, their guard, and who is still there.

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
        self._receive = receive
        self._send = send
        self._loop = asyncio.get_running_loop()
        # What runs in the loop starts from the caller's context, not from what the application made
        # of it. Callbacks are given it; tasks copy it (an eager task cannot enter it twice).
        self._context = copy_context()
        # Filled by one side and emptied by the other; single operations of a deque are atomic.
        self._outgoing: deque[tuple[Event, int]] = deque()  # with the bytes of the body in it
        self._incoming: deque[bytes] = deque()
        self._whole = False  # the request body has arrived
        self._gone = False  # the client has left
        self._cancelled = False  # the task of the request was cancelled
        self._abandoned = False  # the loop does not run the task any more
        self._failure: BaseException | None = None  # what ended the sending
        self._broken: BaseException | None = None  # what ended the receiving, before its end
        self._entered = False  # the thread has begun, and will say when it is done
        self._left = False  # the thread is done
        self._completed = False  # the last block of the response was put
        self._receiver: asyncio.Task[None] | None = None
        self._accept(first)

    # -- the thread's side

    def enter(self) -> bool:
        """Begin in the request's thread; false when there is no use in it any more."""
        self._entered = True
        return not self._cancelled

    def leave(self) -> None:
        """Say that the thread is done with the request."""
        self._left = True

    def put(self, event: Event, size: int, *, last: bool = False, urgent: bool = True) -> bool:
        """Hand an event over to be sent.

        Args:
            event: what to send.
            size: bytes of the body in it.
            last: whether nothing but the end follows; then no room is waited for.
            urgent: false lets it wait until the request's thread has ended.

        Returns:
            False when nobody is there to get it.

        Raises:
            BaseException: what ``send`` raised, unless it was an ``OSError``.
        """
        if self._gone or self._cancelled:
            self._raise_failure()
            return False
        self._completed = last
        self._outgoing.append((event, size))
        self._hand_over(size, 1, urgent=urgent)
        if self.deserted():
            self._raise_failure()
            return False
        return True

    def finish(self, *, urgent: bool) -> None:
        """Complete the response after the last event that was put.

        Args:
            urgent: false lets it wait until the request's thread has ended.

        Raises:
            BaseException: what ``send`` raised, unless it was an ``OSError``.
        """
        if self._gone or self._cancelled:
            self._raise_failure()
            return
        self._completed = True
        self._outgoing.append(({"type": "http.response.body"}, 0))
        self._hand_over(0, 1, urgent=urgent)

    @abstractmethod
    def _hand_over(self, size: int, blocks: int, *, urgent: bool) -> None:
        """Let the loop know of what was put, and wait as the kind demands.

        Args:
            size: bytes of the body that are new.
            blocks: events that are new.
            urgent: false lets them wait until the request's thread has ended.
        """

    @abstractmethod
    def flush(self) -> None:
        """Wait until everything put was sent."""

    @abstractmethod
    def take(self, wanted: int) -> bytes:
        """Return the next block of the request body, ``b""`` at its end.

        Args:
            wanted: bytes that may be waited for before the first of them is returned.

        Raises:
            ConnectionAbortedError: the client left before the body was whole.
            CancelledError: the request was cancelled.
        """

    def listen(self) -> bool:
        """Look out for the client's leaving from now on; false when it has left."""
        if self._receiver is None:
            self._call_loop(self._start_receiver)
        return not self.deserted()

    @property
    def cancelled(self) -> bool:
        """Whether the task of the request was cancelled."""
        return self._cancelled

    @property
    def left(self) -> bool:
        """Whether the thread is done with the request."""
        return self._left

    def deserted(self) -> bool:
        """Whether nobody is there to get more of the response."""
        return self._gone or self._cancelled

    def _call_loop(self, callback: Callable[[], object]) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, context=self._context)
        except RuntimeError:  # the loop was closed under the request: there is no client any more
            self._gone = True

    def _raise_failure(self) -> None:
        """Raise what ended the sending, where it was more than the client's leaving."""
        failure = self._failure
        if failure is not None and not isinstance(failure, OSError):
            try:
                raise failure
            finally:
                del failure  # its traceback holds this frame: no cycle

    def _cut_off(self) -> ConnectionAbortedError:
        broken = self._broken
        if broken is not None:
            return ConnectionAbortedError(
                f"The server's receive() failed before the whole request body arrived: {broken!r}"
            )
        if self._left:
            return ConnectionAbortedError(
                "The request ended before its whole body arrived; nothing more can be read."
            )
        return ConnectionAbortedError(
            "The client disconnected before the whole request body arrived; "
            "what was read is only its beginning."
        )

    # -- the loop's side

    def _accept(self, event: Event) -> None:
        """Take in a received event."""
        if kind_of(event) == "http.request":
            if not self._whole:
                body = body_of(event)
                if body:
                    self._incoming.append(body)
                if not event.get("more_body"):
                    self._whole = True
        else:
            self._gone = True

    def _unreceived(self, error: BaseException) -> None:
        """Note what ``receive`` raised: it matters to whoever reads on, and to nobody else."""
        if isinstance(error, OSError):
            self._gone = True
        else:
            self._broken = error

    def _failed(self, error: BaseException) -> None:
        """Note what ``send`` raised, for the thread and for ``drain``."""
        self._failure = error
        self._gone = True

    async def _send_rest(self) -> None:
        """Send what waits, in order, while there is somebody to get it."""
        while self._outgoing and not self._gone:
            event, _ = self._outgoing.popleft()
            try:
                await self._send(event)
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001  (raised by put or drain)
                self._failed(error)

    async def gather(self, length: int) -> None:  # noqa: B027  (only who waits in a thread needs it)
        """Wait for so many bytes of the body before the request takes its thread."""

    def _start_receiver(self) -> None:
        if self._receiver is None and not self._left:
            self._receiver = self._loop.create_task(self._receive_all())

    @abstractmethod
    async def _receive_all(self) -> None:
        """Take in what the server says until the client has left."""

    def abandon(self) -> None:
        """Let go of the thread where nothing can be awaited any more."""
        self._cancelled = True
        self._abandoned = True

    @abstractmethod
    async def cancel(self) -> None:
        """Let go of a thread that waits here, and wait until it has left the request."""

    @abstractmethod
    async def drain(self) -> None:
        """Send what is left after the thread has ended.

        Raises:
            BaseException: what ``send`` raised, unless it was an ``OSError``.
        """

    async def close(self) -> None:
        """End the tasks of the exchange."""
        self._left = True
        self._gone = True  # for a thread that reads on after the request
        receiver, self._receiver = self._receiver, None
        if receiver is not None and not self._abandoned:
            receiver.cancel()
            await asyncio.wait((receiver,))
        self._failure = self._broken = None  # their tracebacks hold the exchange: no cycle
