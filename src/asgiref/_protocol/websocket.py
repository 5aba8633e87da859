"""WebSocket events: what an application receives, then what it sends.

HTTP & WebSocket 2.5, "WebSocket", and the extension "Websocket Denial Response".

A message holds exactly one of ``bytes`` and ``text``. To a checker each of the two message events
is therefore a union of a form with bytes and a form with text; the other key is absent or
``None``. At run time the event stays one ``TypedDict`` class, so code that builds
``WebSocketSendEvent(type=..., text=...)`` goes on working; to a checker, build the form by its
own name.
"""

import builtins
from typing import TYPE_CHECKING, Literal, NotRequired, TypeAlias, TypedDict

from asgiref._protocol.headers import SentHeaders

__all__ = (
    "WebSocketAcceptEvent",
    "WebSocketCloseEvent",
    "WebSocketConnectEvent",
    "WebSocketDisconnectEvent",
    "WebSocketReceiveBytesEvent",
    "WebSocketReceiveEvent",
    "WebSocketReceiveEvents",
    "WebSocketReceiveTextEvent",
    "WebSocketResponseBodyEvent",
    "WebSocketResponseStartEvent",
    "WebSocketSendBytesEvent",
    "WebSocketSendEvent",
    "WebSocketSendEvents",
    "WebSocketSendTextEvent",
)


class WebSocketConnectEvent(TypedDict):
    """The client asks for a connection: first event, comes once ("Connect - receive event")."""

    type: Literal["websocket.connect"]


class WebSocketReceiveBytesEvent(TypedDict):
    """A binary message from the client ("Receive - receive event")."""

    type: Literal["websocket.receive"]
    bytes: builtins.bytes
    """The whole message."""
    text: NotRequired[None]
    """Absent or ``None``: this message is binary."""


class WebSocketReceiveTextEvent(TypedDict):
    """A text message from the client ("Receive - receive event")."""

    type: Literal["websocket.receive"]
    bytes: NotRequired[None]
    """Absent or ``None``: this message is text."""
    text: str
    """The whole message."""


class WebSocketDisconnectEvent(TypedDict):
    """The connection is over, whoever ended it ("Disconnect - receive event")."""

    type: Literal["websocket.disconnect"]
    code: int
    """The close code the client sent; 1005 when it sent none, 1006 when the socket was lost."""
    reason: NotRequired[str | None]
    """The reason the client gave. Default "". Since 2.5."""


class WebSocketAcceptEvent(TypedDict):
    """Completes the handshake, sent once ("Accept - send event")."""

    type: Literal["websocket.accept"]
    subprotocol: NotRequired[str | None]
    """The one the application chose from the offered. Default ``None``: none."""
    headers: NotRequired[SentHeaders]
    """(name, value) pairs in ``bytes``, names in lower case. Default empty. Since 2.1.

    The subprotocol has its own key: no ``sec-websocket-protocol`` here.
    """


class WebSocketSendBytesEvent(TypedDict):
    """A binary message to the client ("Send - send event")."""

    type: Literal["websocket.send"]
    bytes: builtins.bytes
    """The whole message."""
    text: NotRequired[None]
    """Absent or ``None``: this message is binary."""


class WebSocketSendTextEvent(TypedDict):
    """A text message to the client ("Send - send event")."""

    type: Literal["websocket.send"]
    bytes: NotRequired[None]
    """Absent or ``None``: this message is text."""
    text: str
    """The whole message. An empty string is a message too."""


class WebSocketCloseEvent(TypedDict):
    """Ends the connection, or refuses it when it was not accepted ("Close - send event")."""

    type: Literal["websocket.close"]
    code: NotRequired[int]
    """The WebSocket close code. Default 1000. A refusal is HTTP 403 whatever the code."""
    reason: NotRequired[str | None]
    """Why, for the close frame. Default "". Since 2.3."""


class WebSocketResponseStartEvent(TypedDict):
    """The head of an HTTP response that refuses (extension ``websocket.http.response``).

    Sent after ``websocket.connect`` and in place of accept or close.
    """

    type: Literal["websocket.http.response.start"]
    status: int
    """The HTTP status code."""
    headers: NotRequired[SentHeaders]
    """(name, value) pairs in ``bytes``, names in lower case. Default empty."""


class WebSocketResponseBodyEvent(TypedDict):
    """A part of that response's body (extension ``websocket.http.response``)."""

    type: Literal["websocket.http.response.body"]
    body: NotRequired[bytes]
    """This part. Default ``b""``."""
    more_body: NotRequired[bool]
    """Whether another part follows. Default ``False``, which completes the response."""


if TYPE_CHECKING:
    WebSocketReceiveEvent: TypeAlias = WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent
    """A message from the client: exactly one of ``bytes`` and ``text``.

    ``event.get("text")`` is ``None`` for a binary message, whichever way the server spells it.
    """

    WebSocketSendEvent: TypeAlias = WebSocketSendBytesEvent | WebSocketSendTextEvent
    """A message to the client: exactly one of ``bytes`` and ``text``."""
else:

    class WebSocketReceiveEvent(TypedDict):
        """A message from the client: exactly one of ``bytes`` and ``text`` is not ``None``."""

        type: Literal["websocket.receive"]
        bytes: NotRequired[builtins.bytes | None]
        text: NotRequired[str | None]

    class WebSocketSendEvent(TypedDict):
        """A message to the client: exactly one of ``bytes`` and ``text`` is not ``None``."""

        type: Literal["websocket.send"]
        bytes: NotRequired[builtins.bytes | None]
        text: NotRequired[str | None]


WebSocketReceiveEvents: TypeAlias = (
    WebSocketConnectEvent | WebSocketReceiveEvent | WebSocketDisconnectEvent
)
"""Every event an application may receive in a websocket scope."""

WebSocketSendEvents: TypeAlias = (
    WebSocketAcceptEvent
    | WebSocketSendEvent
    | WebSocketCloseEvent
    | WebSocketResponseStartEvent
    | WebSocketResponseBodyEvent
)
"""Every event an application may send in a websocket scope, the denial response included."""
