"""The wrappers keep parameters and results of whatever they wrap.

Of an overloaded function mypy keeps the first overload: see tests/typing/limits.
"""

import functools
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar, assert_type, overload

from asgiref.sync import (
    AsyncToSync,
    SyncToAsync,
    ThreadSensitiveContext,
    async_to_sync,
    iscoroutinefunction,
    markcoroutinefunction,
    sync_to_async,
)

T = TypeVar("T")


def read(name: str, *, size: int = -1) -> bytes:
    """A synchronous function."""
    return name.encode()[:size]


async def fetch(name: str, *, size: int = -1) -> bytes:
    """A coroutine function."""
    return name.encode()[:size]


def first(items: list[T]) -> T:
    """A generic function."""
    return items[0]


async def first_of(items: list[T]) -> T:
    """A generic coroutine function."""
    return items[0]


def nothing(*names: str, **options: int) -> None:
    """A function of any number of arguments."""


def later(name: str) -> Awaitable[int]:
    """A plain function that returns an awaitable."""
    raise NotImplementedError(name)


@overload
def parse(value: str) -> int: ...
@overload
def parse(value: bytes) -> float: ...
def parse(value: str | bytes) -> int | float:
    """An overloaded function."""
    return len(value)


@overload
async def parse_later(value: str) -> int: ...
@overload
async def parse_later(value: bytes) -> float: ...
async def parse_later(value: str | bytes) -> int | float:
    """An overloaded coroutine function."""
    return len(value)


@sync_to_async
def bare(name: str) -> int:
    """Decorated without arguments."""
    return len(name)


@sync_to_async(thread_sensitive=False, executor=ThreadPoolExecutor())
def configured(name: str, repeat: int = 1) -> int:
    """Decorated with arguments."""
    return len(name) * repeat


@async_to_sync
async def blocking(name: str) -> int:
    """Decorated without arguments."""
    return len(name)


@async_to_sync(force_new_loop=True)
async def blocking_configured(name: str, repeat: int = 1) -> int:
    """Decorated with arguments."""
    return len(name) * repeat


class Store:
    """Methods of every kind, plain and decorated."""

    def get(self, key: str) -> bytes:
        """Plain method."""
        return key.encode()

    async def aget(self, key: str) -> bytes:
        """Plain method."""
        return key.encode()

    @classmethod
    def open(cls, path: str) -> "Store":
        """Class method."""
        return cls()

    @staticmethod
    def join(left: str, right: str) -> str:
        """Static method."""
        return left + right

    @classmethod
    async def aopen(cls, path: str) -> "Store":
        """Class method."""
        return cls()

    @staticmethod
    async def ajoin(left: str, right: str) -> str:
        """Static method."""
        return left + right

    @sync_to_async
    def put(self, key: str, value: bytes) -> int:
        """Decorated method."""
        return len(key) + len(value)

    @sync_to_async(thread_sensitive=False)
    def put_anywhere(self, key: str, value: bytes = b"") -> int:
        """Method decorated with arguments."""
        return len(key) + len(value)

    @async_to_sync
    async def put_now(self, key: str, value: bytes) -> int:
        """Decorated method."""
        return len(key) + len(value)

    @async_to_sync(force_new_loop=True)
    async def put_now_anywhere(self, key: str, value: bytes = b"") -> int:
        """Method decorated with arguments."""
        return len(key) + len(value)

    @staticmethod
    @sync_to_async
    def static(left: str, right: str) -> str:
        """Static method, decorated inside."""
        return left + right

    @classmethod
    @sync_to_async
    def made(cls, path: str) -> "Store":
        """Class method, decorated inside."""
        return cls()

    @staticmethod
    @async_to_sync
    async def static_now(left: str, right: str) -> str:
        """Static method, decorated inside."""
        return left + right

    @classmethod
    @async_to_sync
    async def made_now(cls, path: str) -> "Store":
        """Class method, decorated inside."""
        return cls()


class Callables:
    """Objects that are called."""

    class Reader:
        """A synchronous callable."""

        def __call__(self, name: str) -> bytes:
            """Read."""
            return name.encode()

    class Fetcher:
        """An asynchronous callable."""

        async def __call__(self, name: str) -> bytes:
            """Fetch."""
            return name.encode()


