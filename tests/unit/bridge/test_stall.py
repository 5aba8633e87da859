"""The reports of `stall`: only of work that still waits for a thread that does not move."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, cast

import pytest

from asgiref._bridge import stall
from asgiref._bridge.threads import WorkerExecutor

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from asgiref._bridge.work import Work


class _Work:
    """As much of a work as is looked at."""

    def __init__(self, loop: asyncio.AbstractEventLoop, place: object) -> None:
        self.loop, self.place, self.pending = loop, place, True
        self.sensitive = True
        self.runs_in: int | None = None

    def is_pending(self) -> bool:
        return self.pending

    def describe(self) -> str:
        return "the work"


class _ManualLoop:
    """Runs what is due when it is told to."""

    def __init__(self) -> None:
        self.due: list[tuple[float, Any, tuple[Any, ...]]] = []

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any) -> None:
        self.due.append((delay, callback, args))

    def run(self) -> float:
        delay, callback, args = self.due.pop(0)
        callback(*args)
        return delay


@pytest.fixture
def blocked() -> Iterator[WorkerExecutor]:
    """An executor whose thread waits for the end of the test."""
    executor = WorkerExecutor()
    started, release = threading.Event(), threading.Event()

    def block() -> None:
        started.set()
        release.wait()

    executor.submit(block)
    started.wait()
    yield executor
    release.set()
    executor.shutdown()


def _watch(place: object) -> tuple[_ManualLoop, _Work]:
    loop = _ManualLoop()
    work = _Work(cast("asyncio.AbstractEventLoop", loop), place)

    def awaits() -> None:  # three frames: of `watch`, of the call, of the coroutine
        stall.watch(cast("Work", work), 1.0)

    awaits()
    return loop, work


def test_reports_after_two_looks(blocked: WorkerExecutor, caplog: pytest.LogCaptureFixture) -> None:
    """After the time given, and a tenth of it; once."""
    loop, _ = _watch(blocked)
    with caplog.at_level(logging.WARNING, "asgiref.sync"):
        assert [loop.run() for _ in range(2)] == [1.0, 0.1]
    assert [record.name for record in caplog.records] == ["asgiref.sync"]
    assert "the work" in caplog.text
    assert loop.due == []


def test_work_that_has_started_is_not_reported(
    blocked: WorkerExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither before the first look nor between the two."""
    loop, work = _watch(blocked)
    assert loop.run() == 1.0
    work.pending = False
    assert loop.run() == 0.1
    assert loop.due == []
    assert caplog.records == []


@pytest.mark.parametrize(
    "place", [None, object(), WorkerExecutor()], ids=["nowhere", "foreign", "no thread yet"]
)
def test_unknown_home(place: object, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is said of a thread that is not known, or not there yet."""
    loop, work = _watch(place)
    for _ in range(5):
        if loop.due:
            loop.run()
    assert caplog.records == []
    work.pending = False
    if loop.due:
        loop.run()
    assert loop.due == []


def test_home_that_has_gone(caplog: pytest.LogCaptureFixture) -> None:
    """Nor of one that has ended meanwhile."""
    executor = WorkerExecutor()
    executor.submit(int).result()
    executor.shutdown()
    loop, _ = _watch(executor)
    for _ in range(5):
        if loop.due:
            loop.run()
    assert caplog.records == []


def test_foreign_executor_by_what_runs_in_it(
    blocked: WorkerExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    """The threads of a foreign executor are known by the calls that run in them."""
    place = object()
    _, running = _watch(place)
    running.pending, running.runs_in = False, blocked.thread
    loop, waiting = _watch(place)
    waiting.sensitive = False
    with caplog.at_level(logging.WARNING, "asgiref.sync"):
        while len(loop.due) == 1 and not caplog.records:
            loop.run()
    assert "the work, in no task, waits for a thread" in caplog.text
