"""`Mailbox`: one wake-up of the loop for a batch, and none is lost."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from asgiref._bridge.mailbox import Mailbox

if TYPE_CHECKING:
    from collections.abc import Callable


class _Letter:
    def __init__(self, log: list[object], name: object) -> None:
        self.log, self.name = log, name

    def wake(self) -> None:
        self.log.append((self.name, threading.get_ident()))

    def wake_soon(self) -> None:
        self.log.append((self.name, "soon"))


class _CountingLoop(asyncio.SelectorEventLoop):
    """Counts how often it was woken."""

    def __init__(self) -> None:
        super().__init__()
        self.woken = 0

    def call_soon_threadsafe(  # type: ignore[override]  # hands everything on
        self, *args: Any, **kwargs: Any
    ) -> asyncio.Handle:
        self.woken += 1
        return super().call_soon_threadsafe(*args, **kwargs)


def _run_once(loop: asyncio.AbstractEventLoop) -> None:
    loop.call_soon(loop.stop)
    loop.run_forever()


def test_a_batch_wakes_the_loop_once() -> None:
    """Letters arrive in order, in the thread of the loop, by one wake-up."""
    loop = _CountingLoop()
    log: list[object] = []
    mailbox = Mailbox(loop, None)

    def deliver() -> None:
        for number in range(10):
            mailbox.deliver(_Letter(log, number))

    thread = threading.Thread(target=deliver)
    thread.start()
    thread.join()
    assert loop.woken == 1
    assert log == []
    _run_once(loop)
    assert log == [(number, threading.get_ident()) for number in range(10)]
    mailbox.deliver(_Letter(log, "next"))
    assert loop.woken == 2
    _run_once(loop)
    assert len(log) == 11
    loop.close()


def test_a_letter_that_comes_while_it_is_emptied() -> None:
    """It is taken in the same turn or the next, and not left behind."""
    loop = asyncio.SelectorEventLoop()
    log: list[object] = []
    mailbox = Mailbox(loop, None)

    class Answers(_Letter):
        def wake(self) -> None:
            super().wake()
            mailbox.deliver(_Letter(log, "answer"))

    mailbox.deliver(Answers(log, "question"))
    _run_once(loop)
    _run_once(loop)
    here = threading.get_ident()
    assert log == [("question", here), ("answer", here)]
    loop.close()


def test_a_batch_that_is_cut_short_is_taken_up_again() -> None:
    """A ``KeyboardInterrupt`` between two letters leaves the rest for when the loop runs again."""
    loop = asyncio.SelectorEventLoop()
    log: list[object] = []
    mailbox = Mailbox(loop, None)

    class Interrupted(_Letter):
        def wake(self) -> None:
            if self.name not in log:
                log.append(self.name)
                raise KeyboardInterrupt

    mailbox.deliver(Interrupted(log, "interrupted"))
    mailbox.deliver(_Letter(log, "later"))
    loop.call_soon(loop.stop)
    with pytest.raises(KeyboardInterrupt):
        loop.run_forever()
    _run_once(loop)
    assert log == ["interrupted", ("later", threading.get_ident())]
    loop.close()


def test_a_closed_loop_gets_no_letters() -> None:
    """Delivering there is no error: nobody waits any more, and nothing is kept."""
    loop = asyncio.SelectorEventLoop()
    mailbox = Mailbox(loop, None)
    loop.close()
    letter = _Letter([], "late")
    alive = weakref.ref(letter)
    mailbox.deliver(letter)
    mailbox.deliver(letter)
    del letter
    assert alive() is None


def test_a_signal_while_the_loop_is_told() -> None:
    """What a handler raises there comes out, and the next letter wakes the loop all the same."""
    log: list[object] = []

    class Interrupted(_CountingLoop):
        def call_soon_threadsafe(  # type: ignore[override]  # hands everything on
            self, *args: Any, **kwargs: Any
        ) -> asyncio.Handle:
            handle = super().call_soon_threadsafe(*args, **kwargs)
            if self.woken == 1:
                raise KeyboardInterrupt
            return handle

    loop = Interrupted()
    mailbox = Mailbox(loop, None)
    letter = _Letter(log, "letter")
    with pytest.raises(KeyboardInterrupt):
        mailbox.deliver(letter)
    mailbox.deliver(letter)
    assert loop.woken == 2
    _run_once(loop)
    assert log != []
    loop.close()


def test_it_does_not_keep_the_loop() -> None:
    """The thread of the loop keeps the mailbox; the loop may go."""
    loop = asyncio.SelectorEventLoop()
    mailbox = Mailbox(loop, None)
    alive = weakref.ref(loop)
    loop.close()
    del loop
    gc.collect()
    assert alive() is None
    mailbox.deliver(_Letter([], "nobody"))


def test_waking_may_run_the_loop_itself() -> None:
    """A letter that runs the loop within its task's step (as in notebooks): none is lost.

    What the nested run has taken out is not taken out again, and what came after it is woken.
    """
    told: list[Callable[[], object]] = []

    class Nested(_CountingLoop):
        def call_soon_threadsafe(  # type: ignore[override]  # the test runs what it is given
            self, callback: Callable[[], object], *args: Any, **kwargs: Any
        ) -> asyncio.Handle:
            told.append(callback)
            return asyncio.Handle(callback, (), self)

    loop = Nested()
    log: list[object] = []
    mailbox = Mailbox(loop, None)

    class Nests(_Letter):
        def wake(self) -> None:
            super().wake()
            if len(log) == 1:
                mailbox.deliver(_Letter(log, "before"))
                told.pop(0)()
                mailbox.deliver(_Letter(log, "after"))

    mailbox.deliver(Nests(log, "nests"))
    mailbox.deliver(_Letter(log, "next"))
    while told:
        told.pop(0)()
    here = threading.get_ident()
    assert log == [(name, here) for name in ("nests", "nests", "next", "before", "after")]
    loop.close()


def test_debug_mode() -> None:
    """In debug mode each task goes on in a callback of its own, which asyncio can time."""
    log: list[object] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_debug(True)
        Mailbox(loop, None).deliver(_Letter(log, "letter"))
        await asyncio.sleep(0)

    asyncio.run(main())
    assert log == [("letter", "soon")]
