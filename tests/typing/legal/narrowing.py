"""Every union told apart by its ``type``, with nothing left over: `assert_never` compiles."""

from typing import assert_never, assert_type

from asgiref.typing import (
    ASGIReceiveEvent,
    ASGISendEvent,
    HTTPDisconnectEvent,
    HTTPReceiveEvent,
    HTTPRequestEvent,
    HTTPResponseBodyEvent,
    HTTPResponseDebugEvent,
    HTTPResponseEarlyHintEvent,
    HTTPResponsePathsendEvent,
    HTTPResponseStartEvent,
    HTTPResponseTrailersEvent,
    HTTPResponseZeroCopySendEvent,
    HTTPScope,
    HTTPSendEvent,
    HTTPServerPushEvent,
    LifespanReceiveEvent,
    LifespanScope,
    LifespanSendEvent,
    LifespanShutdownCompleteEvent,
    LifespanShutdownEvent,
    LifespanShutdownFailedEvent,
    LifespanStartupCompleteEvent,
    LifespanStartupEvent,
    LifespanStartupFailedEvent,
    Scope,
    WebSocketAcceptEvent,
    WebSocketCloseEvent,
    WebSocketConnectEvent,
    WebSocketDisconnectEvent,
    WebSocketReceiveEvent,
    WebSocketReceiveEvents,
    WebSocketResponseBodyEvent,
    WebSocketResponseStartEvent,
    WebSocketScope,
    WebSocketSendEvent,
    WebSocketSendEvents,
    WWWScope,
)


def scope_by_match(scope: Scope) -> None:
    """A match over the key narrows the scope."""
    match scope["type"]:
        case "http":
            assert_type(scope, HTTPScope)
        case "websocket":
            assert_type(scope, WebSocketScope)
        case "lifespan":
            assert_type(scope, LifespanScope)
        case _:
            assert_never(scope)


def scope_by_comparison(scope: Scope) -> None:
    """So does a comparison."""
    if scope["type"] == "http":
        assert_type(scope, HTTPScope)
    elif scope["type"] == "websocket":
        assert_type(scope, WebSocketScope)
    else:
        assert_type(scope, LifespanScope)


def scope_by_refusal(scope: Scope) -> HTTPScope:
    """So does raising for everything else."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    return scope


def web_by_match(scope: WWWScope) -> None:
    """The smaller union."""
    match scope["type"]:
        case "http":
            assert_type(scope, HTTPScope)
        case "websocket":
            assert_type(scope, WebSocketScope)
        case _:
            assert_never(scope)


def http_received(event: HTTPReceiveEvent) -> None:
    """What an application receives for a request."""
    match event["type"]:
        case "http.request":
            assert_type(event, HTTPRequestEvent)
        case "http.disconnect":
            assert_type(event, HTTPDisconnectEvent)
        case _:
            assert_never(event)


def http_sent(event: HTTPSendEvent) -> None:
    """What an application sends for a request, extensions included."""
    match event["type"]:
        case "http.response.start":
            assert_type(event, HTTPResponseStartEvent)
        case "http.response.body":
            assert_type(event, HTTPResponseBodyEvent)
        case "http.response.trailers":
            assert_type(event, HTTPResponseTrailersEvent)
        case "http.response.pathsend":
            assert_type(event, HTTPResponsePathsendEvent)
        case "http.response.zerocopysend":
            assert_type(event, HTTPResponseZeroCopySendEvent)
        case "http.response.early_hint":
            assert_type(event, HTTPResponseEarlyHintEvent)
        case "http.response.push":
            assert_type(event, HTTPServerPushEvent)
        case "http.response.debug":
            assert_type(event, HTTPResponseDebugEvent)
        case _:
            assert_never(event)


def websocket_received(event: WebSocketReceiveEvents) -> None:
    """What an application receives on a socket."""
    match event["type"]:
        case "websocket.connect":
            assert_type(event, WebSocketConnectEvent)
        case "websocket.receive":
            assert_type(event, WebSocketReceiveEvent)
            assert_type(event.get("text"), str | None)
            assert_type(event.get("bytes"), bytes | None)
        case "websocket.disconnect":
            assert_type(event, WebSocketDisconnectEvent)
        case _:
            assert_never(event)


def websocket_sent(event: WebSocketSendEvents) -> None:
    """What an application sends on a socket, the denial response included."""
    match event["type"]:
        case "websocket.accept":
            assert_type(event, WebSocketAcceptEvent)
        case "websocket.send":
            assert_type(event, WebSocketSendEvent)
        case "websocket.close":
            assert_type(event, WebSocketCloseEvent)
        case "websocket.http.response.start":
            assert_type(event, WebSocketResponseStartEvent)
        case "websocket.http.response.body":
            assert_type(event, WebSocketResponseBodyEvent)
        case _:
            assert_never(event)


def lifespan_received(event: LifespanReceiveEvent) -> None:
    """What an application receives in its lifespan."""
    match event["type"]:
        case "lifespan.startup":
            assert_type(event, LifespanStartupEvent)
        case "lifespan.shutdown":
            assert_type(event, LifespanShutdownEvent)
        case _:
            assert_never(event)


def lifespan_sent(event: LifespanSendEvent) -> None:
    """What an application sends in its lifespan."""
    match event["type"]:
        case "lifespan.startup.complete":
            assert_type(event, LifespanStartupCompleteEvent)
        case "lifespan.startup.failed":
            assert_type(event, LifespanStartupFailedEvent)
        case "lifespan.shutdown.complete":
            assert_type(event, LifespanShutdownCompleteEvent)
        case "lifespan.shutdown.failed":
            assert_type(event, LifespanShutdownFailedEvent)
        case _:
            assert_never(event)


def everything_received(event: ASGIReceiveEvent) -> int:
    """Middleware sees every protocol; alternatives in one case narrow to a smaller union."""
    match event["type"]:
        case "http.request" | "http.disconnect":
            assert_type(event, HTTPReceiveEvent)
            return 1
        case "websocket.connect" | "websocket.receive" | "websocket.disconnect":
            assert_type(event, WebSocketReceiveEvents)
            return 2
        case "lifespan.startup" | "lifespan.shutdown":
            assert_type(event, LifespanReceiveEvent)
            return 3
        case _:
            assert_never(event)


def everything_sent(event: ASGISendEvent) -> int:
    """The same the other way."""
    match event["type"]:
        case "http.response.start" | "http.response.body" | "http.response.trailers":
            return 1
        case "http.response.pathsend" | "http.response.zerocopysend" | "http.response.push":
            return 2
        case "http.response.early_hint" | "http.response.debug":
            return 3
        case "websocket.accept" | "websocket.send" | "websocket.close":
            return 4
        case "websocket.http.response.start" | "websocket.http.response.body":
            return 5
        case "lifespan.startup.complete" | "lifespan.startup.failed":
            return 6
        case "lifespan.shutdown.complete" | "lifespan.shutdown.failed":
            return 7
        case _:
            assert_never(event)


def one_among_all(event: ASGISendEvent) -> int:
    """Middleware often wants one event: a comparison finds it in the largest union."""
    if event["type"] == "http.response.start":
        assert_type(event, HTTPResponseStartEvent)
        return event["status"]
    return 0
