"""The deprecated ``timeout`` of earlier releases, on top of `asyncio.timeout`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from asgiref._deprecation import warn_deprecated

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType
    from typing import Self

__all__ = ("timeout",)


class timeout:  # noqa: N801  # its name is public
    """Cancel the block after some time. Deprecated: use `asyncio.timeout`.

    Works with ``async with``, and with a plain ``with`` inside a task.

    Args:
        timeout: seconds from entering, or None for no limit.
        loop: ignored.

    Raises:
        TimeoutError: on leaving a block that took longer.

    """

    def __init__(
        self, timeout: float | None, *, loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        warn_deprecated("asgiref.timeout.timeout")
        del loop
        self._delay = timeout
        self._timeout: asyncio.Timeout | None = None

    @property
    def expired(self) -> bool:
        """Whether the time was over before the block ended."""
        return self._timeout is not None and self._timeout.expired()

    @property
    def remaining(self) -> float | None:
        """Seconds that are left, or None for no limit or outside of the block."""
        if self._timeout is None:
            return None
        when = self._timeout.when()
        if when is None:
            return None
        return max(when - asyncio.get_running_loop().time(), 0.0)

    async def __aenter__(self) -> Self:
        self._timeout = asyncio.timeout(self._delay)
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._timeout is not None
        await self._timeout.__aexit__(exc_type, exc, traceback)

    def __enter__(self) -> Self:
        _finish(self.__aenter__())
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _finish(self.__aexit__(exc_type, exc, traceback))


def _finish(entering_or_leaving: Coroutine[Any, Any, object]) -> None:
    """Run to the end what is a coroutine in form only: no `asyncio.Timeout` ever suspends."""
    try:
        entering_or_leaving.send(None)
    except StopIteration:
        return
    entering_or_leaving.close()
    raise RuntimeError("asyncio.Timeout suspended; use asyncio.timeout with async with")
