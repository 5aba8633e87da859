"""What an event may be made of, at every depth (main 3.0, "Events").

The keys that the types know are checked against them; this is for the rest: extra keys, events of
other protocols, and the depths of values that may hold anything.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from asgiref.conformance.description import describe
from asgiref.conformance.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("foreign_values", "is_64_bit")

_LARGEST: Final = 2**63 - 1
_SMALLEST: Final = -(2**63)

#: How deep a value is followed, and how many items of it: events of any size cost a bounded time.
_DEPTH: Final = 16
_ITEMS: Final = 1000


def is_64_bit(number: int) -> bool:
    """Tell whether an integer is in the signed 64-bit range."""
    return _SMALLEST <= number <= _LARGEST


def _fault(clause: str, path: str, expected: str, value: object) -> Fault:
    got = describe(value)
    return Fault(clause, path, f"an event holds {got} where it may hold {expected}", expected, got)


def foreign_values(value: object, path: str) -> Iterator[Fault]:
    """Yield what in a value may not be in an event.

    Args:
        value: the value of one key; tuples count as lists, since both are written the same.
        path: where it is.

    Yields:
        Each fault, up to a depth and a number of items.

    """
    waiting: list[tuple[object, str, int]] = [(value, path, 0)]
    seen = 0
    while waiting and seen < _ITEMS:
        value, path, depth = waiting.pop()
        seen += 1
        if value is None or isinstance(value, (bool, str, bytes)):
            continue
        if isinstance(value, int):
            if not is_64_bit(value):
                yield _fault("MAIN-15", path, "a signed integer of 64 bits", value)
        elif isinstance(value, float):
            if not math.isfinite(value):
                yield _fault("MAIN-16", path, "a finite number", value)
        elif isinstance(value, (list, tuple)):
            if depth < _DEPTH:
                items = enumerate(value[: _ITEMS - seen])
                waiting += [(item, f"{path}[{index}]", depth + 1) for index, item in items]
        elif isinstance(value, dict):
            for index, (key, item) in enumerate(value.items()):
                if index >= _ITEMS - seen:
                    break
                if not isinstance(key, str):
                    yield _fault("MAIN-17", path, "keys of type str", key)
                elif depth < _DEPTH:
                    waiting.append((item, f"{path}[{key!r:.60}]", depth + 1))
        else:
            plain = "bytes, str, int, float, list, dict, bool or None"
            yield _fault("MAIN-14", path, plain, value)
