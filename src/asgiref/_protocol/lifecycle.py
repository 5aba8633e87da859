"""The order of events: states and legal events per scope type, as tables.

Theory of operation. A connection is watched by the lifecycles of its scope type. Each lifecycle
is in one state; an event that the application receives or sends either has a `Step` there, which
names the next state, or a `Breach`, which names the clause that the event breaks and leaves the
state as it is. Each row carries one clause id, so a reader of a finding can look up the sentence.

Two rules keep the tables honest, and tests enforce them:

1. Every state answers every event of the lifecycle's alphabet, whatever its flags, by exactly one
   row. Nothing is legal or illegal by omission.
2. The alphabet is that of the event types of the scope's protocol. An event outside it (middleware
   may inject its own) is not judged.

HTTP is two lifecycles side by side, because reading the request and sending the response do not
wait for each other. What does not fit a table is not here: values, times, and what a client sees.

The diagrams of docs/protocol.md are drawn from these tables.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

__all__ = (
    "HTTP_REQUEST",
    "HTTP_RESPONSE",
    "LIFECYCLES",
    "LIFESPAN",
    "UNANNOUNCED",
    "WEBSOCKET",
    "Breach",
    "Direction",
    "Lifecycle",
    "Step",
)

Direction: TypeAlias = Literal["receive", "send"]
"""Seen from the application: it receives an event, or it sends one."""


@dataclass(frozen=True, slots=True)
class Step:
    """In ``state`` this event is legal and leads to ``target``."""

    state: str
    direction: Direction
    event: str
    target: str
    clause: str
    flag: str | None = None
    """The optional key that the row depends on; absent means false."""
    value: bool = False
    """What the flag must be for this row."""
    extension: str | None = None
    """What ``scope["extensions"]`` must announce for the event to be legal."""


@dataclass(frozen=True, slots=True)
class Breach:
    """In any of ``states`` any of these events breaks ``clause``."""

    states: tuple[str, ...]
    direction: Direction
    events: tuple[str, ...]
    clause: str


#: The clause that an extension's event breaks when the scope does not announce it.
UNANNOUNCED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "http.response.debug": "DEBUG-04",
        "http.response.early_hint": "MAIN-33",
        "http.response.pathsend": "MAIN-33",
        "http.response.push": "MAIN-33",
        "http.response.trailers": "MAIN-33",
        "http.response.zerocopysend": "MAIN-33",
        "websocket.http.response": "DENY-02",
    }
)


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """One table: where a connection begins, what is legal where, what is not and why."""

    name: str
    scope_type: Literal["http", "websocket", "lifespan"]
    initial: str
    states: Mapping[str, str]
    """Each state with what it means."""
    steps: tuple[Step, ...]
    breaches: tuple[Breach, ...]
    unfinished: Mapping[str, str]
    """States in which the application must not return yet, each with the clause it breaks.

    Raising is never judged here: it is an answer everywhere.
    """
    _steps: dict[tuple[str, str, str], list[Step]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _breaches: dict[tuple[str, str, str], Breach] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        """Index the rows, so that judging takes the same time whatever the table's length."""
        for step in self.steps:
            self._steps.setdefault((step.state, step.direction, step.event), []).append(step)
        for breach in self.breaches:
            for state in breach.states:
                for event in breach.events:
                    self._breaches[state, breach.direction, event] = breach

    def judge(
        self,
        state: str,
        direction: Direction,
        event: Mapping[str, object],
        extensions: Container[str] = (),
    ) -> Step | Breach | None:
        """Look up what an event means in a state.

        Args:
            state: the current state, a key of ``states``.
            direction: whether the application receives the event or sends it.
            event: the event; only ``type`` and the flags of the rows are read.
            extensions: the names that ``scope["extensions"]`` announces.

        Returns:
            The step to take, the breach, or ``None`` for an event that is not in the alphabet.
        """
        key = state, direction, str(event.get("type"))
        for step in self._steps.get(key, ()):
            if step.flag is not None and bool(event.get(step.flag)) is not step.value:
                continue
            if step.extension is not None and step.extension not in extensions:
                return Breach((state,), direction, (step.event,), UNANNOUNCED[step.extension])
            return step
        return self._breaches.get(key)


