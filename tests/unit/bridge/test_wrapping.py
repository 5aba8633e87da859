"""Both wrappers look like what they wrap, on functions, methods, classes and partials."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
from typing import TYPE_CHECKING, Any

import pytest

from asgiref._bridge.async_to_sync import AsyncToSync, async_to_sync
from asgiref._bridge.coroutines import iscoroutinefunction
from asgiref._bridge.sync_to_async import SyncToAsync, sync_to_async
from asgiref._bridge.wrapping import look_like

if TYPE_CHECKING:
    from collections.abc import Callable


def plain(first: int, *, second: str = "2") -> tuple[int, str]:
    """Do as documented."""
    return first, second


async def marked(first: int, *, second: str = "2") -> tuple[int, str]:
    """Do as documented."""
    return first, second


plain.tag = "tagged"  # type: ignore[attr-defined]  # as frameworks tag views
marked.tag = "tagged"  # type: ignore[attr-defined]  # as frameworks tag views

BOTH = pytest.mark.parametrize(
    ("wrapper", "wrapped"),
    [(sync_to_async(plain), plain), (async_to_sync(marked), marked)],
    ids=["sync_to_async", "async_to_sync"],
)


@BOTH
def test_looks_like_the_function(wrapper: Any, wrapped: Any) -> None:
    """Name, docstring, module, annotations, signature and own attributes are the function's."""
    assert wrapper.__name__ == wrapped.__name__
    assert wrapper.__qualname__ == wrapped.__qualname__
    assert wrapper.__doc__ == "Do as documented."
    assert wrapper.__module__ == __name__
    assert wrapper.__wrapped__ is wrapped
    assert wrapper.__annotations__ == wrapped.__annotations__
    assert inspect.signature(wrapper) == inspect.signature(wrapped)
    assert inspect.unwrap(wrapper) is wrapped
    assert wrapper.tag == "tagged"
    assert not hasattr(wrapper, "__self__")
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = wrapper.no_such_thing


@BOTH
def test_attributes_may_be_set(wrapper: Any, wrapped: Any) -> None:
    """What is set on the wrapper stays on the wrapper, as ``functools.wraps`` has it."""
    wrapper.extra = 1
    assert not hasattr(wrapped, "extra")
    del wrapper.extra


def test_which_is_a_coroutine_function() -> None:
    """``SyncToAsync`` objects are coroutine functions, ``AsyncToSync`` objects are not."""
    there, back = sync_to_async(plain), async_to_sync(marked)
    for asks in (iscoroutinefunction, inspect.iscoroutinefunction):
        if asks is iscoroutinefunction or hasattr(inspect, "markcoroutinefunction"):
            assert asks(there)
            # Python 3.11 looks into partial objects only for coroutine functions of its own.
            assert asks(functools.partial(there, 1)) or sys.version_info < (3, 12)
        assert not asks(back)
    assert not iscoroutinefunction(SyncToAsync)
    assert not iscoroutinefunction(AsyncToSync)


def test_frameworks_that_ask_asyncio() -> None:
    """Until Python 3.14 deprecates it, ``asyncio.iscoroutinefunction`` agrees."""
    with pytest.MonkeyPatch.context():
        asks: Callable[[object], bool] = asyncio.iscoroutinefunction
    assert asks(sync_to_async(plain))
    assert not asks(async_to_sync(marked))


class Thing:
    """Has every kind of method."""

    def __init__(self, name: str) -> None:
        self.name = name

    @sync_to_async
    def there(self, suffix: str) -> str:
        """Go there."""
        return self.name + suffix

    @async_to_sync
    async def back(self, suffix: str) -> str:
        """Come back."""
        return self.name + suffix

    @classmethod
    @sync_to_async
    def class_there(cls, suffix: str) -> str:
        return cls.__name__ + suffix

    @classmethod
    @async_to_sync
    async def class_back(cls, suffix: str) -> str:
        return cls.__name__ + suffix

    @staticmethod
    @sync_to_async
    def static_there(suffix: str) -> str:
        return suffix

    @staticmethod
    @async_to_sync
    async def static_back(suffix: str) -> str:
        return suffix

    def plain(self, suffix: str) -> str:
        return self.name + suffix

    async def marked(self, suffix: str) -> str:
        return self.name + suffix


