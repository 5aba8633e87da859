"""What a stateless server promises while it runs: one instance, order, successors, limit."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
from typing import Any

import pytest

from asgiref.server import (
    ApplicationEnding,
    InstanceEnded,
    ServerStatistics,
    ServerStopped,
    StatelessServer,
)
from tests.unit.adapters.stateless import Conversation, ScriptedServer, checked, turns

pytestmark = pytest.mark.asyncio


class TestOneInstance:
    """Two calls of the application for one scope id never overlap."""

    async def test_one_queue_for_one_scope_id(self) -> None:
        """The same queue comes back as long as the instance lives; later scopes are ignored."""
        application = Conversation()
        server = ScriptedServer(application)
        async with checked(server):
            queue = server.get_or_create_application_instance("a", "first")
            assert server.get_or_create_application_instance("a", "second") is queue
            queue.put_nowait("hello")
            await turns()
            assert application.received == [("first", "hello")]

    async def test_a_successor_waits_for_the_cancelled_predecessor(self) -> None:
        """It takes messages at once, and starts when the predecessor has cleaned up."""
        application = Conversation()
        server = ScriptedServer(application)
        async with checked(server):
            server.put("a", "clean up slowly")
            await turns()
            server.delete_application_instance("a")
            server.put("a", "early")
            await turns()
            assert application.calls["a"] == 1
            application.gate.set()
            await turns(10)
            assert application.messages("a") == ["clean up slowly", "early"]
            assert application.calls["a"] == 2
            assert application.most_at_once == 1
            assert server.reasons() == {"a": ["deleted"]}

    async def test_a_chain_of_successors_waits_for_all(self) -> None:
        """A queued successor that is deleted never runs; the next one still waits for the first."""
        application = Conversation()
        server = ScriptedServer(application)
        async with checked(server):
            server.put("a", "clean up slowly")
            await turns()
            server.delete_application_instance("a")
            server.put("a", "never read")
            server.delete_application_instance("a")
            server.put("a", "read")
            await turns()
            assert application.calls["a"] == 1
            application.gate.set()
            await turns(10)
            assert application.messages("a") == ["clean up slowly", "read"]
            assert application.most_at_once == 1
            assert {ending.unread for ending in server.endings} == {("never read",), ()}

    async def test_a_forgotten_instance_ends_when_its_successor_comes(self) -> None:
        """Deleting the entry forgets the instance; it must not run beside the next one."""
        application = Conversation()
        server = ScriptedServer(application)
        async with checked(server):
            queue = server.put("a", 1)
            await turns()
            del server.application_instances["a"]
            queue.put_nowait(2)
            await turns()
            assert application.messages("a") == [1, 2]
            server.put("a", 3)
            with pytest.raises(InstanceEnded):
                queue.put_nowait(4)
            await turns(10)
            assert application.messages("a") == [1, 2, 3]
            assert application.most_at_once == 1
            assert server.reasons() == {"a": ["deleted"]}

    async def test_a_successor_that_is_forgotten_while_it_waits(self) -> None:
        """It starts when its predecessor has cleaned up: it does not wait for itself."""
        application = Conversation()
        server = ScriptedServer(application)
        async with checked(server):
            server.put("a", "clean up slowly")
            await turns()
            server.delete_application_instance("a")
            server.put("a", "read")
            del server.application_instances["a"]
            await turns()
            assert application.calls["a"] == 1
            application.gate.set()
            await turns(10)
            assert application.messages("a") == ["clean up slowly", "read"]
            assert application.most_at_once == 1

    async def test_the_successor_of_one_that_was_forgotten_while_it_waited(self) -> None:
        """The forgotten one ends without having run; the next waits for the first."""
        application = Conversation()
        server = ScriptedServer(application)
        async with checked(server):
            server.put("a", "clean up slowly")
            await turns()
            server.delete_application_instance("a")
            server.put("a", 1)
            del server.application_instances["a"]
            server.put("a", 2)
            await turns()
            assert application.calls["a"] == 1
            application.gate.set()
            await turns(10)
            assert application.messages("a") == ["clean up slowly", 2]
            assert application.most_at_once == 1


class TestEndedInstances:
    """Messages to instances that ended find a successor, or are reported."""

    @pytest.mark.parametrize("ending", ["return", "fail"])
    async def test_unread_messages_pass_to_a_successor(self, ending: str) -> None:
        """In order, before newer ones; the predecessor's ending has none of them."""
        application = Conversation()
        server = ScriptedServer(application)
        async with checked(server):
            server.put("a", ending, 1, ending, 2)
            first, second = await server.ended(2)
            server.put("a", 3)
            await turns()
            assert application.messages("a") == [ending, 1, ending, 2, 3]
            assert (first.accepted, first.unread) == (1, ())
            assert (second.accepted, second.unread) == (2, ())
            assert application.calls["a"] == 3
            assert server.statistics().accepted == 5

    async def test_a_successor_keeps_the_place_in_the_order(self) -> None:
        """It was not messaged, it only goes on."""
        server = ScriptedServer(Conversation())
        async with checked(server):
            server.put("a", "return", "left")
            server.put("b")
            await server.ended(1)
            assert list(server.application_instances) == ["a", "b"]

    async def test_newer_messages_come_after_those_passed_on(self) -> None:
        """Even when they are put before the server has heard of the ending."""
        application = Conversation()
        server = ScriptedServer(application)
        async with checked(server):
            server.put("a", "return", "left")
            await asyncio.sleep(0)
            # The task is done; its callback, which would tell the server, has not run.
            server.put("a", "new")
            await turns(10)
            assert application.messages("a") == ["return", "left", "new"]

    async def test_no_progress_no_successor(self) -> None:
        """An instance that took nothing leaves its messages in its ending: no endless retries."""

        async def broken(scope: Any, receive: Any, send: Any) -> None:
            del scope, receive, send
            raise ValueError("broken from the start")

        server = ScriptedServer(broken)
        async with checked(server):
            server.put("a", 1, 2)
            (ending,) = await server.ended(1)
            assert (ending.reason, ending.unread, ending.accepted) == ("failed", (1, 2), 2)
            assert isinstance(ending.exception, ValueError)
            assert server.statistics().created == 1
            assert server.statistics().queued == 0

    async def test_get_or_create_replaces_an_ended_instance_in_the_same_call(self) -> None:
        """Before any callback could run; the old ending is reported all the same."""
        server = ScriptedServer(Conversation())
        async with checked(server):
            queue = server.put("a", "return")
            await asyncio.sleep(0)
            # The task is done; its callback, which would tell the server, has not run.
            with pytest.raises(InstanceEnded):
                queue.put_nowait("late")
            assert server.put("a") is not queue
            await server.ended(1)
            assert server.reasons() == {"a": ["returned"]}

    @pytest.mark.parametrize(
        ("how", "reason"),
        [("cancel the future", "cancelled"), ("cancelled", "cancelled")],
    )
    async def test_a_cancelled_application_ends_alone(self, how: str, reason: str) -> None:
        """Whoever cancelled it, its messages are reported and the server goes on."""
        application = Conversation()
        server = ScriptedServer(application)
        async with checked(server):
            if how == "cancelled":
                server.put("a", how, 1, 2)
            else:
                server.put("a", "hold", 1, 2)
                await turns()
                server.application_instances["a"]["future"].cancel()
            (ending,) = await server.ended(1)
            assert (ending.reason, ending.exception, ending.unread) == (reason, None, (1, 2))
            assert server.exceptions == []
            server.put("a", 3)
            await turns()
            assert application.messages("a")[-1] == 3

    async def test_an_ended_instance_leaves_the_table_after_its_report(self) -> None:
        """The hook still finds the entry it is told about."""
        found: list[bool] = []

        class Server(ScriptedServer):
            async def application_exception(
                self, exception: BaseException, application_details: dict[str, Any]
            ) -> None:
                found.append(self.application_instances["a"] is application_details)
                await super().application_exception(exception, application_details)

        server = Server(Conversation())
        async with checked(server):
            server.put("a", "fail")
            await server.ended(1)
            await turns()
            assert found == [True]
            assert "a" not in server.application_instances

    async def test_the_successor_gets_the_registered_scope_and_its_context(self) -> None:
        """It is the same conversation, so it runs as if started by the same call."""
        variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
        seen: list[tuple[Any, str]] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            del send
            await receive()
            seen.append((scope, variable.get()))
            variable.set("changed inside")

        server = ScriptedServer(application)
        scope = ("127.0.0.1", 53)
        variable.set("the call")
        async with checked(server):
            queue = server.get_or_create_application_instance("a", scope)
            queue.put_nowait(1)
            queue.put_nowait(2)
            variable.set("later")
            await server.ended(2)
        assert [one is scope for one, _ in seen] == [True, True]
        assert [context for _, context in seen] == ["the call", "the call"]


