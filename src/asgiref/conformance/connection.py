"""One connection under watch: what its calls say, and what becomes of the faults in them."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from asgiref._protocol.lifecycle import LIFECYCLES
from asgiref.conformance.clauses import (
    CLAUSES,
    ConformanceError,
    Finding,
    Side,
    severity_of,
)
from asgiref.conformance.description import Trace, describe
from asgiref.conformance.events import Subject, event_faults
from asgiref.conformance.fault import Fault
from asgiref.conformance.order import AFTER_DISCONNECT, Order
from asgiref.conformance.scope_watch import ScopeWatch
from asgiref.conformance.scopes import scope_faults
from asgiref.conformance.versions import applies, spec_version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asgiref._protocol.lifecycle import Direction
    from asgiref.conformance.versions import Version

__all__ = ("Connection", "Watch")

#: The keys on which the order of events depends: with another value there, nobody knows what was
#: meant.
_FLAGS: Final = frozenset(
    f"event[{step.flag!r}]"
    for lifecycles in LIFECYCLES.values()
    for lifecycle in lifecycles
    for step in lifecycle.steps
    if step.flag is not None
)

#: For how many calls into the server the scope is watched.
_LOOKS: Final = 16

#: How many different findings one connection may have; a peer may make up new keys for ever.
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Watch:
    """What a validator looks for, and whom it tells.

    Attributes:
        party: whose faults count.
        strict: whether errors end the connection.
        tell: called with every finding, in the order of the faults.

    """

    party: Literal["application", "server", "both"]
    strict: bool
    tell: Callable[[Finding], None]


class Connection:
    """What is known of one call of the application.

    Nothing in here waits, and nothing is written to what is watched. Its memory is bounded: the
    trace keeps 50 events, each fault is told once, and of bodies there are sizes only.
    """

    __slots__ = (
        "_errors",
        "_kind",
        "_order",
        "_scope",
        "_scope_watch",
        "_subject",
        "_told",
        "_trace",
        "_unraised",
        "_watch",
    )

    def __init__(self, watch: Watch, scope: object) -> None:
        """Prepare; nothing is judged yet.

        Args:
            watch: the validator's wishes.
            scope: what the server gave.

        """
        self._watch = watch
        self._scope = scope
        self._trace = Trace()
        self._told: set[tuple[str, str]] = set()
        self._errors: list[Finding] = []
        self._unraised = False
        kind = ""
        announced: Mapping[Any, Any] = {}
        version: Version = ()
        self._scope_watch: ScopeWatch | None = None
        if isinstance(scope, dict):
            self._scope_watch = ScopeWatch(scope)
            kind = scope.get("type", "")
            kind = kind if isinstance(kind, str) else ""
            extensions = scope.get("extensions")
            announced = extensions if isinstance(extensions, dict) else {}
            version = spec_version(scope, kind)
        self._kind = kind
        self._subject = Subject(scope, kind, announced, version, strict=watch.strict)
        self._order = Order(kind, announced)

    def begin(self) -> None:
        """Judge the scope.

        Raises:
            ConformanceError: there are errors, and the watch is strict.

        """
        try:
            faults = list(scope_faults(self._scope, strict=self._watch.strict))
        except Exception as error:  # noqa: BLE001 - values of somebody's own may raise anything
            faults = [_unreadable("HTTP-03", "scope", error)]
        for fault in faults:
            self.report(fault, "server")
        self._raise()

    def asking(self) -> int:
        """Judge the application's call of ``receive``; returns the turn for `received`."""
        if self._kind == "lifespan":
            fault = self._order.asking()
            if fault is not None:
                self.report(fault, "application")
        return 0 if self._scope_watch is None else self._enter(self._scope_watch)

    def received(self, event: object, turn: int) -> None:
        """Judge what the server delivered.

        Args:
            event: the event.
            turn: what `asking` returned.

        Raises:
            ConformanceError: there are errors, and the watch is strict.

        """
        if self._scope_watch is not None:
            self._leave(self._scope_watch, turn)
        self._judge("receive", event, "server")
        if self._unraised:
            self._raise()

    def sending(self, event: object) -> tuple[int, Fault | None]:
        """Judge what the application sends, before the server gets it.

        Returns:
            What `sent` takes.

        Raises:
            ConformanceError: there are errors, and the watch is strict.

        """
        late = self._judge("send", event, "application")
        turn = 0 if self._scope_watch is None else self._enter(self._scope_watch)
        if self._unraised:
            self._raise()
        return turn, late

    def sent(self, turn: int, late: Fault | None) -> None:
        """Note that the server took the event."""
        if self._scope_watch is not None:
            self._leave(self._scope_watch, turn)
        if late is not None:
            self.report(late, "application")

    def send_failed(self, turn: int) -> None:
        """Note that the server raised, or that the application stopped waiting for it."""
        self._order.lose()
        if self._scope_watch is not None:
            self._leave(self._scope_watch, turn)

    def require_awaitable(self, result: object, name: Literal["receive", "send"]) -> None:
        """Judge what a call of ``receive`` or ``send`` returned.

        Raises:
            ConformanceError: it is no awaitable, and the watch is strict.

        """
        if hasattr(result, "__await__") or inspect.isawaitable(result):
            return
        got = describe(result)
        clause = "MAIN-09" if name == "receive" else "MAIN-10"
        message = f"{name}() returned {got}, which cannot be awaited"
        self.report(Fault(clause, f"{name}()", message, "an awaitable", got), "server")
        self._raise()

    def returned(self) -> None:
        """Judge an application that has returned.

        Raises:
            ConformanceError: there are errors that the application has not let pass on its way,
                and the watch is strict.

        """
        if self._scope_watch is not None:
            self._report_changes(self._scope_watch, "application")
        fault = self._order.returning()
        if fault is not None:
            self._trace.mark("return")
            self.report(fault, "application")
        if self._watch.strict and self._errors:
            # Also those that were raised before: the application has swallowed them.
            self._unraised = True
            self._raise()

    def report(self, fault: Fault, side: Side) -> None:
        """Tell a fault, if it is one that was asked for and is new.

        Args:
            fault: what was found.
            side: whose fault it is.

        """
        watch = self._watch
        if watch.party not in (side, "both"):
            return
        if not applies(fault.clause, self._kind, self._subject.version):
            return
        key = fault.clause, fault.path
        if key in self._told or len(self._told) >= _MOST:
            return
        self._told.add(key)
        clause = CLAUSES[fault.clause]
        finding = Finding(
            clause,
            fault.severity or severity_of(clause),
            fault.message,
            fault.path,
            fault.expected,
            fault.got,
            self._trace.lines(),
            side,
        )
        if finding.severity == "error":
            self._errors.append(finding)
            self._unraised = True
        watch.tell(finding)

    def _judge(self, direction: Direction, event: object, side: Side) -> Fault | None:
        """Judge an event; returns what is only a fault if the server takes it."""
        self._trace.add(direction, event)
        kind: Any = event.get("type") if isinstance(event, dict) else None
        if not isinstance(event, dict) or not isinstance(kind, str):
            self._order.forgive()
            self.report(_no_event(event), side)
            return None
        late = None
        fault = self._order.follow(direction, event)
        if fault is not None:
            if fault.clause in AFTER_DISCONNECT:
                late = fault
            else:
                self.report(fault, side)
        try:
            faults = event_faults(self._subject, direction, event)
        except Exception as error:  # noqa: BLE001 - values of somebody's own may raise anything
            faults = [_unreadable("MAIN-14", "event", error)]
        for each in faults:
            if each.path in _FLAGS:
                self._order.forgive()
            self.report(each, side)
        return late

    def _enter(self, watch: ScopeWatch) -> int:
        self._report_changes(watch, "application")
        turn = watch.enter()
        if turn > _LOOKS:
            # Scopes are changed in the beginning, if at all; a stream need not pay for it.
            self._scope_watch = None
        return turn

    def _leave(self, watch: ScopeWatch, turn: int) -> None:
        # With another call in between, the change may be anybody's.
        if watch.alone(turn):
            self._report_changes(watch, "server")

    def _report_changes(self, watch: ScopeWatch, side: Side) -> None:
        fault = watch.changes(side)
        if fault is not None:
            self.report(fault, side)

    def _raise(self) -> None:
        if self._unraised and self._watch.strict:
            self._unraised = False
            count = len(self._errors)
            what = "one clause is broken" if count == 1 else f"{count} clauses are broken"
            raise ConformanceError(what, list(self._errors))


def _unreadable(clause: str, what: str, error: Exception) -> Fault:
    got = type(error).__name__
    return Fault(clause, what, f"a value of the {what} cannot be read: {got}", "plain values", got)


def _no_event(event: object) -> Fault:
    if isinstance(event, dict):
        kind = event.get("type")
        got = describe(kind) if "type" in event else "no such key"
        message = f"the type of an event is {got} where str is asked for"
        return Fault("MAIN-11", "event['type']", message, "str", got)
    got = describe(event)
    return Fault("MAIN-11", "event", f"an event is {got} where dict is asked for", "dict", got)
