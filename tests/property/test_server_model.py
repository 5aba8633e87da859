"""A model of the stateless server: whatever comes in whatever order, its rules hold.

The application does what its messages say: it ends, fails, is cancelled, holds still, cleans up
slowly. Around it messages are put, producers wait and give up, entries are deleted, forgotten and
evicted, and the server stops and starts again. Time is virtual, so nothing sleeps.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from asgiref.server import ApplicationEnding, InstanceEnded, ServerStopped, StatelessServer
from tests.doubles import VirtualClockLoop

LIMIT: Final = 3
BOUND: Final = 2

scope_ids = st.sampled_from(["a", "b", "c", "d", "e"])
actions = st.sampled_from(
    ["read", "read", "hold", "return", "fail", "cancelled", "clean up slowly", "send"]
)


@dataclass(frozen=True)
class Message:
    """One message: unique by its number, which grows from put to put."""

    number: int
    action: str


@dataclass
class Application:
    """Does what its messages say, and notes what it got."""

    received: dict[str, list[Message]] = field(default_factory=dict)
    running: Counter[str] = field(default_factory=Counter)
    overlaps: int = 0
    holding: dict[str, asyncio.Event] = field(default_factory=dict)
    cleaning: list[asyncio.Event] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one scope."""
        self.running[scope] += 1
        self.overlaps += self.running[scope] > 1
        slow = False
        try:
            while True:
                message = await receive()
                self.received.setdefault(scope, []).append(message)
                slow = slow or message.action == "clean up slowly"
                if message.action == "return":
                    return
                if message.action == "fail":
                    raise ValueError(message)
                if message.action == "cancelled":
                    await self._cancelled()
                if message.action == "send":
                    await send(message)
                if message.action == "hold":
                    self.holding[scope] = asyncio.Event()
                    await self.holding[scope].wait()
        except asyncio.CancelledError:
            if slow:
                gate = asyncio.Event()
                self.cleaning.append(gate)
                await gate.wait()
            raise
        finally:
            self.running[scope] -= 1

    @staticmethod
    async def _cancelled() -> None:
        task = asyncio.ensure_future(asyncio.Event().wait())
        task.cancel()
        await task


class Server(StatelessServer[str]):
    """Remembers its endings."""

    input_queue_size = BOUND
    cancel_timeout = float("inf")
    drain_timeout = 1.0

    def __init__(self, application: Any) -> None:
        """Begin without any."""
        super().__init__(application, LIMIT)
        self.endings: list[ApplicationEnding[str]] = []
        self.failures: list[BaseException] = []

    async def handle(self) -> None:
        """Serve until stopped."""
        await asyncio.Event().wait()

    async def application_send(self, scope: Any, message: Any) -> None:
        """Let others run meanwhile."""
        await asyncio.sleep(0)

    async def application_exception(
        self, exception: BaseException, application_details: dict[str, Any]
    ) -> None:
        """Remember."""
        self.failures.append(exception)

    async def application_ended(self, ending: ApplicationEnding[str]) -> None:
        """Remember."""
        self.endings.append(ending)


