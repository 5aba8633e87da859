"""A stateless server played by a script, and an application that does what its messages say."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from asgiref.server import ApplicationEnding, StatelessServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Hashable

__all__ = ("Conversation", "ScriptedServer", "checked", "turns")


async def turns(count: int = 5) -> None:
    """Let the loop turn, so that whatever was scheduled by now has run."""
    for _ in range(count):
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def checked(server: StatelessServer[Any]) -> AsyncIterator[None]:
    """Run the server's checker meanwhile, and nothing else of it; then end what is left."""
    checker = asyncio.create_task(server.application_checker())
    await turns()
    try:
        yield
    finally:
        for scope_id in list(server.application_instances):
            server.delete_application_instance(scope_id)
        await turns()
        checker.cancel()
        await asyncio.gather(checker, return_exceptions=True)


class Conversation:
    """An application, one call per scope; the scope is its own name here.

    It receives until a message tells it something else:

    ``return``, ``fail``, ``cancelled``
        end so; ``cancelled`` awaits a task that somebody else cancelled.
    ``hold``
        wait until the test opens ``gate``.
    ``clean up slowly``
        from then on, meet a cancellation by waiting for ``gate``.
    ``refuse``
        from then on, ignore every cancellation.
    """

    def __init__(self) -> None:
        """Begin with nothing received."""
        self.gate = asyncio.Event()
        self.error: BaseException = ValueError("the application failed")
        self.calls: Counter[Hashable] = Counter()
        self.running: Counter[Hashable] = Counter()
        self.most_at_once = 0
        self.received: list[tuple[Hashable, Any]] = []
        self.cancellations: Counter[Hashable] = Counter()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one scope."""
        self.calls[scope] += 1
        self.running[scope] += 1
        self.most_at_once = max(self.most_at_once, self.running[scope])
        manners = ""
        try:
            while True:
                try:
                    message = await receive()
                    self.received.append((scope, message))
                    if message == "return":
                        return
                    if message == "fail":
                        raise self.error
                    if message == "cancelled":
                        await _cancelled_task()
                    if message == "hold":
                        await self.gate.wait()
                    if message == "clean up slowly" or message == "refuse":
                        manners = message
                    if isinstance(message, dict):
                        await send(message)
                except asyncio.CancelledError:
                    self.cancellations[scope] += 1
                    if manners == "clean up slowly":
                        await self.gate.wait()
                    if manners != "refuse":
                        raise
        finally:
            self.running[scope] -= 1

    def messages(self, scope: Hashable) -> list[Any]:
        """What one scope received, over all its instances."""
        return [message for one, message in self.received if one == scope]


async def _cancelled_task() -> None:
    task = asyncio.ensure_future(asyncio.Event().wait())
    await asyncio.sleep(0)
    task.cancel()
    await task


class ScriptedServer(StatelessServer[Any]):
    """A server whose ``handle()`` the test gives, and which remembers what its hooks got."""

    application_checker_interval = 0.001

    def __init__(
        self,
        application: Any,
        max_applications: int = 1000,
        script: Callable[[ScriptedServer], Awaitable[None]] | None = None,
    ) -> None:
        """Play ``script`` in ``handle()``; without one, wait to be stopped."""
        super().__init__(application, max_applications)
        self.script = script
        self.sent: list[tuple[Any, Any]] = []
        self.exceptions: list[tuple[BaseException, dict[str, Any]]] = []
        self.endings: list[ApplicationEnding[Any]] = []
        self._moved = asyncio.Event()

    async def handle(self) -> None:
        """Play the script."""
        if self.script is None:
            await asyncio.Event().wait()
        else:
            await self.script(self)

    async def application_send(self, scope: Any, message: Any) -> None:
        """Remember what was sent."""
        self.sent.append((scope, message))

    async def application_exception(
        self, exception: BaseException, application_details: dict[str, Any]
    ) -> None:
        """Remember the exception."""
        self.exceptions.append((exception, application_details))
        self._moved.set()

    async def application_ended(self, ending: ApplicationEnding[Any]) -> None:
        """Remember the ending."""
        self.endings.append(ending)
        self._moved.set()

    def put(self, scope_id: Hashable, *messages: Any) -> asyncio.Queue[Any]:
        """Put messages to the instance for ``scope_id``, which is its scope, too."""
        queue = self.get_or_create_application_instance(scope_id, scope_id)
        for message in messages:
            queue.put_nowait(message)
        return queue

    async def ended(self, count: int) -> list[ApplicationEnding[Any]]:
        """Wait until so many endings were reported."""
        while len(self.endings) < count:
            self._moved.clear()
            await self._moved.wait()
        return self.endings

    def reasons(self) -> dict[Hashable, list[str]]:
        """Why the instances of each scope id ended, in order."""
        found: dict[Hashable, list[str]] = {}
        for ending in self.endings:
            found.setdefault(ending.scope_id, []).append(ending.reason)
        return found
