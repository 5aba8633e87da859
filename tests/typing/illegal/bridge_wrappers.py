"""Wrong arguments behind the wrappers: what each checker says about every one.

The ids number the cases of this file; no specification has them.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import assert_type

from asgiref.sync import async_to_sync, sync_to_async


def read(name: str, *, size: int = -1) -> bytes:
    """A synchronous function."""
    return name.encode()[:size]


async def fetch(name: str, *, size: int = -1) -> bytes:
    """A coroutine function."""
    return name.encode()[:size]


class Store:
    """Decorated methods."""

    @sync_to_async
    def put(self, key: str) -> int:
        """Decorated method."""
        return len(key)

    @async_to_sync
    async def put_now(self, key: str) -> int:
        """Decorated method."""
        return len(key)

    @classmethod
    @sync_to_async(thread_sensitive=False)
    def made(cls, path: str) -> "Store":
        """Class method, decorated inside."""
        return cls()


async def to_async(store: Store) -> None:
    """One wrong call after the other."""
    # SYNC-01: a wrong type
    await sync_to_async(read)(1)
    # mypy: [arg-type] Argument 1 has incompatible type "int"; expected "str"
    # pyright: [reportArgumentType] Argument of type "Literal[1]" cannot be assigned to parameter "name" of type "str" / "Literal[1]" is not assignable to "str"
    # SYNC-02: a missing argument
    await sync_to_async(read)()
    # mypy: [call-arg] Too few arguments
    # pyright: [reportCallIssue] Argument missing for parameter "name"
    # SYNC-03: one argument too many
    await sync_to_async(read)("a", 1)
    # mypy: [call-arg] Too many positional arguments
    # pyright: [reportCallIssue] Expected 1 positional argument
    # SYNC-04: a name that does not exist
    await sync_to_async(read)("a", length=1)
    # mypy: [call-arg] Unexpected keyword argument "length"
    # pyright: [reportCallIssue] No parameter named "length"
    # SYNC-05: the result is awaited before it is used
    print(sync_to_async(read)("a").decode())
    # mypy: [attr-defined] "Coroutine[Any, Any, bytes]" has no attribute "decode"
    # pyright: [reportAttributeAccessIssue] Cannot access attribute "decode" for class "Coroutine[Any, Any, bytes]" / Attribute "decode" is unknown
    # pyright: [reportUnknownArgumentType] Argument type is unknown / Argument corresponds to parameter "values" in function "print"
    # pyright: [reportUnknownMemberType] Type of "decode" is unknown
    # SYNC-06: the result has a type
    assert_type(await sync_to_async(read)("a"), str)
    # mypy: [assert-type] Expression is of type "bytes", not "str"
    # pyright: [reportAssertTypeFailure] "assert_type" mismatch: expected "str" but received "bytes"
    # SYNC-07: a bound method has its own parameters
    await store.put(1)
    # mypy: [arg-type] Argument 1 to "put" of "Store" has incompatible type "int"; expected "str"
    # pyright: [reportArgumentType] Argument of type "Literal[1]" cannot be assigned to parameter "key" of type "str" / "Literal[1]" is not assignable to "str"
    # SYNC-08: through the class, the object comes first
    await Store.put("a")
    # mypy: [arg-type] Argument 1 to "put" of "Store" has incompatible type "str"; expected "Store"
    # mypy: [call-arg] Missing positional argument "key" in call to "put" of "Store"
    # pyright: [reportCallIssue] Argument missing for parameter "key"
    # SYNC-09: class methods too
    await Store.made()
    # mypy: [call-arg] Missing positional argument "path" in call to "made" of "Store"
    # pyright: [reportCallIssue] Argument missing for parameter "path"
    # SYNC-10: a name that does not exist
    await sync_to_async(read, sensitive=True)("a")
    # mypy: [call-overload] No overload variant of "sync_to_async" matches argument types "def read(name: str, *, size: int = ...) -> bytes", "bool"
    # mypy: [call-overload] Unexpected keyword argument "sensitive" for overloaded function "sync_to_async"
    # pyright: [reportCallIssue] No overloads for "sync_to_async" match the provided arguments / Argument types: ((name: str, *, size: int = -1) -> bytes, Literal[True])
    # SYNC-11: an executor, not its class
    await sync_to_async(read, thread_sensitive=False, executor=ThreadPoolExecutor)("a")
    # mypy: [call-overload] No overload variant of "sync_to_async" matches argument types "def read(name: str, *, size: int = ...) -> bytes", "bool", "type[ThreadPoolExecutor]"
    # pyright: [reportArgumentType] Argument of type "type[ThreadPoolExecutor]" cannot be assigned to parameter "executor" of type "Executor | None" in function "sync_to_async" / Type "type[ThreadPoolExecutor]" is not assignable to type "Executor | None" / Type "type[ThreadPoolExecutor]" is not assignable to type "Executor" / Type is not assignable to "None"
    # SYNC-12: a function, not its result
    await sync_to_async(read("a"))()
    # mypy: [call-overload] No overload variant of "sync_to_async" matches argument type "bytes"
    # pyright: [reportArgumentType] Argument of type "bytes" cannot be assigned to parameter "func" of type "(**_P@sync_to_async) -> _R@sync_to_async" in function "sync_to_async" / Type "bytes" is not assignable to type "(**_P@sync_to_async) -> _R@sync_to_async"


def to_sync(store: Store) -> None:
    """One wrong call after the other."""
    # ASYNC-01: a wrong type
    async_to_sync(fetch)(1)
    # mypy: [arg-type] Argument 1 has incompatible type "int"; expected "str"
    # pyright: [reportArgumentType] Argument of type "Literal[1]" cannot be assigned to parameter "name" of type "str" / "Literal[1]" is not assignable to "str"
    # ASYNC-02: a missing argument
    async_to_sync(fetch)()
    # mypy: [call-arg] Too few arguments
    # pyright: [reportCallIssue] Argument missing for parameter "name"
    # ASYNC-03: one argument too many
    async_to_sync(fetch)("a", 1)
    # mypy: [call-arg] Too many positional arguments
    # pyright: [reportCallIssue] Expected 1 positional argument
    # ASYNC-04: a name that does not exist
    async_to_sync(fetch)("a", length=1)
    # mypy: [call-arg] Unexpected keyword argument "length"
    # pyright: [reportCallIssue] No parameter named "length"
    # ASYNC-05: the result has a type
    assert_type(async_to_sync(fetch)("a"), str)
    # mypy: [assert-type] Expression is of type "bytes", not "str"
    # pyright: [reportAssertTypeFailure] "assert_type" mismatch: expected "str" but received "bytes"
    # ASYNC-06: a bound method has its own parameters
    store.put_now(1)
    # mypy: [arg-type] Argument 1 to "put_now" of "Store" has incompatible type "int"; expected "str"
    # pyright: [reportArgumentType] Argument of type "Literal[1]" cannot be assigned to parameter "key" of type "str" / "Literal[1]" is not assignable to "str"
    # ASYNC-07: a function that is not async
    async_to_sync(read)("a")
    # mypy: [arg-type] Argument 1 to "async_to_sync" has incompatible type "def read(name: str, *, size: int = ...) -> bytes"; expected "def (name: str, *, size: int = ...) -> Awaitable[Never]"
    # pyright: [reportArgumentType] Argument of type "(name: str, *, size: int = -1) -> bytes" cannot be assigned to parameter "awaitable" of type "(**_P@async_to_sync) -> Awaitable[_R@async_to_sync]" in function "async_to_sync" / Type "(name: str, *, size: int = -1) -> bytes" is not assignable to type "(name: str, *, size: int = -1) -> Awaitable[_R@async_to_sync]" / Function return type "bytes" is incompatible with type "Awaitable[_R@async_to_sync]" / "bytes" is incompatible with protocol "Awaitable[_R@async_to_sync]" / "__await__" is not present
    # ASYNC-08: a function, not its coroutine
    async_to_sync(fetch("a"))()
    # mypy: [call-overload] No overload variant of "async_to_sync" matches argument type "Coroutine[Any, Any, bytes]"
    # pyright: [reportArgumentType] Argument of type "CoroutineType[Any, Any, bytes]" cannot be assigned to parameter "awaitable" of type "(**_P@async_to_sync) -> Awaitable[_R@async_to_sync]" in function "async_to_sync" / Type "CoroutineType[Any, Any, bytes]" is not assignable to type "(**_P@async_to_sync) -> Awaitable[_R@async_to_sync]"
    # ASYNC-09: a name that does not exist
    async_to_sync(fetch, new_loop=True)("a")
    # mypy: [call-overload] No overload variant of "async_to_sync" matches argument types "def fetch(name: str, *, size: int = ...) -> Coroutine[Any, Any, bytes]", "bool"
    # mypy: [call-overload] Unexpected keyword argument "new_loop" for overloaded function "async_to_sync"
    # pyright: [reportCallIssue] No overloads for "async_to_sync" match the provided arguments / Argument types: ((name: str, *, size: int = -1) -> CoroutineType[Any, Any, bytes], Literal[True])
