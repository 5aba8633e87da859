"""The instances of one server: made, messaged, evicted, idle, ended, succeeded.

Belongs to the thread of the event loop it is bound to; nothing here waits.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import get_running_loop
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, Protocol

from asgiref._adapters.server.endings import Ledger
from asgiref._adapters.server.errors import ServerStopped
from asgiref._adapters.server.input_queue import InputQueue
from asgiref._adapters.server.instance import ForeignInstance, Gate, Instance
from asgiref._adapters.server.instance_table import InstanceTable
from asgiref._adapters.server.message_order import MessageOrder
from asgiref._adapters.server.present_application import PresentApplication
from asgiref._adapters.server.reports import EndingHooks, Report, Reports

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable, Iterator

    from asgiref._adapters.server.endings import EndingReason
    from asgiref._adapters.server.line import Line

__all__ = ("InstancePool", "PoolHost")

logger = logging.getLogger("asgiref.server")

#: Instances cancelled for idleness before the rest of the loop gets a turn.
_BATCH: Final = 200

#: How a refusal ends that is about the wrong thread or loop.
_USE_THREADSAFE: Final = "from other threads use deliver_threadsafe()"


class PoolHost(EndingHooks, Protocol):
    """What the pool needs of its server, looked up anew at every use."""

    application: Any
    max_applications: int
    application_checker_interval: float
    input_queue_size: int
    idle_timeout: float | None
    cancel_timeout: float

    def application_send(self, scope: Any, message: Any) -> Any:
        """Deal with what an application sends."""


class InstancePool:
    """Everything a server knows about its instances.

    Args:
        host: the server: its settings and hooks.
        clock: monotonic seconds, for idleness and ages.
        make_room: evicts one instance, by way of whatever a subclass overrides.
        wants_endings: whether the server's ``application_ended`` does anything.
    """

    def __init__(
        self,
        host: PoolHost,
        clock: Callable[[], float],
        make_room: Callable[[], None],
        wants_endings: Callable[[], bool],
    ) -> None:
        """Start without instances and bound to no loop."""
        self.host = host
        self.ledger = Ledger()
        self.order: MessageOrder[Instance] = MessageOrder(clock)
        self.table = InstanceTable(self, self.order)
        self.application = PresentApplication()
        self.make_room = make_room
        self.wants_endings = wants_endings
        self.reports = Reports(host, self.ledger, self._reported, wants_endings)
        #: The loop whose thread this belongs to.
        self.loop: asyncio.AbstractEventLoop | None = None
        #: The same while new messages are welcome.
        self.accepting_loop: asyncio.AbstractEventLoop | None = None
        self.stopping = False
        #: Ended and still in the table: the first to go when room is needed.
        self.ended: OrderedDict[Instance, None] = OrderedDict()
        #: Out of the table, task not done.
        self.departed: dict[Hashable, list[Instance]] = {}
        #: Producers that wait since an instance ended, until there is a successor.
        self.lines: dict[Hashable, Line] = {}
        #: Called when no task is left; a stop in progress sets it.
        self.on_empty: Callable[[], None] | None = None
        #: Whether ``delete`` reports evictions: a subclass's own methods may be what makes room.
        self.evicting = False
        #: Tasks that put messages for other threads.
        self.deliveries: set[asyncio.Task[None]] = set()
        self._look: asyncio.Handle | None = None

    # Which loop

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve on ``loop`` from now on; instances of another loop are gone with it.

        Raises:
            RuntimeError: the server is in use in another loop that still runs.
        """
        if self.loop is not loop:
            if self.loop is not None and self.loop.is_running():
                raise RuntimeError(
                    "this server is in use in another event loop that is running; "
                    "make a server object for each loop"
                )
            self._lose_instances()
            self.loop = loop
        self.stopping = False
        self.accepting_loop = loop

    def _lose_instances(self) -> None:
        """Report instances whose loop is gone: nothing can be done for their tasks any more."""
        self.stopping = True
        self.refuse()
        instances = self.unfinished()
        self.departed.clear()
        for instance in instances:
            if instance.reason is None and not instance.task.done():
                instance.reason = "shutdown"
                self.ledger.cancelling += 1
            self.settle(instance, lost=not instance.task.done())
        for instance in [*self.table.records.values()]:
            self._drop_entry(instance)
        self.lines.clear()

    def refuse(self) -> None:
        """Take no message until bound again. Safe from any thread."""
        self.accepting_loop = None

    def _admit(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Let the loop of the caller in, or say why not."""
        if loop is None:
            raise RuntimeError(
                "get_or_create_application_instance() needs the event loop that runs the server, "
                f"and no loop runs in this thread; {_USE_THREADSAFE}"
            )
        if loop is self.loop:
            raise ServerStopped
        if self.loop is not None and self.loop.is_running():
            raise RuntimeError(
                "get_or_create_application_instance() was called in another event loop than the "
                f"one that runs the server; {_USE_THREADSAFE}"
            )
        self.bind(loop)

    # Making instances

    def get_or_create(self, scope_id: Hashable, scope: Any) -> asyncio.Queue[Any]:
        """The input queue of the instance for ``scope_id``, made now if there is none."""
        try:
            loop = get_running_loop()
        except RuntimeError:
            self._admit(None)
            raise
        if loop is not self.accepting_loop:
            self._admit(loop)
        try:
            instance = self.table.records.get(scope_id)
        except TypeError as error:
            raise TypeError(
                f"a scope_id must be hashable, got {type(scope_id).__name__}: {error}"
            ) from error
        if instance is not None and not instance.task.done():
            if instance.shown is not None:
                instance.note_use()
            order = self.order
            if order.root.previous is not instance:
                order.touch(instance)
            return instance.queue
        return self._create(scope_id, scope, instance)

    def _create(self, scope_id: Hashable, scope: Any, ended: Instance | None) -> asyncio.Queue[Any]:
        if ended is not None:
            # Its task is done, and the callback that would tell may still be on its way.
            self.settle(ended)
            successor = self.table.records.get(scope_id)
            if successor is not None and not successor.task.done():
                successor.note_use()
                self.order.touch(successor)
                return successor.queue
        self.application.look_at(self.host.application)
        if ended is not None and self.table.holds(ended):
            self._drop_entry(ended)
        limit = max(1, self.host.max_applications)
        while len(self.table.records) >= limit:
            self._make_room()
        if scope_id in self.departed:
            # A forgotten instance ends when its successor arrives.
            for forgotten in [*self.departed[scope_id]]:
                if forgotten.task.done():
                    self.settle(forgotten)
                elif forgotten.reason is None:
                    self._cancel(forgotten, "deleted")
        return self._start(scope_id, scope).queue

    def _start(
        self,
        scope_id: Hashable,
        scope: Any,
        predecessor: Instance | None = None,
        inherited: tuple[Any, ...] = (),
    ) -> Instance:
        loop = self.loop
        assert loop is not None  # bound by whoever came here
        queue = InputQueue(self.host.input_queue_size, self.ledger)
        instance = Instance(self, scope_id, scope, queue)
        queue.attach(instance, inherited, self.lines.pop(scope_id, None) if self.lines else None)
        coroutine: Coroutine[Any, Any, Any]
        if scope_id in self.departed:
            self._close_gate(instance)
            coroutine = self.application.call_after_predecessors(instance)
        else:
            coroutine = self.application.call(instance, loop)
        task = loop.create_task(coroutine, name="asgiref.server instance")
        instance.task = task
        task.add_done_callback(instance.done)
        self.ledger.created += 1
        self.ledger.undone += 1
        if predecessor is None:
            self.table.add(instance)
        else:
            self.table.substitute(predecessor, instance)
        return instance

    # Successors that wait

    def _close_gate(self, instance: Instance) -> None:
        loop = self.loop
        assert loop is not None  # an instance is being made
        gate = instance.gate = Gate(loop.create_future(), {*self.departed[instance.scope_id]})
        if self.host.cancel_timeout == float("inf"):
            return
        since = max(one.cancelled_at for one in self.departed[instance.scope_id])
        gate.timer = loop.call_at(
            since + self.host.cancel_timeout, self._give_up_on_predecessors, instance
        )

    def _give_up_on_predecessors(self, instance: Instance) -> None:
        if instance.gate is not None and not instance.gate.opened.done():
            logger.error(
                "The cancelled application instance for scope id %r has not ended within "
                "cancel_timeout (%s s); its successor starts anyway",
                instance.scope_id,
                self.host.cancel_timeout,
            )
            instance.gate.open()

    # Ending instances

    def evict_oldest(self, reason: EndingReason = "evicted") -> None:
        """Cancel and forget the least recently messaged instance.

        Raises:
            KeyError: there is none.
        """
        oldest = self.order.oldest()
        if oldest is None:
            raise KeyError("there is no application instance to delete")
        self.discard(oldest, reason)

    def delete(self, scope_id: Hashable) -> None:
        """Cancel and forget the instance for ``scope_id``.

        Raises:
            KeyError: there is none.
        """
        self.discard(self.table.records[scope_id], "evicted" if self.evicting else "deleted")

    def discard(self, instance: Instance, reason: EndingReason) -> None:
        """Take an instance out of the table and cancel it; an ended one is just taken out."""
        if instance.task.done():
            self.settle(instance)
            # Its unread messages may have called a successor to life in its place.
            current = self.table.records.get(instance.scope_id)
            if current is not None and current is not instance:
                self.discard(current, reason)
            elif self.table.holds(instance):
                self._drop_entry(instance)
            return
        self.table.remove(instance)
        self.departed.setdefault(instance.scope_id, []).append(instance)
        self._cancel(instance, reason)

    def _make_room(self) -> None:
        while self.ended:
            instance, _ = self.ended.popitem(last=False)
            if self.table.holds(instance):
                self.table.remove(instance)
                return
        before = len(self.table.records)
        self.evicting = True
        try:
            self.make_room()
        finally:
            self.evicting = False
        if len(self.table.records) >= before:
            # A subclass made room by its own lights and removed nothing.
            self.evict_oldest()

    def _cancel(self, instance: Instance, reason: EndingReason) -> None:
        """Cancel an instance that is out of the table."""
        loop = self.loop
        assert loop is not None  # there are instances
        instance.reason = reason
        instance.cancelled_at = loop.time()
        instance.watched = True
        instance.close_queue()
        self.ledger.cancelling += 1
        instance.task.cancel()

    def settle(self, instance: Instance, *, lost: bool = False) -> None:
        """Take note of an ending, once: count it, queue its report, see to what it leaves.

        Args:
            instance: its task is done, or lost with its loop.
            lost: whether the task will never be done.
        """
        if instance.settled:
            return
        instance.settled = True
        if instance.gate is not None:
            instance.gate.open()
        ledger = self.ledger
        ledger.undone -= 1
        asked = instance.reason
        if asked is not None:
            ledger.cancelling -= 1
        exception: BaseException | None = None
        reason: EndingReason
        if lost or instance.task.cancelled():
            reason = asked or ("shutdown" if self.stopping else "cancelled")
        else:
            exception = instance.task.exception()
            reason = asked or ("returned" if exception is None else "failed")
        instance.close_queue()
        unread, discarded = instance.settle_queue()
        held = self.table.holds(instance)
        if held and unread and asked is None and self._pass_on(instance, reason, unread):
            held = False
            unread = ()
        unread += discarded
        ledger.unread += len(unread)
        ledger.endings[reason] += 1
        if lost and held:
            self.table.remove(instance)
            held = False
        if held:
            self.ended[instance] = None
        if instance.scope_id in self.departed:
            self._release_successor(instance)
        if held or exception is not None or self.wants_endings():
            seconds = self.order.clock() - instance.created_at
            self.reports.add(Report(instance, reason, exception, unread, seconds))
        else:
            instance.release()
        if not ledger.undone and self.on_empty is not None:
            self.on_empty()

    def _pass_on(self, instance: Instance, reason: EndingReason, unread: tuple[Any, ...]) -> bool:
        """Start a successor for what is unread, if the instance had made any progress."""
        if reason not in {"returned", "failed"} or self.stopping or self.accepting_loop is None:
            return False
        if instance.accepted == len(unread):
            return False
        try:
            self.application.look_at(self.host.application)
        except TypeError:
            logger.exception(
                "No successor for scope id %r: its unread messages are reported", instance.scope_id
            )
            return False
        self._start(instance.scope_id, instance.scope, instance, unread)
        instance.accepted -= len(unread)
        return True

    def _release_successor(self, instance: Instance) -> None:
        """Open the gates for which the last predecessor is done with this instance.

        Who waits stands in the table, or was forgotten while it waited.
        """
        scope_id = instance.scope_id
        siblings = self.departed[scope_id]
        for waiting in [*siblings, self.table.records.get(scope_id)]:
            if waiting is not None and waiting.gate is not None:
                waiting.gate.ended(instance)
        if instance in siblings:
            siblings.remove(instance)
            if not siblings:
                del self.departed[scope_id]

    def _reported(self, report: Report) -> None:
        """A report is through: its entry, kept for the hook to see, may go."""
        instance = report.instance
        if self.table.holds(instance):
            self._drop_entry(instance)
        instance.release()

    def _drop_entry(self, instance: Instance) -> None:
        """Take an ended instance out of the table."""
        self.table.remove(instance)
        self.ended.pop(instance, None)

    def retire(self, instance: Instance, reason: EndingReason) -> None:
        """Cancel an instance wherever it is, and take it out of the table."""
        if self.table.holds(instance):
            self.table.remove(instance)
            self.departed.setdefault(instance.scope_id, []).append(instance)
        self._cancel(instance, reason)

    # Users' edits of the table

    def adopt(self, scope_id: Hashable, details: dict[str, Any]) -> None:
        """Enter the user's details: those of a known instance again, or a foreign one."""
        current = self.table.records.get(scope_id)
        if current is not None:
            if current.has_details(details):
                self.order.touch(current)
                return
            replacement = self._returning(scope_id, details) or self._foreign(scope_id, details)
            self.forget(current)
        else:
            replacement = self._returning(scope_id, details) or self._foreign(scope_id, details)
        self.table.add(replacement)

    def _returning(self, scope_id: Hashable, details: object) -> Instance | None:
        """The forgotten instance these details stand for: taken out, and now put back."""
        siblings = self.departed.get(scope_id, [])
        for instance in siblings:
            if instance.has_details(details) and instance.reason is None:
                siblings.remove(instance)
                if not siblings:
                    del self.departed[scope_id]
                return instance
        return None

    def _foreign(self, scope_id: Hashable, details: dict[str, Any]) -> Instance:
        instance = ForeignInstance(self, scope_id, details)
        self.ledger.created += 1
        self.ledger.undone += 1
        instance.task.add_done_callback(instance.done)
        return instance

    def forget(self, instance: Instance) -> None:
        """Take an instance out of the table without ending it.

        Its task runs on until it ends, a successor is asked for, or the server stops.
        """
        self.ended.pop(instance, None)
        self.table.remove(instance)
        if not instance.settled:
            self.departed.setdefault(instance.scope_id, []).append(instance)

    # Checking

    async def check(self) -> None:
        """Deliver reports and look at idle instances until cancelled."""
        self.reports.checkers += 1
        if self._look is None:
            self.look_at_idle()
        try:
            while True:
                await self.reports.deliver()
                await self.reports.wait()
        finally:
            self.reports.checkers -= 1
            if not self.reports.checkers and self._look is not None:
                self._look.cancel()
                self._look = None

    def look_at_idle(self) -> None:
        """Cancel what is idle for too long and come again; runs while a checker does."""
        host = self.host
        loop = self.loop
        if not self.reports.checkers or self.stopping or loop is None:
            self._look = None
            return
        left = _BATCH
        if host.idle_timeout is not None:
            for instance in self._expired(host.idle_timeout):
                if instance.task.done():
                    continue
                if not instance.idle:
                    instance.watched = True
                    continue
                self.discard(instance, "idle")
                left -= 1
                if not left:
                    break
        if not left:
            self._look = loop.call_soon(self.look_at_idle)
            return
        period = host.application_checker_interval
        if host.idle_timeout is not None:
            period = max(period, host.idle_timeout / 4)
        self._look = loop.call_later(min(period, 86400.0), self.look_at_idle)

    def _expired(self, timeout: float) -> Iterator[Instance]:
        """Instances whose last message is too long ago and that were not found busy since."""
        order = self.order
        now = order.clock()
        while (instance := order.unlooked()) is not None and now - instance.messaged >= timeout:
            order.pass_marker(instance)
            yield instance

    def became_idle(self, instance: Instance) -> None:
        """A watched instance starts to wait in ``receive()`` for a message that is not there."""
        if instance.settled:
            return
        if instance.reason is not None:
            # The cancellation was swallowed, by some library perhaps, and nothing will ever come.
            # Once more, and not each time: who insists is dealt with when the server stops.
            instance.watched = False
            instance.task.cancel()
            return
        if self.stopping:
            self.retire(instance, "shutdown")
            return
        timeout = self.host.idle_timeout
        if not self.table.holds(instance):
            return
        if timeout is not None and self.order.clock() - instance.messaged >= timeout:
            self.discard(instance, "idle")
        else:
            # Not expired any more: have the next look pass it again.
            instance.watched = False
            self.order.rewind_marker()

    # Stopping

    def unfinished(self) -> list[Instance]:
        """Every instance whose task is not known to be done."""
        known = [*self.table.records.values()]
        known.extend(one for siblings in self.departed.values() for one in siblings)
        return [instance for instance in known if not instance.settled]

    def begin_drain(self) -> None:
        """Cancel what is idle and watch the rest become so."""
        for instance in self.unfinished():
            if instance.reason is not None:
                continue
            if instance.idle:
                self.retire(instance, "shutdown")
            else:
                instance.watched = True

    def cancel_all(self) -> None:
        """Cancel everything that was not cancelled before."""
        for instance in self.unfinished():
            if instance.reason is None:
                self.retire(instance, "shutdown")
