"""The lifecycle tables: nothing is legal or illegal by omission, and traces mean what they say."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiref._protocol.http import HTTPReceiveEvent, HTTPSendEvent
from asgiref._protocol.lifecycle import (
    HTTP_REQUEST,
    HTTP_RESPONSE,
    LIFECYCLES,
    LIFESPAN,
    UNANNOUNCED,
    WEBSOCKET,
    Breach,
    Direction,
    Lifecycle,
    Step,
)
from asgiref._protocol.lifespan import LifespanReceiveEvent, LifespanSendEvent
from asgiref._protocol.scopes import Extensions
from asgiref._protocol.websocket import WebSocketReceiveEvents, WebSocketSendEvents
from docs.lifecycle_diagrams import PAGE, page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TABLES = (HTTP_REQUEST, HTTP_RESPONSE, WEBSOCKET, LIFESPAN)
FLAGS = ("more_body", "trailers", "more_trailers")
EVERY_EXTENSION = frozenset(UNANNOUNCED)

Trace = list[tuple[Direction, dict[str, Any]]]

every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


def types_of(union: Any) -> set[str]:
    """Return the event types of a union of events."""
    return {get_args(get_type_hints(event)["type"])[0] for event in get_args(union)}


#: What each table must answer: the events of its protocol.
ALPHABETS: dict[str, dict[Direction, set[str]]] = {
    "HTTP request": {"receive": types_of(HTTPReceiveEvent), "send": set()},
    "HTTP response": {"receive": {"http.disconnect"}, "send": types_of(HTTPSendEvent)},
    "WebSocket": {
        "receive": types_of(WebSocketReceiveEvents),
        "send": types_of(WebSocketSendEvents),
    },
    "Lifespan": {"receive": types_of(LifespanReceiveEvent), "send": types_of(LifespanSendEvent)},
}


def spellings() -> Iterator[dict[str, bool]]:
    """Yield every way to set the flags, absent included."""
    for values in itertools.product((None, False, True), repeat=len(FLAGS)):
        yield {flag: value for flag, value in zip(FLAGS, values, strict=True) if value is not None}


def rows(table: Lifecycle, state: str, direction: str, event: str, **flags: bool) -> int:
    """Count the rows that answer an event, reading the tables without their index."""
    steps = sum(
        (step.state, step.direction, step.event) == (state, direction, event)
        and (step.flag is None or flags.get(step.flag, False) is step.value)
        for step in table.steps
    )
    breaches = sum(
        breach.direction == direction and state in breach.states and event in breach.events
        for breach in table.breaches
    )
    return steps + breaches


@every_table
def test_every_state_answers_every_event_by_exactly_one_row(table: Lifecycle) -> None:
    """Whatever the flags, an event is legal by one row or breaks the clause of one row."""
    for state, flags in itertools.product(table.states, spellings()):
        for direction, events in ALPHABETS[table.name].items():
            for event in events:
                assert rows(table, state, direction, event, **flags) == 1, (state, event, flags)


@every_table
def test_rows_name_declared_states_and_events_of_the_protocol(table: Lifecycle) -> None:
    """No row is about a state or an event that does not exist."""
    alphabet = ALPHABETS[table.name]
    assert {table.initial, *table.unfinished} <= set(table.states)
    for step in table.steps:
        assert {step.state, step.target} <= set(table.states)
        assert step.event in alphabet[step.direction]
    for breach in table.breaches:
        assert set(breach.states) <= set(table.states)
        assert set(breach.events) <= alphabet[breach.direction]


@every_table
def test_every_state_is_reached_from_the_first(table: Lifecycle) -> None:
    """No state is there for nothing."""
    reached = {table.initial}
    while True:
        more = {step.target for step in table.steps if step.state in reached} - reached
        if not more:
            break
        reached |= more
    assert reached == set(table.states)


@every_table
def test_the_application_may_return_in_the_end(table: Lifecycle) -> None:
    """From every state some legal steps lead to one in which returning is legal."""
    ending = set(table.states) - set(table.unfinished)
    while True:
        more = {step.state for step in table.steps if step.target in ending} - ending
        if not more:
            break
        ending |= more
    assert ending == set(table.states)


@every_table
def test_every_row_names_one_clause(table: Lifecycle) -> None:
    """A clause id is an area and a number."""
    named = [step.clause for step in table.steps]
    named += [breach.clause for breach in table.breaches]
    named += table.unfinished.values()
    assert all(re.fullmatch(r"[A-Z]+-\d\d", clause) for clause in named)


@every_table
def test_flags_are_optional_booleans_of_their_event(table: Lifecycle) -> None:
    """A row depends on a key only if the event's type has it, optional and boolean."""
    events = {
        get_args(get_type_hints(event)["type"])[0]: event
        for union in (HTTPReceiveEvent, HTTPSendEvent, WebSocketSendEvents)
        for event in get_args(union)
    }
    for step in table.steps:
        if step.flag is not None:
            event = events[step.event]
            assert step.flag in event.__optional_keys__
            assert get_type_hints(event)[step.flag] is bool


