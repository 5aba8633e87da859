"""An application that both checkers accept, and that every server takes.

Run it: ``python -m examples.typing.right``. Check it: ``mypy --strict examples/typing/right.py``.
"""

from __future__ import annotations

import asyncio
from typing import assert_never

from asgiref.typing import (
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    HTTPScope,
    Scope,
    WebSocketScope,
    asgi_application,
)


@asgi_application
async def app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Tell the protocols apart; a forgotten one would be an error in the last line."""
    match scope["type"]:
        case "http":
            await greet(scope, send)
        case "websocket":
            await echo(scope, receive, send)
        case "lifespan":
            raise NotImplementedError("this application has no lifespan")
        case _:
            assert_never(scope)


async def greet(scope: HTTPScope, send: ASGISendCallable) -> None:
    """Optional keys are read with their default, required ones directly."""
    where = f"{scope.get('scheme', 'http')}: {scope['method']} {scope['path']}\n"
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/plain; charset=utf-8")],
        }
    )
    await send({"type": "http.response.body", "body": where.encode()})


async def echo(scope: WebSocketScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """A message is bytes or text, whichever way the server leaves the other out."""
    offered = scope.get("subprotocols", [])
    while True:
        event = await receive()
        if event["type"] == "websocket.connect":
            await send({"type": "websocket.accept", "subprotocol": offered[0] if offered else None})
        elif event["type"] == "websocket.receive":
            text = event.get("text")
            if text is None:
                await send({"type": "websocket.send", "bytes": event.get("bytes") or b""})
            else:
                await send({"type": "websocket.send", "text": text})
        elif event["type"] == "websocket.disconnect":
            return


async def main() -> None:
    """Play the server for one request."""

    async def receive() -> ASGIReceiveEvent:
        return {"type": "http.request"}

    async def send(event: ASGISendEvent) -> None:
        print(event)

    scope: HTTPScope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/hello",
        "query_string": b"",
        "headers": [(b"host", b"example.org")],
    }
    await app(scope, receive, send)


if __name__ == "__main__":
    asyncio.run(main())
