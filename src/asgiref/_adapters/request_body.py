"""``wsgi.input`` of a request that is still arriving (PEP 3333, "Input and Error Streams")."""

from __future__ import annotations

import io
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer

__all__ = ("RequestBody",)

#: More bytes than any body has.
_ALL: Final = 2**63


class RequestBody(io.BufferedIOBase):
    """A binary file over the blocks of a request body.

    ``read(size)`` and ``readline()`` wait until what they promise is there or the body ends, like
    any buffered file; ``read1()`` returns what has arrived. All of them stop at ``length``.

    Args:
        take: returns the next block, waiting for it; ``b""`` at the end of the body. Its argument
            is how many bytes are of use: it may wait for so many at once, and return them in
            several calls. It raises ``OSError`` where the body was cut off.
        length: the Content-Length in bytes, or ``None`` where the end of the blocks is the end.
    """

    def __init__(self, take: Callable[[int], bytes], length: int | None = None) -> None:
        self._take = take
        self._blocks: deque[bytes] = deque()
        self._start = 0  # bytes of the first block that were read before
        self._held = 0  # bytes in the blocks that were not read yet
        self._left = length  # bytes of the Content-Length that were not taken yet
        self._ended = length == 0

    def _fill(self, wanted: int = 1) -> bool:
        """Take one more block, waiting for ``wanted`` bytes; false at the end of the body."""
        if self._ended:
            return False
        left = self._left
        block = self._take(wanted if left is None else min(wanted, left))
        if not block:
            if left:
                raise ConnectionAbortedError(
                    f"The request body ended {left} bytes before its Content-Length; "
                    "what has arrived is not the whole of it."
                )
            self._ended = True
            return False
        if left is not None:
            if len(block) >= left:
                block = block[:left]
                self._ended = True
            self._left = left - len(block)
        self._blocks.append(block)
        self._held += len(block)
        return True

    def _cut(self, size: int) -> bytes:
        """Take ``size`` bytes out of the blocks, which hold at least so many."""
        self._held -= size
        blocks, start = self._blocks, self._start
        parts: list[bytes] = []
        while size:
            first = blocks[0]
            if len(first) - start > size:
                parts.append(first[start : start + size])
                start += size
                break
            parts.append(first[start:] if start else first)
            size -= len(first) - start
            blocks.popleft()
            start = 0
        self._start = start
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readable(self) -> bool:
        """Return true: this is a stream to read from."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Read ``size`` bytes, or up to the end of the body for a negative size or ``None``.

        Returns:
            The bytes; fewer than ``size`` only where the body ends.

        Raises:
            OSError: the body was cut off before that many bytes; what arrived can still be read
                in smaller pieces.
        """
        self._check_open()
        if size is None or size < 0:
            while self._fill(_ALL):
                pass
            return self._cut(self._held)
        while self._held < size and self._fill(size - self._held):
            pass
        return self._cut(min(size, self._held))

    def read1(self, size: int | None = -1, /) -> bytes:
        """Read at most ``size`` bytes, waiting only when nothing has arrived.

        Raises:
            OSError: the body was cut off and all that arrived was read.
        """
        self._check_open()
        if size == 0:
            return b""
        if not self._held and not self._fill():
            return b""
        if size is None or size < 0:
            return self._cut(self._held)
        return self._cut(min(size, self._held))

    def readinto(self, buffer: Buffer, /) -> int:
        """Fill ``buffer`` as ``read`` would; returns the number of bytes."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def readinto1(self, buffer: Buffer, /) -> int:
        """Fill ``buffer`` as ``read1`` would; returns the number of bytes."""
        view = memoryview(buffer).cast("B")
        data = self.read1(len(view))
        view[: len(data)] = data
        return len(data)

    def readline(self, size: int | None = -1, /) -> bytes:
        r"""Read up to and with the next ``b"\n"``, at most ``size`` bytes unless it is negative.

        Raises:
            OSError: the body was cut off within the line.
        """
        self._check_open()
        limit = None if size is None or size < 0 else size
        if limit == 0:
            return b""
        searched = 0  # bytes from the reading position known to hold no line end
        index = 0  # the block that is searched next
        while True:
            while index < len(self._blocks):
                block = self._blocks[index]
                start = self._start if index == 0 else 0
                found = block.find(b"\n", start)
                if found >= 0:
                    wanted = searched + found - start + 1
                    return self._cut(wanted if limit is None else min(wanted, limit))
                searched += len(block) - start
                index += 1
                if limit is not None and searched >= limit:
                    return self._cut(limit)
            if not self._fill():
                return self._cut(self._held)

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("The request body was closed by the application.")