def test_methods() -> None:
    """Decorated methods bind; ``Cls.method(obj)``, class and static methods work."""
    thing = Thing("it")

    async def main() -> list[str]:
        return [
            await thing.there("!"),
            await Thing.there(thing, "!"),
            await Thing.class_there("!"),
            await thing.class_there("!"),
            await Thing.static_there("!"),
        ]

    assert asyncio.run(main()) == ["it!", "it!", "Thing!", "Thing!", "!"]
    assert thing.back("!") == "it!"
    assert Thing.back(thing, "!") == "it!"
    assert Thing.class_back("!") == "Thing!"
    assert Thing.static_back("!") == "!"


def test_bound_methods_look_like_bound_methods() -> None:
    """``__self__``, names, documentation and the signature without ``self``."""
    thing = Thing("it")
    bound: list[tuple[Any, str]] = [(thing.there, "there"), (thing.back, "back")]
    for method, name in bound:
        assert method.__self__ is thing
        assert method.__name__ == name
        assert method.__doc__ in {"Go there.", "Come back."}
        assert list(inspect.signature(method).parameters) == ["suffix"]
    assert iscoroutinefunction(thing.there)
    assert not iscoroutinefunction(thing.back)


def test_equal_bound_methods_compare_equal() -> None:
    """As signal receivers and URL patterns need it."""
    thing, other = Thing("it"), Thing("it")
    assert thing.there == thing.there
    assert hash(thing.there) == hash(thing.there)
    assert thing.there != other.there
    assert thing.back == thing.back
    assert thing.back != other.back


def test_wrapping_a_bound_method() -> None:
    """The wrapper of a bound method has its ``__self__``, and calls it."""
    thing = Thing("it")
    there, back = sync_to_async(thing.plain), async_to_sync(thing.marked)
    assert there.__self__ is thing  # type: ignore[attr-defined]  # asked of what is wrapped
    assert back.__self__ is thing  # type: ignore[attr-defined]  # asked of what is wrapped
    assert asyncio.run(there("!")) == "it!"
    assert back("!") == "it!"


def test_wrapping_a_partial_and_a_builtin() -> None:
    """Things without a name are wrapped all the same."""
    partial = functools.partial(plain, 1)
    wrapper = sync_to_async(partial)
    assert wrapper.__wrapped__ is partial  # type: ignore[attr-defined]  # see look_like
    assert not hasattr(wrapper, "__name__")
    assert asyncio.run(wrapper(second="x")) == (1, "x")
    assert asyncio.run(sync_to_async(divmod)(7, 2)) == (3, 1)
    assert async_to_sync(functools.partial(marked, 1))(second="x") == (1, "x")


class Called:
    """An object to be called."""

    def __call__(self, value: int) -> int:
        return value + 1


def test_wrapping_an_object_with_call() -> None:
    """A class with ``__call__``, as well as its instance, is a callable like another."""
    assert asyncio.run(sync_to_async(Called())(1)) == 2

    async def main() -> int:
        made = await sync_to_async(Called)()
        return made(1)

    assert asyncio.run(main()) == 2


def test_a_keyword_may_have_any_name() -> None:
    """Arguments named like those of the wrappers reach the function."""

    def takes(**keywords: int) -> dict[str, int]:
        return keywords

    async def takes_too(**keywords: int) -> dict[str, int]:
        return keywords

    given = {"self": 1, "func": 2, "args": 3, "loop": 4, "awaitable": 5, "thread_sensitive": 6}
    assert asyncio.run(sync_to_async(takes)(**given)) == given
    assert async_to_sync(takes_too)(**given) == given


def test_look_like_takes_what_is_there() -> None:
    """An object without a dictionary, a docstring or a module is no error."""

    class Wrapper:
        pass

    class Bare:
        __slots__ = ()

        @property
        def __doc__(self) -> str:  # type: ignore[override]  # none, as in some extension types
            raise AttributeError

    wrapper, bare = Wrapper(), Bare()
    look_like(wrapper, bare)
    assert wrapper.__dict__ == {"__wrapped__": bare, "__module__": __name__}
