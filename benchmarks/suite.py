"""What a benchmark module consists of: a suite of cases, each a small function.

A module defines ``SUITE = Suite("title")`` and registers functions on it::

    @SUITE.case("Local: read", target=0.3)
    def read(loops: int) -> float:
        local = Local()
        local.x = 1
        begin = perf_counter()
        for _ in range(loops):
            local.x
        return perf_counter() - begin


    @read.rival("threading.local", target=5.0)
    def read_threading(loops: int) -> float: ...

The same function runs under either package, because both are imported as ``asgiref``. It times
itself, so that its set-up costs nothing. Only the standard library may be imported here: the
module is loaded by interpreters that have nothing of ours.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, cast

__all__ = ("OURS", "PEER", "PEER_VERSION", "Case", "Kind", "Subject", "Suite")

#: Performs that many operations and returns the seconds they took together; for a quantity,
#: called with 1, it returns the amount itself.
Subject: TypeAlias = Callable[[int], float] | Callable[[int], Coroutine[object, object, float]]

#: "time" is calibrated and divided by the number of operations; "quantity" is taken as returned.
Kind: TypeAlias = Literal["time", "quantity"]

OURS: Final = "ours"
PEER_VERSION: Final = "3.13.0"
PEER: Final = f"asgiref {PEER_VERSION}"


@dataclass(frozen=True, slots=True)
class _Opponent:
    """Who stands on the other side of a ratio, and how large the ratio may be."""

    subject: Subject
    target: float | None


@dataclass(slots=True)
class Case:
    """One row of the table, or several: our package against each opponent.

    Attributes:
        name: the row's title.
        subject: what runs under our package.
        kind: how the returned number is read.
        opponents: per side, what runs there and the largest ratio ours / theirs that is
            accepted (None: any).
    """

    name: str
    subject: Subject
    kind: Kind
    opponents: dict[str, _Opponent] = field(default_factory=dict)

    def rival(self, side: str, *, target: float | None = None) -> Callable[[Subject], Subject]:
        """Register the same work done by other means, such as ``asyncio.to_thread``.

        Rivals run in the environment of asgiref 3.13.0, which has the packages of the
        ``bench`` dependency group.

        Args:
            side: the rival's name in the table.
            target: the largest accepted ratio of our cost to the rival's.
        """

        def register(subject: Subject) -> Subject:
            self.opponents[side] = _Opponent(subject, target)
            return subject

        return register

    def peer(self, subject: Subject) -> Subject:
        """Register what asgiref 3.13.0 runs instead, where the same code does not do."""
        target = self.opponents[PEER].target if PEER in self.opponents else None
        self.opponents[PEER] = _Opponent(subject, target)
        return subject

    def target(self, side: str) -> float | None:
        """Return the largest accepted ratio of our cost to that of ``side``."""
        return self.opponents[side].target

    def run(self, side: str, loops: int) -> float:
        """Run the subject of ``side`` once, in this process.

        Args:
            side: ``OURS`` or a key of ``opponents``.
            loops: how many operations to perform.

        Returns:
            Seconds for all of them, or the quantity.
        """
        subject = self.subject if side == OURS else self.opponents[side].subject
        if inspect.iscoroutinefunction(subject):
            return asyncio.run(cast("Coroutine[object, object, float]", subject(loops)))
        return cast("float", subject(loops))


class Suite:
    """The cases of one module, in order of registration."""

    def __init__(self, title: str) -> None:
        """Start an empty suite.

        Args:
            title: printed above the table.
        """
        self.title = title
        self.cases: dict[str, Case] = {}

    def case(
        self, name: str, *, target: float | None = None, versus_peer: bool = True
    ) -> Callable[[Subject], Case]:
        """Register a timed case.

        Args:
            name: the row's title, unique in the suite.
            target: the largest accepted ratio of our time to that of asgiref 3.13.0.
            versus_peer: False where asgiref 3.13.0 has no such function; register rivals then.

        Raises:
            ValueError: when the function is registered, if the suite has a case of that name.
        """
        return self._registrar(name, "time", target, versus_peer)

    def quantity(
        self, name: str, *, target: float | None = None, versus_peer: bool = True
    ) -> Callable[[Subject], Case]:
        """Register a case that returns an amount (bytes, threads) instead of a time.

        Args:
            name: the row's title, unique in the suite.
            target: the largest accepted ratio of our amount to that of asgiref 3.13.0.
            versus_peer: False where asgiref 3.13.0 has no such function.

        Raises:
            ValueError: when the function is registered, if the suite has a case of that name.
        """
        return self._registrar(name, "quantity", target, versus_peer)

    def _registrar(
        self, name: str, kind: Kind, target: float | None, versus_peer: bool
    ) -> Callable[[Subject], Case]:
        def register(subject: Subject) -> Case:
            if name in self.cases:
                msg = f"suite {self.title!r} already has a case {name!r}: rename one of them"
                raise ValueError(msg)
            case = Case(name, subject, kind)
            if versus_peer:
                case.opponents[PEER] = _Opponent(subject, target)
            self.cases[name] = case
            return case

        return register
