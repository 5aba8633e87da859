"""The doubles behave like what they stand for, where tests rely on it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.doubles import (
    RecordingExecutor,
    ScriptedApplication,
    Sequencer,
    VirtualClockLoop,
    run_in_virtual_time,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


def test_sequencer_orders_threads() -> None:
    """Steps are taken by number, however the threads are started."""
    sequencer, order = Sequencer(), list[int]()

    def take(number: int) -> None:
        with sequencer.step(number):
            order.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in (3, 1, 0, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3]


def test_sequencer_rejects_a_step_taken_twice() -> None:
    """A test that numbers its steps wrongly hears of it."""
    sequencer = Sequencer()
    with sequencer.step(0):
        pass
    with pytest.raises(RuntimeError, match="taken twice"), sequencer.step(0):
        pass


def test_sequencer_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that nobody leads up to names the step that is missing."""
    monkeypatch.setattr(Sequencer, "PATIENCE", 0.0)
    with pytest.raises(TimeoutError, match="waited for step 0"), Sequencer().step(1):
        pass


def _finish(executor: Executor) -> None:
    if isinstance(executor, RecordingExecutor):
        executor.run_all()
    executor.shutdown()


@pytest.mark.parametrize("make", [RecordingExecutor, lambda: ThreadPoolExecutor(1)])
def test_recording_executor_completes_futures_as_a_real_one(make: Callable[[], Executor]) -> None:
    """Results and errors arrive in the futures, for double and real executor alike."""
    executor = make()
    good, bad = executor.submit(divmod, 7, 2), executor.submit(divmod, 7, 0)
    _finish(executor)
    assert good.result(0) == (3, 1)
    assert isinstance(bad.exception(0), ZeroDivisionError)


def test_recording_executor_runs_nothing_by_itself() -> None:
    """Work waits until told; work cancelled before that never starts."""
    executor, ran = RecordingExecutor(), list[int]()
    first, second = executor.submit(ran.append, 1), executor.submit(ran.append, 2)
    assert ran == []
    assert second.cancel()
    executor.run_all()
    assert ran == [1]
    assert first.done()
    assert executor.threads == [threading.current_thread()] * 2


async def _wake_in_order() -> list[str]:
    order: list[str] = []

    async def nap(seconds: float, name: str) -> None:
        await asyncio.sleep(seconds)
        order.append(name)

    async with asyncio.TaskGroup() as group:
        group.create_task(nap(0.002, "late"))
        group.create_task(nap(0.001, "early"))
        group.create_task(nap(0, "now"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()
    return order


@pytest.mark.parametrize("run", [asyncio.run, run_in_virtual_time])
def test_virtual_clock_keeps_the_order_of_a_real_one(
    run: Callable[[Coroutine[object, object, list[str]]], list[str]],
) -> None:
    """Timers fire in the order of their times, timeouts included, on both clocks."""
    assert run(_wake_in_order()) == ["now", "early", "late"]


def test_virtual_clock_shows_the_time_that_was_asked_for() -> None:
    """A sleep of an hour ends at once, and the clock says that it took the hour."""

    async def nap() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    assert run_in_virtual_time(nap()) == pytest.approx(3600)


def test_virtual_clock_still_hears_other_threads_when_it_has_no_timer() -> None:
    """Without a timer there is nowhere to jump: the loop waits for real."""

    async def ask() -> str:
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        thread = threading.Thread(
            target=loop.call_soon_threadsafe, args=(answer.set_result, "heard")
        )
        thread.start()
        heard: str = await answer
        thread.join()
        return heard

    assert run_in_virtual_time(ask()) == "heard"


def test_virtual_clock_loop_is_closed_like_any_other() -> None:
    """Closing leaves nothing open."""
    loop = VirtualClockLoop()
    loop.close()
    assert loop.is_closed()


def test_scripted_application_plays_its_script() -> None:
    """It receives, sends, hangs until it is cancelled, and raises, as told."""
    app = ScriptedApplication(
        ScriptedApplication.RECEIVE, {"type": "sent"}, ScriptedApplication.HANG
    )

    async def play() -> list[object]:
        sent: list[object] = []
        done = asyncio.Event()

        async def receive() -> dict[str, object]:
            return {"type": "received"}

        async def send(event: object) -> None:
            sent.append(event)
            done.set()

        task = asyncio.create_task(app({"type": "test"}, receive, send))
        await done.wait()
        task.cancel()
        await asyncio.wait({task})
        return sent

    assert asyncio.run(play()) == [{"type": "sent"}]
    assert (app.calls, app.received, app.cancelled) == (
        [{"type": "test"}],
        [{"type": "received"}],
        True,
    )
    with pytest.raises(ValueError, match="scripted"):
        asyncio.run(ScriptedApplication(ValueError("scripted"))({}, None, None))
