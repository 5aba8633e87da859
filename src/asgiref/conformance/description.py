"""Values in words, short and without side effects: nothing that is shown is asked for its repr.

Only plain values are spelt out, and only short ones; bodies and all that is long appear by size.
"""

from __future__ import annotations

from collections import deque
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


class Trace:
    """The last events of a connection, kept small and put into words only when asked for."""

    __slots__ = ("_events", "_total")

    def __init__(self) -> None:
        """Begin without events."""
        self._events: deque[list[object]] = deque(maxlen=_EVENTS)
        self._total = 0

    def add(self, verb: str, event: object) -> None:
        """Note an event.

        Args:
            verb: "receive" or "send", as the application sees it.
            event: the event, whatever it is.

        """
        self._total += 1
        # Flat, since this is done for every message: the verb, the type, then keys and values.
        # What is kept of a value never is a body, nor holds one; a tuple stands for a length.
        kept: list[object] = [verb, ""]
        self._events.append(kept)
        if not isinstance(event, dict):
            kept[1] = describe(event)
            return
        for key, value in event.items():
            if key == "type":
                short = type(value) is str and len(value) <= 2 * _SHORT
                kept[1] = value if short else describe(value)
                continue
            if len(kept) > 2 * _KEYS:
                break
            kept.append(key if type(key) is str and len(key) <= _SHORT else describe(key))
            kind = type(value)
            if kind is bytes or kind is str:
                whole = len(value) <= _SHORT and key not in _BODIES
                kept.append(value if whole else (len(value),))
            elif kind is bool or value is None:
                kept.append(value)
            elif kind is list or kind is tuple or kind is dict:
                kept.append((len(value),))
            elif kind is int and value.bit_length() <= 64:
                kept.append(value)
            else:
                kept.append(kind)

    def mark(self, what: str) -> None:
        """Note what is no event, such as the application's end."""
        self._total += 1
        self._events.append([what, ""])

    def lines(self) -> tuple[str, ...]:
        """Return the events in words, the oldest first, each with its number on the connection."""
        first = self._total - len(self._events) + 1
        return tuple(_line(number, kept) for number, kept in enumerate(self._events, first))


def _line(number: int, kept: list[object]) -> str:
    words = [str(number), *(str(each) for each in kept[:2] if each != "")]
    pairs = zip(kept[2::2], kept[3::2], strict=True)
    return " ".join([*words, *(f"{key}={_spelt(value)}" for key, value in pairs)])


def _spelt(kept: object) -> str:
    if isinstance(kept, tuple):
        return f"<{kept[0]}>"
    return f"<{kept.__name__}>" if isinstance(kept, type) else repr(kept)
