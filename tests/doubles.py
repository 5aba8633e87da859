"""Stand-ins that more than one test module needs; ``tests/unit/test_doubles.py`` checks each."""

from __future__ import annotations

import asyncio
import selectors
import threading
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Sequencer:
    """Makes threads and tasks take numbered steps in order, without any of them sleeping.

    ``with sequencer.step(1):`` waits until step 0 has been left, in whatever thread that was.
    """

    #: Seconds after which a step that nobody leads up to counts as a mistake in the test.
    PATIENCE = 30.0

    def __init__(self) -> None:
        """Begin before step 0."""
        self._condition = threading.Condition()
        self._next = 0

    def step(self, number: int) -> _Step:
        """Return a context manager for that step; each number may be used once.

        Args:
            number: counted from 0.
        """
        return _Step(self, number)

    def begin(self, number: int) -> None:
        """Wait until every lower step has ended; blocks the thread."""
        with self._condition:
            if not self._condition.wait_for(lambda: self._next >= number, self.PATIENCE):
                msg = f"step {number} waited for step {self._next}, which never ended"
                raise TimeoutError(msg)
            if self._next != number:
                msg = f"step {number} was taken twice"
                raise RuntimeError(msg)

    def end(self) -> None:
        """Let the next step begin."""
        with self._condition:
            self._next += 1
            self._condition.notify_all()


class _Step:
    """One step of a `Sequencer`."""

    def __init__(self, sequencer: Sequencer, number: int) -> None:
        self._sequencer = sequencer
        self._number = number

    def __enter__(self) -> None:
        self._sequencer.begin(self._number)

    def __exit__(self, *_: object) -> None:
        self._sequencer.end()


class RecordingExecutor(Executor):
    """Keeps every submitted call and runs it, in the caller's thread, only when told to."""

    def __init__(self) -> None:
        """Begin with nothing submitted."""
        self.submitted: list[Callable[[], None]] = []
        self.threads: list[threading.Thread] = []

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Remember the call; who submitted it is in ``threads``."""
        future: Future[_T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - executors hand on whatever came
                future.set_exception(error)
            else:
                future.set_result(result)

        self.submitted.append(run)
        self.threads.append(threading.current_thread())
        return future

    def run_all(self) -> None:
        """Run what was submitted, in order, calls that it submits included."""
        while self.submitted:
            self.submitted.pop(0)()


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits for time to pass: moves its clock to the end of the wait instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        ready = super().select(0)
        if not ready and timeout > 0:
            self.now += timeout
        return ready


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """A loop whose timers fire as soon as nothing else is left to do; starts at time 0.

    For code that lives in this one thread. A thread that the loop waits for looks like nothing to
    do, so time would run ahead of it.
    """

    def __init__(self) -> None:
        """Begin at time 0."""
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the virtual time, in seconds."""
        return self._jumping.now

    def advance(self, seconds: float) -> None:
        """Let time pass while the current step runs; timers that are due fire in the next one."""
        self._jumping.now += seconds


def run_in_virtual_time(main: Coroutine[Any, Any, _T]) -> _T:
    """Do as ``asyncio.run`` does, on a `VirtualClockLoop`.

    Args:
        main: may ask ``asyncio.get_running_loop().time()`` how long something took.
    """
    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        return runner.run(main)


class ScriptedApplication:
    """An ASGI 3 application that plays a script and records how it was called.

    A step of the script is what to send (a dict), ``RECEIVE``, ``HANG``, an exception to raise.
    """

    RECEIVE = "receive"
    HANG = "hang"

    def __init__(self, *script: dict[str, Any] | BaseException | str) -> None:
        """Play these steps, then return."""
        self.script = script
        self.calls: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.cancelled = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Play the script."""
        self.calls.append(scope)
        for step in self.script:
            if isinstance(step, BaseException):
                raise step
            if isinstance(step, dict):
                await send(step)
            elif step == self.RECEIVE:
                self.received.append(await receive())
            else:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    self.cancelled = True
                    raise
