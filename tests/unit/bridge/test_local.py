"""`Local`, where the rules leave it open."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from asgiref._bridge.local import Local


class _Value:
    """Something that can be referred to weakly."""


def test_dead_thread_critical_local_frees_what_every_thread_held() -> None:
    """Also what tasks of other threads set, whose contexts are still alive."""

    def in_thread(
        local: Local,
    ) -> tuple[contextvars.Context, weakref.ref[_Value]]:
        async def main() -> tuple[contextvars.Context, weakref.ref[_Value]]:
            local.value = value = _Value()
            return contextvars.copy_context(), weakref.ref(value)

        return asyncio.run(main())

    local = [Local(thread_critical=True)]
    with ThreadPoolExecutor(1) as pool:
        context, value = pool.submit(in_thread, local[0]).result()
        assert value() is not None
        # The thread lives on, but holds nothing of the call any more.
        pool.submit(int).result()
        local.clear()
        gc.collect()
        assert value() is None
    del context


@pytest.mark.parametrize("thread_critical", [False, True])
def test_copy(thread_critical: bool) -> None:
    """A copy is a Local of the same kind, of its own, and can be dropped."""
    local = Local(thread_critical=thread_critical)
    local.value = 1
    other = copy.copy(local)
    assert type(other) is type(local)
    other.value = 2
    assert local.value == 1
