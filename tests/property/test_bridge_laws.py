"""Laws of both wrappers and of `Local`: however deep, the bridge is not noticed.

A generated program is a tree of frames, sync and async by turns, each of which reads and writes
variables, calls further frames and may fail. Run through the bridge it must do what the same
program does as plain calls.
"""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from asgiref.local import Local
from asgiref.sync import async_to_sync, sync_to_async

NAMES = ("first", "second")
VARIABLES = {name: ContextVar[int](name, default=0) for name in NAMES}


class PlannedError(Exception):
    """What a frame fails with; each failure is told apart by identity."""


@dataclass(frozen=True)
class Write:
    """Set a context variable and an attribute of the `Local` of the same name."""

    name: str
    value: int


@dataclass(frozen=True)
class Erase:
    """Delete an attribute of the `Local`."""

    name: str


@dataclass(frozen=True)
class Call:
    """Call a frame of the other kind; ``caught`` says whether its failure ends there."""

    frame: Frame
    caught: bool


Step: TypeAlias = Write | Erase | Call


@dataclass(frozen=True)
class Frame:
    """One function: what it does, and whether it fails in the end."""

    steps: tuple[Step, ...]
    fails: bool


_simple = st.one_of(
    st.builds(Write, st.sampled_from(NAMES), st.integers(1, 9)),
    st.builds(Erase, st.sampled_from(NAMES)),
)


def _frames(steps: st.SearchStrategy[Step]) -> st.SearchStrategy[Frame]:
    return st.builds(Frame, st.lists(steps, max_size=4).map(tuple), st.booleans())


programs: st.SearchStrategy[Frame] = st.recursive(
    _frames(_simple),
    lambda inner: _frames(st.one_of(_simple, st.builds(Call, inner, st.booleans()))),
    max_leaves=6,
)


@dataclass
class World:
    """What a run can see and leaves behind."""

    local: Local = field(default_factory=Local)
    trace: list[object] = field(default_factory=list)
    failures: list[PlannedError] = field(default_factory=list)
    sync_threads: set[int] = field(default_factory=set)

    def perform(self, step: Write | Erase) -> None:
        """Do one thing that is not a call."""
        if isinstance(step, Write):
            VARIABLES[step.name].set(step.value)
            setattr(self.local, step.name, step.value)
        elif hasattr(self.local, step.name):
            delattr(self.local, step.name)

    def look(self) -> None:
        """Note what is visible here."""
        self.trace.append(
            [(VARIABLES[name].get(), getattr(self.local, name, None)) for name in NAMES]
        )

    def settle(self, call: Call, failure: PlannedError) -> None:
        """Go on after a caught failure, or pass it on."""
        self.trace.append(("failed", self.failures.index(failure)))
        if not call.caught:
            raise failure

    def finish(self, frame: Frame) -> int:
        """Return a number, or fail."""
        self.look()
        if frame.fails:
            self.failures.append(PlannedError(len(self.failures)))
            raise self.failures[-1]
        return len(self.trace)


def run_plainly(world: World, frame: Frame) -> int:
    """Run a program as nested calls of one function: the model."""
    world.look()
    for step in frame.steps:
        if not isinstance(step, Call):
            world.perform(step)
            continue
        try:
            world.trace.append(run_plainly(world, step.frame))
        except PlannedError as failure:
            world.settle(step, failure)
    return world.finish(frame)


def run_sync(world: World, frame: Frame) -> int:
    """Run a frame as a sync function that calls the frames below through the bridge."""
    world.sync_threads.add(threading.get_ident())
    world.look()
    for step in frame.steps:
        if not isinstance(step, Call):
            world.perform(step)
            continue
        try:
            world.trace.append(async_to_sync(run_async)(world, step.frame))
        except PlannedError as failure:
            world.settle(step, failure)
    return world.finish(frame)


async def run_async(world: World, frame: Frame) -> int:
    """Run a frame as a coroutine that calls the frames below through the bridge."""
    world.look()
    for step in frame.steps:
        if not isinstance(step, Call):
            world.perform(step)
            continue
        try:
            world.trace.append(await sync_to_async(run_sync)(world, step.frame))
        except PlannedError as failure:
            world.settle(step, failure)
    return world.finish(frame)


def _outcome(world: World, run: object) -> list[object]:
    """Run in a context of its own; return everything that can be told from outside."""

    def inside() -> None:
        assert callable(run)
        try:
            world.trace.append(("returned", run()))
        except PlannedError as failure:
            world.trace.append(("raised", world.failures.index(failure)))
        world.look()

    copy_context().run(inside)
    return world.trace


@given(programs)
def test_sync_outermost_the_bridge_is_not_noticed(program: Frame) -> None:
    """Results, failures as the same objects, context and `Local` are those of plain calls."""
    expected = _outcome(model := World(), lambda: run_plainly(model, program))
    assert _outcome(world := World(), lambda: run_sync(world, program)) == expected
    assert world.sync_threads == {threading.get_ident()}


@given(programs)
def test_async_outermost_the_bridge_is_not_noticed(program: Frame) -> None:
    """The same below ``asyncio.run``; all sync frames share one thread, which is not the loop's."""
    expected = _outcome(model := World(), lambda: run_plainly(model, program))

    async def main(world: World) -> list[object]:
        try:
            world.trace.append(("returned", await run_async(world, program)))
        except PlannedError as failure:
            world.trace.append(("raised", world.failures.index(failure)))
        world.look()
        return world.trace

    assert asyncio.run(main(world := World())) == expected
    assert len(world.sync_threads) <= 1
    assert threading.get_ident() not in world.sync_threads


@given(st.text(min_size=1), st.integers())
def test_local_takes_any_name(name: str, value: int) -> None:
    """Every attribute name works, is seen across both bridges, and can be deleted there."""
    local = Local()
    has_every_object = hasattr(local, name)  # such as "__module__"

    def read_and_delete() -> int:
        found: int = getattr(local, name)
        delattr(local, name)
        return found

    async def write() -> int:
        setattr(local, name, value)
        return await sync_to_async(read_and_delete)()

    assert async_to_sync(write)() == value
    assert hasattr(local, name) == has_every_object
