"""Rules R8 to R11 of the bridge: context variables, locals and exceptions travel."""

# ruff: noqa: PT017  # what is tested is how things are while an exception is handled

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import threading
import traceback
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, ContextVar, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from asgiref._bridge.async_to_sync import async_to_sync
from asgiref._bridge.context import storage
from asgiref._bridge.iterators import async_to_sync_iter
from asgiref._bridge.local import Local
from asgiref._bridge.sync_to_async import SyncToAsync, sync_to_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

var: ContextVar[object] = ContextVar("var", default="unset")
other: ContextVar[object] = ContextVar("other", default="unset")

SENSITIVE = pytest.mark.parametrize("sensitive", [True, False], ids=["sensitive", "insensitive"])
FORCE = pytest.mark.parametrize("force", [False, True], ids=["own loop", "fresh loop"])


class CannotBeCompared:
    """A value as some libraries have them: comparing one is an error."""

    __hash__ = None  # type: ignore[assignment]  # neither can it be hashed

    def __eq__(self, _: object) -> bool:
        raise AssertionError("somebody compared this")

    def __bool__(self) -> bool:
        raise AssertionError("somebody asked for the truth of this")


@pytest.fixture(autouse=True)
def _clean_variables() -> Iterator[None]:
    tokens = var.set("outside"), other.set("untouched")
    yield
    var.reset(tokens[0])
    other.reset(tokens[1])


async def _turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


# R8 ---------------------------------------------------------------------------------------------


@SENSITIVE
def test_variables_travel_into_a_thread_and_back(sensitive: bool) -> None:
    """R8: what a task has set is seen in the thread, what is set there is seen in the task."""

    def work() -> object:
        seen = var.get()
        var.set("inside")
        return seen

    async def main() -> None:
        var.set("task")
        assert await sync_to_async(work, thread_sensitive=sensitive)() == "task"
        assert var.get() == "inside"
        assert other.get() == "untouched"

    asyncio.run(main())
    async_to_sync(main)()


@FORCE
def test_variables_travel_into_a_coroutine_and_back(force: bool) -> None:
    """R8: what a thread has set is seen in the coroutine, what is set there comes back."""

    async def coroutine() -> object:
        await asyncio.sleep(0)
        seen = var.get()
        var.set("coroutine")
        return seen

    def work() -> None:
        var.set("thread")
        assert async_to_sync(coroutine, force_new_loop=force)() == "thread"
        assert var.get() == "coroutine"

    async def main() -> object:
        await sync_to_async(work)()
        return var.get()

    work()
    var.set("outside")
    assert asyncio.run(main()) == "coroutine"
    assert var.get() == "outside"  # a task has a context of its own


@SENSITIVE
def test_variables_come_back_from_work_that_raises(sensitive: bool) -> None:
    """R8: values changed inside are visible outside also when the call raises."""

    def work() -> NoReturn:
        var.set("inside")
        raise LookupError

    async def main() -> None:
        with pytest.raises(LookupError):
            await sync_to_async(work, thread_sensitive=sensitive)()
        assert var.get() == "inside"

    asyncio.run(main())


@FORCE
def test_variables_come_back_from_a_coroutine_that_raises(force: bool) -> None:
    """R8: the same in the other direction."""

    async def coroutine() -> NoReturn:
        var.set("inside")
        raise LookupError

    def work() -> None:
        with pytest.raises(LookupError):
            async_to_sync(coroutine, force_new_loop=force)()
        assert var.get() == "inside"

    work()
    asyncio.run(sync_to_async(work)())


def test_variables_travel_through_every_level() -> None:
    """R8: each level sees what the last one did, in and out, whatever it runs in."""
    log: list[object] = []

    async def coroutine(depth: int) -> None:
        log.append(var.get())
        var.set(("async in", depth))
        if depth:
            await sync_to_async(work, thread_sensitive=depth % 2 == 0)(depth)
        log.append(var.get())
        var.set(("async out", depth))

    def work(depth: int) -> None:
        log.append(var.get())
        var.set(("sync in", depth))
        async_to_sync(coroutine)(depth - 1)
        log.append(var.get())
        var.set(("sync out", depth))

    async_to_sync(coroutine)(2)
    assert log == [
        "outside",
        ("async in", 2),
        ("sync in", 2),
        ("async in", 1),
        ("sync in", 1),
        ("async in", 0),
        ("async out", 0),
        ("sync out", 1),
        ("async out", 1),
        ("sync out", 2),
    ]
    assert var.get() == ("async out", 2)


