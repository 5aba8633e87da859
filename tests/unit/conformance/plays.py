"""Connections as plays: what the server says, what the application says, in which order."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from asgiref.conformance import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from asgiref.conformance import Finding, Validator

__all__ = (
    "ABSENT",
    "ACCEPT",
    "BODY",
    "CONNECT",
    "RAISE",
    "REQUEST",
    "START",
    "DeliberateError",
    "Play",
    "http",
    "http_scope",
    "lifespan",
    "lifespan_scope",
    "r",
    "run_at_once",
    "s",
    "watch",
    "websocket",
    "websocket_scope",
)

Step = tuple[str, Any]


class DeliberateError(Exception):
    """What a play's application fails with."""


#: A step: the application fails here.
RAISE: Step = ("raise", DeliberateError)


def r(type_: str, **keys: Any) -> Step:
    """Spell an event that the application receives."""
    return "receive", {"type": type_, **keys}


def s(type_: str, **keys: Any) -> Step:
    """Spell an event that the application sends."""
    return "send", {"type": type_, **keys}


ABSENT: Any = object()


def changed(scope: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a scope with other values; a value that is ``ABSENT`` takes the key away."""
    return {key: value for key, value in (scope | changes).items() if value is not ABSENT}


def http_scope(**changes: Any) -> dict[str, Any]:
    """Return a legal scope with every key, changed."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": "/mount/page",
        "raw_path": b"/mount/page",
        "query_string": b"a=1",
        "root_path": "/mount",
        "headers": [(b"host", b"example.org")],
        "client": ("192.0.2.1", 49152),
        "server": ("192.0.2.2", 443),
        "state": {},
        "extensions": {},
    }
    return changed(scope, changes)


def websocket_scope(**changes: Any) -> dict[str, Any]:
    """Return a legal scope with every key, changed."""
    own = {"type": "websocket", "scheme": "wss", "subprotocols": ["chat", "v2"]}
    return changed(http_scope(method=ABSENT) | own, changes)


def lifespan_scope(**changes: Any) -> dict[str, Any]:
    """Return a legal scope with every key, changed."""
    asgi = {"version": "3.0", "spec_version": "2.0"}
    return changed({"type": "lifespan", "asgi": asgi, "state": {}}, changes)


@dataclass
class Play:
    """One connection: a scope, and what happens on it.

    Attributes:
        scope: what the application is called with.
        steps: in order; at the end the application returns.
        application: what is called instead of one that plays the steps.
        receive: makes the server's from the scope, instead of one that gives what the steps say.
        send: the server's, instead of one that takes everything.
    """

    scope: Any
    steps: tuple[Step, ...] = ()
    application: Any = None
    receive: Any = None
    send: Any = None
    sent: list[Any] = field(default_factory=list)

    async def run(self, wrap: Callable[[Any], Any] = lambda application: application) -> None:
        """Play it to what ``wrap`` makes of the application."""
        events = [event for verb, event in self.steps if verb == "receive"]

        async def receive() -> Any:
            return events.pop(0)

        async def send(event: Any) -> None:
            self.sent.append(event)

        async def application(scope: Any, receive: Any, send: Any) -> None:
            for verb, value in self.steps:
                if verb == "receive":
                    assert await receive() is value
                elif verb == "send":
                    await send(value)
                else:
                    raise value

        scope = dict(self.scope) if isinstance(self.scope, dict) else self.scope
        given = receive if self.receive is None else self.receive(scope)
        await wrap(self.application or application)(scope, given, self.send or send)


def run_at_once(play: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits; a loop would cost more than all of the play."""
    try:
        play.send(None)
    except StopIteration:
        return
    raise AssertionError("the play waits")


def watch(
    play: Play,
    *,
    party: Literal["application", "server", "both"] = "both",
    strict: bool = False,
    expected: tuple[type[Exception], ...] = (DeliberateError,),
) -> list[Finding]:
    """Play a connection under a validator and return what it found.

    Args:
        play: the connection.
        party: whose faults count.
        strict: whether errors are raised.
        expected: what the application may fail with.
    """
    validators: list[Validator] = []

    def wrap(application: Any) -> Validator:
        validators.append(validate(application, party=party, strict=strict))
        return validators[0]

    with contextlib.suppress(*expected):
        run_at_once(play.run(wrap))
    return validators[0].findings


REQUEST = r("http.request")
START = s("http.response.start", status=200)
BODY = s("http.response.body")
CONNECT = r("websocket.connect")
ACCEPT = s("websocket.accept")


def http(*steps: Step, scope: dict[Any, Any] | None = None, **changes: Any) -> Play:
    """Return an http connection; without steps a request that is answered.

    Args:
        steps: what happens.
        scope: the scope as a whole.
        changes: keys of the scope.
    """
    return Play(scope or http_scope(**changes), steps or (REQUEST, START, BODY))


def websocket(*steps: Step, scope: dict[Any, Any] | None = None, **changes: Any) -> Play:
    """Return a websocket connection; without steps one that is accepted and closed."""
    steps = steps or (CONNECT, ACCEPT, s("websocket.close"))
    return Play(scope or websocket_scope(**changes), steps)


def lifespan(*steps: Step, scope: dict[Any, Any] | None = None, **changes: Any) -> Play:
    """Return a lifespan; without steps one that is started and stopped."""
    steps = steps or (
        r("lifespan.startup"),
        s("lifespan.startup.complete"),
        r("lifespan.shutdown"),
        s("lifespan.shutdown.complete"),
    )
    return Play(scope or lifespan_scope(**changes), steps)
