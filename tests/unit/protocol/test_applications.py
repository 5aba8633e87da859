"""`asgi_application` at run time, and the unions as programs see them."""

from __future__ import annotations

import asyncio
import functools
import sys
from typing import Any, get_args

import pytest

import asgiref.typing
from asgiref.typing import (
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    Scope,
    asgi_application,
)

if sys.version_info >= (3, 12):
    from inspect import markcoroutinefunction
else:

    def markcoroutinefunction(function: Any) -> Any:
        """Set the marker that asyncio reads before `inspect` had one."""
        function._is_coroutine = vars(asyncio.coroutines)["_is_coroutine"]
        return function


async def app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Do nothing, correctly."""


class Application:
    """An application that is an object."""

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Do nothing, correctly."""

    async def serve(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Do nothing, correctly."""


async def prefixed(
    prefix: str, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
) -> None:
    """Do nothing with one argument too many."""


async def with_default(
    scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable, debug: bool = False
) -> None:
    """Do nothing, with an option."""


instance = Application()


@pytest.mark.parametrize(
    "application",
    [app, instance, instance.serve, functools.partial(prefixed, "/api"), with_default],
    ids=["function", "instance", "bound method", "partial", "with a default"],
)
def test_an_application_is_returned_as_it_is(application: Any) -> None:
    """The decorator returns the very object: identity, attributes and type stay."""
    assert asgi_application(application) is application


def test_an_application_with_any_number_of_arguments_is_accepted() -> None:
    """A wrapper that passes on whatever it gets takes three arguments too."""

    async def wrapper(*args: object) -> None:
        """Accept anything."""

    assert asgi_application(wrapper) is wrapper


def test_a_marked_synchronous_callable_counts_as_async() -> None:
    """A plain function that returns an awaitable is accepted once it is marked."""

    def plain(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> Any:
        return app(scope, receive, send)

    with pytest.raises(TypeError, match="not async"):
        asgi_application(plain)
    assert asgi_application(markcoroutinefunction(plain)) is plain


def synchronous(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Lack the async."""


async def two(scope: Scope, receive: ASGIReceiveCallable) -> None:
    """Lack the send."""


async def keyword_only(
    scope: Scope, receive: ASGIReceiveCallable, *, send: ASGISendCallable
) -> None:
    """Take send by name, which no server gives."""


@pytest.mark.parametrize(
    ("candidate", "said"),
    [
        (None, "None, of type NoneType, which cannot be called"),
        ("module:app", "'module:app', of type str, which cannot be called"),
        (Application, "which is a class: give an instance instead, Application(...)"),
        (synchronous, "which is not async: write it with `async def`"),
        (two, "whose signature (scope: 'Scope', receive: 'ASGIReceiveCallable') -> 'None'"),
        (prefixed, "missing a required argument: 'send'"),
        (keyword_only, "too many positional arguments"),
        (functools.partial(synchronous), "which is not async"),
    ],
    ids=["none", "string", "class", "sync", "two", "four", "keyword only", "sync partial"],
)
def test_anything_else_is_a_type_error_that_says_what_it_got(candidate: Any, said: str) -> None:
    """Decorating something that is no application fails at once and names the fault."""
    with pytest.raises(TypeError) as caught:
        asgi_application(candidate)
    assert str(caught.value).startswith("asgi_application expects an async callable of (scope, ")
    assert said in str(caught.value)


def test_an_application_that_hides_its_signature_is_given_the_benefit() -> None:
    """Compiled callables may have no signature: only what can be seen is judged."""

    class Opaque:
        __signature__ = None

        async def __call__(self, *args: object) -> None:
            """Accept anything."""

    opaque = Opaque()
    assert asgi_application(opaque) is opaque


@pytest.mark.parametrize(
    ("union", "prefixes"),
    [
        (ASGIReceiveEvent, ("HTTPRequest", "HTTPDisconnect", "WebSocket", "Lifespan")),
        (ASGISendEvent, ("HTTPResponse", "HTTPServerPush", "WebSocket", "Lifespan")),
    ],
    ids=["receive", "send"],
)
def test_unions_hold_events_of_their_direction_only(union: Any, prefixes: tuple[str, ...]) -> None:
    """A disconnect is not sendable, a response is not receivable."""
    assert all(member.__name__.startswith(prefixes) for member in get_args(union))


def test_each_event_travels_in_exactly_one_direction() -> None:
    """Every published event is in one of the two unions, and in one only."""
    received = {member.__name__ for member in get_args(ASGIReceiveEvent)}
    sent = {member.__name__ for member in get_args(ASGISendEvent)}
    forms = {
        f"WebSocket{direction}{form}Event"
        for direction in ("Receive", "Send")
        for form in ("Bytes", "Text")
    }
    unions = {"ASGIReceiveEvent", "ASGISendEvent", "HTTPReceiveEvent", "HTTPSendEvent"}
    unions |= {"LifespanReceiveEvent", "LifespanSendEvent"}
    events = {name for name in asgiref.typing.__all__ if name.endswith("Event")} - forms - unions
    assert received | sent == events
    assert not received & sent
