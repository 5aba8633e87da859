"""Applications, middleware and servers annotated with the public names."""

import functools
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, assert_never, assert_type

from asgiref.typing import (
    ASGI2Application,
    ASGI2Protocol,
    ASGI3Application,
    ASGIApplication,
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    HTTPResponseStartEvent,
    Scope,
    StrictASGI3Application,
    WebSocketScope,
    asgi_application,
)


async def strict(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """An author's application, every protocol handled."""
    match scope["type"]:
        case "http":
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.body", "body": scope["path"].encode()})
        case "websocket":
            await echo(scope, receive, send)
        case "lifespan":
            raise NotImplementedError
        case _:
            assert_never(scope)


async def echo(scope: WebSocketScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Answer every message with itself."""
    offered = scope.get("subprotocols", [])
    while True:
        event = await receive()
        assert_type(event, ASGIReceiveEvent)
        if event["type"] == "websocket.connect":
            await send({"type": "websocket.accept", "subprotocol": offered[0] if offered else None})
        elif event["type"] == "websocket.receive":
            text = event.get("text")
            if text is not None:
                await send({"type": "websocket.send", "text": text})
            else:
                await send({"type": "websocket.send", "bytes": event.get("bytes") or b""})
        elif event["type"] == "websocket.disconnect":
            return


@asgi_application
async def decorated(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Strictly checked, accepted everywhere."""
    await strict(scope, receive, send)


class Instance:
    """An application that is an object."""

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Serve."""


class Double:
    """An ASGI 2 application that is a class."""

    def __init__(self, scope: Scope) -> None:
        """Keep the scope."""
        self.scope = scope

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve."""


def double(scope: Scope) -> Callable[[ASGIReceiveCallable, ASGISendCallable], Awaitable[None]]:
    """An ASGI 2 application that is a function."""
    assert scope["type"]

    async def instance(receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve."""

    return instance


async def loose(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """An application annotated as frameworks annotate theirs."""


def wrapped(
    scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
) -> Coroutine[Any, Any, None]:
    """A plain function that returns what a coroutine function does."""
    return strict(scope, receive, send)


async def prefixed(
    prefix: str, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
) -> None:
    """An application after one argument is bound."""


# MAIN-01: what an author states
stated: list[StrictASGI3Application] = [strict, Instance(), wrapped, decorated]
# MAIN-01: what a consumer accepts
accepted: list[ASGI3Application] = [strict, Instance(), wrapped, decorated, loose]
# MAIN-01: a partial
partial: ASGI3Application = functools.partial(prefixed, "/api")
# MAIN-01: a bound method
method: ASGI3Application = Instance().__call__
# MAIN-37: both styles of ASGI 2
doubles: list[ASGI2Application] = [Double, double]
# MAIN-37: the protocol as a base to check against
checked: type[ASGI2Protocol] = Double
# MAIN-39: a server takes all of them
served: list[ASGIApplication] = [strict, Instance(), decorated, loose, Double, double]

assert_type(asgi_application(strict), Callable[[Any, Any, Any], Coroutine[Any, Any, None]])
assert_type(asgi_application(Instance()), Callable[[Any, Any, Any], Coroutine[Any, Any, None]])


class Middleware:
    """Accepts any application and is one; old annotations go on working."""

    def __init__(self, app: ASGI3Application) -> None:
        """Wrap an application."""
        self.app = app

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Add a header to every response."""

        async def add(event: ASGISendEvent) -> None:
            if event["type"] == "http.response.start":
                start: HTTPResponseStartEvent = {
                    **event,
                    "headers": [*event.get("headers", ()), (b"x-seen", b"1")],
                }
                await send(start)
            else:
                await send(event)

        await self.app(scope, receive, add)


# MAIN-01: middleware around anything, itself an application
stack: ASGI3Application = Middleware(Middleware(decorated))
# MAIN-01: strict too
strict_stack: StrictASGI3Application = Middleware(loose)


async def server(app: ASGI3Application, scope: Scope) -> list[ASGISendEvent]:
    """A server's side."""
    sent: list[ASGISendEvent] = []

    async def receive() -> ASGIReceiveEvent:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event: ASGISendEvent) -> None:
        sent.append(event)

    await app(scope, receive, send)
    return sent
