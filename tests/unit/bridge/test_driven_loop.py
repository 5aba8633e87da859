"""`DrivenLoop`: cleans up to the end what its calls leave behind."""

from __future__ import annotations

import asyncio

import pytest

from asgiref._bridge.async_to_sync import async_to_sync


@pytest.mark.parametrize("force_new_loop", [False, True], ids=["kept", "fresh"])
@pytest.mark.parametrize("raised", [SystemExit, KeyboardInterrupt])
def test_a_left_task_that_raises_when_it_is_cancelled(
    raised: type[BaseException], force_new_loop: bool
) -> None:
    """R4: tasks that are left are cancelled and awaited, whatever another one of them raises."""
    log: list[str] = []

    async def bad() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise raised

    async def good() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(5):
                await asyncio.sleep(0)
            log.append("cleaned up")

    async def leave() -> str:
        tasks.extend((asyncio.create_task(good()), asyncio.create_task(bad())))
        await asyncio.sleep(0)
        return "left"

    tasks: list[asyncio.Task[None]] = []
    assert async_to_sync(leave, force_new_loop=force_new_loop)() == "left"
    assert log == ["cleaned up"]
    assert [task.cancelled() for task in tasks] == [True, False]