def test_new_variables_come_back() -> None:
    """R8: a variable that is set nowhere else travels too."""
    fresh: ContextVar[int] = ContextVar("fresh")

    async def main() -> int:
        await sync_to_async(fresh.set)(1)
        return fresh.get()

    assert asyncio.run(main()) == 1


def test_changes_survive_an_inner_call() -> None:
    """R8: what the thread set before an inner call, and what that set, both reach the task."""

    async def coroutine() -> None:
        other.set("coroutine")

    def work() -> None:
        var.set("before")
        async_to_sync(coroutine)()
        assert (var.get(), other.get()) == ("before", "coroutine")
        var.set("after")

    async def main() -> tuple[object, object]:
        await sync_to_async(work)()
        return var.get(), other.get()

    assert asyncio.run(main()) == ("after", "coroutine")


def test_no_change_sets_nothing() -> None:
    """R8: variables that did not change are not set again."""
    seen: list[bool] = []

    async def coroutine() -> object:
        await sync_to_async(var.get)()
        return storage(copy_context())

    before = storage(copy_context())
    async_to_sync(coroutine)()
    assert storage(copy_context()) is before

    async def main() -> None:
        mine = storage(copy_context())
        await sync_to_async(var.get)()
        seen.append(storage(copy_context()) is mine)

    asyncio.run(main())
    assert seen == [True]


def test_unchanged_variables_are_not_put_back() -> None:
    """R8: nor does a call undo what another task set meanwhile in a context that both share."""
    started, release = threading.Event(), threading.Event()

    def work() -> object:
        started.set()
        release.wait()
        return var.get()

    async def main() -> None:
        context = copy_context()
        loop = asyncio.get_running_loop()

        async def call() -> object:
            return await sync_to_async(work)()

        async def change() -> None:
            await asyncio.to_thread(started.wait)
            var.set("changed meanwhile")
            release.set()

        calling = loop.create_task(call(), context=context)
        await loop.create_task(change(), context=context)
        assert await calling == "outside"
        assert context[var] == "changed meanwhile"

    asyncio.run(main())


def test_values_that_cannot_be_compared_travel() -> None:
    """R8: whether a variable changed is asked by identity, never by ``==``."""
    first, second = CannotBeCompared(), CannotBeCompared()

    async def coroutine() -> None:
        await sync_to_async(var.set)(second)

    var.set(first)
    other.set(first)
    async_to_sync(coroutine)()
    assert var.get() is second
    assert other.get() is first


def test_equal_values_are_told_apart() -> None:
    """R8: a value that is replaced by an equal one has changed."""
    one, two = [1], [1]

    async def main() -> None:
        var.set(one)
        await sync_to_async(var.set)(two)
        assert var.get() is two

    asyncio.run(main())


@SENSITIVE
def test_given_context_is_exactly_that(sensitive: bool) -> None:
    """R8: ``context=`` runs the call in exactly that context, and nothing leaves it."""
    context = Context()

    def work() -> tuple[object, bool]:
        seen = var.get()
        var.set("inside")
        return seen, var in context

    async def main() -> None:
        wrapped = sync_to_async(work, thread_sensitive=sensitive, context=context)
        assert await wrapped() == ("unset", True)
        assert await wrapped() == ("inside", True)
        assert var.get() == "outside"
        assert context[var] == "inside"

    asyncio.run(main())


