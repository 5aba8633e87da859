"""``timeout``: deprecated, and still what it was."""

from __future__ import annotations

import asyncio
import threading

import pytest

from asgiref._bridge.async_to_sync import async_to_sync
from asgiref._bridge.sync_to_async import sync_to_async
from asgiref._bridge.timeout import timeout
from tests.doubles import run_in_virtual_time


def _timeout(seconds: float | None) -> timeout:
    with pytest.warns(DeprecationWarning, match=r"asyncio\.timeout") as warned:
        made = timeout(seconds)
    assert warned[0].filename == __file__
    return made


def test_block_that_takes_longer() -> None:
    """``TimeoutError`` on leaving, and ``expired`` tells."""

    async def main() -> None:
        limit = _timeout(10)
        loop = asyncio.get_running_loop()
        with pytest.raises(TimeoutError):
            async with limit:
                await asyncio.Event().wait()
        assert limit.expired
        assert loop.time() == 10
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    run_in_virtual_time(main())


def test_block_that_ends_in_time() -> None:
    """Nothing happens, and ``remaining`` counts down."""

    async def main() -> None:
        limit = _timeout(10)
        left = [limit.remaining]
        async with limit:
            left.append(limit.remaining)
            await asyncio.sleep(4)
            left.append(limit.remaining)
        assert left == [None, 10, 6]
        assert not limit.expired

    run_in_virtual_time(main())


def test_plain_with_block() -> None:
    """The form of the oldest programs, a ``with`` around awaits, is cancelled as well."""

    async def main() -> None:
        limit = _timeout(10)
        with pytest.raises(TimeoutError), limit:
            await asyncio.Event().wait()
        assert limit.expired
        assert asyncio.get_running_loop().time() == 10
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        in_time = _timeout(5)
        with in_time as entered:
            assert entered is in_time
            assert in_time.remaining == 5
            await asyncio.sleep(4)
        assert not in_time.expired
        with pytest.raises(LookupError), _timeout(5):
            raise LookupError

    run_in_virtual_time(main())


def test_no_limit() -> None:
    """None is no limit."""

    async def main() -> None:
        limit = _timeout(None)
        assert not limit.expired
        async with limit:
            await asyncio.sleep(1000)
            assert limit.remaining is None

    run_in_virtual_time(main())


def test_the_loop_argument_is_ignored() -> None:
    """As it was deprecated in asyncio itself."""
    loop = asyncio.new_event_loop()
    with pytest.warns(DeprecationWarning, match=r"asyncio\.timeout"):
        timeout(1, loop=loop)
    loop.close()


def test_around_a_bridge() -> None:
    """It cancels across the bridge, as ``asyncio.timeout`` does."""

    async def forever() -> None:
        await asyncio.Event().wait()

    async def main() -> int:
        with pytest.raises(TimeoutError):
            async with _timeout(0):
                await sync_to_async(async_to_sync(forever))()
        return await sync_to_async(threading.get_ident)()

    assert async_to_sync(main)() == threading.get_ident()
