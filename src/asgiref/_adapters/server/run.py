"""One ``arun()``: serve, then stop in stages, leaving no task behind.

An orderly stop (``handle()`` returned, ``stop()``, SIGTERM) walks the stages below; an abrupt one
(``arun()`` cancelled, ``handle()`` raised) leaves out the second.

1. Refuse messages; end ``handle()``, so that nothing is taken from the wire that cannot be served.
2. Drain: idle instances are cancelled at once, the rest when they become idle, for at most
   ``drain_timeout`` seconds.
3. Cancel what is left and wait for it, for at most ``cancel_timeout`` seconds.
4. End what refused by force, and name it in an ERROR.
5. Deliver the reports. A hook that hangs for ``cancel_timeout`` gives up the rest of them.

A cancellation that arrives on the way makes the stop abrupt; it is kept and raised at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import math
from typing import TYPE_CHECKING, Any, Final, Protocol

from asgiref._adapters.server.errors import ServerStopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from asgiref._adapters.server.pool import InstancePool

__all__ = ("Run", "RunHost")

logger = logging.getLogger("asgiref.server")

#: Turns of the loop granted when a time is over, for what needs none.
_LAST_TURNS: Final = 10


class RunHost(Protocol):
    """What a run needs of its server, looked up anew at every use."""

    drain_timeout: float
    cancel_timeout: float

    async def handle(self) -> None:
        """Serve the connection."""

    async def handle_failed(self, exception: BaseException, attempt: int) -> float | None:
        """Decide about another attempt."""

    async def application_checker(self) -> None:
        """Deliver reports and look at idle instances."""


class Run:
    """One run of a server on the running loop.

    Args:
        host: the server.
        pool: its instances, bound to the running loop.
    """

    def __init__(self, host: RunHost, pool: InstancePool) -> None:
        """Prepare; ``serve`` does the work."""
        self.host = host
        self.pool = pool
        self.loop = asyncio.get_running_loop()
        #: Tasks that nothing could end.
        self.stuck: list[asyncio.Future[Any]] = []
        #: Tasks that were ended by force; what they raise then says nothing.
        self._forced: set[asyncio.Future[Any]] = set()
        self._stop_asked = False
        self._hurried = False
        self._cancelled: asyncio.CancelledError | None = None
        #: Whether handle() ended cancelled though nobody had asked it to.
        self._gave_up = False
        self._nudged: asyncio.Future[None] | None = None

    def ask_stop(self) -> None:
        """Ask for an orderly stop. Safe from any thread and from signal handlers."""
        if not self._stop_asked:
            self._stop_asked = True
            self.pool.refuse()
            # The loop may be closed already: the run is over, which is what was asked for.
            with contextlib.suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self._nudge)

    def hurry(self) -> None:
        """Skip what is left of draining. In the loop's thread."""
        self._hurried = True
        self._nudge()

    async def serve(self) -> None:
        """Run the server until it is done, asked to stop, cancelled or failed.

        Raises:
            BaseException: what ``handle()`` raised, if nothing caught it.
            asyncio.CancelledError: ``arun()`` was cancelled.
        """
        pool = self.pool
        checker = self.loop.create_task(
            self.host.application_checker(), name="asgiref.server checker"
        )
        checker.add_done_callback(self._checker_ended)
        handler = self.loop.create_task(self._handle(), name="asgiref.server handler")
        handler.add_done_callback(self._nudge)
        await self._until(lambda: handler.done() or self._stop_asked)
        orderly = self._cancelled is None and (not handler.done() or _returned(handler))
        self._gave_up = handler.done() and handler.cancelled()
        pool.stopping = True
        pool.refuse()
        pool.on_empty = pool.reports.on_progress = self._nudge
        try:
            await self._end([handler], "handle()")
            await self._end_instances(drain=orderly)
            await self._deliver_reports()
            await self._end([checker], "application_checker()")
        finally:
            pool.on_empty = pool.reports.on_progress = None
        self._leave(handler)

    # Serving

    async def _handle(self) -> None:
        """Call ``handle()``, again as long as ``handle_failed()`` says so."""
        task = asyncio.current_task()
        assert task is not None  # this coroutine is only run as a task
        attempt = 0
        while True:
            try:
                serving: object = self.host.handle()
                if inspect.isawaitable(serving):
                    await serving
                    return
            except asyncio.CancelledError as cancellation:
                if task.cancelling():
                    raise
                error: BaseException = cancellation
            except Exception as failure:  # noqa: BLE001 -- handle_failed() decides, or it is raised
                error = failure
            else:
                # No other attempt would help, so handle_failed() is not asked.
                raise TypeError(
                    f"{type(self.host).__name__}.handle() must be a coroutine function, but "
                    f"returned {serving!r}; make it `async def handle(self)`"
                )
            if self._stop_asked:
                if isinstance(error, ServerStopped):
                    return
                raise error
            attempt += 1
            delay = await self._delay_after(error, attempt)
            if delay is None:
                raise error
            await asyncio.sleep(delay)

    async def _delay_after(self, error: BaseException, attempt: int) -> float | None:
        try:
            delay: object = await self.host.handle_failed(error, attempt)
        except Exception:
            logger.exception("handle_failed() raised, so handle() is not called again")
            return None
        if delay is None:
            return None
        if not isinstance(delay, int | float) or not 0 <= delay < math.inf:
            raise ValueError(
                f"{type(self.host).__name__}.handle_failed() must return seconds (finite, not "
                f"negative) or None, got {delay!r}"
            ) from error
        return delay

    def _checker_ended(self, checker: asyncio.Task[None]) -> None:
        if checker.cancelled():
            return
        error = checker.exception()
        if isinstance(error, Exception) and checker not in self._forced:
            logger.error(
                "application_checker() raised; endings are reported when the server stops",
                exc_info=error,
            )

    # Stopping

    async def _end(self, tasks: list[asyncio.Task[None]], what: str) -> None:
        """Cancel tasks of the server's own and wait for them."""
        for task in tasks:
            if not task.done():
                task.cancel()
                task.add_done_callback(self._nudge)

        def ended() -> bool:
            return all(task.done() for task in tasks)

        if not await self._until(ended, self.host.cancel_timeout):
            logger.error(
                "%s has not ended within cancel_timeout (%s s) after it was cancelled",
                what,
                self.host.cancel_timeout,
            )
            await self._force(tasks)

    async def _end_instances(self, *, drain: bool) -> None:
        pool = self.pool

        def ended() -> bool:
            return not pool.ledger.undone and not pool.deliveries

        if drain:
            pool.begin_drain()
            await self._until(ended, self.host.drain_timeout, hasty=True)
        pool.cancel_all()
        if await self._until(ended, self.host.cancel_timeout):
            return
        leftover = pool.unfinished()
        logger.error(
            "Application instances have not ended within cancel_timeout (%s s) after they were "
            "cancelled and are ended by force; scope ids: %s",
            self.host.cancel_timeout,
            ", ".join(repr(instance.scope_id) for instance in leftover),
        )
        tasks = [instance.task for instance in leftover]
        # First, so that what the force does to a task is not taken for the application's doing.
        for instance in leftover:
            pool.settle(instance, lost=True)
        await self._force([*tasks, *pool.deliveries])

    async def _force(self, tasks: Iterable[asyncio.Future[Any]]) -> None:
        """End tasks that ignore their cancellation, by closing their coroutines under them."""
        alive = [task for task in tasks if not task.done()]
        self._forced.update(alive)
        for task in alive:
            coroutine = task.get_coro() if isinstance(task, asyncio.Task) else None
            if coroutine is not None:
                # It may refuse this as well, or raise anything while it unwinds.
                with contextlib.suppress(Exception):
                    coroutine.close()
            task.cancel()
            task.add_done_callback(_retrieve)
        await self._within_turns(lambda: all(task.done() for task in alive))
        self.stuck.extend(task for task in alive if not task.done())

    async def _deliver_reports(self) -> None:
        """Have the reports delivered by the checker, or by a task in its place."""
        reports = self.pool.reports
        substitute: list[asyncio.Task[None]] = []
        while reports.waiting:
            if not reports.checkers and (not substitute or substitute[-1].done()):
                substitute.append(
                    self.loop.create_task(reports.deliver(), name="asgiref.server reports")
                )
                substitute[-1].add_done_callback(self._nudge)
            finished = reports.finished

            def moved(before: int = finished) -> bool:
                return not reports.waiting or reports.finished != before

            if not await self._until(moved, self.host.cancel_timeout):
                logger.error(
                    "A hook has not returned within cancel_timeout (%s s) while the server stops; "
                    "%d reports are given up",
                    self.host.cancel_timeout,
                    len(reports.waiting),
                )
                reports.drop_all()
        await self._end(substitute, "a hook")

    def _leave(self, handler: asyncio.Task[None]) -> None:
        """Raise what has to leave ``arun()``."""
        error: BaseException | None = None
        if handler.done() and not handler.cancelled() and handler not in self._forced:
            error = handler.exception()
        if self._cancelled is not None:
            raise self._cancelled from error
        if error is not None:
            raise error
        if self._gave_up:
            raise asyncio.CancelledError("handle() ended cancelled")

    # Waiting

    async def _until(
        self, reached: Callable[[], bool], seconds: float = math.inf, *, hasty: bool = False
    ) -> bool:
        """Wait until something is reached, looked at whenever nudged.

        Args:
            reached: what is waited for.
            seconds: how long at most.
            hasty: give up as soon as the stop becomes abrupt or is hurried.

        Returns:
            whether it was reached.
        """
        deadline = self.loop.time() + seconds
        serving = not self.pool.stopping
        while not reached():
            if (hasty and (self._hurried or self._cancelled)) or (serving and self._cancelled):
                return False
            if self.loop.time() >= deadline:
                return await self._within_turns(reached)
            self._nudged = self.loop.create_future()
            timer = None
            if deadline != math.inf:
                timer = self.loop.call_at(deadline, self._nudge)
            try:
                await self._nudged
            except asyncio.CancelledError as cancellation:
                self._cancelled = cancellation
            finally:
                self._nudged = None
                if timer is not None:
                    timer.cancel()
        return True

    async def _within_turns(self, reached: Callable[[], bool]) -> bool:
        """Whether something is reached without any time passing, as a timeout of 0 would have it.

        A cancelled task needs a few turns of the loop even when it cleans up nothing.
        """
        for _ in range(_LAST_TURNS):
            if reached():
                return True
            await self._turn()
        return reached()

    async def _turn(self) -> None:
        """Let the loop turn once, come what may."""
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError as cancellation:
            self._cancelled = cancellation

    def _nudge(self, _: object = None) -> None:
        if self._nudged is not None and not self._nudged.done():
            self._nudged.set_result(None)


def _returned(task: asyncio.Task[None]) -> bool:
    return not task.cancelled() and task.exception() is None


def _retrieve(task: asyncio.Future[Any]) -> None:
    """Take the exception off a task that was ended by force, so that nobody misses it."""
    if not task.cancelled():
        task.exception()
