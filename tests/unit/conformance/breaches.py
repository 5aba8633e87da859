"""For each clause that the validator decides: a connection that breaks it, and a legal neighbour.

The neighbour is as close to the breach as it can be: one value, one step, one version away.
"""

from __future__ import annotations

import tempfile
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.unit.conformance.plays import (
    ABSENT,
    ACCEPT,
    BODY,
    CONNECT,
    RAISE,
    REQUEST,
    START,
    Play,
    http,
    http_scope,
    lifespan,
    lifespan_scope,
    r,
    s,
    websocket,
)

if TYPE_CHECKING:
    from asgiref.conformance.clauses import Severity

__all__ = ("BREACHES", "Breach")


class Breach(NamedTuple):
    """A clause, broken and kept."""

    clause: str
    broken: Play
    kept: Play
    severity: Severity | None = None
    """Where a reading of an unclear point makes it another than the clause's."""


def asgi(version: str | None, **others: Any) -> dict[str, Any]:
    """Return the versions a server announces."""
    said = {} if version is None else {"spec_version": version}
    return {"version": "3.0", **said, **others}


def announcing(*names: str, **changes: Any) -> dict[str, Any]:
    """Return an http scope that announces extensions."""
    return http_scope(extensions={name: {} for name in names}, **changes)


def with_key(key: object) -> dict[Any, Any]:
    """Return an http scope with another key."""
    return {**http_scope(), key: 2}


def tls(**changes: Any) -> dict[str, Any]:
    """Return the extension with every key, changed."""
    whole = {
        "server_cert": "-----BEGIN CERTIFICATE-----",
        "client_cert_chain": ["-----BEGIN CERTIFICATE-----"],
        "client_cert_name": "CN=client",
        "client_cert_error": None,
        "tls_version": 0x0304,
        "cipher_suite": 0x1301,
    } | changes
    return {"tls": {key: value for key, value in whole.items() if value is not ABSENT}}


def sends(*events: Any, scope: dict[Any, Any] | None = None, **changes: Any) -> Play:
    """Return an http connection on which the application sends this in answer."""
    return http(REQUEST, *events, scope=scope, **changes)


def starts(**keys: Any) -> Play:
    """Return an http connection with another start."""
    return sends(s("http.response.start", **{"status": 200, **keys}), BODY)


def opened(*steps: Any, **changes: Any) -> Play:
    """Return a websocket connection that was accepted, and what happens then."""
    return websocket(CONNECT, ACCEPT, *steps, **changes)


def extra(value: object) -> Play:
    """Return an http connection with another key in an event."""
    return sends(START, s("http.response.body", extra=value))


LOST = r("http.disconnect")
LEFT = r("websocket.disconnect", code=1005)
MORE = s("http.response.body", body=b"a", more_body=True)
CLOSE = s("websocket.close")
REPLY = s("websocket.send", text="a")
MESSAGE = r("websocket.receive", text="a")
DENY = s("websocket.http.response.start", status=403)
DENY_BODY = s("websocket.http.response.body")
TRAILING = s("http.response.start", status=200, trailers=True, headers=[(b"trailer", b"A, b, :b")])
TRAILERS = s("http.response.trailers", headers=[(b"a", b"1")])
FILE_HEAD = [(b"content-type", b"text/plain"), (b"content-length", b"1")]
FILE_START = s("http.response.start", status=200, headers=FILE_HEAD)
FILE = s("http.response.pathsend", path="/a")
PUSH = s("http.response.push", path="/a", headers=[])
HINT = s("http.response.early_hint", links=[b"</a>; rel=preload"])
DEBUG = s("http.response.debug", info={"template": object()})
STARTUP = r("lifespan.startup")
READY = s("lifespan.startup.complete")
SHUTDOWN = r("lifespan.shutdown")
CLEANED = s("lifespan.shutdown.complete")

#: Kept open as long as the tests run: a descriptor is asked for.
OPEN_FILE: Final = tempfile.TemporaryFile()  # noqa: SIM115
COPY = s("http.response.zerocopysend", file=OPEN_FILE, offset=0, count=1, more_body=False)

DENIALS: dict[str, Any] = {"websocket.http.response": {}}
PUSHES = announcing("http.response.push")
COPIES = announcing("http.response.zerocopysend")
FILES = announcing("http.response.pathsend")
HINTS = announcing("http.response.early_hint")
TRAILS = announcing("http.response.trailers")
PUSHES_AND_TRAILS = announcing("http.response.push", "http.response.trailers")
DEBUGS = announcing("http.response.debug")


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request."""
    await receive()
    await send(START[1])
    await send(BODY[1])


def not_awaitable(*_: Any) -> dict[str, Any]:
    """Give an event at once."""
    return {"type": "http.request"}


def double(scope: Any) -> Any:
    """Be an ASGI 2 application."""

    async def instance(receive: Any, send: Any) -> None:
        await answering(scope, receive, send)

    return instance


def half_double(scope: Any) -> Any:
    """Be an ASGI 2 application whose instance is not async."""
    return lambda receive, send: None


async def one_parameter(scope: Any) -> None:
    """Be no application at all."""


async def writing(scope: Any, receive: Any, send: Any) -> None:
    """Change the server's scope."""
    scope["path"] = "/other"
    await answering(scope, receive, send)


