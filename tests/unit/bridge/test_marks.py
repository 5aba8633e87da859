"""Wrappers say whether they are coroutine functions, on every version and to everybody who asks."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
import warnings
from typing import Any

import pytest

from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction, sync_to_async


def plain(*args: Any) -> tuple[Any, ...]:
    """Return the arguments."""
    return args


async def later(*args: Any) -> tuple[Any, ...]:
    """Return the arguments, later."""
    return args


class Holder:
    """Has wrappers for methods."""

    to_async = sync_to_async(plain)
    to_sync = async_to_sync(later)


@pytest.mark.parametrize(
    "wrapper",
    [
        sync_to_async(plain),
        sync_to_async(int),
        sync_to_async(thread_sensitive=False)(plain),
        Holder.to_async,
        Holder().to_async,
    ],
)
def test_what_sync_to_async_gives_is_a_coroutine_function(wrapper: Any) -> None:
    """Frameworks ask before they call a view or a handler."""
    assert iscoroutinefunction(wrapper)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # asyncio's, from 3.14 on
        assert asyncio.iscoroutinefunction(wrapper)
    if sys.version_info >= (3, 12):
        assert inspect.iscoroutinefunction(wrapper)


def test_a_decorator_passes_the_mark_on() -> None:
    """A synchronous decorator with `functools.wraps` around an asynchronous view stays one."""
    view = sync_to_async(plain)

    @functools.wraps(view)
    def decorated(*args: Any) -> Any:
        return view(*args)

    assert iscoroutinefunction(decorated)
    assert asyncio.run(decorated(1)) == (1,)


@markcoroutinefunction
def marked() -> Any:
    """Return a coroutine."""
    return later(1)


@pytest.mark.parametrize(
    "wrapper",
    [async_to_sync(later), async_to_sync(marked), Holder.to_sync, Holder().to_sync],
)
def test_what_async_to_sync_gives_is_none(wrapper: Any) -> None:
    """Also if what it wraps was marked, whose attributes it takes over."""
    assert not iscoroutinefunction(wrapper)


@pytest.mark.parametrize("function", [later, marked, sync_to_async(plain)])
def test_what_is_one_already_is_refused(function: Any) -> None:
    """Whoever made it one, by ``async def``, a mark or `sync_to_async`."""
    assert iscoroutinefunction(function)
    with pytest.raises(TypeError, match="can only be applied to sync functions"):
        sync_to_async(function)
