"""``asgiref.wsgi.AsgiToWsgi``: an ASGI application behind a WSGI server."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import gc
import io
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Final, cast
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import pytest

from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from asgiref.wsgi import AsgiToWsgi, WsgiToAsgi
from tests.wsgi_exchange import WsgiExchange, wsgi_environ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE = 30.0

START: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": []}


def body(block: bytes = b"", more: bool = False) -> dict[str, Any]:
    """Return a body event."""
    return {"type": "http.response.body", "body": block, "more_body": more}


def sending(*events: dict[str, Any] | BaseException) -> Any:
    """Return an application that reads nothing and sends these."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        del receive
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        for event in events:
            if isinstance(event, BaseException):
                raise event
            await send(event)

    return application


@pytest.fixture
def serve() -> Iterator[Callable[..., AsgiToWsgi]]:
    """Make adapters and shut them down after the test."""
    with contextlib.ExitStack() as stack:

        def make(application: Any, **options: Any) -> AsgiToWsgi:
            adapter = AsgiToWsgi(application, **options)
            stack.callback(adapter.close)
            return adapter

        yield make


Serve = "Callable[..., AsgiToWsgi]"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer each block of the body as it arrives."""
    assert scope["type"] == "http"
    await send(START)
    more = True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        more = event["more_body"]
        await send(body(event["body"], more))


class TestRequest:
    """What the application is told."""

    def test_scope(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """The scope is that of the environ, with what the adapter offers."""
        scopes: list[dict[str, Any]] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            scopes.append(scope)
            await send(START)
            await send(body())

        adapter = serve(application, lifespan="off")
        WsgiExchange(wsgi_environ("POST", "/a b", b"x")).run(adapter)
        WsgiExchange(wsgi_environ() | {"wsgi.file_wrapper": FileWrapper}).run(adapter)
        assert scopes[0]["type"] == "http"
        assert scopes[0]["method"] == "POST"
        assert scopes[0]["raw_path"] == b"/a%20b"
        assert scopes[0]["headers"] == [(b"host", b"example.org"), (b"content-length", b"1")]
        assert scopes[0]["extensions"] == {}
        assert "state" not in scopes[0]
        assert scopes[1]["extensions"] == {
            "http.response.pathsend": {},
            "http.response.zerocopysend": {},
        }

    def test_body_with_length(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """The body is read up to its Content-Length, in blocks."""
        sent = os.urandom(200_000)
        environ = wsgi_environ("POST", "/", sent)
        environ["wsgi.input"] = io.BytesIO(sent + b"another request")
        exchange = WsgiExchange(environ).run(serve(echo))
        assert exchange.body == sent
        assert len(exchange.blocks) == 4

    def test_body_without_length(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """It is read to its end where the server promises one, and not at all otherwise."""
        adapter = serve(echo)
        stream = io.BytesIO(b"abc")
        environ = wsgi_environ("POST") | {"wsgi.input": stream, "wsgi.input_terminated": True}
        assert WsgiExchange(environ).run(adapter).body == b"abc"
        stream = io.BytesIO(b"abc")
        assert WsgiExchange(wsgi_environ() | {"wsgi.input": stream}).run(adapter).body == b""
        assert stream.tell() == 0

    def test_streaming_both_ways(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """Each block is answered before the next one is asked for, where the stream can do it."""

        class Stream:
            def read1(self, size: int) -> bytes:
                assert len(exchange.blocks) == 3 - len(left)
                return left.pop(0) if left else b""

        left = [b"a", b"b", b"c"]
        environ = wsgi_environ("POST") | {"wsgi.input": Stream(), "wsgi.input_terminated": True}
        exchange = WsgiExchange(environ)
        exchange.begin(serve(echo))
        for block in exchange.iterable:
            exchange.blocks.append(block)
        exchange.end()
        assert exchange.blocks == [b"a", b"b", b"c"]

    @pytest.mark.parametrize("error", [None, OSError("reset")])
    def test_cut_off(self, serve: Callable[..., AsgiToWsgi], error: OSError | None) -> None:
        """A body that ends early is a disconnect, never an end."""
        events: list[dict[str, Any]] = []

        class Stream:
            def read(self, size: int) -> bytes:
                block = blocks.pop(0) if blocks else b""
                if not block and error is not None:
                    raise error
                return block

        async def application(scope: Any, receive: Any, send: Any) -> None:
            for _ in range(3):
                events.append(await receive())  # noqa: PERF401 - awaits one after another
            await send(START)
            await send(body())

        blocks = [b"abc"]
        environ = wsgi_environ("POST", CONTENT_LENGTH="5") | {"wsgi.input": Stream()}
        WsgiExchange(environ).run(serve(application, lifespan="off"))
        assert events == [
            {"type": "http.request", "body": b"abc", "more_body": True},
            {"type": "http.disconnect"},
            {"type": "http.disconnect"},
        ]

    @pytest.mark.parametrize("begun", [False, True])
    def test_return_on_being_cut_off(self, serve: Callable[..., AsgiToWsgi], begun: bool) -> None:
        """Who returns because the client has left is not to blame: that is the client's reset."""

        async def application(scope: Any, receive: Any, send: Any) -> None:
            if begun:
                await send(START)
                await send(body(b"a", True))
            while (await receive())["type"] != "http.disconnect":
                pass

        environ = wsgi_environ("POST", body=b"abc") | {"CONTENT_LENGTH": "5"}
        with pytest.raises(ConnectionResetError) as caught:
            WsgiExchange(environ).run(serve(application, lifespan="off"))
        assert caught.value.errno == errno.ECONNRESET

    def test_receive_after_the_body(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """After the body, ``receive`` waits for the end of the response."""
        events: list[str] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            events.append((await receive())["type"])
            waiting = asyncio.create_task(receive())
            await send(START)
            await send(body(b"a", True))
            assert not waiting.done()
            await send(body(b"b"))
            events.append((await waiting)["type"])

        exchange = WsgiExchange().run(serve(application, lifespan="off"))
        assert exchange.body == b"ab"
        assert events == ["http.request", "http.disconnect"]


class TestResponse:
    """From the events to the iterable."""

    def test_valid_for_wsgiref(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """``wsgiref.validate`` finds nothing to complain about."""
        start = START | {"headers": [(b"Content-Type", b"text/plain"), (b"x-a", b"\xe9")]}
        adapter: Any = serve(sending(start, body(b"a", True), body(b"b")))
        exchange = WsgiExchange(wsgi_environ("GET", "/a")).run(validator(adapter))
        assert exchange.status == "200 OK"
        assert exchange.headers == [("content-type", "text/plain"), ("x-a", "\xe9")]
        assert exchange.blocks == [b"a", b"b"]

    def test_reasons_and_connection_headers(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """Known statuses get their reason; headers of the connection are the server's."""
        adapter = serve(sending(START | {"status": 299, "headers": [(b"te", b"x")]}, body()))
        exchange = WsgiExchange().run(adapter)
        assert (exchange.status, exchange.headers) == ("299 Unknown", [])

    @pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
    def test_no_body(self, serve: Callable[..., AsgiToWsgi], method: str, status: int) -> None:
        """HEAD, 204 and 304 keep their headers and have no body."""
        start = START | {"status": status, "headers": [(b"content-length", b"3")]}
        adapter = serve(sending(start, body(b"abc")))
        exchange = WsgiExchange(wsgi_environ(method)).run(adapter)
        assert exchange.headers == [("content-length", "3")]
        assert exchange.body == b""

    def test_each_block_is_given_before_the_next(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """A block is given while the application waits to send the next one."""
        taken = threading.Event()

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await send(START)
            for block in (b"a", b"b"):
                await send(body(block, True))
                assert await asyncio.to_thread(taken.wait, PATIENCE)
                taken.clear()
            await send(body())

        exchange = WsgiExchange().begin(serve(application, lifespan="off"))
        for block in exchange.iterable:
            exchange.blocks.append(block)
            taken.set()
        exchange.end()
        assert exchange.blocks == [b"a", b"b"]

    def test_back_pressure(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """``send`` waits while more than 256 KiB are on their way."""
        sent: list[int] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await send(START)
            for number in range(100):
                await send(body(b"x" * 65536, True))
                sent.append(number)
            await send(body())

        adapter = serve(application, lifespan="off")
        exchange = WsgiExchange().begin(adapter)
        # Another request goes through the same loop: the first had every chance to run on.
        assert WsgiExchange().run(serve(sending(START, body(b"a")))).body == b"a"
        assert len(sent) <= 4
        assert len(b"".join(exchange.iterable)) == 6_553_600
        exchange.end()
        assert len(sent) == 100

    @pytest.mark.parametrize(
        ("events", "message"),
        [
            ([body(b"a")], "before http.response.start"),
            ([START, START], "second time"),
            ([START, {"type": "websocket.accept"}], "websocket.accept"),
            ([START, {"type": "http.response.trailers"}], "not offered"),
            ([START, {"type": "http.response.pathsend", "path": "/"}], "not offered"),
            ([START | {"trailers": True}], "trailers"),
            ([START | {"status": 99}], "99"),
            ([START | {"status": "200"}], "'200'"),
            ([START | {"headers": [(b"a b", b"c")]}], "a b"),
            ([START | {"headers": [(b"a", b"b\r\nc: d")]}], "c: d"),
            ([START | {"headers": [(b"content-length", b"-1")]}], "-1"),
            ([START | {"headers": [(b"content-length", b"5")]}, body(b"a")], "4 bytes before"),
            ([START | {"headers": [(b"content-length", b"1")]}, body(b"abc")], "left 1"),
            ([START, body("text")], "str"),  # type: ignore[arg-type]  # the mistake in question
            ([], "without a response"),
            ([START], "without the end of its response"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_mistakes(
        self, serve: Callable[..., AsgiToWsgi], events: list[Any], message: str
    ) -> None:
        """What an ASGI server refuses is refused here, before anything is begun."""
        exchange = WsgiExchange()
        with pytest.raises((RuntimeError, ValueError, TypeError), match=message):
            exchange.run(serve(sending(*events)))
        assert exchange.status == ""

    @pytest.mark.parametrize(
        ("event", "kind", "message"),
        [
            ("text", TypeError, "'text' of type str; an event must be a dict"),
            (None, TypeError, "None of type NoneType; an event must be a dict"),
            ({"status": 200}, KeyError, "^The application sent an event without 'type', {'status'"),
            ({"type": 5}, TypeError, "type 5; it must be a str"),
            ({"type": "http.response.start"}, KeyError, "without 'status'"),
            (START | {"headers": [("x-a", b"b")]}, TypeError, r"\('x-a', b'b'\).* bytes, not str"),
            (START | {"headers": [(b"x-a", "b")]}, TypeError, r"\(b'x-a', 'b'\).* bytes, not str"),
            (START | {"headers": [(b"x-a",)]}, ValueError, "must be a .name, value. pair"),
            (START | {"headers": [5]}, TypeError, "header 5; it must be a .name, value. pair"),
            (START | {"headers": {"x-a": "b"}}, ValueError, "header 'x-a'; it must be"),
            (START | {"headers": 5}, TypeError, "the headers 5 of type int; they must be"),
        ],
        ids=repr,
    )
    def test_malformed_events(
        self, serve: Callable[..., AsgiToWsgi], event: Any, kind: type[Exception], message: str
    ) -> None:
        """An event that is none is refused with a text that shows it and says what it must be."""
        with pytest.raises(kind, match=message):
            WsgiExchange().run(serve(sending(event), lifespan="off"))

    def test_headers_of_other_bytes(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """Whatever holds bytes will do for a header."""
        headers = [[bytearray(b"X-A"), memoryview(b"b")], (b"content-length", memoryview(b"1"))]
        exchange = WsgiExchange().run(serve(sending(START | {"headers": headers}, body(b"a"))))
        assert exchange.headers == [("x-a", "b"), ("content-length", "1")]

    def test_error_before_the_start(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """It reaches the server as itself."""
        error = KeyError("mine")
        with pytest.raises(KeyError) as caught:
            WsgiExchange().run(serve(sending(error)))
        assert caught.value is error

    def test_error_within(
        self, serve: Callable[..., AsgiToWsgi], caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is logged, and the response is cut: the server hears of it."""
        error = KeyError("mine")
        exchange = WsgiExchange()
        with pytest.raises(KeyError) as caught:
            exchange.run(serve(sending(START, body(b"a", True), error)))
        assert caught.value is error
        assert exchange.blocks == [b"a"]
        assert "mine" in caplog.text

    def test_cut_off_by_returning(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """An application that returns within its response is an error too."""
        exchange = WsgiExchange()
        with pytest.raises(RuntimeError, match="without the end"):
            exchange.run(serve(sending(START, body(b"a", True))))
        assert exchange.blocks == [b"a"]

    def test_error_after_the_end(
        self, serve: Callable[..., AsgiToWsgi], caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is logged; the response stands."""
        adapter = serve(sending(START, body(b"a"), KeyError("mine")))
        assert WsgiExchange().run(adapter).body == b"a"
        assert "mine" in caplog.text

    def test_closed_early(
        self, serve: Callable[..., AsgiToWsgi], caplog: pytest.LogCaptureFixture
    ) -> None:
        """``close`` is a disconnect: ``receive`` says so, and ``send`` raises OSError."""
        seen: list[Any] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send(START)
            waiting = asyncio.create_task(receive())
            try:
                while True:
                    await send(body(b"x" * 65536, True))
            except OSError as error:
                seen.append(error)
            seen.append(await waiting)

        exchange = WsgiExchange().begin(serve(application, lifespan="off"))
        assert next(exchange.iterable) == b"x" * 65536
        exchange.end()
        assert "disconnected" in str(seen[0])
        assert seen[1] == {"type": "http.disconnect"}
        assert caplog.text == ""

    def test_application_that_does_not_end(
        self,
        serve: Callable[..., AsgiToWsgi],
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """One that takes no notice of the disconnect is cancelled in the end."""
        monkeypatch.setattr(AsgiToWsgi, "disconnect_timeout", 0.0)

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await send(START)
            await send(body(b"a", True))
            await asyncio.Event().wait()

        exchange = WsgiExchange().begin(serve(application, lifespan="off"))
        assert next(exchange.iterable) == b"a"
        exchange.end()
        assert "was cancelled" in caplog.text

    def test_nothing_is_kept_of_a_response_that_was_given_up(
        self, serve: Callable[..., AsgiToWsgi], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Once the application has ended, the time that it had to end does not hold its request."""
        monkeypatch.setattr(AsgiToWsgi, "disconnect_timeout", 1e6)
        scopes: list[weakref.ref[Any]] = []

        class Marker:
            pass

        async def application(scope: Any, receive: Any, send: Any) -> None:
            marker = scope["marker"] = Marker()
            scopes.append(weakref.ref(marker))
            await send(START)
            await send(body(b"a", True))
            await receive()

        adapter = serve(application, lifespan="off")
        for _ in range(3):
            exchange = WsgiExchange().begin(adapter)
            assert next(exchange.iterable) == b"a"
            exchange.end()
        gc.collect()
        assert [reference() for reference in scopes[:-1]] == [None, None]

    def test_work_after_the_response(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """The response is given at once; ``close`` waits for what the application still does."""
        go = threading.Event()
        done: list[bool] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await send(START)
            await send(body(b"a"))
            assert await asyncio.to_thread(go.wait, PATIENCE)
            done.append(True)

        exchange = WsgiExchange().begin(serve(application, lifespan="off"))
        assert list(exchange.iterable) == [b"a"]
        assert not done
        go.set()
        exchange.end()
        assert done == [True]


class TestFiles:
    """Pathsend and zero-copy through ``wsgi.file_wrapper``."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """A file of ten bytes."""
        made = tmp_path / "digits"
        made.write_bytes(b"0123456789")
        return made

    @staticmethod
    def environ() -> dict[str, Any]:
        """Return an environ of a server that can send files."""
        return wsgi_environ() | {"wsgi.file_wrapper": FileWrapper}

    def test_pathsend(self, serve: Callable[..., AsgiToWsgi], path: Path) -> None:
        """The server gets the file itself."""
        adapter = serve(sending(START, {"type": "http.response.pathsend", "path": str(path)}))
        exchange = WsgiExchange(self.environ()).begin(adapter)
        assert isinstance(exchange.iterable, FileWrapper)
        assert exchange.iterable.filelike.fileno() >= 0
        assert b"".join(exchange.iterable) == b"0123456789"
        exchange.end()
        assert exchange.iterable.filelike.closed

    @pytest.mark.parametrize(
        ("offset", "count", "expected"),
        [(None, None, b"3456789"), (5, None, b"56789"), (5, 2, b"56"), (0, 10, b"0123456789")],
    )
    def test_zero_copy(
        self,
        serve: Callable[..., AsgiToWsgi],
        path: Path,
        offset: int | None,
        count: int | None,
        expected: bytes,
    ) -> None:
        """Offset and length are kept, and the application's own position too."""
        positions: list[int] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            with path.open("rb") as file:
                file.read(3)
                event: dict[str, Any] = {"type": "http.response.zerocopysend", "file": file}
                if offset is not None:
                    event["offset"] = offset
                if count is not None:
                    event["count"] = count
                await send(START)
                await send(event)
                positions.append(file.tell())

        exchange = WsgiExchange(self.environ()).run(serve(application, lifespan="off"))
        assert exchange.body == expected
        assert positions == [3]

    def test_mixed_with_blocks(self, serve: Callable[..., AsgiToWsgi], path: Path) -> None:
        """Files and blocks may follow each other."""

        async def application(scope: Any, receive: Any, send: Any) -> None:
            descriptor = os.open(path, os.O_RDONLY)
            event = {"type": "http.response.zerocopysend", "file": descriptor, "more_body": True}
            await send(START)
            await send(body(b"<", True))
            await send(event | {"count": 3})
            await send(event | {"offset": 8})
            await send(body(b">"))
            os.close(descriptor)

        exchange = WsgiExchange(self.environ()).run(serve(application, lifespan="off"))
        assert exchange.body == b"<01289>"


class TestWsgiWithin:
    """A WSGI application behind both adapters runs in the server's thread, which it keeps busy."""

    BLOCK: Final = 65536

    def test_streams_both_ways(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """Bodies beyond every window pass, each block before the next one is asked for."""
        threads: set[threading.Thread] = set()
        given: list[int] = []
        exchange = WsgiExchange(wsgi_environ("POST", body=b"a" * (20 * self.BLOCK)))

        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            threads.add(threading.current_thread())
            start_response("200 OK", [("X-A", "b")])
            while block := environ["wsgi.input"].read(self.BLOCK):
                yield block.upper()
                given.append(len(exchange.blocks))

        exchange.run(serve(WsgiToAsgi(application), lifespan="off"))
        assert exchange.headers == [("x-a", "b")]
        assert exchange.body == b"A" * (20 * self.BLOCK)
        assert given == list(range(1, 21))
        assert threads == {threading.current_thread()}

    def test_read_first(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """A body that is read to its end before the response begins."""

        def application(environ: Any, start_response: Any) -> list[bytes]:
            body = environ["wsgi.input"].read()
            start_response("200 OK", [])
            return [body] * 3

        body_sent = os.urandom(10 * self.BLOCK)
        exchange = WsgiExchange(wsgi_environ("POST", body=body_sent))
        assert exchange.run(serve(WsgiToAsgi(application), lifespan="off")).body == body_sent * 3

    def test_fails_within(
        self, serve: Callable[..., AsgiToWsgi], caplog: pytest.LogCaptureFixture
    ) -> None:
        """An error after the first block cuts the response off."""

        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            del environ
            start_response("200 OK", [])
            yield b"a"
            raise KeyError("mine")

        exchange = WsgiExchange()
        with pytest.raises(KeyError, match="mine"):
            exchange.run(serve(WsgiToAsgi(application), lifespan="off"))
        assert exchange.body == b"a"
        assert "cut off" in caplog.text

    def test_client_gone(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """A ``write`` of the server that raises is the client's leaving, whatever it raises."""
        closed: list[bool] = []

        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            del environ
            start_response("200 OK", [])
            try:
                while True:
                    yield b"a"
            finally:
                closed.append(True)

        exchange = WsgiExchange()
        begin = exchange.start_response

        def start_response(*arguments: Any) -> Callable[[bytes], object]:
            begin(*arguments)
            return write

        def write(block: bytes) -> None:
            exchange.blocks.append(block)
            if len(exchange.blocks) == 3:
                raise LookupError("the server's own error")

        adapter = serve(WsgiToAsgi(application), lifespan="off")
        exchange.iterable = adapter(exchange.environ, start_response)
        assert list(exchange.iterable) == []
        exchange.end()
        assert closed == [True]
        assert exchange.blocks == [b"a"] * 3

    def test_server_without_write(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """A server that breaks PEP 3333 there gets all of it at the end, rather than nothing."""

        def application(environ: Any, start_response: Any) -> Iterator[bytes]:
            del environ
            start_response("200 OK", [])
            for _ in range(20):
                yield b"a" * self.BLOCK

        exchange = WsgiExchange()

        def start_response(*arguments: Any) -> None:
            exchange.start_response(*arguments)

        adapter = serve(WsgiToAsgi(application), lifespan="off")
        exchange.iterable = adapter(exchange.environ, cast("Any", start_response))
        assert sum(map(len, exchange.iterable)) == 20 * self.BLOCK
        exchange.end()

    def test_file(self, serve: Callable[..., AsgiToWsgi], tmp_path: Path) -> None:
        """A file goes out in blocks: the server cannot send it before the application returns."""
        path = tmp_path / "file"
        path.write_bytes(b"a" * (5 * self.BLOCK))

        def application(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", [])
            return environ["wsgi.file_wrapper"](path.open("rb"))

        environ = wsgi_environ() | {"wsgi.file_wrapper": FileWrapper}
        exchange = WsgiExchange(environ)
        exchange.run(serve(WsgiToAsgi(application), lifespan="off"))
        assert exchange.body == path.read_bytes()

    def test_in_another_thread(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """Sync code that has a thread of its own below waits for room as async code does."""
        threads: set[threading.Thread] = set()

        async def application(scope: Any, receive: Any, send: Any) -> None:
            def answer() -> None:
                threads.add(threading.current_thread())
                sync_send = async_to_sync(send)
                sync_receive = async_to_sync(receive)
                size = 0
                more = True
                while more:
                    event = sync_receive()
                    size += len(event["body"])
                    more = event["more_body"]
                sync_send(START)
                for _ in range(20):
                    sync_send(body(b"a" * self.BLOCK, more=True))
                sync_send(body(b"%d" % size))

            assert scope["type"] == "http"
            async with ThreadSensitiveContext():
                await sync_to_async(answer)()

        exchange = WsgiExchange(wsgi_environ("POST", body=b"b" * (3 * self.BLOCK)))
        exchange.run(serve(application, lifespan="off"))
        assert exchange.body == b"a" * (20 * self.BLOCK) + b"%d" % (3 * self.BLOCK)
        assert len(threads) == 1


class TestLifespan:
    """Startup and shutdown, in the loop that serves the requests."""

    def test_one_loop(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """What startup opens serves the requests; each has a copy of the state."""
        log: list[Any] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan":
                assert (await receive())["type"] == "lifespan.startup"
                scope["state"]["loop"] = asyncio.get_running_loop()
                await send({"type": "lifespan.startup.complete"})
                assert (await receive())["type"] == "lifespan.shutdown"
                log.append("shutdown")
                await send({"type": "lifespan.shutdown.complete"})
            else:
                assert scope["state"].pop("loop") is asyncio.get_running_loop()
                await send(START)
                await send(body(b"a"))

        adapter = serve(application)
        for _ in range(3):
            assert WsgiExchange().run(adapter).body == b"a"
        assert log == []
        adapter.close()
        assert log == ["shutdown"]
        assert WsgiExchange().run(adapter).body == b"a"

    def test_unknown(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """``auto`` serves an application that knows no lifespan; ``on`` refuses it."""
        assert WsgiExchange().run(serve(sending(START, body(b"a")))).body == b"a"
        with pytest.raises(RuntimeError, match="lifespan='on'"):
            WsgiExchange().run(serve(sending(START, body(b"a")), lifespan="on"))

    def test_failed(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """An application that refuses to start serves nothing."""

        async def application(scope: Any, receive: Any, send: Any) -> None:
            assert scope["type"] == "lifespan"
            await receive()
            await send({"type": "lifespan.startup.failed", "message": "no database"})

        with pytest.raises(RuntimeError, match="no database"):
            WsgiExchange().run(serve(application))

    @pytest.mark.parametrize("mode", ["auto", "on"])
    @pytest.mark.parametrize(
        ("event", "message"),
        [
            (None, "None of type NoneType; an event must be a dict"),
            ({}, "an event without 'type', {}"),
            ({"type": "lifespan.startup.completed"}, "'lifespan.startup.completed'.* no place"),
            ({"type": "lifespan.shutdown.complete"}, "before its startup is complete"),
        ],
        ids=repr,
    )
    def test_broken_event(
        self, serve: Callable[..., AsgiToWsgi], mode: str, event: Any, message: str
    ) -> None:
        """An application that breaks the protocol is not taken for one that does not know it."""

        async def application(scope: Any, receive: Any, send: Any) -> None:
            assert scope["type"] == "lifespan"
            await receive()
            await send(event)

        with pytest.raises(RuntimeError, match=f"did not start up: .*{message}") as caught:
            WsgiExchange().run(serve(application, lifespan=mode))
        assert caught.value.__cause__ is not None

    def test_broken_event_repaired(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """What counts is whether the application starts up in the end."""

        async def application(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                await sending(START, body(b"a"))(scope, receive, send)
                return
            await receive()
            with pytest.raises(KeyError):
                await send({})
            await send({"type": "lifespan.startup.complete"})

        assert WsgiExchange().run(serve(application)).body == b"a"

    def test_bad_mode(self) -> None:
        """Anything else is refused at once."""
        mode: Any = "maybe"
        with pytest.raises(ValueError, match="'maybe'"):
            AsgiToWsgi(sending(), lifespan=mode)

    def test_tasks_go_on(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """A task that a request starts and leaves goes on, as behind any ASGI server."""
        tasks: list[asyncio.Task[None]] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            if not tasks:
                tasks.append(asyncio.create_task(asyncio.sleep(3600)))
            await send(START)
            await send(body(b"done" if tasks[0].done() else b"going on"))

        adapter = serve(application, lifespan="off")
        for _ in range(2):
            assert WsgiExchange().run(adapter).body == b"going on"
        adapter.close()
        assert tasks[0].cancelled()


class TestThreads:
    """The thread of the server is the home thread of its request."""

    def test_home(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """Thread-sensitive code runs in it, before, within and after the response."""
        threads: list[int] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            note = sync_to_async(lambda: threads.append(threading.get_ident()))
            await note()
            await send(START)
            await send(body(b"a", True))
            await note()
            await send(body(b"b"))
            await note()

        assert WsgiExchange().run(serve(application, lifespan="off")).body == b"ab"
        assert threads == [threading.get_ident()] * 3

    def test_side_by_side(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """Requests of many threads are served by one loop at the same time."""
        waiting: list[asyncio.Future[None]] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            waiting.append(asyncio.get_running_loop().create_future())
            if len(waiting) == 3:
                for future in waiting:
                    future.set_result(None)
            await waiting[-1 if len(waiting) < 3 else 2]
            await send(START)
            await send(body(b"a"))

        adapter = serve(application, lifespan="off")
        bodies: list[bytes] = []
        threads = [
            threading.Thread(target=lambda: bodies.append(WsgiExchange().run(adapter).body))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert bodies == [b"a"] * 3

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform does not fork")
    @pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
    def test_fork(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """A forked child makes a loop of its own."""
        adapter = serve(sending(START, body(b"a")))
        assert WsgiExchange().run(adapter).body == b"a"
        child = os.fork()
        if not child:
            code = 1
            try:
                code = 0 if WsgiExchange().run(adapter).body == b"a" else 1
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0


class TestApplication:
    """What can be adapted, and where it can be called."""

    @pytest.mark.filterwarnings("error")
    def test_not_callable(self) -> None:
        """It is refused when the adapter is made, with one text and no warning besides."""
        application: Any = None
        with pytest.raises(TypeError, match="must be callable, got None of type NoneType"):
            AsgiToWsgi(application)

    def test_wsgi_application(self) -> None:
        """What cannot be called with a scope alone is of neither style."""

        def application(environ: Any, start_response: Any) -> Any: ...

        mistaken: Any = application
        with pytest.raises(TypeError, match=r"\(environ: .*, which is no ASGI application"):
            AsgiToWsgi(mistaken)

    @pytest.mark.parametrize("kind", ["function", "class", "wrapper", "optional"])
    def test_asgi_2(self, serve: Callable[..., AsgiToWsgi], kind: str) -> None:
        """Legal ASGI 2 applications of every kind are served."""
        single = sending(START, body(b"a"))

        def function(scope: Any) -> Any:
            return lambda receive, send: single(scope, receive, send)

        class Instance:
            def __init__(self, scope: Any) -> None:
                self.scope = scope

            async def __call__(self, receive: Any, send: Any) -> None:
                await single(self.scope, receive, send)

        def three(scope: Any, receive: Any, send: Any) -> Any: ...

        @functools.wraps(three)
        def wrapper(scope: Any) -> Any:
            return function(scope)

        def optional(scope: Any, more: Any = None) -> Any:
            assert more is None
            return function(scope)

        applications: dict[str, Any] = {
            "function": function,
            "class": Instance,
            "wrapper": wrapper,
            "optional": optional,
        }
        assert WsgiExchange().run(serve(applications[kind])).body == b"a"

    def test_in_a_running_loop(self, serve: Callable[..., AsgiToWsgi]) -> None:
        """A call that would hold up its thread's event loop is refused; one beside it is not."""
        adapter = serve(sending(START, body(b"a")))

        async def main() -> WsgiExchange:
            with pytest.raises(RuntimeError, match="just await the ASGI application"):
                WsgiExchange().run(adapter)
            return await asyncio.to_thread(WsgiExchange().run, adapter)

        assert asyncio.run(main()).body == b"a"
