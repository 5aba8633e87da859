"""The queue that feeds ``receive()``: an ``asyncio.Queue`` that is almost free while idle.

It answers to the whole interface of ``asyncio.Queue`` and to ``isinstance``, but shares none of its
storage: a plain queue makes two deques, an event and a third deque before the first message, some
two kilobytes, and a hundred thousand idle scopes would pay for them.

Three rules shape it:

- A message leaves only when ``get()`` returns it. A woken ``get()`` that is cancelled before it
  runs leaves the message where it was, for the next one or for the ending's ``unread``.
- Producers that wait for room stand in a ``Line`` and are served first come, first served.
- Once the instance ends, puts raise ``InstanceEnded``. Gets do not: an application that loops over
  ``receive()`` and swallows exceptions must not turn into a loop that never waits.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import Future, get_running_loop
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from asgiref._adapters.server.errors import InstanceEnded
from asgiref._adapters.server.line import Line, wake
from asgiref._adapters.server.message_order import Node

if TYPE_CHECKING:
    from collections.abc import Hashable

    from asgiref._adapters.server.endings import Ledger
    from asgiref._adapters.server.line import LineKeeper, Place
    from asgiref._adapters.server.message_order import MessageOrder

__all__ = ("InputQueue", "QueueOwner")

#: Marks an empty first slot; any object may be a message, ``None`` included.
_EMPTY: Final = object()


class QueueOwner(Node):
    """What a queue knows of the instance it feeds: a node in the order of messages."""

    __slots__ = ("accepted", "messaged", "order", "scope_id", "task", "watched")

    scope_id: Hashable
    task: asyncio.Future[Any]
    order: MessageOrder[Any]
    #: Messages accepted and not passed on to a successor.
    accepted: int
    #: Monotonic seconds of the last message; at first, of the creation.
    messaged: float
    #: Whether the server wants to hear when the instance becomes idle.
    watched: bool

    def became_idle(self) -> None:
        """A watched instance starts to wait for a message that is not there."""
        raise NotImplementedError


class _Rare:
    """What few queues need: producers and consumers that wait in line, ``join``, ``shutdown``."""

    __slots__ = ("discarded", "getters", "joiners", "line", "shut_down")

    def __init__(self) -> None:
        #: Producers that wait for room; gone to the successor once the queue is closed.
        self.line: Line | None = None
        self.getters: deque[asyncio.Future[None]] = deque()
        self.joiners: list[asyncio.Future[None]] = []
        self.shut_down = False
        #: Messages thrown out by ``shutdown(immediate=True)``: accepted, so they will be reported.
        self.discarded: list[Any] = []

    def line_for(self, queue: InputQueue) -> Line:
        """Return the line, which begins with the first producer that has to wait."""
        if self.line is None:
            self.line = Line(queue)
        return self.line


class InputQueue(asyncio.Queue[Any]):
    """Messages on their way to one instance, in the order in which they were put.

    Belongs to the event loop's thread. ``join()`` on the queue of an instance that ends with
    messages unaccounted for raises ``InstanceEnded`` instead of waiting for ever.

    Args:
        maxsize: the bound in messages; 0 means none.
        ledger: the server's running counts.
    """

    __slots__ = (
        "_first",
        "_getter",
        "_ledger",
        "_limited",
        "_maxsize",
        "_owner",
        "_rare",
        "_rest",
        "_scope_id",
        "_sink",
        "_unfinished",
    )

    def __init__(self, maxsize: int, ledger: Ledger) -> None:
        """Make an empty queue; ``attach`` gives it its instance."""
        # super().__init__() is left out on purpose: it makes the structures this class avoids.
        self._maxsize = maxsize
        self._ledger = ledger
        self._first: Any = _EMPTY
        self._rest: deque[Any] | None = None
        self._getter: asyncio.Future[None] | None = None
        self._rare: _Rare | None = None
        self._unfinished = 0
        #: Whether a put has more to check than whether the instance lives.
        self._limited = maxsize > 0
        #: The instance while puts are accepted.
        self._sink: QueueOwner | None = None
        #: The instance until its ending is settled; gets report to it.
        self._owner: QueueOwner | None = None
        self._scope_id: Any = None

    # Between the queue and its server

    def attach(
        self, instance: QueueOwner, inherited: tuple[Any, ...] = (), line: Line | None = None
    ) -> None:
        """Feed ``instance``, starting with what its predecessor left.

        Args:
            instance: whose input this is.
            inherited: messages that the predecessor left unread.
            line: the producers that wait since the predecessor's queue was closed.
        """
        self._sink = self._owner = instance
        self._scope_id = instance.scope_id
        if inherited:
            self._first = inherited[0]
            if len(inherited) > 1:
                self._rest = deque(inherited[1:])
            self._unfinished = instance.accepted = len(inherited)
        if line is not None:
            self._rare_record().line = line
            # Whatever the bound is by now, newcomers look at the line first.
            self._limited = True
            line.take_over(self)

    def close(self, keeper: LineKeeper) -> None:
        """Accept nothing more; what is queued stays. Producers that wait leave, or move on.

        Args:
            keeper: keeps the line of those that move on.
        """
        self._sink = None
        rare = self._rare
        if rare is not None and rare.line is not None:
            line, rare.line = rare.line, None
            line.part(self._scope_id, keeper)

    def settle(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Let go of the instance; the queue was closed.

        Returns:
            the messages never handed over, and those that ``shutdown(immediate=True)`` threw out.
        """
        self._owner = None
        discarded: tuple[Any, ...] = ()
        rare = self._rare
        if rare is not None:
            discarded = tuple(rare.discarded)
            rare.discarded.clear()
            for joiner in rare.joiners:
                wake(joiner)
        if self._first is _EMPTY:
            return (), discarded
        rest = self._rest
        unread = (self._first,) if rest is None else (self._first, *rest)
        self._first = _EMPTY
        self._rest = None
        return unread, discarded

    @property
    def idle(self) -> bool:
        """Whether a ``get()`` waits and neither a message nor a producer is there for it."""
        getter = self._getter
        return (
            getter is not None
            and not getter.done()
            and self._first is _EMPTY
            and not self._granted()
        )

    # How much there is

    @property
    def maxsize(self) -> int:
        """The bound in messages; 0 means none."""
        return self._maxsize

    def qsize(self) -> int:
        """Messages waiting."""
        if self._first is _EMPTY:
            return 0
        return 1 if self._rest is None else 1 + len(self._rest)

    def empty(self) -> bool:
        """Whether no message waits."""
        return self._first is _EMPTY

    def full(self) -> bool:
        """Whether ``put_nowait`` would raise ``QueueFull``."""
        if self._maxsize <= 0:
            return False
        return self.qsize() + self._granted() >= self._maxsize

    # On the way in

    def put_nowait(self, item: Any) -> None:
        """Accept a message now.

        Args:
            item: any object.

        Raises:
            asyncio.QueueFull: the queue is at its bound, or its free places are promised to
                producers that wait.
            InstanceEnded: the instance has ended or was told to; the message was not accepted.
            asyncio.QueueShutDown: ``shutdown()`` was called (Python 3.13 and later).
        """
        instance = self._sink
        if instance is None or instance.task.done():
            raise InstanceEnded(self._scope_id)
        if self._limited:
            self._refuse_if_shut_down()
            if self.full():
                raise asyncio.QueueFull
        # What follows is _accept(), repeated here because every message passes.
        if self._first is _EMPTY:
            self._first = item
        elif self._rest is None:
            self._rest = deque((item,))
        else:
            self._rest.append(item)
        self._unfinished += 1
        instance.accepted += 1
        self._ledger.accepted += 1
        order = instance.order
        instance.messaged = order.clock()
        if order.root.previous is not instance:
            order.touch(instance)
        getter = self._getter
        if getter is not None:
            if self._rare is not None:
                self._wake_getter()
                return
            self._getter = None
            if not getter.done():
                getter.set_result(None)

    async def put(self, item: Any) -> None:
        """Accept a message, waiting in line while the queue is full.

        Args:
            item: any object.

        Raises:
            InstanceEnded: the instance ended before there was room; the message was not accepted.
            asyncio.QueueShutDown: ``shutdown()`` was called (Python 3.13 and later).
        """
        if self._has_to_wait():
            place = self._rare_record().line_for(self).join(stays=False)
            if not await self._accept_in_turn(item, place):
                raise InstanceEnded(self._scope_id)
        else:
            self.put_nowait(item)

    async def put_or_stay(self, item: Any, place: Place | None = None) -> Place | None:
        """Accept a message, waiting in a line that goes on when the instance ends.

        Args:
            item: any object.
            place: where the producer stands, if it comes from the predecessor's queue.

        Returns:
            None once the message was accepted; else the instance has ended, and this is the
            producer's place in the line, to come to the successor's queue with.

        Raises:
            InstanceEnded: the instance had ended before.
            asyncio.QueueShutDown: ``shutdown()`` was called (Python 3.13 and later).
        """
        if place is None:
            if not self._has_to_wait():
                self.put_nowait(item)
                return None
            place = self._rare_record().line_for(self).join(stays=True)
        elif self._is_over():
            place.leave()
            raise InstanceEnded(self._scope_id)
        elif not place.granted:
            place.wait()
        return None if await self._accept_in_turn(item, place) else place

    # On the way out

    async def get(self) -> Any:
        """Hand over the oldest message, waiting until there is one.

        Raises:
            asyncio.QueueShutDown: ``shutdown()`` was called and nothing is left (Python 3.13 and
                later).
        """
        while self._first is _EMPTY:
            if self._limited:
                self._refuse_if_shut_down()
            # The last of several messages leaves an empty deque; an idle queue keeps none.
            self._rest = None
            # What loops' create_future() comes to, uvloop's as well, for every message.
            getter: asyncio.Future[None] = Future()
            if self._getter is None:
                self._getter = getter
            else:
                self._rare_record().getters.append(getter)
            owner = self._owner
            if owner is not None and owner.watched:
                owner.became_idle()
            try:
                await getter
            except BaseException:
                if getter.done() and not getter.cancelled():
                    if self._first is not _EMPTY:
                        self._wake_getter()
                else:
                    getter.cancel()
                    self._forget_getter(getter)
                raise
        # What follows is get_nowait() past its checks, repeated because every message passes.
        item = self._first
        rest = self._rest
        self._first = rest.popleft() if rest else _EMPTY
        self._ledger.handed += 1
        if self._rare is not None:
            self._after_get()
        return item

    def get_nowait(self) -> Any:
        """Hand over the oldest message now.

        Raises:
            asyncio.QueueEmpty: there is none.
            asyncio.QueueShutDown: there is none and ``shutdown()`` was called (Python 3.13 and
                later).
        """
        item = self._first
        if item is _EMPTY:
            if self._limited:
                self._refuse_if_shut_down()
            raise asyncio.QueueEmpty
        rest = self._rest
        self._first = rest.popleft() if rest else _EMPTY
        self._ledger.handed += 1
        if self._rare is not None:
            self._after_get()
        return item

    # Who has dealt with what

    def task_done(self) -> None:
        """Say that one message handed over earlier has been dealt with.

        Raises:
            ValueError: called more often than messages were accepted.
        """
        if self._unfinished <= 0:
            raise ValueError("task_done() called too many times")
        self._unfinished -= 1
        if self._unfinished == 0 and self._rare is not None:
            for joiner in self._rare.joiners:
                wake(joiner)

    async def join(self) -> None:
        """Wait until ``task_done()`` was called for every message accepted.

        Raises:
            InstanceEnded: the instance ended first, so nobody will call it.
        """
        while self._unfinished > 0:
            if self._owner is None:
                raise InstanceEnded(self._scope_id)
            joiners = self._rare_record().joiners
            joiner = get_running_loop().create_future()
            joiners.append(joiner)
            try:
                await joiner
            finally:
                joiners.remove(joiner)

    if sys.version_info >= (3, 13):

        def shutdown(self, immediate: bool = False) -> None:
            """Refuse further puts, and gets once nothing is left.

            Args:
                immediate: also throw out what is queued. Those messages had been accepted, so they
                    are in the ending's ``unread`` all the same.
            """
            rare = self._rare_record()
            rare.shut_down = True
            self._limited = True
            if immediate:
                while self._first is not _EMPTY:
                    rare.discarded.append(self._first)
                    self._first = self._rest.popleft() if self._rest else _EMPTY
                    if self._unfinished > 0:
                        self._unfinished -= 1
                if self._unfinished == 0:
                    for joiner in rare.joiners:
                        wake(joiner)
            if rare.line is not None:
                rare.line.wake_all()
            while self._getter is not None:
                self._wake_getter()

    def __repr__(self) -> str:
        """Show what it feeds and how much waits."""
        return (
            f"<{type(self).__name__} at {id(self):#x} scope_id={self._scope_id!r} "
            f"maxsize={self._maxsize} qsize={self.qsize()}{'' if self._sink else ' ended'}>"
        )

    __str__ = __repr__

    # Inside

    def _rare_record(self) -> _Rare:
        if self._rare is None:
            self._rare = _Rare()
        return self._rare

    def _refuse_if_shut_down(self) -> None:
        if sys.version_info >= (3, 13) and self._rare is not None and self._rare.shut_down:
            raise asyncio.QueueShutDown

    def _granted(self) -> int:
        """Places granted to producers that have not run since."""
        rare = self._rare
        return 0 if rare is None or rare.line is None else rare.line.granted

    def _has_to_wait(self) -> bool:
        """Whether a producer that comes now has to get in line."""
        if not self._limited or self._sink is None:
            return False
        self._refuse_if_shut_down()
        rare = self._rare
        return self.full() or (
            rare is not None and rare.line is not None and bool(rare.line.places)
        )

    def _is_over(self) -> bool:
        instance = self._sink
        return instance is None or instance.task.done()

    async def _accept_in_turn(self, item: Any, place: Place) -> bool:
        """Wait for the place's turn and accept; whether the instance was there until then."""
        try:
            # Granted already: it was when this queue took the line over.
            if not place.granted:
                await place.turn
        except BaseException:
            if place.stays or self._sink is not None:
                place.leave()
            raise
        if self._is_over():
            # Not closed yet means that the line is still here, with those who do not stay.
            if not place.stays and self._sink is not None:
                place.leave()
            return False
        line = place.line
        line.remove(place)
        try:
            self.put_nowait(item)
        finally:
            line.move_up()
        return True

    def _after_get(self) -> None:
        """A place is free: grant it to the first producer in line."""
        if self._rare is not None and self._rare.line is not None:
            self._rare.line.move_up()

    def _wake_getter(self) -> None:
        """Wake the first ``get()`` in line that still waits; the slot moves on to the next."""
        while (getter := self._getter) is not None:
            self._next_getter()
            if not getter.done():
                getter.set_result(None)
                return

    def _next_getter(self) -> None:
        rare = self._rare
        self._getter = rare.getters.popleft() if rare is not None and rare.getters else None

    def _forget_getter(self, getter: asyncio.Future[None]) -> None:
        """Take a cancelled ``get()`` out of the line."""
        if self._getter is getter:
            self._next_getter()
        elif self._rare is not None and getter in self._rare.getters:
            self._rare.getters.remove(getter)