def test_every_announcement_has_a_clause_for_its_absence() -> None:
    """The extensions that add events are those the types know, TLS apart."""
    announced = set(Extensions.__dict__["__optional_keys__"]) - {"tls"}
    assert announced == set(UNANNOUNCED)
    used = {step.extension for table in TABLES for step in table.steps if step.extension}
    assert used == announced


def test_each_scope_type_has_its_tables() -> None:
    """A connection is watched by every table of its scope type."""
    for scope_type, tables in LIFECYCLES.items():
        assert {table.scope_type for table in tables} == {scope_type}
    assert {table.name for tables in LIFECYCLES.values() for table in tables} == set(ALPHABETS)


def walk(table: Lifecycle, trace: Iterable[tuple[Direction, dict[str, Any]]]) -> str:
    """Follow a legal trace and return the last state, or the clause that it breaks."""
    state = table.initial
    for direction, event in trace:
        verdict = table.judge(state, direction, event, EVERY_EXTENSION)
        if isinstance(verdict, Breach):
            return verdict.clause
        if verdict is not None:
            state = verdict.target
    return state


def received(type_: str, **keys: Any) -> tuple[Direction, dict[str, Any]]:
    """Spell an event that the application receives."""
    return "receive", {"type": type_, **keys}


def sent(type_: str, **keys: Any) -> tuple[Direction, dict[str, Any]]:
    """Spell an event that the application sends."""
    return "send", {"type": type_, **keys}


def spelt(value: Trace | str) -> str:
    """Name a case by its events, or by how it ends."""
    if isinstance(value, str):
        return value
    return " ".join(event["type"].partition(".")[2] for _, event in value)


START = sent("http.response.start", status=200)
TRAILING = sent("http.response.start", status=200, trailers=True)
MORE = sent("http.response.body", body=b"a", more_body=True)
BODY = sent("http.response.body")
TRAILERS = sent("http.response.trailers", headers=[])
FILE = sent("http.response.pathsend", path="/a")
COPY = sent("http.response.zerocopysend", file=...)
PUSH = sent("http.response.push", path="/a", headers=[])
HINT = sent("http.response.early_hint", links=[])
DEBUG = sent("http.response.debug", info={})
REQUEST = received("http.request")
LOST = received("http.disconnect")