class TestLimit:
    """The table never holds more instances than it may."""

    @pytest.mark.parametrize("limit", [0, 1, 2, 7])
    async def test_the_limit_is_exact(self, limit: int) -> None:
        """After every call, in the same call."""
        application = Conversation()
        server = ScriptedServer(application, limit)
        async with checked(server):
            for number in range(20):
                server.put(number)
                assert len(server.application_instances) == min(number + 1, max(1, limit))
                assert number in server.application_instances

    async def test_the_least_recently_messaged_goes(self) -> None:
        """By the order of calls: of get-or-create, and of puts to a queue that was kept."""
        server = ScriptedServer(Conversation(), 3)
        async with checked(server):
            kept = server.put("a")
            server.put("b")
            server.put("c")
            kept.put_nowait(1)
            assert list(server.application_instances) == ["b", "c", "a"]
            server.put("b")
            server.put("d")
            assert list(server.application_instances) == ["a", "b", "d"]
            await server.ended(1)
            assert server.reasons() == {"c": ["evicted"]}

    async def test_eviction_reports_what_was_unread(self) -> None:
        """Accepted is handed over or reported."""
        application = Conversation()
        server = ScriptedServer(application, 1)
        async with checked(server):
            server.put("a", "hold", 1, 2)
            await turns()
            server.put("b")
            (ending,) = await server.ended(1)
            assert ending.scope_id == ending.scope == "a"
            assert (ending.reason, ending.unread, ending.accepted) == ("evicted", (1, 2), 3)
            assert ending.seconds >= 0

    async def test_ended_instances_make_room_first(self) -> None:
        """Nobody who lives is evicted for an entry that only waits for its report."""
        application = Conversation()
        server = ScriptedServer(application, 2)
        server.put("alive")
        server.put("dead", "return")
        await turns()
        assert "dead" in server.application_instances
        server.put("new")
        assert list(server.application_instances) == ["alive", "new"]
        async with checked(server):
            pass

    async def test_a_lowered_limit_holds_at_the_next_creation(self) -> None:
        """``max_applications`` is looked at every time."""
        server = ScriptedServer(Conversation(), 10)
        async with checked(server):
            for number in range(10):
                server.put(number)
            server.max_applications = 3
            server.put("new")
            assert list(server.application_instances) == [8, 9, "new"]


