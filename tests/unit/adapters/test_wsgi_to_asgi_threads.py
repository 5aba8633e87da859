"""``asgiref.wsgi.WsgiToAsgi`` and threads: where requests run, how they are let go."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING, Any

import pytest

from asgiref._adapters import windowed_exchange
from asgiref.sync import SyncToAsync, ThreadSensitiveContext, async_to_sync, sync_to_async
from asgiref.wsgi import WsgiToAsgi, WsgiToAsgiInstance
from tests.http_exchange import HttpExchange, http_scope, upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Environ = dict[str, Any]
    StartResponse = Callable[..., Callable[[bytes], object]]

PATIENCE = 30.0


@pytest.fixture(autouse=True)
def no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a wake-up that was forgotten hang, instead of being made good after a while."""
    monkeypatch.setattr(windowed_exchange, "LOOP_CHECK_SECONDS", 3600.0)


variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


class Signal(asyncio.Event):
    """An event that a worker sets for the loop it was made in."""

    def __init__(self) -> None:
        super().__init__()
        self._home = asyncio.get_running_loop()

    def set(self) -> None:
        """Set it, from any thread."""
        self._home.call_soon_threadsafe(super().set)


class Recorder:
    """An application that notes the thread of each of its steps."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.multithread: list[bool] = []

    def note(self) -> None:
        """Note the thread."""
        self.threads.append(threading.current_thread())

    def __call__(self, environ: Environ, start_response: StartResponse) -> Recorder:
        self.note()
        self.multithread.append(environ["wsgi.multithread"])
        start_response("200 OK", [])
        self.left = [b"a", b"b"]
        return self

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self.note()
        if not self.left:
            raise StopIteration
        return self.left.pop()

    def close(self) -> None:
        """Note the thread of the end."""
        self.note()


class TestWhere:
    """Which thread a request runs in."""

    def test_one_thread(self) -> None:
        """One request runs, iterates and closes in one thread, which is not the loop's."""
        recorder = Recorder()
        asyncio.run(HttpExchange().run(WsgiToAsgi(recorder)))
        assert len(recorder.threads) == 5
        assert len(set(recorder.threads)) == 1
        assert recorder.threads[0] is not threading.current_thread()
        assert recorder.multithread == [True]

    def test_side_by_side(self) -> None:
        """As many requests as the pool is large run at the same time."""
        barrier = threading.Barrier(3)

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            del environ
            barrier.wait(PATIENCE)
            start_response("200 OK", [])
            return [b"a"]

        async def main() -> None:
            adapter = WsgiToAsgi(application, max_workers=3)
            await asyncio.gather(*(HttpExchange().run(adapter) for _ in range(3)))

        asyncio.run(main())

    def test_bounded(self) -> None:
        """No more run at a time than the pool is large."""
        running: list[int] = []
        most: list[int] = []

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            del environ
            running.append(1)
            most.append(len(running))
            start_response("200 OK", [])
            running.pop()
            return [b"a"]

        async def main() -> None:
            adapter = WsgiToAsgi(application, max_workers=2)
            await asyncio.gather(*(HttpExchange().run(adapter) for _ in range(100)))

        asyncio.run(main())
        assert len(most) == 100
        assert max(most) <= 2

    def test_home_of_a_context(self) -> None:
        """Inside a ``ThreadSensitiveContext`` requests keep to its thread."""
        recorder = Recorder()

        async def main() -> None:
            async with ThreadSensitiveContext():
                await sync_to_async(recorder.note)()
                await HttpExchange().run(WsgiToAsgi(recorder))

        asyncio.run(main())
        assert len(recorder.threads) == 6
        assert len(set(recorder.threads)) == 1

    def test_home_of_async_to_sync(self) -> None:
        """Below ``async_to_sync`` they run in the thread that waits."""
        recorder = Recorder()

        async def main() -> HttpExchange:
            return await HttpExchange().run(WsgiToAsgi(recorder))

        assert async_to_sync(main)().body == b"ba"
        assert set(recorder.threads) == {threading.current_thread()}

    def test_thread_sensitive(self) -> None:
        """``thread_sensitive=True`` restores the one thread of 3.13.0."""
        recorder = Recorder()

        async def main() -> None:
            await sync_to_async(recorder.note)()
            adapter = WsgiToAsgi(recorder, thread_sensitive=True)
            for _ in range(2):
                await HttpExchange().run(adapter)

        asyncio.run(main())
        assert len(recorder.threads) == 11
        assert len(set(recorder.threads)) == 1
        assert recorder.multithread == [False, False]

    def test_middleware_that_needs_the_home_thread(self) -> None:
        """A ``send`` that hands work to the home thread is served while the application waits."""
        recorder = Recorder()

        async def main() -> None:
            exchange = HttpExchange(http_scope("POST"), upload(b"a", b"b"))

            async def send(event: dict[str, Any]) -> None:
                await sync_to_async(recorder.note)()
                await exchange.send(event)

            async def receive() -> dict[str, Any]:
                await sync_to_async(recorder.note)()
                return await exchange.receive()

            def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
                recorder.note()
                start_response("200 OK", [])
                yield from environ["wsgi.input"].read()[:0:-1].splitlines()
                for number in range(40):
                    yield b"%d" % number

            async with ThreadSensitiveContext():
                await WsgiToAsgi(application)(exchange.scope, receive, send)
            assert exchange.complete
            assert exchange.body == b"b" + b"".join(b"%d" % number for number in range(40))

        asyncio.run(main())
        assert len(set(recorder.threads)) == 1

    @pytest.mark.parametrize("first", [b"", b"begun"], ids=["empty block", "block"])
    def test_body_read_after_the_response_began(self, first: bytes) -> None:
        """Nothing is received ahead in the outer call, whose thread waits in the inner one."""
        recorder = Recorder()

        async def main() -> None:
            exchange = HttpExchange(http_scope("POST"), upload(b"a", b"b"))

            async def receive() -> dict[str, Any]:
                event = await exchange.receive()
                await sync_to_async(recorder.note)()
                return event

            def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
                start_response("200 OK", [])
                yield first
                yield environ["wsgi.input"].read()

            async with ThreadSensitiveContext():
                await WsgiToAsgi(application)(exchange.scope, receive, exchange.send)
            assert exchange.body == first + b"ab"

        asyncio.run(main())

    def test_run_wsgi_app_is_a_sync_to_async(self) -> None:
        """Tools that wrap ``SyncToAsync`` find it there."""
        assert isinstance(vars(WsgiToAsgiInstance)["run_wsgi_app"], SyncToAsync)


