"""What the rules of the bridge say about each point of a program, kept beside the real thing.

The bridge carries homes, loops and variables implicitly; here they are carried explicitly, as an
argument of every function of a program (`Scene`). Wherever both can be seen they are compared.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from asgiref.local import Local

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from contextvars import Context

    from tests.property.bridge_owner import Owner
    from tests.property.bridge_programs import Name

FIRST: Final[ContextVar[object]] = ContextVar("first", default=None)
SECOND: Final[ContextVar[object]] = ContextVar("second", default=None)
LOCAL: Final = Local()
CRITICAL: Final = Local(thread_critical=True)

#: What context variables and locals hold: those whose value travels (R8, R9).
Snapshot: TypeAlias = dict["Name", object]


class Value:
    """A value that can be told apart by identity only: comparing it is a mistake (R8)."""

    __hash__ = None  # type: ignore[assignment]  # as the values of careless users

    def __init__(self, label: str) -> None:
        """Name it, for messages."""
        self.label = label
        self.thread = threading.get_ident()

    def __eq__(self, other: object) -> bool:
        raise AssertionError("the bridge compared the value of a variable")

    def __repr__(self) -> str:
        return self.label


def read() -> Snapshot:
    """Return what the running code sees."""
    return {"first": FIRST.get(), "second": SECOND.get(), "local": getattr(LOCAL, "value", None)}


def write(name: Name, value: Value) -> None:
    """Set a variable for the running code."""
    if name == "first":
        FIRST.set(value)
    elif name == "second":
        SECOND.set(value)
    else:
        (LOCAL if name == "local" else CRITICAL).value = value


class Variables:
    """What the variables of one context should hold."""

    def __init__(self, values: Snapshot) -> None:
        """Begin with these values."""
        self.values = dict(values)
        #: All that they ever held.
        self.history: dict[Name, list[object]] = {name: [value] for name, value in values.items()}

    def set(self, name: Name, value: object) -> None:
        """Note a write."""
        self.values[name] = value
        self.history[name].append(value)

    def fork(self) -> Variables:
        """Return those of a copy of the context."""
        return Variables(self.values)

    def adopt(self, other: Variables) -> None:
        """Take over what a call has changed (R8)."""
        for name, value in other.values.items():
            self.set(name, value)

    def settle(self, other: Variables, seen: Snapshot) -> str | None:
        """Take what is seen after a call that was cancelled: it may have changed them or not.

        Returns:
            What is wrong, if a value is seen that neither side ever wrote.
        """
        for name, value in seen.items():
            if not any(value is known for known in (self.values[name], *other.history[name])):
                return f"{name} is {value!r} after a cancelled call"
            self.set(name, value)
        return None

    def difference(self, seen: Snapshot) -> str | None:
        """Say what is seen instead of what should be."""
        for name, value in seen.items():
            if value is not self.values[name]:
                return f"{name} is {value!r}, not {self.values[name]!r}"
        return None


class HasExitedError(Exception):
    """The home is a `ThreadSensitiveContext` with an executor that is over (R6)."""


@dataclass(eq=False)
class Home:
    """A home thread (R1).

    Attributes:
        kind: what gives it: a thread that called async_to_sync, a `ThreadSensitiveContext` with an
            executor or without, the process.
        outer: what comes next when a context without an executor is over.
    """

    kind: Literal["thread", "executor", "context", "process"]
    ident: int | None = None
    outer: Home | None = None
    exited: bool = False

    def resolve(self) -> Home:
        """Return the home that serves now (R2)."""
        if not self.exited:
            return self
        if self.kind == "executor":
            raise HasExitedError
        assert self.outer is not None
        return self.outer.resolve()

    def settle(self, ident: int) -> str | None:
        """Note that sensitive code runs in a thread; say if it is another one than before."""
        if self.ident is None:
            self.ident = ident
        return None if self.ident == ident else f"home is thread {self.ident}, not {ident}"


@dataclass(eq=False)
class Invocation:
    """A synchronous function in a thread that a task waits for."""

    loop: asyncio.AbstractEventLoop
    task: asyncio.Task[Any] | None
    owner: Owner
    #: Its coroutines run in tasks of their own.
    own_context: bool
    #: It runs in the home thread.
    sensitive: bool
    started: bool = False
    #: The task has gone on: the outcome is there, or the task was cancelled.
    left: bool = False
    #: CancelledError was raised in the thread because of that (R13), or may have been.
    told: bool = False
    #: The nodes that it has called by async_to_sync.
    calls: list[int] = field(default_factory=list)
    #: Guards ``started`` against ``left``.
    lock: threading.Lock = field(default_factory=threading.Lock)


class Control:
    """A cancellation that is due when a node is reached. Any thread may call.

    Args:
        on_reached: called in the thread that reaches the node.
        hold: the node waits then, unless the cancellation came before it: somebody in between may
            have caught it, and nothing would ever let the node go on.
    """

    def __init__(self, on_reached: Callable[[], None], *, hold: bool) -> None:
        self._on_reached = on_reached
        self._hold = hold
        self._lock = threading.Lock()
        self._issued = False
        self._released = False
        self._holding: list[Callable[[], None]] = []
        self._works: tuple[Invocation, ...] = ()

    def reach(self) -> bool:
        """Note that the node is reached, and return whether it waits."""
        with self._lock:
            holds = self._hold and not self._issued
        self._on_reached()
        return holds

    def holding(self, let_go: Callable[[], None], works: tuple[Invocation, ...]) -> None:
        """Have ``let_go()`` called when the node need not wait any longer.

        Args:
            let_go: makes the node go on.
            works: what the node runs in. Where a task has gone from one of them, nothing that
                happens to the task reaches the node.
        """
        with self._lock:
            self._holding.append(let_go)
            self._works = works
        self.look()

    def issue(self) -> None:
        """Note that the cancellation is on its way."""
        with self._lock:
            self._issued = True
        self.look()

    def stop_here(self) -> None:
        """Note that somebody has caught the cancellation, if it came, and does not pass it on."""
        with self._lock:
            issued = self._issued
        if issued:
            self.release()

    def look(self) -> None:
        """Let the node go on if the cancellation cannot reach it any more."""
        with self._lock:
            over = self._released or (self._issued and any(work.left for work in self._works))
        if over:
            self.release()

    def release(self) -> None:
        """Let the node go on."""
        with self._lock:
            self._released = True
            holding, self._holding = self._holding, []
        for let_go in holding:
            let_go()


@dataclass
class Scene:
    """Where a function runs, by the rules; handed from caller to callee.

    Attributes:
        home: None in a thread that belongs to no call tree.
        pumped: the code is below an async_to_sync whose thread serves its home; None if that call
            may have ended.
        foreign: the thread was not made by the bridge, but by code that runs in a call tree.
        loop: what the coroutine runs on.
        task: what the coroutine runs in.
        invocation: what the synchronous code belongs to.
        in_loop: the synchronous code runs in the thread of a loop, called by a coroutine.
        driving: threads that run a loop which waits for this code.
        controls: cancellations that may come.
        works: the calls that this code is inside of, in other threads than their tasks.
        loose: a cancellation may come, of whatever origin.
        concurrent: other code of the program may run at the same time.
        in_group: a TaskGroup cancels this code once only, whoever wants it cancelled.
        handled: what ``sys.exception()`` has to be, if that is known (R10).
        held: the contexts that calls above are in.
    """

    variables: Variables
    home: Home | None
    pumped: bool | None = False
    foreign: bool = False
    loop: asyncio.AbstractEventLoop | None = None
    task: asyncio.Task[Any] | None = None
    invocation: Invocation | None = None
    in_loop: bool = False
    driving: frozenset[int] = frozenset()
    controls: tuple[Control, ...] = ()
    works: tuple[Invocation, ...] = ()
    loose: bool = False
    concurrent: bool = False
    in_group: bool = False
    handled: BaseException | None = None
    held: tuple[Context, ...] = ()
