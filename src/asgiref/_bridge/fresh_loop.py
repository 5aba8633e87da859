"""A call on a loop that lives no longer than the call (``force_new_loop``)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from asgiref._bridge.context import storage
from asgiref._bridge.driven_loop import DrivenLoop

if TYPE_CHECKING:
    from asgiref._bridge.call import Call
    from asgiref._bridge.loop_threads import LoopThread

__all__ = ("hand_over",)


def hand_over(call: Call, loop_thread: LoopThread) -> None:
    """Have ``call`` run on a fresh loop in ``loop_thread``. Calling it again does no harm."""
    occupant = loop_thread.occupant
    if occupant is not None and _waits_for(occupant, call):
        call.refuse(
            RuntimeError(
                f"deadlock: {call.describe()} with force_new_loop needs the one loop thread of the "
                f"AsyncSingleThreadContext, in which {occupant.describe()} with force_new_loop "
                "waits for it; leave out force_new_loop in the inner call"
            )
        )
        return
    try:
        loop_thread.run_elsewhere(lambda: _occupy(loop_thread, call))
    except RuntimeError as exception:  # closed, at interpreter exit
        call.refuse(exception)


def _waits_for(occupant: Call, call: Call) -> bool:
    """Tell whether ``call`` was made below ``occupant``, which cannot end before it (R15)."""
    ancestor = call.work
    while ancestor is not None and not ancestor.abandoned:
        if ancestor.frame is occupant:
            return True
        ancestor = ancestor.parent()
    return False


def _occupy(loop_thread: LoopThread, call: Call) -> None:
    """Run the call, known as the one that has the thread."""
    loop_thread.occupant = call
    try:
        _run(call)
    finally:
        loop_thread.occupant = None


def _run(call: Call) -> None:
    """Run the call on a loop of its own in this thread, and close that loop. Never raises."""
    if call.started:
        return
    call.started = True
    try:
        driven = DrivenLoop()
    except BaseException as exception:  # noqa: BLE001  # for the waiting thread
        call.refuse(exception)
        return
    fresh = _OnFreshLoop(call, driven)
    try:
        fresh.run()
    except BaseException as exception:  # noqa: BLE001  # for the waiting thread
        call.set_exception(exception)
    call.finish()


class _OnFreshLoop:
    """A call on a loop that lives no longer than the call."""

    __slots__ = ("_call", "_driven", "_ended")

    def __init__(self, call: Call, driven: DrivenLoop) -> None:
        self._call = call
        self._driven = driven
        self._ended = False

    def run(self) -> None:
        call, driven = self._call, self._driven
        context = call.context
        assert context is not None
        try:
            call.loop = driven.loop
            if call.cancelled:
                call.refuse()
                return
            call.arrive()
            driven.roots.append(call)
            task = driven.create_unlisted_task(self._run(), context=context)
            call.task = task
            task.add_done_callback(self._on_task_done)
            while not self._ended:
                driven.run_forever()
            if not call.answered:  # the task was cancelled before its first step
                call.discard()
                call.set_exception(asyncio.CancelledError())
            call.task = None
            if storage(context) is not call.given:
                call.after = context
        finally:
            driven.close()

    async def _run(self) -> None:
        try:
            await self._call.wrapped()
        except BaseException as exception:  # noqa: BLE001  # for the waiting thread
            self._call.set_exception(exception)
        # In the last step of the task, before the loop does anything else.
        await self._call.settle()

    def _on_task_done(self, _: asyncio.Task[None]) -> None:
        self._ended = True
        self._driven.loop.stop()