async def adding(scope: Any, receive: Any, send: Any) -> None:
    """Add a key to the server's scope, and put something equal into another."""
    scope["headers"] = list(scope["headers"])
    scope["app"] = adding
    await answering(scope, receive, send)


async def renewing(scope: Any, receive: Any, send: Any) -> None:
    """Put something equal into the server's scope, which changes nothing."""
    scope["headers"] = list(scope["headers"])
    await answering(scope, receive, send)


async def removing(scope: Any, receive: Any, send: Any) -> None:
    """Take a key out of the server's scope, late."""
    await answering(scope, receive, send)
    del scope["state"]


async def copying(scope: Any, receive: Any, send: Any) -> None:
    """Change a copy of it, and the state, which is there for it."""
    scope["state"]["user"] = "me"
    await answering({**scope, "path": "/other"}, receive, send)


def changing_while_it_sends(*, after: bool) -> Play:
    """Return a connection whose server changes the scope when it is given an event."""
    scopes: list[dict[str, Any]] = []

    def server(scope: dict[str, Any]) -> Any:
        async def receive() -> dict[str, Any]:
            scopes.append(scope)
            return {"type": "http.request"}

        return receive

    async def send(event: Any) -> None:
        if after:
            scopes[-1].pop("root_path", None)

    return Play(http_scope(), application=answering, receive=server, send=send)


def changing_later(*, after: bool) -> Play:
    """Return a connection whose server changes the scope when it is asked for an event."""

    def server(scope: dict[str, Any]) -> Any:
        async def receive() -> dict[str, Any]:
            if after:
                scope["root_path"] = "/other"
            return {"type": "http.request"}

        return receive

    return Play(http_scope(), application=answering, receive=server)


