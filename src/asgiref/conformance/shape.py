"""What a type hint of the protocol asks of a value, read from the hint itself.

The texts are wider than the types in one respect: an iterable may be of any kind, and a pair need
only unpack into two. So iterables are looked into where that leaves them as they were; one that
can be read only once belongs to whoever it was made for, and is let pass unread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import partial
from types import NoneType, UnionType
from typing import (
    Any,
    Final,
    Literal,
    NamedTuple,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    is_typeddict,
)

from asgiref._protocol.headers import ReceivedHeaders, SentHeaders
from asgiref._protocol.http import FileWithDescriptor
from asgiref.conformance.description import describe
from asgiref.conformance.plain import is_64_bit

__all__ = ("Mismatch", "Shape", "items_of", "shape_of")


class Mismatch(NamedTuple):
    """Where a value is not what its hint says."""

    path: str
    """Below the value itself, such as ``[0][1]``."""
    expected: str
    got: str
    kind: Literal["string", "key", "range", "other"] = "other"
    """"string" where ``bytes`` or ``str`` is asked for; "key" for a key that is no ``str``."""


_Look: TypeAlias = Callable[[object], Mismatch | None]


class Shape(NamedTuple):
    """What is asked of a value."""

    expected: str
    accepts: frozenset[type]
    """Types of which every value will do: nothing more to look at."""
    mismatch: _Look
    """Looks at a value of any other type; ``None`` says that it will do."""


def shape_of(hint: Any) -> Shape:
    """Return what a hint asks for.

    Args:
        hint: a hint of one of the protocol's ``TypedDict`` classes, without ``NotRequired``.

    Raises:
        TypeError: the protocol uses a form of hint that is not known here.

    """
    origin, args = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if hint in (ReceivedHeaders, SentHeaders):
        expected = "an iterable of pairs of bytes"
        return Shape(expected, frozenset(), partial(_not_headers, expected))
    if origin is Literal:
        return _literal(args)
    if origin in (Union, UnionType):
        return _union([shape_of(arg) for arg in args], _string_kind(args))
    if origin is dict or is_typeddict(hint):
        return Shape("a dict with str keys", frozenset(), _not_a_dict)
    if origin is tuple and Ellipsis not in args:
        items = tuple(shape_of(arg) for arg in args)
        expected = f"{len(items)} items: {', '.join(item.expected for item in items)}"
        return Shape(expected, frozenset(), partial(_not_a_tuple, expected, items))
    if origin in (list, tuple, Iterable):
        item = shape_of(args[0])
        expected = f"an iterable of {item.expected}"
        return Shape(expected, frozenset(), partial(_not_iterable, expected, item))
    msg = f"the protocol's hint {hint!r} has no check"
    raise TypeError(msg)


def _anything(value: object) -> None:
    """Take whatever it is."""


def _not_of(kind: type, expected: str, value: object) -> Mismatch | None:
    """Look for a string of one kind; a subclass will do."""
    if isinstance(value, kind):
        return None
    return Mismatch("", expected, describe(value), "string")


def _not_an_int(value: object) -> Mismatch | None:
    """Look for an integer; members of an enumeration will do, booleans will not."""
    if type(value) is int and is_64_bit(value):
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        return Mismatch("", "int", describe(value))
    if not is_64_bit(value):
        return Mismatch("", "a signed integer of 64 bits", describe(value), "range")
    return None


def _never(expected: str, value: object) -> Mismatch:
    return Mismatch("", expected, describe(value))


def _not_a_file(value: object) -> Mismatch | None:
    expected = "an open file with a descriptor of the operating system"
    if not isinstance(value, FileWithDescriptor):
        return Mismatch("", expected, describe(value))
    try:
        value.fileno()
    except (OSError, ValueError):
        return Mismatch("", expected, f"{describe(value)}, which is closed or has none")
    return None


_PLAIN: Final[dict[Any, Shape]] = {
    Any: Shape("anything", frozenset(), _anything),
    NoneType: Shape("None", frozenset({NoneType}), partial(_never, "None")),
    bool: Shape("bool", frozenset({bool}), partial(_never, "bool")),
    int: Shape("int", frozenset(), _not_an_int),
    str: Shape("str", frozenset({str}), partial(_not_of, str, "str")),
    bytes: Shape("bytes", frozenset({bytes}), partial(_not_of, bytes, "bytes")),
    FileWithDescriptor: Shape("an open file", frozenset(), _not_a_file),
}


def _literal(values: tuple[Any, ...]) -> Shape:
    expected = " or ".join(repr(value) for value in values)

    def mismatch(value: object) -> Mismatch | None:
        if not isinstance(value, str):
            return Mismatch("", expected, describe(value), "string")
        return None if value in values else Mismatch("", expected, describe(value))

    return Shape(expected, frozenset(), mismatch)


def _string_kind(hints: tuple[Any, ...]) -> Literal["string", "other"]:
    asked = {get_origin(hint) or hint for hint in hints} - {NoneType}
    return "string" if asked <= {str, bytes} else "other"


def _union(shapes: list[Shape], kind: Literal["string", "other"]) -> Shape:
    expected = " or ".join(dict.fromkeys(shape.expected for shape in shapes))
    accepts = frozenset[type]().union(*(shape.accepts for shape in shapes))

    def mismatch(value: object) -> Mismatch | None:
        found = None
        for shape in shapes:
            if type(value) in shape.accepts:
                return None
            look = shape.mismatch(value)
            if look is None:
                return None
            # The one that looked inside says more than the one that saw another type.
            if look.path or look.kind == "range":
                found = look
        return found or Mismatch("", expected, describe(value), kind)

    return Shape(expected, accepts, mismatch)


def _not_a_dict(value: object) -> Mismatch | None:
    if not isinstance(value, dict):
        return Mismatch("", "a dict with str keys", describe(value))
    for key in value:
        if not isinstance(key, str):
            return Mismatch(f"[{describe(key)}]", "keys of type str", describe(key), "key")
    return None


def items_of(value: object) -> list[Any] | tuple[Any, ...] | None:
    """Return what is in an iterable that is still there after having been read.

    Args:
        value: anything.

    Returns:
        Nothing for what can be read only once, for strings, and for what is no iterable at all.

    Raises:
        Exception: whatever an iterable of somebody's own raises.

    """
    if isinstance(value, (list, tuple)):
        return value
    if not isinstance(value, Collection) or isinstance(value, (str, bytes, bytearray)):
        return None
    return list(value)


def _no_items(expected: str, value: object) -> Mismatch | None:
    """Judge what has no items to look at: it may be an iterator, whose items are not ours."""
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray)):
        return None
    return Mismatch("", expected, describe(value))


def _not_a_tuple(expected: str, items: tuple[Shape, ...], value: object) -> Mismatch | None:
    parts = items_of(value)
    if parts is None:
        return _no_items(expected, value)
    if len(parts) != len(items):
        return Mismatch("", expected, describe(value))
    for index, item in enumerate(items):
        if type(parts[index]) not in item.accepts:
            inner = _inside(parts[index], item, index)
            if inner is not None:
                return inner
    return None


def _not_iterable(expected: str, item: Shape, value: object) -> Mismatch | None:
    parts = items_of(value)
    if parts is None:
        return _no_items(expected, value)
    for index, part in enumerate(parts):
        inner = _inside(part, item, index)
        if inner is not None:
            return inner
    return None


def _inside(part: object, item: Shape, index: int) -> Mismatch | None:
    """Look at one item of an iterable."""
    if type(part) in item.accepts:
        return None
    inner = item.mismatch(part)
    return inner and inner._replace(path=f"[{index}]{inner.path}")


def _not_headers(expected: str, value: object) -> Mismatch | None:
    """Look at header pairs; apart from the other iterables, because every message has some."""
    pairs = items_of(value)
    if pairs is None:
        return _no_items(expected, value)
    for index, pair in enumerate(pairs):
        kind = type(pair)
        if (kind is tuple or kind is list) and len(pair) == 2:
            name, content = pair
            if type(name) is bytes and type(content) is bytes:
                continue
        found = _not_a_tuple("a pair of bytes", (_PLAIN[bytes], _PLAIN[bytes]), pair)
        if found is not None:
            return found._replace(path=f"[{index}]{found.path}")
    return None
