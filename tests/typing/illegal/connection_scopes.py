"""Scopes that break a clause: what each checker says about every one."""

from asgiref.typing import (
    ASGIVersions,
    Extensions,
    HTTPScope,
    LifespanScope,
    TLSExtension,
    WebSocketScope,
)


def http(scope: HTTPScope) -> None:
    """One wrong value after the other."""
    # HTTP-01: the type is "http"
    scope["type"] = "https"
    # mypy: [typeddict-item] Value of "type" has incompatible type "Literal['https']"; expected "Literal['http']"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "Literal['https']" is not assignable to type "Literal['http']"
    # MAIN-05: the versions are a dict
    scope["asgi"] = "3.0"
    # mypy: [typeddict-item] Value of "asgi" has incompatible type "str"; expected "ASGIVersions"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "Literal['3.0']" is not assignable to "ASGIVersions"
    # HTTP-02: the version of the specification is text
    scope["asgi"]["spec_version"] = 2.5
    # mypy: [typeddict-item] Value of "spec_version" has incompatible type "float"; expected "str"
    # pyright: [reportIndexIssue] "__setitem__" method not defined on type "Literal['3.0']"
    # HTTP-04: HTTP/2 is called "2"
    scope["http_version"] = "2.0"
    # mypy: [typeddict-item] Value of "http_version" has incompatible type "Literal['2.0']"; expected "Literal['1.0', '1.1', '2', '3']"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "Literal['2.0']" is not assignable to type "Literal['1.0', '1.1', '2', '3']" / "Literal['2.0']" is not assignable to type "Literal['1.0']" / "Literal['2.0']" is not assignable to type "Literal['1.1']" / "Literal['2.0']" is not assignable to type "Literal['2']" / "Literal['2.0']" is not assignable to type "Literal['3']"
    # HTTP-06: the method is text
    scope["method"] = b"GET"
    # mypy: [typeddict-item] Value of "method" has incompatible type "bytes"; expected "str"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "Literal[b"GET"]" is not assignable to "str"
    # HTTP-07: the scheme is text; left out when not known
    scope["scheme"] = None
    # mypy: [typeddict-item] Value of "scheme" has incompatible type "None"; expected "str"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "None" is not assignable to "str"
    # HTTP-08: the path is text
    scope["path"] = b"/"
    # mypy: [typeddict-item] Value of "path" has incompatible type "bytes"; expected "str"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "Literal[b"/"]" is not assignable to "str"
    # HTTP-10: the raw path is bytes
    scope["raw_path"] = "/"
    # mypy: [typeddict-item] Value of "raw_path" has incompatible type "str"; expected "bytes | None"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "Literal['/']" is not assignable to type "bytes | None" / "Literal['/']" is not assignable to "bytes" / "Literal['/']" is not assignable to "None"
    # HTTP-13: the query string is bytes
    scope["query_string"] = "a=1"
    # mypy: [typeddict-item] Value of "query_string" has incompatible type "str"; expected "bytes"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "Literal['a=1']" is not assignable to "bytes"
    # HTTP-14: the mount point is text; left out when there is none
    scope["root_path"] = None
    # mypy: [typeddict-item] Value of "root_path" has incompatible type "None"; expected "str"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "None" is not assignable to "str"
    # HTTP-17: header pairs are bytes
    scope["headers"] = [("host", "example.org")]
    # mypy: [list-item] List item 0 has incompatible type "tuple[str, str]"; expected "tuple[bytes, bytes]"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "Literal['host']" is not assignable to "bytes" / "Literal['example.org']" is not assignable to "bytes"
    # HTTP-17: headers are pairs, not a mapping
    scope["headers"] = {b"host": b"example.org"}
    # mypy: [typeddict-item] Value of "headers" has incompatible type "dict[bytes, bytes]"; expected "Sequence[tuple[bytes, bytes]]"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "dict[bytes, bytes]" is not assignable to "Sequence[tuple[bytes, bytes]]"
    # HTTP-17: there is a list, even an empty one
    scope["headers"] = None
    # mypy: [typeddict-item] Value of "headers" has incompatible type "None"; expected "Sequence[tuple[bytes, bytes]]"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "None" is not assignable to "Sequence[tuple[bytes, bytes]]"
    # HTTP-26: the client is a pair
    scope["client"] = "127.0.0.1:54321"
    # mypy: [typeddict-item] Value of "client" has incompatible type "str"; expected "tuple[str, int] | None"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "Literal['127.0.0.1:54321']" is not assignable to type "tuple[str, int] | None" / "Literal['127.0.0.1:54321']" is not assignable to "tuple[str, int]" / "Literal['127.0.0.1:54321']" is not assignable to "None"
    # HTTP-26: the port is a number
    scope["client"] = ("127.0.0.1", "54321")
    # mypy: [typeddict-item] Value of "client" has incompatible type "tuple[str, str]"; expected "tuple[str, int] | None"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "tuple[Literal['127.0.0.1'], Literal['54321']]" is not assignable to type "tuple[str, int] | None" / "tuple[Literal['127.0.0.1'], Literal['54321']]" is not assignable to "tuple[str, int]" / Tuple entry 2 is incorrect type / "Literal['54321']" is not assignable to "int" / "tuple[Literal['127.0.0.1'], Literal['54321']]" is not assignable to "None"
    # HTTP-28: host first, port second
    scope["server"] = (80, "127.0.0.1")
    # mypy: [typeddict-item] Value of "server" has incompatible type "tuple[int, str]"; expected "tuple[str, int | None] | None"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "tuple[Literal[80], Literal['127.0.0.1']]" is not assignable to type "tuple[str, int | None] | None" / "tuple[Literal[80], Literal['127.0.0.1']]" is not assignable to "tuple[str, int | None]" / Tuple entry 1 is incorrect type / "Literal[80]" is not assignable to "str" / "tuple[Literal[80], Literal['127.0.0.1']]" is not assignable to "None"
    # HTTP-29: a unix socket has a path
    scope["server"] = (None, None)
    # mypy: [typeddict-item] Value of "server" has incompatible type "tuple[None, None]"; expected "tuple[str, int | None] | None"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "tuple[None, None]" is not assignable to type "tuple[str, int | None] | None" / "tuple[None, None]" is not assignable to "tuple[str, int | None]" / Tuple entry 1 is incorrect type / "None" is not assignable to "str" / "tuple[None, None]" is not assignable to "None"
    # HTTP-30: state is a dict; left out when there is none
    scope["state"] = None
    # mypy: [typeddict-item] Value of "state" has incompatible type "None"; expected "dict[str, Any]"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "None" is not assignable to "dict[str, Any]"
    # MAIN-30: extensions are a dict
    scope["extensions"] = ["http.response.push"]
    # mypy: [typeddict-item] Value of "extensions" has incompatible type "list[str]"; expected "Extensions"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "list[str]" is not assignable to "Extensions"


