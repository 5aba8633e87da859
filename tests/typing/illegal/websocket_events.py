"""WebSocket events that break a clause: what each checker says about every one."""

from asgiref.typing import (
    WebSocketAcceptEvent,
    WebSocketCloseEvent,
    WebSocketConnectEvent,
    WebSocketDisconnectEvent,
    WebSocketReceiveEvent,
    WebSocketResponseBodyEvent,
    WebSocketResponseStartEvent,
    WebSocketSendEvent,
)

# WS-23: nothing but the type
connect: WebSocketConnectEvent = {"type": "websocket.connect", "headers": []}
# mypy: [typeddict-unknown-key] Extra key "headers" for TypedDict "WebSocketConnectEvent"
# pyright: [reportAssignmentType] Type "dict[str, str | list[Any]]" is not assignable to declared type "WebSocketConnectEvent" / "headers" is an undefined item in type "WebSocketConnectEvent"
# WS-36: bytes are bytes
receive_bytes: WebSocketReceiveEvent = {"type": "websocket.receive", "bytes": "x"}
# mypy: [typeddict-item] Incompatible types (expression has type "str", TypedDict item "bytes" has type "bytes")
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "WebSocketReceiveEvent" / Type "dict[str, str]" is not assignable to type "WebSocketReceiveEvent" / "dict[str, str]" is not assignable to "WebSocketReceiveBytesEvent" / "dict[str, str]" is not assignable to "WebSocketReceiveTextEvent"
# WS-37: text is text
receive_text: WebSocketReceiveEvent = {"type": "websocket.receive", "text": b"x"}
# mypy: [typeddict-item] Incompatible types (expression has type "bytes", TypedDict item "text" has type "str")
# pyright: [reportAssignmentType] Type "dict[str, str | bytes]" is not assignable to declared type "WebSocketReceiveEvent" / Type "dict[str, str | bytes]" is not assignable to type "WebSocketReceiveEvent" / "dict[str, str | bytes]" is not assignable to "WebSocketReceiveBytesEvent" / "dict[str, str | bytes]" is not assignable to "WebSocketReceiveTextEvent"
# WS-38: one of them
receive_neither: WebSocketReceiveEvent = {"type": "websocket.receive"}
# mypy: [assignment] Incompatible types in assignment (expression has type "dict[str, str]", variable has type "WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent")
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "WebSocketReceiveEvent" / Type "dict[str, str]" is not assignable to type "WebSocketReceiveEvent" / "dict[str, str]" is not assignable to "WebSocketReceiveBytesEvent" / "dict[str, str]" is not assignable to "WebSocketReceiveTextEvent"
# WS-38: one of them, None is no message
receive_nones: WebSocketReceiveEvent = {"type": "websocket.receive", "bytes": None, "text": None}
# mypy: [assignment] Incompatible types in assignment (expression has type "dict[str, str | None]", variable has type "WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent")
# mypy: [misc] Type of TypedDict is ambiguous, none of ("WebSocketReceiveBytesEvent", "WebSocketReceiveTextEvent") matches cleanly
# pyright: [reportAssignmentType] Type "dict[str, str | None]" is not assignable to declared type "WebSocketReceiveEvent" / Type "dict[str, str | None]" is not assignable to type "WebSocketReceiveEvent" / "dict[str, str | None]" is not assignable to "WebSocketReceiveBytesEvent" / "dict[str, str | None]" is not assignable to "WebSocketReceiveTextEvent"
# WS-38: one of them alone
receive_both: WebSocketReceiveEvent = {"type": "websocket.receive", "bytes": b"x", "text": "x"}
# mypy: [assignment] Incompatible types in assignment (expression has type "dict[str, Sequence[object]]", variable has type "WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent")
# mypy: [misc] Type of TypedDict is ambiguous, none of ("WebSocketReceiveBytesEvent", "WebSocketReceiveTextEvent") matches cleanly
# pyright: [reportAssignmentType] Type "dict[str, str | bytes]" is not assignable to declared type "WebSocketReceiveEvent" / Type "dict[str, str | bytes]" is not assignable to type "WebSocketReceiveEvent" / "dict[str, str | bytes]" is not assignable to "WebSocketReceiveBytesEvent" / "dict[str, str | bytes]" is not assignable to "WebSocketReceiveTextEvent"
# WS-47: code is required
disconnect_code: WebSocketDisconnectEvent = {"type": "websocket.disconnect"}
# mypy: [typeddict-item] Missing key "code" for TypedDict "WebSocketDisconnectEvent"
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "WebSocketDisconnectEvent" / "code" is required in "WebSocketDisconnectEvent"
# WS-47: code is a number, never None
disconnect_none: WebSocketDisconnectEvent = {"type": "websocket.disconnect", "code": None}
# mypy: [typeddict-item] Incompatible types (expression has type "None", TypedDict item "code" has type "int")
# pyright: [reportAssignmentType] Type "dict[str, str | None]" is not assignable to declared type "WebSocketDisconnectEvent" / "None" is not assignable to "int"
# WS-50: reason is text
disconnect_reason: WebSocketDisconnectEvent = {
    "type": "websocket.disconnect",
    "code": 1000,
    "reason": b"bye",
    # mypy: [typeddict-item] Incompatible types (expression has type "bytes", TypedDict item "reason" has type "str | None")
    # pyright: [reportAssignmentType] Type "dict[str, str | int | bytes]" is not assignable to declared type "WebSocketDisconnectEvent" / Type "Literal[b"bye"]" is not assignable to type "str | None" / "Literal[b"bye"]" is not assignable to "str" / "Literal[b"bye"]" is not assignable to "None"
}

