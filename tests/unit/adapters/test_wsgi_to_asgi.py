"""``asgiref.wsgi.WsgiToAsgi`` towards the server: requests, responses, errors (PEP 3333, ASGI)."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import io
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any, Final
from wsgiref.validate import validator

import pytest

from asgiref._adapters import exchange as exchange_module
from asgiref._adapters import windowed_exchange
from asgiref._adapters.request_body import RequestBody
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from asgiref.wsgi import WsgiToAsgi, WsgiToAsgiInstance
from tests.http_exchange import HttpExchange, http_scope, upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from pathlib import Path

    Environ = dict[str, Any]
    StartResponse = Callable[..., Callable[[bytes], object]]
    Wsgi = Callable[[Environ, StartResponse], Any]

PATIENCE = 30.0


@pytest.fixture(autouse=True)
def no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a wake-up that was forgotten hang, instead of being made good after a while."""
    monkeypatch.setattr(windowed_exchange, "LOOP_CHECK_SECONDS", 3600.0)


def play(
    application: Wsgi,
    scope: dict[str, Any] | None = None,
    events: Iterable[dict[str, Any]] | None = None,
) -> HttpExchange:
    """Run one request to its end, in a loop of its own."""

    async def main() -> HttpExchange:
        return await HttpExchange(scope, events).run(WsgiToAsgi(application))

    return asyncio.run(main())


def play_failing(
    application: Wsgi, scope: dict[str, Any] | None = None
) -> tuple[HttpExchange, BaseException]:
    """Run one request that raises; return what was sent and what was raised."""

    async def main() -> tuple[HttpExchange, BaseException]:
        exchange = HttpExchange(scope)
        try:
            await exchange.run(WsgiToAsgi(application))
        except BaseException as error:  # noqa: BLE001 - the test looks at whatever came
            return exchange, error
        pytest.fail("nothing was raised")

    return asyncio.run(main())