# HTTP-01, MAIN-04: the type is required
http_type: HTTPScope = {
    # mypy: [typeddict-item] Missing key "type" for TypedDict "HTTPScope"
    # pyright: [reportAssignmentType] Type "dict[str, ASGIVersions | str | bytes | list[tuple[bytes, bytes]]]" is not assignable to declared type "HTTPScope" / "type" is required in "HTTPScope"
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "path": "/",
    "query_string": b"",
    "headers": [],
}
# HTTP-04: http_version is required
http_version: HTTPScope = {
    # mypy: [typeddict-item] Missing key "http_version" for TypedDict "HTTPScope"
    # pyright: [reportAssignmentType] Type "dict[str, str | ASGIVersions | bytes | list[tuple[bytes, bytes]]]" is not assignable to declared type "HTTPScope" / "http_version" is required in "HTTPScope"
    "type": "http",
    "asgi": {"version": "3.0"},
    "method": "GET",
    "path": "/",
    "query_string": b"",
    "headers": [],
}
# HTTP-06: method is required
http_method: HTTPScope = {
    # mypy: [typeddict-item] Missing key "method" for TypedDict "HTTPScope"
    # pyright: [reportAssignmentType] Type "dict[str, str | ASGIVersions | bytes | list[tuple[bytes, bytes]]]" is not assignable to declared type "HTTPScope" / "method" is required in "HTTPScope"
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "path": "/",
    "query_string": b"",
    "headers": [],
}
# HTTP-08, HTTP-13, HTTP-17, MAIN-05: the other required keys
http_rest: HTTPScope = {"type": "http", "http_version": "1.1", "method": "GET"}
# mypy: [typeddict-item] Missing keys ("asgi", "path", "headers", "query_string") for TypedDict "HTTPScope"
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "HTTPScope" / "asgi" is required in "HTTPScope" / "path" is required in "HTTPScope" / "headers" is required in "HTTPScope" / "query_string" is required in "HTTPScope"
# MAIN-03: a scope is a dict
http_pairs: HTTPScope = [("type", "http")]
# mypy: [assignment] Incompatible types in assignment (expression has type "list[tuple[str, str]]", variable has type "HTTPScope")
# pyright: [reportAssignmentType] Type "list[tuple[str, str]]" is not assignable to declared type "HTTPScope" / "list[tuple[str, str]]" is not assignable to "HTTPScope"

