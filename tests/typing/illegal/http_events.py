"""HTTP events that break a clause: what each checker says about every one."""

from pathlib import Path

from asgiref.typing import (
    HTTPDisconnectEvent,
    HTTPRequestEvent,
    HTTPResponseBodyEvent,
    HTTPResponseDebugEvent,
    HTTPResponseEarlyHintEvent,
    HTTPResponsePathsendEvent,
    HTTPResponseStartEvent,
    HTTPResponseTrailersEvent,
    HTTPResponseZeroCopySendEvent,
    HTTPServerPushEvent,
)

# MAIN-11: the type is required
request_type: HTTPRequestEvent = {"body": b""}
# mypy: [typeddict-item] Missing key "type" for TypedDict "HTTPRequestEvent"
# pyright: [reportAssignmentType] Type "dict[str, bytes]" is not assignable to declared type "HTTPRequestEvent" / "type" is required in "HTTPRequestEvent"
# HTTP-35: the body is bytes
request_body: HTTPRequestEvent = {"type": "http.request", "body": "a=1"}
# mypy: [typeddict-item] Incompatible types (expression has type "str", TypedDict item "body" has type "bytes")
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "HTTPRequestEvent" / "Literal['a=1']" is not assignable to "bytes"
# HTTP-35: the body is left out, not None
request_none: HTTPRequestEvent = {"type": "http.request", "body": None}
# mypy: [typeddict-item] Incompatible types (expression has type "None", TypedDict item "body" has type "bytes")
# pyright: [reportAssignmentType] Type "dict[str, str | None]" is not assignable to declared type "HTTPRequestEvent" / "None" is not assignable to "bytes"
# HTTP-36: more_body is a bool
request_more: HTTPRequestEvent = {"type": "http.request", "more_body": "no"}
# mypy: [typeddict-item] Incompatible types (expression has type "str", TypedDict item "more_body" has type "bool")
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "HTTPRequestEvent" / "Literal['no']" is not assignable to "bool"
# HTTP-43: nothing but the type
disconnect: HTTPDisconnectEvent = {"type": "http.disconnect", "code": 1000}
# mypy: [typeddict-unknown-key] Extra key "code" for TypedDict "HTTPDisconnectEvent"
# pyright: [reportAssignmentType] Type "dict[str, str | int]" is not assignable to declared type "HTTPDisconnectEvent" / "code" is an undefined item in type "HTTPDisconnectEvent"

