"""`Local`, where the rules leave it open."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

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
