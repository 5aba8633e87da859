"""The response of an ASGI application on its way to a WSGI server.

Filled by ``send`` in the application's loop, emptied by the thread of the WSGI server. The order of
events is checked here as a server would check it: what is out of order raises in ``send``.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from asgiref._adapters.response_head import BODILESS, HOP_BY_HOP
from asgiref._adapters.sent_event import required

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("AsgiResponse", "FileToSend", "Part", "disconnected")

#: Bytes of the response that may wait for the WSGI server before ``send`` waits too.
WINDOW_BYTES: Final = 256 * 1024

_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FORBIDDEN: Final = re.compile(rb"[\r\n\x00]")

_BODY_EVENTS: Final = frozenset(
    ("http.response.body", "http.response.pathsend", "http.response.zerocopysend")
)


@dataclass(frozen=True, slots=True)
class FileToSend:
    """A stretch of a file that stands for a block."""

    #: A path, an open file or a descriptor.
    source: Any
    #: In bytes from the start; ``None`` is the file's position.
    offset: int | None = None
    #: In bytes; ``None`` is up to the end.
    length: int | None = None
    #: Settled in the loop when the file was sent.
    sent: asyncio.Future[None] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One event of the body, checked."""

    block: bytes
    last: bool
    file: FileToSend | None = None


