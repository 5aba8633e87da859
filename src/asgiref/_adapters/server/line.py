"""The line of producers that wait for room. It outlives the queue: the successor's takes it over.

Messages of one scope id arrive in the order in which their producers came, so a producer keeps its
place when the instance ends under it. Everybody in the line is woken then and comes back to the
successor's queue, while newcomers get in line behind them.

A free place in the queue is *granted* to the first in line and counts as taken until that producer
runs, so that nobody overtakes it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ("Line", "LineKeeper", "Place", "wake")


class Served(Protocol):
    """The part of a queue that its line looks at."""

    @property
    def maxsize(self) -> int:
        """The bound in messages; 0 means none."""

    def qsize(self) -> int:
        """Messages waiting."""


class LineKeeper(Protocol):
    """Who keeps the lines between two queues."""

    #: By scope id.
    lines: dict[Hashable, Line]


class Place:
    """Where one producer stands.

    Attributes:
        line: the line, which is another one after two lines became one.
        stays: whether it is kept when the instance ends.
        granted: whether room is promised to it.
        turn: done when the producer has something to do.
    """

    __slots__ = ("granted", "line", "stays", "turn")

    def __init__(self, line: Line, *, stays: bool) -> None:
        """Stand and wait."""
        self.line = line
        self.stays = stays
        self.granted = False
        self.wait()

    def wait(self) -> None:
        """Wait, or wait on."""
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def leave(self) -> None:
        """Be gone, and let the next one have what was granted."""
        self.line.remove(self)
        self.line.move_up()


class Line:
    """Producers in the order in which they came; the first ``granted`` of them have room promised.

    Args:
        queue: the queue that they wait for.
    """

    __slots__ = ("_keeper", "_scope_id", "granted", "places", "queue")

    def __init__(self, queue: Served) -> None:
        """Begin without any."""
        self.places: deque[Place] = deque()
        self.granted = 0
        #: None between two queues.
        self.queue: Served | None = queue
        self._keeper: LineKeeper | None = None
        self._scope_id: Hashable = None

    def join(self, *, stays: bool) -> Place:
        """Stand at the end."""
        place = Place(self, stays=stays)
        self.places.append(place)
        return place

    def remove(self, place: Place) -> None:
        """Take a producer out; what was granted to it is free."""
        if self.places[0] is place:
            self.places.popleft()
        else:
            self.places.remove(place)
        if place.granted:
            place.granted = False
            self.granted -= 1
        keeper = self._keeper
        if not self.places and keeper is not None and keeper.lines.get(self._scope_id) is self:
            del keeper.lines[self._scope_id]

    def move_up(self) -> None:
        """Grant the room there is."""
        queue = self.queue
        if queue is None:
            return
        bound = queue.maxsize
        while self.granted < len(self.places) and (
            bound <= 0 or queue.qsize() + self.granted < bound
        ):
            place = self.places[self.granted]
            place.granted = True
            self.granted += 1
            wake(place.turn)

    def wake_all(self) -> None:
        """Have every producer look what has happened."""
        for place in self.places:
            wake(place.turn)

    def part(self, scope_id: Hashable, keeper: LineKeeper) -> None:
        """The queue is closed: leave it, and wait with those who stay for the successor's.

        Args:
            scope_id: whose instance has ended.
            keeper: where the successor's queue finds the line.
        """
        self.wake_all()
        self.queue = None
        self.granted = 0
        self.places = deque(place for place in self.places if place.stays)
        for place in self.places:
            place.granted = False
        if not self.places:
            return
        other = keeper.lines.get(scope_id)
        if other is not None:
            other.places.extend(self.places)
            for place in self.places:
                place.line = other
            return
        self._scope_id = scope_id
        self._keeper = keeper
        keeper.lines[scope_id] = self

    def take_over(self, queue: Served) -> None:
        """Wait for this queue from now on."""
        self.queue = queue
        self.move_up()


def wake(waiter: asyncio.Future[None]) -> None:
    """Set a waiter's result, unless it has one or its loop was closed under it."""
    if not waiter.done() and not waiter.get_loop().is_closed():
        waiter.set_result(None)