_HEADLESS: Final = ("INIT", "DEBUGGED")
_STREAMING: Final = ("STREAMING", "STREAMING_TO_TRAILERS")
_STARTED: Final = ("STARTED", "STARTED_TO_TRAILERS", *_STREAMING)
_COMPLETE: Final = ("COMPLETE", "COMPLETE_BY_FILE", "COMPLETE_WITH_TRAILERS")

_DEBUG: Final = "http.response.debug"
_HINT: Final = "http.response.early_hint"
_START: Final = "http.response.start"
_BODY: Final = "http.response.body"
_COPY: Final = "http.response.zerocopysend"
_FILE: Final = "http.response.pathsend"
_PUSH: Final = "http.response.push"
_TRAILERS: Final = "http.response.trailers"

HTTP_REQUEST: Final = Lifecycle(
    name="HTTP request",
    scope_type="http",
    initial="WAITING",
    states=MappingProxyType(
        {
            "WAITING": "nothing was received",
            "READING": "a part of the body was received, more follows",
            "READ": "the whole body was received",
            "GONE": "the disconnect was received",
        }
    ),
    steps=(
        Step("WAITING", "receive", "http.request", "READING", "HTTP-37", "more_body", True),
        Step("WAITING", "receive", "http.request", "READ", "HTTP-37", "more_body", False),
        Step("WAITING", "receive", "http.disconnect", "GONE", "HTTP-37"),
        Step("READING", "receive", "http.request", "READING", "HTTP-38", "more_body", True),
        Step("READING", "receive", "http.request", "READ", "HTTP-38", "more_body", False),
        Step("READING", "receive", "http.disconnect", "GONE", "HTTP-38"),
        Step("READ", "receive", "http.disconnect", "GONE", "HTTP-45"),
        Step("GONE", "receive", "http.disconnect", "GONE", "HTTP-46"),
    ),
    breaches=(
        Breach(("READ",), "receive", ("http.request",), "HTTP-38"),
        Breach(("GONE",), "receive", ("http.request",), "HTTP-46"),
    ),
    unfinished=MappingProxyType({}),
)
"""What an application receives for one request. It may return without having read the body."""

