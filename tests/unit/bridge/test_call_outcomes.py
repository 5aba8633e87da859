"""`Call`: hand-overs that may be repeated, outcomes of which the first counts."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest

from asgiref._bridge.async_to_sync import AsyncToSync
from asgiref._bridge.call import Call

if TYPE_CHECKING:
    from collections.abc import Callable


async def _result() -> str:
    await asyncio.sleep(0)
    return "result"


def _call(function: Callable[[], Any] = _result) -> Call:
    call = Call(AsyncToSync(function), function(), sys.exc_info(), None)
    call.fork_context()
    return call


def test_first_outcome_counts() -> None:
    """Whoever comes later changes nothing."""
    call = _call()
    call.discard()
    call.set_result(1)
    call.set_exception(LookupError())
    call.set_result(2)
    call.finish()
    assert call.outcome() == 1


def test_call_without_an_outcome() -> None:
    """Is an error, not a None."""
    call = _call()
    call.discard()
    call.finish()
    with pytest.raises(RuntimeError, match="without an outcome"):
        call.outcome()


def test_refused_call_closes_its_coroutine() -> None:
    """No "never awaited" warning is left behind, and the caller hears why."""
    call = _call()
    call.refuse(LookupError("refused"))
    assert call.over
    with pytest.raises(LookupError, match="refused"):
        call.outcome()


def test_hand_over_may_be_repeated() -> None:
    """An interrupted thread hands over again; the coroutine runs once."""
    runs: list[int] = []

    async def once() -> str:
        runs.append(1)
        return "result"

    async def main() -> None:
        call = _call(once)
        call.loop = asyncio.get_running_loop()
        call.hand_over()
        call.hand_over()
        call.start()
        while not call.over:  # noqa: ASYNC110  # for steps of this loop
            await asyncio.sleep(0)
        call.inbox.close()
        assert call.outcome() == "result"

    asyncio.run(main())
    assert runs == [1]


def test_hand_over_to_a_closed_loop() -> None:
    """Refuses the call at once."""
    call = _call()
    call.loop = asyncio.new_event_loop()
    call.loop.close()
    call.hand_over()
    assert call.over
    with pytest.raises(RuntimeError, match="closed"):
        call.outcome()


def test_task_that_is_cancelled_before_its_first_step() -> None:
    """Never enters its coroutine; the waiting thread hears of it all the same."""

    async def main() -> None:
        call = _call()
        call.loop = asyncio.get_running_loop()
        call.start()
        if call.task is not None and not call.over:  # it may have started eagerly
            call.cancel()
        while not call.over:  # noqa: ASYNC110  # for steps of this loop
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            call.outcome()

    asyncio.run(main())


def test_call_that_is_cancelled_before_it_starts() -> None:
    """Is refused when its turn comes."""

    async def main() -> None:
        call = _call()
        call.loop = asyncio.get_running_loop()
        call.cancel()
        call.start()
        assert call.over
        with pytest.raises(asyncio.CancelledError):
            call.outcome()

    asyncio.run(main())
