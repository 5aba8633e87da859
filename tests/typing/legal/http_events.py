"""HTTP events that servers and applications may send: both checkers accept every one."""

from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from tempfile import TemporaryFile

from asgiref.typing import (
    ASGIReceiveEvent,
    ASGISendEvent,
    HTTPDisconnectEvent,
    HTTPReceiveEvent,
    HTTPRequestEvent,
    HTTPResponseBodyEvent,
    HTTPResponseDebugEvent,
    HTTPResponseEarlyHintEvent,
    HTTPResponsePathsendEvent,
    HTTPResponseStartEvent,
    HTTPResponseTrailersEvent,
    HTTPResponseZeroCopySendEvent,
    HTTPSendEvent,
    HTTPServerPushEvent,
    ReceivedHeaders,
    SentHeaders,
)

# HTTP-35, HTTP-36: required alone
request_minimal: HTTPRequestEvent = {"type": "http.request"}
# HTTP-35, HTTP-36: with every optional key
request_full: HTTPRequestEvent = {"type": "http.request", "body": b"a=1", "more_body": True}
# HTTP-43: the type alone
disconnect: HTTPDisconnectEvent = {"type": "http.disconnect"}

# HTTP-49: required alone
start_minimal: HTTPResponseStartEvent = {"type": "http.response.start", "status": 204}
# HTTP-51, HTTP-55: with every optional key
start_full: HTTPResponseStartEvent = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/plain"), (b"trailer", b"digest")],
    "trailers": True,
}
# HTTP-51: pairs as lists
start_lists: HTTPResponseStartEvent = {
    "type": "http.response.start",
    "status": 200,
    "headers": [[b"content-type", b"text/plain"], [b"vary", b"*"]],
}
# HTTP-51: a tuple of pairs
start_tuple: HTTPResponseStartEvent = {
    "type": "http.response.start",
    "status": 200,
    "headers": ((b"content-type", b"text/plain"),),
}
# HTTP-51: pairs of both kinds
start_mixed: HTTPResponseStartEvent = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/plain"), [b"vary", b"*"]],
}
# HTTP-51: a generator, read once
start_generator: HTTPResponseStartEvent = {
    "type": "http.response.start",
    "status": 200,
    "headers": ((name.encode(), value.encode()) for name, value in {"a": "1"}.items()),
}
# HTTP-51: a view of a dictionary
start_view: HTTPResponseStartEvent = {
    "type": "http.response.start",
    "status": 200,
    "headers": {b"content-type": b"text/plain"}.items(),
}
# HTTP-51: no headers
start_empty: HTTPResponseStartEvent = {
    "type": "http.response.start",
    "status": 200,
    "headers": [],
    "trailers": False,
}

# HTTP-65, HTTP-66: required alone
body_minimal: HTTPResponseBodyEvent = {"type": "http.response.body"}
# HTTP-65: a body
body_body: HTTPResponseBodyEvent = {"type": "http.response.body", "body": b"hello"}
# HTTP-66: to be continued
body_more: HTTPResponseBodyEvent = {"type": "http.response.body", "more_body": True}
# HTTP-65, HTTP-66: with every optional key
body_full: HTTPResponseBodyEvent = {
    "type": "http.response.body",
    "body": b"hello",
    "more_body": False,
}

# TRLR-04: required alone
trailers_minimal: HTTPResponseTrailersEvent = {"type": "http.response.trailers", "headers": []}
# TRLR-06: with every optional key
trailers_full: HTTPResponseTrailersEvent = {
    "type": "http.response.trailers",
    "headers": [(b"digest", b"x")],
    "more_trailers": True,
}
# PATH-02: a path
pathsend: HTTPResponsePathsendEvent = {"type": "http.response.pathsend", "path": "/srv/a.txt"}
# PATH-02: a path of the platform as text
pathsend_str: HTTPResponsePathsendEvent = {
    "type": "http.response.pathsend",
    "path": str(Path("a.txt").absolute()),
}
# PUSH-02, PUSH-03: a push
push: HTTPServerPushEvent = {
    "type": "http.response.push",
    "path": "/style.css",
    "headers": [(b"accept", b"text/css")],
}
# HINT-02: hints in a list
hint: HTTPResponseEarlyHintEvent = {
    "type": "http.response.early_hint",
    "links": [b"</style.css>; rel=preload; as=style"],
}
# HINT-02: hints from a generator
hint_generator: HTTPResponseEarlyHintEvent = {
    "type": "http.response.early_hint",
    "links": (f"<{path}>; rel=preload".encode() for path in ("/a", "/b")),
}
# DEBUG-02: anything, by name
debug: HTTPResponseDebugEvent = {
    "type": "http.response.debug",
    "info": {"template": object(), "context": {"a": 1}},
}


def copied(file: BufferedReader) -> list[HTTPResponseZeroCopySendEvent]:
    """An open file, raw or buffered or temporary, has a descriptor."""
    with TemporaryFile() as temporary, Path("a.txt").open("rb", buffering=0) as raw:
        # ZERO-02: required alone
        minimal: HTTPResponseZeroCopySendEvent = {
            "type": "http.response.zerocopysend",
            "file": file,
        }
        # ZERO-03, ZERO-04, ZERO-05: with every optional key
        full: HTTPResponseZeroCopySendEvent = {
            "type": "http.response.zerocopysend",
            "file": raw,
            "offset": 10,
            "count": 4096,
            "more_body": True,
        }
        # ZERO-02: a temporary file
        other: HTTPResponseZeroCopySendEvent = {
            "type": "http.response.zerocopysend",
            "file": temporary,
        }
        return [minimal, full, other]


def pairs() -> Iterator[tuple[bytes, bytes]]:
    """Headers may come from a generator function."""
    yield b"content-type", b"text/plain"


# HTTP-51: a generator function
start_function: HTTPResponseStartEvent = {
    "type": "http.response.start",
    "status": 200,
    "headers": pairs(),
}
# MAIN-11: the class called by keywords
called: HTTPResponseStartEvent = HTTPResponseStartEvent(type="http.response.start", status=200)
# MAIN-12: the unions
receivable: list[HTTPReceiveEvent] = [request_minimal, request_full, disconnect]
# MAIN-12: the unions
sendable: list[HTTPSendEvent] = [
    start_minimal,
    body_minimal,
    trailers_minimal,
    pathsend,
    push,
    hint,
    debug,
]
# MAIN-12: the unions
every_received: list[ASGIReceiveEvent] = [*receivable]
# MAIN-12: the unions
every_sent: list[ASGISendEvent] = [*sendable]


def echo(received: ReceivedHeaders) -> SentHeaders:
    """Whatever was read may be sent."""
    return received
