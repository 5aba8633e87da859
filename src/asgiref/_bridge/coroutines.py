"""What counts as a coroutine function, and how to mark one that does not look like it."""

from __future__ import annotations

import asyncio
import inspect
import sys
from typing import Any, Final, TypeVar

__all__ = ("CoroutineMark", "iscoroutinefunction", "markcoroutinefunction")

_F = TypeVar("_F")

if sys.version_info >= (3, 12):

    def iscoroutinefunction(func: Any) -> bool:
        """Tell whether calling ``func`` gives a coroutine, as far as can be seen without calling.

        Args:
            func: any object; functions, methods, ``functools.partial`` of them, and whatever
                `markcoroutinefunction` has marked.

        """
        return inspect.iscoroutinefunction(func)

    def markcoroutinefunction(func: _F) -> _F:
        """Mark a callable that returns a coroutine although it is not an ``async def``.

        Args:
            func: the callable; it must take attributes. It is returned.

        """
        inspect.markcoroutinefunction(func)  # type: ignore[type-var]  # any callable may be marked
        return func

else:

    def iscoroutinefunction(func: Any) -> bool:
        """Tell whether calling ``func`` gives a coroutine, as far as can be seen without calling.

        Args:
            func: any object; functions, methods, ``functools.partial`` of them, and whatever
                `markcoroutinefunction` has marked.

        """
        return asyncio.iscoroutinefunction(func)

    def markcoroutinefunction(func: _F) -> _F:
        """Mark a callable that returns a coroutine although it is not an ``async def``.

        Args:
            func: the callable; it must take attributes. It is returned.

        """
        func._is_coroutine = _ASYNCIO_MARK  # type: ignore[attr-defined]  # how 3.11 marks them
        return func


#: What asyncio and inspect compare a marked callable's attribute with; None where they have none.
_ASYNCIO_MARK: Final[object] = getattr(asyncio.coroutines, "_is_coroutine", None)
_INSPECT_MARK: Final[object] = getattr(inspect, "_is_coroutine_mark", None)


class CoroutineMark:
    """Marks the instances of a class as coroutine functions, and not the class itself.

    A mark set on each instance would be paid for by each ``sync_to_async(f)``.
    """

    __slots__ = ("_mark",)

    #: One mark a module that looks for it, under the attribute name where it looks.
    MARKS: Final = {"_is_coroutine": _ASYNCIO_MARK, "_is_coroutine_mark": _INSPECT_MARK}

    def __init__(self, name: str) -> None:
        self._mark = self.MARKS[name]

    def __get__(self, instance: object, owner: type[object]) -> object:
        if instance is None:
            raise AttributeError("only instances are marked")
        return self._mark
