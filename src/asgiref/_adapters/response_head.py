"""What an application says with ``start_response`` (PEP 3333), checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("BODILESS", "HOP_BY_HOP", "ResponseHead")

#: A token of RFC 9110, section 5.6.2.
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_STATUS: Final = re.compile(r"[2-9][0-9][0-9](?: [\t\x20-\x7e\x80-\xff]*)?")
_FORBIDDEN: Final = re.compile(r"[\r\n\x00]")

#: Statuses whose responses have no body (RFC 9110, section 6.4.1).
BODILESS: Final = frozenset((204, 304))

#: Fields about one connection and not about the response: they are the server's (PEP 3333, "Other
#: HTTP Features"; RFC 9110, section 7.6.1).
HOP_BY_HOP: Final = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"trailers",
        b"transfer-encoding",
        b"upgrade",
    )
)


#: Names that were checked before, as ASGI has them: an application uses the same few.
_names: Final[dict[str, bytes]] = {}

#: Names beyond this number are not remembered.
_REMEMBERED: Final = 256


def _checked(name: str) -> bytes:
    if _TOKEN.fullmatch(name) is None:
        raise ValueError(f"start_response() got {name!r}, which is no name of an HTTP header.")
    lowered = name.lower().encode("ascii")
    if len(_names) < _REMEMBERED and len(name) < 64:
        _names[name] = lowered
    return lowered


class ResponseHead:
    """Status and headers of one response, ready to be sent.

    Args:
        status: the status line without the version: a final status code and, after a space, any
            reason.
        response_headers: a list of pairs of name and value, both native strings.

    Raises:
        TypeError: the status, the headers, a pair, a name or a value is of the wrong type.
        ValueError: one of them says what HTTP cannot; the message quotes it.
    """

    __slots__ = ("content_length", "headers", "status")

    def __init__(self, status: str, response_headers: Iterable[Iterable[str]]) -> None:
        if not isinstance(status, str):
            raise TypeError(
                f"start_response() got the status {status!r} of type {type(status).__name__}; "
                "it must be a str such as '200 OK'."
            )
        if _STATUS.fullmatch(status) is None:
            raise ValueError(
                f"start_response() got the status {status!r}; it must be a final status code, "
                "200 to 999, and may go on with a space and a reason in latin-1, as in '200 OK'."
            )
        self.status = int(status[:3])
        #: In bytes; ``None`` where the application does not say.
        self.content_length: int | None = None
        #: Lower-case names and values, as ASGI sends them.
        self.headers: list[tuple[bytes, bytes]] = []
        if not isinstance(response_headers, list):
            raise TypeError(
                f"start_response() got its headers as {response_headers!r:.80} of type "
                f"{type(response_headers).__name__}; it must be a list of (name, value) tuples."
            )
        for pair in response_headers:
            self._add(pair)

    def _add(self, pair: Iterable[str]) -> None:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(
                f"start_response() got the header {pair!r}; it must be a (name, value) tuple."
            )
        name, value = pair
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(
                f"start_response() got the header ({name!r}, {value!r}); "
                "name and value must both be str."
            )
        lowered = _names.get(name) or _checked(name)
        if _FORBIDDEN.search(value) is not None:
            raise ValueError(
                f"start_response() got the header {name!r} with the value {value!r}; "
                "a value cannot hold a line break or NUL."
            )
        try:
            encoded = value.encode("latin-1")
        except UnicodeEncodeError:
            raise ValueError(
                f"start_response() got the header {name!r} with the value {value!r}; a value "
                "holds bytes as latin-1 characters, so encode other text first (RFC 8187)."
            ) from None
        if lowered in HOP_BY_HOP:
            return
        if lowered == b"content-length":
            self._set_length(value)
        self.headers.append((lowered, encoded))

    def _set_length(self, value: str) -> None:
        digits = value.strip(" \t")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 19:
            raise ValueError(
                f"start_response() got the Content-Length {value!r}; "
                "it must be a number of bytes, not negative."
            )
        length = int(digits)
        if self.content_length is not None and self.content_length != length:
            raise ValueError(
                "start_response() got two values of Content-Length, "
                f"{self.content_length} and {length}."
            )
        self.content_length = length

    @classmethod
    def of(cls, event: dict[str, Any]) -> ResponseHead:
        """Return the head that an ``http.response.start`` event stands for; it is not checked."""
        head = cls.__new__(cls)
        head.status = event["status"]
        head.headers = [(name, value) for name, value in event.get("headers") or ()]
        lengths = [value for name, value in head.headers if name == b"content-length"]
        head.content_length = int(lengths[0]) if lengths else None
        return head

    def event(self) -> dict[str, Any]:
        """Return the ``http.response.start`` event."""
        return {
            "type": "http.response.start",
            "status": self.status,
            "headers": self.headers,
        }