class TestContext:
    """Context variables of a request."""

    @pytest.mark.parametrize("thread_sensitive", [False, True])
    def test_in_and_out(self, thread_sensitive: bool) -> None:
        """A request starts with the caller's values, and what it set comes out."""

        def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
            del environ
            assert variable.get() == "caller"
            variable.set("application")
            start_response("200 OK", [])
            yield b"a"
            assert variable.get() == "application"

        async def main() -> str:
            variable.set("caller")
            exchange = HttpExchange()
            await exchange.run(WsgiToAsgi(application, thread_sensitive=thread_sensitive))
            assert exchange.complete
            return variable.get()

        assert asyncio.run(main()) == "application"

    def test_apart(self) -> None:
        """Requests side by side see nothing of each other."""
        barrier = threading.Barrier(2)

        def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
            assert variable.get() == "unset"
            variable.set(environ["PATH_INFO"])
            barrier.wait(PATIENCE)
            start_response("200 OK", [])
            return [variable.get().encode()]

        async def main() -> None:
            adapter = WsgiToAsgi(application, max_workers=2)
            one, two = await asyncio.gather(
                *(HttpExchange(http_scope(path=path)).run(adapter) for path in ("/1", "/2"))
            )
            assert (one.body, two.body) == (b"/1", b"/2")

        asyncio.run(main())


