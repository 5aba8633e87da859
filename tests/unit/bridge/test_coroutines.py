"""``iscoroutinefunction`` and ``markcoroutinefunction``: one answer for everybody who asks."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
from typing import TYPE_CHECKING, Any

import pytest

from asgiref._bridge.coroutines import COROUTINE_MARKS, iscoroutinefunction, markcoroutinefunction

if TYPE_CHECKING:
    from collections.abc import Callable


async def coroutine_function() -> None:
    """Be async."""


def plain() -> None:
    """Be plain."""


class Class:
    """Has a method of either kind."""

    async def method(self) -> None:
        """Be async."""

    def plain(self) -> None:
        """Be plain."""


@pytest.mark.parametrize(
    "func",
    [coroutine_function, Class().method, Class.method, functools.partial(coroutine_function)],
)
def test_coroutine_functions(func: object) -> None:
    """Functions, methods and partials of them are told by looking."""
    assert iscoroutinefunction(func)


@pytest.mark.parametrize("func", [plain, Class().plain, Class, functools.partial(plain), 3, None])
def test_everything_else(func: object) -> None:
    """Anything else is not, also what cannot be called at all."""
    assert not iscoroutinefunction(func)


def test_marked_functions() -> None:
    """A marked callable is one for asgiref, and for the standard library."""

    def returns_a_coroutine() -> Any:
        return coroutine_function()

    assert not iscoroutinefunction(returns_a_coroutine)
    assert markcoroutinefunction(returns_a_coroutine) is returns_a_coroutine
    assert iscoroutinefunction(returns_a_coroutine)
    if sys.version_info >= (3, 12):
        assert inspect.iscoroutinefunction(returns_a_coroutine)
    else:
        assert asyncio.iscoroutinefunction(returns_a_coroutine)
    assert iscoroutinefunction(functools.partial(functools.partial(returns_a_coroutine)))


def test_marked_by_the_standard_library() -> None:
    """What is marked there is known here."""

    def returns_a_coroutine() -> Any:
        return coroutine_function()

    mark: Callable[[Any], Any] | None = getattr(inspect, "markcoroutinefunction", None)
    if mark is None:
        setattr(returns_a_coroutine, "_is_coroutine", asyncio.coroutines._is_coroutine)  # type: ignore[attr-defined]  # noqa: B010  # how 3.11 marks them
    else:
        mark(returns_a_coroutine)
    assert iscoroutinefunction(returns_a_coroutine)


def test_marks_for_those_that_cannot_afford_a_call() -> None:
    """An object with `COROUTINE_MARKS` in its dictionary is marked as one of the functions is."""

    class Marked:
        def __call__(self) -> Any:
            return coroutine_function()

    marked = Marked()
    assert not iscoroutinefunction(marked)
    vars(marked).update(COROUTINE_MARKS)
    assert iscoroutinefunction(marked)
    assert not iscoroutinefunction(Marked)
