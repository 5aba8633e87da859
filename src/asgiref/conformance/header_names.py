"""The names in header pairs: lower-case, and no pseudo headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.conformance.description import describe
from asgiref.conformance.fault import Fault
from asgiref.conformance.shape import items_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("header_pairs", "name_faults")


def header_pairs(headers: object) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield index, name and value of each pair that is one.

    Args:
        headers: header pairs as sent or received; what can be read only once is not read.

    """
    for index, pair in enumerate(items_of(headers) or ()):
        if isinstance(pair, (tuple, list)) and len(pair) == 2:
            name, value = pair
            if isinstance(name, bytes) and isinstance(value, bytes):
                yield index, name, value


def _are_fine(headers: list[Any] | tuple[Any, ...]) -> bool:
    """Tell whether there is nothing to say of any name, as for nearly all headers."""
    try:
        names = b"\n".join([pair[0] for pair in headers])
    except Exception:  # noqa: BLE001 - what is no pair may refuse in any way
        return False
    return names == names.lower() and names[:1] != b":" and b"\n:" not in names


def name_faults(headers: object, where: str, *, lower: str, pseudo: str) -> list[Fault]:
    """Return the first name of each kind that is wrong.

    Args:
        headers: header pairs.
        where: what they are called in findings.
        lower: the clause that asks for lower case.
        pseudo: the clause that rules out names with a colon in front.

    """
    if isinstance(headers, (list, tuple)) and _are_fine(headers):
        return []
    found: list[Fault] = []
    uppercase = colon = False
    for index, name, _ in header_pairs(headers):
        if not uppercase and name != name.lower():
            uppercase = True
            got = describe(name)
            path = f"{where}[{index}][0]"
            message = f"the header name {got} is not in lower case"
            found.append(Fault(lower, path, message, describe(name.lower()), got))
        if not colon and name.startswith(b":"):
            colon = True
            got = describe(name)
            path = f"{where}[{index}][0]"
            message = f"the pseudo header {got} stands among the headers"
            found.append(Fault(pseudo, path, message, "no name that starts with a colon", got))
    return found
