"""The response of one WSGI request, from ``start_response`` to its end (PEP 3333).

A response is *unstarted* until ``start_response``, then *pending* until the first block that is
not empty (or the end), which sends the head; then *sent*, and at last *complete*. What PEP 3333
allows in each state is decided here; how events reach the server is the exchange's.
"""

from __future__ import annotations

import asyncio
from types import NoneType
from typing import TYPE_CHECKING, Any, NoReturn

from asgiref._adapters.exchange import ClientGone
from asgiref._adapters.response_head import BODILESS, ResponseHead

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from asgiref._adapters.exchange import Exchange
    from asgiref._adapters.file_wrapper import FileRegion

    ExcInfo = (
        tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    )

__all__ = ("ResponseWriter",)


class ResponseWriter:
    """Turns what the application says into events, in the thread of the request.

    Args:
        exchange: where the events go; ``None`` where nothing is sent.
        method: the request's, upper case.
    """

    __slots__ = (
        "_blank",
        "_bodiless",
        "_complete",
        "_exchange",
        "_head",
        "_left",
        "_method",
        "_open",
        "_sent",
    )

    def __init__(self, exchange: Exchange | None, method: str) -> None:
        self._exchange: Exchange = exchange  # type: ignore[assignment]  # only start() works without
        self._method = method
        self._head: ResponseHead | None = None
        self._sent = False  # the head was handed over
        self._complete = False  # the last block was handed over
        self._blank = False  # an empty block was given
        self._bodiless = False
        self._open = False  # the head was handed over, and a body follows
        self._left: int | None = None  # bytes that the Content-Length still allows

    def start(
        self,
        status: str,
        response_headers: Iterable[Iterable[str]],
        exc_info: ExcInfo | None = None,
    ) -> None:
        """Take status and headers, to be sent with the first block (``start_response``).

        Args:
            status: as in ``"200 OK"``.
            response_headers: pairs of name and value.
            exc_info: the error that this response reports, in place of the one begun before.

        Raises:
            RuntimeError: the response was begun before and ``exc_info`` was not given.
            BaseException: the one of ``exc_info``, if the head was sent already.
            TypeError, ValueError: see ``ResponseHead``.
        """
        if exc_info:
            try:
                _require_exc_info(exc_info)
                if self._sent:
                    error = exc_info[1]
                    if error is None:
                        raise RuntimeError(
                            "start_response() got an exc_info without an exception, and the "
                            "headers were sent already."
                        )
                    try:
                        raise error.with_traceback(exc_info[2])
                    finally:
                        del error  # no cycle through this frame
            finally:
                exc_info = None
        elif self._head is not None:
            raise RuntimeError(
                "start_response() was called a second time without exc_info; "
                "only an error may replace a response that was begun."
            )
        self._head = ResponseHead(status, response_headers)

    @property
    def head(self) -> ResponseHead | None:
        """What ``start`` took; a head that was set by hand is sent unchecked."""
        return self._head

    @head.setter
    def head(self, head: ResponseHead) -> None:
        self._head = head

    @property
    def sent(self) -> bool:
        """Whether the head was handed over; one may say so who did it by hand."""
        return self._sent

    @sent.setter
    def sent(self, sent: bool) -> None:
        self._sent = sent

    def write(self, block: bytes) -> None:
        """Send a block (the ``write()`` callable that ``start_response`` returns).

        Raises:
            ClientGone: nobody is there to get it.
            RuntimeError: the Content-Length was reached before. A block that goes beyond it is cut
                there, as in an iteration (PEP 3333, "Handling the Content-Length Header").
            TypeError: the block is not ``bytes``.
        """
        allowed = self._left if self._sent else self._announced()
        if not self.send(block):
            if self._exchange.cancelled:
                raise asyncio.CancelledError("The request was cancelled.")
            if not self._complete:
                raise ClientGone("The client disconnected; nothing more can be written to it.")
        if allowed == 0 and block and not self._bodiless:
            raise RuntimeError(
                f"write() got {len(block)} bytes after the Content-Length of {self._announced()} "
                "was reached; they were not sent."
            )

    def _announced(self) -> int | None:
        return None if self._head is None else self._head.content_length

    def send(self, block: bytes, *, last: bool = False, urgent: bool = True) -> bool:
        """Send a block of the body, and the head before the first one that is not empty.

        Args:
            block: bytes of the body; longer than the Content-Length allows, it is cut.
            last: whether the application has no more.
            urgent: false lets it wait until the request's thread has ended.

        Returns:
            False when no further block is of use: the response is complete, or nobody is there.

        Raises:
            RuntimeError: ``start_response`` was not called.
            TypeError: the block is not ``bytes``.
        """
        if not isinstance(block, bytes):
            raise TypeError(
                f"The application gave a block of type {type(block).__name__}, {block!r:.80}; "
                "the blocks of a response must be bytes."
            )
        if self._open and block and not last:
            # The way of most blocks, kept short: nothing ends with this one.
            size, left = len(block), self._left
            if left is None or size < left:
                if left is not None:
                    self._left = left - size
                return self._exchange.put(
                    {"type": "http.response.body", "body": block, "more_body": True}, size
                )
        if self._complete:
            return False
        if not block:
            self._blank = True
            return last or self._exchange.listen()
        if not self._sent:
            self._send_head(len(block) if last else None)
        if self._bodiless:
            self._end(urgent=urgent)
            return False
        left = self._left
        if left is not None:
            if len(block) >= left:
                block = block[:left]
                last = True
            elif last:
                self._refuse_short(left - len(block))
            self._left = left - len(block)
        # The end is an event of its own, as in asgiref 3.13.0, on whose events tests rely.
        event = {"type": "http.response.body", "body": block, "more_body": True}
        going = self._exchange.put(event, len(block), last=last, urgent=urgent and not last)
        if last:
            self._end(urgent=urgent)
        return going and not last

    def send_region(self, region: FileRegion) -> None:
        """Let the server send a stretch of a file by itself, and wait until it has.

        Args:
            region: longer than the Content-Length allows, it is cut.

        Raises:
            RuntimeError: ``start_response`` was not called, or the Content-Length is longer.
        """
        count = region.length
        if not self._sent:
            self._send_head(count)
        if self._bodiless or not count:
            return
        if self._left is not None:
            if count < self._left:
                self._refuse_short(self._left - count)
            count = self._left
            self._left = 0
        if not count:
            return
        event = {
            "type": "http.response.zerocopysend",
            "file": region.file,
            "offset": region.offset,
            "count": count,
            "more_body": False,
        }
        self._complete, self._open = True, False
        self._exchange.put(event, 0, last=True)
        self._exchange.flush()

    def finish(self, *, urgent: bool) -> None:
        """End the response, after the application's last block.

        Args:
            urgent: false lets the end wait until the request's thread has ended.

        Raises:
            RuntimeError: ``start_response`` was not called, or the Content-Length was not reached.
        """
        if self._complete:
            return
        if not self._sent and not self._exchange.deserted():
            self._send_head(0)
            if self._blank and self._open:
                # Nothing but empty blocks: one of them is sent, as in asgiref 3.13.0.
                event = {"type": "http.response.body", "body": b"", "more_body": True}
                self._exchange.put(event, 0, urgent=False)
        if self._exchange.deserted():
            self._exchange.finish(urgent=False)
            return
        if self._left and not self._bodiless:
            self._refuse_short(self._left)
        self._end(urgent=urgent)

    def _end(self, *, urgent: bool) -> None:
        self._complete = True
        self._open = False
        self._exchange.finish(urgent=urgent)

    def _send_head(self, total: int | None = None) -> None:
        """Hand the head over, unless ``total``, the whole body's bytes, breaks its promise."""
        head = self._head
        if head is None:
            raise RuntimeError(
                "The application gave its response without a call of start_response()."
            )
        self._bodiless = self._method == "HEAD" or head.status in BODILESS
        self._left = head.content_length
        if self._left and total is not None and total < self._left and not self._bodiless:
            # Now the server can still answer with an error of its own.
            self._refuse_short(self._left - total)
        self._sent = True
        self._open = not self._bodiless
        # Never alone: what follows at once carries it to the loop.
        self._exchange.put(head.event(), 0, urgent=False)

    def _refuse_short(self, missing: int) -> NoReturn:
        announced = self._announced()
        raise RuntimeError(
            f"The application ended its response {missing} bytes before its Content-Length of "
            f"{announced}; the client is told that the response is cut off."
        )


def _require_exc_info(exc_info: object) -> None:
    """Reject what ``sys.exc_info()`` cannot return.

    Raises:
        TypeError: saying what it is instead.
    """
    if (
        not isinstance(exc_info, tuple)
        or len(exc_info) != 3
        or not isinstance(exc_info[1], (BaseException, NoneType))
    ):
        raise TypeError(
            f"start_response() got the exc_info {exc_info!r:.80} of type "
            f"{type(exc_info).__name__}; it must be the tuple that sys.exc_info() returns."
        )


def bad_request(message: str, method: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the events of a response with status 400 that says why."""
    body = message.encode("utf-8", "backslashreplace")
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    return (
        {"type": "http.response.start", "status": 400, "headers": headers},
        {
            "type": "http.response.body",
            "body": b"" if method == "HEAD" else body,
            "more_body": False,
        },
    )