def test_given_context_reaches_the_coroutines_below() -> None:
    """R8: a coroutine below sees that context, and its changes come back to it alone."""
    context = Context()

    async def coroutine() -> object:
        seen = var.get()
        var.set("coroutine")
        return seen

    def work() -> object:
        var.set("work")
        seen = async_to_sync(coroutine)()
        assert var.get() == "coroutine"
        return seen

    async def main() -> None:
        assert await sync_to_async(work, context=context)() == "work"
        assert var.get() == "outside"

    asyncio.run(main())
    assert context[var] == "coroutine"


def test_calls_that_share_a_context_take_turns() -> None:
    """R8: the second of two calls that share a context waits, and keeps no thread meanwhile."""
    context = Context()
    log: list[str] = []
    inside, other_done = threading.Event(), threading.Event()

    def first() -> None:
        inside.set()
        other_done.wait()
        log.append("first")

    async def main() -> None:
        with ThreadPoolExecutor(2) as own:

            def wrapped(function: Callable[[], object], given: Context | None) -> Any:
                return sync_to_async(
                    function, thread_sensitive=False, executor=own, context=given
                )()

            calls = [asyncio.create_task(wrapped(first, context))]
            await asyncio.to_thread(inside.wait)
            for number in range(2):
                say = partial(log.append, f"later {number}")
                calls.append(asyncio.create_task(wrapped(say, context)))
                await _turns()
            # Both threads would be taken if the waiting calls held one.
            await wrapped(lambda: log.append("without"), None)
            other_done.set()
            await asyncio.gather(*calls)

    asyncio.run(main())
    assert log[:2] == ["without", "first"]
    assert sorted(log[2:]) == ["later 0", "later 1"]


@SENSITIVE
def test_many_calls_share_a_context(sensitive: bool) -> None:
    """R8: however many they are, all have their turn; none sees another one inside."""
    context = Context()
    inside: list[int] = []
    most: list[int] = []
    release = threading.Event()

    def work(number: int) -> int:
        inside.append(number)
        release.wait()
        most.append(len(inside))
        inside.remove(number)
        return number

    async def main() -> None:
        loop = asyncio.get_running_loop()
        debug = loop.get_debug()
        loop.set_debug(True)  # it would notice if another thread sent the work that waited
        wrapped = sync_to_async(work, thread_sensitive=sensitive, context=context)
        calls = [asyncio.create_task(wrapped(number)) for number in range(100)]
        if not sensitive:
            # Runs when the threads of the pool are free of those that wait for the context.
            await sync_to_async(release.set, thread_sensitive=False)()
        release.set()
        numbers = await asyncio.gather(*calls)
        loop.set_debug(debug)
        assert numbers == list(range(100))

    asyncio.run(main())
    async_to_sync(main)()
    assert set(most) == {1}


def test_shared_context_is_free_after_an_error() -> None:
    """R8: a call that raised has left its context."""
    context = Context()

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await sync_to_async(divmod, context=context)(1, 0)
        assert await sync_to_async(divmod, context=context)(7, 2) == (3, 1)

    asyncio.run(main())


def test_call_whose_turn_it_is_does_not_keep_others_from_it() -> None:
    """R8: one that is called while its home is busy leaves the context to one that can run.

    The home waits for that one, so it could never run otherwise.
    """
    context = Context()
    inside, release, busy = threading.Event(), threading.Event(), threading.Event()

    def holds() -> None:
        inside.set()
        release.wait()

    async def below() -> str:
        call = asyncio.create_task(
            sync_to_async(str, thread_sensitive=False, context=context)("below")
        )
        await _turns()
        release.set()
        return await call

    def keeps_home_busy() -> str:
        busy.wait()
        return async_to_sync(below)()

    async def main() -> None:
        first = asyncio.create_task(sync_to_async(holds, thread_sensitive=False, context=context)())
        await asyncio.to_thread(inside.wait)
        # Finds the context taken, is parked, and leaves its home to the next.
        second = asyncio.create_task(sync_to_async(str, context=context)("second"))
        third = asyncio.create_task(sync_to_async(keeps_home_busy)())
        await _turns()
        busy.set()
        await first
        assert await second == "second"
        assert await third == "below"

    asyncio.run(main())


