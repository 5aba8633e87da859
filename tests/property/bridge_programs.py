"""Programs out of both bridges: trees of functions, what each does, and how it calls the next.

A node is a synchronous function or a coroutine function. Its steps run in order; then it returns
or raises. ``bridge_interpreter`` runs a program on the real bridge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How deep functions call each other.
MAX_DEPTH: Final = 6

#: How many functions a program has at most.
MAX_NODES: Final = 20

Name: TypeAlias = Literal["first", "second", "local", "critical"]

#: How synchronous code calls a synchronous function, or a coroutine function.
SyncToSync: TypeAlias = Literal["direct", "thread", "thread in the same context"]
SyncToAsync: TypeAlias = Literal["async_to_sync", "force_new_loop", "asyncio.run"]

#: How a coroutine calls a synchronous function, or a coroutine function.
AsyncToSync: TypeAlias = Literal[
    "direct sync", "sensitive", "pool", "executor", "shared context", "to_thread"
]
AsyncToAsync: TypeAlias = Literal["direct", "task"]

How: TypeAlias = SyncToSync | SyncToAsync | AsyncToSync | AsyncToAsync

#: "nothing": exceptions go on. "errors": what was planned ends here. "all": cancellation, too.
Catch: TypeAlias = Literal["nothing", "errors", "all"]

Ending: TypeAlias = Literal["return", "raise", "raise StopIteration", "raise BaseException"]


@dataclass(frozen=True)
class Write:
    """Set a context variable, or an attribute of a `Local`."""

    name: Name


@dataclass(frozen=True)
class Call:
    """Call another function and wait for it.

    Attributes:
        handling: do so in an ``except`` block.
    """

    how: How
    child: Node
    catch: Catch = "nothing"
    handling: bool = False


@dataclass(frozen=True)
class Together:
    """Run coroutine functions beside each other, and wait for all."""

    how: Literal["gather", "TaskGroup"]
    children: tuple[Node, ...]


@dataclass(frozen=True)
class Scope:
    """Take steps inside a `ThreadSensitiveContext`, with an executor or without."""

    executor: bool
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Detach:
    """Make a task that nobody waits for but the outermost coroutine on the loop, at its end.

    Attributes:
        late: it does nothing until then.
    """

    child: Node
    late: bool = True


@dataclass(frozen=True)
class Leave:
    """Leave a task, or an async generator, unfinished."""

    what: Literal["task", "generator"]


@dataclass(frozen=True)
class Stop:
    """Call a coroutine function and cancel it.

    Attributes:
        target: the number of the node at whose beginning the cancellation is due; None for at once.
        hold: that node waits until the cancellation was answered.
    """

    how: Literal["cancel", "timeout"]
    child: Node
    target: int | None
    hold: bool


Step: TypeAlias = Write | Call | Together | Scope | Detach | Leave | Stop


@dataclass(frozen=True)
class Node:
    """A function: synchronous or a coroutine function."""

    number: int
    is_async: bool
    steps: tuple[Step, ...]
    ending: Ending

    def calls_bridge(self) -> bool:
        """Tell whether the function does anything but write."""
        return not all(isinstance(step, Write) for step in self.steps)


@dataclass
class _Budget:
    """How many nodes were made."""

    made: int = 0
    #: Those in tasks that nobody cancels, and those that block a loop: never held.
    detached: set[int] = field(default_factory=set)
    blocking: set[int] = field(default_factory=set)


_NAMES: Final[st.SearchStrategy[Name]] = st.sampled_from(["first", "second", "local", "critical"])
_ENDINGS: Final[st.SearchStrategy[Ending]] = st.sampled_from(
    ["return"] * 7 + ["raise", "raise", "raise StopIteration", "raise BaseException"]
)
_CATCHES: Final[st.SearchStrategy[Catch]] = st.sampled_from(
    ["nothing", "errors", "errors", "errors", "all"]
)
_SYNC_HOWS: Final[st.SearchStrategy[How]] = st.sampled_from(
    ["async_to_sync"] * 5
    + ["force_new_loop"] * 2
    + ["asyncio.run", "asyncio.run", "direct", "direct", "thread", "thread in the same context"]
)
_ASYNC_HOWS: Final[st.SearchStrategy[How]] = st.sampled_from(
    ["sensitive"] * 5
    + ["pool"] * 3
    + ["shared context", "shared context"]
    + ["executor", "to_thread", "direct sync", "direct", "task"]
)
_SYNC_STEPS: Final = st.sampled_from(["write", "call", "call", "call"])
_ASYNC_STEPS: Final = st.sampled_from(
    ["write", "write"]
    + ["call"] * 5
    + ["stop"] * 2
    + ["together", "scope", "detach", "detach", "leave"]
)


class _Writer:
    """Draws one program."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.budget = _Budget()

    def node(self, depth: int, *, is_async: bool) -> Node:
        number = self.budget.made
        self.budget.made += 1
        steps = self.steps(depth, is_async=is_async)
        return Node(number, is_async, steps, self.draw(_ENDINGS))

    def steps(self, depth: int, *, is_async: bool) -> tuple[Step, ...]:
        most = 3 if depth < 3 else 2
        # Without an inner node first, most programs would be flat.
        wanted = self.draw(st.integers(0 if depth else 1, most))
        return tuple(self.step(depth, is_async=is_async) for _ in range(wanted))

    def step(self, depth: int, *, is_async: bool) -> Step:
        kind = self.draw(_ASYNC_STEPS if is_async else _SYNC_STEPS)
        if kind == "leave":
            return Leave(self.draw(st.sampled_from(["task", "generator"])))
        if kind == "scope":
            return Scope(self.draw(st.booleans()), self.steps(max(depth, 1), is_async=True))
        if kind == "write" or depth >= MAX_DEPTH or self.budget.made >= MAX_NODES:
            return Write(self.draw(_NAMES))
        if kind == "call":
            return self.call(depth, is_async=is_async)
        first = self.budget.made
        if kind == "together":
            children = tuple(
                self.node(depth + 1, is_async=True) for _ in range(self.draw(st.integers(2, 3)))
            )
            return Together(self.draw(st.sampled_from(["gather", "TaskGroup"])), children)
        child = self.node(depth + 1, is_async=True)
        if kind == "detach":
            self.budget.detached.update(range(first, self.budget.made))
            return Detach(child, self.draw(st.booleans()))
        return self.stop(child, range(first, self.budget.made))

    def call(self, depth: int, *, is_async: bool) -> Call:
        how = self.draw(_ASYNC_HOWS if is_async else _SYNC_HOWS)
        if is_async:
            to_async = how in ("direct", "task")
        else:
            to_async = how in ("async_to_sync", "force_new_loop", "asyncio.run")
        first = self.budget.made
        child = self.node(depth + 1, is_async=to_async)
        if how == "direct sync":
            self.budget.blocking.update(range(first, self.budget.made))
        return Call(how, child, self.draw(_CATCHES), self.draw(st.integers(0, 7)) == 7)

    def stop(self, child: Node, numbers: range) -> Stop:
        how: Literal["cancel", "timeout"] = self.draw(st.sampled_from(["cancel", "timeout"]))
        targets = [number for number in numbers if number not in self.budget.detached]
        target = self.draw(st.sampled_from([*reversed(targets), None]))
        hold = self.draw(st.booleans())
        return Stop(how, child, target, hold and target not in self.budget.blocking)


