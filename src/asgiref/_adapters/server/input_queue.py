"""The queue that feeds ``receive()``: an ``asyncio.Queue`` that is almost free while idle.

It answers to the whole interface of ``asyncio.Queue`` and to ``isinstance``, but shares none of its
storage: a plain queue makes two deques, an event and a third deque before the first message, some
two kilobytes, and a hundred thousand idle scopes would pay for them.

Three rules shape it:

- A message leaves only when ``get()`` returns it. A woken ``get()`` that is cancelled before it
  runs leaves the message where it was, for the next one or for the ending's ``unread``.
- Producers that wait are served first come, first served: a free place is *granted* to the first of
  them and counts as taken until that producer runs, so that nobody overtakes it. A producer that is
  cancelled hands its grant to the next.
- Once the instance ends, puts raise ``InstanceEnded``. Gets do not: an application that loops over
  ``receive()`` and swallows exceptions must not turn into a loop that never waits.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import Future, get_running_loop
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from asgiref._adapters.server.errors import InstanceEnded
from asgiref._adapters.server.message_order import Node

if TYPE_CHECKING:
    from collections.abc import Hashable

    from asgiref._adapters.server.endings import Ledger
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

    __slots__ = ("discarded", "getters", "granted", "joiners", "putters", "shut_down")

    def __init__(self) -> None:
        self.putters: deque[asyncio.Future[None]] = deque()
        self.getters: deque[asyncio.Future[None]] = deque()
        self.joiners: list[asyncio.Future[None]] = []
        #: Places granted to producers that have not run since.
        self.granted = 0
        self.shut_down = False
        #: Messages thrown out by ``shutdown(immediate=True)``: accepted, so they will be reported.
        self.discarded: list[Any] = []


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

    def attach(self, instance: QueueOwner, inherited: tuple[Any, ...] = ()) -> None:
        """Feed ``instance``, starting with the messages its predecessor left."""
        self._sink = self._owner = instance
        self._scope_id = instance.scope_id
        if inherited:
            self._first = inherited[0]
            if len(inherited) > 1:
                self._rest = deque(inherited[1:])
            self._unfinished = instance.accepted = len(inherited)

    def close(self) -> None:
        """Accept nothing more; producers that wait get ``InstanceEnded``. What is queued stays."""
        self._sink = None
        rare = self._rare
        if rare is not None:
            while rare.putters:
                _wake(rare.putters.popleft())

    def settle(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Close and let go of the instance.

        Returns:
            the messages never handed over, and those that ``shutdown(immediate=True)`` threw out.
        """
        self._sink = self._owner = None
        discarded: tuple[Any, ...] = ()
        rare = self._rare
        if rare is not None:
            self.close()
            discarded = tuple(rare.discarded)
            rare.discarded.clear()
            for joiner in rare.joiners:
                _wake(joiner)
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
            and (self._rare is None or not self._rare.granted)
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
        granted = self._rare.granted if self._rare is not None else 0
        return self.qsize() + granted >= self._maxsize

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
        if self._limited and self._sink is not None and (self.full() or self._in_line()):
            self._refuse_if_shut_down()
            rare = self._rare_record()
            putter = get_running_loop().create_future()
            rare.putters.append(putter)
            try:
                await putter
            except BaseException:
                if putter.done() and not putter.cancelled():
                    self._give_up_grant(rare)
                else:
                    putter.cancel()
                    # Whoever looked for the next in line may have taken it out already.
                    with suppress(ValueError):
                        rare.putters.remove(putter)
                raise
            self._give_up_grant(rare, pass_on=False)
            self.put_nowait(item)
            self._after_get()  # there may be room for one who got in line since
            return
        self.put_nowait(item)

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
                _wake(joiner)

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
                        _wake(joiner)
            while rare.putters:
                _wake(rare.putters.popleft())
                rare.granted += 1
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

    def _in_line(self) -> bool:
        """Whether a producer waits, or was granted a place and has not run since."""
        rare = self._rare
        return rare is not None and bool(rare.granted or rare.putters)

    def _after_get(self) -> None:
        """A place is free: grant it to the first producer in line."""
        rare = self._rare_record()
        if self._sink is None:
            return
        while rare.putters and self.qsize() + rare.granted < self._maxsize:
            putter = rare.putters.popleft()
            if not putter.done():
                rare.granted += 1
                putter.set_result(None)

    def _give_up_grant(self, rare: _Rare, *, pass_on: bool = True) -> None:
        """A woken producer runs: its promised place is free for it, or for the next."""
        if rare.granted > 0:
            rare.granted -= 1
        if pass_on:
            self._after_get()

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


def _wake(waiter: asyncio.Future[None]) -> None:
    # A loop that was closed under its waiters takes no callbacks any more.
    if not waiter.done() and not waiter.get_loop().is_closed():
        waiter.set_result(None)
