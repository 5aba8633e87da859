"""The server class: settings, hooks and entry points; the work is done by pool and run."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import signal
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Generic

from asgiref._adapters.server.endings import ApplicationEnding, ScopeId, ServerStatistics
from asgiref._adapters.server.errors import InstanceEnded, ServerStopped
from asgiref._adapters.server.input_queue import InputQueue
from asgiref._adapters.server.pool import InstancePool
from asgiref._adapters.server.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from asgiref._adapters.server.line import Place
    from asgiref._protocol.applications import ASGIApplication

__all__ = ("StatelessServer", "logger")

logger: logging.Logger = logging.getLogger("asgiref.server")


class StatelessServer(Generic[ScopeId]):
    """Base class of servers without incoming sockets: one stream out, many connection scopes.

    A process that holds one connection to a chat server, a broker or a radio feed gives every user,
    room or topic in it a scope of its own in one ASGI application. Override ``handle()``, which
    reads the connection and passes each message to the instance of its scope, and
    ``application_send()``, which gets what the applications send::

        class Bot(StatelessServer[str]):
            async def handle(self):
                async for user, text in self.connection:
                    scope = {"type": "bot", "user": user}
                    await self.deliver(user, scope, {"type": "bot.message", "text": text})

            async def application_send(self, scope, message):
                await self.connection.send(scope["user"], message["text"])

        Bot(application, max_applications=100_000).run()

    Every method belongs to the thread of the server's event loop, but for ``stop()`` and
    ``deliver_threadsafe()``. Every hook is called there too. ``docs/stateless_server.md`` has the
    rules.

    Args:
        application: an ASGI 2 or ASGI 3 application. The attribute of the same name may be
            reassigned; the next instance uses it.
        max_applications: the most instances at once; 0 acts as 1. The least recently messaged one
            is cancelled to make room.

    Raises:
        TypeError: ``max_applications`` is not an int.
        ValueError: ``max_applications`` is negative.
    """

    #: Upper bound in seconds between two looks at idle instances; 0 looks at every turn of the
    #: loop, which keeps a core busy.
    application_checker_interval: float = 0.1

    #: Bound of each input queue in messages; 0 means none.
    input_queue_size: int = 0

    #: Seconds without a message after which an idle instance is cancelled; None means never.
    idle_timeout: float | None = None

    #: Seconds that instances with unread or unfinished work get when the server stops in order.
    drain_timeout: float = 5.0

    #: Seconds that a cancelled application may use to clean up.
    cancel_timeout: float = 5.0

    #: Monotonic seconds, behind ``idle_timeout`` and the ages of instances.
    _clock: Callable[[], float] = staticmethod(time.monotonic)

    __run: Run | None = None

    def __init__(self, application: ASGIApplication, max_applications: int = 1000) -> None:
        """Make a server that does not run yet."""
        if not isinstance(max_applications, int):
            raise TypeError(
                f"max_applications must be an int, got {type(max_applications).__name__}"
            )
        if max_applications < 0:
            raise ValueError(f"max_applications must not be negative, got {max_applications}")
        self.application = application
        self.max_applications = max_applications
        self.__pool = InstancePool(self, self._clock, self.__make_room, self.__wants_endings)
        #: Tasks of the last run that nothing could end.
        self.__stuck: list[asyncio.Future[Any]] = []
        self.__deliveries: set[Future[None]] = set()
        self.__deliveries_lock = threading.Lock()

    # Running

    def run(self) -> None:
        """Run the server on an event loop of its own until ``handle()`` returns or it is stopped.

        In the main thread, where SIGTERM has its default disposition, the first SIGTERM stops the
        server in order and the second one skips what is left of draining. On KeyboardInterrupt the
        server stops abruptly, the interrupt is logged and swallowed, and this returns normally.

        Raises:
            RuntimeError: the server runs already, or an event loop runs in this thread.
            TypeError: a setting is not a number, or ``handle()`` is not ``async``.
            ValueError: a setting is out of range; the text names it.
        """
        self.__made()
        if _in_a_loop():
            raise RuntimeError(
                f"{type(self).__name__}.run() starts an event loop, and one runs in this thread "
                "already; use `await server.arun()` there"
            )
        try:
            asyncio.run(self.__run_with_signals())
        except KeyboardInterrupt:
            logger.info("Stopped by KeyboardInterrupt")

    async def arun(self) -> None:
        """Run the server in the caller's loop until ``handle()`` returns or it is stopped.

        When it returns or raises, no task that the server made is alive.

        Raises:
            RuntimeError: the server runs already.
            TypeError: a setting is not a number, or ``handle()`` is not ``async``.
            ValueError: a setting is out of range; the text names it.
            BaseException: what ``handle()`` raised, if ``handle_failed()`` returned None.
        """
        if self.__run is not None:
            raise RuntimeError(
                "this server runs already; a second arun() or run() may start when the first is "
                "over, or on another server object"
            )
        self.__check_settings()
        self.__made().bind(asyncio.get_running_loop())
        run = self.__run = Run(self, self.__pool)
        try:
            await run.serve()
        finally:
            self.__pool.refuse()
            self.__run = None
            with self.__deliveries_lock:
                late = [*self.__deliveries]
            for future in late:
                _fail(future, ServerStopped())
            self.__stuck = run.stuck

    def stop(self) -> None:
        """Ask for an orderly stop: from any thread, from a signal handler, more than once.

        Nothing happens while the server does not run under ``run()`` or ``arun()``.
        """
        run = self.__run
        if run is not None:
            run.ask_stop()

    async def handle(self) -> None:
        """Serve the connection: to override.

        It runs in a task of its own, which is cancelled when the server stops. When it returns, the
        server stops in order; what it raises goes to ``handle_failed()``.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must override handle(): read the connection there and pass "
            "each message to deliver()"
        )

    async def handle_failed(self, exception: BaseException, attempt: int) -> float | None:
        """Decide what happens after ``handle()`` raised: to override for reconnection.

        Args:
            exception: what ``handle()`` raised.
            attempt: how often it has raised since the server was started, from 1.

        Returns:
            seconds until ``handle()`` is called again, or None to let the exception out of
            ``arun()``, which is what the default does.
        """
        del exception, attempt
        return None

    # Messages

    def get_or_create_application_instance(
        self, scope_id: ScopeId, scope: Any
    ) -> asyncio.Queue[Any]:
        """Return the input queue of the instance for ``scope_id``, which is made if need be.

        The instance becomes the most recently messaged one. A new one runs in a copy of the present
        context, and may cost the least recently messaged one its place.

        Args:
            scope_id: any hashable object.
            scope: any object; ignored when the instance exists.

        Raises:
            RuntimeError: called outside the server's event loop.
            ServerStopped: the server is stopping, or has stopped on this loop.
            TypeError: ``scope_id`` is not hashable, or the application cannot be called.
        """
        try:
            pool = self.__pool
        except AttributeError:
            pool = self.__made()
        return pool.get_or_create(scope_id, scope)

    async def deliver(self, scope_id: ScopeId, scope: Any, message: Any) -> None:
        """Put a message to the instance for ``scope_id``, which is made if need be.

        Waits while the queue is full. If the instance ends meanwhile, its successor gets the
        message. When this raises, the message was not accepted.

        Args:
            scope_id: any hashable object.
            scope: any object; ignored when the instance exists.
            message: any object.

        Raises:
            RuntimeError: called outside the server's event loop.
            ServerStopped: the server is stopping, or has stopped on this loop.
            TypeError: ``scope_id`` is not hashable, or the application cannot be called.
        """
        refused: asyncio.Queue[Any] | None = None
        place: Place | None = None
        while True:
            try:
                queue = self.get_or_create_application_instance(scope_id, scope)
            except BaseException:
                if place is not None:
                    place.leave()
                raise
            try:
                if isinstance(queue, InputQueue):
                    place = await queue.put_or_stay(message, place)
                else:
                    await queue.put(message)
            except InstanceEnded:
                if queue is refused:
                    # A subclass's own get-or-create that knows no successors.
                    raise
                refused = queue
                place = None
            else:
                if place is None:
                    return

    def deliver_threadsafe(self, scope_id: ScopeId, scope: Any, message: Any) -> Future[None]:
        """Do what ``deliver()`` does, from any thread.

        Messages of one thread for one scope id keep their order.

        Args:
            scope_id: any hashable object.
            scope: any object; ignored when the instance exists.
            message: any object.

        Returns:
            a future that is done once the message was accepted. It raises what ``deliver()``
            raises, and ServerStopped if the server does not run. Cancelling it takes the message
            back as long as it waits for room.
        """
        self.__made()
        future: Future[None] = Future()
        # First known, then looked up: the end of a run fails every delivery it knows of.
        with self.__deliveries_lock:
            self.__deliveries.add(future)
        future.add_done_callback(self.__delivery_over)
        loop = self.__pool.accepting_loop
        if loop is None:
            _fail(future, ServerStopped())
            return future

        def begin() -> None:
            if future.done():
                return
            task = asyncio.create_task(
                self.deliver(scope_id, scope, message), name="asgiref.server delivery"
            )
            deliveries = self.__pool.deliveries
            deliveries.add(task)
            task.add_done_callback(over)

            def withdraw(answered: Future[None]) -> None:
                if answered.cancelled():
                    _call_threadsafe(loop, task.cancel)

            future.add_done_callback(withdraw)

        def over(task: asyncio.Task[None]) -> None:
            pool = self.__pool
            pool.deliveries.discard(task)
            if task.cancelled():
                future.cancel()
            elif (error := task.exception()) is not None:
                _fail(future, error)
            elif future.set_running_or_notify_cancel():
                future.set_result(None)
            if pool.on_empty is not None:
                pool.on_empty()

        if not _call_threadsafe(loop, begin):
            _fail(future, ServerStopped())
        return future

    async def application_send(self, scope: Any, message: Any) -> None:
        """Deal with what an application sends: to override, as a coroutine function.

        Args:
            scope: the very object that the instance was registered with.
            message: what the application passed to ``send()``.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must override application_send(): pass the message on to the "
            "connection there"
        )

    # Instances

    @property
    def application_instances(self) -> MutableMapping[ScopeId, dict[str, Any]]:
        """Scope id to details, the least recently messaged instance first.

        Details are a dict with ``input_queue``, ``future``, ``scope`` and ``last_used`` (wall-clock
        seconds, for people to read). An instance that has ended stays until its report was
        delivered. Deleting an entry forgets the instance without ending it; entries with tasks of
        one's own may be added. Assigning a mapping replaces the entries by those in it.
        """
        table: Any = self.__made().table  # keyed by any hashable, of which ScopeId is one
        instances: MutableMapping[ScopeId, dict[str, Any]] = table
        return instances

    @application_instances.setter
    def application_instances(self, entries: MutableMapping[ScopeId, dict[str, Any]]) -> None:
        table: Any = self.__made().table
        if entries is not table:
            table.fill(dict(entries))

    def delete_oldest_application_instance(self) -> None:
        """Cancel and forget the least recently messaged instance.

        Called when room is needed for another one.

        Raises:
            KeyError: there is none.
        """
        pool = self.__made()
        delete = type(self).delete_application_instance
        if delete is StatelessServer.delete_application_instance:
            pool.evict_oldest()
            return
        oldest = pool.order.oldest()
        if oldest is None:
            raise KeyError("there is no application instance to delete")
        pool.evicting = True
        try:
            delete(self, oldest.scope_id)  # type: ignore[arg-type]  # the table is keyed by any hashable
        finally:
            pool.evicting = False

    def delete_application_instance(self, scope_id: ScopeId) -> None:
        """Cancel and forget the instance for ``scope_id``.

        Raises:
            KeyError: there is none.
        """
        self.__made().delete(scope_id)

    async def application_checker(self) -> None:
        """Deliver reports to the hooks and look at idle instances, until cancelled.

        ``arun()`` runs it. Start it as a task where ``arun()`` is not used.

        Raises:
            ValueError: a setting is out of range; the text names it.
        """
        self.__check_settings()
        pool = self.__made()
        if self.__run is None:
            pool.bind(asyncio.get_running_loop())
        await pool.check()

    async def application_exception(
        self, exception: BaseException, application_details: dict[str, Any]
    ) -> None:
        """Deal with an instance's exception: a hook, called once for every failed instance.

        The default logs it with its traceback to the logger ``asgiref.server``.

        Args:
            exception: what the application raised, also while it was being cancelled.
            application_details: the details of the instance.
        """
        logger.error(
            "Exception inside application: %r (scope: %r)",
            exception,
            application_details["scope"],
            exc_info=exception,
        )

    async def application_ended(self, ending: ApplicationEnding[ScopeId]) -> None:
        """Deal with an instance's ending: a hook, called once for every instance.

        It comes after ``application_exception()`` where that applies, in the order of the endings.
        The default does nothing.

        Args:
            ending: how and why the instance stopped, and what it left unread.
        """

    def statistics(self) -> ServerStatistics:
        """Return the server's present counts; in constant time."""
        return self.__made().ledger.snapshot()

    # Inside

    def __made(self) -> InstancePool:
        """Return the pool, which only ``__init__()`` makes.

        Raises:
            RuntimeError: a subclass has not called it.
        """
        try:
            return self.__pool
        except AttributeError:
            raise RuntimeError(
                f"{type(self).__name__}.__init__() must call "
                "super().__init__(application, max_applications) first"
            ) from None

    def __make_room(self) -> None:
        self.delete_oldest_application_instance()

    def __wants_endings(self) -> bool:
        return (
            type(self).application_ended is not StatelessServer.application_ended
            or "application_ended" in self.__dict__
        )

    def __check_settings(self) -> None:
        """Refuse settings that cannot be meant.

        Raises:
            TypeError: a setting is not a number.
            ValueError: it is negative or not a number at all.
        """
        for name in (
            "application_checker_interval",
            "idle_timeout",
            "drain_timeout",
            "cancel_timeout",
            "input_queue_size",
        ):
            setting = getattr(self, name)
            if name == "idle_timeout" and setting is None:
                continue
            wanted = int if name == "input_queue_size" else (int, float)
            if not isinstance(setting, wanted):
                kind = "an int" if wanted is int else "a number"
                raise TypeError(f"{name} must be {kind}, got {setting!r}")
            if setting < 0:
                raise ValueError(f"{name} must not be negative, got {setting!r}")
            if isinstance(setting, float) and math.isnan(setting):
                raise ValueError(f"{name} must not be NaN, got {setting!r}")

    def __delivery_over(self, future: Future[None]) -> None:
        with self.__deliveries_lock:
            self.__deliveries.discard(future)

    async def __run_with_signals(self) -> None:
        loop = asyncio.get_running_loop()
        asked = False

        def terminate() -> None:
            nonlocal asked
            run = self.__run
            if asked and run is not None:
                run.hurry()
            asked = True
            self.stop()

        listening = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        )
        if listening:
            try:
                loop.add_signal_handler(signal.SIGTERM, terminate)
            except (NotImplementedError, RuntimeError):
                listening = False
        try:
            await self.arun()
        finally:
            if listening:
                loop.remove_signal_handler(signal.SIGTERM)
            # asyncio.run() waits for every task it finds; nothing could end these.
            for task in self.__stuck:
                # Nor is it news that the loop closes over them: an ERROR has named them.
                if hasattr(task, "_log_destroy_pending"):
                    task._log_destroy_pending = False
                asyncio.tasks._unregister_task(task)  # type: ignore[arg-type]  # futures of foreign instances are unknown to it, which does no harm


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _call_threadsafe(loop: asyncio.AbstractEventLoop, callback: Callable[[], Any]) -> bool:
    """Have a loop call something; whether the loop is still there for it."""
    try:
        loop.call_soon_threadsafe(callback)
    except RuntimeError:
        return False
    return True


def _fail(future: Future[None], error: BaseException) -> None:
    """Set an exception on a future that another thread may be cancelling."""
    with contextlib.suppress(Exception):
        if future.set_running_or_notify_cancel():
            future.set_exception(error)
