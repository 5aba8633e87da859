"""A file that an application hands to a server for sending: its own descriptor, its own end."""

from __future__ import annotations

import io
import os
import stat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ("ServedFile", "file_blocks")

#: Bytes of a block, where the server does not send from the descriptor.
BLOCK_SIZE = 64 * 1024


def _descriptor(file: Any) -> int:
    return file if isinstance(file, int) else int(file.fileno())


def file_blocks(file: Any, offset: int | None, count: int | None) -> Iterator[bytes]:
    """Read a stretch of an open file in blocks, without moving its position.

    Args:
        file: a file object with a descriptor, or the descriptor.
        offset: in bytes from its start; ``None`` is its current position.
        count: in bytes; ``None`` is up to its end.
    """
    descriptor = _descriptor(file)
    position = position_of(file) if offset is None else offset
    left = count
    while left is None or left:
        block = os.pread(
            descriptor, BLOCK_SIZE if left is None else min(left, BLOCK_SIZE), position
        )
        if not block:
            return
        position += len(block)
        if left is not None:
            left -= len(block)
        yield block


def position_of(file: Any) -> int:
    """Return the position of an open file, in bytes from its start."""
    if isinstance(file, int):
        return os.lseek(file, 0, os.SEEK_CUR)
    return int(file.tell())


class ServedFile(io.FileIO):
    """The rest of a regular file, for ``wsgi.file_wrapper``; closing it calls back.

    Args:
        descriptor: becomes this object's own.
        offset: where it begins, in bytes.
        on_close: called once, in the thread that closes.
    """

    def __init__(self, descriptor: int, offset: int, on_close: Callable[[], None]) -> None:
        super().__init__(descriptor, "rb")
        self._on_close: Callable[[], None] | None = on_close
        self.seek(offset)

    @classmethod
    def of_path(cls, path: str, on_close: Callable[[], None]) -> ServedFile:
        """Open a file by its name (``http.response.pathsend``)."""
        return cls(os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)), 0, on_close)

    @classmethod
    def again(
        cls, file: Any, offset: int | None, count: int | None, on_close: Callable[[], None]
    ) -> ServedFile | None:
        """Open an open file once more, if the stretch is the whole rest of a regular file.

        Servers read a wrapped file from its position, and a duplicated descriptor would share it
        with the application; only a second opening has one of its own. Where the platform offers
        none, the answer is ``None``.
        """
        descriptor = _descriptor(file)
        start = position_of(file) if offset is None else offset
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        if count is not None and start + count != status.st_size:
            return None
        try:
            return cls(os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY), start, on_close)
        except OSError:
            return None

    def close(self) -> None:
        """Close the descriptor and call back."""
        super().close()
        callback, self._on_close = self._on_close, None
        if callback is not None:
            callback()
