"""`Local`: any name, any number of contexts, and nothing left when it dies."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import Any

import pytest

from asgiref._bridge.local import Local

KINDS = pytest.mark.parametrize("critical", [False, True], ids=["plain", "thread critical"])
NAMES = ["_storage", "_lock", "cvar", "_written", "_read", "_threads", "__custom__", "value", "x y"]


class Value:
    """Something that is heard of when it dies."""


@KINDS
@pytest.mark.parametrize("name", NAMES)
def test_any_name_works(critical: bool, name: str) -> None:
    """Set, read, delete; missing ones are an ``AttributeError`` that names them."""
    local = Local(critical)
    with pytest.raises(AttributeError, match=name) as caught:
        getattr(local, name)
    assert caught.value.name == name
    assert caught.value.obj is local
    with pytest.raises(AttributeError, match=name):
        delattr(local, name)
    setattr(local, name, 1)
    assert getattr(local, name) == 1
    setattr(local, name, 2)
    assert getattr(local, name) == 2
    delattr(local, name)
    assert not hasattr(local, name)


@KINDS
def test_any_name_works_in_a_task(critical: bool) -> None:
    """The same where a loop runs."""

    async def main() -> None:
        for name in NAMES:
            test_any_name_works(critical, name)

    asyncio.run(main())


@KINDS
def test_subclassing_is_refused(critical: bool) -> None:
    """As in 3.13.0, with the way out in the text."""
    with pytest.raises(TypeError, match="cannot be subclassed"):
        type("Mine", (type(Local(critical)),), {})
    assert isinstance(Local(critical), Local)


@KINDS
def test_locals_do_not_see_each_other(critical: bool) -> None:
    """Each has values of its own."""
    one, two = Local(critical), Local(critical)
    one.value = 1
    assert not hasattr(two, "value")


@KINDS
def test_tasks_inherit_and_do_not_disturb(critical: bool) -> None:
    """A task sees what was set where it was created; what it sets is its own."""
    local = Local(critical)

    async def child(own: int) -> tuple[int, int]:
        inherited = local.value
        local.value = own
        await asyncio.sleep(0)
        return inherited, local.value

    async def main() -> None:
        local.value = 0
        assert list(await asyncio.gather(child(1), child(2))) == [(0, 1), (0, 2)]
        assert local.value == 0

    asyncio.run(main())


def test_thread_critical_outside_and_inside_of_a_loop() -> None:
    """Tasks do not see what their thread had set outside of them, nor the other way round."""
    local = Local(thread_critical=True)
    local.value = "thread"

    async def main() -> None:
        assert not hasattr(local, "value")
        local.value = "task"

    asyncio.run(main())
    assert local.value == "thread"


def test_thread_critical_in_a_carried_context() -> None:
    """Values do not cross threads, also where the context does."""
    local = Local(thread_critical=True)

    async def main() -> None:
        local.value = 1
        context = copy_context()
        with ThreadPoolExecutor(1) as pool:

            async def look() -> Any:
                return getattr(local, "value", None)

            seen = pool.submit(context.run, lambda: asyncio.run(look())).result()
        assert seen is None

    asyncio.run(main())


def test_a_context_is_a_snapshot() -> None:
    """A copied context keeps the values of then; other contexts have none."""
    local = Local()
    local.value = 1
    snapshot = copy_context()
    local.value = 2
    assert snapshot.run(getattr, local, "value") == 1
    assert Context().run(getattr, local, "value", None) is None
    del local.value
    assert snapshot.run(getattr, local, "value") == 1


@KINDS
def test_dead_local_frees_what_it_held(critical: bool) -> None:
    """At once and in every context, by counting alone, also in those that live on."""
    local = Local(critical)
    contexts: list[Context] = []
    alive: list[weakref.ref[Value]] = []

    def write(local: Any) -> None:
        local.value = Value()
        alive.append(weakref.ref(local.value))
        contexts.append(copy_context())

    async def main(local: Any) -> None:
        write(local)
        write(local)

    asyncio.run(main(local))
    write(local)
    gc.collect()
    gc.disable()
    try:
        assert alive[2]() is not None
        del local
        assert [each() for each in alive] == [None] * 3
    finally:
        gc.enable()


def test_dead_thread_frees_what_it_held() -> None:
    """The thread-critical values of a thread end with it."""
    local = Local(thread_critical=True)
    alive: list[weakref.ref[Value]] = []

    def work() -> None:
        local.value = Value()
        alive.append(weakref.ref(local.value))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    gc.collect()
    assert alive[0]() is None


def test_overwritten_values_are_freed() -> None:
    """A ``Local`` keeps no history."""
    local = Local()
    local.value = Value()
    alive = weakref.ref(local.value)
    local.value = None
    assert alive() is None


@pytest.mark.parametrize("held", [0, 20], ids=["no other context", "other contexts"])
def test_many_writes_keep_nothing(held: int) -> None:
    """Neither values nor what is noted of them grow with the number of writes."""
    local = Local()
    contexts: list[Context] = []
    for number in range(1_000):
        local.value = number
        if number < held:
            contexts.append(copy_context())
    gc.collect()
    before = len(gc.get_objects())
    for number in range(10_000):
        local.value = number
    gc.collect()
    assert len(gc.get_objects()) - before < 100
    assert [context.run(lambda: local.value) for context in contexts] == [*range(held)]


def test_dead_local_frees_what_many_contexts_hold() -> None:
    """Also among many values that were dropped before."""
    local = Local()
    contexts: list[Context] = []
    alive: list[weakref.ref[Value]] = []
    for number in range(1_000):
        local.value = Value()
        if number % 5 == 0:
            alive.append(weakref.ref(local.value))
            contexts.append(copy_context())
    assert all(each() is not None for each in alive)
    del local
    assert [each() for each in alive] == [None] * 200


@KINDS
def test_special_methods_work(critical: bool) -> None:
    """``repr``, ``==``, hashing, ``isinstance`` and weak references are those of any object."""
    local = Local(critical)
    assert "Local" in repr(local)
    assert local == local  # that is the question
    assert local != Local(critical)
    assert {local: 1}[local] == 1
    assert weakref.ref(local)() is local
    assert local.__class__.__mro__[-2] is Local


def test_concurrent_threads() -> None:
    """Threads that write and drop contexts at the same time do not disturb each other."""
    local = Local()
    barrier = threading.Barrier(4)

    def work(own: int) -> bool:
        barrier.wait()
        for number in range(500):
            local.value = (own, number)
            if local.value != (own, number):
                return False
            Context().run(setattr, local, "value", number)
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))