class TestFailures:
    """Every exception is reported; nothing an application does stops the server."""

    async def test_a_falsy_exception_is_reported(self) -> None:
        """The exception's own idea of truth does not matter."""

        class Falsy(Exception):  # noqa: N818 -- what it is called says what it is
            def __bool__(self) -> bool:
                return False

        application = Conversation()
        application.error = Falsy()
        server = ScriptedServer(application)
        async with checked(server):
            server.put("a", "fail")
            (ending,) = await server.ended(1)
            assert [error for error, _ in server.exceptions] == [application.error]
            assert ending.exception is application.error

    async def test_a_failure_is_reported_without_waiting_for_the_interval(self) -> None:
        """The checker is woken; it does not come by."""
        server = ScriptedServer(Conversation())
        server.application_checker_interval = 1e6
        async with checked(server):
            server.put("a", "fail")
            await server.ended(1)

    @pytest.mark.parametrize("reason", ["evicted", "deleted"])
    async def test_exceptions_raised_during_removal_are_reported(self, reason: str) -> None:
        """What cleaning up raises is a failure, whatever the reason of the ending."""

        async def application(scope: Any, receive: Any, send: Any) -> None:
            del send
            try:
                await receive()
            finally:
                if scope == "a":
                    raise ValueError("while cleaning up")

        server = ScriptedServer(application, 1)
        async with checked(server):
            server.put("a")
            await turns()
            if reason == "evicted":
                server.put("b")
            else:
                server.delete_application_instance("a")
            (ending, *_) = await server.ended(1)
            assert ending.reason == reason
            assert str(ending.exception) == "while cleaning up"
            assert len(server.exceptions) == 1

    async def test_reports_wait_for_a_checker(self) -> None:
        """In the order of the endings, application_exception first."""
        server = ScriptedServer(Conversation())
        for name in "abc":
            server.put(name, "fail")
        await turns()
        assert server.endings == []
        async with checked(server):
            await server.ended(3)
            assert [ending.scope_id for ending in server.endings] == ["a", "b", "c"]
            assert len(server.exceptions) == 3
            assert server.statistics().lost_reports == 0

    async def test_reports_without_a_checker_are_bounded(self) -> None:
        """A thousand wait; older ones are dropped, counted, and leave nothing to the collector."""
        server = ScriptedServer(Conversation(), 5000)
        for number in range(1100):
            server.put(number, "fail")
        await turns()
        assert server.statistics().lost_reports == 100
        assert len(server.application_instances) == 1000
        gc.collect()
        async with checked(server):
            await server.ended(1000)
            assert server.endings[0].scope_id == 100

    @pytest.mark.parametrize("hook", ["application_exception", "application_ended"])
    @pytest.mark.parametrize("failure", ["raises", "awaits a cancelled task", "is no coroutine"])
    async def test_a_hook_that_raises_is_logged(
        self, hook: str, failure: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """And the next ending is reported as if nothing had happened."""

        class Server(ScriptedServer):
            broken = True

        server = Server(Conversation())
        working = getattr(server, hook)

        async def broken(*arguments: Any) -> None:
            if not server.broken:
                await working(*arguments)
                return
            server.broken = False
            if failure == "raises":
                raise ValueError("in the hook")
            task = asyncio.ensure_future(asyncio.Event().wait())
            task.cancel()
            await task

        def no_coroutine(*arguments: Any) -> Any:
            return None if server.broken and failure == "is no coroutine" else broken(*arguments)

        setattr(server, hook, no_coroutine)
        async with checked(server):
            server.put("a", "fail")
            if failure == "is no coroutine":
                await turns(10)
                server.broken = False
            await turns(10)
            server.put("b", "fail")
            await server.ended(1 if hook == "application_ended" else 2)
            assert server.endings[-1].scope_id == "b"
            assert server.exceptions[-1][1]["scope"] == "b"
        (record,) = caplog.records
        assert hook in record.getMessage()
        assert "'a'" in record.getMessage()
        assert record.exc_info is not None

    async def test_the_default_hook_logs_with_traceback(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """To the logger of this package, not to the root logger."""
        server: StatelessServer[str] = StatelessServer(Conversation())
        async with checked(server):
            server.get_or_create_application_instance("a", "the scope").put_nowait("fail")
            await turns(10)
        (record,) = caplog.records
        assert record.name == "asgiref.server"
        assert record.levelno == logging.ERROR
        assert record.exc_info is not None
        assert "the application failed" in record.getMessage()
        assert "the scope" in record.getMessage()

    async def test_application_send_that_raises_ends_its_instance_only(self) -> None:
        """The application meets the exception, and may even catch it."""

        class Server(ScriptedServer):
            async def application_send(self, scope: Any, message: Any) -> None:
                if scope == "a":
                    raise ConnectionError("gone")
                await super().application_send(scope, message)

        server = Server(Conversation())
        async with checked(server):
            server.put("a", {"text": 1})
            server.put("b", {"text": 2})
            (ending,) = await server.ended(1)
            assert isinstance(ending.exception, ConnectionError)
            assert server.sent == [("b", {"text": 2})]

    async def test_hooks_run_one_at_a_time_in_the_checkers_context(self) -> None:
        """Even with two checkers."""
        variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
        busy = 0
        seen: list[tuple[Any, str, int]] = []

        class Server(ScriptedServer):
            async def application_ended(self, ending: ApplicationEnding[Any]) -> None:
                nonlocal busy
                busy += 1
                await turns()
                seen.append((ending.scope_id, variable.get(), busy))
                busy -= 1

        server = Server(Conversation())
        variable.set("checker")
        async with checked(server), checked(server):
            variable.set("somebody else")
            for name in "abc":
                server.put(name, "return")
            await turns(40)
        assert seen == [("a", "checker", 1), ("b", "checker", 1), ("c", "checker", 1)]

    async def test_an_interrupted_hook_is_not_called_twice(self) -> None:
        """The next checker goes on behind it."""
        begun: list[str] = []

        class Server(ScriptedServer):
            async def application_exception(
                self, exception: BaseException, application_details: dict[str, Any]
            ) -> None:
                del exception
                begun.append(application_details["scope"])
                if len(begun) == 1:
                    await asyncio.Event().wait()

        server = Server(Conversation())
        async with checked(server):
            server.put("a", "fail")
            server.put("b", "fail")
            await turns(10)
            assert begun == ["a"]
        async with checked(server):
            await server.ended(2)
        assert begun == ["a", "b"]
        assert [ending.scope_id for ending in server.endings] == ["a", "b"]


class TestBackpressure:
    """Bounded queues make producers wait, and never lose what they bring."""

    async def test_put_nowait_and_deliver_at_the_bound(self) -> None:
        """The one raises, the other waits."""
        application = Conversation()
        server = ScriptedServer(application)
        server.input_queue_size = 2
        async with checked(server):
            queue = server.put("a", "hold")
            await turns()
            queue.put_nowait(1)
            queue.put_nowait(2)
            with pytest.raises(asyncio.QueueFull):
                queue.put_nowait(3)
            delivery = asyncio.create_task(server.deliver("a", "a", 4))
            await turns()
            assert not delivery.done()
            application.gate.set()
            await delivery
            await turns()
            assert application.messages("a") == ["hold", 1, 2, 4]

    async def test_deliver_goes_on_to_the_successor(self) -> None:
        """All that wait do, in their order; nothing is lost, nothing doubled."""
        application = Conversation()
        server = ScriptedServer(application, 1)
        server.input_queue_size = 1
        async with checked(server):
            server.put("a", "hold")
            await turns()
            server.put("a", "unread")
            deliveries = [asyncio.create_task(server.deliver("a", "a", n)) for n in range(3)]
            await turns()
            server.put("b")
            await asyncio.gather(*deliveries)
            await turns(10)
            assert application.messages("a") == ["hold", 0, 1, 2]
            evicted = next(ending for ending in server.endings if ending.scope_id == "a")
            assert (evicted.reason, evicted.unread) == ("evicted", ("unread",))

    @pytest.mark.parametrize("bound", [1, 2])
    @pytest.mark.parametrize("how", ["delete", "cancel", "evict", "return", "fail"])
    async def test_newcomers_stay_behind_those_who_wait(self, how: str, bound: int) -> None:
        """Whoever waited when the instance ended is before all who come in any turn after it."""
        application = Conversation()
        server = ScriptedServer(application, 1)
        server.input_queue_size = bound
        deliveries: list[asyncio.Task[None]] = []

        def come() -> None:
            deliveries.append(asyncio.create_task(server.deliver("a", "a", len(deliveries))))

        async with checked(server):
            server.put("a", "hold")
            await turns()
            if how in {"return", "fail"}:
                # Its successor begins with what it leaves unread.
                server.put("a", how)
            for _ in range(5):
                come()
            await turns()
            come()
            if how == "delete":
                server.delete_application_instance("a")
            elif how == "cancel":
                server.application_instances["a"]["future"].cancel()
            elif how == "evict":
                server.put("b")
            application.gate.set()
            for _ in range(10):
                come()
                await turns(1)
            await asyncio.gather(*deliveries)
            await turns(10)
            unread = [one for ending in server.endings for one in ending.unread]
            received = [one for one in application.messages("a") if isinstance(one, int)]
            assert sorted([*unread, *received]) == list(range(16))
            assert received == sorted(received)
            assert len(received) >= 14

    async def test_a_place_survives_two_endings_in_one_turn(self) -> None:
        """The successor may end before those who wait for it have run."""
        application = Conversation()
        server = ScriptedServer(application)
        server.input_queue_size = 1
        async with checked(server):
            server.put("a", "hold")
            await turns()
            server.put("a", "unread")
            deliveries = [asyncio.create_task(server.deliver("a", "a", n)) for n in range(3)]
            await turns()
            for _ in range(2):
                server.delete_application_instance("a")
                server.get_or_create_application_instance("a", "a")
            deliveries.append(asyncio.create_task(server.deliver("a", "a", 3)))
            await asyncio.gather(*deliveries)
            await turns(10)
            assert application.messages("a") == ["hold", 0, 1, 2, 3]

    async def test_those_who_wait_hear_of_a_stop(self) -> None:
        """All at once, and their line is forgotten."""
        server = ScriptedServer(Conversation())
        server.input_queue_size = 1
        server.drain_timeout = server.cancel_timeout = 0
        run = asyncio.create_task(server.arun())
        await turns()
        server.put("a", "hold")
        await turns()
        server.put("a", "unread")
        deliveries = [asyncio.create_task(server.deliver("a", "a", n)) for n in range(30)]
        await turns()
        server.stop()
        await run
        answers = await asyncio.gather(*deliveries, return_exceptions=True)
        assert {type(answer) for answer in answers} == {ServerStopped}
        assert server.endings[0].unread == ("unread",)

    async def test_a_cancelled_delivery_is_not_accepted(self) -> None:
        """It leaves no trace."""
        application = Conversation()
        server = ScriptedServer(application)
        server.input_queue_size = 1
        async with checked(server):
            server.put("a", "hold")
            await turns()
            server.put("a", 1)
            delivery = asyncio.create_task(server.deliver("a", "a", 2))
            await turns()
            delivery.cancel()
            await asyncio.gather(delivery, return_exceptions=True)
            application.gate.set()
            await turns()
            assert application.messages("a") == ["hold", 1]
            assert server.statistics().accepted == 2

    async def test_a_get_or_create_of_ones_own_that_knows_no_successors(self) -> None:
        """``deliver`` does not turn for ever around a queue that has ended."""
        server = ScriptedServer(Conversation())
        queue = server.put("a", "return")
        await turns()

        class Stubborn(ScriptedServer):
            def get_or_create_application_instance(
                self, scope_id: Any, scope: Any
            ) -> asyncio.Queue[Any]:
                del scope_id, scope
                return queue

        with pytest.raises(InstanceEnded):
            await Stubborn(Conversation()).deliver("a", "a", 1)


async def test_statistics_add_up() -> None:
    """Accepted messages are queued, handed over or reported; instances are live or ended."""
    application = Conversation()
    server = ScriptedServer(application, 3)
    async with checked(server):
        server.put("a", 1, 2)
        server.put("b", "hold", 3, 4)
        server.put("c", "return")
        await turns(10)
        server.put("d", "clean up slowly")
        await turns()
        assert server.statistics() == ServerStatistics(
            live=3,
            cancelling=0,
            created=4,
            accepted=7,
            queued=2,
            endings={**dict.fromkeys(server.statistics().endings, 0), "returned": 1},
            lost_reports=0,
        )
        server.delete_application_instance("d")
        await turns()
        statistics = server.statistics()
        assert (statistics.live, statistics.cancelling) == (2, 1)
        with pytest.raises(AttributeError):
            statistics.live = 5  # type: ignore[misc]  # frozen: that it raises is the point
        application.gate.set()


async def test_ended_instances_leave_no_reference_cycle() -> None:
    """An evicted instance is freed at once: the collector would find nothing."""
    server: StatelessServer[int] = StatelessServer(Conversation(), 10)
    async with checked(server):
        for number in range(10):
            server.get_or_create_application_instance(number, None).put_nowait(1)
        await turns()
        gc.collect()
        gc.disable()
        try:
            for number in range(10, 30):
                server.get_or_create_application_instance(number, None).put_nowait(1)
                await turns()
            from asgiref._adapters.server.instance import Instance  # noqa: PLC0415 -- see below

            # Private, but who else could say what is alive.
            alive = sum(type(one) is Instance for one in gc.get_objects())
            assert alive == 10
        finally:
            gc.enable()