HTTP_RESPONSE: Final = Lifecycle(
    name="HTTP response",
    scope_type="http",
    initial="INIT",
    states=MappingProxyType(
        {
            "INIT": "nothing of the response was sent",
            "DEBUGGED": "the debug event was sent, nothing of the response",
            "STARTED": "the head was sent, without trailers announced",
            "STARTED_TO_TRAILERS": "the head was sent, with trailers announced",
            "STREAMING": "a part of the body was sent, more follows",
            "STREAMING_TO_TRAILERS": "the same, with trailers announced",
            "TRAILERS": "the whole body was sent, trailers follow",
            "COMPLETE": "the whole body was sent",
            "COMPLETE_BY_FILE": "a file was sent as the whole body",
            "COMPLETE_WITH_TRAILERS": "the last trailers were sent",
            "GONE": "the client went before the response was complete",
        }
    ),
    steps=(
        Step("INIT", "send", _DEBUG, "DEBUGGED", "DEBUG-03", extension=_DEBUG),
        Step("INIT", "send", _HINT, "INIT", "HINT-03", extension=_HINT),
        Step("INIT", "send", _START, "STARTED", "HTTP-57", "trailers", False),
        Step("INIT", "send", _START, "STARTED_TO_TRAILERS", "HTTP-57", "trailers", True),
        Step("DEBUGGED", "send", _HINT, "DEBUGGED", "HINT-03", extension=_HINT),
        Step("DEBUGGED", "send", _START, "STARTED", "HTTP-57", "trailers", False),
        Step("DEBUGGED", "send", _START, "STARTED_TO_TRAILERS", "HTTP-57", "trailers", True),
        *(
            step
            for head, streaming, complete, by_file in (
                ("STARTED", "STREAMING", "COMPLETE", "COMPLETE_BY_FILE"),
                ("STARTED_TO_TRAILERS", "STREAMING_TO_TRAILERS", "TRAILERS", "TRAILERS"),
            )
            for step in (
                Step(head, "send", _PUSH, head, "PUSH-05", extension=_PUSH),
                Step(head, "send", _BODY, streaming, "HTTP-58", "more_body", True),
                Step(head, "send", _BODY, complete, "HTTP-58", "more_body", False),
                Step(head, "send", _COPY, streaming, "ZERO-06", "more_body", True, _COPY),
                Step(head, "send", _COPY, complete, "ZERO-06", "more_body", False, _COPY),
                Step(head, "send", _FILE, by_file, "PATH-03", extension=_FILE),
                Step(streaming, "send", _PUSH, streaming, "PUSH-05", extension=_PUSH),
                Step(streaming, "send", _BODY, streaming, "HTTP-66", "more_body", True),
                Step(streaming, "send", _BODY, complete, "HTTP-66", "more_body", False),
                Step(streaming, "send", _COPY, streaming, "ZERO-06", "more_body", True, _COPY),
                Step(streaming, "send", _COPY, complete, "ZERO-06", "more_body", False, _COPY),
            )
        ),
        Step(
            "TRAILERS", "send", _TRAILERS, "TRAILERS", "TRLR-03", "more_trailers", True, _TRAILERS
        ),
        Step(
            "TRAILERS",
            "send",
            _TRAILERS,
            "COMPLETE_WITH_TRAILERS",
            "TRLR-03",
            "more_trailers",
            False,
            _TRAILERS,
        ),
        *(
            Step(state, "receive", "http.disconnect", "GONE", "HTTP-45")
            for state in (*_HEADLESS, *_STARTED, "TRAILERS")
        ),
        *(Step(state, "receive", "http.disconnect", state, "HTTP-44") for state in _COMPLETE),
        Step("GONE", "receive", "http.disconnect", "GONE", "HTTP-46"),
    ),
    breaches=(
        Breach(_HEADLESS, "send", (_BODY,), "HTTP-67"),
        Breach(_HEADLESS, "send", (_COPY,), "ZERO-06"),
        Breach(_HEADLESS, "send", (_FILE,), "PATH-03"),
        Breach(_HEADLESS, "send", (_PUSH,), "PUSH-05"),
        Breach((*_HEADLESS, *_STARTED, "COMPLETE"), "send", (_TRAILERS,), "TRLR-03"),
        Breach(("COMPLETE_BY_FILE",), "send", (_TRAILERS,), "TRLR-03"),
        Breach(("DEBUGGED", *_STARTED, "TRAILERS"), "send", (_DEBUG,), "DEBUG-03"),
        Breach((*_STARTED, "TRAILERS"), "send", (_HINT,), "HINT-03"),
        Breach((*_STARTED, "TRAILERS"), "send", (_START,), "HTTP-57"),
        Breach(_STREAMING, "send", (_FILE,), "PATH-04"),
        Breach(("TRAILERS",), "send", (_BODY,), "TRLR-03"),
        Breach(("TRAILERS",), "send", (_COPY,), "ZERO-06"),
        Breach(("TRAILERS",), "send", (_PUSH,), "PUSH-05"),
        Breach(("TRAILERS", "COMPLETE_BY_FILE"), "send", (_FILE,), "PATH-03"),
        Breach(("COMPLETE_BY_FILE",), "send", (_BODY,), "PATH-04"),
        Breach(("COMPLETE", "COMPLETE_WITH_TRAILERS"), "send", (_BODY, _FILE), "HTTP-74"),
        Breach(("COMPLETE_WITH_TRAILERS",), "send", (_TRAILERS,), "HTTP-74"),
        Breach(_COMPLETE, "send", (_DEBUG, _HINT, _START, _COPY, _PUSH), "HTTP-74"),
        Breach(
            ("GONE",),
            "send",
            (_DEBUG, _HINT, _START, _BODY, _COPY, _FILE, _PUSH, _TRAILERS),
            "HTTP-47",
        ),
    ),
    unfinished=MappingProxyType(
        {
            "INIT": "HTTP-75",
            "DEBUGGED": "HTTP-75",
            "STARTED": "HTTP-58",
            "STARTED_TO_TRAILERS": "HTTP-58",
            "STREAMING": "HTTP-75",
            "STREAMING_TO_TRAILERS": "HTTP-75",
            "TRAILERS": "HTTP-75",
        }
    ),
)
"""What an application sends for one request. A disconnect before the end cuts it short."""