# MAIN-06: the version is required
versions_empty: ASGIVersions = {}
# mypy: [typeddict-item] Missing key "version" for TypedDict "ASGIVersions"
# pyright: [reportAssignmentType] Type "dict[Any, Any]" is not assignable to declared type "ASGIVersions" / "version" is required in "ASGIVersions"
# MAIN-06: the version is one that exists
versions_unknown: ASGIVersions = {"version": "1.0"}
# mypy: [typeddict-item] Incompatible types (expression has type "Literal['1.0']", TypedDict item "version" has type "Literal['2.0', '3.0']")
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "ASGIVersions" / Type "Literal['1.0']" is not assignable to type "Literal['2.0', '3.0']" / "Literal['1.0']" is not assignable to type "Literal['2.0']" / "Literal['1.0']" is not assignable to type "Literal['3.0']"
# MAIN-06: the version is text
versions_number: ASGIVersions = {"version": 3.0}
# mypy: [typeddict-item] Incompatible types (expression has type "float", TypedDict item "version" has type "Literal['2.0', '3.0']")
# pyright: [reportAssignmentType] Type "dict[str, float]" is not assignable to declared type "ASGIVersions" / Type "float" is not assignable to type "Literal['2.0', '3.0']" / "float" is not assignable to "Literal['2.0']" / "float" is not assignable to "Literal['3.0']"
# MAIN-08: spec_version is text
versions_spec: ASGIVersions = {"version": "3.0", "spec_version": 2}
# mypy: [typeddict-item] Incompatible types (expression has type "int", TypedDict item "spec_version" has type "str")
# pyright: [reportAssignmentType] Type "dict[str, str | int]" is not assignable to declared type "ASGIVersions" / "Literal[2]" is not assignable to "str"