# HTTP-49: status is required
start_status: HTTPResponseStartEvent = {"type": "http.response.start"}
# mypy: [typeddict-item] Missing key "status" for TypedDict "HTTPResponseStartEvent"
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "HTTPResponseStartEvent" / "status" is required in "HTTPResponseStartEvent"
# HTTP-49: status is a number
start_text: HTTPResponseStartEvent = {"type": "http.response.start", "status": "200 OK"}
# mypy: [typeddict-item] Incompatible types (expression has type "str", TypedDict item "status" has type "int")
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "HTTPResponseStartEvent" / "Literal['200 OK']" is not assignable to "int"
# HTTP-51, MAIN-18: headers are bytes
start_headers: HTTPResponseStartEvent = {
    "type": "http.response.start",
    "status": 200,
    "headers": [("content-type", "text/plain")],
    # mypy: [list-item] List item 0 has incompatible type "tuple[str, str]"; expected "tuple[bytes, bytes] | list[bytes]"
    # pyright: [reportAssignmentType] Type "dict[str, str | int | list[tuple[str, str]]]" is not assignable to declared type "HTTPResponseStartEvent" / Type "tuple[str, str]" is not assignable to type "tuple[bytes, bytes] | list[bytes]" / "tuple[str, str]" is not assignable to "tuple[bytes, bytes]" / Tuple entry 1 is incorrect type / "str" is not assignable to "bytes" / "tuple[str, str]" is not assignable to "list[bytes]"
}
# HTTP-51: headers are pairs
start_triple: HTTPResponseStartEvent = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/plain", b"utf-8")],
    # mypy: [list-item] List item 0 has incompatible type "tuple[bytes, bytes, bytes]"; expected "tuple[bytes, bytes] | list[bytes]"
    # pyright: [reportAssignmentType] Type "dict[str, str | int | list[tuple[bytes, bytes, bytes]]]" is not assignable to declared type "HTTPResponseStartEvent" / Type "tuple[bytes, bytes, bytes]" is not assignable to type "tuple[bytes, bytes] | list[bytes]" / "tuple[bytes, bytes, bytes]" is not assignable to "tuple[bytes, bytes]" / Tuple size mismatch; expected 2 but received 3 / "tuple[bytes, bytes, bytes]" is not assignable to "list[bytes]"
}
# HTTP-51: headers are not a mapping
start_mapping: HTTPResponseStartEvent = {
    "type": "http.response.start",
    "status": 200,
    "headers": {b"content-type": b"text/plain"},
    # mypy: [dict-item] Dict entry 0 has incompatible type "bytes": "bytes"; expected "tuple[bytes, bytes] | list[bytes]": "bytes"
    # pyright: [reportAssignmentType] Type "dict[str, str | int | dict[bytes, bytes]]" is not assignable to declared type "HTTPResponseStartEvent" / Type "Literal[b"content-type"]" is not assignable to type "tuple[bytes, bytes] | list[bytes]" / "Literal[b"content-type"]" is not assignable to "tuple[bytes, bytes]" / "Literal[b"content-type"]" is not assignable to "list[bytes]"
}
# HTTP-51: headers are left out, not None
start_none: HTTPResponseStartEvent = {
    "type": "http.response.start",
    "status": 200,
    "headers": None,
    # mypy: [typeddict-item] Incompatible types (expression has type "None", TypedDict item "headers" has type "Iterable[tuple[bytes, bytes] | list[bytes]]")
    # pyright: [reportAssignmentType] Type "dict[str, str | int | None]" is not assignable to declared type "HTTPResponseStartEvent" / "None" is incompatible with protocol "Iterable[tuple[bytes, bytes] | list[bytes]]" / "__iter__" is not present
}
# HTTP-55: trailers is a bool
start_trailers: HTTPResponseStartEvent = {
    "type": "http.response.start",
    "status": 200,
    "trailers": [b"digest"],
    # mypy: [typeddict-item] Incompatible types (expression has type "list[bytes]", TypedDict item "trailers" has type "bool")
    # pyright: [reportAssignmentType] Type "dict[str, str | int | list[bytes]]" is not assignable to declared type "HTTPResponseStartEvent" / "list[bytes]" is not assignable to "bool"
}
# HTTP-65: the body is bytes
body_text: HTTPResponseBodyEvent = {"type": "http.response.body", "body": "hello"}
# mypy: [typeddict-item] Incompatible types (expression has type "str", TypedDict item "body" has type "bytes")
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "HTTPResponseBodyEvent" / "Literal['hello']" is not assignable to "bytes"
# HTTP-65, MAIN-18: bytes, not a view of them
body_view: HTTPResponseBodyEvent = {"type": "http.response.body", "body": memoryview(b"hello")}
# mypy: [typeddict-item] Incompatible types (expression has type "memoryview[int]", TypedDict item "body" has type "bytes")
# pyright: [reportAssignmentType] Type "dict[str, str | memoryview[int]]" is not assignable to declared type "HTTPResponseBodyEvent" / "memoryview[int]" is not assignable to "bytes" / Set disableBytesTypePromotions to false to enable type promotion behavior for "bytearray" and "memoryview"
# HTTP-65, MAIN-18: bytes, not a bytearray
body_array: HTTPResponseBodyEvent = {"type": "http.response.body", "body": bytearray(b"hello")}
# mypy: [typeddict-item] Incompatible types (expression has type "bytearray", TypedDict item "body" has type "bytes")
# pyright: [reportAssignmentType] Type "dict[str, str | bytearray]" is not assignable to declared type "HTTPResponseBodyEvent" / "bytearray" is not assignable to "bytes" / Set disableBytesTypePromotions to false to enable type promotion behavior for "bytearray" and "memoryview"
# HTTP-66: more_body is a bool
body_more: HTTPResponseBodyEvent = {"type": "http.response.body", "more_body": None}
# mypy: [typeddict-item] Incompatible types (expression has type "None", TypedDict item "more_body" has type "bool")
# pyright: [reportAssignmentType] Type "dict[str, str | None]" is not assignable to declared type "HTTPResponseBodyEvent" / "None" is not assignable to "bool"
# HTTP-66: a misspelt key
body_misspelt: HTTPResponseBodyEvent = {"type": "http.response.body", "more": True}
# mypy: [typeddict-unknown-key] Extra key "more" for TypedDict "HTTPResponseBodyEvent"
# pyright: [reportAssignmentType] Type "dict[str, str | bool]" is not assignable to declared type "HTTPResponseBodyEvent" / "more" is an undefined item in type "HTTPResponseBodyEvent"

