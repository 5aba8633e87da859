"""Connection scopes: what a server says about a connection before any event.

Main 3.0 "Connection Scope", HTTP & WebSocket 2.5 "HTTP Connection Scope" and "Websocket Connection
Scope", lifespan 2.0 "Scope", TLS extension 0.2 "TLS Connection Scope".

Three types are narrower than the words "iterable" in the texts, because readers unpack and read
twice: pairs (headers, ``client``, ``server``) are tuples, header lists are sequences, and lists of
strings are lists or tuples, so that a lone string is not taken for a list of its characters.
"""

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from asgiref._protocol.headers import ReceivedHeaders

__all__ = (
    "ASGIVersions",
    "Extensions",
    "HTTPScope",
    "LifespanScope",
    "Scope",
    "TLSExtension",
    "WWWScope",
    "WebSocketScope",
)


class ASGIVersions(TypedDict):
    """The versions a server speaks: ``scope["asgi"]`` (main 3.0, "Applications")."""

    version: Literal["2.0", "3.0"]
    """Version of ASGI itself: "2.0" asks for double callables, "3.0" for single ones."""
    spec_version: NotRequired[str]
    """Version of the protocol's own specification, for example "2.5".

    Default "2.0" for http and websocket, "1.0" for lifespan. A ``str`` without a list of values,
    since the numbers grow: compare it by parts, not as text.
    """


class TLSExtension(TypedDict):
    """TLS parameters of the connection: ``scope["extensions"]["tls"]`` (TLS extension 0.2).

    Its presence says that the connection uses TLS; ``None`` says that a value is not known.
    """

    server_cert: str | None
    """The server's certificate as PEM text."""
    client_cert_chain: NotRequired[list[str] | tuple[str, ...]]
    """Certificates as PEM texts, the client's first, each next one signing the one before.

    Default empty: the client gave none, or the server cannot know.
    """
    client_cert_name: NotRequired[str | None]
    """Subject of the client's certificate as RFC 4514 text. Default ``None``."""
    client_cert_error: NotRequired[str | None]
    """Why verification of the client's certificate failed.

    Default ``None``: it was verified, or there was none.
    """
    tls_version: int | None
    """The protocol number on the wire: 0x0303 for TLS 1.2, 0x0304 for TLS 1.3."""
    cipher_suite: int | None
    """The cipher suite's number, 16 bits, unsigned, in network order."""


# The announcements have dots in their names, which only the functional form can spell.
_AnnouncedExtensions = TypedDict(
    "_AnnouncedExtensions",
    {
        "http.response.debug": dict[str, Any],
        "http.response.early_hint": dict[str, Any],
        "http.response.pathsend": dict[str, Any],
        "http.response.push": dict[str, Any],
        "http.response.trailers": dict[str, Any],
        "http.response.zerocopysend": dict[str, Any],
        "websocket.http.response": dict[str, Any],
    },
    total=False,
)


class Extensions(_AnnouncedExtensions, total=False):
    """What a server offers beyond the core: ``scope["extensions"]`` (main 3.0, "Extensions").

    Every key is optional. An extension that only adds events is announced by an empty dict; an
    application sends such an event only when its name is here. An extension of one's own is read
    with ``extensions.get("my.extension")`` or ``"my.extension" in extensions``.
    """

    tls: TLSExtension
    """Present on connections over TLS only, and never for lifespan."""


class _WWWScopeKeys(TypedDict):
    """The keys that mean the same for HTTP and WebSocket."""

    asgi: ASGIVersions
    """The versions the server speaks."""
    path: str
    """The target's path, percent escapes and UTF-8 decoded, without the query string."""
    raw_path: NotRequired[bytes | None]
    """The path's bytes exactly as received, without the query string. Default ``None``."""
    root_path: NotRequired[str]
    """Where the application is mounted, a prefix of ``path``. Default ""."""
    headers: ReceivedHeaders
    """(name, value) pairs in ``bytes``; names in lower case, order and duplicates kept."""
    client: NotRequired[tuple[str, int] | None]
    """(IP address, port) of the remote side. Default ``None``: not known."""
    server: NotRequired[tuple[str, int | None] | None]
    """(host, port) the server listens on, or (path, ``None``) of a unix socket.

    Default ``None``: not known.
    """
    state: NotRequired[dict[str, Any]]
    """A shallow copy of the lifespan's namespace. Absent: the server has no lifespan state."""
    extensions: NotRequired[Extensions]
    """What the server offers beyond the core. Absent: nothing."""


class HTTPScope(_WWWScopeKeys):
    """One HTTP request (HTTP & WebSocket 2.5, "HTTP Connection Scope")."""

    type: Literal["http"]
    http_version: Literal["1.0", "1.1", "2", "3"]
    """The version the client used. The text ends at "2"; servers with HTTP/3 say "3"."""
    method: str
    """The request method in upper case."""
    scheme: NotRequired[str]
    """The URL's scheme, never empty. Default "http"."""
    query_string: bytes
    """What follows the first "?", still percent-encoded; ``b""`` when there is none."""


class WebSocketScope(_WWWScopeKeys):
    """One WebSocket connection (HTTP & WebSocket 2.5, "Websocket Connection Scope")."""

    type: Literal["websocket"]
    http_version: NotRequired[Literal["1.1", "2", "3"]]
    """The version of the handshake. Default "1.1". The text ends at "2"."""
    scheme: NotRequired[str]
    """The URL's scheme, never empty. Default "ws"."""
    query_string: NotRequired[bytes | None]
    """What follows the first "?", still percent-encoded. Default ``b""``; ``None`` means that."""
    subprotocols: NotRequired[list[str] | tuple[str, ...]]
    """The subprotocols the client offers, in its order. Default empty."""


class LifespanScope(TypedDict):
    """The life of one event loop that serves (lifespan 2.0, "Scope")."""

    type: Literal["lifespan"]
    asgi: ASGIVersions
    """The versions the server speaks."""
    state: NotRequired[dict[str, Any]]
    """An empty namespace for the application to fill; every later scope gets a shallow copy.

    Absent: the server does not support lifespan state.
    """
    extensions: NotRequired[Extensions]
    """What the server offers beyond the core (main 3.0, "Extensions"). Absent: nothing."""


WWWScope: TypeAlias = HTTPScope | WebSocketScope
"""A scope that a client on the web caused."""

Scope: TypeAlias = HTTPScope | WebSocketScope | LifespanScope
"""Every scope of the published specifications. Tell them apart by ``scope["type"]``."""
