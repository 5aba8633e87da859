"""What counts as a coroutine function, and how to mark one that does not look like it."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
from typing import Any, Final, TypeVar

__all__ = ("COROUTINE_MARKS", "iscoroutinefunction", "markcoroutinefunction")

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
        while isinstance(func, functools.partial):
            func = func.func  # as later versions do: a mark is not seen through it
        return asyncio.iscoroutinefunction(func)

    def markcoroutinefunction(func: _F) -> _F:
        """Mark a callable that returns a coroutine although it is not an ``async def``.

        Args:
            func: the callable; it must take attributes. It is returned.

        """
        # How 3.11 marks them.
        func._is_coroutine = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined]  # private
        return func


def _marks() -> dict[str, object]:
    def marked() -> None: ...

    return dict(vars(markcoroutinefunction(marked)))


#: The attributes that mark an object, for those that cannot afford a call. In the object's own
#: dictionary they pass on to functions that `functools.wraps` makes look like it.
COROUTINE_MARKS: Final = _marks()
