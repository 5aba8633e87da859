"""`StatelessServer`: what messages, scopes, endings and idleness cost, at any number of instances.

Each case drives a server from its own ``handle()``. Costs are CPU time. The number of *active*
scopes is the same at every size: with more of them, memory caches would decide and not the code.
Rows against a number ("1.5 times") state a bound of our own: the ratio is our amount to it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import statistics
import time
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, Final

from asgiref.server import StatelessServer
from benchmarks.suite import Suite

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Script = Callable[["ScriptedServer"], Awaitable[float]]

SUITE = Suite("StatelessServer")

SMALL: Final = 1_000
LARGE: Final = 50_000
HUGE: Final = 1_000_000

#: Scopes that get messages, whatever the number of instances.
ACTIVE: Final = 500

#: Evictions before the timing starts.
WARM_UP: Final = 300

# Failures are measured, not printed.
logging.getLogger("asgiref.server").addHandler(logging.NullHandler())
logging.getLogger("asgiref.server").propagate = False


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Receive for ever."""
    del scope, send
    while True:
        if await receive() == "fail":
            raise ValueError("as asked")


class ScriptedServer(StatelessServer):
    """Plays a script in ``handle()`` and keeps the number that it returns."""

    # Nothing but the code under test shall run; the cases about checking set it back.
    application_checker_interval = 3600.0

    def __init__(self, limit: int, script: Script) -> None:
        """Play ``script`` with at most so many instances."""
        super().__init__(application, limit)
        self.script = script
        self.result = 0.0
        self.stopped_at = 0.0
        self.failed = asyncio.Event()

    async def handle(self) -> None:
        """Play the script."""
        self.result = await self.script(self)
        self.stopped_at = process_time()

    async def application_send(self, scope: Any, message: Any) -> None:
        """Nothing is sent."""

    async def application_exception(
        self, exception: BaseException, application_details: Any
    ) -> None:
        """Say that the failure has arrived."""
        del exception, application_details
        self.failed.set()

    async def fill(self, count: int, *, shuffled: bool = False) -> None:
        """Make instances, each of which has received a message and is idle.

        Args:
            count: how many.
            shuffled: whether they get another message each, in random order as from real users;
                their records are then as scattered in memory as they would be.
        """
        order = list(range(count))
        for _ in range(1 + shuffled):
            for place, number in enumerate(order):
                self.get_or_create_application_instance(number, None).put_nowait("hello")
                if place % 1000 == 0:
                    await turns()
            await turns()
            random.Random(count).shuffle(order)
        gc.collect()
        gc.freeze()


def play(limit: int, script: Script) -> float:
    """Run a server that plays ``script``, and return the script's result."""
    server = ScriptedServer(limit, script)
    server.run()
    gc.unfreeze()
    return server.result


async def turns(count: int = 3) -> None:
    """Let the loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)


def resident() -> int:
    """Return this process's resident memory, in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def message(live: int, loops: int) -> float:
    """Return the CPU seconds of so many messages with so many live instances."""

    async def script(server: ScriptedServer) -> float:
        await server.fill(live)
        active = [number * 7919 % live for number in range(ACTIVE)]
        rounds = max(1, loops // ACTIVE)
        begin = process_time()
        for _ in range(rounds):
            for number in active:
                server.get_or_create_application_instance(number, None).put_nowait("message")
            await turns(2)
        return (process_time() - begin) * loops / (rounds * ACTIVE)

    return play(live, script)


def new_scope(live: int, limit: int, loops: int, *, shuffled: bool = False) -> float:
    """Return the CPU seconds of so many new scopes, each with its first message."""

    async def script(server: ScriptedServer) -> float:
        await server.fill(live, shuffled=shuffled)
        fresh = live

        async def make(count: int) -> float:
            nonlocal fresh
            begin = process_time()
            for _ in range(count):
                fresh += 1
                server.get_or_create_application_instance(fresh, None).put_nowait("message")
                if fresh % 10 == 0:
                    await turns(2)
            await turns()
            return process_time() - begin

        if live == limit:
            await make(WARM_UP)
        return await make(loops)

    return play(limit, script)


def growth(cost: Callable[[int], float], size: int) -> float:
    """Return how much more an operation costs at ``size`` than at 1,000 instances."""
    small, large = ([cost(count) for _ in range(3)] for count in (SMALL, size))
    return min(large) / min(small)


@SUITE.case("message, 1k live", target=1.0)
def message_small(loops: int) -> float:
    """Get, put, receive."""
    return message(SMALL, loops)


@SUITE.case("message, 50k live")
def message_large(loops: int) -> float:
    """Get, put, receive."""
    return message(LARGE, loops)


@SUITE.quantity("message, growth from 1k to 50k", versus_peer=False)
def message_growth(_: int) -> float:
    """How the cost of a message depends on the number of instances."""
    return growth(lambda live: message(live, 100_000), LARGE)


@SUITE.case("new scope at the limit, 1k")
def evict_small(loops: int) -> float:
    """Evict one, make one."""
    return new_scope(SMALL, SMALL, loops)


@SUITE.case("new scope at the limit, 50k", target=1 / 200)
def evict_large(loops: int) -> float:
    """Evict one, make one."""
    return new_scope(LARGE, LARGE, loops, shuffled=True)


@SUITE.quantity("new scope at the limit, growth from 1k to 50k", versus_peer=False)
def evict_growth(_: int) -> float:
    """How the cost of an eviction depends on the number of instances."""
    return growth(lambda live: new_scope(live, live, 5_000), LARGE)


@SUITE.case("new scope below the limit", target=0.85)
def create(loops: int) -> float:
    """Make one, of which there may be many more."""
    return new_scope(SMALL, SMALL + loops + 1, loops)


@SUITE.quantity("1M instances: message, growth from 1k", versus_peer=False)
def message_huge(_: int) -> float:
    """How the cost of a message depends on the number of instances."""
    return growth(lambda live: message(live, 100_000), HUGE)


@SUITE.quantity("1M instances: eviction, growth from 1k", versus_peer=False)
def evict_huge(_: int) -> float:
    """How the cost of an eviction depends on the number of instances."""
    return growth(lambda live: new_scope(live, live, 5_000), HUGE)


for case, bound in (
    (message_growth, 1.5),
    (evict_growth, 1.5),
    (message_huge, 2.0),
    (evict_huge, 2.0),
):

    @case.rival(f"{bound:g} times", target=1.0)
    def bound_of_growth(_: int, bound: float = bound) -> float:
        """Return the bound."""
        return bound


def idle(measure: Callable[[], Awaitable[float]]) -> float:
    """Return what is measured while 100,000 instances are idle and a checker runs."""

    async def script(server: ScriptedServer) -> float:
        await server.fill(100_000)
        return await measure()

    server = ScriptedServer(100_000, script)
    # Ours has the more to do: it also looks for what is idle for too long.
    server.application_checker_interval = 0.1
    server.idle_timeout = 3600.0
    server.run()
    gc.unfreeze()
    return server.result


@SUITE.quantity("100k idle: share of a core", target=0.05 / 0.65)
def idle_share(_: int) -> float:
    """What the checker takes."""

    async def measure() -> float:
        cpu, wall = process_time(), perf_counter()
        await asyncio.sleep(3)
        return (process_time() - cpu) / (perf_counter() - wall)

    return idle(measure)


@idle_share.rival("5 % of a core", target=1.0)
def idle_share_bound(_: int) -> float:
    """Return the bound."""
    return 0.05


@SUITE.quantity("100k idle: longest stall of the loop")
def idle_stall(_: int) -> float:
    """How late the latest of many short sleeps ended."""

    async def measure() -> float:
        worst = 0.0
        for _ in range(1500):
            begin = perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, perf_counter() - begin - 0.001)
        return worst

    return idle(measure)


