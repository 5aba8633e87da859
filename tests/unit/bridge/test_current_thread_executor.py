"""`CurrentThreadExecutor`: works in the thread that waits, and drops nothing at its end."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from asgiref._bridge.current_thread_executor import CurrentThreadExecutor, Submitted

if TYPE_CHECKING:
    from collections.abc import Callable


def _from_another_thread(function: Callable[[], object]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(function).result()


def test_runs_what_is_submitted_until_the_future_is_done() -> None:
    """In its own thread, in order; results and errors are in the futures."""
    executor = CurrentThreadExecutor(None)
    end: Future[object] = Future()
    futures: list[Future[int]] = []

    def submit() -> None:
        futures.append(executor.submit(threading.get_ident))
        futures.append(executor.submit(int, "no number"))
        executor.submit(end.set_result, None)

    _from_another_thread(submit)
    executor.run_until_future(end)
    assert futures[0].result() == threading.get_ident()
    with pytest.raises(ValueError, match="invalid literal"):
        futures[1].result()


def test_submit_takes_any_arguments() -> None:
    """Also those named like its own."""
    executor = CurrentThreadExecutor(None)
    end: Future[object] = Future()
    futures: list[Future[dict[str, int]]] = []

    def submit() -> None:
        futures.append(executor.submit(dict, self=1, fn=2))
        executor.submit(end.set_result, None)

    _from_another_thread(submit)
    executor.run_until_future(end)
    assert futures[0].result() == {"self": 1, "fn": 2}


def test_submit_from_its_own_thread_is_an_error() -> None:
    """It could never run."""
    with pytest.raises(RuntimeError, match="own thread"):
        CurrentThreadExecutor(None).submit(int)


def test_run_until_future_elsewhere_is_an_error() -> None:
    """Only the thread that made it works for it."""
    executor = CurrentThreadExecutor(None)

    def run() -> None:
        with pytest.raises(RuntimeError, match="thread that made"):
            executor.run_until_future(Future())

    _from_another_thread(run)


def test_submit_after_the_end_is_an_error() -> None:
    """Where no outer one still runs."""
    outer = CurrentThreadExecutor(None)
    executor = CurrentThreadExecutor(outer)
    executor.close()
    outer.close()

    def submit() -> None:
        with pytest.raises(RuntimeError, match="already quit"):
            executor.submit(int)

    _from_another_thread(submit)


def test_submit_after_the_end_goes_to_the_outer_one() -> None:
    """Where one still runs."""
    outer = CurrentThreadExecutor(None)
    middle = CurrentThreadExecutor(outer)
    inner = CurrentThreadExecutor(middle)
    middle.close()
    inner.close()
    futures: list[Future[int]] = []
    _from_another_thread(lambda: futures.append(inner.submit(threading.get_ident)))
    done: Future[object] = Future()
    done.set_result(None)
    outer.run_until_future(done)
    assert futures[0].result() == threading.get_ident()


def test_what_it_holds_at_its_end_goes_to_the_outer_one() -> None:
    """First closed, then drained: what was accepted runs there, in order."""
    outer = CurrentThreadExecutor(None)
    inner = CurrentThreadExecutor(outer)
    log: list[int] = []
    _from_another_thread(lambda: [inner.submit(log.append, number) for number in range(3)])
    inner.close()
    assert log == []
    assert outer.serve(lambda: True)
    assert log == [0, 1, 2]


def test_what_it_holds_at_its_end_fails_otherwise() -> None:
    """And nobody waits for ever."""
    executor = CurrentThreadExecutor(None)
    futures: list[Future[int]] = []
    _from_another_thread(lambda: futures.append(executor.submit(int)))
    executor.close()
    with pytest.raises(RuntimeError, match="already quit"):
        futures[0].result(0)


class _Item:
    """Notes what becomes of it."""

    def __init__(self, log: list[str]) -> None:
        self._log = log

    def run(self) -> None:
        self._log.append("run")

    def forward(self) -> None:
        self._log.append("forwarded")


def test_whoever_puts_late_drains_itself() -> None:
    """A submission that crosses with the end is forwarded by the one who submits."""
    executor = CurrentThreadExecutor(None)
    log: list[str] = []
    executor.close()
    executor.put(_Item(log))
    assert log == ["forwarded"]


def test_two_threads_that_drain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that closes and the one that puts may be at the same item: neither fails."""
    executor = CurrentThreadExecutor(None)
    log: list[str] = []

    class Items:
        """A queue that the other thread has always emptied just before one takes from it."""

        def __init__(self) -> None:
            self._items: list[_Item] = []

        def append(self, item: _Item) -> None:
            self._items.append(item)

        def __len__(self) -> int:
            return len(self._items)

        def __getitem__(self, index: int) -> _Item:
            while self._items:
                self._items.pop(0).forward()
            return self._items[index]

    monkeypatch.setattr(executor, "_items", Items())
    executor.close()
    executor.put(_Item(log))
    assert log == ["forwarded"]


