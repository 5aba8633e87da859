"""How instances end and what a server counts: the values handed to hooks and to metrics.

Annotations are evaluated here: serialisers look into these values, and would look for the names of
string annotations in the public module that the classes report as theirs.
"""

import sys
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NoReturn, TypeAlias, get_args

if TYPE_CHECKING or sys.version_info < (3, 13):
    from typing_extensions import TypeVar
else:
    from typing import TypeVar

ScopeId = TypeVar("ScopeId", bound=Hashable, default=Hashable)

__all__ = ("ApplicationEnding", "EndingReason", "Ledger", "ScopeId", "ServerStatistics")

EndingReason: TypeAlias = Literal[
    "returned", "failed", "cancelled", "evicted", "idle", "deleted", "shutdown"
]
"""Why an instance ended.

``returned``, ``failed`` and ``cancelled`` are the application's own doing (``cancelled``: its task
ended cancelled though the server had not asked). The others name what made the server cancel it.
"""

REASONS: Final[tuple[EndingReason, ...]] = get_args(EndingReason)


# No slots: on Python 3.11 and 3.12 a frozen generic class with slots cannot be called by its
# subscripted name, ApplicationEnding[str](...).
@dataclass(frozen=True)
class ApplicationEnding(Generic[ScopeId]):
    """How one instance stopped.

    Per ending, ``accepted - len(unread)`` messages were handed to the application. A message that
    was passed on to a successor counts for the successor alone.
    """

    scope_id: ScopeId
    #: The very scope object that was registered.
    scope: Any
    reason: EndingReason
    #: What the application raised, also when it raised while being cancelled.
    exception: BaseException | None
    #: Messages that were accepted and never handed over, oldest first.
    unread: tuple[Any, ...]
    #: Messages accepted.
    accepted: int
    #: Age in seconds, on a monotonic clock.
    seconds: float


class _Counts(dict[EndingReason, int]):
    """A dict that refuses changes; ``asdict``, ``json``, ``copy`` and ``pickle`` know it as one.

    A ``MappingProxyType`` would be none of theirs.
    """

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("the counts of a snapshot cannot be changed")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type["_Counts"], tuple[dict[EndingReason, int]]]:
        return (type(self), (dict(self),))


@dataclass(frozen=True, slots=True)
class ServerStatistics:
    """What a server holds and has done since it was made; counts, taken in constant time."""

    #: Instances that run or are queued and were not asked to end.
    live: int
    #: Instances that were cancelled and whose task is not done yet.
    cancelling: int
    #: Instances made so far, successors included.
    created: int
    #: Messages accepted so far; one that was passed on to a successor counts once.
    accepted: int
    #: Messages accepted and neither handed over nor reported unread yet.
    queued: int
    #: Instances ended so far, by reason; every reason is a key.
    endings: Mapping[EndingReason, int]
    #: Reports that no hook ever saw: dropped while no checker ran, or behind a hook that hung.
    lost_reports: int


@dataclass(slots=True)
class Ledger:
    """The running counts behind ``ServerStatistics``; changed by the loop's thread alone."""

    created: int = 0
    undone: int = 0
    cancelling: int = 0
    accepted: int = 0
    handed: int = 0
    unread: int = 0
    lost_reports: int = 0
    endings: dict[EndingReason, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))

    def snapshot(self) -> ServerStatistics:
        """Freeze the counts."""
        return ServerStatistics(
            live=self.undone - self.cancelling,
            cancelling=self.cancelling,
            created=self.created,
            accepted=self.accepted,
            queued=self.accepted - self.handed - self.unread,
            endings=_Counts(self.endings),
            lost_reports=self.lost_reports,
        )