class TestCancellation:
    """A cancelled request lets its worker go."""

    @pytest.mark.parametrize("thread_sensitive", [False, True])
    @pytest.mark.parametrize("where", ["read", "send"])
    def test_waiting(self, where: str, thread_sensitive: bool) -> None:
        """A worker that waits for its client is let go, and has closed the iterable by then."""

        async def main() -> None:
            begun = Signal()
            closed: list[int] = []

            def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
                start_response("200 OK", [])
                try:
                    begun.set()
                    if where == "read":
                        environ["wsgi.input"].read()
                    while True:
                        yield b"x" * 300_000
                finally:
                    closed.append(threading.get_ident())

            adapter = WsgiToAsgi(
                application,
                **({"thread_sensitive": True} if thread_sensitive else {"max_workers": 1}),
            )
            exchange = HttpExchange(http_scope("POST"), upload(b"a")[:1])
            if where == "send":
                exchange.events = upload()
                exchange.reading.clear()
            task = asyncio.create_task(exchange.run(adapter))
            await begun.wait()
            if where == "send":
                await exchange.blocked.wait()
            for _ in range(20):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # The one worker there is answers the next request.
            adapter.wsgi_application = hello
            assert (await HttpExchange().run(adapter)).body == b"hello"
            assert len(closed) == 1

        asyncio.run(main())

    def test_waiting_in_an_override(self) -> None:
        """A ``run_wsgi_app`` of one's own that waits in ``read`` is let go too."""

        async def main() -> None:
            begun = Signal()
            seen: list[BaseException] = []

            class Instance(WsgiToAsgiInstance):
                @sync_to_async
                def by_hand(self, body: Any) -> None:
                    begun.set()
                    try:
                        body.read()
                    except BaseException as error:
                        seen.append(error)
                        raise

                run_wsgi_app = by_hand

            part = {"type": "http.request", "body": b"a", "more_body": True}
            exchange = HttpExchange(http_scope("POST"), [part])
            task = asyncio.create_task(exchange.run(Instance(hello)))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await sync_to_async(begun.set)()  # in the same thread: it is free again
            assert [type(error) for error in seen] == [asyncio.CancelledError]

        asyncio.run(main())

    def test_in_the_queue(self) -> None:
        """A request cancelled before its turn never meets the application."""

        async def main() -> None:
            begun, go = Signal(), threading.Event()
            calls: list[str] = []

            def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
                calls.append(environ["PATH_INFO"])
                begun.set()
                assert go.wait(PATIENCE)
                return hello(environ, start_response)

            adapter = WsgiToAsgi(application, max_workers=1)
            first = asyncio.create_task(HttpExchange(http_scope(path="/1")).run(adapter))
            await begun.wait()
            second = asyncio.create_task(HttpExchange(http_scope(path="/2")).run(adapter))
            for _ in range(20):
                await asyncio.sleep(0)
            second.cancel()
            with pytest.raises(asyncio.CancelledError):
                await second
            go.set()
            await first
            assert calls == ["/1"]

        asyncio.run(main())

    def test_computing(self) -> None:
        """A worker that computes cannot be interrupted: it stops at its next block, and closes."""

        async def main() -> None:
            begun, go = Signal(), threading.Event()
            closed = threading.Event()
            asked: list[int] = []

            def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
                del environ
                start_response("200 OK", [])
                try:
                    for number in range(1000):
                        asked.append(number)
                        begun.set()
                        assert go.wait(PATIENCE)
                        yield b"a"
                finally:
                    closed.set()

            task = asyncio.create_task(HttpExchange().run(WsgiToAsgi(application, max_workers=1)))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            go.set()
            assert closed.wait(PATIENCE)
            assert asked == [0]

        asyncio.run(main())

    def test_reading_after_it(self) -> None:
        """Reading the body of a cancelled request raises, whatever had arrived."""

        async def main() -> None:
            begun, go, over = Signal(), threading.Event(), threading.Event()
            seen: list[BaseException] = []

            def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
                del start_response
                begun.set()
                assert go.wait(PATIENCE)
                try:
                    environ["wsgi.input"].read()
                except BaseException as error:
                    seen.append(error)
                    raise
                finally:
                    over.set()
                return []

            exchange = HttpExchange(http_scope("POST"), upload(b"a"))
            task = asyncio.create_task(exchange.run(WsgiToAsgi(application, max_workers=1)))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            go.set()
            assert over.wait(PATIENCE)
            assert [type(error) for error in seen] == [asyncio.CancelledError]

        asyncio.run(main())


def hello(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Answer in one block."""
    del environ
    start_response("200 OK", [])
    return [b"hello"]


class TestLoops:
    """One adapter, many loops."""

    def test_one_after_another_and_side_by_side(self) -> None:
        """An adapter is bound to no loop."""
        adapter = WsgiToAsgi(hello)
        results: list[bytes] = []

        def run() -> None:
            results.extend(asyncio.run(HttpExchange().run(adapter)).body for _ in range(5))

        threads = [threading.Thread(target=run) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [b"hello"] * 15

    def test_debug_mode(self) -> None:
        """In asyncio's debug mode there is nothing to warn about (warnings are errors here)."""

        def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
            start_response("200 OK", [])
            while block := environ["wsgi.input"].read(100_000):
                yield block

        async def main() -> None:
            exchange = HttpExchange(http_scope("POST"), upload(*[b"x" * 50_000] * 20))
            await exchange.run(WsgiToAsgi(application))
            assert len(exchange.body) == 1_000_000

        asyncio.run(main(), debug=True)

    def test_loop_closed_under_a_request(self) -> None:
        """A loop that is closed under its requests lets their workers go."""
        closed = threading.Event()

        def application(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
            del environ
            start_response("200 OK", [])
            try:
                while True:
                    yield b"x" * 300_000
            finally:
                closed.set()

        loop = asyncio.new_event_loop()
        exchange = HttpExchange()
        exchange.reading.clear()

        async def main() -> None:
            tasks.append(asyncio.create_task(exchange.run(WsgiToAsgi(application))))
            await exchange.blocked.wait()

        tasks: list[asyncio.Task[Any]] = []
        loop.run_until_complete(main())
        for task in asyncio.all_tasks(loop):
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(tasks[0])
        loop.close()
        assert closed.wait(PATIENCE)
