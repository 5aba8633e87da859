"""A million calls from many threads and loops, with cancellation at random: nothing may be left.

``python -m benchmarks.soak [--calls N] [--loop {asyncio,debug,eager,uvloop}] [--seed N]`` prints
threads, open loops, descriptors and memory before and after, and exits with 1 if any has grown.
``make soak`` runs it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import faulthandler
import gc
import importlib
import os
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asgiref.local import Local
from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

#: How many threads call at the same time.
CALLERS: Final = 8

#: Part of the calls that is made before the first measurement, so that all pools are filled.
WARM_UP: Final = 0.1

#: So many calls take seconds: a timeout of a millisecond that has not ended them was lost.
PATIENCE: Final = 10_000

#: Seconds for a thousand calls, after which the process counts as hung and prints all stacks.
WATCHDOG: Final = 2.0

#: What may be more at the end than at the beginning: the pools keep what fits, by chance more or
#: less of it.
SLACK: Final = {"threads": 32, "open loops": 8, "descriptors": 32, "memory (MB)": 16.0}

LOCAL: Final = Local()
VARIABLE: Final[ContextVar[int]] = ContextVar("soak", default=0)


class SoakError(Exception):
    """What calls raise on purpose."""


@dataclass
class Tally:
    """How many calls one thread has made over the bridge, and what it saw."""

    random: random.Random
    calls: int = 0
    cancelled: int = 0
    failed: int = 0
    lost: int = 0


def leaf(tally: Tally) -> int:
    """Return or raise, without waiting."""
    tally.calls += 1
    VARIABLE.set(tally.calls)
    LOCAL.value = [0] * 100
    if tally.random.random() < 0.1:
        tally.failed += 1
        raise SoakError
    return tally.calls


def back_and_forth(tally: Tally) -> None:
    """Call a coroutine from a thread in which a task has this run."""
    tally.calls += 1
    with contextlib.suppress(SoakError):
        async_to_sync(fan_out, force_new_loop=tally.random.random() < 0.02)(tally)


async def call(tally: Tally, function: Callable[[Tally], Any]) -> None:
    """Call a function in some thread."""
    with contextlib.suppress(SoakError):
        await sync_to_async(function, thread_sensitive=tally.random.random() < 0.6)(tally)


async def fan_out(tally: Tally) -> None:
    """Call a few functions beside each other."""
    tally.calls += 1
    await asyncio.sleep(0)
    await asyncio.gather(*(call(tally, leaf) for _ in range(tally.random.randrange(1, 8))))


async def interrupted(tally: Tally) -> None:
    """Call functions in a task that is cancelled at some moment."""
    function = tally.random.choice((leaf, back_and_forth))
    task = asyncio.create_task(call(tally, function))
    for _ in range(tally.random.randrange(6)):
        await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        tally.cancelled += 1


async def in_scope(tally: Tally) -> None:
    """Call functions in a thread of their own."""
    async with ThreadSensitiveContext():
        await asyncio.gather(interrupted(tally), call(tally, leaf), call(tally, back_and_forth))


async def in_executor_scope(tally: Tally) -> None:
    """Call functions in a thread that an executor gives."""
    with ThreadPoolExecutor(1) as executor:
        async with ThreadSensitiveContext(executor=executor):
            await asyncio.gather(interrupted(tally), call(tally, back_and_forth))


async def stir(tally: Tally) -> None:
    """Do one thing or another a few times, on one loop."""
    kinds: list[Callable[[Tally], Coroutine[Any, Any, None]]]
    kinds = [fan_out, interrupted, in_scope, interrupted, in_scope, in_executor_scope]
    for _ in range(20):
        await tally.random.choice(kinds)(tally)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(tally.random.random() * 1e-3):
            for _ in range(PATIENCE):
                await call(tally, back_and_forth)
            tally.lost += 1


def caller(tally: Tally, calls: int) -> None:
    """Make that many calls from this thread."""
    while tally.calls < calls:
        kind = tally.random.random()
        if kind < 0.4:
            asyncio.run(stir(tally))
        elif kind < 0.6:
            async_to_sync(stir)(tally)
        elif kind < 0.7:
            async_to_sync(stir, force_new_loop=True)(tally)
        else:
            thread = threading.Thread(target=async_to_sync(fan_out), args=(tally,))
            thread.start()
            thread.join()


def run(calls: int, seed: int) -> list[Tally]:
    """Make that many calls from many threads."""
    tallies = [Tally(random.Random(seed * CALLERS + number)) for number in range(CALLERS)]
    threads = [threading.Thread(target=caller, args=(tally, calls // CALLERS)) for tally in tallies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tallies


def measure() -> dict[str, float]:
    """Return what there is now of each thing that could be left behind."""
    for _ in range(3):
        gc.collect()
    loops = [
        each
        for each in gc.get_objects()
        if isinstance(each, asyncio.AbstractEventLoop) and not each.is_closed()
    ]
    with open("/proc/self/statm", encoding="ascii") as statm:
        pages = int(statm.read().split()[1])
    return {
        "threads": threading.active_count(),
        "open loops": len(loops),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "memory (MB)": pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
    }


def choose_loop(kind: str) -> None:
    """Make every new loop one of that kind."""

    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> asyncio.AbstractEventLoop:
            loop: asyncio.AbstractEventLoop
            if kind == "uvloop":
                loop = importlib.import_module("uvloop").new_event_loop()
            else:
                loop = asyncio.SelectorEventLoop()
            loop.set_debug(kind == "debug")
            if sys.version_info >= (3, 12) and kind == "eager":
                loop.set_task_factory(asyncio.eager_task_factory)
            return loop

    asyncio.set_event_loop_policy(Policy())


def main() -> int:
    """Make the calls, print what there was before and is after."""
    parser = argparse.ArgumentParser(prog="benchmarks.soak", description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--loop", choices=("asyncio", "debug", "eager", "uvloop"), default="asyncio"
    )
    arguments = parser.parse_args()
    if arguments.loop == "eager" and sys.version_info < (3, 12):
        parser.error("eager tasks need Python 3.12 or newer")
    choose_loop(arguments.loop)
    faulthandler.dump_traceback_later(60 + arguments.calls / 1000 * WATCHDOG, exit=True)
    run(int(arguments.calls * WARM_UP), arguments.seed + 1)
    before = measure()
    begin = time.perf_counter()
    tallies = run(arguments.calls, arguments.seed)
    seconds = time.perf_counter() - begin
    after = measure()
    total = Tally(random.Random())
    for tally in tallies:
        total.calls += tally.calls
        total.cancelled += tally.cancelled
        total.failed += tally.failed
        total.lost += tally.lost
    print(
        f"{total.calls:,} calls in {seconds:.0f} s on {arguments.loop},"
        f" {total.cancelled:,} cancelled, {total.failed:,} failed"
    )
    print(f"{'':12} {'before':>8} {'after':>8}")
    grown = total.lost > 0
    if grown:
        print(f"{total.lost:,} timeouts never came")
    for name, amount in before.items():
        too_much = after[name] > amount + SLACK[name]
        grown = grown or too_much
        print(f"{name:12} {amount:8.0f} {after[name]:8.0f}{'  GROWN' if too_much else ''}")
    return int(grown)


if __name__ == "__main__":
    sys.exit(main())
