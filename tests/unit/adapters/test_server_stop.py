"""How a stateless server stops: in order, abruptly, by signal, again and again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from asgiref.server import ApplicationEnding, ServerStopped, StatelessServer
from tests.doubles import run_in_virtual_time
from tests.unit.adapters.stateless import Conversation, ScriptedServer, turns


async def refusing(receive: Any) -> None:
    """Ignore every cancellation, as long as Python lets it."""
    while True:
        try:
            await receive()
        except asyncio.CancelledError:
            continue


class TestOrderly:
    """Work that is left gets its time; nothing is lost in silence."""

    def test_arun_returns_when_handle_does(self) -> None:
        """Idle instances are cancelled at once, the busy ones finish what they have."""
        application = Conversation()

        async def script(server: ScriptedServer) -> None:
            server.put("idle", 1)
            server.put("busy", "hold", 2, 3)
            await turns()
            asyncio.get_running_loop().call_later(1, application.gate.set)

        async def main() -> None:
            server = ScriptedServer(application, script=script)
            await server.arun()
            assert asyncio.get_running_loop().time() == pytest.approx(1)
            assert application.messages("busy") == ["hold", 2, 3]
            assert server.reasons() == {"idle": ["shutdown"], "busy": ["shutdown"]}
            assert all(ending.unread == () for ending in server.endings)
            assert len(server.application_instances) == 0
            assert asyncio.all_tasks() == {asyncio.current_task()}

        run_in_virtual_time(main())

    def test_draining_ends_after_drain_timeout(self) -> None:
        """Then the rest is cancelled, and what it had not read is reported."""
        application = Conversation()

        async def script(server: ScriptedServer) -> None:
            server.put("busy", "hold", "unread")
            await turns()

        async def main() -> None:
            server = ScriptedServer(application, script=script)
            server.drain_timeout = 3
            await server.arun()
            assert asyncio.get_running_loop().time() == pytest.approx(3)
            (ending,) = server.endings
            assert (ending.reason, ending.unread) == ("shutdown", ("unread",))
            assert application.cancellations["busy"] == 1

        run_in_virtual_time(main())

    def test_no_successors_while_draining(self) -> None:
        """An instance that returns during the stop leaves its messages to its ending."""

        async def script(server: ScriptedServer) -> None:
            server.put("a", "hold", "return", "unread")
            await turns()
            server.script = None
            asyncio.get_running_loop().call_later(1, application.gate.set)

        application = Conversation()

        async def main() -> None:
            server = ScriptedServer(application, script=script)
            await server.arun()
            (ending,) = server.endings
            assert (ending.reason, ending.unread) == ("returned", ("unread",))

        run_in_virtual_time(main())

    def test_get_or_create_raises_once_stopped(self) -> None:
        """From the moment of ``stop()``, for old and new scope ids; waiting deliveries end so."""
        application = Conversation()

        async def main() -> None:
            server = ScriptedServer(application)
            server.input_queue_size = 1
            running = asyncio.create_task(server.arun())
            await turns()
            server.put("a", "hold")
            await turns()
            server.put("a", "unread")
            delivery = asyncio.create_task(server.deliver("a", "a", "never accepted"))
            await turns()
            server.stop()
            server.stop()
            for scope_id in ("a", "new"):
                with pytest.raises(ServerStopped, match=r"not accepted.*run\(\)"):
                    server.put(scope_id)
            await running
            with pytest.raises(ServerStopped):
                await delivery
            with pytest.raises(ServerStopped):
                server.put("after the stop")
            assert isinstance(ServerStopped(), RuntimeError)
            assert server.statistics().accepted == 2

        run_in_virtual_time(main())

    def test_stop_from_another_thread(self) -> None:
        """It needs no loop of its own."""
        server = ScriptedServer(Conversation())

        async def script(one: ScriptedServer) -> None:
            threading.Thread(target=one.stop).start()
            await asyncio.Event().wait()

        server.script = script
        asyncio.run(server.arun())
        server.stop()

    def test_stop_when_nothing_runs(self) -> None:
        """It asks nobody, and is not remembered."""
        server = ScriptedServer(Conversation(), script=lambda _: turns(1))
        server.stop()
        asyncio.run(server.arun())

    def test_a_handle_that_meets_server_stopped_has_stopped(self) -> None:
        """The refusal is no failure of ``handle()``."""
        server = ScriptedServer(Conversation())

        async def script(one: ScriptedServer) -> None:
            one.stop()
            one.put("a", 1)

        server.script = script
        asyncio.run(server.arun())

    def test_handle_that_fails_on_the_way_out_is_heard(self) -> None:
        """The stop is orderly all the same; then the error leaves ``arun()``."""
        server = ScriptedServer(Conversation())

        async def script(one: ScriptedServer) -> None:
            one.put("a", "return")
            one.stop()
            try:
                await asyncio.Event().wait()
            finally:
                raise ConnectionError("while closing")

        server.script = script
        with pytest.raises(ConnectionError, match="while closing"):
            asyncio.run(server.arun())
        assert server.reasons() == {"a": ["returned"]}

    def test_under_load_nothing_is_lost_in_silence(self) -> None:
        """Accepted is handed over plus reported unread, however the stop cuts in."""
        handed = 0

        async def application(scope: Any, receive: Any, send: Any) -> None:
            del scope, send
            nonlocal handed
            while True:
                await receive()
                handed += 1
                await turns(handed % 7)
                if handed % 11 == 0:
                    return
                if handed % 13 == 0:
                    raise ValueError(handed)

        async def producer(server: ScriptedServer, seed: int) -> int:
            accepted = 0
            try:
                while True:
                    await server.deliver((seed * accepted) % 23, None, accepted)
                    accepted += 1
                    await turns(accepted % 3)
            except ServerStopped:
                return accepted

        async def main() -> None:
            server = ScriptedServer(application, 10)
            server.input_queue_size = 3
            server.drain_timeout = 0
            running = asyncio.create_task(server.arun())
            await turns()
            producers = [asyncio.create_task(producer(server, seed)) for seed in (1, 3, 5, 7)]
            await server.ended(300)
            server.stop()
            await running
            accepted = sum(await asyncio.gather(*producers))
            statistics = server.statistics()
            unread = sum(len(ending.unread) for ending in server.endings)
            assert accepted == statistics.accepted
            assert accepted == handed + unread
            assert accepted == sum(ending.accepted for ending in server.endings)
            assert statistics.created == len(server.endings) == sum(statistics.endings.values())
            assert (statistics.queued, statistics.live, statistics.cancelling) == (0, 0, 0)

        asyncio.run(main())


class TestAbrupt:
    """Without draining, but without leaving anything behind either."""

    def test_arun_cancelled(self) -> None:
        """The cancellation leaves it when everything has ended."""
        application = Conversation()

        async def main() -> None:
            server = ScriptedServer(application)
            running = asyncio.create_task(server.arun())
            await turns()
            server.put("a", "hold", "unread")
            await turns()
            running.cancel("enough")
            with pytest.raises(asyncio.CancelledError, match="enough"):
                await running
            assert asyncio.get_running_loop().time() == 0
            assert server.endings[0].unread == ("unread",)
            assert asyncio.all_tasks() == {asyncio.current_task()}

        run_in_virtual_time(main())

    def test_arun_cancelled_while_draining(self) -> None:
        """It skips the rest of the draining."""
        application = Conversation()

        async def main() -> None:
            server = ScriptedServer(application)
            server.drain_timeout = 1000
            running = asyncio.create_task(server.arun())
            await turns()
            server.put("a", "hold")
            await turns()
            server.stop()
            await asyncio.sleep(1)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert asyncio.get_running_loop().time() == pytest.approx(1)

        run_in_virtual_time(main())

    def test_a_timeout_around_arun(self) -> None:
        """It sees its own cancellation come back."""

        async def main() -> None:
            server = ScriptedServer(Conversation())
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2):
                    await server.arun()

        run_in_virtual_time(main())

    def test_handle_raised(self) -> None:
        """Its error leaves ``arun()`` after the endings were reported."""
        application = Conversation()

        async def script(server: ScriptedServer) -> None:
            server.put("a", "hold")
            await turns()
            raise ConnectionError("lost")

        async def main() -> None:
            server = ScriptedServer(application, script=script)
            with pytest.raises(ConnectionError, match="lost"):
                await server.arun()
            assert asyncio.get_running_loop().time() == 0
            assert server.reasons() == {"a": ["shutdown"]}
            assert asyncio.all_tasks() == {asyncio.current_task()}

        run_in_virtual_time(main())

    def test_handle_ended_cancelled(self) -> None:
        """Nobody cancelled ``arun()``, but what ``handle()`` met is not hidden."""

        async def script(server: ScriptedServer) -> None:
            del server
            task = asyncio.ensure_future(asyncio.Event().wait())
            task.cancel()
            await task

        async def main() -> None:
            with pytest.raises(asyncio.CancelledError):
                await ScriptedServer(Conversation(), script=script).arun()

        asyncio.run(main())

    def test_the_base_class_has_no_handle(self) -> None:
        """NotImplementedError says what to override."""
        server: StatelessServer[Any] = StatelessServer(Conversation())
        with pytest.raises(NotImplementedError, match=r"override handle\(\)"):
            asyncio.run(server.arun())
        with pytest.raises(NotImplementedError, match=r"override application_send\(\)"):
            asyncio.run(server.application_send(None, None))

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
    @pytest.mark.parametrize("where", ["handle", "application", "hook"])
    def test_exits_pass_through(
        self, error: type[BaseException], where: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """As asyncio passes them; ``run()`` swallows KeyboardInterrupt and says so."""
        application = Conversation()
        caplog.set_level(logging.INFO)

        class Server(ScriptedServer):
            async def application_ended(self, ending: ApplicationEnding[Any]) -> None:
                await super().application_ended(ending)
                if where == "hook" and ending.scope_id == "a":
                    raise error

        async def script(server: ScriptedServer) -> None:
            server.put("b", "hold", "unread")
            if where == "application":
                application.error = error()
                server.put("a", "fail")
            if where == "hook":
                server.put("a", "return")
            await turns()
            if where == "handle":
                raise error
            await asyncio.Event().wait()

        server = Server(application, script=script)
        if error is KeyboardInterrupt:
            server.run()
            assert [record.levelname for record in caplog.records] == ["INFO"]
        else:
            with pytest.raises(SystemExit):
                server.run()
        assert server.reasons()["b"] == ["shutdown"]
        assert next(one for one in server.endings if one.scope_id == "b").unread == ("unread",)


class TestRefusal:
    """What does not end is named, ended by force, and does not hold up the stop."""

    def test_an_application_that_ignores_its_cancellation(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is closed after ``cancel_timeout``; no task is left."""
        application = Conversation()

        async def script(server: ScriptedServer) -> None:
            server.put("stubborn", "refuse", "hold")
            server.put("decent", 1)
            await turns()

        async def main() -> None:
            server = ScriptedServer(application, script=script)
            server.drain_timeout = 1
            server.cancel_timeout = 2
            await server.arun()
            assert asyncio.get_running_loop().time() == pytest.approx(3)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            assert server.reasons() == {"decent": ["shutdown"], "stubborn": ["shutdown"]}

        run_in_virtual_time(main())
        (record,) = caplog.records
        assert record.levelno == logging.ERROR
        assert "'stubborn'" in record.getMessage()
        assert "'decent'" not in record.getMessage()

    @pytest.mark.filterwarnings(
        "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning"
    )
    def test_a_cancellation_that_was_swallowed(self, caplog: pytest.LogCaptureFixture) -> None:
        """Some libraries do so; one who then waits for messages is cancelled once more."""

        async def application(scope: Any, receive: Any, send: Any) -> None:
            del scope, send
            while True:
                await receive()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()

        async def script(server: ScriptedServer) -> None:
            server.put("a", 1)
            await turns()

        async def main() -> None:
            server = ScriptedServer(application, script=script)
            server.drain_timeout = 0
            await server.arun()
            (ending,) = server.endings
            assert ending.reason == "shutdown"

        run_in_virtual_time(main())
        assert caplog.records == []

    # Around an eager task's application is a coroutine of ours; when that one is closed, Python
    # itself tries once more to close the application, and says that it failed.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_one_that_nothing_can_end(self, caplog: pytest.LogCaptureFixture) -> None:
        """Even then ``run()`` comes back."""
        let_go = False

        async def application(scope: Any, receive: Any, send: Any) -> None:
            del scope, send
            while not let_go:
                try:
                    await receive()
                except BaseException:  # noqa: BLE001 -- nobody should
                    continue

        async def script(server: ScriptedServer) -> None:
            server.put("undead")
            await turns()

        server = ScriptedServer(application, script=script)
        server.drain_timeout = server.cancel_timeout = 0
        server.run()
        assert server.reasons() == {"undead": ["shutdown"]}
        assert ["'undead'" in record.getMessage() for record in caplog.records] == [True]
        let_go = True

    def test_a_handle_that_ignores_its_cancellation(self, caplog: pytest.LogCaptureFixture) -> None:
        """The stop goes on without it."""

        async def script(server: ScriptedServer) -> None:
            del server
            await refusing(asyncio.Event().wait)

        async def main() -> None:
            server = ScriptedServer(Conversation(), script=script)
            server.cancel_timeout = 2
            running = asyncio.create_task(server.arun())
            await turns()
            server.put("a", 1)
            await turns()
            server.stop()
            await running
            assert asyncio.get_running_loop().time() == pytest.approx(2)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            assert server.reasons() == {"a": ["shutdown"]}

        run_in_virtual_time(main())
        assert "handle()" in caplog.text

    @pytest.mark.parametrize("manners", ["hangs", "refuses"])
    @pytest.mark.parametrize("hook", ["application_exception", "application_ended"])
    def test_a_hook_that_hangs(
        self, manners: str, hook: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The reports behind it are given up, and counted as lost."""

        async def script(server: ScriptedServer) -> None:
            for name in "abc":
                server.put(name, "fail")
            await turns(10)

        async def hanging(*_: Any) -> None:
            if manners == "hangs":
                await asyncio.Event().wait()
            await refusing(asyncio.Event().wait)

        async def main() -> None:
            server = ScriptedServer(Conversation(), script=script)
            server.cancel_timeout = 2
            setattr(server, hook, hanging)
            await server.arun()
            assert asyncio.all_tasks() == {asyncio.current_task()}
            assert server.statistics().lost_reports == 2 + (hook == "application_exception")

        run_in_virtual_time(main())
        assert "A hook has not returned" in caplog.text

    def test_a_delivery_from_another_thread_ends_too(self) -> None:
        """The thread is told that its message was not accepted."""
        server = ScriptedServer(Conversation())
        server.input_queue_size = 1
        failures: list[BaseException | None] = []

        async def script(one: ScriptedServer) -> None:
            one.put("a", "hold")
            await turns()
            one.put("a", "unread")
            future = one.deliver_threadsafe("a", "a", "never accepted")
            future.add_done_callback(lambda one: failures.append(one.exception()))
            await turns()
            assert not future.done()

        server.script = script
        server.drain_timeout = 0
        asyncio.run(server.arun())
        assert [type(failure) for failure in failures] == [ServerStopped]


class TestHandleFailed:
    """Reconnection: the hook decides when ``handle()`` is called again."""

    def test_it_is_called_again_after_the_delay(self) -> None:
        """With the number of the attempt that failed, from 1."""
        asked: list[tuple[str, int]] = []

        class Server(ScriptedServer):
            async def handle_failed(self, exception: BaseException, attempt: int) -> float | None:
                asked.append((str(exception), attempt))
                return float(attempt)

        calls = 0

        async def script(server: ScriptedServer) -> None:
            nonlocal calls
            calls += 1
            server.put("a", calls)
            if calls < 4:
                raise ConnectionError(f"call {calls}")

        application = Conversation()

        async def main() -> None:
            await Server(application, script=script).arun()
            assert asyncio.get_running_loop().time() == pytest.approx(6)

        run_in_virtual_time(main())
        assert asked == [("call 1", 1), ("call 2", 2), ("call 3", 3)]
        # The instance outlived every failed connection.
        assert application.messages("a") == [1, 2, 3, 4]
        assert application.calls["a"] == 1

    def test_a_handle_that_ends_cancelled_is_tried_again(self) -> None:
        """A cancelled task that it awaited is a failure like any other."""
        asked: list[BaseException] = []

        class Server(ScriptedServer):
            async def handle_failed(self, exception: BaseException, attempt: int) -> float | None:
                del attempt
                asked.append(exception)
                self.script = lambda _: turns(1)
                return 0

        async def script(server: ScriptedServer) -> None:
            del server
            task = asyncio.ensure_future(asyncio.Event().wait())
            task.cancel()
            await task

        asyncio.run(Server(Conversation(), script=script).arun())
        assert [type(error) for error in asked] == [asyncio.CancelledError]

    def test_none_lets_the_error_out(self) -> None:
        """At any attempt."""

        class Server(ScriptedServer):
            async def handle_failed(self, exception: BaseException, attempt: int) -> float | None:
                del exception
                return 0 if attempt < 3 else None

        async def script(server: ScriptedServer) -> None:
            del server
            raise ConnectionError("lost")

        with pytest.raises(ConnectionError, match="lost"):
            asyncio.run(Server(Conversation(), script=script).arun())

    @pytest.mark.parametrize("delay", [-1, float("nan"), float("inf"), "soon"])
    def test_an_impossible_delay(self, delay: Any) -> None:
        """ValueError names the hook and keeps the failure as its cause."""

        class Server(ScriptedServer):
            async def handle_failed(self, exception: BaseException, attempt: int) -> float | None:
                del exception, attempt
                answer: float | None = delay
                return answer

        async def script(server: ScriptedServer) -> None:
            del server
            raise ConnectionError("lost")

        with pytest.raises(ValueError, match=r"handle_failed\(\) must return seconds") as caught:
            asyncio.run(Server(Conversation(), script=script).arun())
        assert isinstance(caught.value.__cause__, ConnectionError)

    def test_a_hook_that_raises_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        """And the failure of ``handle()`` goes out."""

        class Server(ScriptedServer):
            async def handle_failed(self, exception: BaseException, attempt: int) -> float | None:
                raise ValueError("in the hook")

        async def script(server: ScriptedServer) -> None:
            del server
            raise ConnectionError("lost")

        with pytest.raises(ConnectionError):
            asyncio.run(Server(Conversation(), script=script).arun())
        assert "handle_failed() raised" in caplog.text

    def test_stop_while_it_waits(self) -> None:
        """The stop does not wait for the next attempt."""

        class Server(ScriptedServer):
            async def handle_failed(self, exception: BaseException, attempt: int) -> float | None:
                asyncio.get_running_loop().call_later(1, self.stop)
                return 1000

        async def script(server: ScriptedServer) -> None:
            del server
            raise ConnectionError("lost")

        async def main() -> None:
            await Server(Conversation(), script=script).arun()
            assert asyncio.get_running_loop().time() == pytest.approx(1)

        run_in_virtual_time(main())


class TestReuse:
    """One object, many runs, one at a time."""

    def test_runs_follow_each_other(self) -> None:
        """Each on its own loop, each without instances."""
        application = Conversation()
        sizes: list[int] = []

        async def script(server: ScriptedServer) -> None:
            sizes.append(len(server.application_instances))
            server.put("a", 1)

        server = ScriptedServer(application, script=script)
        server.run()
        asyncio.run(server.arun())
        server.run()
        assert sizes == [0, 0, 0]
        assert server.reasons() == {"a": ["shutdown"] * 3}
        assert server.statistics().created == 3

    def test_a_second_arun_at_the_same_time(self) -> None:
        """RuntimeError, and the first one is left alone."""

        async def main() -> None:
            server = ScriptedServer(Conversation())
            running = asyncio.create_task(server.arun())
            await turns()
            with pytest.raises(RuntimeError, match="runs already"):
                await server.arun()
            server.put("a", 1)
            server.stop()
            await running

        asyncio.run(main())

    def test_in_use_in_another_loop(self) -> None:
        """RuntimeError; the instances of that loop are left alone."""
        server = ScriptedServer(Conversation(), script=lambda _: turns(1))

        async def main() -> None:
            queue = server.put("a", 1)
            with pytest.raises(RuntimeError, match="another event loop"):
                await asyncio.to_thread(server.run)
            with pytest.raises(RuntimeError, match="another event loop"):
                await asyncio.to_thread(lambda: asyncio.run(server.application_checker()))
            assert server.put("a") is queue
            server.delete_application_instance("a")
            await turns()

        asyncio.run(main())

    def test_instances_of_a_loop_that_is_gone(self) -> None:
        """They are reported, not carried over."""
        application = Conversation()
        server = ScriptedServer(application, script=lambda _: turns(1))

        async def before() -> None:
            server.put("a", "hold", "unread")
            server.put("b", "return")
            server.put("b", "x")
            await turns(1)

        loop = asyncio.new_event_loop()
        loop.run_until_complete(before())
        abandoned = asyncio.all_tasks(loop)
        asyncio.run(server.arun())
        assert {ending.scope_id for ending in server.endings} == {"a", "b"}
        assert len(server.application_instances) == 0
        statistics = server.statistics()
        assert (statistics.live, statistics.cancelling, statistics.queued) == (0, 0, 0)
        for task in abandoned:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*abandoned, return_exceptions=True))
        loop.close()


SIGNALLED = """
import asyncio, signal, sys
# A shell that runs the tests in the background leaves SIGINT ignored to its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
from asgiref.server import StatelessServer

async def application(scope, receive, send):
    try:
        await receive()
        await send("busy")
        await asyncio.Event().wait() if scope == "hangs" else await receive()
    finally:
        await send("cleaned up")

class Server(StatelessServer):
    drain_timeout = 1000

    async def handle(self):
        await self.deliver(0, sys.argv[1], "work")
        try:
            await asyncio.Event().wait()
        finally:
            print("stopping", flush=True)

    async def application_send(self, scope, message):
        print(message, flush=True)

    async def application_ended(self, ending):
        print(ending.reason, flush=True)

import logging
logging.basicConfig(level="INFO")
Server(application).run()
print("returned", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals as on POSIX")
class TestSignals:
    """``run()`` in the main thread of a real process."""

    @staticmethod
    def start(scope: str) -> subprocess.Popen[str]:
        """Start a server with one busy instance."""
        source = Path(sys.modules[StatelessServer.__module__].__file__ or "").parent.parent
        process = subprocess.Popen(
            [sys.executable, "-c", SIGNALLED, scope],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(source)},
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "busy\n"
        return process

    def test_sigterm_stops_in_order(self) -> None:
        """An idle instance is no reason to wait for ``drain_timeout``."""
        with self.start("idle") as process:
            process.send_signal(signal.SIGTERM)
            output, errors = process.communicate()
        assert (process.returncode, errors) == (0, "")
        assert output.split("\n")[:4] == ["stopping", "cleaned up", "shutdown", "returned"]

    def test_a_second_sigterm_skips_the_draining(self) -> None:
        """The first waits for the application that hangs; the second does not."""
        with self.start("hangs") as process:
            process.send_signal(signal.SIGTERM)
            # Two signals of the same kind may arrive as one.
            assert process.stdout is not None
            assert process.stdout.readline() == "stopping\n"
            process.send_signal(signal.SIGTERM)
            output, errors = process.communicate()
        assert (process.returncode, errors) == (0, "")
        assert output.split("\n")[:3] == ["cleaned up", "shutdown", "returned"]

    def test_sigint_stops_abruptly(self) -> None:
        """KeyboardInterrupt is logged and swallowed; the application cleans up."""
        with self.start("hangs") as process:
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate()
        assert process.returncode == 0
        assert output.split("\n")[:4] == ["stopping", "cleaned up", "shutdown", "returned"]
        assert "INFO:asgiref.server:" in errors

    def test_a_disposition_of_ones_own_is_left_alone(self) -> None:
        """Before, during and after ``run()``; and the default one comes back."""
        during: list[Any] = []

        async def script(server: ScriptedServer) -> None:
            del server
            during.append(signal.getsignal(signal.SIGTERM))

        server = ScriptedServer(Conversation(), script=script)
        before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            server.run()
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            server.run()
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        finally:
            signal.signal(signal.SIGTERM, before)
        assert during[0] is signal.SIG_IGN
        assert during[1] is not signal.SIG_DFL

    def test_run_in_another_thread(self) -> None:
        """No signals there, everything else as usual."""
        server = ScriptedServer(Conversation(), script=lambda one: one.deliver("a", "a", 1))
        thread = threading.Thread(target=server.run)
        thread.start()
        thread.join()
        assert server.reasons() == {"a": ["shutdown"]}
