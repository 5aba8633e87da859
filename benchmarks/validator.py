"""``validate``: what watching adds to one message, in process.

Each time is that of a connection under watch minus that of the same connection without, for each of
its messages; the scope counts as one. It is the processor's time, since nothing here waits. asgiref
3.13.0 has no validator: the opponents are a budget of 15 microseconds a message, and asgion.
"""

from __future__ import annotations

import importlib
import sys
from time import process_time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.suite import Suite

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

SUITE: Final = Suite("The validator, overhead per message")

#: Seconds a message may cost.
BUDGET: Final = 15e-6

HEADERS: Final = [
    (b"host", b"example.org"),
    (b"user-agent", b"benchmark"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b"en"),
    (b"cookie", b"a=1; b=2"),
    (b"x-forwarded-for", b"192.0.2.1"),
    (b"content-length", b"0"),
]
WWW: Final[dict[str, Any]] = {
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "path": "/some/page",
    "raw_path": b"/some/page",
    "query_string": b"a=1",
    "root_path": "",
    "headers": HEADERS,
    "client": ("192.0.2.1", 50000),
    "server": ("192.0.2.2", 8000),
    "state": {},
    "extensions": {},
}
HTTP: Final[dict[str, Any]] = {**WWW, "type": "http", "method": "GET", "scheme": "http"}
WEBSOCKET: Final[dict[str, Any]] = {
    **WWW,
    "type": "websocket",
    "scheme": "ws",
    "subprotocols": [],
}

REQUEST: Final = {"type": "http.request", "body": b"", "more_body": False}
START: Final = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/plain"),
        (b"cache-control", b"no-store"),
        (b"server", b"benchmark"),
    ],
}
PART: Final = {"type": "http.response.body", "body": b"hello" * 100, "more_body": True}
LAST: Final = {"type": "http.response.body", "body": b"hello", "more_body": False}
CONNECT: Final = {"type": "websocket.connect"}
ACCEPT: Final[dict[str, Any]] = {"type": "websocket.accept", "subprotocol": None, "headers": []}
MESSAGE: Final = {"type": "websocket.receive", "text": "hello" * 10}
REPLY: Final = {"type": "websocket.send", "text": "hello" * 10}
LEFT: Final = {"type": "websocket.disconnect", "code": 1000}

#: Scope, what is received, what is sent, and how many messages that is with the scope.
CONNECTIONS: Final[dict[str, tuple[dict[str, Any], list[Any], list[Any], int]]] = {
    "request and answer": (HTTP, [REQUEST], [START, LAST], 4),
    "streamed answer, 200 parts": (HTTP, [REQUEST], [START, *[PART] * 200, LAST], 204),
    "WebSocket echo, 100 messages": (
        WEBSOCKET,
        [CONNECT, *[MESSAGE] * 100, LEFT],
        [ACCEPT, *[REPLY] * 100],
        204,
    ),
}


async def _application(scope: Any, receive: Any, send: Any) -> None:
    """Receive and send in turns, then what is left."""
    _, received, sent, _ = scope["state"]["connection"]
    for turn in range(max(len(received), len(sent))):
        if turn < len(received):
            await receive()
        if turn < len(sent):
            await send(sent[turn])


async def _play(application: Any, connection: tuple[dict[str, Any], list[Any], Any, int]) -> None:
    events = iter(connection[1])

    async def receive() -> Any:
        return next(events)

    async def send(event: Any) -> None:
        pass

    await application({**connection[0], "state": {"connection": connection}}, receive, send)


def _wrap(watcher: str) -> Any:
    if watcher == "asgion":
        return importlib.import_module("asgion").Inspector(_application)
    conformance: Any = importlib.import_module("asgiref.conformance")
    return conformance.validate(_application, party="both")


def _subject(title: str, watcher: str) -> Callable[[int], Coroutine[object, object, float]]:
    connection = CONNECTIONS[title]

    async def measure(loops: int) -> float:
        connections = -(-loops // connection[3])
        watched = _wrap(watcher)
        overhead = 0.0
        for _ in range(connections):
            begin = process_time()
            await _play(_application, connection)
            middle = process_time()
            await _play(watched, connection)
            overhead += (process_time() - middle) - (middle - begin)
        findings = getattr(watched, "findings", ())
        if findings:
            raise RuntimeError(f"the traffic of this benchmark is wrong: {findings[0]}")
        return overhead * loops / (connections * connection[3])

    return measure


def _budget(loops: int) -> float:
    return loops * BUDGET


for _title in CONNECTIONS:
    _case = SUITE.case(_title, versus_peer=False)(_subject(_title, "asgiref"))
    _case.rival("15 microseconds", target=1.0)(_budget)
    if sys.version_info >= (3, 12):
        # It needs Python 3.12.
        _case.rival("asgion", target=1.0)(_subject(_title, "asgion"))
