"""Calls that go on nesting end in ``RecursionError``, and leave a bridge that works."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import TYPE_CHECKING

import pytest

from asgiref._bridge import nesting
from asgiref._bridge.async_to_sync import async_to_sync
from asgiref._bridge.sync_to_async import sync_to_async
from asgiref._bridge.thread_contexts import ThreadSensitiveContext

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def _in_frames(count: int, function: Callable[[], int]) -> int:
    return function() if not count else _in_frames(count - 1, function)


async def _in_coroutines(count: int, function: Callable[[], Awaitable[int]]) -> int:
    return await (function() if not count else _in_coroutines(count - 1, function))


class Mistake:
    """A function that calls itself through both bridges.

    Args:
        frames: how many frames of its own each level has in the thread.
        coroutines: how many it has on the loop.
        force: with a fresh loop at each level, so that the loops' stacks stay short.

    """

    def __init__(self, frames: int, coroutines: int, force: bool) -> None:
        self.frames, self.coroutines = frames, coroutines
        self.bridged = async_to_sync(self.coroutine, force_new_loop=force)

    def function(self) -> int:
        return _in_frames(self.frames, self.bridged) + 1

    async def coroutine(self) -> int:
        return await _in_coroutines(self.coroutines, sync_to_async(self.function))

    async def within_a_context(self) -> int:
        async with ThreadSensitiveContext():
            return await self.coroutine()


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize(
    "mistake",
    [Mistake(0, 0, False), Mistake(0, 0, True), Mistake(40, 0, False), Mistake(0, 40, False)],
    ids=["short", "fresh loops", "frames", "coroutines"],
)
def test_endless_nesting_raises(mistake: Mistake) -> None:
    """As it would without a bridge, whatever is outermost; no thread, loop or task hangs."""
    with pytest.raises(RecursionError):
        mistake.function()
    with pytest.raises(RecursionError):
        asyncio.run(mistake.coroutine())
    with pytest.raises(RecursionError):
        asyncio.run(mistake.within_a_context())
    assert asyncio.run(sync_to_async(int)()) == 0
    assert async_to_sync(sync_to_async(int))() == 0


def test_deep_nesting_works() -> None:
    """Dozens of levels are no mistake."""

    def function(levels: int) -> int:
        return 1 + async_to_sync(coroutine)(levels) if levels else 0

    async def coroutine(levels: int) -> int:
        return await sync_to_async(function)(levels - 1)

    assert function(50) == 50
    assert asyncio.run(coroutine(51)) == 50


def test_error_says_how_deep() -> None:
    """And what the limit is."""
    messages: list[str] = []
    depth = 0

    def function() -> None:
        nonlocal depth
        depth += 1
        try:
            async_to_sync(coroutine)()
        except RecursionError as error:
            messages.append(str(error))

    async def coroutine() -> None:
        await sync_to_async(function)()

    function()
    assert len(messages) == 1
    told = re.search(r"nested (\d+) deep", messages[0])
    assert told is not None
    assert int(told[1]) == depth - 2  # those around the call of this function that failed
    assert str(sys.getrecursionlimit()) in messages[0]


def test_outside_of_calls_nothing_is_refused() -> None:
    """A stack that is full of other things is none of its business."""

    def check() -> int:
        nesting.check(None)
        return 0

    assert _in_frames(870, check) == 0
