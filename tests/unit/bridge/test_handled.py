"""`Reraising`: an exception is handled once more, and is as it was before."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from asgiref._bridge import handled
from asgiref._bridge.handled import Reraising
from tests.programs import run_program


def _is_free() -> bool:
    """Tell whether another thread can take the lock."""

    def take() -> bool:
        taken = Reraising.lock.acquire(blocking=False)
        if taken:
            Reraising.lock.release()
        return taken

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(take).result()


@pytest.mark.parametrize("interrupted", ["_successor_in_chain", "set_context", None])
def test_nothing_that_is_raised_leaves_the_lock_held(
    monkeypatch: pytest.MonkeyPatch, interrupted: str | None
) -> None:
    """A ``KeyboardInterrupt`` at its beginning, in its block or at its end comes out (R7, R10).

    Other threads go on handling exceptions.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if interrupted is not None:
        monkeypatch.setattr(handled, interrupted, interrupt)
    error = LookupError()
    raised = KeyboardInterrupt() if interrupted is None else error
    with pytest.raises(KeyboardInterrupt), Reraising(error):
        raise raised
    assert _is_free()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_fork_while_another_thread_raises() -> None:
    """R7: a thread that is gone in the child holds no lock there."""
    program = """
    import logging, os, signal, threading, warnings
    from asgiref._bridge.handled import Reraising
    from asgiref.sync import async_to_sync, sync_to_async

    logging.getLogger("asyncio").setLevel("ERROR")  # it warns when the machine is slow
    held, leave = threading.Event(), threading.Event()

    def hold():
        with Reraising(LookupError()):
            held.set()
            leave.wait()

    async def handle():
        try:
            raise LookupError
        except LookupError:
            return await sync_to_async(lambda: 3)()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    warnings.simplefilter("ignore", DeprecationWarning)  # of the threads in the parent
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        os._exit(async_to_sync(handle)())
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    leave.set()
    thread.join()
    """
    assert run_program(program).split() == ["3"]