class AsgiResponse:
    """One response.

    Args:
        method: of the request, upper case.
        extensions: the events that the server takes beyond the protocol.
        notify: wakes the thread of the WSGI server; called in the loop.
        on_over: called in the loop when the response is complete or closed.
    """

    def __init__(
        self,
        method: str,
        extensions: frozenset[str],
        notify: Callable[[], None],
        on_over: Callable[[], None],
    ) -> None:
        self._extensions = extensions
        self._notify = notify
        self._on_over = on_over
        self._bodiless = method == "HEAD"
        #: As PEP 3333 wants it; ``None`` until the application began.
        self.status: str | None = None
        self.headers: list[tuple[str, str]] = []
        self._left: int | None = None  # bytes that the Content-Length still allows
        self._parts: deque[Part] = deque()
        #: The last event of the body was sent.
        self.complete = False
        #: The WSGI server wants no more of it.
        self.closed = False
        #: Set in the loop when the response is complete or closed.
        self.over = asyncio.Event()
        self._put_bytes = 0  # written by the loop
        self._taken_bytes = 0  # written by the server's thread
        self._room: asyncio.Future[None] | None = None  # a send waits for room
        self._file: asyncio.Future[None] | None = None  # a send waits for its file

    # -- in the loop

    async def send(self, event: dict[str, Any]) -> None:
        """Take an event of the application; wait while more than a window is on its way.

        Raises:
            BaseException: see ``put``.
        """
        part = self.put(event)
        if part is not None:
            await self.wait_until_taken(part)

    async def wait_until_taken(self, part: Part) -> None:
        """Wait while more than a window is on its way, or while the part's file is being sent."""
        if part.file is not None and part.file.sent is not None:
            # The file belongs to the application again once this returns.
            await part.file.sent
        while self._put_bytes - self._taken_bytes > WINDOW_BYTES and not self.closed:
            room = self._room = asyncio.get_running_loop().create_future()
            # The thread may have taken all before it could see the future.
            if self._put_bytes - self._taken_bytes > WINDOW_BYTES:
                await room

    def put(self, event: dict[str, Any]) -> Part | None:
        """Take an event of the application, and return the part of the body in it.

        Raises:
            OSError: the server wants no more of the response (ASGI, "Disconnected Client").
            RuntimeError: the event is out of order, not among those offered, or breaks its promise.
            KeyError: the event lacks a key.
            TypeError: the event is no dict, or a value is of the wrong type.
            ValueError: a value says what HTTP cannot.
        """
        kind = required(event, "type")
        if not isinstance(kind, str):
            raise TypeError(
                f"The application sent an event of the type {kind!r}; it must be a str such as "
                "'http.response.start'."
            )
        if self.closed:
            raise disconnected(kind)
        if kind == "http.response.start":
            self._start(event)
            return None
        if kind not in _BODY_EVENTS or (
            kind != "http.response.body" and kind not in self._extensions
        ):
            raise RuntimeError(f"The application sent {kind!r}, which was not offered to it.")
        if self.status is None:
            raise RuntimeError(f"The application sent {kind!r} before http.response.start.")
        if self.complete:
            raise RuntimeError(f"The application sent {kind!r} after the end of its response.")
        part = self._part(event)
        if part.last:
            self.complete = True
            self._end()
        if part.block or part.last or part.file is not None:
            self._put_bytes += len(part.block)
            self._parts.append(part)
            self._notify()
        return part

    def _start(self, event: dict[str, Any]) -> None:
        if self.status is not None:
            raise RuntimeError("The application sent http.response.start a second time.")
        if event.get("trailers"):
            raise RuntimeError("The application wants to send trailers, which were not offered.")
        status = required(event, "status")
        if not isinstance(status, int) or not 200 <= status <= 999:
            raise ValueError(
                f"The application sent the status {status!r}; it must be an int from 200 to 999."
            )
        headers: list[tuple[str, str]] = []
        pairs = event.get("headers") or ()
        if not isinstance(pairs, Iterable):
            raise TypeError(
                f"The application sent the headers {pairs!r:.80} of type {type(pairs).__name__}; "
                "they must be an iterable of (name, value) pairs of bytes."
            )
        for pair in pairs:
            name, value = _header(pair)
            lowered = name.lower()
            if _TOKEN.fullmatch(lowered) is None:
                raise ValueError(
                    f"The application sent {name!r}, which is no name of an HTTP header."
                )
            if _FORBIDDEN.search(value) is not None:
                raise ValueError(
                    f"The application sent the header {name!r} with the value {value!r}; "
                    "a value cannot hold a line break or NUL."
                )
            # PEP 3333, "Other HTTP Features": these are the server's.
            if lowered in HOP_BY_HOP:
                continue
            if lowered == b"content-length":
                if not value.isdigit() or self._left not in (None, int(value)):
                    raise ValueError(
                        f"The application sent the Content-Length {value!r}, which is no number, "
                        "or not the number it sent before."
                    )
                self._left = int(value)
            headers.append((lowered.decode("ascii"), value.decode("latin-1")))
        if status in BODILESS:
            self._bodiless = True
        try:
            reason = HTTPStatus(status).phrase
        except ValueError:
            reason = "Unknown"
        self.headers = headers
        self.status = f"{status} {reason}"

    def _part(self, event: dict[str, Any]) -> Part:
        kind = event["type"]
        if kind == "http.response.pathsend":
            return Part(b"", True, None if self._bodiless else FileToSend(required(event, "path")))
        last = not event.get("more_body", False)
        if kind == "http.response.zerocopysend":
            if self._bodiless:
                return Part(b"", last)
            source = required(event, "file")
            self._file = asyncio.get_running_loop().create_future()
            offset, length = event.get("offset"), event.get("count")
            return Part(b"", last, FileToSend(source, offset, length, self._file))
        block = event.get("body", b"")
        if not isinstance(block, (bytes, bytearray, memoryview)):
            raise TypeError(
                f"The application sent a body of type {type(block).__name__}; it must be bytes."
            )
        if self._bodiless:
            return Part(b"", last)
        block = bytes(block)
        left = self._left
        if left is not None:
            if len(block) > left:
                raise RuntimeError(
                    f"The application sent {len(block)} bytes where its Content-Length left {left}."
                )
            if last and len(block) < left:
                raise RuntimeError(
                    f"The application ended its response {left - len(block)} bytes before its "
                    "Content-Length."
                )
            self._left = left - len(block)
        return Part(block, last)

    def close(self) -> None:
        """Take no more: the application hears of a disconnect."""
        self.closed = True
        self._end()
        self.release()
        self.file_sent()

    def _end(self) -> None:
        self.over.set()
        self._on_over()

    def release(self) -> None:
        """Let a ``send`` that waits for room go on."""
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def file_sent(self) -> None:
        """Let a ``send`` that waits for its file go on."""
        file, self._file = self._file, None
        if file is not None and not file.done():
            file.set_result(None)

    # -- in the thread of the WSGI server

    @property
    def ready(self) -> bool:
        """Whether there is a part to take."""
        return bool(self._parts)

    def peek(self) -> Part:
        """Return the next part and leave it there."""
        return self._parts[0]

    def take(self) -> tuple[Part, bool]:
        """Take the next part; the flag tells whether ``release`` must be called in the loop."""
        part = self._parts.popleft()
        self._taken_bytes += len(part.block)
        waits = self._room is not None
        return part, waits and self._put_bytes - self._taken_bytes <= WINDOW_BYTES // 2


def _header(pair: Any) -> tuple[bytes, bytes]:
    """Return name and value of one header as the application sent them."""
    try:
        name, value = pair
    except (TypeError, ValueError) as error:
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(
            f"The application sent the header {pair!r:.80}; it must be a (name, value) pair of "
            "bytes."
        ) from None
    for text in (name, value):
        if not isinstance(text, (bytes, bytearray, memoryview)):
            raise TypeError(
                f"The application sent the header ({name!r}, {value!r}); name and value must both "
                f"be bytes, not {type(text).__name__}: encode them, as in b'content-type'."
            )
    return bytes(name), bytes(value)


def disconnected(kind: str) -> OSError:
    """Return what ``send`` raises for a client that has left."""
    return ConnectionAbortedError(f"The client disconnected; {kind!r} cannot be sent to it.")