@pytest.mark.parametrize(
    ("trace", "ends"),
    [
        ([START, BODY], "COMPLETE"),
        ([START, MORE, MORE, BODY, LOST, LOST], "COMPLETE"),
        ([DEBUG, HINT, HINT, START, PUSH, MORE, PUSH, COPY], "COMPLETE"),
        ([START, FILE], "COMPLETE_BY_FILE"),
        ([TRAILING, BODY, TRAILERS], "COMPLETE_WITH_TRAILERS"),
        ([TRAILING, FILE, TRAILERS, LOST], "COMPLETE_WITH_TRAILERS"),
        ([START, MORE, LOST, LOST], "GONE"),
        ([START, sent("http.response.body", more_body=0)], "COMPLETE"),
        ([START, sent("example.event"), BODY], "COMPLETE"),
        ([BODY], "HTTP-67"),
        ([START, START], "HTTP-57"),
        ([START, BODY, BODY], "HTTP-74"),
        ([START, BODY, START], "HTTP-74"),
        ([START, HINT], "HINT-03"),
        ([START, DEBUG], "DEBUG-03"),
        ([DEBUG, DEBUG], "DEBUG-03"),
        ([PUSH], "PUSH-05"),
        ([START, BODY, TRAILERS], "TRLR-03"),
        ([TRAILING, TRAILERS], "TRLR-03"),
        ([TRAILING, BODY, BODY], "TRLR-03"),
        ([START, FILE, FILE], "PATH-03"),
        ([START, FILE, BODY], "PATH-04"),
        ([START, MORE, FILE], "PATH-04"),
        ([COPY], "ZERO-06"),
        ([START, LOST, MORE], "HTTP-47"),
        ([TRAILING, BODY, TRAILERS, TRAILERS], "HTTP-74"),
    ],
    ids=spelt,
)
def test_http_responses(trace: Trace, ends: str) -> None:
    """A response ends in its state, or at the first clause that it breaks."""
    assert walk(HTTP_RESPONSE, trace) == ends


@pytest.mark.parametrize(
    ("trace", "ends"),
    [
        ([REQUEST, LOST, LOST], "GONE"),
        ([LOST], "GONE"),
        ([received("http.request", more_body=True), REQUEST], "READ"),
        ([received("http.request", more_body=True), LOST], "GONE"),
        ([REQUEST, REQUEST], "HTTP-38"),
        ([LOST, REQUEST], "HTTP-46"),
    ],
    ids=spelt,
)
def test_http_requests(trace: Trace, ends: str) -> None:
    """A request ends in its state, or at the first clause that the server breaks."""
    assert walk(HTTP_REQUEST, trace) == ends


CONNECT = received("websocket.connect")
MESSAGE = received("websocket.receive", text="a")
LEFT = received("websocket.disconnect", code=1000)
ACCEPT = sent("websocket.accept")
REPLY = sent("websocket.send", text="a")
CLOSE = sent("websocket.close")
DENY = sent("websocket.http.response.start", status=401)
DENY_MORE = sent("websocket.http.response.body", more_body=True)
DENY_BODY = sent("websocket.http.response.body")


@pytest.mark.parametrize(
    ("trace", "ends"),
    [
        ([CONNECT, ACCEPT, MESSAGE, REPLY, REPLY, MESSAGE, LEFT], "GONE"),
        ([CONNECT, ACCEPT, CLOSE, MESSAGE, LEFT, LEFT], "GONE"),
        ([CONNECT, CLOSE], "REFUSED"),
        ([CONNECT, LEFT], "GONE"),
        ([CONNECT, DENY, DENY_MORE, DENY_BODY], "REFUSED"),
        ([CONNECT, CONNECT], "WS-24"),
        ([MESSAGE], "WS-24"),
        ([CONNECT, MESSAGE], "WS-27"),
        ([ACCEPT], "WS-35"),
        ([CLOSE], "MAIN-42"),
        ([CONNECT, ACCEPT, ACCEPT], "WS-35"),
        ([CONNECT, REPLY], "WS-44"),
        ([CONNECT, DENY_BODY], "DENY-05"),
        ([CONNECT, DENY, DENY], "DENY-05"),
        ([CONNECT, DENY, CLOSE], "DENY-06"),
        ([CONNECT, ACCEPT, DENY], "DENY-02"),
        ([CONNECT, ACCEPT, CLOSE, REPLY], "WS-63"),
        ([CONNECT, CLOSE, CLOSE], "WS-63"),
        ([CONNECT, ACCEPT, LEFT, REPLY], "WS-54"),
        ([CONNECT, ACCEPT, LEFT, MESSAGE], "WS-53"),
    ],
    ids=spelt,
)
def test_websockets(trace: Trace, ends: str) -> None:
    """A socket ends in its state, or at the first clause that is broken."""
    assert walk(WEBSOCKET, trace) == ends


