"""What authors and consumers get wrong: what each checker says about every one."""

import functools
from typing import Any, assert_never

from asgiref.typing import (
    ASGI2Application,
    ASGI3Application,
    ASGIApplication,
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    HTTPScope,
    HTTPSendEvent,
    LifespanSendEvent,
    Scope,
    StrictASGI3Application,
    WebSocketSendEvent,
    asgi_application,
)


async def author(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """An author's mistakes, one after the other."""
    # MAIN-04: a key that only some scopes have, before telling them apart
    print(scope["path"])
    # mypy: [typeddict-item] TypedDict "LifespanScope" has no key "path"
    # pyright: [reportGeneralTypeIssues] Could not access item in TypedDict / "path" is not a defined key in "LifespanScope"
    # pyright: [reportUnknownArgumentType] Argument type is partially unknown / Argument corresponds to parameter "values" in function "print" / Argument type is "str | Unknown"
    # HTTP-01: a type that no scope has
    if scope["type"] == "https":
        # mypy: [comparison-overlap] Non-overlapping equality check (left operand type: "Literal['http', 'websocket', 'lifespan']", right operand type: "Literal['https']")
        # pyright: [reportUnnecessaryComparison] Condition will always evaluate to False since the types "Literal['http', 'websocket', 'lifespan']" and "Literal['https']" have no overlap
        return
    # MAIN-09: receive takes nothing
    await receive(1)
    # mypy: [call-arg] Too many arguments
    # pyright: [reportCallIssue] Expected 0 positional arguments
    # MAIN-09: an event is awaited before it is read
    print(receive()["type"])
    # mypy: [index] Value of type "Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]" is not indexable
    # pyright: [reportIndexIssue] "__getitem__" method not defined on type "Awaitable[ASGIReceiveEvent]"
    # pyright: [reportUnknownArgumentType] Argument type is unknown / Argument corresponds to parameter "values" in function "print"
    # MAIN-10: send takes an event
    await send()
    # mypy: [call-arg] Too few arguments
    # pyright: [reportCallIssue] Expected 1 more positional argument
    # MAIN-10: one event at a time
    await send({"type": "http.response.start", "status": 200}, {"type": "http.response.body"})
    # mypy: [call-arg] Too many arguments
    # pyright: [reportCallIssue] Expected 1 positional argument
    # MAIN-12: an event that does not exist
    await send({"type": "http.response.begin", "status": 200})
    # mypy: [arg-type] Argument 1 has incompatible type "dict[str, object]"; expected "HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent"
    # mypy: [misc] Type of TypedDict is ambiguous, none of ("HTTPResponseStartEvent", "WebSocketResponseStartEvent") matches cleanly
    # pyright: [reportArgumentType] Argument of type "dict[str, str | int]" cannot be assigned to parameter of type "ASGISendEvent" / Type "dict[str, str | int]" is not assignable to type "ASGISendEvent" / "dict[str, str | int]" is not assignable to "HTTPResponseStartEvent" / "dict[str, str | int]" is not assignable to "HTTPResponseBodyEvent" / "dict[str, str | int]" is not assignable to "HTTPResponseTrailersEvent" / "dict[str, str | int]" is not assignable to "HTTPResponsePathsendEvent" / "dict[str, str | int]" is not assignable to "HTTPResponseZeroCopySendEvent" / "dict[str, str | int]" is not assignable to "HTTPResponseEarlyHintEvent" / "dict[str, str | int]" is not assignable to "HTTPServerPushEvent" / ...
    # HTTP-43: a disconnect is received, never sent
    await send({"type": "http.disconnect"})
    # mypy: [arg-type] Argument 1 has incompatible type "dict[str, str]"; expected "HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent"
    # mypy: [misc] Type of TypedDict is ambiguous, none of ("HTTPResponseBodyEvent", "WebSocketAcceptEvent", "WebSocketCloseEvent", "WebSocketResponseBodyEvent", "LifespanStartupCompleteEvent", "LifespanStartupFailedEvent", "LifespanShutdownCompleteEvent", "LifespanShutdownFailedEvent") matches cleanly
    # pyright: [reportArgumentType] Argument of type "dict[str, str]" cannot be assigned to parameter of type "ASGISendEvent" / Type "dict[str, str]" is not assignable to type "ASGISendEvent" / "dict[str, str]" is not assignable to "HTTPResponseStartEvent" / "dict[str, str]" is not assignable to "HTTPResponseBodyEvent" / "dict[str, str]" is not assignable to "HTTPResponseTrailersEvent" / "dict[str, str]" is not assignable to "HTTPResponsePathsendEvent" / "dict[str, str]" is not assignable to "HTTPResponseZeroCopySendEvent" / "dict[str, str]" is not assignable to "HTTPResponseEarlyHintEvent" / "dict[str, str]" is not assignable to "HTTPServerPushEvent" / ...
    # HTTP-49: a missing key
    await send({"type": "http.response.start"})
    # mypy: [arg-type] Argument 1 has incompatible type "dict[str, str]"; expected "HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent"
    # mypy: [misc] Type of TypedDict is ambiguous, none of ("HTTPResponseBodyEvent", "WebSocketAcceptEvent", "WebSocketCloseEvent", "WebSocketResponseBodyEvent", "LifespanStartupCompleteEvent", "LifespanStartupFailedEvent", "LifespanShutdownCompleteEvent", "LifespanShutdownFailedEvent") matches cleanly
    # pyright: [reportArgumentType] Argument of type "dict[str, str]" cannot be assigned to parameter of type "ASGISendEvent" / Type "dict[str, str]" is not assignable to type "ASGISendEvent" / "dict[str, str]" is not assignable to "HTTPResponseStartEvent" / "dict[str, str]" is not assignable to "HTTPResponseBodyEvent" / "dict[str, str]" is not assignable to "HTTPResponseTrailersEvent" / "dict[str, str]" is not assignable to "HTTPResponsePathsendEvent" / "dict[str, str]" is not assignable to "HTTPResponseZeroCopySendEvent" / "dict[str, str]" is not assignable to "HTTPResponseEarlyHintEvent" / "dict[str, str]" is not assignable to "HTTPServerPushEvent" / ...
    # HTTP-51: headers as text
    await send({"type": "http.response.start", "status": 200, "headers": [("a", "b")]})
    # mypy: [arg-type] Argument 1 has incompatible type "dict[str, object]"; expected "HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent"
    # mypy: [misc] Type of TypedDict is ambiguous, none of ("HTTPResponseStartEvent", "WebSocketResponseStartEvent") matches cleanly
    # pyright: [reportArgumentType] Argument of type "dict[str, str | int | list[tuple[str, str]]]" cannot be assigned to parameter of type "ASGISendEvent" / Type "dict[str, str | int | list[tuple[str, str]]]" is not assignable to type "ASGISendEvent" / "dict[str, str | int | list[tuple[str, str]]]" is not assignable to "HTTPResponseStartEvent" / "dict[str, str | int | list[tuple[str, str]]]" is not assignable to "HTTPResponseBodyEvent" / "dict[str, str | int | list[tuple[str, str]]]" is not assignable to "HTTPResponseTrailersEvent" / "dict[str, str | int | list[tuple[str, str]]]" is not assignable to "HTTPResponsePathsendEvent" / "dict[str, str | int | list[tuple[str, str]]]" is not assignable to "HTTPResponseZeroCopySendEvent" / "dict[str, str | int | list[tuple[str, str]]]" is not assignable to "HTTPResponseEarlyHintEvent" / "dict[str, str | int | list[tuple[str, str]]]" is not assignable to "HTTPServerPushEvent" / ...
    # HTTP-65: a body as text
    await send({"type": "http.response.body", "body": "hello"})
    # mypy: [arg-type] Argument 1 has incompatible type "dict[str, str]"; expected "HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent"
    # mypy: [misc] Type of TypedDict is ambiguous, none of ("HTTPResponseBodyEvent", "WebSocketResponseBodyEvent") matches cleanly
    # pyright: [reportArgumentType] Argument of type "dict[str, str]" cannot be assigned to parameter of type "ASGISendEvent" / Type "dict[str, str]" is not assignable to type "ASGISendEvent" / "dict[str, str]" is not assignable to "HTTPResponseStartEvent" / "dict[str, str]" is not assignable to "HTTPResponseBodyEvent" / "dict[str, str]" is not assignable to "HTTPResponseTrailersEvent" / "dict[str, str]" is not assignable to "HTTPResponsePathsendEvent" / "dict[str, str]" is not assignable to "HTTPResponseZeroCopySendEvent" / "dict[str, str]" is not assignable to "HTTPResponseEarlyHintEvent" / "dict[str, str]" is not assignable to "HTTPServerPushEvent" / ...
    # WS-43: neither bytes nor text
    await send({"type": "websocket.send"})
    # mypy: [arg-type] Argument 1 has incompatible type "dict[str, str]"; expected "HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent"
    # mypy: [misc] Type of TypedDict is ambiguous, none of ("HTTPResponseBodyEvent", "WebSocketAcceptEvent", "WebSocketCloseEvent", "WebSocketResponseBodyEvent", "LifespanStartupCompleteEvent", "LifespanStartupFailedEvent", "LifespanShutdownCompleteEvent", "LifespanShutdownFailedEvent") matches cleanly
    # pyright: [reportArgumentType] Argument of type "dict[str, str]" cannot be assigned to parameter of type "ASGISendEvent" / Type "dict[str, str]" is not assignable to type "ASGISendEvent" / "dict[str, str]" is not assignable to "HTTPResponseStartEvent" / "dict[str, str]" is not assignable to "HTTPResponseBodyEvent" / "dict[str, str]" is not assignable to "HTTPResponseTrailersEvent" / "dict[str, str]" is not assignable to "HTTPResponsePathsendEvent" / "dict[str, str]" is not assignable to "HTTPResponseZeroCopySendEvent" / "dict[str, str]" is not assignable to "HTTPResponseEarlyHintEvent" / "dict[str, str]" is not assignable to "HTTPServerPushEvent" / ...
    # WS-43: both
    await send({"type": "websocket.send", "bytes": b"", "text": ""})
    # mypy: [arg-type] Argument 1 has incompatible type "dict[str, Sequence[object]]"; expected "HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent"
    # mypy: [misc] Type of TypedDict is ambiguous, none of ("WebSocketSendBytesEvent", "WebSocketSendTextEvent") matches cleanly
    # pyright: [reportArgumentType] Argument of type "dict[str, str | bytes]" cannot be assigned to parameter of type "ASGISendEvent" / Type "dict[str, str | bytes]" is not assignable to type "ASGISendEvent" / "dict[str, str | bytes]" is not assignable to "HTTPResponseStartEvent" / "dict[str, str | bytes]" is not assignable to "HTTPResponseBodyEvent" / "dict[str, str | bytes]" is not assignable to "HTTPResponseTrailersEvent" / "dict[str, str | bytes]" is not assignable to "HTTPResponsePathsendEvent" / "dict[str, str | bytes]" is not assignable to "HTTPResponseZeroCopySendEvent" / "dict[str, str | bytes]" is not assignable to "HTTPResponseEarlyHintEvent" / "dict[str, str | bytes]" is not assignable to "HTTPServerPushEvent" / ...
    event = await receive()
    # MAIN-11: a key that only some events have, before telling them apart
    print(event["body"])
    # mypy: [typeddict-item] TypedDict "HTTPDisconnectEvent" has no key "body"
    # mypy: [typeddict-item] TypedDict "LifespanShutdownEvent" has no key "body"
    # mypy: [typeddict-item] TypedDict "LifespanStartupEvent" has no key "body"
    # mypy: [typeddict-item] TypedDict "WebSocketConnectEvent" has no key "body"
    # mypy: [typeddict-item] TypedDict "WebSocketDisconnectEvent" has no key "body"
    # mypy: [typeddict-item] TypedDict "WebSocketReceiveBytesEvent" has no key "body"
    # mypy: [typeddict-item] TypedDict "WebSocketReceiveTextEvent" has no key "body"
    # pyright: [reportGeneralTypeIssues] Could not access item in TypedDict / "body" is not a defined key in "HTTPDisconnectEvent"
    # pyright: [reportGeneralTypeIssues] Could not access item in TypedDict / "body" is not a defined key in "LifespanShutdownEvent"
    # pyright: [reportGeneralTypeIssues] Could not access item in TypedDict / "body" is not a defined key in "LifespanStartupEvent"
    # pyright: [reportGeneralTypeIssues] Could not access item in TypedDict / "body" is not a defined key in "WebSocketConnectEvent"
    # pyright: [reportGeneralTypeIssues] Could not access item in TypedDict / "body" is not a defined key in "WebSocketDisconnectEvent"
    # pyright: [reportGeneralTypeIssues] Could not access item in TypedDict / "body" is not a defined key in "WebSocketReceiveBytesEvent"
    # pyright: [reportGeneralTypeIssues] Could not access item in TypedDict / "body" is not a defined key in "WebSocketReceiveTextEvent"
    # pyright: [reportTypedDictNotRequiredAccess] Could not access item in TypedDict / "body" is not a required key in "HTTPRequestEvent", so access may result in runtime exception
    # pyright: [reportUnknownArgumentType] Argument type is partially unknown / Argument corresponds to parameter "values" in function "print" / Argument type is "bytes | Unknown"
    # MAIN-12: a type that is sent, never received
    if event["type"] == "http.response.start":
        # mypy: [comparison-overlap] Non-overlapping equality check (left operand type: "Literal['http.request', 'http.disconnect', 'websocket.connect', 'websocket.receive', 'websocket.disconnect', 'lifespan.startup', 'lifespan.shutdown']", right operand type: "Literal['http.response.start']")
        # pyright: [reportUnnecessaryComparison] Condition will always evaluate to False since the types "Literal['http.request', 'http.disconnect', 'websocket.connect', 'websocket.receive', 'websocket.disconnect', 'lifespan.startup', 'lifespan.shutdown']" and "Literal['http.response.start']" have no overlap
        return
    if event["type"] == "http.request":
        # HTTP-35: a key that does not exist
        print(event["data"])
        # mypy: [typeddict-item] TypedDict "HTTPRequestEvent" has no key "data"
        # pyright: [reportGeneralTypeIssues] Could not access item in TypedDict / "data" is not a defined key in "HTTPRequestEvent"
        # pyright: [reportUnknownArgumentType] Argument type is unknown / Argument corresponds to parameter "values" in function "print"
    # MAIN-11: events are not objects with attributes
    print(event.type)
    # mypy: [union-attr] Item "HTTPDisconnectEvent" of "HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent" has no attribute "type"
    # mypy: [union-attr] Item "HTTPRequestEvent" of "HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent" has no attribute "type"
    # mypy: [union-attr] Item "LifespanShutdownEvent" of "HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent" has no attribute "type"
    # mypy: [union-attr] Item "LifespanStartupEvent" of "HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent" has no attribute "type"
    # mypy: [union-attr] Item "WebSocketConnectEvent" of "HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent" has no attribute "type"
    # mypy: [union-attr] Item "WebSocketDisconnectEvent" of "HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent" has no attribute "type"
    # mypy: [union-attr] Item "WebSocketReceiveBytesEvent" of "HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent" has no attribute "type"
    # mypy: [union-attr] Item "WebSocketReceiveTextEvent" of "HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent" has no attribute "type"
    # pyright: [reportAttributeAccessIssue] Cannot access attribute "type" for class "HTTPDisconnectEvent" / Attribute "type" is unknown / Use ["type"] to reference item in TypedDict
    # pyright: [reportAttributeAccessIssue] Cannot access attribute "type" for class "HTTPRequestEvent" / Attribute "type" is unknown / Use ["type"] to reference item in TypedDict
    # pyright: [reportAttributeAccessIssue] Cannot access attribute "type" for class "LifespanShutdownEvent" / Attribute "type" is unknown / Use ["type"] to reference item in TypedDict
    # pyright: [reportAttributeAccessIssue] Cannot access attribute "type" for class "LifespanStartupEvent" / Attribute "type" is unknown / Use ["type"] to reference item in TypedDict
    # pyright: [reportAttributeAccessIssue] Cannot access attribute "type" for class "WebSocketConnectEvent" / Attribute "type" is unknown / Use ["type"] to reference item in TypedDict
    # pyright: [reportAttributeAccessIssue] Cannot access attribute "type" for class "WebSocketDisconnectEvent" / Attribute "type" is unknown / Use ["type"] to reference item in TypedDict
    # pyright: [reportAttributeAccessIssue] Cannot access attribute "type" for class "WebSocketReceiveBytesEvent" / Attribute "type" is unknown / Use ["type"] to reference item in TypedDict
    # pyright: [reportAttributeAccessIssue] Cannot access attribute "type" for class "WebSocketReceiveTextEvent" / Attribute "type" is unknown / Use ["type"] to reference item in TypedDict
    # pyright: [reportUnknownArgumentType] Argument type is unknown / Argument corresponds to parameter "values" in function "print"
    # pyright: [reportUnknownMemberType] Type of "type" is unknown


def missing_scope(scope: Scope) -> None:
    """A protocol forgotten."""
    match scope["type"]:
        case "http" | "websocket":
            pass
        case _:
            # LIFE-01: the lifespan is left over
            assert_never(scope)
            # mypy: [arg-type] Argument 1 to "assert_never" has incompatible type "LifespanScope"; expected "Never"
            # pyright: [reportArgumentType] Argument of type "LifespanScope" cannot be assigned to parameter "arg" of type "Never" in function "assert_never" / Type "LifespanScope" is not assignable to type "Never"


def missing_event(event: HTTPSendEvent) -> None:
    """An extension forgotten."""
    match event["type"]:
        case "http.response.start" | "http.response.body" | "http.response.trailers":
            pass
        case "http.response.pathsend" | "http.response.zerocopysend" | "http.response.push":
            pass
        case "http.response.early_hint":
            pass
        case _:
            # DEBUG-02: the debug event is left over
            assert_never(event)
            # mypy: [arg-type] Argument 1 to "assert_never" has incompatible type "HTTPResponseDebugEvent"; expected "Never"
            # pyright: [reportArgumentType] Argument of type "HTTPResponseDebugEvent" cannot be assigned to parameter "arg" of type "Never" in function "assert_never" / Type "HTTPResponseDebugEvent" is not assignable to type "Never"


def missing_lifespan(event: LifespanSendEvent) -> None:
    """An outcome forgotten."""
    match event["type"]:
        case "lifespan.startup.complete" | "lifespan.startup.failed":
            pass
        case "lifespan.shutdown.complete":
            pass
        case _:
            # LIFE-26: the failure is left over
            assert_never(event)
            # mypy: [arg-type] Argument 1 to "assert_never" has incompatible type "LifespanShutdownFailedEvent"; expected "Never"
            # pyright: [reportArgumentType] Argument of type "LifespanShutdownFailedEvent" cannot be assigned to parameter "arg" of type "Never" in function "assert_never" / Type "LifespanShutdownFailedEvent" is not assignable to type "Never"


def misspelt(event: ASGIReceiveEvent) -> None:
    """A case that never comes."""
    match event["type"]:
        # MAIN-12: misspelt
        case "http.requests":
            # pyright: [reportUnnecessaryComparison] Pattern will never be matched for subject type "Literal['http.request', 'http.disconnect', 'websocket.connect', 'websocket.receive', 'websocket.disconnect', 'lifespan.startup', 'lifespan.shutdown']"
            pass
        case _:
            pass


def synchronous(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """An application that is not async."""


async def two(scope: Scope, receive: ASGIReceiveCallable) -> None:
    """An application without send."""


async def four(
    scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable, option: str
) -> None:
    """An application with one argument too many."""


async def swapped(scope: Scope, send: ASGISendCallable, receive: ASGIReceiveCallable) -> None:
    """An application with its arguments in another order."""


async def web_only(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """An application that forgets the other scopes."""


async def keyword(scope: Scope, receive: ASGIReceiveCallable, *, send: ASGISendCallable) -> None:
    """An application that takes send by name."""


def double(scope: Scope) -> None:
    """An ASGI 2 application that returns nothing."""


class Uncallable:
    """A class that makes no ASGI 2 application."""

    def __init__(self, scope: Scope) -> None:
        """Keep the scope."""
        self.scope = scope


async def receive_nothing() -> Any:
    """Never mind."""


# MAIN-01: an application is async
asgi_application(synchronous)
# mypy: [arg-type] Argument 1 to "asgi_application" has incompatible type "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]], None]"; expected "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]], Coroutine[Any, Any, None]]"
# pyright: [reportArgumentType] Argument of type "(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None" cannot be assigned to parameter "application" of type "(Scope, ASGIReceiveCallable, ASGISendCallable) -> Coroutine[Any, Any, None]" in function "asgi_application" / Type "(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None" is not assignable to type "(Scope, ASGIReceiveCallable, ASGISendCallable) -> Coroutine[Any, Any, None]" / Function return type "None" is incompatible with type "Coroutine[Any, Any, None]" / "None" is not assignable to "Coroutine[Any, Any, None]"
# MAIN-01: three arguments
asgi_application(two)
# mypy: [arg-type] Argument 1 to "asgi_application" has incompatible type "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]]], Coroutine[Any, Any, None]]"; expected "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]], Coroutine[Any, Any, None]]"
# pyright: [reportArgumentType] Argument of type "(scope: Scope, receive: ASGIReceiveCallable) -> CoroutineType[Any, Any, None]" cannot be assigned to parameter "application" of type "(Scope, ASGIReceiveCallable, ASGISendCallable) -> Coroutine[Any, Any, None]" in function "asgi_application" / Type "(scope: Scope, receive: ASGIReceiveCallable) -> CoroutineType[Any, Any, None]" is not assignable to type "(Scope, ASGIReceiveCallable, ASGISendCallable) -> Coroutine[Any, Any, None]" / Function accepts too few positional parameters; expected 3 but received 2
# MAIN-01: three arguments
asgi_application(four)
# mypy: [arg-type] Argument 1 to "asgi_application" has incompatible type "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]], str], Coroutine[Any, Any, None]]"; expected "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]], Coroutine[Any, Any, None]]"
# pyright: [reportArgumentType] Argument of type "(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable, option: str) -> CoroutineType[Any, Any, None]" cannot be assigned to parameter "application" of type "(Scope, ASGIReceiveCallable, ASGISendCallable) -> Coroutine[Any, Any, None]" in function "asgi_application" / Type "(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable, option: str) -> CoroutineType[Any, Any, None]" is not assignable to type "(Scope, ASGIReceiveCallable, ASGISendCallable) -> Coroutine[Any, Any, None]" / Extra parameter "option"
# MAIN-01: receive before send
asgi_application(swapped)
# mypy: [arg-type] Argument 1 to "asgi_application" has incompatible type "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]], Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]]], Coroutine[Any, Any, None]]"; expected "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]], Coroutine[Any, Any, None]]"
# pyright: [reportArgumentType] Argument of type "(scope: Scope, send: ASGISendCallable, receive: ASGIReceiveCallable) -> CoroutineType[Any, Any, None]" cannot be assigned to parameter "application" of type "(Scope, ASGIReceiveCallable, ASGISendCallable) -> Coroutine[Any, Any, None]" in function "asgi_application" / Type "(scope: Scope, send: ASGISendCallable, receive: ASGIReceiveCallable) -> CoroutineType[Any, Any, None]" is not assignable to type "(Scope, ASGIReceiveCallable, ASGISendCallable) -> Coroutine[Any, Any, None]" / Parameter 2: type "ASGIReceiveCallable" is incompatible with type "ASGISendCallable" / Type "ASGIReceiveCallable" is not assignable to type "ASGISendCallable" / Function accepts too few positional parameters; expected 1 but received 0 / Function return type "Awaitable[ASGIReceiveEvent]" is incompatible with type "Awaitable[None]" / Parameter 3: type "ASGISendCallable" is incompatible with type "ASGIReceiveCallable" / Type "ASGISendCallable" is not assignable to type "ASGIReceiveCallable" / Position-only parameter mismatch; expected 1 but received 0 / ...
# MAIN-20: every scope, if only to raise
asgi_application(web_only)
# mypy: [arg-type] Argument 1 to "asgi_application" has incompatible type "Callable[[HTTPScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]], Coroutine[Any, Any, None]]"; expected "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]], Coroutine[Any, Any, None]]"
# pyright: [reportArgumentType] Argument of type "(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> CoroutineType[Any, Any, None]" cannot be assigned to parameter "application" of type "(Scope, ASGIReceiveCallable, ASGISendCallable) -> Coroutine[Any, Any, None]" in function "asgi_application" / Type "(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> CoroutineType[Any, Any, None]" is not assignable to type "(Scope, ASGIReceiveCallable, ASGISendCallable) -> Coroutine[Any, Any, None]" / Parameter 1: type "Scope" is incompatible with type "HTTPScope" / Type "Scope" is not assignable to type "HTTPScope" / "path" is missing from "LifespanScope" / "raw_path" is missing from "LifespanScope" / "root_path" is missing from "LifespanScope" / "headers" is missing from "LifespanScope" / "client" is missing from "LifespanScope" / ...
# MAIN-01: servers pass by position
asgi_application(keyword)
# mypy: [arg-type] Argument 1 to "asgi_application" has incompatible type "def keyword(scope: HTTPScope | WebSocketScope | LifespanScope, receive: Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], *, send: Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]) -> Coroutine[Any, Any, None]"; expected "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]], Coroutine[Any, Any, None]]"
# pyright: [reportArgumentType] Argument of type "(scope: Scope, receive: ASGIReceiveCallable, *, send: ASGISendCallable) -> CoroutineType[Any, Any, None]" cannot be assigned to parameter "application" of type "(Scope, ASGIReceiveCallable, ASGISendCallable) -> Coroutine[Any, Any, None]" in function "asgi_application" / Type "(scope: Scope, receive: ASGIReceiveCallable, *, send: ASGISendCallable) -> CoroutineType[Any, Any, None]" is not assignable to type "(Scope, ASGIReceiveCallable, ASGISendCallable) -> Coroutine[Any, Any, None]" / Function accepts too few positional parameters; expected 3 but received 2 / Extra parameter "send"
# MAIN-01: not an import string
asgi_application("module:app")
# mypy: [arg-type] Argument 1 to "asgi_application" has incompatible type "str"; expected "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]], Coroutine[Any, Any, None]]"
# pyright: [reportArgumentType] Argument of type "Literal['module:app']" cannot be assigned to parameter "application" of type "(Scope, ASGIReceiveCallable, ASGISendCallable) -> Coroutine[Any, Any, None]" in function "asgi_application" / Type "Literal['module:app']" is not assignable to type "(Scope, ASGIReceiveCallable, ASGISendCallable) -> Coroutine[Any, Any, None]"
# MAIN-01: stated strictly
stated: StrictASGI3Application = web_only
# mypy: [assignment] Incompatible types in assignment (expression has type "Callable[[HTTPScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]], Coroutine[Any, Any, None]]", variable has type "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]], Awaitable[None]]")
# pyright: [reportAssignmentType] Type "(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> CoroutineType[Any, Any, None]" is not assignable to declared type "StrictASGI3Application" / Type "(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> CoroutineType[Any, Any, None]" is not assignable to type "StrictASGI3Application" / Parameter 1: type "Scope" is incompatible with type "HTTPScope" / Type "Scope" is not assignable to type "HTTPScope" / "path" is missing from "LifespanScope" / "raw_path" is missing from "LifespanScope" / "root_path" is missing from "LifespanScope" / "headers" is missing from "LifespanScope" / "client" is missing from "LifespanScope" / ...
# MAIN-01: an application is async, for consumers too
accepted_sync: ASGIApplication = synchronous
# mypy: [assignment] Incompatible types in assignment (expression has type "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]], None]", variable has type "Callable[[Any], Callable[[Any, Any], Awaitable[None]]] | Callable[[Any, Any, Any], Awaitable[None]]")
# pyright: [reportAssignmentType] Type "(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None" is not assignable to declared type "ASGIApplication" / Type "(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None" is not assignable to type "ASGIApplication" / Type "(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None" is not assignable to type "ASGI2Application" / Extra parameter "receive" / Extra parameter "send" / Function return type "None" is incompatible with type "(Any, Any) -> Awaitable[None]" / Type "None" is not assignable to type "(Any, Any) -> Awaitable[None]" / Type "(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None" is not assignable to type "ASGI3Application" / Function return type "None" is incompatible with type "Awaitable[None]" / ...
# MAIN-01: three arguments, for consumers too
accepted_two: ASGIApplication = two
# mypy: [assignment] Incompatible types in assignment (expression has type "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]]], Coroutine[Any, Any, None]]", variable has type "Callable[[Any], Callable[[Any, Any], Awaitable[None]]] | Callable[[Any, Any, Any], Awaitable[None]]")
# pyright: [reportAssignmentType] Type "(scope: Scope, receive: ASGIReceiveCallable) -> CoroutineType[Any, Any, None]" is not assignable to declared type "ASGIApplication" / Type "(scope: Scope, receive: ASGIReceiveCallable) -> CoroutineType[Any, Any, None]" is not assignable to type "ASGIApplication" / Type "(scope: Scope, receive: ASGIReceiveCallable) -> CoroutineType[Any, Any, None]" is not assignable to type "ASGI2Application" / Extra parameter "receive" / Function return type "CoroutineType[Any, Any, None]" is incompatible with type "(Any, Any) -> Awaitable[None]" / Type "CoroutineType[Any, Any, None]" is not assignable to type "(Any, Any) -> Awaitable[None]" / Type "(scope: Scope, receive: ASGIReceiveCallable) -> CoroutineType[Any, Any, None]" is not assignable to type "ASGI3Application" / Function accepts too few positional parameters; expected 3 but received 2
# MAIN-01: three arguments, for consumers too
accepted_four: ASGIApplication = four
# mypy: [assignment] Incompatible types in assignment (expression has type "Callable[[HTTPScope | WebSocketScope | LifespanScope, Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]], str], Coroutine[Any, Any, None]]", variable has type "Callable[[Any], Callable[[Any, Any], Awaitable[None]]] | Callable[[Any, Any, Any], Awaitable[None]]")
# pyright: [reportAssignmentType] Type "(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable, option: str) -> CoroutineType[Any, Any, None]" is not assignable to declared type "ASGIApplication" / Type "(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable, option: str) -> CoroutineType[Any, Any, None]" is not assignable to type "ASGIApplication" / Type "(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable, option: str) -> CoroutineType[Any, Any, None]" is not assignable to type "ASGI2Application" / Extra parameter "receive" / Extra parameter "send" / Extra parameter "option" / Function return type "CoroutineType[Any, Any, None]" is incompatible with type "(Any, Any) -> Awaitable[None]" / Type "CoroutineType[Any, Any, None]" is not assignable to type "(Any, Any) -> Awaitable[None]" / Type "(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable, option: str) -> CoroutineType[Any, Any, None]" is not assignable to type "ASGI3Application" / ...
# MAIN-01: by position, for consumers too
accepted_keyword: ASGIApplication = keyword
# mypy: [assignment] Incompatible types in assignment (expression has type "def keyword(scope: HTTPScope | WebSocketScope | LifespanScope, receive: Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]], *, send: Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]) -> Coroutine[Any, Any, None]", variable has type "Callable[[Any], Callable[[Any, Any], Awaitable[None]]] | Callable[[Any, Any, Any], Awaitable[None]]")
# pyright: [reportAssignmentType] Type "(scope: Scope, receive: ASGIReceiveCallable, *, send: ASGISendCallable) -> CoroutineType[Any, Any, None]" is not assignable to declared type "ASGIApplication" / Type "(scope: Scope, receive: ASGIReceiveCallable, *, send: ASGISendCallable) -> CoroutineType[Any, Any, None]" is not assignable to type "ASGIApplication" / Type "(scope: Scope, receive: ASGIReceiveCallable, *, send: ASGISendCallable) -> CoroutineType[Any, Any, None]" is not assignable to type "ASGI2Application" / Extra parameter "receive" / Extra parameter "send" / Function return type "CoroutineType[Any, Any, None]" is incompatible with type "(Any, Any) -> Awaitable[None]" / Type "CoroutineType[Any, Any, None]" is not assignable to type "(Any, Any) -> Awaitable[None]" / Type "(scope: Scope, receive: ASGIReceiveCallable, *, send: ASGISendCallable) -> CoroutineType[Any, Any, None]" is not assignable to type "ASGI3Application" / Function accepts too few positional parameters; expected 3 but received 2 / ...
# MAIN-01: not an import string
accepted_text: ASGIApplication = "module:app"
# mypy: [assignment] Incompatible types in assignment (expression has type "str", variable has type "Callable[[Any], Callable[[Any, Any], Awaitable[None]]] | Callable[[Any, Any, Any], Awaitable[None]]")
# pyright: [reportAssignmentType] Type "Literal['module:app']" is not assignable to declared type "ASGIApplication" / Type "Literal['module:app']" is not assignable to type "ASGIApplication" / Type "Literal['module:app']" is not assignable to type "ASGI2Application" / Type "Literal['module:app']" is not assignable to type "ASGI3Application"
# MAIN-01: not a coroutine
accepted_called: ASGIApplication = two(
    # mypy: [assignment] Incompatible types in assignment (expression has type "Coroutine[Any, Any, None]", variable has type "Callable[[Any], Callable[[Any, Any], Awaitable[None]]] | Callable[[Any, Any, Any], Awaitable[None]]")
    # pyright: [reportAssignmentType] Type "CoroutineType[Any, Any, None]" is not assignable to declared type "ASGIApplication" / Type "CoroutineType[Any, Any, None]" is not assignable to type "ASGIApplication" / Type "CoroutineType[Any, Any, None]" is not assignable to type "ASGI2Application" / Type "CoroutineType[Any, Any, None]" is not assignable to type "ASGI3Application"
    {"type": "lifespan", "asgi": {"version": "3.0"}},
    receive_nothing,
)
# MAIN-01: not an import string, for ASGI 3 alone
accepted_three: ASGI3Application = "module:app"
# mypy: [assignment] Incompatible types in assignment (expression has type "str", variable has type "Callable[[Any, Any, Any], Awaitable[None]]")
# pyright: [reportAssignmentType] Type "Literal['module:app']" is not assignable to declared type "ASGI3Application" / Type "Literal['module:app']" is not assignable to type "ASGI3Application"
# MAIN-01: a partial that binds too much
accepted_partial: ASGI3Application = functools.partial(four, {}, None, None)
# mypy: [arg-type] Argument 1 to "four" has incompatible type "dict[Never, Never]"; expected "HTTPScope | WebSocketScope | LifespanScope"
# mypy: [arg-type] Argument 2 to "four" has incompatible type "None"; expected "Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent | WebSocketConnectEvent | WebSocketReceiveBytesEvent | WebSocketReceiveTextEvent | WebSocketDisconnectEvent | LifespanStartupEvent | LifespanShutdownEvent]]"
# mypy: [arg-type] Argument 3 to "four" has incompatible type "None"; expected "Callable[[HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent], Awaitable[None]]"
# pyright: [reportArgumentType] Argument of type "None" cannot be assigned to parameter "receive" of type "ASGIReceiveCallable" in function "four"
# pyright: [reportArgumentType] Argument of type "None" cannot be assigned to parameter "send" of type "ASGISendCallable" in function "four"
# pyright: [reportArgumentType] Argument of type "dict[Any, Any]" cannot be assigned to parameter "scope" of type "Scope" in function "four"
# pyright: [reportAssignmentType] Type "partial[CoroutineType[Any, Any, None]]" is not assignable to declared type "ASGI3Application" / Type "partial[CoroutineType[Any, Any, None]]" is not assignable to type "ASGI3Application" / Function accepts too few positional parameters; expected 3 but received 1
# MAIN-37: a double callable returns a callable
accepted_double: ASGI2Application = double
# mypy: [assignment] Incompatible types in assignment (expression has type "Callable[[HTTPScope | WebSocketScope | LifespanScope], None]", variable has type "Callable[[Any], Callable[[Any, Any], Awaitable[None]]]")
# pyright: [reportAssignmentType] Type "(scope: Scope) -> None" is not assignable to declared type "ASGI2Application" / Type "(scope: Scope) -> None" is not assignable to type "ASGI2Application" / Function return type "None" is incompatible with type "(Any, Any) -> Awaitable[None]" / Type "None" is not assignable to type "(Any, Any) -> Awaitable[None]"
# MAIN-37: instances of the class are callable
accepted_class: ASGIApplication = Uncallable
# mypy: [assignment] Incompatible types in assignment (expression has type "type[Uncallable]", variable has type "Callable[[Any], Callable[[Any, Any], Awaitable[None]]] | Callable[[Any, Any, Any], Awaitable[None]]")
# pyright: [reportAssignmentType] Type "type[Uncallable]" is not assignable to declared type "ASGIApplication" / Type "type[Uncallable]" is not assignable to type "ASGIApplication" / Type "type[Uncallable]" is not assignable to type "ASGI2Application" / Function return type "Uncallable" is incompatible with type "(Any, Any) -> Awaitable[None]" / Type "Uncallable" is not assignable to type "(Any, Any) -> Awaitable[None]" / Type "type[Uncallable]" is not assignable to type "ASGI3Application" / Function accepts too few positional parameters; expected 3 but received 1 / Function return type "Uncallable" is incompatible with type "Awaitable[None]" / "Uncallable" is incompatible with protocol "Awaitable[None]"


def not_sendable() -> ASGISendEvent:
    """A received event given back as one to send."""
    # HTTP-35: a request is received, never sent
    return {"type": "http.request", "body": b""}
    # mypy: [misc] Type of TypedDict is ambiguous, none of ("HTTPResponseBodyEvent", "WebSocketResponseBodyEvent") matches cleanly
    # mypy: [return-value] Incompatible return value type (got "dict[str, Sequence[object]]", expected "HTTPResponseStartEvent | HTTPResponseBodyEvent | HTTPResponseTrailersEvent | HTTPResponsePathsendEvent | HTTPResponseZeroCopySendEvent | HTTPResponseEarlyHintEvent | HTTPServerPushEvent | HTTPResponseDebugEvent | WebSocketAcceptEvent | WebSocketSendBytesEvent | WebSocketSendTextEvent | WebSocketCloseEvent | WebSocketResponseStartEvent | WebSocketResponseBodyEvent | LifespanStartupCompleteEvent | LifespanStartupFailedEvent | LifespanShutdownCompleteEvent | LifespanShutdownFailedEvent")
    # pyright: [reportReturnType] Type "dict[str, str | bytes]" is not assignable to return type "ASGISendEvent" / Type "dict[str, str | bytes]" is not assignable to type "ASGISendEvent" / "dict[str, str | bytes]" is not assignable to "HTTPResponseStartEvent" / "dict[str, str | bytes]" is not assignable to "HTTPResponseBodyEvent" / "dict[str, str | bytes]" is not assignable to "HTTPResponseTrailersEvent" / "dict[str, str | bytes]" is not assignable to "HTTPResponsePathsendEvent" / "dict[str, str | bytes]" is not assignable to "HTTPResponseZeroCopySendEvent" / "dict[str, str | bytes]" is not assignable to "HTTPResponseEarlyHintEvent" / "dict[str, str | bytes]" is not assignable to "HTTPServerPushEvent" / ...


# WS-43: to a checker the event is a union; its forms have names
called: WebSocketSendEvent = WebSocketSendEvent(type="websocket.send", text="")
# mypy: [operator] "UnionType[WebSocketSendBytesEvent, WebSocketSendTextEvent]" not callable
# pyright: [reportCallIssue] Object of type "UnionType" is not callable
# pyright: [reportUnknownVariableType] Type of "called" is unknown
