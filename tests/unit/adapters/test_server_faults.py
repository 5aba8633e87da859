"""Fault injection: each part of a server misbehaves in each way, and the others never notice."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from tests.doubles import run_in_virtual_time
from tests.unit.adapters.stateless import Conversation, ScriptedServer, turns

if TYPE_CHECKING:
    from asgiref.server import ApplicationEnding

MANNERS = ("raises", "hangs", "ignores cancellation", "awaits a cancelled task")
STOPS = ("stop", "cancel arun", "handle returns", "handle raises")


class FaultError(Exception):
    """What the faulty part raises."""


async def misbehave(manner: str) -> None:
    """Do so."""
    if manner == "raises":
        raise FaultError
    if manner == "awaits a cancelled task":
        task = asyncio.ensure_future(asyncio.Event().wait())
        task.cancel()
        await task
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if manner == "hangs":
                raise


class FaultyServer(ScriptedServer):
    """A server in which one part misbehaves whenever scope id ``faulty`` is concerned."""

    application_checker_interval = 0.5
    cancel_timeout = 2.0
    drain_timeout = 3.0

    def __init__(self, application: Any, part: str, manner: str) -> None:
        super().__init__(application)
        self.part = part
        self.manner = manner
        self.finish = asyncio.Event()
        self.how = ""

    async def handle(self) -> None:
        if self.part == "handle":
            await misbehave(self.manner)
        await self.finish.wait()
        if self.how == "handle raises":
            raise ConnectionError

    async def handle_failed(self, exception: BaseException, attempt: int) -> float | None:
        del exception, attempt
        if self.part == "handle_failed":
            await misbehave(self.manner)
        return None

    async def application_send(self, scope: Any, message: Any) -> None:
        if self.part == "application_send" and scope == "faulty":
            await misbehave(self.manner)
        await super().application_send(scope, message)

    async def application_exception(
        self, exception: BaseException, application_details: dict[str, Any]
    ) -> None:
        await super().application_exception(exception, application_details)
        if self.part == "application_exception" and application_details["scope"] == "faulty":
            await misbehave(self.manner)

    async def application_ended(self, ending: ApplicationEnding[Any]) -> None:
        await super().application_ended(ending)
        if self.part == "application_ended" and ending.scope_id == "faulty":
            await misbehave(self.manner)


class FaultyApplication(Conversation):
    """Misbehaves for scope ``faulty``, at the start, after a message, or while cleaning up."""

    def __init__(self, part: str, manner: str) -> None:
        super().__init__()
        self.part = part
        self.manner = manner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope != "faulty":
            await super().__call__(scope, receive, send)
            return
        if self.part == "application, at the start":
            await misbehave(self.manner)
        try:
            while True:
                message = await receive()
                self.received.append((scope, message))
                if self.part == "application, with a message":
                    await misbehave(self.manner)
                if message == "send":
                    await send({"reply": 1})
                if message == "fail":
                    raise ValueError(message)
        finally:
            if self.part == "application, while cleaning up":
                await misbehave(self.manner)


PARTS = (
    "application, at the start",
    "application, with a message",
    "application, while cleaning up",
    "application_send",
    "application_exception",
    "application_ended",
    "handle",
    "handle_failed",
)


@pytest.mark.parametrize(
    ("part", "manner", "how"),
    list(itertools.product(PARTS, MANNERS, STOPS)),
    ids=lambda value: value.replace(" ", "_"),
)
def test_a_fault_stays_where_it_is(part: str, manner: str, how: str) -> None:
    """The witness is served; the stop ends in time, leaves no task, and loses no message."""
    application = FaultyApplication(part, manner)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = FaultyServer(application, part, manner)
        server.how = how
        running = asyncio.create_task(server.arun())
        await turns(40)
        over = running.done()
        assert over == (part == "handle" and manner in {"raises", "awaits a cancelled task"})
        if not over:
            server.put("faulty", "send", "fail", "later")
            server.put("witness", 1, {"reply": 2})
            await turns(20)
            assert application.messages("witness") == [1, {"reply": 2}]
            assert ("witness", {"reply": 2}) in server.sent
        begun = loop.time()
        if how == "stop":
            server.stop()
        elif how == "cancel arun":
            running.cancel()
        else:
            server.finish.set()
        while not running.done():
            # A handler that hangs ends neither by itself nor for a stop of its own accord.
            await asyncio.sleep(1)
            if loop.time() - begun > 50:
                assert part in {"handle", "handle_failed"}
                server.stop()
            assert loop.time() - begun < 100
        result = await asyncio.gather(running, return_exceptions=True)
        error = result[0]
        assert asyncio.all_tasks() == {asyncio.current_task()}
        if over:
            expected = FaultError if manner == "raises" else asyncio.CancelledError
            assert isinstance(error, expected)
        elif how == "cancel arun":
            assert isinstance(error, asyncio.CancelledError)
        elif how == "stop" and part != "handle":
            assert error is None

        statistics = server.statistics()
        assert (statistics.live, statistics.cancelling, statistics.queued) == (0, 0, 0)
        assert statistics.created == sum(statistics.endings.values())
        assert statistics.created <= len(server.endings) + statistics.lost_reports
        if not statistics.lost_reports:
            unread = sum(len(ending.unread) for ending in server.endings)
            assert statistics.accepted == len(application.received) + unread
        if not over and "application_e" not in part:
            assert server.reasons()["witness"] == ["shutdown"]

    run_in_virtual_time(main())
