"""Locals where the interpreter starts threads with a copy of their starter's context.

No interpreter of the test matrix does, so these tests switch the bookkeeping on, and start threads
that way themselves.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING, Any

import pytest

from asgiref._bridge import call_tree
from asgiref.local import Local
from asgiref.sync import async_to_sync, sync_to_async

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("inheriting")


@pytest.fixture
def inheriting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behave as under ``sys.flags.thread_inherit_context``."""
    monkeypatch.setattr(call_tree, "INHERITED", True)


def in_inheriting_thread(function: Callable[[], Any]) -> Any:
    """Call ``function`` in a new thread that starts with a copy of this context."""
    results: list[Any] = []
    context = contextvars.copy_context()
    thread = threading.Thread(target=lambda: context.run(lambda: results.append(function())))
    thread.start()
    thread.join()
    return results[0]


def test_a_plain_thread_sees_nothing() -> None:
    """R9: isolation comes first; what such a thread writes is its own."""
    local = Local()
    local.value = 1

    def look() -> list[Any]:
        seen = [getattr(local, "value", None), getattr(local, "other", None)]
        local.other = 2
        return [*seen, local.other, getattr(local, "value", None)]

    assert in_inheriting_thread(look) == [None, None, 2, None]
    assert local.value == 1
    assert not hasattr(local, "other")


def test_to_thread_sees_nothing() -> None:
    """R9: `asyncio.to_thread` cannot be told from a plain thread there."""
    local = Local()

    async def main() -> bool:
        local.value = 1
        return await asyncio.to_thread(hasattr, local, "value")

    assert asyncio.run(main()) is False


def test_both_bridges_carry_values() -> None:
    """R9: the call tree sees its values on every side, and what is written comes back."""
    local = Local()
    trace: list[Any] = []

    def below() -> None:
        trace.append(local.value)
        local.value = "below"

        async def deeper() -> None:
            trace.append(local.value)
            local.value = "deeper"
            await sync_to_async(trace.append)(local.value)

        async_to_sync(deeper)()
        trace.append(local.value)

    async def main() -> None:
        trace.append(local.value)
        await sync_to_async(below, thread_sensitive=False)()
        trace.append(local.value)
        del local.value

    local.value = "top"
    async_to_sync(main)()
    trace.append(hasattr(local, "value"))
    assert trace == ["top", "top", "below", "deeper", "deeper", "deeper", False]


def test_a_value_first_written_below_comes_back() -> None:
    """R9: also where nothing was written above."""
    local = Local()

    async def main() -> list[Any]:
        def write() -> None:
            local.value = 1

        await sync_to_async(write)()
        return [local.value, await sync_to_async(getattr)(local, "value")]

    assert asyncio.run(main()) == [1, 1]


def test_the_bridge_does_not_revive_what_a_thread_inherited() -> None:
    """R9: below a thread that sees nothing, nothing is seen either."""
    local = Local()
    local.value = 1

    async def look() -> bool:
        return hasattr(local, "value") or await sync_to_async(hasattr)(local, "value")

    assert in_inheriting_thread(async_to_sync(look)) is False
    assert in_inheriting_thread(lambda: asyncio.run(look())) is False
