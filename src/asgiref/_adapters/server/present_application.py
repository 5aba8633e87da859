"""The application that the next instance calls, and how it is to be called."""

from __future__ import annotations

import asyncio
import inspect
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from asgiref._adapters.compatibility import guarantee_single_callable

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from asgiref._adapters.server.instance import Instance

__all__ = ("PresentApplication",)


class PresentApplication:
    """What was found out about the server's application, until another one is assigned."""

    __slots__ = ("_application", "_direct", "_known")

    def __init__(self) -> None:
        """Know none."""
        self._known: Any = None
        self._application: Any = None
        self._direct = False

    def look_at(self, application: Any) -> None:
        """See how the application is to be called; it may have been reassigned.

        Raises:
            TypeError: it cannot be called.
        """
        if application is self._known and self._application is not None:
            return
        if not callable(application):
            raise TypeError(
                f"the application must be callable, got {application!r}; "
                "assign an ASGI application to 'application'"
            )
        self._application = guarantee_single_callable(application)
        self._known = application
        self._direct = inspect.iscoroutinefunction(self._application) or (
            inspect.iscoroutinefunction(getattr(self._application, "__call__", None))  # noqa: B004 -- whether it is a coroutine function
        )

    def call(self, instance: Instance, loop: asyncio.AbstractEventLoop) -> Coroutine[Any, Any, Any]:
        """The coroutine of the application itself where possible: it saves one per instance."""
        application = self._application
        if loop.get_task_factory() is not None:
            # An eager factory would run the application inside get-or-create.
            return _call_later(instance, application)
        if not self._direct:
            return _call(instance, application)
        try:
            coroutine = application(instance.scope, instance.queue.get, instance.send)
        except Exception:  # noqa: BLE001 -- raised once more, inside the instance
            return _call(instance, application)
        return coroutine if type(coroutine) is CoroutineType else _wait_for(coroutine)

    def call_after_predecessors(self, instance: Instance) -> Coroutine[Any, Any, None]:
        """The same behind the instance's gate; whatever is assigned until that opens."""
        return _call_behind_gate(instance, self._application)


async def _call(instance: Instance, application: Any) -> None:
    await application(instance.scope, instance.queue.get, instance.send)


async def _call_later(instance: Instance, application: Any) -> None:
    await asyncio.sleep(0)
    await _call(instance, application)


async def _call_behind_gate(instance: Instance, application: Any) -> None:
    gate = instance.gate
    assert gate is not None  # made together with this coroutine
    await gate.opened
    instance.gate = None
    await _call(instance, application)


async def _wait_for(awaitable: Any) -> None:
    await awaitable
