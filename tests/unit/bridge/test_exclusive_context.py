"""Taking turns on a context that the user gave."""

from __future__ import annotations

from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest

from asgiref._bridge import exclusive_context
from asgiref._bridge.current_thread_executor import CurrentThreadExecutor

if TYPE_CHECKING:
    from collections.abc import Callable

    from asgiref._bridge.work import Work


class _Work:
    """As much of a work as the turns look at."""

    def __init__(self, above: _Work | None = None, name: str = "work") -> None:
        self.above = above
        self.name = name
        self.log: list[str] = []
        #: The queue where it stood, which is any object.
        self.place: object = None
        self.pending = True
        self.when_sent: Callable[[], object] = int

    def parent(self) -> _Work | None:
        return self.above

    def is_pending(self) -> bool:
        return self.pending

    def forward(self) -> None:
        self.log.append("sent again")
        self.when_sent()

    def describe(self) -> str:
        return self.name


def _take(context: Context, work: _Work) -> bool:
    return exclusive_context.take(context, cast("Work", work))


def _release(context: Context, work: _Work) -> None:
    exclusive_context.release(context, cast("Work", work))


def test_one_at_a_time() -> None:
    """The second is parked, and sent again when the first has left."""
    context, first, second = Context(), _Work(), _Work()
    assert _take(context, first)
    assert not _take(context, second)
    assert second.log == []
    _release(context, first)
    assert second.log == ["sent again"]
    assert _take(context, second)
    _release(context, second)


def test_taking_again_is_no_harm() -> None:
    """A work that was interrupted asks twice."""
    context, work = Context(), _Work()
    assert _take(context, work)
    assert _take(context, work)
    _release(context, work)
    _release(context, work)


def test_contexts_are_told_apart_by_identity() -> None:
    """Equal ones are two."""
    first, second = Context(), Context()
    one, two = _Work(), _Work()
    assert _take(first, one)
    assert _take(second, two)
    _release(first, one)
    _release(second, two)


def test_only_the_holder_releases() -> None:
    """A work that never had it frees nothing."""
    context, holder, other = Context(), _Work(), _Work()
    assert _take(context, holder)
    _release(context, other)
    assert not _take(context, other)
    _release(context, holder)


def test_descendants_raise() -> None:
    """Naming both, at whatever depth; nobody is parked by it."""
    context, holder = Context(), _Work(name="the holder")
    child = _Work(holder, "the child")
    grandchild = _Work(child, "the grandchild")
    assert _take(context, holder)
    for each in (child, grandchild):
        with pytest.raises(RuntimeError, match=f"{each.name} .*the holder"):
            _take(context, each)
    _release(context, holder)
    assert child.log == grandchild.log == []


def _parked(context: Context, count: int, place: object = None) -> list[_Work]:
    works = [_Work(name=f"work {number}") for number in range(count)]
    for each in works:
        each.place = place
        assert not _take(context, each)
    return works


def _sent(works: list[_Work]) -> list[int]:
    return [len(each.log) for each in works]


def test_one_of_those_in_a_queue_is_sent_at_a_time() -> None:
    """Whoever waited longest is sent first, and the next when that one has left."""
    context, holder = Context(), _Work()
    assert _take(context, holder)
    waiting = _parked(context, 3)
    _release(context, holder)
    for number, each in enumerate(waiting):
        assert _sent(waiting) == [1] * (number + 1) + [0] * (2 - number)
        assert _take(context, each)
        _release(context, each)


def test_one_of_each_queue_is_sent() -> None:
    """The first may stand behind somebody that waits for one that stands elsewhere."""
    context, holder = Context(), _Work()
    assert _take(context, holder)
    here, there = _parked(context, 2, "here"), _parked(context, 2, "there")
    _release(context, holder)
    assert _sent(here) == _sent(there) == [1, 0]
    assert _take(context, there[0])
    assert not _take(context, here[0])  # too late, and parked once more
    _release(context, there[0])
    assert _sent(here) == [1, 1]
    assert _sent(there) == [1, 1]
    for each in (here[1], there[1], here[0]):
        assert _take(context, each)
        _release(context, each)


def test_those_of_a_pump_that_ended_are_all_sent() -> None:
    """They may go to different places from there."""
    context, holder, pump = Context(), _Work(), CurrentThreadExecutor(None)
    assert _take(context, holder)
    waiting = _parked(context, 3, pump)
    pump.close()
    _release(context, holder)
    assert _sent(waiting) == [1, 1, 1]
    for each in waiting:
        _release(context, each)


def test_one_that_never_runs_calls_the_next() -> None:
    """Dropped after it was sent again, or before, when it is passed over."""
    context, holder = Context(), _Work()
    assert _take(context, holder)
    waiting = _parked(context, 4)
    waiting[1].pending = False
    _release(context, waiting[1])
    _release(context, holder)
    assert _sent(waiting) == [1, 0, 0, 0]
    waiting[0].pending = False
    _release(context, waiting[0])
    assert _sent(waiting) == [1, 0, 1, 0]
    other = _Work()
    assert _take(context, other)  # called or not, the first to run has it
    waiting[2].pending = False
    _release(context, waiting[2])
    assert _sent(waiting) == [1, 0, 1, 0]
    _release(context, other)
    assert _sent(waiting) == [1, 0, 1, 1]
    _release(context, waiting[3])


def test_one_that_runs_when_it_is_sent() -> None:
    """As in an executor that runs what it gets: thousands of them, none inside another."""
    context, holder = Context(), _Work()
    assert _take(context, holder)
    waiting = _parked(context, 2_000)

    def run(work: _Work) -> None:
        assert _take(context, work)
        _release(context, work)

    for each in waiting:
        each.when_sent = partial(run, each)
    _release(context, holder)
    assert _sent(waiting) == [1] * 2_000


def test_interrupted_while_it_sends() -> None:
    """What a signal handler raises there reaches the caller when all are sent."""
    context, holder = Context(), _Work()
    assert _take(context, holder)
    first, second = _parked(context, 1, "here"), _parked(context, 1, "there")

    def interrupt() -> None:
        first[0].when_sent = int
        raise KeyboardInterrupt

    first[0].when_sent = interrupt
    with pytest.raises(KeyboardInterrupt):
        _release(context, holder)
    assert _sent(first) == [2]
    assert _sent(second) == [1]
    assert _take(context, first[0])
    _release(context, first[0])
    _release(context, second[0])
