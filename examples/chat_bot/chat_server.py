"""A chat server: rooms, users, and what is said in them. It knows nothing of bots or ASGI.

A client says who it is and enters a room; then everything said in its rooms comes to it::

    > {"type": "enter", "user": "ann", "room": "kitchen"}
    > {"type": "say", "room": "kitchen", "text": "hello"}
    < {"type": "said", "user": "bob", "room": "kitchen", "text": "hi ann", "to": "ann"}

The room ``*`` is all rooms. ``to`` is passed on and means nothing to the server.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from typing import Any

from examples.chat_bot.lines import Lines

__all__ = ("ChatServer",)


class ChatServer:
    """Serves a port of this machine.

    Attributes:
        port: where it listens.
    """

    def __init__(self) -> None:
        """Make a server without guests."""
        self.port = 0
        self._rooms: dict[str, dict[Lines, str]] = {}
        self._server: asyncio.Server | None = None
        self._guests: set[asyncio.Task[Any]] = set()

    async def start(self, port: int = 0) -> None:
        """Listen.

        Args:
            port: 0 takes a free one.
        """
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    def throw_out(self, user: str) -> None:
        """Close all connections of a user, as a network that fails would."""
        for room in self._rooms.values():
            for lines, name in room.items():
                if name == user:
                    lines.close()

    async def stop(self) -> None:
        """Close everything, and see the last guest out."""
        if self._server is not None:
            self._server.close()
        for room in self._rooms.values():
            for lines in room:
                lines.close()
        if self._guests:
            await asyncio.wait(self._guests)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = Lines(reader, writer)
        user = "?"
        guest = asyncio.current_task()
        assert guest is not None  # asyncio serves every connection in a task
        self._guests.add(guest)
        guest.add_done_callback(self._guests.discard)
        try:
            async for event in lines:
                if event["type"] == "enter":
                    user = event["user"]
                    self._rooms.setdefault(event["room"], {})[lines] = user
                elif event["type"] == "say":
                    await self._say(user, event)
        except OSError:
            pass  # A guest who goes without a word has gone all the same.
        finally:
            for room in self._rooms.values():
                room.pop(lines, None)
            lines.close()

    async def _say(self, user: str, event: dict[str, Any]) -> None:
        room = event["room"]
        listeners = {**self._rooms.get(room, {}), **self._rooms.get("*", {})}
        said = {"type": "said", "user": user, "room": room, "text": event["text"]}
        for lines, name in listeners.items():
            if name != user:
                with contextlib.suppress(OSError):
                    await lines.send(**said, to=event.get("to"))


async def main(port: int) -> None:
    """Serve until interrupted."""
    server = ChatServer()
    await server.start(port)
    print(f"chat server on port {server.port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A chat server.")
    parser.add_argument("--port", type=int, default=4242, help="0 takes a free one")
    port = parser.parse_args().port
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(main(port))
    except (OSError, OverflowError) as error:
        raise SystemExit(
            f"cannot listen: {error}; choose another --port, 0 for a free one"
        ) from None
