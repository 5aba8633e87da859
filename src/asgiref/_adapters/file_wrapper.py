"""``wsgi.file_wrapper``: an open file as an iterable of blocks, or as a descriptor to send from."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("FileRegion", "FileWrapper")

#: Bytes of a block, where the application does not say.
DEFAULT_BLOCK_SIZE: Final = 64 * 1024


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class FileRegion:
    """A stretch of a regular file that the kernel may send by itself."""

    file: io.FileIO | io.BufferedReader | io.BufferedRandom
    #: Where it begins, in bytes from the start of the file.
    offset: int
    #: Its length in bytes.
    length: int


class FileWrapper:
    """Iterates over a file-like object in blocks ("Optional Platform-Specific File Handling").

    Args:
        filelike: anything with ``read(size)``; its ``close()``, if it has one, is the wrapper's.
        block_size: bytes of a block.
    """

    def __init__(self, filelike: _Readable, block_size: int = DEFAULT_BLOCK_SIZE) -> None:
        self.filelike = filelike
        self.block_size = block_size

    def __iter__(self) -> Iterator[bytes]:
        """Return the wrapper itself: like the file, it can be read once."""
        return self

    def __next__(self) -> bytes:
        """Read the next block."""
        block = self.filelike.read(self.block_size)
        if not block:
            raise StopIteration
        return block

    def close(self) -> None:
        """Close the file, if it can be closed."""
        close = getattr(self.filelike, "close", None)
        if close is not None:
            close()

    def region(self) -> FileRegion | None:
        """Return the rest of the file as a region, where the kernel sends the same as ``read``.

        Only the three plain file classes are believed, over a regular file: a ``fileno()`` alone
        proves nothing, for a compressed file has one too, and a pipe has no offsets.
        """
        file = self.filelike
        if type(file) is io.BufferedReader or type(file) is io.BufferedRandom:
            if type(file.raw) is not io.FileIO:
                return None
        elif type(file) is not io.FileIO:
            return None
        if type(file) is io.BufferedRandom:
            file.flush()  # what is written but not yet in the file is no part of what is sent
        if not file.readable():
            return None
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return None
        offset = file.tell()
        return FileRegion(file, offset, max(0, status.st_size - offset))
