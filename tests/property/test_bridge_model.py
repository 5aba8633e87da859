"""A model of the bridge: generated programs, and an oracle that knows the rules R1 to R15.

A program that hangs ends the run: it is printed with the stacks of all threads.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, given, settings

from tests.property.bridge_interpreter import Interpreter, Pool
from tests.property.bridge_programs import (
    MAX_DEPTH,
    Call,
    Node,
    Scope,
    Stop,
    depth,
    nodes,
    outline,
    programs,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.property.bridge_programs import How, Step

#: Seconds after which a program counts as hung.
PATIENCE: Final = float(os.environ.get("ASGIREF_MODEL_PATIENCE", "30"))

#: Examples in the ordinary profile; the nightly one has its own number.
EXAMPLES: Final = 300

#: Threads that may be alive after all programs: two pools, and what the bridge keeps.
MAX_THREADS: Final = 250


def _calls(*path: tuple[How, int, bool], then: Scope | None = None) -> Call:
    """Return the call of a function that makes the next call of the path, and so on."""
    (how, number, is_async), *rest = path
    steps: tuple[Step, ...] = () if then is None else (then,)
    if rest:
        steps = (_calls(*rest, then=then),)
    return Call(how, Node(number, is_async, steps, "return"), "errors")


#: A cancellation comes, and is caught, before the node is reached that would wait for it.
_CAUGHT_EARLY: Final = Node(
    0,
    True,
    (
        Stop(
            "timeout",
            Node(
                1,
                True,
                (
                    Stop(
                        "cancel",
                        Node(
                            2,
                            True,
                            (
                                replace(
                                    _calls(
                                        ("pool", 3, False),
                                        ("async_to_sync", 4, True),
                                        ("pool", 5, False),
                                    ),
                                    catch="all",
                                ),
                                _calls(("direct", 6, True)),
                            ),
                            "return",
                        ),
                        target=6,
                        hold=True,
                    ),
                ),
                "return",
            ),
            target=2,
            hold=False,
        ),
    ),
    "return",
)

#: The home is the one thread of an executor, which runs a loop, which waits for a fresh loop.
_EXECUTOR_TAKEN: Final = Node(
    0,
    True,
    (
        Scope(
            True,
            (
                _calls(
                    ("sensitive", 1, False),
                    ("asyncio.run", 2, True),
                    ("pool", 3, False),
                    ("force_new_loop", 4, True),
                    ("sensitive", 5, False),
                ),
            ),
        ),
    ),
    "return",
)

#: A plain context below async_to_sync moves nothing, not even in a loop of somebody's own there.
_PLAIN_BELOW: Final = Node(
    0,
    True,
    (
        _calls(
            ("sensitive", 1, False),
            ("async_to_sync", 2, True),
            ("sensitive", 3, False),
            ("asyncio.run", 4, True),
            then=Scope(False, (_calls(("sensitive", 5, False)),)),
        ),
    ),
    "return",
)

#: A cancellation is caught by one who waits for the end of what it has cancelled already.
_CAUGHT_ABOVE: Final = Node(
    0,
    True,
    (
        Stop(
            "cancel",
            Node(
                1,
                True,
                (
                    Stop(
                        "cancel",
                        Node(
                            2,
                            True,
                            (
                                replace(_calls(("sensitive", 3, False)), catch="all"),
                                _calls(("sensitive", 4, False)),
                            ),
                            "return",
                        ),
                        target=3,
                        hold=True,
                    ),
                ),
                "return",
            ),
            target=4,
            hold=True,
        ),
    ),
    "return",
)


class Watch:
    """Ends the process if a program hangs, and says which one."""

    def __init__(self, config: pytest.Config) -> None:
        """Watch nothing yet."""
        self._capture = config.pluginmanager.getplugin("capturemanager")
        self._changed = threading.Condition()
        self._program: Node | None = None
        self._interpreter: Interpreter | None = None
        self._turn = 0
        self._over = False
        self._thread = threading.Thread(target=self._watch, name="model-watch", daemon=True)
        self._thread.start()

    def begin(self, program: Node | None, interpreter: Interpreter | None = None) -> None:
        """Watch this program from now on, or none."""
        with self._changed:
            self._program = program
            self._interpreter = interpreter
            self._turn += 1
            self._changed.notify()

    def end(self) -> None:
        """Watch no more."""
        with self._changed:
            self._over = True
            self._changed.notify()
        self._thread.join()

    def _watch(self) -> None:
        with self._changed:
            while not self._over:
                seen = self._turn
                self._changed.wait(PATIENCE if self._program is not None else None)
                if self._program is not None and self._turn == seen and not self._over:
                    self._report()

    def _report(self) -> None:
        assert self._program is not None
        if self._capture is not None:
            self._capture.suspend_global_capture(in_=True)
        text = f"\nThis program hangs:\n{outline(self._program)}\n\n{self._program!r}\n"
        os.write(2, text.encode())
        for loop in self._interpreter.loops if self._interpreter is not None else ():
            for task in asyncio.all_tasks(loop):
                task.print_stack(file=sys.__stderr__)
        faulthandler.dump_traceback(file=2, all_threads=True)
        os._exit(3)


class Bench:
    """What all programs of a run share."""

    def __init__(self, config: pytest.Config) -> None:
        """Begin with no thread."""
        self.watch = Watch(config)
        self.pool = Pool("model-pool")
        self.executor = Pool("model-executor")
        self.dedicated: dict[threading.Thread, asyncio.AbstractEventLoop] = {}
        self.programs = 0
        self.functions = 0
        self.depths = [0] * (MAX_DEPTH + 1)

    def run(self, program: Node) -> list[str]:
        """Run a program under the watch, and return the contradictions."""
        interpreter = Interpreter(self.pool, self.executor, self.dedicated)
        self.watch.begin(program, interpreter)
        try:
            faults = interpreter.run(program)
        finally:
            self.watch.begin(None)
        self.programs += 1
        self.functions += len(interpreter.records)
        self.depths[depth(program)] += 1
        return faults

    def end(self) -> None:
        """End all threads that are not the bridge's."""
        self.pool.end()
        self.executor.end()
        self.watch.end()


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """What all programs share."""
    # The watchdog of all tests allows for one program, not for thousands; each has its own here.
    faulthandler.cancel_dump_traceback_later()
    made = Bench(request.config)
    yield made
    made.end()


@pytest.mark.parametrize(
    "program",
    [_CAUGHT_EARLY, _CAUGHT_ABOVE, _EXECUTOR_TAKEN, _PLAIN_BELOW],
    ids=["caught early", "caught above", "taken", "plain"],
)
def test_programs_that_once_failed(bench: Bench, program: Node) -> None:
    """R1, R12, R15: each was found once in a great many programs, and failed every time."""
    assert not bench.run(program)


def test_programs_do_what_the_rules_say(
    bench: Bench, record_property: Callable[[str, object], None]
) -> None:
    """R1 to R15: threads, loops, values, exceptions and cancellation are those of the oracle."""

    @settings(
        max_examples=max(EXAMPLES, settings().max_examples),
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def check(program: Node) -> None:
        assert len({node.number for node in nodes(program)}) == len(list(nodes(program)))
        faults = bench.run(program)
        assert not faults, "\n".join([*faults, outline(program)])

    check()
    assert threading.active_count() < MAX_THREADS
    record_property("programs", bench.programs)
    record_property("functions", bench.functions)
    record_property("programs by depth", bench.depths)
    print(f"{bench.programs} programs, {bench.functions} functions, by depth {bench.depths}")
