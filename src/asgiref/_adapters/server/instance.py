"""One running call of the application for one scope id."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Protocol

from asgiref._adapters.server.input_queue import QueueOwner
from asgiref._adapters.server.message_order import UNLINKED

if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import TypeAlias

    from asgiref._adapters.server.endings import EndingReason
    from asgiref._adapters.server.line import Line
    from asgiref._adapters.server.message_order import MessageOrder

    Details: TypeAlias = dict[str, Any]

__all__ = ("ForeignInstance", "Gate", "Instance", "InstanceKeeper")


class Sender(Protocol):
    """The part of the server that applications reach."""

    def application_send(self, scope: Any, message: Any) -> Any:
        """Deal with what an application sends."""


class InstanceKeeper(Protocol):
    """Who keeps the instances."""

    #: Lines of producers between two queues, by scope id.
    lines: dict[Hashable, Line]

    @property
    def host(self) -> Sender:
        """The server."""

    @property
    def order(self) -> MessageOrder[Instance]:
        """The order of messages."""

    def settle(self, instance: Instance) -> None:
        """Take note of an ending."""

    def became_idle(self, instance: Instance) -> None:
        """Take note of a watched instance that waits for a message that is not there."""


class Gate:
    """What a queued instance waits for: its predecessors, or the end of their time.

    Attributes:
        opened: done once the application may start.
        predecessors: those whose tasks are not done.
        timer: opens the gate when the predecessors do not end.
    """

    __slots__ = ("opened", "predecessors", "timer")

    def __init__(self, opened: asyncio.Future[None], predecessors: set[Instance]) -> None:
        """Close the gate."""
        self.opened = opened
        self.predecessors = predecessors
        self.timer: asyncio.TimerHandle | None = None

    def ended(self, predecessor: Instance) -> None:
        """Open the gate if that was the last one to wait for."""
        self.predecessors.discard(predecessor)
        if not self.predecessors:
            self.open()

    def open(self) -> None:
        """Let the application start."""
        if self.timer is not None:
            self.timer.cancel()
        if not self.opened.done():
            self.opened.set_result(None)


class Instance(QueueOwner):
    """The record of one instance: its links, its task, its counts.

    A hundred thousand of these are held at once, hence the slots, and ``details`` made on demand.
    """

    __slots__ = (
        "cancelled_at",
        "created_at",
        "gate",
        "keeper",
        "queue",
        "reason",
        "scope",
        "settled",
        "shown",
    )

    def __init__(
        self,
        keeper: InstanceKeeper,
        scope_id: Hashable,
        scope: Any,
        queue: asyncio.Queue[Any],
    ) -> None:
        """Describe an instance that has no task yet."""
        self.previous = self.following = UNLINKED
        self.keeper = keeper
        self.order = keeper.order
        self.scope_id = scope_id
        self.scope = scope
        self.queue = queue
        self.gate: Gate | None = None
        self.messaged = self.created_at = self.order.clock()
        self.accepted = 0
        self.watched = False
        #: Why the server cancelled it, if it did.
        self.reason: EndingReason | None = None
        #: Seconds on the loop's clock.
        self.cancelled_at = 0.0
        #: Whether its ending was taken note of.
        self.settled = False
        #: The dictionary that users see, once one of them looked.
        self.shown: Details | None = None

    @property
    def details(self) -> Details:
        """The dictionary users see; the same object every time."""
        if self.shown is None:
            self.shown = {
                "input_queue": self.queue,
                "future": self.task,
                "scope": self.scope,
                "last_used": time.time() - (self.order.clock() - self.messaged),
            }
        return self.shown

    def has_details(self, details: object) -> bool:
        """Whether ``details`` is the dictionary that stands for this instance."""
        return self.shown is not None and self.shown is details

    def note_use(self) -> None:
        """Update what users see; they were shown."""
        if self.shown is not None:
            self.shown["last_used"] = time.time()

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do: the application waits in ``receive()`` for nothing."""
        return self.queue.idle if self.gate is None else self.queue.empty()  # type: ignore[attr-defined]  # an InputQueue, but for foreign instances

    def close_queue(self) -> None:
        """Let the queue accept nothing more."""
        self.queue.close(self.keeper)  # type: ignore[attr-defined]  # an InputQueue, but for foreign instances

    def settle_queue(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Take what is unread out of the queue, and what was thrown out of it."""
        unread: tuple[tuple[Any, ...], tuple[Any, ...]] = self.queue.settle()  # type: ignore[attr-defined]  # an InputQueue, but for foreign instances
        return unread

    def release(self) -> None:
        """Let go of the task, once nobody will ask for it.

        The traceback of what it raised, a cancellation too, holds the application's frame, which
        holds ``send``, which holds this: a cycle that only the garbage collector would end.
        """
        del self.task

    def done(self, _: asyncio.Future[Any]) -> None:
        """Callback of the task."""
        self.keeper.settle(self)

    def became_idle(self) -> None:
        """Say so to the keeper, who asked for it."""
        self.keeper.became_idle(self)

    async def send(self, message: Any) -> None:
        """The application's ``send``.

        Raises:
            TypeError: the server's ``application_send`` is no coroutine function.
        """
        host = self.keeper.host
        sending = host.application_send(self.scope, message)
        if not hasattr(sending, "__await__"):
            raise TypeError(
                f"{type(host).__name__}.application_send must be a coroutine function "
                f"(async def); calling it returned {sending!r}"
            )
        await sending


class ForeignInstance(Instance):
    """An entry that a subclass put into the table by itself, around a task of its own.

    Its queue is the subclass's own: it is neither closed nor emptied, and counts for nothing.
    """

    __slots__ = ()

    def __init__(self, keeper: InstanceKeeper, scope_id: Hashable, details: object) -> None:
        """Describe the entry.

        Raises:
            TypeError: ``details`` is not a dict with an asyncio future under ``future``.
        """
        if not isinstance(details, dict) or not asyncio.isfuture(details.get("future")):
            raise TypeError(
                "an entry of application_instances is a dict with the keys input_queue, future "
                f"(an asyncio task or future), scope and last_used; got {details!r}"
            )
        super().__init__(keeper, scope_id, details.get("scope"), details.get("input_queue"))  # type: ignore[arg-type]  # whatever the subclass uses; None if it needs no queue
        self.task = details["future"]
        self.shown = details

    @property
    def idle(self) -> bool:
        """Whether nothing waits in its queue; what its task does, nobody here can know."""
        queue: asyncio.Queue[Any] | None = self.queue
        return queue is None or queue.empty()

    def close_queue(self) -> None:
        """Leave the queue alone."""

    def settle_queue(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Leave the queue alone."""
        return (), ()
