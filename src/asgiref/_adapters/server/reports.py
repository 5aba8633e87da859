"""Endings on their way to the hooks: in order, one at a time, by whichever checker runs."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from asgiref._adapters.server.endings import ApplicationEnding

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asgiref._adapters.server.endings import EndingReason, Ledger
    from asgiref._adapters.server.instance import Instance

__all__ = ("MAX_WAITING", "EndingHooks", "Report", "Reports")

logger = logging.getLogger("asgiref.server")

#: Reports that wait while no checker runs.
MAX_WAITING: Final = 1000

#: Reports after which a delivery lets the rest of the loop run.
_BREATH: Final = 100


class EndingHooks(Protocol):
    """The hooks of the server that endings are reported to."""

    async def application_exception(
        self, exception: BaseException, application_details: dict[str, Any]
    ) -> None:
        """Deal with an instance's exception."""

    async def application_ended(self, ending: ApplicationEnding[Any]) -> None:
        """Deal with an instance's ending."""


@dataclass(slots=True)
class Report:
    """One ending, and how far its delivery has come."""

    instance: Instance
    reason: EndingReason
    exception: BaseException | None
    unread: tuple[Any, ...]
    seconds: float
    #: Hooks that were begun; a delivery that is cut off is taken up behind the last of them.
    begun: int = 0


class Reports:
    """The line of endings.

    Args:
        hooks: the server.
        ledger: its running counts.
        settle: called with a report that was delivered or dropped.
        wants_endings: whether ``application_ended`` does anything.
    """

    def __init__(
        self,
        hooks: EndingHooks,
        ledger: Ledger,
        settle: Callable[[Report], None],
        wants_endings: Callable[[], bool],
    ) -> None:
        """Start without any."""
        self.hooks = hooks
        self.ledger = ledger
        self.settle = settle
        self.wants_endings = wants_endings
        self.waiting: deque[Report] = deque()
        #: Checkers that run.
        self.checkers = 0
        #: Deliveries finished so far; a stop looks for progress here.
        self.finished = 0
        #: Called after every report; a stop in progress sets it.
        self.on_progress: Callable[[], None] | None = None
        self._delivering = False
        self._wake: list[asyncio.Future[None]] = []

    def add(self, report: Report) -> None:
        """Queue a report. Without a checker the oldest of too many is dropped and counted."""
        self.waiting.append(report)
        if not self.checkers:
            while len(self.waiting) > MAX_WAITING:
                self._drop(self.waiting.popleft())
        self.wake()

    def wake(self) -> None:
        """Make waiting checkers look at the line."""
        for waiter in self._wake:
            if not waiter.done():
                waiter.set_result(None)
        self._wake.clear()

    async def wait(self) -> None:
        """Wait until there may be something to deliver, and nobody else delivers."""
        while not self.waiting or self._delivering:
            waiter = asyncio.get_running_loop().create_future()
            self._wake.append(waiter)
            try:
                await waiter
            finally:
                if waiter in self._wake:
                    self._wake.remove(waiter)

    async def deliver(self) -> None:
        """Call the hooks for everything in line, unless another checker is at it."""
        if self._delivering:
            return
        self._delivering = True
        try:
            breath = _BREATH
            while self.waiting:
                report = self.waiting[0]
                await self._deliver_one(report)
                if self.waiting and self.waiting[0] is report:
                    self.waiting.popleft()
                    self.settle(report)
                self.finished += 1
                if self.on_progress is not None:
                    self.on_progress()
                breath -= 1
                if not breath:
                    breath = _BREATH
                    await asyncio.sleep(0)
        finally:
            self._delivering = False
            # Another checker may have come by meanwhile and found the place taken.
            if self.waiting:
                self.wake()

    def drop_all(self) -> int:
        """Give up what is in line; returns how many reports no hook saw to the end."""
        before = self.ledger.lost_reports
        while self.waiting:
            self._drop(self.waiting.popleft())
        return self.ledger.lost_reports - before

    async def _deliver_one(self, report: Report) -> None:
        hooks = self.hooks
        instance = report.instance
        if report.begun < 1:
            report.begun = 1
            if report.exception is not None:
                await self._call(
                    "application_exception",
                    lambda: hooks.application_exception(report.exception, instance.details),  # type: ignore[arg-type]  # not None: tested above
                    instance,
                )
        if report.begun < 2:
            report.begun = 2
            if self.wants_endings():
                ending: ApplicationEnding[Any] = ApplicationEnding(
                    instance.scope_id,
                    instance.scope,
                    report.reason,
                    report.exception,
                    report.unread,
                    instance.accepted,
                    report.seconds,
                )
                await self._call(
                    "application_ended", lambda: hooks.application_ended(ending), instance
                )

    @staticmethod
    async def _call(name: str, hook: Callable[[], Awaitable[None]], instance: Instance) -> None:
        """Call one hook. What it raises is logged, unless the checker itself is being ended."""
        task = asyncio.current_task()
        cancels = task.cancelling() if task is not None else 0
        try:
            await hook()
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # a hook that raises must stop nothing
            if (
                isinstance(error, asyncio.CancelledError)
                and task is not None
                and task.cancelling() > cancels
            ):
                raise
            logger.exception("%s() raised for scope id %r", name, instance.scope_id)

    def _drop(self, report: Report) -> None:
        owed = report.exception is not None and report.begun < 1
        if owed or (report.begun < 2 and self.wants_endings()):
            self.ledger.lost_reports += 1
        self.settle(report)
