"""Scopes that servers, middleware and tests may build: both checkers accept every one."""

from asgiref.typing import (
    ASGIVersions,
    Extensions,
    HTTPScope,
    LifespanScope,
    Scope,
    TLSExtension,
    WebSocketScope,
    WWWScope,
)

# MAIN-06: a version alone
versions_minimal: ASGIVersions = {"version": "3.0"}
# MAIN-06: the version before
versions_two: ASGIVersions = {"version": "2.0"}
# MAIN-08: with the version of the protocol's specification, whatever numbers come
versions_full: ASGIVersions = {"version": "3.0", "spec_version": "2.17"}

# HTTP-01, HTTP-04, HTTP-06, HTTP-08, HTTP-13, HTTP-17, MAIN-03, MAIN-04, MAIN-05: required alone
http_minimal: HTTPScope = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "path": "/",
    "query_string": b"",
    "headers": [],
}
# HTTP-02, HTTP-07, HTTP-10, HTTP-14, HTTP-26, HTTP-28, HTTP-30, MAIN-30: with every optional key
http_full: HTTPScope = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.5"},
    "http_version": "2",
    "method": "POST",
    "scheme": "https",
    "path": "/mount/é",
    "raw_path": b"/mount/%C3%A9",
    "query_string": b"a=1&b=%20",
    "root_path": "/mount",
    "headers": [(b"host", b"example.org"), (b"cookie", b"a=1"), (b"cookie", b"b=2")],
    "client": ("127.0.0.1", 54321),
    "server": ("::1", 443),
    "state": {"pool": object()},
    "extensions": {},
}
# HTTP-10, HTTP-26, HTTP-28: None where the text allows it
http_none: HTTPScope = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.0",
    "method": "GET",
    "path": "/",
    "raw_path": None,
    "query_string": b"",
    "headers": (),
    "client": None,
    "server": None,
}
# HTTP-29: a unix socket, and headers in a tuple
http_unix: HTTPScope = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "path": "/",
    "query_string": b"",
    "headers": ((b"host", b"example.org"),),
    "server": ("/run/app.sock", None),
}
# HTTP-04: HTTP/3, which servers announce ahead of the text
http_three: HTTPScope = {**http_minimal, "http_version": "3"}
# MAIN-34: middleware changes a copy, keys of the original kept
http_copied: HTTPScope = {**http_full, "path": "/", "headers": [*http_full["headers"]]}

# WS-01, WS-06, WS-12: required alone
websocket_minimal: WebSocketScope = {
    "type": "websocket",
    "asgi": {"version": "3.0"},
    "path": "/",
    "headers": [],
}
# WS-02, WS-03, WS-05, WS-08, WS-10, WS-11, WS-16, WS-17, WS-18, WS-19: with every optional key
websocket_full: WebSocketScope = {
    "type": "websocket",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "scheme": "wss",
    "path": "/chat",
    "raw_path": b"/chat",
    "query_string": b"room=1",
    "root_path": "",
    "headers": [(b"host", b"example.org")],
    "client": ("2001:db8::1", 1),
    "server": ("example.org", 443),
    "subprotocols": ["chat.v2", "chat.v1"],
    "state": {},
    "extensions": {"websocket.http.response": {}},
}
# WS-08, WS-10, WS-16, WS-17: None where the text allows it
websocket_none: WebSocketScope = {
    "type": "websocket",
    "asgi": {"version": "3.0"},
    "path": "/",
    "raw_path": None,
    "query_string": None,
    "headers": [],
    "client": None,
    "server": None,
}
# WS-18: subprotocols in a tuple
websocket_tuple: WebSocketScope = {**websocket_minimal, "subprotocols": ("chat",)}
# WS-17: a unix socket
websocket_unix: WebSocketScope = {**websocket_minimal, "server": ("/run/app.sock", None)}

# LIFE-01, LIFE-04: required alone
lifespan_minimal: LifespanScope = {"type": "lifespan", "asgi": {"version": "3.0"}}
# LIFE-02, LIFE-03: with state
lifespan_state: LifespanScope = {
    "type": "lifespan",
    "asgi": {"version": "3.0", "spec_version": "2.0"},
    "state": {},
}
# MAIN-30: a lifespan scope may carry extensions
lifespan_extensions: LifespanScope = {
    "type": "lifespan",
    "asgi": {"version": "3.0"},
    "extensions": {},
}

# MAIN-31: nothing announced
extensions_none: Extensions = {}
# DENY-01, PUSH-01, ZERO-01, PATH-01, HINT-01, TRLR-01, DEBUG-01: every published announcement
extensions_all: Extensions = {
    "websocket.http.response": {},
    "http.response.push": {},
    "http.response.zerocopysend": {},
    "http.response.pathsend": {},
    "http.response.early_hint": {},
    "http.response.trailers": {},
    "http.response.debug": {},
}
# MAIN-31: an announcement may carry data
extensions_data: Extensions = {"http.response.push": {"limit": 10}}
# TLS-04, TLS-13, TLS-14: required alone, all unknown
tls_minimal: TLSExtension = {"server_cert": None, "tls_version": None, "cipher_suite": None}
# TLS-03, TLS-05, TLS-08, TLS-11: with every optional key
tls_full: TLSExtension = {
    "server_cert": "-----BEGIN CERTIFICATE-----",
    "client_cert_chain": ["-----BEGIN CERTIFICATE-----"],
    "client_cert_name": "CN=client",
    "client_cert_error": "expired",
    "tls_version": 0x0304,
    "cipher_suite": 0x1301,
}
# TLS-05, TLS-08, TLS-11: no certificate of the client
tls_anonymous: TLSExtension = {
    "server_cert": None,
    "client_cert_chain": (),
    "client_cert_name": None,
    "client_cert_error": None,
    "tls_version": 0x0303,
    "cipher_suite": None,
}
# TLS-03: inside extensions
extensions_tls: Extensions = {"tls": tls_full, "http.response.trailers": {}}

# MAIN-04: the unions
any_web: list[WWWScope] = [http_minimal, websocket_minimal]
# MAIN-04: the unions
any_scope: list[Scope] = [*any_web, lifespan_minimal]


def announced(scope: HTTPScope) -> Extensions:
    """A server collects what it offers step by step."""
    # PUSH-01: added later
    extensions: Extensions = {}
    if scope["http_version"] == "2":
        extensions["http.response.push"] = {}
    extensions["tls"] = tls_minimal
    return extensions


def read(scope: HTTPScope) -> tuple[str, bytes, str, bool, object]:
    """What readers do with keys that may be missing."""
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"")
    first = scope["headers"][0] if scope["headers"] else (b"", b"")
    client = scope.get("client")
    address = client[0] if client is not None else "unknown"
    extensions = scope.get("extensions", {})
    tls = extensions.get("tls")
    secure = tls is not None and tls["tls_version"] == 0x0304
    # MAIN-31: an extension that no text names
    own = extensions.get("example.extension")
    return scope.get("scheme", "http"), host + first[1], address, secure, own