async def to_async(executor: Executor) -> None:
    """Every kind of synchronous callable, awaited."""
    store = Store()
    assert_type(await sync_to_async(read)("a", size=1), bytes)
    assert_type(await sync_to_async(read)(name="a"), bytes)
    assert_type(await sync_to_async(nothing)("a", "b", c=1), None)
    assert_type(await sync_to_async(len)("a"), int)
    assert_type(await sync_to_async(lambda: 1)(), int)
    assert_type(await sync_to_async(first)([1, 2]), int)
    assert_type(await sync_to_async(parse)("1"), int)
    assert_type(await sync_to_async(Store)(), Store)
    assert_type(await sync_to_async(store.get)("a"), bytes)
    assert_type(await sync_to_async(Store.get)(store, "a"), bytes)
    assert_type(await sync_to_async(Store.open)("a"), Store)
    assert_type(await sync_to_async(Store.join)("a", "b"), str)
    assert_type(await sync_to_async(Callables.Reader())("a"), bytes)
    assert_type(await sync_to_async(functools.partial(read, size=1))("a"), bytes)
    assert_type(await sync_to_async(functools.partial(read, "a"))(), bytes)
    assert_type(await sync_to_async(read, thread_sensitive=False)("a"), bytes)
    assert_type(await sync_to_async(read, thread_sensitive=False, executor=executor)("a"), bytes)
    assert_type(await sync_to_async(read, context=copy_context())("a"), bytes)
    assert_type(await sync_to_async(thread_sensitive=True)(read)("a", size=1), bytes)
    assert_type(await bare("a"), int)
    assert_type(await configured("a", repeat=2), int)
    assert_type(await store.put("a", b""), int)
    assert_type(await Store.put(store, "a", b""), int)
    assert_type(await store.put_anywhere("a"), int)
    assert_type(await Store.static("a", "b"), str)
    assert_type(await store.static("a", right="b"), str)
    assert_type(await Store.made("a"), Store)
    assert_type(await store.made("a"), Store)
    assert_type(await SyncToAsync(read)("a"), bytes)
    assert_type(await SyncToAsync(read, thread_sensitive=True)("a", size=1), bytes)


def to_sync() -> None:
    """Every kind of asynchronous callable, called."""
    store = Store()
    assert_type(async_to_sync(fetch)("a", size=1), bytes)
    assert_type(async_to_sync(fetch)(name="a"), bytes)
    assert_type(async_to_sync(later)("a"), int)
    assert_type(async_to_sync(first_of)([1, 2]), int)
    assert_type(async_to_sync(parse_later)("1"), int)
    assert_type(async_to_sync(store.aget)("a"), bytes)
    assert_type(async_to_sync(Store.aget)(store, "a"), bytes)
    assert_type(async_to_sync(Store.aopen)("a"), Store)
    assert_type(async_to_sync(Store.ajoin)("a", "b"), str)
    assert_type(async_to_sync(Callables.Fetcher())("a"), bytes)
    assert_type(async_to_sync(functools.partial(fetch, size=1))("a"), bytes)
    assert_type(async_to_sync(functools.partial(fetch, "a"))(), bytes)
    assert_type(async_to_sync(fetch, force_new_loop=True)("a"), bytes)
    assert_type(async_to_sync(force_new_loop=True)(fetch)("a", size=1), bytes)
    assert_type(blocking("a"), int)
    assert_type(blocking_configured("a", repeat=2), int)
    assert_type(store.put_now("a", b""), int)
    assert_type(Store.put_now(store, "a", b""), int)
    assert_type(store.put_now_anywhere("a"), int)
    assert_type(Store.static_now("a", "b"), str)
    assert_type(Store.made_now("a"), Store)
    assert_type(AsyncToSync(fetch)("a"), bytes)
    assert_type(AsyncToSync(fetch, force_new_loop=True)("a", size=1), bytes)


def round_trip() -> None:
    """One wrapper around the other gives back what was there."""
    assert_type(async_to_sync(sync_to_async(read))("a", size=1), bytes)
    back: Callable[[str], Coroutine[Any, Any, int]] = sync_to_async(blocking)
    assert_type(async_to_sync(back)("a"), int)


async def tools() -> None:
    """What stands around the wrappers."""
    async with ThreadSensitiveContext():
        assert_type(await bare("a"), int)
    assert_type(await markcoroutinefunction(later)("a"), int)
    assert_type(iscoroutinefunction(fetch), bool)


def higher_order(function: Callable[[str], T]) -> Callable[[str], Coroutine[Any, Any, T]]:
    """The wrapper inside a function that is generic itself."""
    return sync_to_async(function)