def test_cancelled_call_gives_up_its_turn() -> None:
    """R8, R12: a call that is cancelled while it waits for the context never starts."""
    context = Context()
    log: list[str] = []
    inside, release = threading.Event(), threading.Event()

    def first() -> None:
        inside.set()
        release.wait()

    async def main() -> None:
        with ThreadPoolExecutor(3) as own:

            def wrapped(function: Callable[[], object]) -> Any:
                return sync_to_async(
                    function, thread_sensitive=False, executor=own, context=context
                )()

            holder = asyncio.create_task(wrapped(first))
            await asyncio.to_thread(inside.wait)
            waiting = asyncio.create_task(wrapped(lambda: log.append("cancelled")))
            last = asyncio.create_task(wrapped(lambda: log.append("last")))
            await _turns()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            release.set()
            await asyncio.gather(holder, last)

    asyncio.run(main())
    assert log == ["last"]


# R9 ---------------------------------------------------------------------------------------------


@SENSITIVE
def test_local_follows_the_call_tree(sensitive: bool) -> None:
    """R9: a ``Local`` is seen, written and deleted across both bridges."""
    local = Local()

    def work() -> None:
        assert local.value == "coroutine"
        local.value = "work"
        async_to_sync(deepest)()
        assert local.value == "deepest"
        del local.gone

    async def deepest() -> None:
        assert local.value == "work"
        local.value = "deepest"

    async def coroutine() -> None:
        assert local.value == "thread"
        local.value = "coroutine"
        local.gone = True
        await sync_to_async(work, thread_sensitive=sensitive)()
        assert local.value == "deepest"
        assert not hasattr(local, "gone")

    local.value = "thread"
    async_to_sync(coroutine)()
    assert local.value == "deepest"


def test_local_through_to_thread() -> None:
    """R9: ``asyncio.to_thread`` sees it, except where every new thread would."""
    local = Local()

    async def main() -> object:
        local.value = 1
        return await asyncio.to_thread(getattr, local, "value", None)

    inherits = getattr(sys.flags, "thread_inherit_context", 0)
    assert asyncio.run(main()) == (None if inherits else 1)


def test_local_in_a_plain_thread() -> None:
    """R9: a plain new thread sees none of it."""
    local = Local()
    local.value = 1
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(getattr, local, "value", None).result() is None


@SENSITIVE
def test_thread_critical_local_does_not_cross(sensitive: bool) -> None:
    """R9: ``thread_critical=True`` does not cross threads, in either direction."""
    local = Local(thread_critical=True)

    def work() -> None:
        assert not hasattr(local, "value")
        local.value = "work"
        async_to_sync(coroutine)()
        assert local.value == "work"
        del local.value

    async def coroutine() -> None:
        assert getattr(local, "value", "none") != "work"

    async def main() -> None:
        assert not hasattr(local, "value")
        local.value = "task"
        await sync_to_async(work, thread_sensitive=sensitive)()
        assert local.value == "task"

    asyncio.run(main())
    if not sensitive:
        local.value = "thread"
        async_to_sync(main)()
        assert local.value == "thread"


# R10 --------------------------------------------------------------------------------------------


class OddError(Exception):
    """An exception that lets nobody touch it."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AssertionError(f"somebody set {name}")

    @property
    def __traceback__(self) -> Any:
        """Is of no use either."""
        raise AssertionError("somebody read the traceback")

    @__traceback__.setter
    def __traceback__(self, value: Any) -> None:
        raise AssertionError("somebody set the traceback")


@pytest.mark.parametrize("kind", [ValueError, OddError])
@SENSITIVE
def test_handled_exception_is_visible_in_a_thread(kind: type[Exception], sensitive: bool) -> None:
    """R10: the caller's ``sys.exc_info()`` is visible inside."""

    async def main() -> None:
        wrapped = sync_to_async(sys.exc_info, thread_sensitive=sensitive)
        assert await wrapped() == (None, None, None)
        error = kind("handled")
        try:
            raise error
        except kind:
            seen = await wrapped()
        assert seen[0] is kind
        assert seen[1] is error

    asyncio.run(main())