STARTUP = received("lifespan.startup")
SHUTDOWN = received("lifespan.shutdown")
READY = sent("lifespan.startup.complete")
UNREADY = sent("lifespan.startup.failed", message="no database")
CLEANED = sent("lifespan.shutdown.complete")
UNCLEANED = sent("lifespan.shutdown.failed")


@pytest.mark.parametrize(
    ("trace", "ends"),
    [
        ([STARTUP, READY, SHUTDOWN, CLEANED], "STOPPED"),
        ([STARTUP, READY, SHUTDOWN, UNCLEANED], "STOPPED"),
        ([STARTUP, UNREADY], "FAILED"),
        ([READY], "LIFE-18"),
        ([STARTUP, STARTUP], "LIFE-15"),
        ([SHUTDOWN], "LIFE-22"),
        ([STARTUP, UNREADY, SHUTDOWN], "LIFE-22"),
        ([STARTUP, READY, READY], "LIFE-18"),
        ([STARTUP, READY, CLEANED], "LIFE-25"),
        ([STARTUP, READY, SHUTDOWN, CLEANED, CLEANED], "LIFE-25"),
    ],
    ids=spelt,
)
def test_lifespans(trace: Trace, ends: str) -> None:
    """A lifespan ends in its state, or at the first clause that is broken."""
    assert walk(LIFESPAN, trace) == ends


@pytest.mark.parametrize(
    ("table", "state", "event", "clause"),
    [
        (HTTP_RESPONSE, "STARTED", PUSH, "MAIN-33"),
        (HTTP_RESPONSE, "INIT", DEBUG, "DEBUG-04"),
        (WEBSOCKET, "HANDSHAKE", DENY, "DENY-02"),
    ],
    ids=["push", "debug", "denial"],
)
def test_an_extension_that_is_not_announced_breaks_its_clause(
    table: Lifecycle, state: str, event: tuple[Direction, dict[str, Any]], clause: str
) -> None:
    """The right event at the right time is still wrong where nobody announced it."""
    verdict = table.judge(state, *event)
    assert isinstance(verdict, Breach)
    assert verdict.clause == clause
    assert isinstance(table.judge(state, *event, extensions=EVERY_EXTENSION), Step)


@every_table
@given(data=st.data())
def test_legal_walks_stay_legal_and_breaches_change_nothing(
    table: Lifecycle, data: st.DataObject
) -> None:
    """The judge agrees with the rows along any walk, and repeats itself after a breach."""
    state = table.initial
    for _ in range(data.draw(st.integers(0, 12))):
        direction: Literal["receive", "send"] = data.draw(st.sampled_from(["receive", "send"]))
        events = sorted(ALPHABETS[table.name][direction])
        if not events:
            continue
        event = {
            "type": data.draw(st.sampled_from(events)),
            **data.draw(st.sampled_from(list(spellings()))),
        }
        verdict = table.judge(state, direction, event, EVERY_EXTENSION)
        if isinstance(verdict, Breach):
            assert state in verdict.states
            assert table.judge(state, direction, event, EVERY_EXTENSION) == verdict
        else:
            assert isinstance(verdict, Step)
            assert verdict in table.steps
            assert verdict.state == state
            state = verdict.target


@every_table
def test_foreign_events_are_not_judged(table: Lifecycle) -> None:
    """Middleware may inject events of its own; no state has an opinion on them."""
    for state in table.states:
        assert table.judge(state, "receive", {"type": "example.event"}) is None
        assert table.judge(state, "send", {}) is None


def test_the_page_shows_the_tables() -> None:
    """docs/protocol.md is what `python -m docs.lifecycle_diagrams` writes, for every table."""
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text
    assert all(f"<!-- lifecycle: {table.name} -->" in text for table in TABLES)
