"""Programs written for asgiref 3.13.0: each use that was found in public code keeps working."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import time
from typing import TYPE_CHECKING, Any

import pytest

from asgiref.server import StatelessServer, logger
from tests.unit.adapters.stateless import Conversation, ScriptedServer, checked, turns

if TYPE_CHECKING:
    from collections.abc import Hashable

pytestmark = pytest.mark.asyncio


async def test_the_logger_keeps_its_name() -> None:
    """Whatever the file is called."""
    assert logger is logging.getLogger("asgiref.server")


@pytest.mark.parametrize(
    "scope_id",
    [None, 0, "", ("127.0.0.1", 5683), frozenset({1}), object()],
    ids=lambda key: type(key).__name__,
)
async def test_any_hashable_is_a_scope_id(scope_id: Hashable) -> None:
    """None and falsy ones included."""
    application = Conversation()
    server = ScriptedServer(application)
    async with checked(server):
        server.get_or_create_application_instance(scope_id, "scope").put_nowait("hello")
        await turns()
        assert application.received == [("scope", "hello")]
        assert scope_id in server.application_instances
        server.delete_application_instance(scope_id)


async def test_an_opaque_scope_comes_back_with_every_message() -> None:
    """A UDP server uses the address tuple; ``application_send`` gets the very object."""
    server = ScriptedServer(Conversation())
    address = ("127.0.0.1", 5683)
    async with checked(server):
        server.get_or_create_application_instance("a", address).put_nowait({"pong": 1})
        await turns()
        assert server.sent == [(address, {"pong": 1})]
        assert server.sent[0][0] is address


async def test_details_are_what_they_were() -> None:
    """A dict of four, the same one at every look, ``last_used`` in wall-clock seconds."""
    server = ScriptedServer(Conversation())
    async with checked(server):
        queue = server.get_or_create_application_instance("a", "scope")
        details = server.application_instances["a"]
        assert type(details) is dict
        assert details.keys() == {"input_queue", "future", "scope", "last_used"}
        assert details["input_queue"] is queue
        assert details["scope"] == "scope"
        assert asyncio.isfuture(details["future"])
        assert details["last_used"] <= time.time()
        details["mine"] = 1
        details["last_used"] = 0.0
        server.get_or_create_application_instance("a", "scope")
        assert server.application_instances["a"] is details
        assert details["mine"] == 1
        assert details["last_used"] > 0


@pytest.mark.parametrize("first", ["checker", "handle"])
async def test_two_tasks_of_ones_own(first: str) -> None:
    """A server driven without ``arun()``, its tasks cancelled in either order."""
    application = Conversation()

    async def script(server: ScriptedServer) -> None:
        server.put("a", "fail")
        server.put("b", 1)
        await asyncio.Event().wait()

    server = ScriptedServer(application, script=script)
    tasks = {
        "checker": asyncio.create_task(server.application_checker()),
        "handle": asyncio.create_task(server.handle()),
    }
    await server.ended(1)
    assert application.messages("b") == [1]
    second = "handle" if first == "checker" else "checker"
    for name in (first, second):
        tasks[name].cancel()
        await asyncio.gather(tasks[name], return_exceptions=True)
        assert tasks[name].cancelled()
        server.put("b", name)
        await turns()
    assert application.messages("b") == [1, first, second]
    server.delete_application_instance("b")
    await turns()


async def test_a_get_or_create_of_ones_own_with_its_own_tasks() -> None:
    """Entries that a subclass fills in are reaped, evicted and ended like others."""
    application = Conversation()
    plain: list[type] = []

    class Server(ScriptedServer):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.application_instances = {}

        def get_or_create_application_instance(
            self, scope_id: Any, scope: Any
        ) -> asyncio.Queue[Any]:
            if scope_id not in self.application_instances:
                queue: asyncio.Queue[Any] = asyncio.Queue()
                plain.append(type(queue))
                self.application_instances[scope_id] = {
                    "input_queue": queue,
                    "future": asyncio.ensure_future(
                        application(scope, queue.get, lambda message: self.answer(scope, message))
                    ),
                    "scope": scope,
                    "last_used": time.time(),
                }
            found: asyncio.Queue[Any] = self.application_instances[scope_id]["input_queue"]
            return found

        async def answer(self, scope: Any, message: Any) -> None:
            await self.application_send(scope, message)

    server = Server(application)
    async with checked(server):
        server.put("a", {"text": 1}, "fail")
        server.put("b", "return")
        server.put("c", "hold")
        await server.ended(2)
        await turns()
        assert server.sent == [("a", {"text": 1})]
        assert [error for error, _ in server.exceptions] == [application.error]
        assert server.exceptions[0][1]["scope"] == "a"
        assert list(server.application_instances) == ["c"]
        # What the base class does with an entry works on these, too.
        base = StatelessServer.get_or_create_application_instance
        assert base(server, "c", "c") is server.application_instances["c"]["input_queue"]
        server.delete_oldest_application_instance()
        await server.ended(3)
        assert application.cancellations["c"] == 1
        assert server.reasons() == {"a": ["failed"], "b": ["returned"], "c": ["evicted"]}
        statistics = server.statistics()
        assert (statistics.live, statistics.created) == (0, 3)


async def test_foreign_entries_end_with_the_server() -> None:
    """Also those whose queue is empty, at once."""
    application = Conversation()
    queue: asyncio.Queue[Any] = asyncio.Queue()

    async def script(server: ScriptedServer) -> None:
        task = asyncio.ensure_future(application("a", queue.get, None))
        server.application_instances["a"] = {"input_queue": queue, "future": task, "scope": "a"}
        await turns()

    server = ScriptedServer(application, script=script)
    server.drain_timeout = float("inf")
    await server.arun()
    assert application.cancellations["a"] == 1
    assert server.reasons() == {"a": ["shutdown"]}


async def test_a_plain_dict_may_be_assigned() -> None:
    """Rules and limits hold all the same."""

    class Server(ScriptedServer):
        def __init__(self, application: Any) -> None:
            super().__init__(application, 2)
            self.application_instances = {}

    application = Conversation()
    server = Server(application)
    async with checked(server):
        for name in "abc":
            server.put(name, 1)
        assert list(server.application_instances) == ["b", "c"]
        await turns()
        for scope_id, details in list(server.application_instances.items()):
            assert scope_id == details["scope"]
            details["future"].cancel()
            del server.application_instances[scope_id]
        assert not server.application_instances
        server.put("b", 2)
        await turns(10)
        assert application.messages("b") == [1, 2]
        assert application.most_at_once == 1


async def test_the_mapping_is_a_mapping() -> None:
    """Everything a dict of entries was used for."""
    server = ScriptedServer(Conversation())
    async with checked(server):
        for name in "abc":
            server.put(name)
        instances = server.application_instances
        assert len(instances) == 3
        assert next(iter(instances)) == "a"
        assert list(instances.keys()) == ["a", "b", "c"]
        assert [details["scope"] for details in instances.values()] == ["a", "b", "c"]
        assert min(instances, key=lambda one: instances[one]["last_used"]) == "a"
        assert instances.get("x") is None
        with pytest.raises(KeyError):
            instances["x"]
        with pytest.raises(KeyError):
            del instances["x"]
        assert instances == dict(instances)
        assert "'scope': 'b'" in repr(instances)
        # Taken out and put back in: how a dict is told what was used last.
        instances["a"] = instances.pop("a")
        assert list(instances) == ["b", "c", "a"]
        instances["b"] = instances["b"]
        assert list(instances) == ["c", "a", "b"]
        assert server.statistics().live == 3
        # Deleting while iterating leaves out what is gone.
        seen = []
        for scope_id in instances:
            seen.append(scope_id)
            for other in list(instances):
                if other != scope_id:
                    server.delete_application_instance(other)
        assert seen == ["c"]
        server.put("a")
        server.put("b")
        for scope_id in instances:
            if scope_id == "a":
                server.delete_application_instance("b")
            seen.append(scope_id)
        assert seen == ["c", "c", "a"]
        with pytest.raises(TypeError, match="input_queue, future"):
            instances["d"] = {"future": None}


async def test_an_application_exception_that_deletes_the_entry() -> None:
    """By the method or by hand: it finds the entry, and nothing trips over its absence."""
    for by_hand in (True, False):

        class Server(ScriptedServer):
            by_hand = True

            async def application_exception(
                self, exception: BaseException, application_details: dict[str, Any]
            ) -> None:
                scope_id = application_details["scope"]
                if self.by_hand:
                    del self.application_instances[scope_id]
                else:
                    self.delete_application_instance(scope_id)
                await super().application_exception(exception, application_details)

        server = Server(Conversation())
        server.by_hand = by_hand
        async with checked(server):
            server.put("a", "fail")
            server.put("b", "fail")
            await server.ended(2)
            assert len(server.exceptions) == 2
            assert not server.application_instances


async def test_one_application_at_a_time() -> None:
    """``max_applications=1``, every scope in turn."""
    application = Conversation()
    server = ScriptedServer(application, 1)
    async with checked(server):
        for number in range(5):
            server.put(number, "hello")
            await turns()
        assert [scope for scope, _ in application.received] == [0, 1, 2, 3, 4]
        assert list(server.application_instances) == [4]


async def test_instances_made_before_arun_on_the_same_loop() -> None:
    """They are served by the run that follows."""
    application = Conversation()
    server = ScriptedServer(application, script=lambda _: turns(2))
    server.put("a", "early")
    await server.arun()
    assert application.received == [("a", "early")]
    assert server.reasons() == {"a": ["shutdown"]}


@pytest.mark.parametrize("name", ["delete_application_instance", "both"])
async def test_overridden_deletions_are_called_for_evictions(name: str) -> None:
    """A subclass that cleans up after its users does so for evicted ones, too."""
    called: list[Any] = []

    class Server(ScriptedServer):
        def delete_application_instance(self, scope_id: Any) -> None:
            called.append(scope_id)
            super().delete_application_instance(scope_id)

    class Choosy(Server):
        def delete_oldest_application_instance(self) -> None:
            # The newest, in fact.
            self.delete_application_instance(list(self.application_instances)[-1])

    server = (Choosy if name == "both" else Server)(Conversation(), 2)
    async with checked(server):
        for number in range(4):
            server.put(number)
        await server.ended(2)
        assert called == ([1, 2] if name == "both" else [0, 1])
        assert [ending.reason for ending in server.endings] == ["evicted", "evicted"]


async def test_an_overridden_deletion_that_deletes_nothing() -> None:
    """The limit holds."""

    class Server(ScriptedServer):
        def delete_oldest_application_instance(self) -> None:
            """Do nothing."""

    server = Server(Conversation(), 1)
    async with checked(server):
        server.put("a")
        server.put("b")
        assert list(server.application_instances) == ["b"]


async def test_a_channel_layers_worker() -> None:
    """Positional arguments, several listeners in one ``handle()``, one scope id a channel."""
    application = Conversation()
    layer: dict[str, asyncio.Queue[Any]] = {"thumbnails": asyncio.Queue(), "mails": asyncio.Queue()}

    class Worker(StatelessServer[str]):
        def __init__(
            self, application: Any, channels: list[str], max_applications: int = 1000
        ) -> None:
            super().__init__(application, max_applications)
            self.channels = channels

        async def handle(self) -> None:
            listeners = [asyncio.create_task(self.listen(channel)) for channel in self.channels]
            try:
                await asyncio.wait(listeners)
            finally:
                for listener in listeners:
                    listener.cancel()

        async def listen(self, channel: str) -> None:
            while True:
                message = await layer[channel].get()
                queue = self.get_or_create_application_instance(channel, channel)
                await queue.put(message)

        async def application_send(self, scope: Any, message: Any) -> None:
            """Nothing goes back."""

    worker = Worker(application, ["thumbnails", "mails"])
    running = asyncio.create_task(worker.arun())
    for number in range(3):
        layer["thumbnails"].put_nowait({"number": number})
        layer["mails"].put_nowait({"number": -number})
    while len(application.received) < 6:
        await turns(1)
    assert [one["number"] for one in application.messages("thumbnails")] == [0, 1, 2]
    worker.stop()
    await running
    assert application.calls == {"thumbnails": 1, "mails": 1}


async def test_asgi_2_applications_and_reassignment() -> None:
    """``application`` may be of either kind, and the next instance uses the present one."""
    received: list[Any] = []

    class Double:
        def __init__(self, scope: Any) -> None:
            self.scope = scope

        async def __call__(self, receive: Any, send: Any) -> None:
            received.append(("double", self.scope, await receive()))

    server = ScriptedServer(Double)
    single = Conversation()
    async with checked(server):
        server.put("a", 1)
        server.application = single
        server.put("b", 2)
        await turns()
        assert received == [("double", "a", 1)]
        assert single.received == [("b", 2)]


@pytest.mark.parametrize("kind", ["wrong signature", "synchronous", "awaitable", "partial"])
async def test_odd_callables_fail_or_work_inside_their_instance(kind: str) -> None:
    """Nothing an application does leaks into ``handle()``."""
    seen: list[Any] = []

    async def wrong(scope: Any) -> None:
        del scope

    async def right(scope: Any, receive: Any, send: Any) -> None:
        del scope, send
        seen.append(await receive())

    def synchronous(scope: Any, receive: Any, send: Any) -> Any:
        del scope, receive, send
        raise ValueError("before the first await")

    synchronous._asgi_single_callable = True  # type: ignore[attr-defined]  # the hint of ASGI 3

    def awaitable(scope: Any, receive: Any, send: Any) -> Any:
        return asyncio.ensure_future(right(scope, receive, send))

    awaitable._asgi_single_callable = True  # type: ignore[attr-defined]  # the hint of ASGI 3

    application = {
        "wrong signature": wrong,
        "synchronous": synchronous,
        "awaitable": awaitable,
        "partial": functools.partial(right),
    }[kind]
    server = ScriptedServer(application)
    async with checked(server):
        server.put("a", "message")
        (ending,) = await server.ended(1)
    if kind in {"wrong signature", "synchronous"}:
        assert ending.reason == "failed"
        assert ending.unread == ("message",)
    else:
        assert ending.reason == "returned"
        assert seen == ["message"]


async def test_an_application_that_tells_coroutine_functions_apart() -> None:
    """Both callables it gets are coroutine functions, as bridges to synchronous code ask."""
    kinds: list[bool] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        del scope
        kinds.extend([inspect.iscoroutinefunction(receive), inspect.iscoroutinefunction(send)])

    server = ScriptedServer(application)
    async with checked(server):
        server.put("a")
        await server.ended(1)
    assert kinds == [True, True]