@pytest.mark.parametrize("kind", [ValueError, OddError])
@FORCE
def test_handled_exception_is_visible_in_a_coroutine(kind: type[Exception], force: bool) -> None:
    """R10: both ways."""

    async def coroutine() -> Any:
        await asyncio.sleep(0)
        return sys.exc_info()

    def work() -> None:
        wrapped = async_to_sync(coroutine, force_new_loop=force)
        assert wrapped() == (None, None, None)
        error = kind("handled")
        try:
            raise error
        except kind:
            seen = wrapped()
        assert seen[0] is kind
        assert seen[1] is error

    work()
    asyncio.run(sync_to_async(work)())


def _state_of(error: BaseException) -> list[object]:
    return [
        error.__context__,
        error.__cause__,
        error.__suppress_context__,
        *(entry.tb_frame for entry in _entries(error)),
    ]


def _entries(error: BaseException) -> list[Any]:
    entries, entry = [], error.__traceback__
    while entry is not None:
        entries.append(entry)
        entry = entry.tb_next
    return entries


def test_handled_exception_is_left_as_it_was() -> None:
    """R10: no traceback frames, context or cause are added to it, however deep it goes."""

    async def coroutine(depth: int) -> None:
        if depth:
            await sync_to_async(work, thread_sensitive=depth % 2 == 0)(depth)

    def work(depth: int) -> None:
        assert str(sys.exception() if sys.version_info >= (3, 11) else "") == "handled"
        async_to_sync(coroutine)(depth - 1)

    async def main() -> None:
        try:
            try:
                raise LookupError("context")
            except LookupError as context:
                raise ValueError("handled") from context
        except ValueError as error:
            before, entries = _state_of(error), _entries(error)
            await coroutine(3)
            assert _state_of(error) == before
            assert _entries(error) == entries
            assert sys.exception() is error

    asyncio.run(main())
    async_to_sync(main)()


def test_handled_exception_shared_by_calls_awaited_together() -> None:
    """R10: it is left as it was also by calls that run beside each other."""
    error = ValueError("handled")
    before: list[object] = []
    wrapped = sync_to_async(sys.exception, thread_sensitive=False)

    async def call(everybody: asyncio.Event, handling: list[int]) -> object:
        try:
            raise error
        except ValueError:
            handling.append(1)
            if len(handling) == 50:
                before.extend((*_state_of(error), *_entries(error)))
                everybody.set()
            await everybody.wait()
            return await wrapped()

    async def main() -> None:
        everybody, handling = asyncio.Event(), list[int]()
        seen = await asyncio.gather(*(call(everybody, handling) for _ in range(50)))
        assert [each is error for each in seen] == [True] * 50
        assert [*_state_of(error), *_entries(error)] == before

    asyncio.run(main())


def test_error_raised_while_another_is_handled() -> None:
    """R10, R11: an error raised inside has the handled one as its context, as without a bridge."""

    def work() -> NoReturn:
        raise LookupError("inside")

    async def main() -> None:
        try:
            raise ValueError("handled")
        except ValueError as handled:
            with pytest.raises(LookupError) as caught:
                await sync_to_async(work)()
            assert caught.value.__context__ is handled
            assert handled.__context__ is None

    asyncio.run(main())


def test_handled_exception_is_not_visible_to_the_next_call() -> None:
    """R10: the worker forgets it."""

    async def main() -> None:
        try:
            raise ValueError
        except ValueError:
            await sync_to_async(int)()
        assert await sync_to_async(sys.exc_info)() == (None, None, None)

    asyncio.run(main())


# R11 --------------------------------------------------------------------------------------------


class Base(BaseException):
    """No ``Exception``."""


ALL_KINDS = [
    LookupError("no"),
    Base("no"),
    SystemExit(3),
    KeyboardInterrupt(),
    GeneratorExit(),
    OddError("no"),
]


def _names(error: BaseException) -> list[str]:
    entry = BaseException.__dict__["__traceback__"].__get__(error)
    return [frame.name for frame in traceback.extract_tb(entry)]


