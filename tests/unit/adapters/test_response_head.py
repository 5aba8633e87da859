"""``asgiref._adapters.response_head``: what ``start_response`` accepts, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from asgiref._adapters.response_head import ResponseHead


@pytest.mark.parametrize(
    ("status", "code"),
    [("200 OK", 200), ("200", 200), ("404 ", 404), ("299 Ça va\t!", 299), ("999 x", 999)],
)
def test_status(status: str, code: int) -> None:
    """A status comes with a reason or without."""
    assert ResponseHead(status, []).status == code


@pytest.mark.parametrize(
    "status",
    [
        "",
        "OK",
        "20 OK",
        "200OK",
        "2000",
        " 200 OK",
        "100 Continue",
        "199",
        "200 a\r\nb",
        "٢٠٠ x",
        "200 中",
    ],
)
def test_bad_status(status: str) -> None:
    """A status that is none is refused with the offending value."""
    with pytest.raises(ValueError, match="start_response") as caught:
        ResponseHead(status, [])
    assert repr(status) in str(caught.value)


@pytest.mark.parametrize("status", [200, b"200 OK", None])
def test_status_of_wrong_type(status: Any) -> None:
    """A status that is no text is a TypeError with the offending value."""
    with pytest.raises(TypeError, match=f"{status!r}"):
        ResponseHead(status, [])


def test_headers_byte_for_byte() -> None:
    """Names are lower case as ASGI wants them, values pass unchanged, nothing is added."""
    head = ResponseHead("200 OK", [("X-A", " é "), ["Set-Cookie", "a=b"], ("set-cookie", "c=d")])
    assert head.headers == [
        (b"x-a", b" \xe9 "),
        (b"set-cookie", b"a=b"),
        (b"set-cookie", b"c=d"),
    ]
    assert head.event() == {"type": "http.response.start", "status": 200, "headers": head.headers}


@pytest.mark.parametrize(
    "name", ["Connection", "keep-alive", "Transfer-Encoding", "TE", "Trailer", "Upgrade"]
)
def test_hop_by_hop(name: str) -> None:
    """Fields about the connection are the server's."""
    assert ResponseHead("200 OK", [(name, "x")]).headers == []


@pytest.mark.parametrize(
    "header",
    [
        ("X-A", "a\r\nX-B: c"),
        ("X-A", "a\nb"),
        ("X-A", "a\0"),
        ("X-A", "\u20ac"),
        ("", "a"),
        ("X A", "a"),
        ("X-A:", "a"),
        ("X-\xe9", "a"),
        ("X-A\r\n", "a"),
        ("Content-Length", "-1"),
        ("Content-Length", "1.5"),
        ("Content-Length", ""),
        ("Content-Length", "\u0663"),
    ],
)
def test_bad_header(header: tuple[str, str]) -> None:
    """What HTTP cannot say is refused with the offending value."""
    with pytest.raises(ValueError, match="start_response") as caught:
        ResponseHead("200 OK", [header])
    assert any(repr(part) in str(caught.value) for part in header)


@pytest.mark.parametrize(
    "headers",
    [
        [("X-A", 1)],
        [(b"X-A", b"b")],
        [("X-A", None)],
        ["ab"],
        [("a", "b", "c")],
        {"ab": "c"},
        "abcd",
        [None],
        (("a", "b"),),
        {"ab": "c"}.items(),
        None,
        5,
    ],
    ids=repr,
)
def test_header_of_wrong_type(headers: Any) -> None:
    """Anything but a list of pairs of text is a TypeError that shows it."""
    with pytest.raises(TypeError, match="start_response"):
        ResponseHead("200 OK", headers)


def test_content_length() -> None:
    """The Content-Length is known; twice the same is once, two values are none."""
    assert ResponseHead("200 OK", []).content_length is None
    twice = [("Content-Length", "5"), ("content-length", "5")]
    assert ResponseHead("200 OK", twice).content_length == 5
    with pytest.raises(ValueError, match="5 and 6"):
        ResponseHead("200 OK", [twice[0], ("Content-Length", "6")])