# TRLR-04: headers are required
trailers_empty: HTTPResponseTrailersEvent = {"type": "http.response.trailers"}
# mypy: [typeddict-item] Missing key "headers" for TypedDict "HTTPResponseTrailersEvent"
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "HTTPResponseTrailersEvent" / "headers" is required in "HTTPResponseTrailersEvent"
# TRLR-06: more_trailers is a bool
trailers_more: HTTPResponseTrailersEvent = {
    "type": "http.response.trailers",
    "headers": [],
    "more_trailers": 2,
    # mypy: [typeddict-item] Incompatible types (expression has type "int", TypedDict item "more_trailers" has type "bool")
    # pyright: [reportAssignmentType] Type "dict[str, str | list[tuple[bytes, bytes] | list[bytes]] | int]" is not assignable to declared type "HTTPResponseTrailersEvent" / "Literal[2]" is not assignable to "bool"
}
# PATH-02: path is required
pathsend_empty: HTTPResponsePathsendEvent = {"type": "http.response.pathsend"}
# mypy: [typeddict-item] Missing key "path" for TypedDict "HTTPResponsePathsendEvent"
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "HTTPResponsePathsendEvent" / "path" is required in "HTTPResponsePathsendEvent"
# PATH-02: path is text
pathsend_object: HTTPResponsePathsendEvent = {
    "type": "http.response.pathsend",
    "path": Path("/srv/a.txt"),
    # mypy: [typeddict-item] Incompatible types (expression has type "Path", TypedDict item "path" has type "str")
    # pyright: [reportAssignmentType] Type "dict[str, str | Path]" is not assignable to declared type "HTTPResponsePathsendEvent" / "Path" is not assignable to "str"
}
# ZERO-02: file is required
zero_empty: HTTPResponseZeroCopySendEvent = {"type": "http.response.zerocopysend"}
# mypy: [typeddict-item] Missing key "file" for TypedDict "HTTPResponseZeroCopySendEvent"
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "HTTPResponseZeroCopySendEvent" / "file" is required in "HTTPResponseZeroCopySendEvent"
# ZERO-02: file is an open file, not its number
zero_number: HTTPResponseZeroCopySendEvent = {"type": "http.response.zerocopysend", "file": 3}
# mypy: [typeddict-item] Incompatible types (expression has type "int", TypedDict item "file" has type "FileWithDescriptor")
# pyright: [reportAssignmentType] Type "dict[str, str | int]" is not assignable to declared type "HTTPResponseZeroCopySendEvent" / "Literal[3]" is incompatible with protocol "FileWithDescriptor" / "fileno" is not present
# ZERO-02: file is an open file, not its path
zero_path: HTTPResponseZeroCopySendEvent = {
    "type": "http.response.zerocopysend",
    "file": "/srv/a.txt",
    # mypy: [typeddict-item] Incompatible types (expression has type "str", TypedDict item "file" has type "FileWithDescriptor")
    # pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "HTTPResponseZeroCopySendEvent" / "Literal['/srv/a.txt']" is incompatible with protocol "FileWithDescriptor" / "fileno" is not present
}


