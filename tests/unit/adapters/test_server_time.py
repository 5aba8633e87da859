"""Where a stateless server looks at a clock: idleness, and the patience with predecessors."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from tests.doubles import run_in_virtual_time
from tests.unit.adapters.stateless import Conversation, ScriptedServer, checked, turns


def test_a_successor_does_not_wait_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    """After ``cancel_timeout`` it starts anyway, and an ERROR names the scope id."""
    application = Conversation()

    async def main() -> None:
        server = ScriptedServer(application)
        server.cancel_timeout = 7
        async with checked(server):
            server.put("stubborn", "clean up slowly")
            await turns()
            server.delete_application_instance("stubborn")
            server.put("stubborn", "return")
            await asyncio.sleep(6.9)
            assert application.calls["stubborn"] == 1
            await asyncio.sleep(0.2)
            assert application.calls["stubborn"] == 2
            application.gate.set()
            await server.ended(2)

    run_in_virtual_time(main())
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.name == "asgiref.server"
    assert "'stubborn'" in record.getMessage()


def test_a_deleted_successor_leaves_no_timer(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is logged for a queued instance that is gone before its time."""
    application = Conversation()

    async def main() -> None:
        server = ScriptedServer(application)
        server.cancel_timeout = 1
        async with checked(server):
            server.put("a", "clean up slowly")
            await turns()
            for _ in range(2):
                server.delete_application_instance("a")
                server.put("a")
            server.delete_application_instance("a")
            await asyncio.sleep(2)
            application.gate.set()
            await server.ended(3)

    run_in_virtual_time(main())
    assert caplog.records == []
    assert application.calls["a"] == 1


class TestIdleTimeout:
    """Instances without messages end, on a clock of the server's own."""

    @pytest.fixture
    def now(self) -> list[float]:
        """Return the time, in a list so that tests can set it."""
        return [100.0]

    def server(self, application: Any, now: list[float]) -> ScriptedServer:
        """Make a server on that clock."""

        class Server(ScriptedServer):
            idle_timeout = 30
            _clock = staticmethod(lambda: now[0])

        return Server(application)

    def test_idle_instances_are_cancelled_and_others_not(self, now: list[float]) -> None:
        """Busy ones and fresh ones stay; a busy one goes when it becomes idle."""
        application = Conversation()

        async def main() -> None:
            server = self.server(application, now)
            async with checked(server):
                server.put("idle", 1)
                server.put("busy", "hold")
                server.put("unread", "hold", 2)
                server.put("fresh")
                await turns()
                now[0] += 29.9
                server.put("fresh", 1)
                await asyncio.sleep(10)
                assert server.endings == []
                now[0] += 0.2
                await asyncio.sleep(10)
                assert server.reasons() == {"idle": ["idle"]}
                await asyncio.sleep(100)
                assert list(server.application_instances) == ["busy", "unread", "fresh"]
                application.gate.set()
                await server.ended(3)
                assert server.reasons().keys() == {"idle", "busy", "unread"}
                assert application.messages("unread") == ["hold", 2]

        run_in_virtual_time(main())

    def test_a_message_to_a_busy_instance_counts_anew(self, now: list[float]) -> None:
        """Found busy once, it is not cancelled for a time that is over."""
        application = Conversation()

        async def main() -> None:
            server = self.server(application, now)
            async with checked(server):
                server.put("busy", "hold")
                await turns()
                now[0] += 31
                await asyncio.sleep(10)
                server.put("busy", 1)
                application.gate.set()
                await turns()
                assert server.endings == []
                await asyncio.sleep(10)
                assert server.endings == []
                now[0] += 31
                await server.ended(1)

        run_in_virtual_time(main())

    def test_a_timeout_raised_meanwhile(self, now: list[float]) -> None:
        """What was found busy under the old one is looked at again under the new one."""
        application = Conversation()

        async def main() -> None:
            server = self.server(application, now)
            async with checked(server):
                server.put("busy", "hold")
                await turns()
                now[0] += 31
                await asyncio.sleep(10)
                server.idle_timeout = 60
                application.gate.set()
                await asyncio.sleep(100)
                assert server.endings == []
                now[0] += 30
                await server.ended(1)

        run_in_virtual_time(main())

    def test_looks_are_a_quarter_of_the_timeout_apart(self, now: list[float]) -> None:
        """Or ``application_checker_interval``, whichever is longer."""

        async def main() -> None:
            loop = asyncio.get_running_loop()
            for interval, expected in ((0.1, 7.5), (20.0, 20.0)):
                server = self.server(Conversation(), now)
                server.application_checker_interval = interval
                async with checked(server):
                    begun = loop.time()
                    server.put("idle")
                    await turns()
                    now[0] += 31
                    await server.ended(1)
                    assert loop.time() - begun == pytest.approx(expected)

        run_in_virtual_time(main())

    def test_many_expire_without_stalling_the_loop(self, now: list[float]) -> None:
        """They go in batches, and other tasks get their turn in between."""

        async def main() -> None:
            server = self.server(Conversation(), now)
            async with checked(server):
                for number in range(1000):
                    server.put(number)
                await turns()
                now[0] += 31
                # The first report comes while most are still to be cancelled.
                await server.ended(1)
                assert len(server.application_instances) > 0
                await server.ended(1000)
                assert len(server.application_instances) == 0

        run_in_virtual_time(main())
