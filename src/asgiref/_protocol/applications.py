"""Event unions, receive and send, and applications (main 3.0, "Applications").

There are two audiences. Authors write an application against the exact types and want every
mistake shown: `StrictASGI3Application` and `asgi_application` are theirs. Servers, middleware and
test clients accept applications that others wrote, annotated with other types or none:
`ASGI3Application` and `ASGIApplication` are theirs, and permissive on purpose. Parameters are
contravariant, so a strict alias would reject every framework that annotates ``scope`` as a plain
mapping; arity, ``async`` and being callable are still checked.
"""

import asyncio
import functools
import inspect
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeAlias

from asgiref._protocol.http import HTTPReceiveEvent, HTTPSendEvent
from asgiref._protocol.lifespan import LifespanReceiveEvent, LifespanSendEvent
from asgiref._protocol.scopes import Scope
from asgiref._protocol.websocket import WebSocketReceiveEvents, WebSocketSendEvents

__all__ = (
    "ASGI2Application",
    "ASGI2Protocol",
    "ASGI3Application",
    "ASGIApplication",
    "ASGIReceiveCallable",
    "ASGIReceiveEvent",
    "ASGISendCallable",
    "ASGISendEvent",
    "StrictASGI3Application",
    "asgi_application",
)

ASGIReceiveEvent: TypeAlias = HTTPReceiveEvent | WebSocketReceiveEvents | LifespanReceiveEvent
"""Every event an application may receive. Tell them apart by ``event["type"]``."""

ASGISendEvent: TypeAlias = HTTPSendEvent | WebSocketSendEvents | LifespanSendEvent
"""Every event an application may send, those of the published extensions included."""

ASGIReceiveCallable: TypeAlias = Callable[[], Awaitable[ASGIReceiveEvent]]
"""``await receive()`` gives the next event and waits while there is none."""

ASGISendCallable: TypeAlias = Callable[[ASGISendEvent], Awaitable[None]]
"""``await send(event)`` ends when the event is sent; it may wait, which is back-pressure."""


class ASGI2Protocol(Protocol):
    """An ASGI 2 application as a class: made from the scope, then called with receive and send.

    Main 3.0, "Legacy Applications".
    """

    def __init__(self, scope: Scope) -> None:
        """Take the connection's scope; anything that waits belongs into the call."""
        ...

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve the connection."""
        ...


ASGI2Application: TypeAlias = Callable[[Any], Callable[[Any, Any], Awaitable[None]]]
"""An ASGI 2 application as consumers accept it: a class like `ASGI2Protocol` or a function."""

ASGI3Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI 3 application as consumers accept it: any async callable of scope, receive, send."""

ASGIApplication: TypeAlias = ASGI2Application | ASGI3Application
"""An application of either version, as consumers accept it."""

StrictASGI3Application: TypeAlias = Callable[
    [Scope, ASGIReceiveCallable, ASGISendCallable], Awaitable[None]
]
"""An ASGI 3 application whose author annotated it with the exact types of this module."""


def asgi_application(
    application: Callable[
        [Scope, ASGIReceiveCallable, ASGISendCallable], Coroutine[Any, Any, None]
    ],
) -> Callable[[Any, Any, Any], Coroutine[Any, Any, None]]:
    """Have an application checked against the exact types and give it to any consumer.

    To a checker the parameter is strict and the result permissive, so that servers and frameworks
    with protocol types of their own accept it. At run time it returns the very object it got::

        @asgi_application
        async def app(
            scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
        ) -> None: ...

    Args:
        application: an ``async def`` function, or an object whose ``__call__`` is one, that can be
            called with three positional arguments.

    Returns:
        The same object.

    Raises:
        TypeError: at decoration, if the object is a class, is not callable, is not async or does
            not take three positional arguments; the text says what it got. A synchronous callable
            that returns an awaitable counts as async once marked with ``markcoroutinefunction``.

    """
    fault = _fault(application)
    if fault is not None:
        msg = (
            "asgi_application expects an async callable of (scope, receive, send), "
            f"got {application!r}, {fault}"
        )
        raise TypeError(msg)
    return application


def _fault(candidate: object) -> str | None:
    """Say what keeps an object from being an ASGI 3 application, or nothing."""
    if isinstance(candidate, type):
        return f"which is a class: give an instance instead, {candidate.__name__}(...)"
    if not callable(candidate):
        return f"of type {type(candidate).__name__}, which cannot be called"
    if not _is_async(candidate):
        return (
            "which is not async: write it with `async def`, or apply "
            "asgiref.sync.markcoroutinefunction if it returns an awaitable"
        )
    try:
        signature = inspect.signature(candidate)
    except ValueError:
        # Compiled callables may hide their signature; then the first call must tell.
        return None
    try:
        signature.bind(None, None, None)
    except TypeError as error:
        return f"whose signature {signature} does not take them: {error}"
    return None


def _is_async(candidate: Callable[..., object]) -> bool:
    """Tell whether calling gives a coroutine: by ``async def``, by marker, or by ``__call__``."""
    target: object = candidate
    while isinstance(target, functools.partial):
        target = target.func
    return _is_coroutine_function(target) or _is_coroutine_function(
        getattr(target, "__call__", None)  # noqa: B004 - the method itself is wanted, not a test
    )


def _is_coroutine_function(candidate: object) -> bool:
    if sys.version_info >= (3, 12):
        return inspect.iscoroutinefunction(candidate)
    # Only asyncio knows the marker that markcoroutinefunction sets on these versions.
    return asyncio.iscoroutinefunction(candidate)