@pytest.mark.parametrize("error", ALL_KINDS, ids=lambda error: type(error).__name__)
@SENSITIVE
def test_exception_of_work_arrives(error: BaseException, sensitive: bool) -> None:
    """R11: as the same object, with a traceback that shows both sides; all kinds travel."""

    def raises_it() -> NoReturn:
        raise error

    async def awaits_it() -> None:
        await sync_to_async(raises_it, thread_sensitive=sensitive)()

    async def main() -> None:
        try:
            await awaits_it()
        except BaseException as caught:  # noqa: BLE001  # any kind travels
            assert caught is error
            names = _names(caught)
            assert names[0] == "main"
            assert "awaits_it" in names
            assert names[-1] == "raises_it"
        else:
            pytest.fail("nothing was raised")

    asyncio.run(main())


@pytest.mark.parametrize("error", ALL_KINDS, ids=lambda error: type(error).__name__)
@FORCE
def test_exception_of_a_coroutine_arrives(error: BaseException, force: bool) -> None:
    """R11: the same in the other direction."""

    async def raises_it() -> NoReturn:
        await asyncio.sleep(0)
        raise error

    def calls_it() -> None:
        async_to_sync(raises_it, force_new_loop=force)()

    def work() -> None:
        try:
            calls_it()
        except BaseException as caught:  # noqa: BLE001  # any kind travels
            assert caught is error
            names = _names(caught)
            assert names[0] == "work"
            assert "calls_it" in names
            assert names[-1] == "raises_it"
        else:
            pytest.fail("nothing was raised")

    work()
    asyncio.run(sync_to_async(work)())
    # The loop that saw it goes on.
    assert async_to_sync(asyncio.sleep)(0) is None


def test_stop_iteration_arrives_as_runtime_error() -> None:
    """R11: ``StopIteration`` arrives as ``RuntimeError`` with it as the cause, both ways."""

    async def coroutine() -> None:
        await sync_to_async(next)(iter(()))

    def work() -> None:
        with pytest.raises(RuntimeError) as caught:
            async_to_sync(coroutine)()
        assert isinstance(caught.value.__cause__, StopIteration)

    work()
    asyncio.run(sync_to_async(work)())


def test_context_and_cause_are_kept() -> None:
    """R11: what the exception says about its own past stays as it was raised."""
    cause, context = LookupError("cause"), KeyError("context")

    def work() -> NoReturn:
        try:
            raise context
        except KeyError:
            raise ValueError("inside") from cause

    async def main() -> None:
        with pytest.raises(ValueError, match="inside") as caught:
            await sync_to_async(work)()
        assert caught.value.__cause__ is cause
        assert caught.value.__context__ is context

    async def coroutine() -> None:
        work()

    asyncio.run(main())
    with pytest.raises(ValueError, match="inside") as caught:
        async_to_sync(coroutine)()
    assert caught.value.__cause__ is cause
    assert caught.value.__context__ is context


class Argument:
    """Something that is heard of when it dies."""


async def _fails(argument: Argument) -> NoReturn:
    raise LookupError(argument)


def _fails_in_thread(argument: Argument) -> NoReturn:
    raise LookupError(argument)


async def _work_that_fails(argument: Argument) -> None:
    await sync_to_async(_fails_in_thread)(argument)


async def _insensitive_work_that_fails(argument: Argument) -> None:
    await sync_to_async(_fails_in_thread, thread_sensitive=False)(argument)


async def _coroutine_that_fails(argument: Argument) -> None:
    await sync_to_async(async_to_sync(_fails))(argument)


@pytest.mark.parametrize(
    "path", [_work_that_fails, _insensitive_work_that_fails, _coroutine_that_fails]
)
def test_no_cycle_is_left_for_a_task(path: Callable[[Argument], Awaitable[None]]) -> None:
    """R11: once the caller drops the exception, frames and arguments die by counting alone."""

    async def main() -> None:
        for _ in range(50):
            argument = Argument()
            alive = weakref.ref(argument)
            try:
                await path(argument)
            except LookupError as error:
                assert error.args == (argument,)
            del argument
            assert alive() is None

    gc.collect()
    gc.disable()
    try:
        asyncio.run(main())
    finally:
        gc.enable()