def websocket(scope: WebSocketScope) -> None:
    """One wrong value after the other."""
    # WS-01: the type is "websocket"
    scope["type"] = "ws"
    # mypy: [typeddict-item] Value of "type" has incompatible type "Literal['ws']"; expected "Literal['websocket']"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "Literal['ws']" is not assignable to type "Literal['websocket']"
    # WS-02: the version of the specification is text
    scope["asgi"]["spec_version"] = None
    # mypy: [typeddict-item] Value of "spec_version" has incompatible type "None"; expected "str"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "None" is not assignable to "str"
    # WS-03: a websocket needs HTTP/1.1 at least
    scope["http_version"] = "1.0"
    # mypy: [typeddict-item] Value of "http_version" has incompatible type "Literal['1.0']"; expected "Literal['1.1', '2', '3']"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "Literal['1.0']" is not assignable to type "Literal['1.1', '2', '3']" / "Literal['1.0']" is not assignable to type "Literal['1.1']" / "Literal['1.0']" is not assignable to type "Literal['2']" / "Literal['1.0']" is not assignable to type "Literal['3']"
    # WS-04: there is no method
    scope["method"] = "GET"
    # mypy: [typeddict-unknown-key] TypedDict "WebSocketScope" has no key "method"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "method" is not a defined key in "WebSocketScope"
    # WS-05: the scheme is text
    scope["scheme"] = b"wss"
    # mypy: [typeddict-item] Value of "scheme" has incompatible type "bytes"; expected "str"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "Literal[b"wss"]" is not assignable to "str"
    # WS-06: the path is text
    scope["path"] = None
    # mypy: [typeddict-item] Value of "path" has incompatible type "None"; expected "str"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "None" is not assignable to "str"
    # WS-08: the raw path is bytes
    scope["raw_path"] = "/"
    # mypy: [typeddict-item] Value of "raw_path" has incompatible type "str"; expected "bytes | None"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "Literal['/']" is not assignable to type "bytes | None" / "Literal['/']" is not assignable to "bytes" / "Literal['/']" is not assignable to "None"
    # WS-10: the query string is bytes
    scope["query_string"] = ""
    # mypy: [typeddict-item] Value of "query_string" has incompatible type "str"; expected "bytes | None"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "Literal['']" is not assignable to type "bytes | None" / "Literal['']" is not assignable to "bytes" / "Literal['']" is not assignable to "None"
    # WS-11: the mount point is text
    scope["root_path"] = b""
    # mypy: [typeddict-item] Value of "root_path" has incompatible type "bytes"; expected "str"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "Literal[b""]" is not assignable to "str"
    # WS-12: header pairs are bytes
    scope["headers"] = [(b"host", "example.org")]
    # mypy: [list-item] List item 0 has incompatible type "tuple[bytes, str]"; expected "tuple[bytes, bytes]"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "Literal['example.org']" is not assignable to "bytes"
    # WS-16: the client is a pair of text and number
    scope["client"] = ("127.0.0.1",)
    # mypy: [typeddict-item] Value of "client" has incompatible type "tuple[str]"; expected "tuple[str, int] | None"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "tuple[Literal['127.0.0.1']]" is not assignable to type "tuple[str, int] | None" / "tuple[Literal['127.0.0.1']]" is not assignable to "tuple[str, int]" / Tuple size mismatch; expected 2 but received 1 / "tuple[Literal['127.0.0.1']]" is not assignable to "None"
    # WS-17: the server is a pair
    scope["server"] = "example.org"
    # mypy: [typeddict-item] Value of "server" has incompatible type "str"; expected "tuple[str, int | None] | None"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "Literal['example.org']" is not assignable to type "tuple[str, int | None] | None" / "Literal['example.org']" is not assignable to "tuple[str, int | None]" / "Literal['example.org']" is not assignable to "None"
    # WS-18: one subprotocol is not a list
    scope["subprotocols"] = "chat"
    # mypy: [typeddict-item] Value of "subprotocols" has incompatible type "str"; expected "list[str] | tuple[str, ...]"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "Literal['chat']" is not assignable to type "list[str] | tuple[str, ...]" / "Literal['chat']" is not assignable to "list[str]" / "Literal['chat']" is not assignable to "tuple[str, ...]"
    # WS-18: subprotocols are text
    scope["subprotocols"] = [b"chat"]
    # mypy: [list-item] List item 0 has incompatible type "bytes"; expected "str"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "Literal[b"chat"]" is not assignable to "str"
    # WS-19: state is a dict
    scope["state"] = []
    # mypy: [typeddict-item] Value of "state" has incompatible type "list[Never]"; expected "dict[str, Any]"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "list[Any]" is not assignable to "dict[str, Any]"


# WS-06, WS-12: the required keys
websocket_rest: WebSocketScope = {"type": "websocket", "asgi": {"version": "3.0"}}
# mypy: [typeddict-item] Missing keys ("path", "headers") for TypedDict "WebSocketScope"
# pyright: [reportAssignmentType] Type "dict[str, str | ASGIVersions]" is not assignable to declared type "WebSocketScope" / "path" is required in "WebSocketScope" / "headers" is required in "WebSocketScope"

# LIFE-01: the type is "lifespan"
lifespan_type: LifespanScope = {"type": "life", "asgi": {"version": "3.0"}}
# mypy: [typeddict-item] Incompatible types (expression has type "Literal['life']", TypedDict item "type" has type "Literal['lifespan']")
# pyright: [reportAssignmentType] Type "dict[str, str | ASGIVersions]" is not assignable to declared type "LifespanScope" / "Literal['life']" is not assignable to type "Literal['lifespan']"
# LIFE-02: the version of the specification is text
lifespan_spec: LifespanScope = {
    "type": "lifespan",
    "asgi": {"version": "3.0", "spec_version": 2.0},
    # mypy: [typeddict-item] Incompatible types (expression has type "float", TypedDict item "spec_version" has type "str")
    # pyright: [reportAssignmentType] Type "dict[str, str | dict[str, str | float]]" is not assignable to declared type "LifespanScope" / "float" is not assignable to "str"
}
# LIFE-03: state is a dict
lifespan_state: LifespanScope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": None}
# mypy: [typeddict-item] Incompatible types (expression has type "None", TypedDict item "state" has type "dict[str, Any]")
# pyright: [reportAssignmentType] Type "dict[str, str | ASGIVersions | None]" is not assignable to declared type "LifespanScope" / "None" is not assignable to "dict[str, Any]"
# LIFE-04: the versions are required
lifespan_asgi: LifespanScope = {"type": "lifespan"}
# mypy: [typeddict-item] Missing key "asgi" for TypedDict "LifespanScope"
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "LifespanScope" / "asgi" is required in "LifespanScope"