@idle_stall.rival("10 ms", target=1.0)
def idle_stall_bound(_: int) -> float:
    """Return the bound."""
    return 0.010


def failure_delays() -> list[float]:
    """Return the seconds from the message that makes an application fail to the hook."""
    delays: list[float] = []

    async def script(server: ScriptedServer) -> float:
        for number in range(100):
            queue = server.get_or_create_application_instance(number, None)
            await asyncio.sleep(0.013)
            server.failed.clear()
            begin = time.perf_counter()
            queue.put_nowait("fail")
            await server.failed.wait()
            delays.append(time.perf_counter() - begin)
        return 0.0

    server = ScriptedServer(1000, script)
    server.application_checker_interval = 0.1
    server.run()
    return delays


@SUITE.quantity("failure to hook: median")
def failure_median(_: int) -> float:
    """On a quiet loop."""
    return statistics.median(failure_delays())


@failure_median.rival("1 ms", target=1.0)
def failure_median_bound(_: int) -> float:
    """Return the bound."""
    return 0.001


@SUITE.quantity("failure to hook: maximum")
def failure_maximum(_: int) -> float:
    """On a quiet loop."""
    return max(failure_delays())


@failure_maximum.rival("10 ms", target=1.0)
def failure_maximum_bound(_: int) -> float:
    """Return the bound."""
    return 0.010


@SUITE.quantity("memory of an idle instance", target=0.65)
def memory(_: int) -> float:
    """Resident bytes per instance, over 50,000."""

    async def script(server: ScriptedServer) -> float:
        await server.fill(10)
        before = resident()
        await server.fill(LARGE)
        return (resident() - before) / LARGE

    return play(LARGE, script)


@SUITE.quantity("flood of 1M messages: growth of memory")
def flood(_: int) -> float:
    """Through ``deliver()``, with 100 messages in the queue at most."""

    async def script(server: ScriptedServer) -> float:
        await server.fill(10)
        before = peak = resident()
        for number in range(1_000_000):
            await server.deliver(0, None, ("message", number))
            if number % 1000 == 0:
                peak = max(peak, resident())
        return float(peak - before)

    server = ScriptedServer(10, script)
    server.input_queue_size = 100
    server.run()
    return server.result


@flood.peer
def flood_unbounded(_: int) -> float:
    """There is no bound, so the queue takes it all before the application has its turn."""

    async def script(server: ScriptedServer) -> float:
        await server.fill(10)
        before = resident()
        for number in range(1_000_000):
            queue = server.get_or_create_application_instance(0, None)
            await queue.put(("message", number))
        return float(resident() - before)

    return play(10, script)


@flood.rival("5 MB", target=1.0)
def flood_bound(_: int) -> float:
    """Return the bound."""
    return 5e6


@SUITE.quantity("stop with 100k idle", target=1.5)
def stop(_: int) -> float:
    """From the end of ``handle()`` to the end of ``run()``."""

    async def script(server: ScriptedServer) -> float:
        await server.fill(100_000)
        return 0.0

    times = []
    for _ in range(3):
        server = ScriptedServer(100_000, script)
        server.run()
        times.append(process_time() - server.stopped_at)
        gc.unfreeze()
    return min(times)