@FORCE
@pytest.mark.parametrize("path", [_fails, _work_that_fails, _coroutine_that_fails])
def test_no_cycle_is_left_for_a_thread(
    path: Callable[[Argument], Awaitable[None]], force: bool
) -> None:
    """R11: on both paths."""
    call = async_to_sync(path, force_new_loop=force)
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            argument = Argument()
            alive = weakref.ref(argument)
            try:
                call(argument)
            except LookupError as error:
                assert error.args == (argument,)
            del argument
            assert alive() is None
    finally:
        gc.enable()


def test_nothing_is_kept_of_a_call_that_returned() -> None:
    """R11: nor is anything kept of arguments and results."""

    def work(argument: Argument) -> Argument:
        del argument
        return Argument()

    async def main() -> None:
        for _ in range(50):
            argument = Argument()
            result = await sync_to_async(work)(argument)
            alive = weakref.ref(argument), weakref.ref(result)
            del argument, result
            assert [each() for each in alive] == [None, None]

    gc.disable()
    try:
        asyncio.run(main())
        async_to_sync(main)()
    finally:
        gc.enable()


class Holder:
    """Something whose methods are bridged; it has no way to be told of its end but by counting."""

    async def coroutine(self) -> None:
        """Do nothing."""

    async def fails(self) -> NoReturn:
        raise LookupError

    def work(self) -> None:
        """Do nothing."""

    async def nested(self) -> None:
        await sync_to_async(async_to_sync(self.coroutine))()

    async def items(self) -> AsyncIterator[int]:
        yield 1
        yield 2


def _call_coroutine(holder: Holder) -> None:
    async_to_sync(holder.coroutine)()


def _call_fresh(holder: Holder) -> None:
    async_to_sync(holder.coroutine, force_new_loop=True)()


def _call_failing(holder: Holder) -> None:
    with contextlib.suppress(LookupError):
        async_to_sync(holder.fails)()


def _call_nested(holder: Holder) -> None:
    async_to_sync(holder.nested)()


def _iterate(holder: Holder) -> None:
    assert list(async_to_sync_iter(holder.items)()) == [1, 2]


def _iterate_partly(holder: Holder) -> None:
    with contextlib.closing(async_to_sync_iter(holder.items)()) as items:
        assert next(items) == 1


@pytest.mark.parametrize(
    "use",
    [_call_coroutine, _call_fresh, _call_failing, _call_nested, _iterate, _iterate_partly],
)
def test_nothing_is_kept_of_what_was_called(use: Callable[[Holder], None]) -> None:
    """R11: nor of the wrapped callable, its object, or of the call itself, by way of a cycle."""
    use(Holder())  # what is made once only
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            holder = Holder()
            alive = weakref.ref(holder)
            use(holder)
            del holder
            assert alive() is None
    finally:
        gc.enable()


@SENSITIVE
def test_nothing_is_kept_of_the_work_that_was_called(sensitive: bool) -> None:
    """R11: as soon as the awaiting task goes on."""

    async def main() -> None:
        for _ in range(50):
            holder = Holder()
            alive = weakref.ref(holder)
            await sync_to_async(holder.work, thread_sensitive=sensitive)()
            del holder
            assert alive() is None

    gc.disable()
    try:
        asyncio.run(main())
    finally:
        gc.enable()


def test_context_attribute_may_change_while_a_call_is_in_flight() -> None:
    """A call keeps the ``context=`` that it was made with, and leaves that one."""
    first, second = Context(), Context()
    changed = threading.Event()

    def work() -> object:
        changed.wait()
        var.set("inside")
        return None

    async def main() -> None:
        wrapped = SyncToAsync(work, False, None, first)
        call = asyncio.create_task(wrapped())
        await _turns()
        wrapped.context = second
        changed.set()
        await call
        assert first[var] == "inside"
        assert var not in second
        # It is free for the next one.
        assert await sync_to_async(var.get, context=first)() == "inside"

    asyncio.run(main())
