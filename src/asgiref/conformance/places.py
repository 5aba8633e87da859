"""The lifecycle tables as places and ways between them, found out while they are walked.

A connection is in one state of each of its lifecycles; together they are a place. Most messages
take a way that some message has taken before, so a place remembers where its legal steps lead. What
breaks a clause, and what depends on an announcement, is asked of the tables every time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from asgiref._protocol.lifecycle import LIFECYCLES, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asgiref._protocol.lifecycle import Breach, Direction

__all__ = ("Place", "Way", "place_of", "way_of")

Way: TypeAlias = "tuple[Direction, str, bool]"
"""An event as the tables see it: direction, type, and the key that its row depends on."""

#: The key that the rows of an event type depend on.
_FLAGS: Final[Mapping[str, str]] = {
    step.event: step.flag
    for lifecycles in LIFECYCLES.values()
    for lifecycle in lifecycles
    for step in lifecycle.steps
    if step.flag is not None
}


def way_of(direction: Direction, event: dict[Any, Any]) -> Way:
    """Return what the tables need to know of an event.

    Args:
        direction: whether the application receives it or sends it.
        event: the event, whose ``type`` is a ``str``.

    """
    kind = event["type"]
    if kind not in _FLAGS:
        return direction, kind, False
    value = event.get(_FLAGS[kind])
    if value is not True and value is not False:
        value = value is not None and _is_true(value)
    return direction, kind, value


def _is_true(value: object) -> bool:
    try:
        return bool(value)
    except Exception:  # noqa: BLE001 - values may refuse to be either
        return False


class Place:
    """A state in each lifecycle of one scope type; made by `place_of`.

    Attributes:
        kind: the scope type.
        states: in the order of ``LIFECYCLES[kind]``.
        ways: where legal steps lead that depend on no announcement, as far as they were taken.

    """

    kind: str
    states: tuple[str, ...]
    ways: dict[Way, Place]

    __slots__ = ("kind", "states", "ways")

    def __init__(self, kind: str, states: tuple[str, ...]) -> None:
        """Know no ways yet."""
        self.kind = kind
        self.states = states
        self.ways = {}

    def look_up(self, way: Way, announced: Mapping[Any, Any]) -> list[Step | Breach | None]:
        """Ask each table what an event means here; ``None`` is no answer.

        Args:
            way: the event.
            announced: the extensions that the scope announces.

        """
        direction, kind, value = way
        event: dict[str, object] = {"type": kind}
        if kind in _FLAGS:
            event[_FLAGS[kind]] = value
        lifecycles = zip(LIFECYCLES.get(self.kind, ()), self.states, strict=True)
        return [table.judge(state, direction, event, announced) for table, state in lifecycles]

    def beyond(self, way: Way, verdicts: list[Step | Breach | None]) -> Place:
        """Take the legal steps of an answer and return where they lead.

        Args:
            way: the event that was asked for.
            verdicts: what `look_up` returned.

        """
        states = tuple(
            verdict.target if isinstance(verdict, Step) else state
            for verdict, state in zip(verdicts, self.states, strict=True)
        )
        target = place_of(self.kind, states)
        if any(verdicts) and all(
            verdict is None or (isinstance(verdict, Step) and verdict.extension is None)
            for verdict in verdicts
        ):
            self.ways[way] = target
        return target


_places: Final[dict[tuple[str, tuple[str, ...]], Place]] = {}


def place_of(kind: str, states: tuple[str, ...] | None = None) -> Place:
    """Return a place; there is one object for each.

    Args:
        kind: the scope type; one without lifecycles has a single place and no ways.
        states: in the order of the lifecycles; by default where they begin.

    """
    lifecycles = LIFECYCLES.get(kind, ())
    if states is None:
        states = tuple(lifecycle.initial for lifecycle in lifecycles)
    key = (kind if lifecycles else ""), states
    place = _places.get(key)
    return place if place is not None else _places.setdefault(key, Place(*key))
