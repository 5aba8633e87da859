"""``asgiref._adapters.request_body``: a file over blocks that arrive one by one."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiref._adapters.request_body import RequestBody

if TYPE_CHECKING:
    from collections.abc import Iterable


def body_of(blocks: Iterable[bytes], length: int | None = None) -> RequestBody:
    """Return a body whose blocks are all there."""
    source = iter(blocks)
    return RequestBody(lambda _: next(source, b""), length)


sizes = st.one_of(st.none(), st.integers(-1, 12))
calls = st.one_of(
    st.tuples(st.sampled_from(["read", "readline", "readlines"]), sizes),
    st.tuples(st.sampled_from(["read", "readline", "readlines", "__next__"])),
    st.tuples(st.just("readinto"), st.integers(0, 12)),
)


def call(file: io.BufferedIOBase, name: str, *arguments: int | None) -> object:
    """Call a method; a ``StopIteration`` counts as a value."""
    if name == "readinto":
        buffer = bytearray(arguments[0] or 0)
        return file.readinto(buffer), bytes(buffer)
    try:
        return getattr(file, name)(*arguments)
    except StopIteration:
        return "stopped"


class TestLikeAnyFile:
    """PEP 3333: the methods mean what they mean in the standard library."""

    @given(
        st.lists(st.text("ab\n", min_size=1, max_size=6).map(str.encode)),
        st.lists(calls, max_size=12),
    )
    def test_any_mixture(
        self,
        blocks: list[bytes],
        script: list[tuple[str] | tuple[str, int | None]],
    ) -> None:
        """Any calls in any order give what a buffered file of the same bytes gives."""
        model = io.BufferedReader(io.BytesIO(b"".join(blocks)))
        body = body_of(blocks)
        for name, *arguments in script:
            assert call(body, name, *arguments) == call(model, name, *arguments)
        assert body.read() == model.read()

    @given(st.lists(st.binary(min_size=1, max_size=5)), st.integers(0, 20))
    def test_content_length(self, blocks: list[bytes], length: int) -> None:
        """It stops at the Content-Length, and asks for no block beyond it."""
        whole = b"".join(blocks)
        length = min(length, len(whole))
        assert body_of(blocks, length).read() == whole[:length]
        assert list(body_of(blocks, length)) == list(io.BytesIO(whole[:length]))


class TestArrival:
    """What waits for what."""

    def test_read1_takes_what_is_there(self) -> None:
        """``read1`` returns one block, or less, without asking for the next."""
        body = body_of([b"abc", b"def"])
        assert body.read1() == b"abc"
        assert body.read1(2) == b"de"
        assert body.read1(2) == b"f"
        assert body.read1() == b""

    def test_readline_takes_no_more_than_the_line(self) -> None:
        """A line that has arrived is returned without waiting for what follows."""

        def take(wanted: int) -> bytes:
            if asked:
                raise AssertionError("asked for a block that the line does not need")
            asked.append(True)
            return b"one\ntwo"

        asked: list[bool] = []
        assert RequestBody(take).readline() == b"one\n"

    @pytest.mark.parametrize("read", ["read", "readline", "readlines"])
    def test_body_shorter_than_its_length(self, read: str) -> None:
        """A body that ends before its Content-Length is never passed for a whole one."""
        body = body_of([b"abc"], 5)
        with pytest.raises(OSError, match="2 bytes before its Content-Length"):
            getattr(body, read)()
        assert body.read(3) == b"abc"

    def test_text_wrapper(self) -> None:
        """``io.TextIOWrapper`` accepts it, as some frameworks expect."""
        body: Any = body_of([b"a\xc3", b"\xa9\n"])
        assert io.TextIOWrapper(body, "utf-8").read() == "aé\n"

    def test_closed_by_the_application(self) -> None:
        """Reading after ``close`` says so."""
        body = body_of([b"a"])
        body.close()
        with pytest.raises(ValueError, match="closed"):
            body.read()

    def test_any_negative_size(self) -> None:
        """Every negative size means: all of it."""
        assert body_of([b"a\n", b"b"]).read(-2) == b"a\nb"
        assert body_of([b"a\n", b"b"]).readline(-2) == b"a\n"