class StatelessServerMachine(RuleBasedStateMachine):
    """Every step is one or more turns of a real event loop."""

    def __init__(self) -> None:
        """Start the server."""
        super().__init__()
        self.loop = VirtualClockLoop()
        self.application = Application()
        self.server = Server(self.application)
        self.number = 0
        self.accepted: set[Message] = set()
        self.producers: list[tuple[asyncio.Task[Any], Message]] = []
        #: Scope ids whose entry was deleted at some time: those instances have no successors.
        self.forgotten: set[str] = set()
        #: Endings that were looked at; those of a stop never are.
        self.looked_at = 0
        self.start()

    # The loop

    def start(self) -> None:
        """Run the server until it is stopped."""
        self.run = self.loop.create_task(self.server.arun())
        self.turn(5)

    def turn(self, count: int = 1) -> None:
        """Let the loop turn; what producers accomplished meanwhile is noted."""

        async def turns() -> None:
            for _ in range(count):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turns())
        for task, message in [*self.producers]:
            if task.done():
                self.producers.remove((task, message))
                if not task.cancelled() and task.exception() is None:
                    self.accepted.add(message)
                elif not task.cancelled():
                    assert isinstance(task.exception(), InstanceEnded | ServerStopped)

    def call(self, function: Any, *arguments: Any) -> Any:
        """Call something inside the loop, without a turn for anything else before or after."""

        async def inside() -> Any:
            return function(*arguments)

        # A task's first step runs behind whatever was ready; so nothing is ready before it.
        return self.loop.run_until_complete(inside())

    def new(self, action: str) -> Message:
        """Make the next message."""
        self.number += 1
        return Message(self.number, action)

    # What happens

    @rule(scope_id=scope_ids, action=actions)
    def put_now(self, scope_id: str, action: str) -> None:
        """Get or create, and put without waiting."""
        message = self.new(action)
        # An ending of this very turn of the loop may not have been heard of yet; one that has been
        # may have left its messages, and its place, to a successor.
        heard_of = [
            one
            for one, details in self.server.application_instances.items()
            if details["future"].done()
        ]

        def put() -> None:
            before = {
                one: details["future"].done()
                for one, details in self.server.application_instances.items()
            }
            queue = self.server.get_or_create_application_instance(scope_id, scope_id)
            after = list(self.server.application_instances)
            assert after[-1] == scope_id
            assert len(after) <= LIMIT
            gone = [one for one in before if one not in after]
            if gone:
                # Rule 5: ended ones make room first, then the least recently messaged.
                assert len(gone) == 1
                assert len(before) == LIMIT
                if any(before.get(one) for one in heard_of):
                    assert before[gone[0]]
                elif not any(before.values()):
                    assert gone[0] == next(iter(before))
            full = queue.full()
            try:
                queue.put_nowait(message)
            except asyncio.QueueFull:
                assert full
            else:
                assert not full
                self.accepted.add(message)

        self.call(put)

    @rule(scope_id=scope_ids, action=actions, direct=st.booleans())
    def put_waiting(self, scope_id: str, action: str, direct: bool) -> None:
        """Have a producer that waits for room if need be."""
        message = self.new(action)

        def begin() -> None:
            if direct:
                queue = self.server.get_or_create_application_instance(scope_id, scope_id)
                task = asyncio.ensure_future(queue.put(message))
            else:
                task = asyncio.ensure_future(self.server.deliver(scope_id, scope_id, message))
            self.producers.append((task, message))

        self.call(begin)
        # Its first step, which is where it takes its place in line.
        self.turn()

    @precondition(lambda self: self.producers)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        """Cancel a producer that waits, perhaps with a place already promised to it."""
        task, _ = data.draw(st.sampled_from(self.producers))
        self.call(task.cancel)

    @rule(count=st.integers(1, 4))
    def go_on(self, count: int) -> None:
        """Let the loop turn."""
        self.turn(count)

    @rule(scope_id=scope_ids)
    def release(self, scope_id: str) -> None:
        """End what a message told the application to hold."""
        if scope_id in self.application.holding:
            self.call(self.application.holding[scope_id].set)

    @precondition(lambda self: self.application.cleaning)
    @rule()
    def clean_up(self) -> None:
        """Let a cancelled application finish cleaning up."""
        self.call(self.application.cleaning.pop(0).set)

    @rule(scope_id=scope_ids, how=st.sampled_from(["delete", "forget", "cancel", "oldest"]))
    def remove(self, scope_id: str, how: str) -> None:
        """End an instance in one of the ways open to users."""
        server = self.server

        def act() -> None:
            try:
                if how == "delete":
                    server.delete_application_instance(scope_id)
                    assert scope_id not in server.application_instances
                elif how == "forget":
                    self.forgotten.add(scope_id)
                    del server.application_instances[scope_id]
                elif how == "oldest":
                    oldest = next(iter(server.application_instances), None)
                    server.delete_oldest_application_instance()
                    assert oldest not in server.application_instances
                else:
                    server.application_instances[scope_id]["future"].cancel()
            except KeyError:
                pass

        self.call(act)

    @rule()
    def stop_and_start(self) -> None:
        """Stop in order, then run again on the same loop."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """Stop in order, helping out those who clean up."""
        self.call(self.server.stop)
        while not self.run.done():
            self.turn()
            for event in [*self.application.holding.values(), *self.application.cleaning]:
                self.call(event.set)
        self.loop.run_until_complete(self.run)
        self.turn(2)
        self.looked_at = len(self.server.endings)
        self.settled()

    # What holds

    @invariant()
    def one_at_a_time(self) -> None:
        """Rule 1: two calls for one scope id never overlap."""
        assert self.application.overlaps == 0

    @invariant()
    def in_order(self) -> None:
        """Rule 2: each scope id receives in the order of the puts."""
        for messages in self.application.received.values():
            numbers = [one.number for one in messages]
            assert numbers == sorted(numbers)

    @invariant()
    def at_most_once(self) -> None:
        """Rule 3: nothing is handed over twice, or handed over and reported."""
        handed = [one for messages in self.application.received.values() for one in messages]
        unread = [one for ending in self.server.endings for one in ending.unread]
        assert max(Counter(handed + unread).values(), default=1) == 1

    @invariant()
    def progress_is_passed_on(self) -> None:
        """Rule 4: one that ended by itself keeps no messages, unless it had taken none."""
        for ending in self.server.endings[self.looked_at :]:
            if ending.reason in {"returned", "failed"} and ending.scope_id not in self.forgotten:
                assert ending.unread == () or ending.accepted == len(ending.unread)
        self.looked_at = len(self.server.endings)

    @invariant()
    def limited(self) -> None:
        """Rule 5: the table is never too large."""
        assert len(self.server.application_instances) <= LIMIT

    @invariant()
    def bounded(self) -> None:
        """Rule 11: no queue holds more than its bound."""
        for details in self.server.application_instances.values():
            assert details["input_queue"].qsize() <= BOUND

    @invariant()
    def counted(self) -> None:
        """The statistics agree with what was seen."""
        statistics = self.server.statistics()
        assert statistics.live >= 0
        assert statistics.cancelling >= 0
        ended = sum(statistics.endings.values())
        assert statistics.created == ended + statistics.live + statistics.cancelling
        assert statistics.lost_reports == 0

    def settled(self) -> None:
        """Nothing was lost: accepted is handed over or reported, every failure was reported."""
        handed = {one for messages in self.application.received.values() for one in messages}
        unread = {one for ending in self.server.endings for one in ending.unread}
        assert handed | unread == self.accepted
        statistics = self.server.statistics()
        assert (statistics.live, statistics.cancelling, statistics.queued) == (0, 0, 0)
        assert statistics.accepted == len(self.accepted)
        assert statistics.created == len(self.server.endings)
        failed = {one.number for one in handed if one.action == "fail"}
        assert {error.args[0].number for error in self.server.failures} == failed
        for ending in self.server.endings:
            assert ending.accepted >= len(ending.unread)
        assert sum(ending.accepted for ending in self.server.endings) == len(self.accepted)
        assert asyncio.all_tasks(self.loop) == set()

    def teardown(self) -> None:
        """Stop, and see that everything is accounted for."""
        try:
            self.stop()
        finally:
            self.loop.close()


StatelessServerMachine.TestCase.settings = settings(
    max_examples=100, stateful_step_count=50, deadline=None
)
TestStatelessServer = StatelessServerMachine.TestCase