def zero(event: HTTPResponseZeroCopySendEvent) -> None:
    """One wrong value after the other."""
    # ZERO-03: offset is a number
    event["offset"] = None
    # mypy: [typeddict-item] Value of "offset" has incompatible type "None"; expected "int"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "None" is not assignable to "int"
    # ZERO-04: count is a number
    event["count"] = 1.5
    # mypy: [typeddict-item] Value of "count" has incompatible type "float"; expected "int"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "float" is not assignable to "int"
    # ZERO-05: more_body is a bool
    event["more_body"] = b""
    # mypy: [typeddict-item] Value of "more_body" has incompatible type "bytes"; expected "bool"
    # pyright: [reportGeneralTypeIssues] Could not assign item in TypedDict / "Literal[b""]" is not assignable to "bool"


# PUSH-02: path is required
push_path: HTTPServerPushEvent = {"type": "http.response.push", "headers": []}
# mypy: [typeddict-item] Missing key "path" for TypedDict "HTTPServerPushEvent"
# pyright: [reportAssignmentType] Type "dict[str, str | list[tuple[bytes, bytes] | list[bytes]]]" is not assignable to declared type "HTTPServerPushEvent" / "path" is required in "HTTPServerPushEvent"
# PUSH-03: headers are required
push_headers: HTTPServerPushEvent = {"type": "http.response.push", "path": "/style.css"}
# mypy: [typeddict-item] Missing key "headers" for TypedDict "HTTPServerPushEvent"
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "HTTPServerPushEvent" / "headers" is required in "HTTPServerPushEvent"
# HINT-02: links are required
hint_empty: HTTPResponseEarlyHintEvent = {"type": "http.response.early_hint"}
# mypy: [typeddict-item] Missing key "links" for TypedDict "HTTPResponseEarlyHintEvent"
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "HTTPResponseEarlyHintEvent" / "links" is required in "HTTPResponseEarlyHintEvent"
# HINT-02: one link is not a list
hint_one: HTTPResponseEarlyHintEvent = {
    "type": "http.response.early_hint",
    "links": b"</style.css>; rel=preload",
    # mypy: [typeddict-item] Incompatible types (expression has type "bytes", TypedDict item "links" has type "Iterable[bytes]")
    # pyright: [reportAssignmentType] Type "dict[str, str | bytes]" is not assignable to declared type "HTTPResponseEarlyHintEvent" / "Literal[b"</style.css>; rel=preload"]" is not assignable to "Iterable[bytes]" / Type parameter "_T_co@Iterable" is covariant, but "int" is not a subtype of "bytes" / "int" is not assignable to "bytes"
}
# HINT-02: links are bytes
hint_text: HTTPResponseEarlyHintEvent = {
    "type": "http.response.early_hint",
    "links": ["</style.css>; rel=preload"],
    # mypy: [list-item] List item 0 has incompatible type "str"; expected "bytes"
    # pyright: [reportAssignmentType] Type "dict[str, str | list[str]]" is not assignable to declared type "HTTPResponseEarlyHintEvent" / "Literal['</style.css>; rel=preload']" is not assignable to "bytes"
}
# DEBUG-02: info is required
debug_empty: HTTPResponseDebugEvent = {"type": "http.response.debug"}
# mypy: [typeddict-item] Missing key "info" for TypedDict "HTTPResponseDebugEvent"
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "HTTPResponseDebugEvent" / "info" is required in "HTTPResponseDebugEvent"
# DEBUG-02: info is a dict with text as keys
debug_keys: HTTPResponseDebugEvent = {"type": "http.response.debug", "info": {1: "template"}}
# mypy: [dict-item] Dict entry 0 has incompatible type "int": "str"; expected "str": "Any"
# pyright: [reportAssignmentType] Type "dict[str, str | dict[int, str]]" is not assignable to declared type "HTTPResponseDebugEvent" / "Literal[1]" is not assignable to "str"