BREACHES: Final = [
    Breach(
        "MAIN-01",
        Play(http_scope(), (REQUEST,), application=one_parameter),
        Play(http_scope(), (REQUEST,), application=answering),
    ),
    Breach(
        "MAIN-01",
        Play(http_scope(), (REQUEST,), application=lambda scope, receive, send: None),
        Play(http_scope(), (REQUEST,), application=answering),
    ),
    Breach("MAIN-03", Play(list(http_scope().items()), (RAISE,)), http()),
    Breach("MAIN-04", http(type=ABSENT), http()),
    Breach("MAIN-04", http(type=b"http"), http()),
    Breach("MAIN-05", http(asgi=ABSENT), http(asgi={"version": "3.0"})),
    Breach("MAIN-05", lifespan(asgi="3.0"), lifespan(asgi={"version": "3.0"})),
    Breach("MAIN-06", http(asgi={"spec_version": "2.5"}), http(asgi=asgi("2.5"))),
    Breach("MAIN-06", http(asgi={"version": "three"}), http(asgi={"version": "3.1"})),
    Breach(
        "MAIN-05", http(scope={"type": "mqtt"}), http(scope={"type": "mqtt", "asgi": asgi("1")})
    ),
    Breach("MAIN-06", http(asgi={"version": "1.0"}), http(asgi={"version": "2.0"})),
    Breach("MAIN-06", http(asgi={"version": "3"}), http(asgi={"version": "4.0"})),
    Breach(
        "MAIN-09",
        Play(http_scope(), application=answering, receive=lambda _: not_awaitable),
        Play(http_scope(), (REQUEST, START, BODY)),
    ),
    Breach(
        "MAIN-10",
        Play(http_scope(), (REQUEST, START), send=not_awaitable),
        Play(http_scope(), (REQUEST, START, BODY)),
    ),
    Breach("MAIN-11", sends(START, ("send", {"body": b""}), BODY), sends(START, BODY)),
    Breach("MAIN-11", http(("receive", [("type", "http.request")]), RAISE), http(REQUEST, RAISE)),
    Breach("MAIN-12", sends(START, s("websocket.send"), BODY), sends(START, BODY)),
    Breach("MAIN-12", http(r("websocket.connect"), RAISE), http(r("example.event"), RAISE)),
    Breach("MAIN-14", extra(object()), extra([{"a": (1, None)}])),
    Breach("MAIN-14", extra({"a": [bytearray()]}), extra({"a": [b"", "", 1, 1.5, True]})),
    Breach("MAIN-14", starts(headers=None), starts(headers=())),
    Breach("MAIN-14", starts(headers=[(b"a", b"b", b"c")]), starts(headers=[[b"a", b"b"]])),
    Breach(
        "MAIN-14",
        sends(START, s("http.response.body", more_body=0)),
        sends(START, s("http.response.body", more_body=False)),
    ),
    Breach("MAIN-15", extra([2**63]), extra([2**63 - 1, -(2**63)])),
    Breach("MAIN-15", extra({"a": -(2**63) - 1}), extra({"a": -(2**63)})),
    Breach("MAIN-15", opened(s("websocket.close", code=2**64)), opened(CLOSE)),
    Breach("MAIN-16", extra(float("nan")), extra(1e308)),
    Breach("MAIN-16", extra({"a": float("inf")}), extra({"a": -0.0})),
    Breach("MAIN-17", extra({1: 2}), extra({"1": 2})),
    Breach(
        "MAIN-17",
        sends(START, ("send", {"type": "http.response.body", 1: 2})),
        sends(START, ("send", {"type": "http.response.body", "1": 2})),
    ),
    Breach(
        "MAIN-18",
        sends(START, s("http.response.body", body="text")),
        sends(START, s("http.response.body", body=b"text")),
    ),
    Breach(
        "MAIN-18",
        sends(START, s("http.response.body", body=memoryview(b""))),
        sends(START, s("http.response.body", body=b"")),
    ),
    Breach("MAIN-18", starts(headers=[("a", b"b")]), starts(headers=[(b"a", b"b")])),
    Breach("MAIN-18", http(raw_path="/mount/page"), http(raw_path=None)),
    Breach("MAIN-18", http(root_path=None), http(root_path="")),
    Breach("MAIN-18", http(r("http.request", body=None), START, BODY), http(root_path=ABSENT)),
    Breach("MAIN-19", http(scope=with_key(1)), http(scope=with_key("1"))),
    Breach("MAIN-19", http(state={1: 2}), http(state={"1": 2})),
    Breach("MAIN-30", http(extensions=[]), http(extensions={})),
    Breach("MAIN-30", http(extensions=None), http(extensions=ABSENT), "warning"),
    Breach("MAIN-31", http(extensions={"own": True}), http(extensions={"own": {"a": 1}})),
    Breach("MAIN-31", http(extensions={1: {}}), http(extensions={"1": {}})),
    Breach("MAIN-33", sends(START, PUSH, BODY), sends(START, PUSH, BODY, scope=PUSHES)),
    Breach(
        "MAIN-33",
        sends(START, s("http.response.own"), BODY),
        sends(START, s("http.response.own"), BODY, extensions={"http.response.own": {}}),
    ),
    Breach(
        "MAIN-34",
        Play(http_scope(), (REQUEST,), application=writing),
        Play(http_scope(), (REQUEST,), application=copying),
    ),
    Breach(
        "MAIN-34",
        Play(http_scope(), (REQUEST,), application=adding),
        Play(http_scope(), (REQUEST,), application=renewing),
        "note",
    ),
    Breach(
        "MAIN-34",
        Play(http_scope(), (REQUEST,), application=removing),
        Play(http_scope(), (REQUEST,), application=renewing),
    ),
    Breach("MAIN-35", changing_while_it_sends(after=True), changing_while_it_sends(after=False)),
    Breach("MAIN-35", changing_later(after=True), changing_later(after=False)),
    Breach(
        "MAIN-37",
        Play(http_scope(), (REQUEST,), application=half_double),
        Play(http_scope(), (REQUEST,), application=double),
    ),
    Breach(
        "MAIN-37",
        Play(http_scope(), (REQUEST,), application=lambda scope: None),
        Play(http_scope(), (REQUEST,), application=double),
    ),
    Breach("MAIN-42", http(START, BODY), http(REQUEST, START, BODY), "note"),
    Breach("MAIN-42", websocket(CLOSE, CONNECT, RAISE), websocket(CONNECT, CLOSE)),
    Breach("MAIN-43", lifespan(STARTUP, READY), lifespan()),
    Breach("HTTP-01", http(type="HTTP"), http(scope={"type": "mqtt", "asgi": asgi(None)})),
    *(
        Breach(clause, http(type=misspelt), http(type="http"))
        for clause, misspelt in (
            ("HTTP-01", "https"),
            ("HTTP-01", " http"),
            ("WS-01", "WebSocket"),
            ("WS-01", "websockets"),
            ("WS-01", "wss"),
            ("LIFE-01", "LIFESPAN"),
        )
    ),
    *(
        Breach(
            clause,
            websocket(extensions={name: {}}),
            http(extensions={name: {}, "own": {}}),
            "note",
        )
        for clause, name in (
            ("PUSH-01", "http.response.push"),
            ("ZERO-01", "http.response.zerocopysend"),
            ("PATH-01", "http.response.pathsend"),
            ("HINT-01", "http.response.early_hint"),
            ("TRLR-01", "http.response.trailers"),
            ("DEBUG-01", "http.response.debug"),
        )
    ),
    Breach("HTTP-03", http(client=("192.0.2.1", "80")), http(client=["192.0.2.1", 80])),
    Breach("HTTP-03", http(client="192.0.2.1:80"), http(client=None)),
    Breach("HTTP-03", http(server=("192.0.2.2", 80.0)), http(server=("/run/a.sock", None))),
    Breach("HTTP-03", http(asgi=asgi("new")), http(asgi=asgi("99.1"))),
    Breach("HTTP-03", websocket(subprotocols="chat"), websocket(subprotocols=("chat",))),
    Breach("HTTP-03", websocket(http_version="1.0"), websocket(http_version=ABSENT)),
    Breach(
        "HTTP-03",
        opened(s("websocket.close", reason="bye"), asgi=asgi("2.2")),
        opened(s("websocket.close", reason="bye"), asgi=asgi("2.3")),
        "warning",
    ),
    Breach(
        "HTTP-03",
        websocket(CONNECT, s("websocket.accept", headers=[(b"a", b"b")]), CLOSE, asgi=asgi(None)),
        websocket(CONNECT, s("websocket.accept", headers=[]), CLOSE, asgi=asgi(None)),
        "warning",
    ),
    Breach(
        "HTTP-03",
        websocket(CONNECT, s("websocket.accept", headers=[(b"a", b"b")]), CLOSE, asgi=asgi("2.0")),
        websocket(CONNECT, s("websocket.accept", headers=[(b"a", b"b")]), CLOSE, asgi=asgi("2.1")),
        "warning",
    ),
    Breach("HTTP-04", http(http_version="1"), http(http_version="2")),
    Breach("HTTP-04", http(http_version=ABSENT), http(http_version="3")),
    Breach("HTTP-06", http(method="get"), http(method="GET")),
    Breach("HTTP-06", http(method=b"GET"), http(method="X-OWN")),
    Breach("HTTP-07", http(scheme=""), http(scheme=ABSENT)),
    Breach("HTTP-07", http(scheme=None), http(scheme="http")),
    Breach("HTTP-08", http(path=b"/mount"), http(path="/mount/\U0001f600")),
    Breach("HTTP-08", http(path=ABSENT, root_path=""), http(path="", root_path="")),
    Breach("HTTP-12", http(raw_path=b"/a?b", root_path=""), http(raw_path=b"/a", root_path="")),
    Breach(
        "HTTP-12",
        http(raw_path=b"/mount/a?b"),
        http(raw_path=b"/mount/a?b", asgi=asgi("2.2")),
    ),
    Breach("HTTP-13", http(query_string="a=1"), http(query_string=b"")),
    Breach("HTTP-13", http(query_string=None), http(query_string=b"?")),
    Breach("HTTP-15", http(path="/page"), http(path="/page", raw_path=b"/page")),
    Breach("HTTP-15", http(path="/page", raw_path=None), http(raw_path=None), "note"),
    Breach("HTTP-17", http(headers=ABSENT), http(headers=[])),
    Breach("HTTP-17", http(headers=None), http(headers=())),
    Breach("HTTP-17", http(headers=[(b"a", "b")]), http(headers=[[b"a", b"b"]])),
    Breach("HTTP-17", http(headers={b"a": b"b"}), http(headers={(b"a", b"b")})),
    Breach("HTTP-21", http(headers=[(b"Host", b"a")]), http(headers=[(b"host", b"A")])),
    Breach(
        "HTTP-21",
        http(headers=[(b"Host", b"a")], asgi=asgi(None)),
        http(headers=[(b"host", b"A")], asgi=asgi(None)),
    ),
    Breach("HTTP-22", http(headers=[(b":path", b"/")]), http(headers=[(b"path:", b"/")])),
    Breach(
        "HTTP-22",
        http(headers=[(b":path", b"/")], asgi=asgi("2.1")),
        http(headers=[(b":path", b"/")], asgi=asgi("2.0")),
    ),
    Breach("HTTP-27", http(client=("localhost", 1)), http(client=("2001:db8::1", 1))),
    Breach("HTTP-31", http(state=None), http(state=ABSENT)),
    Breach("HTTP-31", websocket(state=[]), websocket(state=[], asgi=asgi("2.2"))),
    Breach("HTTP-37", http(r("http.response.start"), RAISE), http(LOST, RAISE)),
    Breach(
        "HTTP-38",
        http(REQUEST, REQUEST, START, BODY),
        http(r("http.request", more_body=True), REQUEST, START, BODY),
    ),
    Breach(
        "HTTP-38",
        http(r("http.request", more_body=True), r("http.own.event"), RAISE),
        http(
            r("http.request", more_body=True),
            r("http.own.event"),
            RAISE,
            extensions={"http.own": {}},
        ),
    ),
    Breach("HTTP-46", http(LOST, r("http.own"), RAISE), http(REQUEST, r("http.own"), RAISE)),
    Breach(
        "HTTP-43", http(r("http.disconnect", body=b"")), http(r("http.disconnect", a=b"")), "note"
    ),
    Breach("HTTP-46", http(LOST, REQUEST), http(LOST, LOST)),
    Breach("HTTP-47", http(REQUEST, START, LOST, MORE), http(REQUEST, START, LOST)),
    Breach(
        "HTTP-47",
        http(REQUEST, START, LOST, MORE, asgi=asgi("2.4")),
        http(REQUEST, START, LOST, MORE, asgi=asgi("2.3")),
    ),
    Breach("HTTP-49", starts(status="200"), starts(status=200)),
    Breach("HTTP-49", starts(status=True), starts(status=HTTPStatus.OK)),
    Breach("HTTP-49", sends(s("http.response.start"), BODY), starts(status=599)),
    Breach("HTTP-50", starts(status=103), starts(status=200)),
    Breach("HTTP-50", starts(status=1000), starts(status=999)),
    Breach("HTTP-52", starts(headers=[(b"A", b"b")]), starts(headers=[(b"a", b"B")])),
    Breach("HTTP-53", starts(headers=[(b":status", b"1")]), starts(headers=[(b"status", b"1")])),
    Breach("HTTP-57", sends(START, START, BODY), sends(START, BODY)),
    Breach("HTTP-58", sends(START), sends(START, LOST)),
    Breach("HTTP-58", http(REQUEST, START), http(REQUEST, START, RAISE)),
    Breach("HTTP-67", sends(BODY, START, BODY), sends(START, BODY)),
    Breach("HTTP-74", sends(START, BODY, BODY), sends(START, MORE, BODY), "warning"),
    Breach("HTTP-75", sends(START, MORE), sends(START, MORE, BODY)),
    Breach("HTTP-75", http(REQUEST), http(REQUEST, LOST)),
    Breach("WS-01", websocket(type="ws"), websocket()),
    Breach("WS-05", websocket(scheme=""), websocket(scheme=ABSENT)),
    Breach("WS-06", websocket(path=None, root_path=""), websocket(path="/")),
    Breach("WS-09", websocket(raw_path=b"/a?"), websocket(raw_path=b"/a?", asgi=asgi("2.4"))),
    Breach("WS-12", websocket(headers=[b"ab"]), websocket(headers=[])),
    Breach("WS-14", websocket(headers=[(b"Host", b"a")]), websocket(headers=[(b"host", b"a")])),
    Breach("WS-15", websocket(headers=[(b":path", b"/")]), websocket(headers=[(b"path", b"/")])),
    Breach(
        "WS-23",
        websocket(r("websocket.connect", text="a"), CLOSE),
        websocket(r("websocket.connect", word="a"), CLOSE),
        "note",
    ),
    Breach("WS-24", websocket(MESSAGE, RAISE), websocket(CONNECT, RAISE)),
    Breach("WS-24", websocket(CONNECT, CONNECT, RAISE), websocket(CONNECT, ACCEPT)),
    Breach("WS-24", websocket(r("websocket.own"), RAISE), websocket(r("own.event"), RAISE)),
    Breach("WS-26", websocket(CONNECT), websocket(CONNECT, CLOSE)),
    Breach("WS-26", websocket(CONNECT), websocket(CONNECT, LEFT)),
    Breach("WS-27", websocket(CONNECT, MESSAGE, RAISE), websocket(CONNECT, ACCEPT, MESSAGE)),
    Breach(
        "WS-30",
        websocket(CONNECT, s("websocket.accept", subprotocol="v3"), CLOSE),
        websocket(CONNECT, s("websocket.accept", subprotocol="v2"), CLOSE),
    ),
    Breach(
        "WS-32",
        websocket(CONNECT, s("websocket.accept", headers=[(b"A", b"b")]), CLOSE),
        websocket(CONNECT, s("websocket.accept", headers=[(b"a", b"b")]), CLOSE),
    ),
    Breach(
        "WS-33",
        websocket(CONNECT, s("websocket.accept", headers=[(b"sec-websocket-protocol", b"v2")])),
        websocket(CONNECT, s("websocket.accept", subprotocol=None, headers=())),
    ),
    Breach(
        "WS-33",
        websocket(CONNECT, s("websocket.accept", headers=[(b":a", b"b")])),
        websocket(CONNECT, s("websocket.accept", headers=[(b"a:", b"b")])),
    ),
    Breach("WS-35", opened(ACCEPT, CLOSE), opened(CLOSE)),
    Breach("WS-35", websocket(ACCEPT, CONNECT, CLOSE), websocket(CONNECT, ACCEPT, CLOSE)),
    Breach(
        "WS-38",
        opened(r("websocket.receive", bytes=b"", text="")),
        opened(r("websocket.receive", bytes=None, text="")),
    ),
    Breach("WS-43", opened(s("websocket.send")), opened(s("websocket.send", text=""))),
    Breach(
        "WS-43",
        opened(s("websocket.send", text=None, bytes=None)),
        opened(s("websocket.send", text=None, bytes=b"")),
    ),
    Breach("WS-44", websocket(CONNECT, REPLY, ACCEPT), websocket(CONNECT, ACCEPT, REPLY)),
    Breach("WS-47", opened(r("websocket.disconnect")), opened(LEFT)),
    Breach(
        "WS-47",
        opened(r("websocket.disconnect", code=None)),
        opened(r("websocket.disconnect", code=4999, reason=None)),
    ),
    Breach("WS-53", opened(LEFT, MESSAGE), opened(LEFT, LEFT)),
    Breach("WS-53", opened(LEFT, r("websocket.own")), opened(r("websocket.own"), LEFT)),
    Breach("WS-54", opened(LEFT, REPLY), opened(LEFT)),
    Breach("WS-54", opened(LEFT, REPLY, asgi=asgi("2.4")), opened(LEFT, REPLY, asgi=asgi("2.3"))),
    *(
        Breach(
            "WS-58",
            opened(s("websocket.close", code=illegal)),
            opened(s("websocket.close", code=legal)),
            "note",
        )
        for illegal, legal in (
            (999, 1000),
            (1004, 1003),
            (1005, 1001),
            (1006, 1007),
            (1015, 1014),
            (2999, 3000),
            (5000, 4999),
        )
    ),
    Breach("WS-63", opened(CLOSE, REPLY), opened(REPLY, CLOSE), "warning"),
    Breach("LIFE-01", lifespan(type="Lifespan"), lifespan()),
    Breach("LIFE-11", lifespan(state=None), lifespan(state=ABSENT)),
    Breach("LIFE-11", lifespan(state=None), lifespan(state=None, asgi=asgi(None))),
    Breach(
        "LIFE-14",
        lifespan(r("lifespan.startup", message="a"), RAISE),
        lifespan(r("lifespan.startup", words="a"), RAISE),
        "note",
    ),
    Breach("LIFE-15", lifespan(STARTUP, STARTUP, RAISE), lifespan(STARTUP, RAISE)),
    Breach("LIFE-15", lifespan(r("lifespan.own"), RAISE), lifespan(r("own.event"), RAISE)),
    Breach(
        "LIFE-16",
        lifespan(STARTUP, s("lifespan.startup.complete", message="a"), SHUTDOWN, CLEANED),
        lifespan(STARTUP, s("lifespan.startup.failed", message="a")),
        "note",
    ),
    Breach("LIFE-18", lifespan(STARTUP), lifespan(STARTUP, s("lifespan.startup.failed"))),
    Breach("LIFE-18", lifespan(READY, STARTUP, RAISE), lifespan(STARTUP, READY, RAISE)),
    Breach(
        "LIFE-21",
        lifespan(STARTUP, READY, r("lifespan.shutdown", message="a"), CLEANED),
        lifespan(STARTUP, READY, r("lifespan.shutdown", words="a"), CLEANED),
        "note",
    ),
    Breach("LIFE-22", lifespan(SHUTDOWN, RAISE), lifespan(STARTUP, READY, SHUTDOWN, CLEANED)),
    Breach(
        "LIFE-23",
        lifespan(STARTUP, READY, SHUTDOWN, s("lifespan.shutdown.complete", message="a")),
        lifespan(STARTUP, READY, SHUTDOWN, s("lifespan.shutdown.failed", message="a")),
        "note",
    ),
    Breach("LIFE-25", lifespan(STARTUP, READY, SHUTDOWN), lifespan()),
    Breach("LIFE-25", lifespan(STARTUP, READY, CLEANED, RAISE), lifespan(STARTUP, READY, RAISE)),
    Breach(
        "LIFE-28",
        lifespan(STARTUP, READY, SHUTDOWN, CLEANED, r("example.event")),
        lifespan(STARTUP, READY, r("example.event"), SHUTDOWN, CLEANED),
    ),
    Breach("LIFE-29", Play(lifespan_scope()), lifespan(RAISE)),
    Breach(
        "TLS-01",
        http(
            scheme="http",
            extensions=tls(
                server_cert=None, tls_version=None, cipher_suite=None, client_cert_chain=[]
            ),
        ),
        http(
            extensions=tls(
                server_cert=None, tls_version=None, cipher_suite=None, client_cert_chain=[]
            ),
        ),
        "warning",
    ),
    Breach("TLS-02", lifespan(extensions=tls()), lifespan(extensions={})),
    Breach("TLS-03", http(extensions={"tls": None}), http(extensions=tls())),
    Breach(
        "TLS-03",
        http(extensions=tls(client_cert_name=1)),
        http(extensions=tls(client_cert_chain=ABSENT, client_cert_name=None)),
    ),
    *(
        Breach("TLS-03", http(extensions=tls(**{key: wrong})), http(extensions=tls(**{key: right})))
        for key, wrong, right in (
            ("client_cert_chain", "pem", ("pem",)),
            ("client_cert_chain", [b"pem"], ["pem"]),
            ("client_cert_error", True, None),
        )
    ),
    Breach(
        "TLS-04", http(extensions=tls(server_cert=ABSENT)), http(extensions=tls(server_cert=None))
    ),
    Breach(
        "TLS-09",
        http(extensions=tls(client_cert_name=None)),
        http(extensions=tls(client_cert_name=None, client_cert_chain=())),
    ),
    Breach(
        "TLS-12",
        http(extensions=tls(client_cert_error="")),
        http(extensions=tls(client_cert_error="expired")),
    ),
    Breach("TLS-13", http(extensions=tls(tls_version="1.3")), http(extensions=tls())),
    Breach(
        "TLS-13", http(extensions=tls(tls_version=2**16)), http(extensions=tls(tls_version=None))
    ),
    Breach(
        "TLS-14", http(extensions=tls(cipher_suite=-1)), http(extensions=tls(cipher_suite=0xFFFF))
    ),
    *(
        Breach(clause, http(extensions=tls(**{key: wrong})), http(extensions=tls(**{key: right})))
        for clause, key in (("TLS-13", "tls_version"), ("TLS-14", "cipher_suite"))
        for wrong, right in ((-1, 0), (0x10000, 0xFFFF))
    ),
    Breach(
        "TLS-15",
        http(r("tls.closed"), RAISE, extensions=tls()),
        http(r("tls.closed"), RAISE),
    ),
    Breach("TLS-16", http(scheme="http", extensions=tls()), http(extensions=tls())),
    Breach("TLS-16", websocket(scheme="ws", extensions=tls()), websocket(extensions=tls())),
    Breach(
        "DENY-01",
        websocket(extensions={"websocket.http.response": True}),
        websocket(extensions=DENIALS),
    ),
    Breach("DENY-01", http(extensions=DENIALS), websocket(extensions=DENIALS), "note"),
    Breach(
        "DENY-02",
        websocket(CONNECT, DENY, DENY_BODY, RAISE),
        websocket(CONNECT, DENY, DENY_BODY, extensions=DENIALS),
    ),
    Breach(
        "DENY-02",
        opened(DENY, extensions=DENIALS),
        websocket(CONNECT, DENY, DENY_BODY, LEFT, extensions=DENIALS),
    ),
    Breach(
        "DENY-02",
        websocket(DENY, CONNECT, RAISE, extensions=DENIALS),
        websocket(CONNECT, DENY, RAISE, extensions=DENIALS),
        "warning",
    ),
    Breach(
        "DENY-03",
        websocket(CONNECT, s("websocket.http.response.start"), DENY_BODY, extensions=DENIALS),
        websocket(CONNECT, DENY, DENY_BODY, extensions=DENIALS),
    ),
    Breach(
        "DENY-04",
        websocket(CONNECT, DENY, s("websocket.http.response.body", body="no"), extensions=DENIALS),
        websocket(CONNECT, DENY, s("websocket.http.response.body", body=b"no"), extensions=DENIALS),
    ),
    Breach(
        "DENY-05",
        websocket(CONNECT, DENY, extensions=DENIALS),
        websocket(CONNECT, DENY, LEFT, extensions=DENIALS),
    ),
    Breach(
        "DENY-06",
        websocket(CONNECT, DENY, CLOSE, DENY_BODY, extensions=DENIALS),
        websocket(CONNECT, DENY, DENY_BODY, extensions=DENIALS),
    ),
    Breach("PUSH-01", http(extensions={"http.response.push": 1}), http(scope=PUSHES)),
    Breach(
        "PUSH-02",
        sends(START, s("http.response.push", path=b"/", headers=[]), BODY, scope=PUSHES),
        sends(START, PUSH, BODY, scope=PUSHES),
    ),
    Breach(
        "PUSH-03",
        sends(START, s("http.response.push", path="/"), BODY, scope=PUSHES),
        sends(START, PUSH, PUSH, BODY, scope=PUSHES),
    ),
    Breach(
        "PUSH-04",
        sends(START, s("http.response.push", path="/", headers=[(b"A", b"")]), BODY, scope=PUSHES),
        sends(START, s("http.response.push", path="/", headers=[(b"a", b"")]), BODY, scope=PUSHES),
    ),
    Breach(
        "PUSH-04",
        sends(START, s("http.response.push", path="/", headers=[(b":a", b"")]), BODY, scope=PUSHES),
        sends(START, s("http.response.push", path="/", headers=[(b"a:", b"")]), BODY, scope=PUSHES),
    ),
    Breach(
        "PUSH-05",
        sends(
            TRAILING,
            BODY,
            PUSH,
            TRAILERS,
            extensions={**PUSHES["extensions"], **TRAILS["extensions"]},
        ),
        sends(
            TRAILING,
            PUSH,
            BODY,
            TRAILERS,
            extensions={**PUSHES["extensions"], **TRAILS["extensions"]},
        ),
    ),
    Breach(
        "PUSH-05",
        sends(PUSH, START, BODY, scope=PUSHES),
        sends(START, PUSH, BODY, scope=PUSHES),
        "warning",
    ),
    Breach("ZERO-01", http(extensions={"http.response.zerocopysend": None}), http(scope=COPIES)),
    Breach(
        "ZERO-02",
        sends(START, s("http.response.zerocopysend", file=b""), scope=COPIES),
        sends(START, COPY, scope=COPIES),
    ),
    Breach(
        "ZERO-06",
        sends(COPY, START, BODY, scope=COPIES),
        sends(START, MORE, COPY, scope=COPIES),
    ),
    Breach("PATH-01", http(extensions={"http.response.pathsend": ()}), http(scope=FILES)),
    Breach(
        "PATH-02",
        sends(FILE_START, s("http.response.pathsend", path="a"), scope=FILES),
        sends(FILE_START, FILE, scope=FILES),
    ),
    Breach(
        "PATH-03",
        sends(FILE_START, FILE, FILE, scope=FILES),
        sends(FILE_START, FILE, scope=FILES),
    ),
    Breach(
        "PATH-04",
        sends(FILE_START, MORE, FILE, scope=FILES),
        sends(FILE_START, MORE, BODY, scope=FILES),
    ),
    Breach("PATH-06", sends(START, FILE, scope=FILES), sends(FILE_START, FILE, scope=FILES)),
    Breach("HINT-01", http(extensions={"http.response.early_hint": 0}), http(scope=HINTS)),
    Breach(
        "HINT-02",
        sends(s("http.response.early_hint", links=["a"]), START, BODY, scope=HINTS),
        sends(s("http.response.early_hint", links=(b"a",)), START, BODY, scope=HINTS),
    ),
    Breach(
        "HINT-03",
        sends(START, HINT, BODY, scope=HINTS),
        sends(HINT, HINT, START, BODY, scope=HINTS),
        "warning",
    ),
    Breach("TRLR-01", http(extensions={"http.response.trailers": []}), http(scope=TRAILS)),
    Breach("TRLR-02", starts(trailers=1), starts(trailers=False)),
    Breach(
        "TRLR-03",
        sends(START, BODY, TRAILERS, scope=TRAILS),
        sends(TRAILING, BODY, TRAILERS, scope=TRAILS),
    ),
    Breach(
        "TRLR-04",
        sends(TRAILING, BODY, s("http.response.trailers"), scope=TRAILS),
        sends(TRAILING, BODY, s("http.response.trailers", headers=[]), scope=TRAILS),
    ),
    Breach(
        "TRLR-05",
        sends(TRAILING, BODY, s("http.response.trailers", headers=[(b"A", b"")]), scope=TRAILS),
        sends(TRAILING, BODY, s("http.response.trailers", headers=[(b"b", b"")]), scope=TRAILS),
    ),
    Breach(
        "TRLR-05",
        sends(TRAILING, BODY, s("http.response.trailers", headers=[(b":b", b"")]), scope=TRAILS),
        sends(TRAILING, BODY, s("http.response.trailers", headers=[(b"b", b":")]), scope=TRAILS),
    ),
    Breach(
        "TRLR-07",
        sends(TRAILING, BODY, s("http.response.trailers", headers=[(b"c", b"")]), scope=TRAILS),
        sends(TRAILING, BODY, TRAILERS, scope=TRAILS),
    ),
    Breach("DEBUG-01", http(extensions={"http.response.debug": 1}), http(scope=DEBUGS)),
    Breach(
        "DEBUG-02",
        sends(s("http.response.debug", info={1: 2}), START, BODY, scope=DEBUGS),
        sends(DEBUG, START, BODY, scope=DEBUGS),
    ),
    Breach(
        "DEBUG-03",
        sends(START, DEBUG, BODY, scope=DEBUGS),
        sends(DEBUG, START, BODY, scope=DEBUGS),
    ),
    Breach("DEBUG-04", sends(DEBUG, START, BODY), sends(DEBUG, START, BODY, scope=DEBUGS)),
]
