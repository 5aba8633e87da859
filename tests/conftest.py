"""What every test gets: a watchdog, a search for leaks, a choice of event loop.

Options:

``--loop={asyncio,debug,eager,uvloop}``
    which loop ``asyncio.run``, ``asyncio.new_event_loop`` and pytest-asyncio make: plain,
    in debug mode, with eager tasks (Python 3.12 and newer), or uvloop's.
``--hypothesis-profile={default,nightly}``
    hundreds of examples, or thousands.
"""

from __future__ import annotations

import asyncio
import faulthandler
import importlib
import os
import signal
import sys
import threading
import warnings
import weakref
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Seconds after which a test counts as hung: all stacks are printed and the run ends.
WATCHDOG_SECONDS: Final = float(os.environ.get("ASGIREF_TEST_WATCHDOG", "120"))

#: Seconds that threads, tasks and loops get to end after their test, on a busy machine.
GRACE_SECONDS: Final = 5.0

#: The bridge keeps idle threads, and loops in them, for the next call; they carry these names. A
#: kept loop keeps its default executor; one that is not kept is found by itself.
POOLED: Final = ("asgiref", "asyncio_", "uvloop_")

_stderr: Final = pytest.StashKey[int]()

# The same examples in each run, which judges a change and not the luck of the draw; new ones are
# looked for every night.
settings.register_profile(
    "default",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.register_profile(
    "nightly", settings.get_profile("default"), max_examples=5_000, derandomize=False
)
settings.load_profile("default")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the choice of event loop."""
    parser.addoption(
        "--loop",
        choices=("asyncio", "debug", "eager", "uvloop"),
        default="asyncio",
        help="the event loop that everything in the tests makes",
    )


def _loop_factory(kind: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes loops of that kind."""
    if kind == "uvloop":
        made: Callable[[], asyncio.AbstractEventLoop]
        made = importlib.import_module("uvloop").new_event_loop
        return made
    if kind == "eager" and sys.version_info < (3, 12):
        raise pytest.UsageError("--loop=eager needs Python 3.12 or newer")

    def new_event_loop() -> asyncio.AbstractEventLoop:
        loop = asyncio.SelectorEventLoop()
        if kind == "debug":
            loop.set_debug(True)
        if sys.version_info >= (3, 12) and kind == "eager":
            loop.set_task_factory(asyncio.eager_task_factory)
        return loop

    return new_event_loop


#: Every loop alive, with the name of the thread that made it.
_loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, str] = weakref.WeakKeyDictionary()


def pytest_configure(config: pytest.Config) -> None:
    """Make every new loop one of the chosen kind, and known to the search for leaks."""
    # A shell starts what runs in its background with Ctrl-C ignored, which children inherit.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # While tests run, pytest captures the stream itself; a dump of a hung test must get past it.
    config.stash[_stderr] = os.dup(2)
    make = _loop_factory(config.getoption("--loop"))
    with warnings.catch_warnings():
        # Python 3.14 deprecates policies, yet offers nothing else that also reaches the loops
        # that code under test makes for itself.
        warnings.simplefilter("ignore", DeprecationWarning)

        class Policy(asyncio.DefaultEventLoopPolicy):
            def new_event_loop(self) -> asyncio.AbstractEventLoop:
                loop = make()
                _loops[loop] = threading.current_thread().name
                return loop

        asyncio.set_event_loop_policy(Policy())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Reject names that differ from process to process, which parallel runs cannot share."""
    volatile = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if volatile:
        raise pytest.UsageError("give these parameters ids of their own: " + ", ".join(volatile))


@pytest.fixture(autouse=True)
def watchdog(pytestconfig: pytest.Config) -> Iterator[None]:
    """End the run with a dump of every thread's stack if the test hangs."""
    faulthandler.dump_traceback_later(WATCHDOG_SECONDS, exit=True, file=pytestconfig.stash[_stderr])
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _left_over(threads: set[threading.Thread], loops: set[asyncio.AbstractEventLoop]) -> list[str]:
    """Say what is alive that was not before, except what the bridge pools."""
    found = [
        f"thread {thread.name!r} still runs: {thread!r}"
        for thread in threading.enumerate()
        if thread not in threads and not thread.name.startswith(POOLED)
    ]
    for loop, maker in list(_loops.items()):
        if loop in loops or loop.is_closed():
            continue
        pooled = maker.startswith(POOLED) or loop.is_running()
        if not pooled:
            found.append(f"loop was never closed: {loop!r}")
        found += [f"task is still pending: {task!r}" for task in asyncio.all_tasks(loop)]
    return found


@pytest.fixture(autouse=True)
def no_leaks(watchdog: None) -> Iterator[None]:
    """Fail the test if a thread, a task or a loop that it started outlives it."""
    del watchdog  # It must end last: what is left over may hang us, too.
    threads, loops = set(threading.enumerate()), set(_loops)
    yield
    left = _left_over(threads, loops)
    patience = threading.Event()
    for _ in range(int(GRACE_SECONDS / 0.01)):
        if not left:
            return
        patience.wait(0.01)
        left = _left_over(threads, loops)
    if left:
        pytest.fail("left over after the test:\n" + "\n".join(left))
