"""HTTP events: what an application receives, then what it sends (HTTP & WebSocket 2.5, "HTTP").

The events of extensions stand here too; their docstrings name the announcement that must be in
``scope["extensions"]`` before one of them is sent.
"""

from collections.abc import Iterable
from typing import Any, Literal, NotRequired, Protocol, TypeAlias, TypedDict, runtime_checkable

from asgiref._protocol.headers import SentHeaders

__all__ = (
    "FileWithDescriptor",
    "HTTPDisconnectEvent",
    "HTTPReceiveEvent",
    "HTTPRequestEvent",
    "HTTPResponseBodyEvent",
    "HTTPResponseDebugEvent",
    "HTTPResponseEarlyHintEvent",
    "HTTPResponsePathsendEvent",
    "HTTPResponseStartEvent",
    "HTTPResponseTrailersEvent",
    "HTTPResponseZeroCopySendEvent",
    "HTTPSendEvent",
    "HTTPServerPushEvent",
)


class HTTPRequestEvent(TypedDict):
    """A part of the request's body ("Request - receive event")."""

    type: Literal["http.request"]
    body: NotRequired[bytes]
    """This part, transfer encoding removed. Default ``b""``."""
    more_body: NotRequired[bool]
    """Whether another part follows. Default ``False``."""


class HTTPDisconnectEvent(TypedDict):
    """The client has gone, or the response is complete ("Disconnect - receive event")."""

    type: Literal["http.disconnect"]


class HTTPResponseStartEvent(TypedDict):
    """The head of the response, sent once ("Response Start - send event")."""

    type: Literal["http.response.start"]
    status: int
    """The HTTP status code of the final response, 200 to 599 in practice."""
    headers: NotRequired[SentHeaders]
    """(name, value) pairs in ``bytes``, names in lower case. Default empty."""
    trailers: NotRequired[bool]
    """Whether trailers follow the last body event (extension ``http.response.trailers``).

    Default ``False``.
    """


class HTTPResponseBodyEvent(TypedDict):
    """A part of the response's body ("Response Body - send event")."""

    type: Literal["http.response.body"]
    body: NotRequired[bytes]
    """This part. Default ``b""``."""
    more_body: NotRequired[bool]
    """Whether another part follows. Default ``False``, which completes the body."""


class HTTPResponseTrailersEvent(TypedDict):
    """Trailing headers after the last body event (extension ``http.response.trailers``).

    Legal only after a start with ``trailers`` true.
    """

    type: Literal["http.response.trailers"]
    headers: SentHeaders
    """(name, value) pairs in ``bytes``, names in lower case."""
    more_trailers: NotRequired[bool]
    """Whether another such event follows. Default ``False``, which completes the response."""


class HTTPResponsePathsendEvent(TypedDict):
    """A file named by its path as the whole body (extension ``http.response.pathsend``).

    Sent once, after the start, and never together with ``http.response.body``.
    """

    type: Literal["http.response.pathsend"]
    path: str
    """Absolute path of the file, in the platform's own notation."""


@runtime_checkable
class FileWithDescriptor(Protocol):
    """An open file that the operating system knows by a descriptor."""

    def fileno(self) -> int:
        """Return the descriptor.

        Raises:
            OSError: there is none, as with ``io.BytesIO``, which no checker can see.

        """
        ...


class HTTPResponseZeroCopySendEvent(TypedDict):
    """A part of the body that the kernel copies (extension ``http.response.zerocopysend``).

    Takes the place of ``http.response.body`` and may be mixed with it.
    """

    type: Literal["http.response.zerocopysend"]
    file: FileWithDescriptor
    """The open file. The application closes it, after the send."""
    offset: NotRequired[int]
    """Where to begin, in bytes from the start. Default: the file's current position."""
    count: NotRequired[int]
    """How many bytes to send. Default: up to the end of the file."""
    more_body: NotRequired[bool]
    """Whether another part follows. Default ``False``, which completes the body."""


class HTTPResponseEarlyHintEvent(TypedDict):
    """An informational 103 response (extension ``http.response.early_hint``).

    Sent before the start, any number of times; a server may ignore it.
    """

    type: Literal["http.response.early_hint"]
    links: Iterable[bytes]
    """Values of link header fields."""


class HTTPServerPushEvent(TypedDict):
    """A resource to push to the client (extension ``http.response.push``, HTTP/2 only).

    Sent between the start and the last body event, any number of times.
    """

    type: Literal["http.response.push"]
    path: str
    """The pushed resource's path, decoded like the scope's."""
    headers: SentHeaders
    """(name, value) pairs of the pushed request in ``bytes``, names in lower case."""


class HTTPResponseDebugEvent(TypedDict):
    """What a framework tells a test client (extension ``http.response.debug``).

    Sent once, before the start. Real servers do not announce it.
    """

    type: Literal["http.response.debug"]
    info: dict[str, Any]
    """Anything at all, by name: the template, its context."""


HTTPReceiveEvent: TypeAlias = HTTPRequestEvent | HTTPDisconnectEvent
"""Every event an application may receive in an http scope."""

HTTPSendEvent: TypeAlias = (
    HTTPResponseStartEvent
    | HTTPResponseBodyEvent
    | HTTPResponseTrailersEvent
    | HTTPResponsePathsendEvent
    | HTTPResponseZeroCopySendEvent
    | HTTPResponseEarlyHintEvent
    | HTTPServerPushEvent
    | HTTPResponseDebugEvent
)
"""Every event an application may send in an http scope, extensions included."""