# MAIN-31: an announcement is a dict
extensions_flag: Extensions = {"http.response.trailers": True}
# mypy: [typeddict-item] Incompatible types (expression has type "bool", TypedDict item "http.response.trailers" has type "dict[str, Any]")
# pyright: [reportAssignmentType] Type "dict[str, bool]" is not assignable to declared type "Extensions" / "Literal[True]" is not assignable to "dict[str, Any]"
# DENY-01: an announcement is a dict
extensions_denial: Extensions = {"websocket.http.response": None}
# mypy: [typeddict-item] Incompatible types (expression has type "None", TypedDict item "websocket.http.response" has type "dict[str, Any]")
# pyright: [reportAssignmentType] Type "dict[str, None]" is not assignable to declared type "Extensions" / "None" is not assignable to "dict[str, Any]"
# PUSH-01: an announcement is a dict
extensions_push: Extensions = {"http.response.push": 1}
# mypy: [typeddict-item] Incompatible types (expression has type "int", TypedDict item "http.response.push" has type "dict[str, Any]")
# pyright: [reportAssignmentType] Type "dict[str, int]" is not assignable to declared type "Extensions" / "Literal[1]" is not assignable to "dict[str, Any]"
# ZERO-01: an announcement is a dict
extensions_zero: Extensions = {"http.response.zerocopysend": []}
# mypy: [typeddict-item] Incompatible types (expression has type "list[Never]", TypedDict item "http.response.zerocopysend" has type "dict[str, Any]")
# pyright: [reportAssignmentType] Type "dict[str, list[Any]]" is not assignable to declared type "Extensions" / "list[Any]" is not assignable to "dict[str, Any]"
# PATH-01: an announcement is a dict
extensions_path: Extensions = {"http.response.pathsend": "yes"}
# mypy: [typeddict-item] Incompatible types (expression has type "str", TypedDict item "http.response.pathsend" has type "dict[str, Any]")
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "Extensions" / "Literal['yes']" is not assignable to "dict[str, Any]"
# HINT-01: an announcement is a dict
extensions_hint: Extensions = {"http.response.early_hint": ()}
# mypy: [typeddict-item] Incompatible types (expression has type "tuple[()]", TypedDict item "http.response.early_hint" has type "dict[str, Any]")
# pyright: [reportAssignmentType] Type "dict[str, tuple[()]]" is not assignable to declared type "Extensions" / "tuple[()]" is not assignable to "dict[str, Any]"
# TRLR-01: an announcement is a dict
extensions_trailers: Extensions = {"http.response.trailers": {"trailers"}}
# mypy: [typeddict-item] Incompatible types (expression has type "set[str]", TypedDict item "http.response.trailers" has type "dict[str, Any]")
# pyright: [reportAssignmentType] Type "dict[str, set[str]]" is not assignable to declared type "Extensions" / "set[str]" is not assignable to "dict[str, Any]"

# TLS-03: a dict with the keys of the text
extensions_tls: Extensions = {"tls": True}
# mypy: [typeddict-item] Incompatible types (expression has type "bool", TypedDict item "tls" has type "TLSExtension")
# pyright: [reportAssignmentType] Type "dict[str, bool]" is not assignable to declared type "Extensions" / "Literal[True]" is not assignable to "TLSExtension"
# TLS-04, TLS-13, TLS-14: the required keys
tls_empty: TLSExtension = {}
# mypy: [typeddict-item] Missing keys ("server_cert", "tls_version", "cipher_suite") for TypedDict "TLSExtension"
# pyright: [reportAssignmentType] Type "dict[Any, Any]" is not assignable to declared type "TLSExtension" / "server_cert" is required in "TLSExtension" / "tls_version" is required in "TLSExtension" / "cipher_suite" is required in "TLSExtension"