def test_cancelled_before_it_runs() -> None:
    """A cancelled future's function is not called."""
    executor = CurrentThreadExecutor(None)
    called: list[int] = []
    futures: list[Future[None]] = []
    _from_another_thread(lambda: futures.append(executor.submit(called.append, 1)))
    assert futures[0].cancel()
    executor.serve(lambda: True)
    assert called == []
    with pytest.raises(CancelledError):
        futures[0].result()


def test_interrupted_item_is_run_again() -> None:
    """What a signal handler raises leaves the item at the head of the queue."""
    executor = CurrentThreadExecutor(None)
    log: list[str] = []

    class Item:
        def run(self) -> None:
            log.append("run")
            if len(log) == 1:
                raise KeyboardInterrupt

        def forward(self) -> None:
            log.append("forwarded")

    executor.put(Item())
    with pytest.raises(KeyboardInterrupt):
        executor.serve(lambda: True)
    executor.serve(lambda: True)
    assert log == ["run", "run"]


def test_serve_returns_when_there_is_nothing_to_do() -> None:
    """With an interval, the waiting thread may look around."""
    executor = CurrentThreadExecutor(None)
    assert executor.serve(lambda: False, 0) is False


def test_submitted_runs_once() -> None:
    """However many queues it stands in."""
    log: list[int] = []
    item = Submitted(lambda: log.append(1))
    item.run()
    item.run()
    item.forward()
    assert log == [1]
    assert item.future.done()


def test_many_threads_submit() -> None:
    """No wake-up is lost between threads that put and the one that goes to sleep."""
    executor = CurrentThreadExecutor(None)
    end: Future[object] = Future()
    count = 2_000
    log: list[int] = []

    def submit(offset: int) -> None:
        for number in range(count):
            executor.submit(log.append, offset + number).result()

    def everybody() -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(submit, range(0, 4 * count, count)))
        end.set_result(None)

    thread = threading.Thread(target=everybody)
    thread.start()
    executor.run_until_future(end)
    thread.join()
    assert sorted(log) == list(range(4 * count))


def test_item_that_two_drainers_find_fails_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever puts into a closed executor looks for what is left, as its thread does at the end.

    Both may find the same item; the second of them settles nothing.
    """

    class Raced(Future[object]):
        """The other drainer comes when the first is about to settle it."""

        def set_exception(self, exception: BaseException | None) -> None:
            if not raced:
                raced.append(True)
                executor.put(item)
            super().set_exception(exception)

    raced: list[bool] = []
    monkeypatch.setattr("asgiref._bridge.current_thread_executor.Future", Raced)
    executor = CurrentThreadExecutor(None)
    item = Submitted(int, executor._forward)
    executor.close()
    executor.put(item)
    assert raced == [True]
    with pytest.raises(RuntimeError, match="already quit"):
        item.future.result()