_DENIAL: Final = "websocket.http.response"
_DENIAL_START: Final = "websocket.http.response.start"
_DENIAL_BODY: Final = "websocket.http.response.body"
_MESSAGES: Final = ("websocket.accept", "websocket.send", "websocket.close")
_ANSWERED: Final = ("CLOSED", "REFUSED")

WEBSOCKET: Final = Lifecycle(
    name="WebSocket",
    scope_type="websocket",
    initial="INIT",
    states=MappingProxyType(
        {
            "INIT": "nothing was received",
            "HANDSHAKE": "the client asked, the application has not answered",
            "OPEN": "accepted",
            "DENYING": "the head of a denial response was sent",
            "REFUSED": "closed before it was accepted, or the denial response is complete",
            "CLOSED": "closed by the application after it was accepted",
            "GONE": "the disconnect was received",
        }
    ),
    steps=(
        Step("INIT", "receive", "websocket.connect", "HANDSHAKE", "WS-24"),
        Step("HANDSHAKE", "receive", "websocket.disconnect", "GONE", "WS-52"),
        Step("HANDSHAKE", "send", "websocket.accept", "OPEN", "WS-26"),
        Step("HANDSHAKE", "send", "websocket.close", "REFUSED", "WS-26"),
        Step("HANDSHAKE", "send", _DENIAL_START, "DENYING", "DENY-02", extension=_DENIAL),
        Step("DENYING", "receive", "websocket.disconnect", "GONE", "WS-52"),
        Step("DENYING", "send", _DENIAL_BODY, "DENYING", "DENY-05", "more_body", True, _DENIAL),
        Step("DENYING", "send", _DENIAL_BODY, "REFUSED", "DENY-05", "more_body", False, _DENIAL),
        Step("OPEN", "receive", "websocket.receive", "OPEN", "WS-27"),
        Step("OPEN", "receive", "websocket.disconnect", "GONE", "WS-52"),
        Step("OPEN", "send", "websocket.send", "OPEN", "WS-44"),
        Step("OPEN", "send", "websocket.close", "CLOSED", "WS-61"),
        # Messages that were on their way when the application closed may still arrive.
        Step("CLOSED", "receive", "websocket.receive", "CLOSED", "WS-53"),
        Step("CLOSED", "receive", "websocket.disconnect", "GONE", "WS-52"),
        Step("REFUSED", "receive", "websocket.disconnect", "GONE", "WS-52"),
        Step("GONE", "receive", "websocket.disconnect", "GONE", "WS-53"),
    ),
    breaches=(
        Breach(("INIT",), "receive", ("websocket.receive", "websocket.disconnect"), "WS-24"),
        Breach(("INIT",), "send", ("websocket.accept",), "WS-35"),
        Breach(("INIT",), "send", ("websocket.send",), "WS-44"),
        Breach(("INIT",), "send", ("websocket.close",), "MAIN-42"),
        Breach(("INIT", "OPEN"), "send", (_DENIAL_START, _DENIAL_BODY), "DENY-02"),
        Breach(
            ("HANDSHAKE", "DENYING", "OPEN", *_ANSWERED),
            "receive",
            ("websocket.connect",),
            "WS-24",
        ),
        Breach(
            ("HANDSHAKE", "DENYING", "REFUSED"),
            "receive",
            ("websocket.receive",),
            "WS-27",
        ),
        Breach(("HANDSHAKE",), "send", ("websocket.send",), "WS-44"),
        Breach(("HANDSHAKE",), "send", (_DENIAL_BODY,), "DENY-05"),
        Breach(("DENYING",), "send", _MESSAGES, "DENY-06"),
        Breach(("DENYING",), "send", (_DENIAL_START,), "DENY-05"),
        Breach(("OPEN",), "send", ("websocket.accept",), "WS-35"),
        Breach(_ANSWERED, "send", (*_MESSAGES, _DENIAL_START, _DENIAL_BODY), "WS-63"),
        Breach(("GONE",), "receive", ("websocket.connect", "websocket.receive"), "WS-53"),
        Breach(("GONE",), "send", (*_MESSAGES, _DENIAL_START, _DENIAL_BODY), "WS-54"),
    ),
    unfinished=MappingProxyType({"INIT": "WS-26", "HANDSHAKE": "WS-26", "DENYING": "DENY-05"}),
)
"""One socket, from the handshake to its end. Returning while open makes the server close."""

