"""The order of events on one connection: a walk through the protocol's lifecycle tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from asgiref._protocol.lifecycle import LIFECYCLES, UNANNOUNCED, Breach
from asgiref.conformance.description import describe
from asgiref.conformance.fault import Fault
from asgiref.conformance.places import place_of, way_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asgiref._protocol.lifecycle import Direction
    from asgiref.conformance.clauses import Severity
    from asgiref.conformance.places import Place, Way

__all__ = ("AFTER_DISCONNECT", "Order")

AFTER_DISCONNECT: Final = frozenset({"HTTP-47", "WS-54"})
"""Broken only if the server took the event: one that raises is doing what the sender waits for."""

#: Readings of unclear points, where they differ from what the clause's strength says.
_READINGS: Final[Mapping[str, Severity]] = {
    # The text once put early hints behind the start.
    "HINT-03": "warning",
    # "Ignored" in one place, "invalid" in another.
    "HTTP-74": "warning",
    "WS-63": "warning",
}

_DENIAL: Final = "websocket.http.response"

#: The protocols that have event types of their own.
_PROTOCOLS: Final = frozenset(LIFECYCLES)

#: What an event that the protocol does not know breaks when it is received in a state.
_UNKNOWN_RECEIVED: Final[Mapping[tuple[str, str], str]] = {
    ("http", "WAITING"): "HTTP-37",
    ("http", "READING"): "HTTP-38",
    ("http", "GONE"): "HTTP-46",
    ("websocket", "INIT"): "WS-24",
    ("websocket", "GONE"): "WS-53",
    ("lifespan", "INIT"): "LIFE-15",
}


def _extension(kind: str) -> str:
    """Return the extension that an event type of the protocol belongs to, if to any."""
    return _DENIAL if kind.startswith(_DENIAL) else kind


class Order:
    """Where a connection is, in each lifecycle of its scope type.

    After a send that failed nobody knows what the server made of it: what is sent from then on is
    not judged. After a breach it is, but not what the application still owes when it returns,
    which may be no more than a consequence.
    """

    __slots__ = ("_announced", "_kind", "_lifecycles", "_lost", "_owing", "_place", "_spoke")

    def __init__(self, kind: str, announced: Mapping[Any, Any]) -> None:
        """Begin where each lifecycle begins.

        Args:
            kind: the scope's type; unknown ones have no order.
            announced: ``scope["extensions"]``, empty where it is no dict.

        """
        self._kind = kind
        self._announced = announced
        self._lifecycles = LIFECYCLES.get(kind, ())
        self._place = place_of(kind)
        self._lost = False
        self._owing = True
        self._spoke = kind != "http"

    def forgive(self) -> None:
        """Ask nothing of an application that returns: something went wrong before."""
        self._owing = False

    def lose(self) -> None:
        """Note that the server's view of the connection is not known any more."""
        self._lost = True
        self._owing = False

    def follow(self, direction: Direction, event: dict[Any, Any]) -> Fault | None:
        """Take the steps that an event means.

        Args:
            direction: whether the application receives it or sends it.
            event: the event, whose ``type`` is a ``str``.

        Returns:
            What it breaks; the state is then as before.

        """
        way = way_of(direction, event)
        place = self._place
        target = place.ways.get(way)
        if target is None:
            verdicts = place.look_up(way, self._announced)
            self._place = place.beyond(way, verdicts)
            for index, verdict in enumerate(verdicts):
                if isinstance(verdict, Breach):
                    return self._break(verdict, index, way, place)
            if not any(verdicts):
                return self._unknown(direction, way[1])
        else:
            self._place = target
        return None if self._spoke or direction == "receive" else self._unasked(place)

    def _break(self, breach: Breach, index: int, way: Way, place: Place) -> Fault | None:
        if breach.clause == UNANNOUNCED.get(_extension(way[1])):
            # Goes on as if it were announced: what follows is to be judged by itself.
            self._place = place.beyond(way, place.look_up(way, UNANNOUNCED))
        elif breach.direction == "send" and self._lost:
            return None
        state = place.states[index]
        return self._breach(breach, self._lifecycles[index].states[state], state, way[1])

    def _breach(self, breach: Breach, meaning: str, state: str, kind: str) -> Fault:
        if breach.clause not in AFTER_DISCONNECT:
            self._owing = False
        severity = _READINGS.get(breach.clause)
        if breach.clause == "PUSH-05" and state in {"INIT", "DEBUGGED"}:
            # Frameworks push from the handler, before it has returned a response.
            severity = "warning"
        if breach.clause == "DENY-02" and state == "INIT" and self._covers(kind):
            # As with any answer that does not wait for the opening event.
            severity = "warning"
        if breach.clause == UNANNOUNCED.get(_extension(kind)) and not self._covers(kind):
            message = f"{kind} is sent, and no extension announces it"
        else:
            verb = "received" if breach.direction == "receive" else "sent"
            message = f"{kind} is {verb} when {meaning}"
        return Fault(breach.clause, "event", message, "", kind, severity)

    def _unasked(self, place: Place) -> Fault | None:
        """Return the fault of an application that answers a request it has not received."""
        self._spoke = True
        if place.states[0] != "WAITING":
            return None
        message = "the response begins before http.request was received"
        # Most frameworks do not wait for a body that they do not read.
        return Fault("MAIN-42", "event", message, "receive() first", "", "note")

    def _covers(self, kind: str) -> bool:
        """Tell whether an announced extension has events of a type; that for TLS has none."""
        return any(
            isinstance(name, str) and (kind == name or kind.startswith(f"{name}."))
            for name in self._announced
            if name != "tls"
        )

    def _unknown(self, direction: Direction, kind: str) -> Fault | None:
        """Judge an event of a type that the protocol does not know."""
        if not self._lifecycles or self._covers(kind):
            return None
        family, dot, _ = kind.partition(".")
        got = describe(kind)
        if family == self._kind and dot:
            if direction == "send":
                self._owing = False
                message = f"an application cannot send {got}, and no extension announces it"
                return Fault("MAIN-33", "event['type']", message, "", got)
            clause = _UNKNOWN_RECEIVED.get((self._kind, self._place.states[0]))
            if clause is None:
                return None
            self._owing = False
            message = f"{got} is received when {self._meaning()}"
            return Fault(clause, "event['type']", message, "", got)
        if direction == "receive":
            if family == "tls" and "tls" in self._announced:
                message = f"the TLS extension has no events, and {got} is one of it"
                return Fault("TLS-15", "event['type']", message, "", got)
            if dot and family not in _PROTOCOLS:
                return None  # whoever stands between may have events of its own
        else:
            self._owing = False
        message = f"an event of type {got} travels in a scope of type {self._kind!r}"
        return Fault("MAIN-12", "event['type']", message, f"'{self._kind}.<name>'", got)

    def _meaning(self) -> str:
        return self._lifecycles[0].states[self._place.states[0]]

    def asking(self) -> Fault | None:
        """Judge an application that asks for another event."""
        if self._kind != "lifespan" or self._place.states[0] != "STOPPED":
            return None
        message = "the application asks for more events although it has answered the shutdown"
        return Fault("LIFE-28", "receive", message, "the application returns", "receive()")

    def returning(self) -> Fault | None:
        """Judge an application that returns here."""
        if not self._owing:
            return None
        for lifecycle, state in zip(self._lifecycles, self._place.states, strict=True):
            clause = lifecycle.unfinished.get(state)
            if clause is not None:
                message = f"the application returns when {lifecycle.states[state]}"
                return Fault(clause, "return", message)
        return None
