"""Who changes a scope after the application was called (main 3.0, "Middleware").

Whoever changes a scope works on a copy; the object that was handed over is shared with everybody
on the way, and stays as it was. The state in it is there to be filled, and is not looked into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from asgiref.conformance.description import describe
from asgiref.conformance.fault import Fault

if TYPE_CHECKING:
    from asgiref.conformance.clauses import Severity, Side

__all__ = ("ScopeWatch",)

_CLAUSE: Final[dict[Side, str]] = {"application": "MAIN-34", "server": "MAIN-35"}
_ABSENT: Final = object()


class ScopeWatch:
    """Compares a scope with what it was, whenever control passes between the two sides."""

    __slots__ = ("_known", "_scope", "_turns")

    def __init__(self, scope: dict[Any, Any]) -> None:
        """Remember the scope's keys and values; the values themselves are shared."""
        self._scope = scope
        self._known = dict(scope)
        self._turns = 0

    def enter(self) -> int:
        """Note that a call into the server begins; returns what `alone` asks for."""
        self._turns += 1
        return self._turns

    def alone(self, turn: int) -> bool:
        """Tell whether no other call into the server has begun since."""
        return self._turns == turn

    def changes(self, side: Side) -> Fault | None:
        """Look for changes since the last look.

        Args:
            side: whose turn it was.

        """
        scope, known = self._scope, self._known
        try:
            if scope == known:
                return None
            # Another list of the same headers is no change.
            altered = [key for key, value in known.items() if scope.get(key, _ABSENT) != value]
        except Exception:  # noqa: BLE001 - values may refuse to be compared
            return None
        added = [key for key in scope if key not in known]
        self._known = dict(scope)
        changed = [*altered, *added]
        if not changed:
            return None
        key = changed[0]
        path = f"scope[{key!r:.60}]" if isinstance(key, str) else f"scope[{describe(key)}]"
        what = "was changed or removed" if altered else "was added"
        who = "application" if side == "application" else "caller of the application"
        # A key more hides nothing from anybody; a changed one does.
        severity: Severity | None = None if altered or side == "server" else "note"
        return Fault(
            _CLAUSE[side],
            path,
            f"{path} {what} by the {who}, in the scope that others have, too",
            "a copy of the scope",
            ", ".join(describe(each) for each in changed[:5]),
            severity,
        )
