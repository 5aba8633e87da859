"""What a stateless server says to input that cannot be right, and to other threads."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any

import pytest

from asgiref.server import ServerStopped, StatelessServer
from tests.unit.adapters.stateless import Conversation, ScriptedServer, checked, turns

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


@pytest.mark.parametrize("limit", ["10", 10.0, None])
def test_max_applications_of_another_type(limit: Any) -> None:
    """TypeError at construction."""
    with pytest.raises(TypeError, match="max_applications must be an int"):
        StatelessServer(Conversation(), limit)


def test_negative_max_applications() -> None:
    """ValueError at construction; by name, too."""
    with pytest.raises(ValueError, match="max_applications must not be negative, got -1"):
        StatelessServer(application=Conversation(), max_applications=-1)


@pytest.mark.parametrize("start", ["run", "arun", "application_checker"])
@pytest.mark.parametrize(
    ("name", "setting", "error"),
    [
        ("application_checker_interval", -0.1, ValueError),
        ("idle_timeout", float("nan"), ValueError),
        ("idle_timeout", -1, ValueError),
        ("drain_timeout", float("nan"), ValueError),
        ("cancel_timeout", -5, ValueError),
        ("input_queue_size", -1, ValueError),
        ("input_queue_size", 1.5, TypeError),
        ("input_queue_size", "1", TypeError),
        ("drain_timeout", None, TypeError),
        ("cancel_timeout", "5", TypeError),
    ],
)
def test_settings_out_of_range(start: str, name: str, setting: Any, error: type[Exception]) -> None:
    """An error when the server starts, naming the attribute."""
    server = ScriptedServer(Conversation())
    setattr(server, name, setting)
    with pytest.raises(error, match=name):
        server.run() if start == "run" else asyncio.run(getattr(server, start)())


@pytest.mark.parametrize(
    ("name", "setting", "said"),
    [
        ("input_queue_size", -1, "input_queue_size must not be negative, got -1"),
        ("input_queue_size", 1.5, "input_queue_size must be an int, got 1.5"),
        ("drain_timeout", float("nan"), "drain_timeout must not be NaN, got nan"),
    ],
)
def test_settings_are_told_what_is_wrong(name: str, setting: Any, said: str) -> None:
    """The error says what this setting is, not all that it might have been."""
    server = ScriptedServer(Conversation())
    setattr(server, name, setting)
    with pytest.raises((TypeError, ValueError)) as raised:
        server.run()
    assert str(raised.value) == said


def test_an_interval_of_0_is_legal() -> None:
    """Programs that looked at every turn of the loop go on doing so."""
    server = ScriptedServer(Conversation(), script=lambda _: turns())
    server.application_checker_interval = 0
    server.run()


@pytest.mark.asyncio
async def test_run_inside_a_loop() -> None:
    """RuntimeError that names arun(); no coroutine is left behind, and arun() works."""
    server = ScriptedServer(Conversation(), script=lambda _: turns(1))
    with pytest.raises(RuntimeError, match=r"use `await server\.arun\(\)`"):
        server.run()
    await server.arun()


@pytest.mark.parametrize(
    "use",
    [
        lambda server: server.run(),
        lambda server: asyncio.run(server.application_checker()),
        lambda server: server.get_or_create_application_instance("a", "a"),
        lambda server: asyncio.run(server.deliver("a", "a", 1)),
        lambda server: server.deliver_threadsafe("a", "a", 1),
        lambda server: server.application_instances,
        lambda server: setattr(server, "application_instances", {}),
        lambda server: server.delete_application_instance("a"),
        lambda server: server.delete_oldest_application_instance(),
        lambda server: server.statistics(),
    ],
)
def test_a_subclass_that_forgets_to_call_init(use: Callable[[Any], object]) -> None:
    """RuntimeError that says what to call, whatever is used first."""

    class Forgetful(StatelessServer[str]):
        def __init__(self) -> None:
            """Call nothing."""

    with pytest.raises(
        RuntimeError, match=r"Forgetful\.__init__\(\) must call super\(\)\.__init__"
    ):
        use(Forgetful())


def test_handle_that_is_not_async() -> None:
    """TypeError that names it, without asking handle_failed()."""

    class Server(StatelessServer[str]):
        attempts = 0

        def handle(self) -> None:  # type: ignore[override]  # the mistake under test
            """Forget the async."""

        async def handle_failed(self, exception: BaseException, attempt: int) -> float | None:
            self.attempts = attempt
            return None

    server = Server(Conversation())
    with pytest.raises(TypeError, match=r"Server\.handle\(\) must be .* make it `async def"):
        server.run()
    assert server.attempts == 0


def test_handle_that_returns_an_awaitable() -> None:
    """It need not be a coroutine function."""
    served: list[str] = []

    class Server(StatelessServer[str]):
        def handle(self) -> Coroutine[Any, Any, None]:
            return self.serve()

        async def serve(self) -> None:
            served.append("served")

    Server(Conversation()).run()
    assert served == ["served"]


@pytest.mark.asyncio
async def test_an_unhashable_scope_id() -> None:
    """TypeError; nothing is created or evicted."""
    server = ScriptedServer(Conversation(), 1)
    async with checked(server):
        server.put("a")
        with pytest.raises(TypeError, match="scope_id must be hashable, got list"):
            server.get_or_create_application_instance([], None)
        with pytest.raises(TypeError, match="scope_id must be hashable"):
            await server.deliver({}, None, None)
        assert list(server.application_instances) == ["a"]
        assert server.statistics().created == 1


@pytest.mark.asyncio
async def test_an_application_that_is_not_callable() -> None:
    """TypeError at the first creation; nothing is evicted, and a good one may be assigned."""
    server = ScriptedServer(Conversation(), 1)
    async with checked(server):
        server.put("a")
        server.application = "no application"  # type: ignore[assignment]  # the mistake under test
        with pytest.raises(TypeError, match="must be callable, got 'no application'"):
            server.put("b")
        assert list(server.application_instances) == ["a"]
        server.put("a", "the old one goes on")
        server.application = Conversation()
        server.put("b")


@pytest.mark.asyncio
async def test_a_successor_that_cannot_be_made(caplog: pytest.LogCaptureFixture) -> None:
    """What was unread is reported instead, and the reason is logged."""
    server = ScriptedServer(Conversation())
    async with checked(server):
        server.put("a", "return", "unread")
        server.application = None  # type: ignore[assignment]  # the mistake under test
        (ending,) = await server.ended(1)
    assert ending.unread == ("unread",)
    assert "No successor for scope id 'a'" in caplog.text


@pytest.mark.asyncio
@pytest.mark.parametrize("loop", ["none", "another"])
async def test_get_or_create_from_another_thread(loop: str) -> None:
    """RuntimeError that names the way; nothing changes."""
    server = ScriptedServer(Conversation())
    errors: list[BaseException] = []

    async def call() -> None:
        server.put("b")

    def work() -> None:
        try:
            if loop == "none":
                server.put("b")
            else:
                asyncio.run(call())
        except RuntimeError as error:
            errors.append(error)

    async with checked(server):
        server.put("a")
        await asyncio.to_thread(work)
        (error,) = errors
        assert not isinstance(error, ServerStopped)
        assert "deliver_threadsafe" in str(error)
        assert list(server.application_instances) == ["a"]
        server.put("a", "still served")


def test_get_or_create_without_a_loop() -> None:
    """RuntimeError, also before anything ran."""
    server = ScriptedServer(Conversation())
    with pytest.raises(RuntimeError, match="deliver_threadsafe"):
        server.put("a")
    assert server.statistics().created == 0


@pytest.mark.asyncio
async def test_application_send_that_is_no_coroutine_function() -> None:
    """TypeError in the application, naming class and method."""

    class Server(StatelessServer[str]):
        errors: list[BaseException]

        def application_send(self, scope: Any, message: Any) -> None:  # type: ignore[override]  # the mistake under test
            """Forget the async."""

        async def application_exception(
            self, exception: BaseException, application_details: dict[str, Any]
        ) -> None:
            self.errors.append(exception)

    server = Server(Conversation())
    server.errors = []
    async with checked(server):
        server.get_or_create_application_instance("a", "a").put_nowait({"text": 1})
        await turns(10)
    (error,) = server.errors
    assert isinstance(error, TypeError)
    assert "Server.application_send must be a coroutine function" in str(error)


@pytest.mark.asyncio
async def test_deleting_what_is_not_there() -> None:
    """KeyError, from both methods."""
    server = ScriptedServer(Conversation())
    with pytest.raises(KeyError):
        server.delete_application_instance("a")
    with pytest.raises(KeyError):
        server.delete_oldest_application_instance()


class TestDeliverThreadsafe:
    """Messages from other threads, with the server's answer in a future."""

    def test_order_and_backpressure_from_a_thread(self) -> None:
        """Messages of one thread keep their order; the futures tell when each was accepted."""
        application = Conversation()
        futures: list[Future[None]] = []

        def produce(server: ScriptedServer) -> None:
            futures.extend(server.deliver_threadsafe("a", "a", number) for number in range(100))
            for future in futures:
                future.result()
            server.stop()

        async def script(server: ScriptedServer) -> None:
            await asyncio.to_thread(produce, server)
            await asyncio.Event().wait()

        server = ScriptedServer(application, script=script)
        server.input_queue_size = 3
        server.run()
        assert application.messages("a") == list(range(100))
        assert all(future.result() is None for future in futures)

    def test_without_a_server_that_runs(self) -> None:
        """The future raises ServerStopped, before the first run and after the last."""
        server = ScriptedServer(Conversation(), script=lambda _: turns(1))
        assert isinstance(server.deliver_threadsafe("a", "a", 1).exception(), ServerStopped)
        server.run()
        assert isinstance(server.deliver_threadsafe("a", "a", 1).exception(), ServerStopped)

    def test_what_deliver_raises_comes_back(self) -> None:
        """In the future, not in the loop."""
        found: list[BaseException | None] = []

        async def script(server: ScriptedServer) -> None:
            found.append(
                await asyncio.to_thread(lambda: server.deliver_threadsafe([], None, 1).exception())
            )

        ScriptedServer(Conversation(), script=script).run()
        assert isinstance(found[0], TypeError)

    def test_cancelling_takes_the_message_back(self) -> None:
        """As long as it waits for room."""
        application = Conversation()

        async def script(server: ScriptedServer) -> None:
            server.put("a", "hold")
            await turns()
            server.put("a", 1)
            future = await asyncio.to_thread(server.deliver_threadsafe, "a", "a", "taken back")
            await turns()
            assert future.cancel()
            with pytest.raises(CancelledError):
                future.result()
            await turns()
            application.gate.set()
            await turns()

        server = ScriptedServer(application, script=script)
        server.input_queue_size = 1
        server.run()
        assert application.messages("a") == ["hold", 1]
        assert server.statistics().accepted == 2

    def test_a_delivery_that_arrives_after_the_stop(self) -> None:
        """The loop may live on without the server: the answer comes, and no instance is made."""

        async def main() -> None:
            server = ScriptedServer(Conversation())
            running = asyncio.create_task(server.arun())
            await turns()
            future = server.deliver_threadsafe("a", "a", 1)
            server.stop()
            await turns()
            assert isinstance(future.exception(timeout=0), ServerStopped)
            await running
            assert server.statistics().created == 0

        asyncio.run(main())

    def test_deliveries_in_flight_when_the_server_stops(self) -> None:
        """Every future is answered: accepted, or ServerStopped; none waits for ever."""
        application = Conversation()
        futures: list[Future[None]] = []
        begun = threading.Event()

        def produce(server: ScriptedServer) -> None:
            for number in range(2000):
                futures.append(server.deliver_threadsafe(number % 7, number % 7, number))
                if number == 200:
                    begun.set()

        async def script(server: ScriptedServer) -> None:
            thread = threading.Thread(target=produce, args=(server,))
            thread.start()
            threads.append(thread)
            await asyncio.to_thread(begun.wait)

        threads: list[threading.Thread] = []
        server = ScriptedServer(application, script=script)
        server.run()
        threads[0].join()
        answers = [future.exception(timeout=60) for future in futures]
        assert {type(answer) for answer in answers} <= {type(None), ServerStopped}
        assert answers.count(None) == server.statistics().accepted
