"""The wire: one JSON object a line."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ("Lines",)


class Lines:
    """JSON objects over one TCP connection.

    Args:
        reader: the connection's incoming side.
        writer: its outgoing side.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take over both sides."""
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: int) -> Lines:
        """Open a connection to a port of this machine.

        Raises:
            OSError: nobody listens there.
        """
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, **event: Any) -> None:
        """Send one object; waits while the other side is slow.

        Raises:
            OSError: the connection is gone.
        """
        self._writer.write(json.dumps(event).encode() + b"\n")
        await self._writer.drain()

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        """Receive objects until the other side closes."""
        while line := await self._reader.readline():
            event: dict[str, Any] = json.loads(line)
            yield event

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()
