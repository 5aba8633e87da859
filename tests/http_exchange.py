"""One HTTP request played to an ASGI application without a socket, by the rules of a server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    Event = dict[str, Any]
    Application = Callable[
        [dict[str, Any], Callable[[], Awaitable[Event]], Callable[[Event], Awaitable[None]]],
        Awaitable[None],
    ]

__all__ = ("HttpExchange", "http_scope", "upload")


def http_scope(
    method: str = "GET",
    path: str = "/",
    *,
    headers: Iterable[tuple[bytes, bytes]] = ((b"host", b"example.org"),),
    **others: object,
) -> dict[str, Any]:
    """Return a scope as servers make it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "query_string": b"",
        "root_path": "",
        "headers": list(headers),
        "client": ("127.0.0.1", 49152),
        "server": ("127.0.0.1", 8000),
        "extensions": {},
        **others,
    }


def upload(*blocks: bytes) -> list[Event]:
    """Return the events of a whole request body."""
    events: list[Event] = [
        {"type": "http.request", "body": block, "more_body": True} for block in blocks
    ]
    return [*events, {"type": "http.request", "body": b"", "more_body": False}]


class HttpExchange:
    """Receives and sends for one request, and keeps what the application sent.

    Args:
        scope: the request; a plain GET if not given.
        events: what ``receive`` gives, in order. After them it waits for the response to end, or
            for ``disconnect``, and says that the client has left.
    """

    def __init__(
        self, scope: dict[str, Any] | None = None, events: Iterable[Event] | None = None
    ) -> None:
        self.scope = http_scope() if scope is None else scope
        self.events = list(
            [{"type": "http.request", "body": b"", "more_body": False}]
            if events is None
            else events
        )
        self.sent: list[Event] = []
        #: How many events ``receive`` has given.
        self.received = 0
        self.over = asyncio.Event()
        #: Cleared, it makes ``send`` wait: a client that does not read.
        self.reading = asyncio.Event()
        self.reading.set()
        #: Set when ``send`` was called while nobody read.
        self.blocked = asyncio.Event()
        #: What ``send`` raises from now on.
        self.send_error: BaseException | None = None

    async def receive(self) -> Event:
        """Give the next event."""
        await asyncio.sleep(0)
        if self.events:
            self.received += 1
            return self.events.pop(0)
        await self.over.wait()
        return {"type": "http.disconnect"}

    async def send(self, event: Event) -> None:
        """Keep the event."""
        if self.send_error is not None:
            raise self.send_error
        if not self.reading.is_set():
            self.blocked.set()
            await self.reading.wait()
        self.sent.append(event)
        if event["type"] == "http.response.body" and not event.get("more_body", False):
            self.over.set()

    def disconnect(self) -> None:
        """Let the client leave."""
        self.over.set()

    async def run(self, application: Application) -> HttpExchange:
        """Play the request to the application."""
        await application(self.scope, self.receive, self.send)
        return self

    @property
    def status(self) -> int:
        """The status that was sent."""
        status = self.sent[0]["status"]
        assert isinstance(status, int)
        return status

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers that were sent."""
        return [(name, value) for name, value in self.sent[0]["headers"]]

    @property
    def blocks(self) -> list[bytes]:
        """The bodies of the events that were sent, empty ones left out."""
        bodies = [event.get("body", b"") for event in self.sent[1:]]
        return [body for body in bodies if body]

    @property
    def body(self) -> bytes:
        """All of the body that was sent."""
        return b"".join(self.blocks)

    @property
    def complete(self) -> bool:
        """Whether the response was ended as whole."""
        return bool(self.sent) and (
            self.sent[-1]["type"] != "http.response.start"
            and not self.sent[-1].get("more_body", False)
        )