@st.composite
def programs(draw: st.DrawFn) -> Node:
    """Programs of at most `MAX_NODES` functions, `MAX_DEPTH` deep."""
    return _Writer(draw).node(0, is_async=draw(st.booleans()))


def nodes(node: Node) -> Iterator[Node]:
    """Yield the node and every one below it."""
    yield node
    yield from _nodes_of(node.steps)


def _nodes_of(steps: tuple[Step, ...]) -> Iterator[Node]:
    for step in steps:
        if isinstance(step, (Call, Detach, Stop)):
            yield from nodes(step.child)
        elif isinstance(step, Together):
            for child in step.children:
                yield from nodes(child)
        elif isinstance(step, Scope):
            yield from _nodes_of(step.steps)


def depth(node: Node) -> int:
    """Return how deep functions call each other: 0 for one that calls none."""
    return _depth_of(node.steps)


def _depth_of(steps: tuple[Step, ...]) -> int:
    deepest = 0
    for step in steps:
        if isinstance(step, (Call, Detach, Stop)):
            deepest = max(deepest, 1 + depth(step.child))
        elif isinstance(step, Together):
            deepest = max(deepest, *(1 + depth(child) for child in step.children))
        elif isinstance(step, Scope):
            deepest = max(deepest, _depth_of(step.steps))
    return deepest


def outline(node: Node, indent: str = "") -> str:
    """Return the program as text, a line for each node and step."""
    kind = "async" if node.is_async else "sync"
    lines = [f"{indent}{kind} {node.number}:"]
    lines += _outline_of(node.steps, indent + "    ")
    lines.append(f"{indent}    {node.ending}")
    return "\n".join(lines)


def _outline_of(steps: tuple[Step, ...], indent: str) -> Iterator[str]:
    for step in steps:
        if isinstance(step, Write):
            yield f"{indent}write {step.name}"
        elif isinstance(step, Leave):
            yield f"{indent}leave a {step.what}"
        elif isinstance(step, Call):
            handling = ", in an except block" if step.handling else ""
            yield f"{indent}call by {step.how}, catch {step.catch}{handling}:"
            yield outline(step.child, indent + "    ")
        elif isinstance(step, Together):
            yield f"{indent}{step.how}:"
            for child in step.children:
                yield outline(child, indent + "    ")
        elif isinstance(step, Scope):
            yield f"{indent}ThreadSensitiveContext{' with executor' if step.executor else ''}:"
            yield from _outline_of(step.steps, indent + "    ")
        elif isinstance(step, Detach):
            yield f"{indent}detach{', to run at the end' if step.late else ''}:"
            yield outline(step.child, indent + "    ")
        else:
            held = ", held there" if step.hold else ""
            yield f"{indent}{step.how} when {step.target} is reached{held}:"
            yield outline(step.child, indent + "    ")
