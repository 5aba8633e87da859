"""The mistakes people make, each shown by mypy and pyright before anything runs.

Check it: ``mypy --strict examples/typing/wrong.py``. Nobody should run it.
"""

from __future__ import annotations

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope, asgi_application


@asgi_application
async def app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Get everything wrong."""
    print(scope["path"])  # wrong: a lifespan has no path; look at the type first
    if scope["type"] == "https":  # wrong: https is a scheme, no type
        return
    event = await receive()
    if event["type"] == "http.request":
        print(event["data"])  # wrong: the key is called "body"
    await send({"type": "http.response.start"})  # wrong: a response has a status
    text = [("content-type", "text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": text})  # wrong: bytes
    await send({"type": "http.response.body", "body": "hello"})  # wrong: bytes again
    await send({"type": "http.response.body", "more": True})  # wrong: it is "more_body"
    await send({"type": "http.disconnect"})  # wrong: received, never sent
    await send({"type": "websocket.send", "bytes": b"", "text": ""})  # wrong: one of the two


@asgi_application  # wrong: an application is async
def forgotten(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Lack the async; this one fails at run time too, here, and says so."""