_STARTUP: Final = ("lifespan.startup.complete", "lifespan.startup.failed")
_SHUTDOWN: Final = ("lifespan.shutdown.complete", "lifespan.shutdown.failed")

LIFESPAN: Final = Lifecycle(
    name="Lifespan",
    scope_type="lifespan",
    initial="INIT",
    states=MappingProxyType(
        {
            "INIT": "nothing was received",
            "STARTING": "the startup was received, the application has not answered",
            "SERVING": "the application is ready",
            "FAILED": "the application could not start",
            "STOPPING": "the shutdown was received, the application has not answered",
            "STOPPED": "the shutdown was answered",
        }
    ),
    steps=(
        Step("INIT", "receive", "lifespan.startup", "STARTING", "LIFE-15"),
        Step("STARTING", "send", "lifespan.startup.complete", "SERVING", "LIFE-18"),
        Step("STARTING", "send", "lifespan.startup.failed", "FAILED", "LIFE-18"),
        Step("SERVING", "receive", "lifespan.shutdown", "STOPPING", "LIFE-22"),
        Step("STOPPING", "send", "lifespan.shutdown.complete", "STOPPED", "LIFE-25"),
        Step("STOPPING", "send", "lifespan.shutdown.failed", "STOPPED", "LIFE-25"),
    ),
    breaches=(
        Breach(
            ("STARTING", "SERVING", "FAILED", "STOPPING", "STOPPED"),
            "receive",
            ("lifespan.startup",),
            "LIFE-15",
        ),
        Breach(
            ("INIT", "STARTING", "FAILED", "STOPPING", "STOPPED"),
            "receive",
            ("lifespan.shutdown",),
            "LIFE-22",
        ),
        Breach(("INIT", "SERVING", "FAILED", "STOPPING", "STOPPED"), "send", _STARTUP, "LIFE-18"),
        Breach(("INIT", "STARTING", "SERVING", "FAILED", "STOPPED"), "send", _SHUTDOWN, "LIFE-25"),
    ),
    unfinished=MappingProxyType(
        {"INIT": "LIFE-29", "STARTING": "LIFE-18", "SERVING": "MAIN-43", "STOPPING": "LIFE-25"}
    ),
)
"""The life of one event loop that serves."""

LIFECYCLES: Final[Mapping[str, tuple[Lifecycle, ...]]] = MappingProxyType(
    {
        "http": (HTTP_REQUEST, HTTP_RESPONSE),
        "websocket": (WEBSOCKET,),
        "lifespan": (LIFESPAN,),
    }
)
"""What watches a connection, by ``scope["type"]``."""
