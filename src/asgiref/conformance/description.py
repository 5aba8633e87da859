"""Values in words, short and without side effects: nothing that is shown is asked for its repr.

Only plain values are spelt out, and only short ones; bodies and all that is long appear by size.
"""

from __future__ import annotations

from collections import deque
from itertools import starmap
from typing import Final

__all__ = ("Trace", "describe")

#: Strings up to this length are spelt out.
_SHORT: Final = 40

#: How many events a trace keeps.
_EVENTS: Final = 50

#: What a trace shows by size, however short it is.
_BODIES: Final = frozenset({"body", "bytes", "text"})

#: How many keys of an event a trace shows.
_KEYS: Final = 8


def describe(value: object) -> str:
    """Say what a value is: its type, and itself where that is short.

    Args:
        value: anything; only exact built-in types are looked into.

    """
    kind = type(value)
    if value is None or kind is bool or kind is float:
        return repr(value)
    if isinstance(value, int):
        # Numbers with thousands of digits refuse to be spelt out, and enum members say too much.
        return repr(int(value)) if value.bit_length() <= 64 else f"int of {value.bit_length()} bits"
    if kind is str or kind is bytes:
        assert isinstance(value, (str, bytes))
        return f"{kind.__name__} {value!r}" if len(value) <= _SHORT else _sized(value)
    if kind in (bytearray, list, tuple, dict, set, frozenset, memoryview):
        return _sized(value)
    return f"{kind.__module__}.{kind.__qualname__} object"


def _sized(value: object) -> str:
    assert hasattr(value, "__len__")
    return f"{type(value).__name__} of length {len(value)}"


def _brief(key: object, value: object) -> object:
    """Return what a trace keeps of a value; never a body, nor anything that holds one."""
    kind = type(value)
    if kind is bool or value is None:
        return value
    if kind is bytes or kind is str:
        assert isinstance(value, (str, bytes))
        return _Size(len(value)) if key in _BODIES or len(value) > _SHORT else value
    if kind is int:
        assert isinstance(value, int)
        return value if value.bit_length() <= 64 else describe(value)
    if kind is list or kind is tuple or kind is dict:
        assert isinstance(value, (list, tuple, dict))
        return _Size(len(value))
    return kind


class _Size(int):
    """The length of what was there."""

    __slots__ = ()


def _spelt(key: str, brief: object) -> str:
    if isinstance(brief, _Size):
        return f"{key}=<{int(brief)}>"
    if isinstance(brief, type):
        return f"{key}=<{brief.__name__}>"
    return f"{key}={brief!r}"


class Trace:
    """The last events of a connection, kept small and put into words only when asked for."""

    __slots__ = ("_events", "_total")

    def __init__(self) -> None:
        """Begin without events."""
        self._events: deque[tuple[str, object, list[tuple[str, object]]]] = deque(maxlen=_EVENTS)
        self._total = 0

    def add(self, verb: str, event: object) -> None:
        """Note an event.

        Args:
            verb: "receive" or "send", as the application sees it.
            event: the event, whatever it is.

        """
        self._total += 1
        if not isinstance(event, dict):
            self._events.append((verb, describe(event), []))
            return
        name: object = None
        keys: list[tuple[str, object]] = []
        for key, value in event.items():
            if key == "type":
                name = value if type(value) is str and len(value) <= 2 * _SHORT else describe(value)
            elif len(keys) < _KEYS:
                keys.append((_key(key), _brief(key, value)))
        self._events.append((verb, name, keys))

    def mark(self, what: str) -> None:
        """Note what is no event, such as the application's end."""
        self._total += 1
        self._events.append((what, "", []))

    def lines(self) -> tuple[str, ...]:
        """Return the events in words, the oldest first, each with its number on the connection."""
        first = self._total - len(self._events) + 1
        return tuple(
            starmap(_line, ((number, *event) for number, event in enumerate(self._events, first)))
        )


def _key(key: object) -> str:
    return key if type(key) is str and len(key) <= _SHORT else describe(key)


def _line(number: int, verb: str, name: object, keys: list[tuple[str, object]]) -> str:
    words = [f"{number}", verb, str(name)] if name != "" else [f"{number}", verb]
    return " ".join([*words, *(_spelt(key, brief) for key, brief in keys)])
