"""``asgiref._adapters.file_wrapper``: blocks of anything, regions of plain files alone."""

from __future__ import annotations

import gzip
import io
import os
from typing import TYPE_CHECKING

import pytest

from asgiref._adapters.file_wrapper import FileRegion, FileWrapper

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of ten bytes."""
    made = tmp_path / "digits"
    made.write_bytes(b"0123456789")
    return made


def test_blocks_and_close() -> None:
    """Any file-like object is read in blocks, and closed if it can be."""
    file = io.BytesIO(b"abcdefg")
    wrapper = FileWrapper(file, 3)
    assert list(wrapper) == [b"abc", b"def", b"g"]
    wrapper.close()
    assert file.closed

    class Bare:
        def read(self, size: int, /) -> bytes:
            return b"x" * next(sizes, 0) if size else b""

    sizes = iter([2])
    bare = FileWrapper(Bare(), 2)
    assert list(bare) == [b"xx"]
    bare.close()


@pytest.mark.parametrize("buffering", [0, -1], ids=["FileIO", "BufferedReader"])
def test_region(path: Path, buffering: int) -> None:
    """A plain file is a region from its logical position to its end."""
    with path.open("rb", buffering=buffering) as file:
        file.read(3)
        region = FileWrapper(file).region()
        assert isinstance(file, (io.FileIO, io.BufferedReader))
        assert region == FileRegion(file, 3, 7)


def test_region_of_a_file_open_both_ways(path: Path) -> None:
    """What was written and is still in the buffer is part of the region."""
    with path.open("r+b") as file:
        file.seek(0, io.SEEK_END)
        file.write(b"ab")
        file.seek(4)
        region = FileWrapper(file).region()
        assert region is not None
        assert os.pread(region.file.fileno(), region.length, region.offset) == b"456789ab"


def test_past_the_end(path: Path) -> None:
    """A position past the end leaves an empty region."""
    with path.open("rb") as file:
        file.seek(20)
        region = FileWrapper(file).region()
        assert region is not None
        assert region.length == 0


def test_a_descriptor_proves_nothing(path: Path, tmp_path: Path) -> None:
    """Compressed files, subclasses, pipes and write-only files have no region."""
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(b"secret"))
    with gzip.open(packed) as compressed:
        assert compressed.fileno() >= 0
        assert FileWrapper(compressed).region() is None
        assert isinstance(compressed, gzip.GzipFile)
        assert FileWrapper(io.BufferedReader(compressed)).region() is None

    class Upper(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return (super().read(-1 if size is None else size) or b"").upper()

    with Upper(path) as file:
        assert FileWrapper(file).region() is None
        with io.BufferedReader(file) as buffered:
            assert FileWrapper(buffered).region() is None
    reading, writing = os.pipe()
    with open(reading, "rb") as pipe, open(writing, "wb") as end:
        assert FileWrapper(pipe).region() is None
        assert FileWrapper(end).region() is None
