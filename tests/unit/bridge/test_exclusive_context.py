"""Taking turns on a context that the user gave."""

from __future__ import annotations

from contextvars import Context
from typing import TYPE_CHECKING, cast

import pytest

from asgiref._bridge import exclusive_context

if TYPE_CHECKING:
    from asgiref._bridge.work import Work


class _Work:
    """As much of a work as the turns look at."""

    def __init__(self, above: _Work | None = None, name: str = "work") -> None:
        self.above = above
        self.name = name
        self.log: list[str] = []

    def parent(self) -> _Work | None:
        return self.above

    def forward(self) -> None:
        self.log.append("sent again")

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


def test_all_parked_are_sent_in_order() -> None:
    """Whoever waited longest is sent first."""
    context, holder = Context(), _Work()
    assert _take(context, holder)
    waiting = [_Work() for _ in range(3)]
    for each in waiting:
        assert not _take(context, each)
        each.log = waiting[0].log
    _release(context, holder)
    assert waiting[0].log == ["sent again"] * 3