# WS-29: the subprotocol is text
accept_bytes: WebSocketAcceptEvent = {"type": "websocket.accept", "subprotocol": b"chat"}
# mypy: [typeddict-item] Incompatible types (expression has type "bytes", TypedDict item "subprotocol" has type "str | None")
# pyright: [reportAssignmentType] Type "dict[str, str | bytes]" is not assignable to declared type "WebSocketAcceptEvent" / Type "Literal[b"chat"]" is not assignable to type "str | None" / "Literal[b"chat"]" is not assignable to "str" / "Literal[b"chat"]" is not assignable to "None"
# WS-29: one subprotocol
accept_list: WebSocketAcceptEvent = {"type": "websocket.accept", "subprotocol": ["chat"]}
# mypy: [typeddict-item] Incompatible types (expression has type "list[str]", TypedDict item "subprotocol" has type "str | None")
# pyright: [reportAssignmentType] Type "dict[str, str | list[str]]" is not assignable to declared type "WebSocketAcceptEvent" / Type "list[str]" is not assignable to type "str | None" / "list[str]" is not assignable to "str" / "list[str]" is not assignable to "None"
# WS-31: headers are bytes
accept_headers: WebSocketAcceptEvent = {
    "type": "websocket.accept",
    "headers": [("set-cookie", "a=1")],
    # mypy: [list-item] List item 0 has incompatible type "tuple[str, str]"; expected "tuple[bytes, bytes] | list[bytes]"
    # pyright: [reportAssignmentType] Type "dict[str, str | list[tuple[str, str]]]" is not assignable to declared type "WebSocketAcceptEvent" / Type "tuple[str, str]" is not assignable to type "tuple[bytes, bytes] | list[bytes]" / "tuple[str, str]" is not assignable to "tuple[bytes, bytes]" / Tuple entry 1 is incorrect type / "str" is not assignable to "bytes" / "tuple[str, str]" is not assignable to "list[bytes]"
}
# WS-41: bytes are bytes
send_bytes: WebSocketSendEvent = {"type": "websocket.send", "bytes": "x"}
# mypy: [typeddict-item] Incompatible types (expression has type "str", TypedDict item "bytes" has type "bytes")
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "WebSocketSendEvent" / Type "dict[str, str]" is not assignable to type "WebSocketSendEvent" / "dict[str, str]" is not assignable to "WebSocketSendBytesEvent" / "dict[str, str]" is not assignable to "WebSocketSendTextEvent"
# WS-42: text is text
send_text: WebSocketSendEvent = {"type": "websocket.send", "text": b"x"}
# mypy: [typeddict-item] Incompatible types (expression has type "bytes", TypedDict item "text" has type "str")
# pyright: [reportAssignmentType] Type "dict[str, str | bytes]" is not assignable to declared type "WebSocketSendEvent" / Type "dict[str, str | bytes]" is not assignable to type "WebSocketSendEvent" / "dict[str, str | bytes]" is not assignable to "WebSocketSendBytesEvent" / "dict[str, str | bytes]" is not assignable to "WebSocketSendTextEvent"
# WS-43: one of them
send_neither: WebSocketSendEvent = {"type": "websocket.send"}
# mypy: [assignment] Incompatible types in assignment (expression has type "dict[str, str]", variable has type "WebSocketSendBytesEvent | WebSocketSendTextEvent")
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "WebSocketSendEvent" / Type "dict[str, str]" is not assignable to type "WebSocketSendEvent" / "dict[str, str]" is not assignable to "WebSocketSendBytesEvent" / "dict[str, str]" is not assignable to "WebSocketSendTextEvent"
# WS-43: one of them, None is no message
send_nones: WebSocketSendEvent = {"type": "websocket.send", "bytes": None, "text": None}
# mypy: [assignment] Incompatible types in assignment (expression has type "dict[str, str | None]", variable has type "WebSocketSendBytesEvent | WebSocketSendTextEvent")
# mypy: [misc] Type of TypedDict is ambiguous, none of ("WebSocketSendBytesEvent", "WebSocketSendTextEvent") matches cleanly
# pyright: [reportAssignmentType] Type "dict[str, str | None]" is not assignable to declared type "WebSocketSendEvent" / Type "dict[str, str | None]" is not assignable to type "WebSocketSendEvent" / "dict[str, str | None]" is not assignable to "WebSocketSendBytesEvent" / "dict[str, str | None]" is not assignable to "WebSocketSendTextEvent"
# WS-43: one of them alone
send_both: WebSocketSendEvent = {"type": "websocket.send", "bytes": b"x", "text": "x"}
# mypy: [assignment] Incompatible types in assignment (expression has type "dict[str, Sequence[object]]", variable has type "WebSocketSendBytesEvent | WebSocketSendTextEvent")
# mypy: [misc] Type of TypedDict is ambiguous, none of ("WebSocketSendBytesEvent", "WebSocketSendTextEvent") matches cleanly
# pyright: [reportAssignmentType] Type "dict[str, str | bytes]" is not assignable to declared type "WebSocketSendEvent" / Type "dict[str, str | bytes]" is not assignable to type "WebSocketSendEvent" / "dict[str, str | bytes]" is not assignable to "WebSocketSendBytesEvent" / "dict[str, str | bytes]" is not assignable to "WebSocketSendTextEvent"
# WS-57: code is a number; left out for 1000
close_none: WebSocketCloseEvent = {"type": "websocket.close", "code": None}
# mypy: [typeddict-item] Incompatible types (expression has type "None", TypedDict item "code" has type "int")
# pyright: [reportAssignmentType] Type "dict[str, str | None]" is not assignable to declared type "WebSocketCloseEvent" / "None" is not assignable to "int"
# WS-59: reason is text
close_reason: WebSocketCloseEvent = {"type": "websocket.close", "reason": b"bye"}
# mypy: [typeddict-item] Incompatible types (expression has type "bytes", TypedDict item "reason" has type "str | None")
# pyright: [reportAssignmentType] Type "dict[str, str | bytes]" is not assignable to declared type "WebSocketCloseEvent" / Type "Literal[b"bye"]" is not assignable to type "str | None" / "Literal[b"bye"]" is not assignable to "str" / "Literal[b"bye"]" is not assignable to "None"
# DENY-03: status is required
denial_status: WebSocketResponseStartEvent = {"type": "websocket.http.response.start"}
# mypy: [typeddict-item] Missing key "status" for TypedDict "WebSocketResponseStartEvent"
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "WebSocketResponseStartEvent" / "status" is required in "WebSocketResponseStartEvent"
# DENY-03: trailers do not apply
denial_trailers: WebSocketResponseStartEvent = {
    # mypy: [typeddict-unknown-key] Extra key "trailers" for TypedDict "WebSocketResponseStartEvent"
    "type": "websocket.http.response.start",
    "status": 403,
    "trailers": True,
    # pyright: [reportAssignmentType] Type "dict[str, str | int | bool]" is not assignable to declared type "WebSocketResponseStartEvent" / "trailers" is an undefined item in type "WebSocketResponseStartEvent"
}
# DENY-04: the body is bytes
denial_body: WebSocketResponseBodyEvent = {"type": "websocket.http.response.body", "body": "no"}
# mypy: [typeddict-item] Incompatible types (expression has type "str", TypedDict item "body" has type "bytes")
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "WebSocketResponseBodyEvent" / "Literal['no']" is not assignable to "bytes"