def hello(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Answer in one block."""
    del environ
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def echo(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Answer with the whole body of the request."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [])
    return [body]


class Blocks:
    """An iterable of blocks that remembers how it was treated."""

    def __init__(self, *blocks: Any) -> None:
        self.blocks = iter(blocks)
        self.asked = 0
        self.closed: list[int] = []

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        block = next(self.blocks)
        self.asked += 1
        if isinstance(block, BaseException):
            raise block
        return block

    def close(self) -> None:
        """Note the thread."""
        self.closed.append(threading.get_ident())


def answering(
    iterable: Any, status: str = "200 OK", headers: Iterable[tuple[str, str]] = ()
) -> Wsgi:
    """Return an application that gives this response."""

    def application(environ: Environ, start_response: StartResponse) -> Any:
        del environ
        start_response(status, list(headers))
        return iterable

    return application


class TestEnviron:
    """What the application is told."""

    def test_valid_for_wsgiref(self) -> None:
        """``wsgiref.validate`` finds nothing to complain about."""

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            body = environ["wsgi.input"].read(100)
            environ["wsgi.errors"].write("")
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [body]

        checked: Any = validator(application)
        scope = http_scope("POST", "/a", headers=[(b"host", b"a"), (b"content-length", b"2")])
        assert play(checked, scope, upload(b"ab")).body == b"ab"

    def test_errors_take_any_text(self, capsys: pytest.CaptureFixture[str]) -> None:
        """``wsgi.errors`` ends at the standard error of the moment."""

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            print("é\u20ac", file=environ["wsgi.errors"])
            return hello(environ, start_response)

        play(application)
        assert capsys.readouterr().err == "é\u20ac\n"

    def test_threads_and_processes(self) -> None:
        """``wsgi.multithread`` and ``wsgi.multiprocess`` tell the truth about this process."""

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            start_response("200 OK", [])
            return [repr((environ["wsgi.multithread"], environ["wsgi.multiprocess"])).encode()]

        # Under pytest-xdist this process is one of several, but none of multiprocessing's.
        assert play(application).body == b"(True, False)"

    @pytest.mark.parametrize(
        "headers",
        [
            [(b"content-length", b"1"), (b"content-length", b"2")],
            [(b"host", b"a"), (b"host", b"b")],
            [(b"x-a", b"b")] * 101,
        ],
        ids=["lengths", "hosts", "too many"],
    )
    @pytest.mark.parametrize("method", ["POST", "HEAD"])
    def test_bad_request(self, headers: list[tuple[bytes, bytes]], method: str) -> None:
        """A request that contradicts itself gets 400 and never meets the application."""

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            pytest.fail("the application was called")

        exchange = play(application, http_scope(method, headers=headers))
        assert exchange.status == 400
        assert exchange.complete
        assert bool(exchange.body) == (method != "HEAD")

    @pytest.mark.parametrize(
        "headers",
        [[(b"content-length", 5)], [None], 5, iter([(b"x-a", b"b")])],
        ids=["value", "pair", "number", "iterator"],
    )
    def test_broken_scope(self, headers: Any) -> None:
        """A scope that breaks the specification is an error that reaches the server."""
        _, error = play_failing(hello, http_scope() | {"headers": headers})
        assert isinstance(error, TypeError)
        assert "'headers'" in str(error)

    def test_duplicate_header_limit(self) -> None:
        """The limit is the adapter's second argument."""

        async def main() -> list[int]:
            scope = http_scope(headers=[(b"x-a", b"b")] * 3)
            return [
                (await HttpExchange(scope).run(WsgiToAsgi(hello, limit))).status
                for limit in (2, 3, None)
            ]

        assert asyncio.run(main()) == [400, 200, 200]

    @pytest.mark.parametrize("kind", ["websocket", "lifespan", "http2"])
    def test_other_scopes(self, kind: str) -> None:
        """Every other scope type is a ValueError that names it."""
        with pytest.raises(ValueError, match=kind):
            play(hello, {"type": kind})

    @pytest.mark.parametrize("scope", [{}, None, "http", []], ids=repr)
    def test_no_scope(self, scope: Any) -> None:
        """What is no scope is quoted."""
        receive: Any = None
        with pytest.raises(TypeError, match=r"got the scope .*'type'"):
            asyncio.run(WsgiToAsgi(hello)(scope, receive, receive))

    @pytest.mark.parametrize(
        ("limit", "error"), [("5", TypeError), (1.5, TypeError), (-1, ValueError)]
    )
    def test_bad_limit(self, limit: Any, error: type[Exception]) -> None:
        """A limit that is no number of fields is refused when the adapter is made."""
        with pytest.raises(error, match="duplicate_header_limit must"):
            WsgiToAsgi(hello, limit)


class TestRequestBody:
    """``wsgi.input`` while the body arrives."""

    def test_starts_on_the_first_event(self) -> None:
        """The application runs, and answers, while the body is still arriving."""

        async def main() -> None:
            answered = asyncio.Semaphore(1)

            def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
                start_response("200 OK", [])
                while block := environ["wsgi.input"].read1():
                    yield block.upper()

            exchange = HttpExchange(http_scope("POST"))
            blocks = iter([b"a", b"", b"b", b"c"])

            async def receive() -> dict[str, Any]:
                # Nothing arrives before what came before it was answered.
                await answered.acquire()
                body = next(blocks, None)
                if not body:  # an empty block is no end, and gets no answer
                    answered.release()
                return {"type": "http.request", "body": body or b"", "more_body": body is not None}

            async def send(event: dict[str, Any]) -> None:
                await exchange.send(event)
                if event.get("body"):
                    answered.release()

            await WsgiToAsgi(application)(exchange.scope, receive, send)
            assert exchange.blocks == [b"A", b"B", b"C"]
            assert exchange.complete

        asyncio.run(main())

    def test_stops_at_the_content_length(self) -> None:
        """What comes after the Content-Length is no part of the body."""

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            start_response("200 OK", [])
            return [environ["wsgi.input"].read(), environ["wsgi.input"].read(5)]

        scope = http_scope("POST", headers=[(b"Content-Length", b"3")])
        assert play(application, scope, upload(b"ab", b"cdef")).body == b"abc"

    def test_takes_little_ahead(self) -> None:
        """An application that does not read holds the upload after at most 256 KiB and an event."""

        async def main() -> int:
            go = threading.Event()

            def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
                assert go.wait(PATIENCE)
                return hello(environ, start_response)

            block = b"x" * 65536
            exchange = HttpExchange(http_scope("POST"), upload(*[block] * 100))
            task = asyncio.create_task(exchange.run(WsgiToAsgi(application)))
            # Far more turns than events: what was not taken by then is not taken ahead.
            for _ in range(1000):
                await asyncio.sleep(0)
            go.set()
            await task
            return exchange.received

        assert asyncio.run(main()) <= 5

    def test_long_upload_flows_through(self) -> None:
        """Windows are emptied and filled again until all of it has passed."""

        def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
            start_response("200 OK", [])
            while block := environ["wsgi.input"].read(100_000):
                yield block

        sent = [bytes([number % 256]) * 50_000 for number in range(200)]
        exchange = play(application, http_scope("POST"), upload(*sent))
        assert exchange.body == b"".join(sent)

    @pytest.mark.parametrize("length", [None, b"10"], ids=["chunked", "with length"])
    @pytest.mark.parametrize("read", ["read", "readline", "readlines", "read1"])
    def test_cut_off(self, read: str, length: bytes | None) -> None:
        """A body that the client did not finish is never passed for a whole one."""
        seen: list[BaseException] = []

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            try:
                while getattr(environ["wsgi.input"], read)():
                    pass
            except OSError as error:
                seen.append(error)
            return hello(environ, start_response)

        events = [*upload(b"abc")[:1], {"type": "http.disconnect"}]
        headers = [] if length is None else [(b"content-length", length)]
        play(application, http_scope("POST", headers=headers), events)
        assert len(seen) == 1
        assert "disconnect" in str(seen[0])

    def test_unread(self) -> None:
        """A response sent before the body was read is fine, as is a body that is still arriving."""

        async def main() -> HttpExchange:
            exchange = HttpExchange(http_scope("POST"), upload(b"a")[:1])
            return await exchange.run(WsgiToAsgi(hello))

        assert asyncio.run(main()).complete

    def test_gone_before_anything(self) -> None:
        """A client that left before its request began never meets the application."""

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            pytest.fail("the application was called")

        assert play(application, None, [{"type": "http.disconnect"}]).sent == []

    @pytest.mark.parametrize("where", ["pool", "home"])
    def test_read_after_the_request(self, where: str) -> None:
        """A thread that the application left behind is told that the request is over."""

        async def main() -> None:
            streams: list[Any] = []

            def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
                streams.append(environ["wsgi.input"])
                return hello(environ, start_response)

            first = {"type": "http.request", "body": b"a", "more_body": True}
            exchange = HttpExchange(http_scope("POST"), [first])
            adapter = WsgiToAsgi(application)
            await play_in(where, adapter, exchange.scope, exchange.receive, exchange.send)
            with pytest.raises(OSError, match="request ended before its whole body"):
                await asyncio.to_thread(streams[0].read)

        asyncio.run(main())

    def test_stalled_uploads_do_not_keep_threads(self) -> None:
        """With one worker, another request is answered while one waits for its client."""

        async def main() -> None:
            def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
                start_response("200 OK", [])
                return [environ["wsgi.input"].read()]

            adapter = WsgiToAsgi(application, max_workers=1)
            stalled = HttpExchange(http_scope("POST"), upload(b"a")[:1])
            task = asyncio.create_task(stalled.run(adapter))
            for _ in range(3):
                other = await HttpExchange(http_scope("POST"), upload(b"b")).run(adapter)
                assert other.body == b"b"
            assert not task.done()
            stalled.disconnect()
            with pytest.raises(OSError, match="disconnect"):
                await task

        asyncio.run(main())

    @pytest.mark.parametrize("instead", ["the rest", "a disconnect"])
    def test_stalled_form_does_not_keep_the_one_thread(self, instead: str) -> None:
        """With ``thread_sensitive``, a short body of known length is awaited without the thread."""

        async def main() -> None:
            adapter = WsgiToAsgi(echo, thread_sensitive=True)
            events = asyncio.Queue[dict[str, Any]]()
            events.put_nowait({"type": "http.request", "body": b"a", "more_body": True})
            stalled = HttpExchange(http_scope("POST", headers=[(b"content-length", b"2")]))
            task = asyncio.create_task(adapter(stalled.scope, events.get, stalled.send))
            for _ in range(3):
                other = await HttpExchange(http_scope("POST"), upload(b"b")).run(adapter)
                assert other.body == b"b"
            if instead == "the rest":
                events.put_nowait({"type": "http.request", "body": b"b"})
                await task
                assert stalled.body == b"ab"
            else:
                events.put_nowait({"type": "http.disconnect"})
                with pytest.raises(OSError, match="disconnect"):
                    await task

        asyncio.run(main())

    def test_upload_of_unknown_length_streams_in_the_one_thread(self) -> None:
        """Such a body streams both ways also with ``thread_sensitive``."""

        async def main() -> None:
            exchange = HttpExchange(http_scope("POST"), [])
            events = asyncio.Queue[dict[str, Any]]()
            events.put_nowait({"type": "http.request", "body": b"a\n", "more_body": True})

            async def send(event: dict[str, Any]) -> None:
                await exchange.send(event)
                if exchange.blocks == [b"A\n"]:
                    events.put_nowait({"type": "http.request", "body": b"b\n"})

            def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
                start_response("200 OK", [])
                for line in environ["wsgi.input"]:
                    yield line.upper()

            adapter = WsgiToAsgi(application, thread_sensitive=True)
            await adapter(exchange.scope, events.get, send)
            assert exchange.body == b"A\nB\n"

        asyncio.run(main())


async def play_in(where: str, adapter: WsgiToAsgi, scope: Any, receive: Any, send: Any) -> None:
    """Run one request in the pool, in the home thread of a context, or in the one shared thread."""
    if where == "home":
        async with ThreadSensitiveContext():
            await adapter(scope, receive, send)
    else:
        await adapter(scope, receive, send)


@pytest.mark.parametrize("where", ["pool", "home"])
class TestCarelessServer:
    """``receive`` fails, or gives what ASGI does not know."""

    @pytest.mark.parametrize("block", [b"", b"a" * 300_000], ids=["small", "large"])
    def test_receive_fails_within_the_body(self, where: str, block: bytes) -> None:
        """Reading raises an OSError that says so, with the server's error as its cause."""

        async def main() -> None:
            exchange = HttpExchange(http_scope("POST"), upload(block, b"b"))
            error = LookupError("nothing more")

            async def receive() -> dict[str, Any]:
                if exchange.received == 1:
                    raise error
                return await exchange.receive()

            adapter = WsgiToAsgi(echo)
            with pytest.raises(OSError, match=r"receive.* failed .*nothing more") as caught:
                await play_in(where, adapter, exchange.scope, receive, exchange.send)
            assert caught.value.__cause__ is error
            assert not exchange.complete

        asyncio.run(main())

    @pytest.mark.parametrize(
        "event",
        [
            None,
            {},
            {"type": "websocket.receive", "bytes": b"a"},
            {"type": "http.request", "body": "text", "more_body": True},
            {"type": "http.request", "body": 5, "more_body": True},
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("position", [0, 1])
    def test_broken_event(self, where: str, event: Any, position: int) -> None:
        """The event is quoted: at once, or to whoever reads."""

        async def main() -> None:
            events = [{"type": "http.request", "body": b"a", "more_body": True}] * position
            exchange = HttpExchange(http_scope("POST"), [*events, event])
            adapter = WsgiToAsgi(echo)
            with pytest.raises((TypeError, ValueError, OSError)) as caught:
                await play_in(where, adapter, exchange.scope, exchange.receive, exchange.send)
            assert "The server" in str(caught.value)
            assert "ASGI has" in str(caught.value)
            assert not exchange.complete

        asyncio.run(main())

    @pytest.mark.parametrize("fault", ["raises", "unknown event", "repeats itself", "empty events"])
    @pytest.mark.parametrize("whole", [True, False], ids=["whole body", "unread body"])
    def test_response_goes_on(self, where: str, fault: str, whole: bool) -> None:
        """A response is ended as whole though the server cannot say whether its client has left."""

        async def main() -> None:
            first = {"type": "http.request", "body": b"a", "more_body": not whole}
            exchange = HttpExchange()
            looked = threading.Event()

            async def receive() -> dict[str, Any]:
                if not exchange.received:
                    exchange.received += 1
                    return first
                looked.set()
                if fault == "raises":
                    raise IndexError("pop from empty list")
                if fault == "unknown event":
                    return {"type": "http.news"}
                return first if fault == "repeats itself" else {**first, "body": b""}

            def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
                del environ
                start_response("200 OK", [])
                for number in range(5):
                    yield b"%d" % number
                    # In a home thread nothing is received that nobody asked for.
                    assert (where == "home" and not whole) or looked.wait(PATIENCE)

            adapter = WsgiToAsgi(application)
            await play_in(where, adapter, exchange.scope, receive, exchange.send)
            assert exchange.body == b"01234"
            assert exchange.complete

        asyncio.run(main())


class TestResponse:
    """From ``start_response`` to the last event."""

    @pytest.mark.parametrize(
        ("headers", "blocks", "sent"),
        [
            ([], [], []),
            ([], [b""], [b""]),
            ([], [b"", b""], [b""]),
            ([], [b"a", b"b"], [b"a", b"b"]),
            ([("Content-Length", "3")], [b"a", b"bcd", b"e"], [b"a", b"bc"]),
        ],
    )
    @pytest.mark.parametrize("make", [list, iter], ids=["list", "iterator"])
    def test_events(
        self,
        headers: list[tuple[str, str]],
        blocks: list[bytes],
        sent: list[bytes],
        make: Callable[[list[bytes]], Iterable[bytes]],
    ) -> None:
        """Blocks say that more comes, and the end is an event of its own, as in asgiref 3.13.0."""

        def application(environ: Any, start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", headers)
            return make(blocks)

        start, *body = play(application).sent
        assert start["type"] == "http.response.start"
        assert body == [
            *({"type": "http.response.body", "body": one, "more_body": True} for one in sent),
            {"type": "http.response.body"},
        ]

    def test_one_block(self) -> None:
        """A list of one block is a start, the block and the end: the events of asgiref 3.13.0."""
        exchange = play(hello)
        assert exchange.sent == [
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"text/plain")],
            },
            {"type": "http.response.body", "body": b"hello", "more_body": True},
            {"type": "http.response.body"},
        ]

    @pytest.mark.parametrize(
        "iterable",
        [[], [b""], [b"", b""], (), iter([]), iter([b"", b""])],
        ids=lambda blocks: type(blocks).__name__,
    )
    def test_empty(self, iterable: Iterable[bytes]) -> None:
        """A response without a block is a start and an empty end."""
        exchange = play(answering(iterable, "204 No Content", [("X-A", "b")]))
        assert (exchange.status, exchange.headers) == (204, [(b"x-a", b"b")])
        assert exchange.body == b""
        assert exchange.complete

    @pytest.mark.parametrize("kind", [list, tuple, iter, lambda blocks: Blocks(*blocks)])
    def test_blocks(self, kind: Callable[[list[bytes]], Iterable[bytes]]) -> None:
        """Each block that is not empty is one event, whatever iterates."""
        exchange = play(answering(kind([b"", b"a", b"", b"b", b"c", b""])))
        assert exchange.blocks == [b"a", b"b", b"c"]
        assert exchange.complete

    def test_end_by_itself(self) -> None:
        """An end that has no block to go with is the event that asgiref 3.13.0 sent."""

        async def main() -> None:
            exchange = HttpExchange()
            sent = threading.Event()

            async def send(event: dict[str, Any]) -> None:
                await exchange.send(event)
                if event.get("body"):
                    sent.set()

            def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
                del environ
                start_response("200 OK", [])
                yield b"a"
                assert sent.wait(PATIENCE)

            await WsgiToAsgi(application)(exchange.scope, exchange.receive, send)
            assert exchange.sent[1:] == [
                {"type": "http.response.body", "body": b"a", "more_body": True},
                {"type": "http.response.body"},
            ]

        asyncio.run(main())

    def test_started_in_iteration(self) -> None:
        """A generator may call ``start_response`` before its first block."""

        def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
            del environ
            yield b""
            start_response("201 Created", [])
            yield b"a"

        exchange = play(application)
        assert (exchange.status, exchange.body) == (201, b"a")

    def test_head_waits_for_the_first_block(self) -> None:
        """Until a block that is not empty, an error may replace the response."""

        def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
            del environ
            start_response("200 OK", [("Content-Length", "5")])
            yield b""
            try:
                raise KeyError
            except KeyError:
                start_response("500 Oops", [("X-A", "b")], sys.exc_info())
            yield b"sorry!"

        exchange = play(application)
        assert (exchange.status, exchange.headers) == (500, [(b"x-a", b"b")])
        assert exchange.body == b"sorry!"

    def test_too_late_to_replace(self) -> None:
        """After the first block ``start_response`` raises the error it was given, as itself."""
        error = KeyError("mine")

        def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
            del environ
            start_response("200 OK", [])
            yield b"a"
            try:
                raise error
            except KeyError:
                start_response("500 Oops", [], sys.exc_info())
            yield b"never"

        exchange, raised = play_failing(application)
        assert raised is error
        assert exchange.body == b"a"
        assert not exchange.complete

    @pytest.mark.parametrize("exc_info", [5, (KeyError, "a"), KeyError("a"), (1, 2, 3)], ids=repr)
    @pytest.mark.parametrize("blocks", [[], [b"a"]], ids=["pending", "sent"])
    def test_bad_exc_info(self, exc_info: Any, blocks: list[bytes]) -> None:
        """What ``sys.exc_info()`` cannot return is a TypeError that shows it."""

        def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
            del environ
            start_response("200 OK", [])
            yield from blocks
            start_response("500 Oops", [], exc_info)

        exchange, error = play_failing(application)
        assert isinstance(error, TypeError)
        assert f"exc_info {exc_info!r}" in str(error)
        assert not exchange.complete

    def test_second_call(self) -> None:
        """A second ``start_response`` without ``exc_info`` is an error that says so."""

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            start_response("200 OK", [])
            return hello(environ, start_response)

        exchange, error = play_failing(application)
        assert isinstance(error, RuntimeError)
        assert "second time without exc_info" in str(error)
        assert exchange.sent == []

    @pytest.mark.parametrize(
        "iterable", [[b"a"], [], iter([b"a"]), iter([])], ids=lambda blocks: type(blocks).__name__
    )
    def test_no_call(self, iterable: Iterable[bytes]) -> None:
        """A response without ``start_response`` is an error that says so."""
        exchange, error = play_failing(lambda _, __: iterable)
        assert isinstance(error, RuntimeError)
        assert "start_response()" in str(error)
        assert exchange.sent == []

    @pytest.mark.parametrize("block", ["text", bytearray(b"a"), 5, None], ids=repr)
    @pytest.mark.parametrize("kind", [list, iter])
    def test_block_of_wrong_type(self, block: Any, kind: Any) -> None:
        """A block that is not bytes is a TypeError that shows it."""
        exchange, error = play_failing(answering(kind([b"a", block])))
        assert isinstance(error, TypeError)
        assert type(block).__name__ in str(error)
        assert exchange.body == b"a"
        assert not exchange.complete

    @pytest.mark.parametrize("response", [None, b"bytes", "text", 5], ids=repr)
    def test_response_of_wrong_type(self, response: Any) -> None:
        """What is no iterable of blocks is a TypeError that shows it."""
        _, error = play_failing(answering(response))
        assert isinstance(error, TypeError)
        assert f"returned {response!r}" in str(error)

    def test_sequence_of_the_older_protocol(self) -> None:
        """What can be indexed from 0 on can be iterated, as PEP 3333 knew it."""

        class Sequence:
            def __getitem__(self, index: int) -> bytes:
                return [b"a", b"b"][index]

        assert play(answering(Sequence())).body == b"ab"

    def test_coroutine(self) -> None:
        """A coroutine is a TypeError that says so, and it is closed."""
        made: list[Any] = []

        async def answer() -> list[bytes]:
            return [b"a"]

        def application(environ: Environ, start_response: StartResponse) -> Any:
            del environ
            start_response("200 OK", [])
            made.append(answer())
            return made[0]

        exchange, error = play_failing(application)
        assert isinstance(error, TypeError)
        assert "returned a coroutine, <coroutine object" in str(error)
        assert inspect.getcoroutinestate(made[0]) == inspect.CORO_CLOSED
        assert exchange.sent == []

    def test_async_generator(self) -> None:
        """An asynchronous generator is a TypeError that says so."""

        async def blocks() -> AsyncIterator[bytes]:
            yield b"a"

        _, error = play_failing(answering(blocks()))
        assert isinstance(error, TypeError)
        assert "returned an async generator" in str(error)

    def test_status_of_wrong_type(self) -> None:
        """The text names the type of the status."""

        def application(environ: Environ, start_response: StartResponse) -> Any:
            del environ
            start_response(200, [])

        _, error = play_failing(application)
        assert isinstance(error, TypeError)
        assert "the status 200 of type int; it must be a str" in str(error)

    def test_refused_at_once(self) -> None:
        """A bad status or header is raised by ``start_response`` itself."""
        seen: list[Exception] = []

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            try:
                start_response("200 OK", [("X-A", "b\r\nX-C: d")])
            except ValueError as error:
                seen.append(error)
            return hello(environ, start_response)

        assert play(application).body == b"hello"
        assert "X-C: d" in str(seen[0])

    def test_write(self) -> None:
        """``write`` sends at once, before the iterable, and counts."""

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            del environ
            write = start_response("200 OK", [("Content-Length", "3")])
            write(b"")
            write(b"a")
            write(b"b")
            return [b"cd"]

        exchange = play(application)
        assert exchange.blocks == [b"a", b"b", b"c"]
        assert exchange.complete

    def test_write_past_the_content_length(self) -> None:
        """``write`` sends what the Content-Length allows, then refuses more."""
        cut: list[bool] = []

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            del environ
            write = start_response("200 OK", [("Content-Length", "3")])
            write(b"ab")
            write(b"cd")
            cut.append(True)
            write(b"e")
            return []

        exchange, error = play_failing(application)
        assert isinstance(error, RuntimeError)
        assert "Content-Length of 3 was reached" in str(error)
        assert cut == [True]
        assert exchange.body == b"abc"
        assert exchange.complete

    @pytest.mark.parametrize("length", [0, 2, 3])
    def test_longer_than_content_length(self, length: int) -> None:
        """Longer output is cut, iteration stops, ``close`` is called."""
        blocks = Blocks(b"a", b"bc", b"d", b"e")
        exchange = play(answering(blocks, headers=[("Content-Length", str(length))]))
        assert exchange.body == b"abcde"[:length]
        assert exchange.complete
        assert blocks.asked == {0: 1, 2: 2, 3: 2}[length]
        assert len(blocks.closed) == 1

    @pytest.mark.parametrize(
        ("iterable", "sent"),
        [([b"ab"], b""), ([], b""), (iter([b"ab"]), b"ab"), ([b"a", b"b"], b"a"), (iter([]), b"")],
        ids=["one block", "none", "iterator", "two blocks", "empty iterator"],
    )
    def test_shorter_than_content_length(self, iterable: Iterable[bytes], sent: bytes) -> None:
        """Shorter output is an error; the connection is not ended as whole."""
        exchange, error = play_failing(answering(iterable, headers=[("Content-Length", "5")]))
        assert isinstance(error, RuntimeError)
        assert "Content-Length of 5" in str(error)
        assert exchange.body == sent
        assert not exchange.complete
        # Where nothing was promised yet, the server can answer with an error of its own.
        assert bool(exchange.sent) == bool(sent)

    @pytest.mark.parametrize(
        ("method", "status"), [("HEAD", "200 OK"), ("GET", "204 None"), ("GET", "304 Same")]
    )
    @pytest.mark.parametrize("kind", [list, iter])
    def test_no_body(self, method: str, status: str, kind: Any) -> None:
        """HEAD, 204 and 304 send no body and keep their headers, whatever was given."""
        headers = [("Content-Length", "5")]
        for blocks in ([], [b"hello"], [b"much", b"longer"]):
            exchange = play(answering(kind(blocks), status, headers), http_scope(method))
            assert exchange.headers == [(b"content-length", b"5")]
            assert exchange.body == b""
            assert exchange.complete

    def test_head_does_not_run_on(self) -> None:
        """The body of a HEAD request is not asked for beyond its first block."""
        blocks = Blocks(*[b"x"] * 100)
        play(answering(blocks), http_scope("HEAD"))
        assert blocks.asked == 1
        assert len(blocks.closed) == 1

    def test_each_block_is_sent_before_the_next_is_asked_for(self) -> None:
        """A block reaches the client while the application waits to give the next one."""

        async def main() -> None:
            arrived = threading.Event()

            def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
                del environ
                start_response("200 OK", [])
                for block in (b"a", b"b", b"c"):
                    arrived.clear()
                    yield block
                    assert arrived.wait(PATIENCE)

            exchange = HttpExchange()

            async def send(event: dict[str, Any]) -> None:
                await exchange.send(event)
                if event.get("body"):
                    arrived.set()

            await WsgiToAsgi(application)(exchange.scope, exchange.receive, send)
            assert exchange.blocks == [b"a", b"b", b"c"]

        asyncio.run(main())

    @pytest.mark.parametrize(
        ("size", "ahead"), [(1, 33), (65536, 9), (1_000_000, 2)], ids=["small", "64 KiB", "large"]
    )
    def test_back_pressure(self, size: int, ahead: int) -> None:
        """A slow client holds the iterable: at most 32 events or 512 KiB are ahead."""

        async def main() -> int:
            blocks = Blocks(*[b"x" * size] * 100)
            exchange = HttpExchange()
            exchange.reading.clear()
            adapter = WsgiToAsgi(answering(blocks), max_workers=1)
            task = asyncio.create_task(exchange.run(adapter))
            await exchange.blocked.wait()
            # The worker is held: the only one there is serves another request meanwhile.
            other = Blocks(b"y")
            adapter.wsgi_application = answering(other)
            await HttpExchange().run(adapter)
            asked = blocks.asked
            exchange.reading.set()
            await task
            assert len(exchange.blocks) == 100
            return asked

        assert asyncio.run(main()) <= ahead


class TestFileWrapper:
    """``wsgi.file_wrapper``, with and without zero-copy."""

    ZERO_COPY: Final[dict[str, Any]] = {"extensions": {"http.response.zerocopysend": {}}}

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """A file of ten bytes."""
        made = tmp_path / "digits"
        made.write_bytes(b"0123456789")
        return made

    def application(
        self, path: Path, headers: Iterable[tuple[str, str]] = (), skip: int = 3
    ) -> Wsgi:
        """Return an application that gives the file from its third byte on."""

        def application(environ: Environ, start_response: StartResponse) -> Any:
            self.file = path.open("rb")
            self.file.read(skip)
            start_response("200 OK", list(headers))
            return environ["wsgi.file_wrapper"](self.file)

        return application

    def test_blocks(self, path: Path) -> None:
        """Without the extension the file goes out in blocks, and is closed."""
        exchange = play(self.application(path))
        assert exchange.body == b"3456789"
        assert exchange.complete
        assert self.file.closed

    @pytest.mark.parametrize(("length", "count"), [(None, 7), ("7", 7), ("4", 4)])
    def test_zero_copy(self, path: Path, length: str | None, count: int) -> None:
        """With it, the server is told offset and length, and the file is open until it is done."""
        headers = [] if length is None else [("Content-Length", length)]
        exchange = play(self.application(path, headers), http_scope(**self.ZERO_COPY))
        assert exchange.sent[1:] == [
            {
                "type": "http.response.zerocopysend",
                "file": self.file,
                "offset": 3,
                "count": count,
                "more_body": False,
            }
        ]
        assert self.file.closed

    def test_open_until_sent(self, path: Path) -> None:
        """The file is closed only after ``send`` has returned."""

        async def main() -> None:
            exchange = HttpExchange(http_scope(**self.ZERO_COPY))

            async def send(event: dict[str, Any]) -> None:
                if event["type"] == "http.response.zerocopysend":
                    for _ in range(100):
                        await asyncio.sleep(0)
                    assert not event["file"].closed
                await exchange.send(event)

            await WsgiToAsgi(self.application(path))(exchange.scope, exchange.receive, send)
            assert exchange.complete

        asyncio.run(main())

    def test_shorter_than_content_length(self, path: Path) -> None:
        """A file that is shorter than promised is an error before anything is sent."""
        application = self.application(path, [("Content-Length", "8")])
        exchange, error = play_failing(application, http_scope(**self.ZERO_COPY))
        assert isinstance(error, RuntimeError)
        assert exchange.sent == []
        assert self.file.closed

    @pytest.mark.parametrize("method", ["HEAD", "GET"])
    def test_nothing_to_send(self, path: Path, method: str) -> None:
        """HEAD requests and empty files are ended without the extension."""
        application = self.application(path, skip=0 if method == "HEAD" else 10)
        exchange = play(application, http_scope(method, **self.ZERO_COPY))
        assert exchange.complete
        assert [event["type"] for event in exchange.sent[1:]] == ["http.response.body"]

    def test_wrapped_by_a_middleware(self, path: Path) -> None:
        """Only the wrapper itself is sent from the file; a middleware's iterable is asked."""
        inner = self.application(path)

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            return [block.replace(b"3", b"x") for block in inner(environ, start_response)]

        assert play(application, http_scope(**self.ZERO_COPY)).body == b"x456789"
        self.file.close()

    def test_no_descriptor(self) -> None:
        """A file in memory goes out in blocks, whatever the server offers."""

        def application(environ: Environ, start_response: StartResponse) -> Any:
            start_response("200 OK", [])
            return environ["wsgi.file_wrapper"](io.BytesIO(b"abc"), 2)

        assert play(application, http_scope(**self.ZERO_COPY)).blocks == [b"ab", b"c"]


class TestClose:
    """``close()`` of what the application returned."""

    def test_at_the_end(self) -> None:
        """Called once, in the thread of the request."""
        blocks = Blocks(b"a")
        threads: list[int] = []

        def application(environ: Environ, start_response: StartResponse) -> Blocks:
            threads.append(threading.get_ident())
            start_response("200 OK", [])
            return blocks

        play(application)
        assert blocks.closed == threads
        assert threads != [threading.get_ident()]

    def test_not_of_the_iterator(self) -> None:
        """Of the very iterable, not of what ``iter()`` made of it."""

        class Outer:
            def __iter__(self) -> Iterator[Any]:
                return iter(inner)

            def close(self) -> None:
                closed.append(self)

        inner = Blocks(b"a")
        outer = Outer()
        closed: list[Outer] = []
        play(answering(outer))
        assert closed == [outer]
        assert inner.closed == []

    def test_after_an_error(self) -> None:
        """An error in iteration reaches the server as itself, after ``close``."""
        error = KeyError("mine")
        blocks = Blocks(b"a", error)
        exchange, raised = play_failing(answering(blocks))
        assert raised is error
        assert exchange.body == b"a"
        assert not exchange.complete
        assert len(blocks.closed) == 1

    @pytest.mark.parametrize("length", [[], [("Content-Length", "1")]], ids=["open", "length"])
    def test_error_in_close(self, length: list[tuple[str, str]]) -> None:
        """An error in ``close`` reaches the server, after the response."""

        class Broken(Blocks):
            def close(self) -> None:
                raise error

        error = KeyError("mine")
        exchange, raised = play_failing(answering(Broken(b"a"), headers=length))
        assert raised is error
        assert exchange.body == b"a"
        assert exchange.complete

    def test_error_and_error_in_close(self, caplog: pytest.LogCaptureFixture) -> None:
        """The first error counts; the one of ``close`` is logged."""

        class Broken(Blocks):
            def close(self) -> None:
                raise ValueError("second")

        first = KeyError("first")
        _, raised = play_failing(answering(Broken(b"a", first)))
        assert raised is first
        assert "second" in caplog.text

    def test_generator(self) -> None:
        """A generator that is stopped early runs its ``finally``."""
        ended: list[bool] = []

        def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
            del environ
            start_response("200 OK", [("Content-Length", "1")])
            try:
                while True:
                    yield b"a"
            finally:
                ended.append(True)

        assert play(application).body == b"a"
        assert ended == [True]


class TestErrors:
    """Errors of the application reach the server as themselves."""

    @pytest.mark.parametrize("error", [KeyError("a"), SystemExit(3), GeneratorExit()], ids=repr)
    @pytest.mark.parametrize("where", ["call", "first", "second"])
    def test_as_themselves(self, error: BaseException, where: str) -> None:
        """Before the response, before its first block, within it."""

        def application(environ: Environ, start_response: StartResponse) -> Any:
            if where == "call":
                raise error
            start_response("200 OK", [])
            return Blocks(error) if where == "first" else Blocks(b"a", error)

        async def main() -> tuple[HttpExchange, list[BaseException]]:
            # Caught in the task: asyncio lets a SystemExit out of the loop.
            exchange = HttpExchange()
            caught: list[BaseException] = []
            try:
                await exchange.run(WsgiToAsgi(application))
            except BaseException as raised:  # noqa: BLE001 - the test looks at whatever came
                caught.append(raised)
            return exchange, caught

        exchange, caught = asyncio.run(main())
        assert caught == [error]
        assert exchange.body == (b"a" if where == "second" else b"")
        assert not exchange.complete

    def test_stop_iteration(self) -> None:
        """A StopIteration cannot pass through a coroutine: it is a RuntimeError's cause."""
        error = StopIteration()

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            raise error

        _, raised = play_failing(application)
        assert isinstance(raised, RuntimeError)
        assert raised.__cause__ is error

    def test_of_send(self) -> None:
        """An error of ``send`` that is no disconnect ends the request and reaches the server."""

        async def main() -> None:
            blocks = Blocks(*[b"a"] * 10_000)
            exchange = HttpExchange()
            exchange.send_error = KeyError("server")
            with pytest.raises(KeyError, match="server"):
                await exchange.run(WsgiToAsgi(answering(blocks)))
            assert blocks.asked < 10_000
            assert len(blocks.closed) == 1

        asyncio.run(main())


class TestClientGone:
    """The client leaves: iteration stops soon, ``close`` is called, and nobody is blamed."""

    @staticmethod
    def endless(closed: list[bool], block: bytes) -> Wsgi:
        """Return an application that never ends by itself."""

        def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
            del environ
            start_response("200 OK", [])
            try:
                while True:
                    yield block
            finally:
                closed.append(True)

        return application

    @pytest.mark.parametrize("how", ["event", "send"])
    def test_noticed(self, how: str) -> None:
        """By the event, or by ``send`` raising OSError."""

        async def main() -> None:
            closed: list[bool] = []
            exchange = HttpExchange()

            async def send(event: dict[str, Any]) -> None:
                await exchange.send(event)
                if len(exchange.sent) == 5:
                    if how == "event":
                        exchange.disconnect()
                    else:
                        exchange.send_error = BrokenPipeError()
                await asyncio.sleep(0)

            adapter = WsgiToAsgi(self.endless(closed, b"a"))
            await adapter(exchange.scope, exchange.receive, send)
            assert closed == [True]
            assert not exchange.complete

        asyncio.run(main())

    def test_noticed_between_blocks(self) -> None:
        """An application that keeps giving empty blocks is stopped too."""

        async def main() -> None:
            closed: list[bool] = []
            exchange = HttpExchange()
            exchange.disconnect()
            await exchange.run(WsgiToAsgi(self.endless(closed, b"")))
            assert closed == [True]
            assert exchange.sent == []

        asyncio.run(main())

    def test_with_an_upload_left_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An upload beyond the window, which the application does not read, hides nothing."""
        monkeypatch.setattr(exchange_module, "LOOK_SECONDS", 0.0)

        async def main() -> None:
            closed: list[bool] = []
            block = {"type": "http.request", "body": b"a" * 65536, "more_body": True}
            exchange = HttpExchange(http_scope("POST"), [block] * 10)
            exchange.disconnect()
            await exchange.run(WsgiToAsgi(self.endless(closed, b"a")))
            assert closed == [True]
            assert not exchange.complete

        asyncio.run(main())

    @pytest.mark.parametrize("where", ["pool", "home"])
    def test_upload_left_alone_is_not_taken_in(
        self, where: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While a response streams, little of an upload is taken ahead, and nothing is lost."""
        monkeypatch.setattr(exchange_module, "LOOK_SECONDS", 3600.0)
        monkeypatch.setattr(exchange_module, "LONGEST_LOOK_SECONDS", 3600.0)
        ahead: list[int] = []

        async def main() -> None:
            exchange = HttpExchange(http_scope("POST"), upload(*[b"a" * 65536] * 20))

            def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
                start_response("200 OK", [])
                for _ in range(1000):
                    yield b"a"
                ahead.append(exchange.received)
                yield b"%d" % len(environ["wsgi.input"].read())

            adapter = WsgiToAsgi(application)
            await play_in(where, adapter, exchange.scope, exchange.receive, exchange.send)
            assert exchange.body == b"a" * 1000 + b"%d" % (65536 * 20)

        asyncio.run(main())
        assert ahead[0] <= 5

    def test_while_held_by_back_pressure(self) -> None:
        """An application that waits for a client that leaves is let go."""

        async def main() -> None:
            closed: list[bool] = []
            exchange = HttpExchange()

            async def send(event: dict[str, Any]) -> None:
                await asyncio.Event().wait()

            adapter = WsgiToAsgi(self.endless(closed, b"a"))
            task = asyncio.create_task(adapter(exchange.scope, exchange.receive, send))
            while not closed:
                exchange.disconnect()
                await asyncio.sleep(0)
            await task

        asyncio.run(main())

    def test_write(self) -> None:
        """``write`` raises, so that code which only writes stops; letting it pass is no error."""

        async def main() -> None:
            seen: list[BaseException] = []

            def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
                del environ
                write = start_response("200 OK", [])
                try:
                    while True:
                        write(b"a")
                except OSError as error:
                    seen.append(error)
                    raise

            exchange = HttpExchange()
            exchange.send_error = BrokenPipeError()
            await exchange.run(WsgiToAsgi(application))
            assert "disconnect" in str(seen[0])

        asyncio.run(main())


class TestOverrides:
    """``WsgiToAsgiInstance`` is subclassed in the wild; its methods are looked up when called."""

    def test_build_environ(self) -> None:
        """An override adds to the environ; it gets the scope and the streaming body."""

        class Instance(WsgiToAsgiInstance):
            def build_environ(self, scope: dict[str, Any], body: Any) -> dict[str, Any]:
                return super().build_environ(scope, body) | {"my.body": body}

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            assert environ["my.body"] is environ["wsgi.input"]
            return hello(environ, start_response)

        async def main() -> HttpExchange:
            return await HttpExchange().run(Instance(application))

        assert asyncio.run(main()).body == b"hello"

    def test_start_response(self) -> None:
        """An override changes what the application says, even set on one instance."""

        class Instance(WsgiToAsgiInstance):
            def start_response(
                self, status: str, response_headers: Iterable[Iterable[str]], exc_info: Any = None
            ) -> Callable[[bytes], None]:
                return super().start_response(
                    status, [*response_headers, ("X-Added", "yes")], exc_info
                )

        async def main() -> HttpExchange:
            return await HttpExchange().run(Instance(hello))

        assert (b"x-added", b"yes") in asyncio.run(main()).headers

    def test_run_wsgi_app(self) -> None:
        """An override wraps the run, and is given the streaming body."""
        seen: list[Any] = []

        class Instance(WsgiToAsgiInstance):
            async def run_wsgi_app(self, body: Any) -> None:
                seen.append(body.read)
                await super().run_wsgi_app(body)

        async def main() -> HttpExchange:
            return await HttpExchange().run(Instance(hello))

        assert asyncio.run(main()).body == b"hello"
        assert len(seen) == 1

    def test_everything_by_hand(self) -> None:
        """An override of ``run_wsgi_app`` may iterate and send by itself, as in asgiref 3.13.0."""

        class Instance(WsgiToAsgiInstance):
            @sync_to_async
            def by_hand(self, body: Any) -> None:
                environ = self.build_environ(self.scope, body)
                assert not hasattr(self, "response_start")
                for block in self.wsgi_application(environ, self.start_response):
                    if not self.response_started:
                        self.sync_send(self.response_start)
                    assert self.response_started
                    assert self.response_content_length == 5
                    self.sync_send({"type": "http.response.body", "body": block, "more_body": True})
                self.sync_send({"type": "http.response.body"})

            run_wsgi_app = by_hand

        application = answering([b"ab", b"cde"], headers=[("Content-Length", "5")])

        async def main() -> HttpExchange:
            return await HttpExchange().run(Instance(application))

        exchange = asyncio.run(main())
        assert exchange.headers == [(b"content-length", b"5")]
        assert exchange.blocks == [b"ab", b"cde"]
        assert exchange.complete

    def test_by_hand_for_a_client_that_left(self) -> None:
        """``sync_send`` raises then, which is nobody's fault."""

        class Instance(WsgiToAsgiInstance):
            @sync_to_async
            def by_hand(self, body: Any) -> None:
                del body
                self.start_response("200 OK", [])
                self.sync_send(self.response_start)
                while True:
                    self.sync_send({"type": "http.response.body", "body": b"a", "more_body": True})

            run_wsgi_app = by_hand

        async def main() -> HttpExchange:
            exchange = HttpExchange()
            exchange.send_error = BrokenPipeError()
            return await exchange.run(Instance(hello))

        assert not asyncio.run(main()).complete

    def test_start_response_by_hand(self) -> None:
        """An override of ``start_response`` may set the event that begins the response."""

        class Instance(WsgiToAsgiInstance):
            def start_response(
                self, status: str, response_headers: Iterable[Iterable[str]], exc_info: Any = None
            ) -> Callable[[bytes], None]:
                self.response_start = {
                    "type": "http.response.start",
                    "status": 299,
                    "headers": [(b"content-length", b"3")],
                }
                assert self.response_content_length == 3
                return [b""].append

        async def main() -> HttpExchange:
            return await HttpExchange().run(Instance(hello))

        exchange = asyncio.run(main())
        assert exchange.status == 299
        assert exchange.body == b"hel"

    def test_outside_of_a_request(self) -> None:
        """The methods can be called by a test that has no request."""
        instance = WsgiToAsgiInstance(hello)
        scope = http_scope(path="/a")
        assert instance.build_environ(scope, RequestBody(lambda _: b""))["PATH_INFO"] == "/a"
        assert not instance.response_started
        assert instance.response_content_length is None
        instance.start_response("200 OK", [("Content-Length", "5")])
        assert instance.response_start["status"] == 200
        assert instance.response_content_length == 5

    def test_bad_pool(self) -> None:
        """A pool without threads is refused when the adapter is made."""
        with pytest.raises(ValueError, match="max_workers"):
            WsgiToAsgi(hello, max_workers=0)
        count: Any = "4"
        with pytest.raises(TypeError, match="max_workers must be an int or None, not '4' of type"):
            WsgiToAsgi(hello, max_workers=count)

    @pytest.mark.parametrize("kind", ["function", "object", "partial", "adapter"])
    def test_asgi_application(self, kind: str) -> None:
        """What is async is refused when the adapter is made: it needs none."""

        async def function(scope: Any, receive: Any, send: Any) -> None: ...

        class Application:
            async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

        applications: dict[str, Any] = {
            "function": function,
            "object": Application(),
            "partial": functools.partial(Application()),
            "adapter": WsgiToAsgi(hello),
        }
        with pytest.raises(TypeError, match="an ASGI application already"):
            WsgiToAsgi(applications[kind])

    def test_not_callable(self) -> None:
        """It is refused when the adapter is made."""
        application: Any = None
        with pytest.raises(TypeError, match="None of type NoneType, which cannot be called"):
            WsgiToAsgi(application)

    def test_class(self) -> None:
        """A class is called to make the response, whatever its instances can do besides."""

        class Response:
            def __init__(self, environ: Environ, start_response: StartResponse) -> None:
                self.blocks = hello(environ, start_response)

            def __iter__(self) -> Iterator[bytes]:
                return iter(self.blocks)

            async def __call__(self) -> None: ...

        assert play(Response).body == b"hello"


class DroppedError(Exception):
    """Raised and dropped."""


@pytest.mark.parametrize("kind", ["application", "send"])
def test_no_cycles(kind: str) -> None:
    """An error that was dropped is freed at once, with the frames it went through."""

    def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        del environ
        start_response("200 OK", [])
        yield b"a"
        if kind == "application":
            raise DroppedError

    async def send(event: dict[str, Any]) -> None:
        if kind == "send":
            raise DroppedError

    async def main() -> None:
        exchange = HttpExchange()
        try:
            await WsgiToAsgi(application)(exchange.scope, exchange.receive, send)
        except DroppedError as error:
            reference = weakref.ref(error)
        else:
            pytest.fail("nothing was raised")
        await asyncio.sleep(0)
        assert reference() is None

    gc.disable()
    try:
        asyncio.run(main())
    finally:
        gc.enable()
