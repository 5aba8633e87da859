"""WebSocket events that servers and applications may send: both checkers accept every one."""

from asgiref.typing import (
    WebSocketAcceptEvent,
    WebSocketCloseEvent,
    WebSocketConnectEvent,
    WebSocketDisconnectEvent,
    WebSocketReceiveBytesEvent,
    WebSocketReceiveEvent,
    WebSocketReceiveEvents,
    WebSocketReceiveTextEvent,
    WebSocketResponseBodyEvent,
    WebSocketResponseStartEvent,
    WebSocketSendBytesEvent,
    WebSocketSendEvent,
    WebSocketSendEvents,
    WebSocketSendTextEvent,
)

# WS-23: the type alone
connect: WebSocketConnectEvent = {"type": "websocket.connect"}
# WS-36, WS-38: bytes, text missing
receive_bytes: WebSocketReceiveEvent = {"type": "websocket.receive", "bytes": b""}
# WS-37, WS-38: text, bytes missing
receive_text: WebSocketReceiveEvent = {"type": "websocket.receive", "text": ""}
# WS-36, WS-38: bytes, text None
receive_bytes_none: WebSocketReceiveEvent = {
    "type": "websocket.receive",
    "bytes": b"x",
    "text": None,
}
# WS-37, WS-38: text, bytes None
receive_text_none: WebSocketReceiveEvent = {
    "type": "websocket.receive",
    "bytes": None,
    "text": "x",
}
# WS-47: required alone
disconnect_minimal: WebSocketDisconnectEvent = {"type": "websocket.disconnect", "code": 1005}
# WS-50: a reason
disconnect_full: WebSocketDisconnectEvent = {
    "type": "websocket.disconnect",
    "code": 1000,
    "reason": "bye",
}
# WS-50: None counts as no reason
disconnect_none: WebSocketDisconnectEvent = {
    "type": "websocket.disconnect",
    "code": 1006,
    "reason": None,
}

# WS-29, WS-31: required alone
accept_minimal: WebSocketAcceptEvent = {"type": "websocket.accept"}
# WS-29, WS-31: with every optional key
accept_full: WebSocketAcceptEvent = {
    "type": "websocket.accept",
    "subprotocol": "chat.v2",
    "headers": [(b"set-cookie", b"a=1")],
}
# WS-29: None counts as none chosen
accept_none: WebSocketAcceptEvent = {"type": "websocket.accept", "subprotocol": None}
# WS-41, WS-43: bytes, text missing
send_bytes: WebSocketSendEvent = {"type": "websocket.send", "bytes": b""}
# WS-42, WS-43: text, bytes missing
send_text: WebSocketSendEvent = {"type": "websocket.send", "text": ""}
# WS-41, WS-43: bytes, text None
send_bytes_none: WebSocketSendEvent = {"type": "websocket.send", "bytes": b"x", "text": None}
# WS-42, WS-43: text, bytes None
send_text_none: WebSocketSendEvent = {"type": "websocket.send", "bytes": None, "text": "x"}
# WS-57, WS-59: required alone
close_minimal: WebSocketCloseEvent = {"type": "websocket.close"}
# WS-57, WS-59: with every optional key
close_full: WebSocketCloseEvent = {"type": "websocket.close", "code": 4000, "reason": "bye"}
# WS-59: None counts as no reason
close_none: WebSocketCloseEvent = {"type": "websocket.close", "reason": None}
# DENY-03: required alone
denial_start_minimal: WebSocketResponseStartEvent = {
    "type": "websocket.http.response.start",
    "status": 401,
}
# DENY-03: with every optional key
denial_start_full: WebSocketResponseStartEvent = {
    "type": "websocket.http.response.start",
    "status": 401,
    "headers": [[b"www-authenticate", b"basic"]],
}
# DENY-04: required alone
denial_body_minimal: WebSocketResponseBodyEvent = {"type": "websocket.http.response.body"}
# DENY-04: with every optional key
denial_body_full: WebSocketResponseBodyEvent = {
    "type": "websocket.http.response.body",
    "body": b"no",
    "more_body": False,
}

# WS-43: the forms by their own names
built_bytes: WebSocketSendBytesEvent = WebSocketSendBytesEvent(type="websocket.send", bytes=b"")
# WS-43: the forms by their own names
built_text: WebSocketSendTextEvent = WebSocketSendTextEvent(type="websocket.send", text="")
# WS-38: the forms by their own names
got_bytes: WebSocketReceiveBytesEvent = {"type": "websocket.receive", "bytes": b""}
# WS-38: the forms by their own names
got_text: WebSocketReceiveTextEvent = {"type": "websocket.receive", "text": ""}
# MAIN-12: the unions
receivable: list[WebSocketReceiveEvents] = [connect, receive_bytes, receive_text, got_text]
# MAIN-12: the unions
sendable: list[WebSocketSendEvents] = [
    accept_minimal,
    send_bytes,
    built_text,
    close_minimal,
    denial_start_minimal,
    denial_body_minimal,
]


def reply(text: str | None, data: bytes) -> WebSocketSendEvent:
    """A message of either kind out of what a program has at hand."""
    if text is not None:
        return {"type": "websocket.send", "text": text}
    return {"type": "websocket.send", "bytes": data}


def echo(event: WebSocketReceiveEvent) -> WebSocketSendEvent:
    """Read a message whichever way the server spells it, and send it back."""
    text = event.get("text")
    return reply(text, event.get("bytes") or b"")
