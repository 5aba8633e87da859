"""``WsgiToAsgi`` in process: requests without a server, one after another and 20 at a time."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from benchmarks.suite import Suite
from benchmarks.wsgi_site import REQUESTS, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

SUITE: Final = Suite("WSGI applications behind ASGI, in process")

#: What the time of one request may be, against asgiref 3.13.0, alone and among 20.
TARGETS: Final = {
    ("hello", 1): 1 / 2.5,
    ("hello", 20): 1 / 5,
    ("echo", 1): 1 / 2.5,
    ("echo", 20): 1 / 5,
    ("blocks", 1): 1 / 8,
    ("blocks", 20): 1 / 12,
}

#: And against a2wsgi.
RIVAL: Final = 1 / 1.5

TITLES: Final = {"hello": "hello world", "echo": "64 KiB echo", "blocks": "1 MiB in 64 blocks"}


async def _request(application: Any, scope: dict[str, Any], body: bytes) -> None:
    events = [{"type": "http.request", "body": body, "more_body": False}]
    over = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if events:
            return events.pop()
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(event: dict[str, Any]) -> None:
        if event["type"] == "http.response.body" and not event.get("more_body"):
            over.set()

    await application(scope, receive, send)
    if not over.is_set():
        raise RuntimeError("the response was not completed")


def _subject(
    site: str, adapter: str, concurrency: int
) -> Callable[[int], Coroutine[object, object, float]]:
    body = REQUESTS[site]
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST" if body else "GET",
        "scheme": "http",
        "path": "/some/page",
        "raw_path": b"/some/page",
        "query_string": b"a=1",
        "root_path": "",
        "headers": [
            (b"host", b"example.org"),
            (b"user-agent", b"benchmark"),
            (b"accept", b"*/*"),
            (b"accept-encoding", b"gzip, deflate"),
            (b"content-length", str(len(body)).encode()),
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }

    async def measure(loops: int) -> float:
        application = wrap(site, adapter)
        await _request(application, dict(scope), body)

        async def work(requests: int) -> None:
            for _ in range(requests):
                await _request(application, dict(scope), body)

        each, rest = divmod(loops, concurrency)
        shares = [each + (number < rest) for number in range(concurrency)]
        begin = perf_counter()
        await asyncio.gather(*map(work, shares))
        return perf_counter() - begin

    return measure


for (_site, _concurrency), _target in TARGETS.items():
    _case = SUITE.case(f"{TITLES[_site]}, concurrency {_concurrency}", target=_target)(
        _subject(_site, "asgiref", _concurrency)
    )
    _case.rival("a2wsgi", target=RIVAL)(_subject(_site, "a2wsgi", _concurrency))
    _case.rival("Starlette")(_subject(_site, "Starlette", _concurrency))
