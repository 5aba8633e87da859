"""``asgiref._adapters.error_stream``: ``wsgi.errors`` takes any text whatever the locale."""

from __future__ import annotations

import io
import sys

import pytest

from asgiref._adapters.error_stream import ErrorStream


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("ascii", rb"a\xe9\u20ac\udcff"), ("latin-1", b"a\xe9\\u20ac\\udcff")],
)
def test_any_text(encoding: str, expected: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the encoding cannot say is written as escapes."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding, errors="strict"))
    stream = ErrorStream()
    assert stream.write("aé\u20ac\udcff") == 4
    stream.flush()
    assert raw.getvalue() == expected


def test_follows_the_stream_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replaced ``sys.stderr`` is used from then on."""
    stream = ErrorStream()
    replaced = io.StringIO()
    monkeypatch.setattr(sys, "stderr", replaced)
    stream.writelines(["a\n", "b\n"])
    assert replaced.getvalue() == "a\nb\n"


def test_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without standard error loses the text and nothing else."""
    stream = ErrorStream()
    monkeypatch.setattr(sys, "stderr", None)
    assert stream.write("a") == 1
    stream.flush()
