"""The validator: silent on what is legal, never in the way of what is not."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgiref._protocol.lifecycle import LIFECYCLES, UNANNOUNCED
from asgiref.conformance import validate
from asgiref.conformance.clauses import severity_of
from asgiref.wsgi import AsgiToWsgi, WsgiToAsgi
from tests.http_exchange import HttpExchange, http_scope
from tests.property.test_wsgi_round_trip import (
    asgi_application,
    bodies,
    header_lists,
    methods,
    paths,
    queries,
    scripts,
    wsgi_application,
)
from tests.unit.conformance.plays import (
    DeliberateError,
    Play,
    Step,
    lifespan_scope,
    run_at_once,
    websocket_scope,
)
from tests.unit.conformance.plays import http_scope as whole_http_scope
from tests.wsgi_exchange import WsgiExchange, wsgi_environ

if TYPE_CHECKING:
    from collections.abc import Callable

    from asgiref._protocol.lifecycle import Direction, Lifecycle
    from asgiref.conformance import Finding

    Script = tuple[int, list[tuple[str, str]], list[bytes], int | None]

OPEN_FILE = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the tests run

versions = st.sampled_from([None, "2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "3.0"])


class ClientGoneError(OSError):
    """What a server raises out of send when the client has gone."""


class TestWsgiToAsgi:
    """Our adapter as an application: whatever the WSGI application does, nothing at any level."""

    @given(
        methods,
        paths,
        queries,
        st.lists(st.binary(max_size=20), max_size=3),
        scripts,
        versions,
        st.booleans(),
    )
    def test_responses(
        self,
        method: str,
        path: str,
        query: bytes,
        body: list[bytes],
        script: Script,
        version: str | None,
        capitals: bool,
    ) -> None:
        """Of every status and method, in any number of blocks, failing at any block."""
        status, headers, blocks, failing_at = script
        if capitals:
            headers = [(name.title(), value) for name, value in headers]
        application = wsgi_application([], (status, headers, blocks, failing_at))
        scope = http_scope(method, path, query_string=query)
        scope["asgi"] = {"version": "3.0"} | ({"spec_version": version} if version else {})
        events: list[dict[str, Any]] = [
            {"type": "http.request", "body": block, "more_body": True} for block in body
        ]
        exchange = HttpExchange(scope, [*events, {"type": "http.request"}])
        validator = validate(WsgiToAsgi(application, max_workers=1), party="both")
        with contextlib.suppress(KeyError):
            asyncio.run(exchange.run(validator))
        assert validator.findings == []

    @given(methods, bodies, st.integers(0, 3), st.integers(0, 5), versions, st.booleans())
    def test_disconnects(
        self,
        method: str,
        blocks: list[bytes],
        parts: int,
        events_sent: int,
        version: str | None,
        raising: bool,
    ) -> None:
        """The client leaves within the request or within the response; servers raise, or do not."""

        def application(environ: dict[str, Any], start_response: Any) -> Any:
            with contextlib.suppress(OSError):
                environ["wsgi.input"].read()
            start_response("200 OK", [("Content-Type", "text/plain")])
            return iter([b"first", *blocks, b"last"])

        scope = http_scope(method)
        scope["asgi"] = {"version": "3.0"} | ({"spec_version": version} if version else {})
        events: list[dict[str, Any]] = [
            {"type": "http.request", "body": b"a", "more_body": True} for _ in range(parts)
        ]
        events.append({"type": "http.disconnect"} if parts else {"type": "http.request"})
        exchange = HttpExchange(scope, events)
        gone = bool(parts)

        async def send(event: dict[str, Any]) -> None:
            nonlocal gone
            if gone and raising:
                raise ClientGoneError
            await exchange.send(event)
            if len(exchange.sent) > events_sent and not gone:
                gone = True
                exchange.disconnect()

        validator = validate(WsgiToAsgi(application, max_workers=1), party="both")
        with contextlib.suppress(ClientGoneError):
            asyncio.run(validator(scope, exchange.receive, send))
        assert validator.findings == []

    @pytest.mark.parametrize("announced", [True, False])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_files(self, method: str, announced: bool) -> None:
        """By zero-copy send where it is announced, in blocks where it is not."""

        def application(environ: dict[str, Any], start_response: Any) -> Any:
            file = tempfile.TemporaryFile()  # noqa: SIM115 - the adapter closes it
            file.write(b"content" * 10_000)
            file.seek(0)
            start_response("200 OK", [("Content-Type", "text/plain")])
            return environ["wsgi.file_wrapper"](file)

        extensions: dict[str, Any] = {"http.response.zerocopysend": {}} if announced else {}
        exchange = HttpExchange(http_scope(method, extensions=extensions))

        async def send(event: dict[str, Any]) -> None:
            exchange.sent.append(event)
            if not event.get("more_body") and event["type"] != "http.response.start":
                exchange.over.set()

        validator = validate(WsgiToAsgi(application, max_workers=1), party="both")
        asyncio.run(validator(exchange.scope, exchange.receive, send))
        assert validator.findings == []
        kinds = {event["type"] for event in exchange.sent}
        assert ("http.response.zerocopysend" in kinds) == (announced and method == "GET")


class TestAsgiToWsgi:
    """Our adapter as a server: scopes and events as the text has them, nothing at any level."""

    @settings(max_examples=settings().max_examples // 2)
    @given(methods, paths, st.binary(max_size=20), header_lists, scripts)
    def test_requests(
        self, method: str, path: str, body: bytes, headers: list[tuple[str, str]], script: Script
    ) -> None:
        """Of every method and path, with and without a body, to applications that may fail."""
        environ = wsgi_environ(method, path.encode().decode("latin-1"), body)
        for name, value in headers:
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        if not body:
            environ["wsgi.input_terminated"] = True
        validator = validate(asgi_application([], script), party="server")
        adapter = AsgiToWsgi(validator, lifespan="off")
        with contextlib.suppress(KeyError):
            WsgiExchange(environ).run(adapter)
        adapter.close()
        assert validator.findings == []

    def test_early_ends(self) -> None:
        """Applications that read on after their response, or after the client has left."""
        seen: list[str] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            assert (await receive())["type"] == "http.request"
            await send({"type": "http.response.start", "status": 200})
            with contextlib.suppress(OSError):
                for _ in range(100):
                    await send({"type": "http.response.body", "body": b"a", "more_body": True})
                await send({"type": "http.response.body"})
            seen.append((await receive())["type"])

        for blocks_read in (0, 1, 1000):
            validator = validate(application, party="server")
            adapter = AsgiToWsgi(validator, lifespan="off")
            exchange = WsgiExchange(wsgi_environ()).begin(adapter)
            for _ in range(blocks_read):
                if next(exchange.iterable, None) is None:
                    break
            exchange.end()
            adapter.close()
            assert validator.findings == []
        assert set(seen) == {"http.disconnect"}

    @pytest.mark.parametrize("answer", ["complete", "raise"])
    def test_lifespan(self, answer: str) -> None:
        """Start, state in every request, stop; and none of it where there is no lifespan."""
        states: list[Any] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                states.append(scope.get("state"))
                await receive()
                await send({"type": "http.response.start", "status": 200})
                await send({"type": "http.response.body"})
                return
            if answer == "raise":
                raise NotImplementedError
            await receive()
            scope["state"]["a"] = 1
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})

        validator = validate(application, party="both")
        adapter = AsgiToWsgi(validator)
        WsgiExchange(wsgi_environ()).run(adapter)
        adapter.close()
        assert validator.findings == []
        assert (states == [{"a": 1}]) == (answer == "complete")


class TestBothAdapters:
    """A validator between the two sees one as a server and the other as an application."""

    @settings(max_examples=settings().max_examples // 2)
    @given(methods, paths, st.binary(max_size=20), scripts)
    def test_wsgi_through_asgi(self, method: str, path: str, body: bytes, script: Script) -> None:
        """Nothing at any level, on either side."""
        environ = wsgi_environ(method, path.encode().decode("latin-1"), body)
        if not body:
            environ["wsgi.input_terminated"] = True
        inner = WsgiToAsgi(wsgi_application([], script), max_workers=1)
        validator = validate(inner, party="both")
        adapter = AsgiToWsgi(validator, lifespan="off")
        with contextlib.suppress(KeyError):
            WsgiExchange(environ).run(adapter)
        adapter.close()
        assert validator.findings == []


SCOPES: dict[str, Callable[..., dict[str, Any]]] = {
    "http": whole_http_scope,
    "websocket": websocket_scope,
    "lifespan": lifespan_scope,
}
REQUIRED = {
    "http": {"type", "asgi", "http_version", "method", "path", "query_string", "headers"},
    # Without subprotocols there is none to choose.
    "websocket": {"type", "asgi", "path", "headers", "subprotocols"},
    "lifespan": {"type", "asgi"},
}
NONE_IS_LEGAL = {
    "http": ["client", "server", "raw_path"],
    "websocket": ["client", "server", "raw_path", "query_string"],
    "lifespan": [],
}
pairs = st.tuples(st.from_regex(rb"[a-z-]{1,8}", fullmatch=True), st.binary(max_size=8))
sent_headers = st.lists(pairs | pairs.map(list), max_size=3).flatmap(
    lambda each: st.sampled_from([each, tuple(each), iter(each)])
)
flags = st.booleans() | st.none()

FILE_HEAD = [(b"content-type", b"text/plain"), (b"content-length", b"1")]

#: What each event has besides its type: what must be there, then what may be.
KEYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "http.request": ({}, {"body": st.binary(max_size=4)}),
    "http.response.start": ({"status": st.integers(200, 599)}, {"headers": sent_headers}),
    "http.response.body": ({}, {"body": st.binary(max_size=4)}),
    "http.response.trailers": ({"headers": st.just([])}, {}),
    "http.response.pathsend": ({"path": st.just("/a/b")}, {}),
    "http.response.zerocopysend": (
        {"file": st.just(OPEN_FILE)},
        {"offset": st.integers(0, 9), "count": st.integers(0, 9)},
    ),
    "http.response.early_hint": ({"links": st.lists(st.binary(max_size=4)).map(iter)}, {}),
    "http.response.push": ({"path": st.text(), "headers": sent_headers}, {}),
    "http.response.debug": ({"info": st.dictionaries(st.text(), st.builds(object))}, {}),
    "websocket.receive": ({"text": st.text(max_size=4)}, {"bytes": st.none()}),
    "websocket.send": ({"bytes": st.binary(max_size=4)}, {"text": st.none()}),
    "websocket.accept": ({}, {"subprotocol": st.none() | st.just("v2")}),
    "websocket.close": ({}, {"code": st.sampled_from([1000, 1011, 3000, 4999])}),
    "websocket.disconnect": (
        {"code": st.sampled_from([1000, 1001, 1005, 1006, 4000])},
        {"reason": st.none() | st.text(max_size=4)},
    ),
    "websocket.http.response.start": (
        {"status": st.integers(200, 599)},
        {"headers": sent_headers},
    ),
    "websocket.http.response.body": ({}, {"body": st.binary(max_size=4)}),
    "lifespan.startup.failed": ({}, {"message": st.text(max_size=4)}),
    "lifespan.shutdown.failed": ({}, {"message": st.text(max_size=4)}),
}
extras = st.dictionaries(
    st.sampled_from(["x-own", "own.key", ""]),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=4)
        | st.binary(max_size=4) | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=5,
    ),
    max_size=1,
)  # fmt: skip


@st.composite
def legal_scopes(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """Draw a scope with any of its optional keys, ``None`` where that is legal, own keys."""
    scope = SCOPES[kind]()
    for key in sorted(scope.keys() - REQUIRED[kind]):
        if draw(st.booleans()):
            del scope[key]
        elif key in NONE_IS_LEGAL[kind] and draw(st.booleans()):
            scope[key] = None
    if scope.get("raw_path") is None:
        # Without it nobody knows whether the client asked below the mount.
        scope.pop("root_path", None)
    version = draw(versions) if kind != "lifespan" else draw(st.sampled_from([None, "1.0", "2.0"]))
    scope["asgi"] = {"version": "3.0"} | ({} if version is None else {"spec_version": version})
    names = [name for name in UNANNOUNCED if name.startswith(f"{kind}.")]
    if draw(st.booleans()):
        scope["extensions"] = {name: {} for name in names if draw(st.booleans())}
    return scope | draw(extras)


def walk(
    draw: st.DrawFn, lifecycles: tuple[Lifecycle, ...], announced: dict[str, Any]
) -> list[Step]:
    """Draw steps that the tables allow, to a point where the application may return."""
    states = [lifecycle.initial for lifecycle in lifecycles]
    steps: list[Step] = []
    # The opening event comes first: an application waits for it.
    opening = next(step for step in lifecycles[0].steps if step.direction == "receive")
    names = [opening.event]
    for _ in range(16):
        if steps:
            legal = {
                (step.direction, step.event)
                for lifecycle, state in zip(lifecycles, states, strict=True)
                for step in lifecycle.steps
                if step.state == state and (step.extension is None or step.extension in announced)
            }
            names = sorted(f"{direction}:{event}" for direction, event in legal)
            if not names:
                break
        choice = draw(st.sampled_from(names)).rpartition(":")[2]
        direction: Direction = "receive" if choice in _RECEIVED else "send"
        must, may = KEYS.get(choice, ({}, {}))
        event: dict[str, Any] = {"type": choice}
        event |= {key: draw(value) for key, value in must.items()}
        event |= {key: draw(value) for key, value in may.items() if draw(st.booleans())}
        if choice == "http.response.start" and "http.response.pathsend" in announced:
            event["headers"] = FILE_HEAD
        flag = next((step.flag for table in lifecycles for step in table.steps
                     if step.event == choice and step.flag), None)  # fmt: skip
        if flag is not None and draw(st.booleans()):
            event[flag] = draw(st.booleans())
        event |= draw(extras)
        verdicts = [
            lifecycle.judge(state, direction, event, announced)
            for lifecycle, state in zip(lifecycles, states, strict=True)
        ]
        if any(verdict is not None and not hasattr(verdict, "target") for verdict in verdicts):
            continue
        states = [
            state if verdict is None else verdict.target  # type: ignore[union-attr]  # seen above
            for state, verdict in zip(states, verdicts, strict=True)
        ]
        steps.append((direction, event))
        done = all(
            state not in lifecycle.unfinished
            for lifecycle, state in zip(lifecycles, states, strict=True)
        )
        if done and draw(st.booleans()):
            return steps
    return [*steps, ("raise", DeliberateError())]


_RECEIVED = {
    step.event
    for tables in LIFECYCLES.values()
    for table in tables
    for step in table.steps
    if step.direction == "receive"
}


@pytest.mark.parametrize("kind", ["http", "websocket", "lifespan"])
@settings(max_examples=settings().max_examples // 2)
@given(data=st.data())
def test_legal_traffic_is_silent(kind: str, data: st.DataObject) -> None:
    """Any walk through the tables, with any optional keys, in any version: nothing."""
    scope = data.draw(legal_scopes(kind))
    announced = scope.get("extensions", {})
    steps = data.draw(st.composite(lambda draw: walk(draw, LIFECYCLES[kind], announced))())
    play = Play(scope, tuple(steps))
    assert found(play) == []
    assert [event for verb, event in steps if verb == "send"] == play.sent


def found(play: Play) -> list[Finding]:
    """Play a connection and return what was found."""
    findings: list[Finding] = []
    with contextlib.suppress(DeliberateError):
        run_at_once(play.run(functools.partial(validate, on_finding=findings.append, party="both")))
    return findings


junk = st.recursive(
    st.sampled_from([None, True, 0, -1, 2**70, 1.5, float("nan"), "", "text", b"", b"x", ...])
    | st.builds(object)
    | st.builds(bytearray),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.lists(inner, max_size=3).map(iter)
        | st.dictionaries(st.sampled_from(["type", "headers", "tls", "a", 1, b"b", None]), inner)
    ),
    max_leaves=6,
)
kinds = st.sampled_from(sorted({*KEYS, *_RECEIVED, "lifespan.startup.complete", "own.event", "x"}))


@st.composite
def spoilt_events(draw: st.DrawFn) -> Any:
    """Draw something that may be an event, and mostly is a wrong one."""
    if draw(st.integers(0, 9)) == 0:
        return draw(junk)
    kind = draw(kinds)
    must, may = KEYS.get(kind, ({}, {}))
    event: dict[Any, Any] = {"type": kind}
    for key, value in (must | may).items():
        if draw(st.booleans()):
            event[key] = draw(junk) if draw(st.booleans()) else draw(value)
    if draw(st.booleans()):
        event[draw(st.sampled_from(["more_body", "trailers", "code", 1, "own"]))] = draw(junk)
    return event


@st.composite
def spoilt_scopes(draw: st.DrawFn) -> Any:
    """Draw something that may be a scope, and mostly is a wrong one."""
    if draw(st.integers(0, 9)) == 0:
        return draw(junk)
    kind = draw(st.sampled_from(sorted(SCOPES)))
    scope: dict[Any, Any] = draw(legal_scopes(kind))
    for key in draw(st.lists(st.sampled_from([*sorted(scope), 1]), max_size=4)):
        scope[key] = draw(junk)
    if draw(st.booleans()):
        scope["extensions"] = draw(
            st.dictionaries(st.sampled_from([*UNANNOUNCED, "tls", 1]), junk, max_size=3)
        )
    return scope


@given(spoilt_scopes(), st.lists(st.tuples(st.booleans(), spoilt_events()), max_size=8))
def test_whatever_happens_the_validator_is_not_in_the_way(
    scope: Any, script: list[tuple[bool, Any]]
) -> None:
    """However wrong all is, both sides get what they would get, and findings make sense."""
    steps: list[Step] = [("receive" if received else "send", event) for received, event in script]
    play = Play(scope, (*steps, ("raise", DeliberateError())))
    findings = found(play)
    events = [event for verb, event in steps if verb == "send"]
    assert len(play.sent) == len(events)
    assert all(sent is event for sent, event in zip(play.sent, events, strict=True))
    for finding in findings:
        order = ["error", "warning", "note"]
        assert order.index(finding.severity) >= 0
        assert severity_of(finding.clause)
        assert finding.clause.decided == "validator"
        assert finding.message
        assert str(finding)
        assert " object at 0x" not in str(finding)