def tls(extension: TLSExtension) -> None:
    """One wrong value after the other."""
    # TLS-04: PEM is text
    extension["server_cert"] = b"-----BEGIN CERTIFICATE-----"
    # mypy: [typeddict-item] Value of "server_cert" has incompatible type "bytes"; expected "str | None"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "Literal[b"-----BEGIN CERTIFICATE-----"]" is not assignable to type "str | None" / "Literal[b"-----BEGIN CERTIFICATE-----"]" is not assignable to "str" / "Literal[b"-----BEGIN CERTIFICATE-----"]" is not assignable to "None"
    # TLS-05: the chain is a list, also for one certificate
    extension["client_cert_chain"] = "-----BEGIN CERTIFICATE-----"
    # mypy: [typeddict-item] Value of "client_cert_chain" has incompatible type "str"; expected "list[str] | tuple[str, ...]"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "Literal['-----BEGIN CERTIFICATE-----']" is not assignable to type "list[str] | tuple[str, ...]" / "Literal['-----BEGIN CERTIFICATE-----']" is not assignable to "list[str]" / "Literal['-----BEGIN CERTIFICATE-----']" is not assignable to "tuple[str, ...]"
    # TLS-08: the name is text
    extension["client_cert_name"] = ("CN", "client")
    # mypy: [typeddict-item] Value of "client_cert_name" has incompatible type "tuple[str, str]"; expected "str | None"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "tuple[Literal['CN'], Literal['client']]" is not assignable to type "str | None" / "tuple[Literal['CN'], Literal['client']]" is not assignable to "str" / "tuple[Literal['CN'], Literal['client']]" is not assignable to "None"
    # TLS-11: the error is text
    extension["client_cert_error"] = ValueError("expired")
    # mypy: [typeddict-item] Value of "client_cert_error" has incompatible type "ValueError"; expected "str | None"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "ValueError" is not assignable to type "str | None" / "ValueError" is not assignable to "str" / "ValueError" is not assignable to "None"
    # TLS-13: the version is a number
    extension["tls_version"] = "TLSv1.3"
    # mypy: [typeddict-item] Value of "tls_version" has incompatible type "str"; expected "int | None"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "Literal['TLSv1.3']" is not assignable to type "int | None" / "Literal['TLSv1.3']" is not assignable to "int" / "Literal['TLSv1.3']" is not assignable to "None"
    # TLS-14: the cipher suite is a number
    extension["cipher_suite"] = "TLS_AES_128_GCM_SHA256"
    # mypy: [typeddict-item] Value of "cipher_suite" has incompatible type "str"; expected "int | None"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / Type "Literal['TLS_AES_128_GCM_SHA256']" is not assignable to type "int | None" / "Literal['TLS_AES_128_GCM_SHA256']" is not assignable to "int" / "Literal['TLS_AES_128_GCM_SHA256']" is not assignable to "None"


def read(scope: HTTPScope, socket: WebSocketScope) -> None:
    """Reading what is not there."""
    # HTTP-08: a key that does not exist
    print(scope["pth"])
    # mypy: [typeddict-item] TypedDict "HTTPScope" has no key "pth"
    # pyright: [reportGeneralTypeIssues] Could not access item in TypedDict / "pth" is not a defined key in "HTTPScope"
    # pyright: [reportUnknownArgumentType] Argument type is unknown / Argument corresponds to parameter "values" in function "print"
    # WS-04: a key of the other protocol
    print(socket["method"])
    # mypy: [typeddict-item] TypedDict "WebSocketScope" has no key "method"
    # pyright: [reportGeneralTypeIssues] Could not access item in TypedDict / "method" is not a defined key in "WebSocketScope"
    # pyright: [reportUnknownArgumentType] Argument type is unknown / Argument corresponds to parameter "values" in function "print"
    # HTTP-26: the client may be unknown
    print(scope.get("client")[0])
    # mypy: [index] Value of type "tuple[str, int] | None" is not indexable
    # pyright: [reportOptionalSubscript] Object of type "None" is not subscriptable
    # pyright: [reportUnknownArgumentType] Argument type is partially unknown / Argument corresponds to parameter "values" in function "print" / Argument type is "str | Unknown"
    # HTTP-10: the raw path may be unknown
    print(scope.get("raw_path", b"").decode())
    # mypy: [union-attr] Item "None" of "bytes | None" has no attribute "decode"
    # pyright: [reportOptionalMemberAccess] "decode" is not a known attribute of "None"
    # HTTP-17: names are bytes
    print(dict(scope["headers"])["host"])
    # mypy: [index] Invalid index type "str" for "dict[bytes, bytes]"; expected type "bytes"
    # pyright: [reportArgumentType] Argument of type "Literal['host']" cannot be assigned to parameter "key" of type "bytes" in function "__getitem__" / "Literal['host']" is not assignable to "bytes"
