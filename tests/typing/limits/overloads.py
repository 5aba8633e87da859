"""Legal, and more than a checker can see: of an overloaded function mypy keeps the first overload.

Pyright keeps all of them. A caller who needs another overload under mypy wraps a lambda.
"""

from typing import assert_type, overload

from asgiref.sync import async_to_sync, sync_to_async


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


async def to_async() -> None:
    """The first overload, the second, and the way around."""
    assert_type(await sync_to_async(parse)("1"), int)
    assert_type(await sync_to_async(parse)(b"1"), float)
    # mypy: [arg-type] Argument 1 has incompatible type "bytes"; expected "str"
    # mypy: [assert-type] Expression is of type "int", not "float"
    assert_type(await sync_to_async(lambda: parse(b"1"))(), float)


def to_sync() -> None:
    """The first overload, the second, and the way around."""
    assert_type(async_to_sync(parse_later)("1"), int)
    assert_type(async_to_sync(parse_later)(b"1"), float)
    # mypy: [arg-type] Argument 1 has incompatible type "bytes"; expected "str"
    # mypy: [assert-type] Expression is of type "int", not "float"
    assert_type(async_to_sync(lambda: parse_later(b"1"))(), float)
