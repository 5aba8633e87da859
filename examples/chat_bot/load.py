"""A hundred thousand users talk to the bot at once; then what it cost, beside asgiref 3.13.0.

First the real thing: the bot in a process of its own, one TCP connection, every user says hello and
then random users go on talking. Printed are throughput, the time from a user's line to its answer,
and the bot's memory.

Then, with ``--peer-python`` (an interpreter that has asgiref 3.13.0), the cost of a message and of
a new user at growing numbers of conversations, for both, and the plot of it as SVG.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import asgiref
from examples.chat_bot.lines import Lines
from examples.chat_bot.plot import Curve, plot

#: Lines on their way to the bot at once, as if so many users typed at the same time.
WINDOW = 200


class Crowd:
    """All users in one, and the chat server as well: what the bot connects to.

    Args:
        users: how many.
    """

    def __init__(self, users: int) -> None:
        """Make a silent crowd."""
        self.users = users
        self.port = 0
        self.latencies: list[float] = []
        self.connected = asyncio.Event()
        self._asked_at: dict[str, float] = {}
        self._room = asyncio.Semaphore(WINDOW)
        self._lines: Lines | None = None

    async def start(self) -> asyncio.Server:
        """Wait for the bot, on a free port of this machine."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines = Lines(reader, writer)
        async for event in self._lines:
            if event["type"] == "enter":
                self.connected.set()
            else:
                self.latencies.append(perf_counter() - self._asked_at.pop(event["to"]))
                self._room.release()

    async def talk(self, users: list[int]) -> float:
        """Have these users say one thing each; returns the answers per second.

        Args:
            users: their numbers; one who comes twice waits for the first answer.
        """
        lines = self._lines
        assert lines is not None  # the bot has connected
        self.latencies.clear()
        begin = perf_counter()
        for number in users:
            await self._room.acquire()
            name = f"user{number}"
            while name in self._asked_at:  # noqa: ASYNC110 - rare, and soon over
                await asyncio.sleep(0)
            self._asked_at[name] = perf_counter()
            await lines.send(type="said", user=name, room="hall", text="hello there")
        for _ in range(WINDOW):
            await self._room.acquire()
        for _ in range(WINDOW):
            self._room.release()
        return len(users) / (perf_counter() - begin)


def resident(pid: int) -> float:
    """Return a process's resident memory, in megabytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def percentiles(latencies: list[float]) -> str:
    """Write the median and the tail, in milliseconds."""
    ordered = sorted(latencies)
    points = {"median": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    return ", ".join(
        f"{name} {ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1e3:.1f} ms"
        for name, share in points.items()
    )


async def play(users: int, messages: int) -> None:
    """Play the crowd and print what came of it."""
    crowd = Crowd(users)
    server = await crowd.start()
    bot = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "examples.chat_bot.bot", "--port", str(crowd.port)),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await crowd.connected.wait()
        before = resident(bot.pid)
        speed = await crowd.talk(list(range(users)))
        print(f"{users:,} users say hello: {speed:,.0f} conversations begun per second")
        print(f"  time to the answer: {percentiles(crowd.latencies)}")
        now = resident(bot.pid)
        print(
            f"  memory of the bot: {before:.0f} MB, then {now:.0f} MB, "
            f"{(now - before) * 1e6 / users:,.0f} bytes a conversation",
            flush=True,
        )
        chosen = random.Random(users).choices(range(users), k=messages)
        speed = await crowd.talk(chosen)
        print(f"{messages:,} more lines by random users: {speed:,.0f} answers per second")
        print(f"  time to the answer: {percentiles(crowd.latencies)}", flush=True)
        begin = perf_counter()
        bot.terminate()
        status = await bot.wait()
        print(
            f"SIGTERM: the bot ended with status {status} after {perf_counter() - begin:.1f} s",
            flush=True,
        )
        if status != 0:
            raise SystemExit(1)
    finally:
        if bot.returncode is None:
            bot.kill()
            await bot.wait()
        server.close()


def costs(python: str, path: str, sizes: list[int]) -> dict[str, Any]:
    """Measure one package in a process of its own.

    Args:
        python: the interpreter.
        path: where it finds ``asgiref`` before anywhere else; empty for what is installed.
        sizes: numbers of live conversations.
    """
    root = Path(__file__).resolve().parent.parent.parent
    done = subprocess.run(
        [python, str(Path(__file__).with_name("cost.py")), *map(str, sizes)],
        env=os.environ | {"PYTHONPATH": path},
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def compare(peer_python: str, sizes: list[int], target: Path) -> None:
    """Measure both packages, print a table and write the plot."""
    ours = costs(sys.executable, str(Path(asgiref.__file__).parent.parent), sizes)
    peer = costs(peer_python, "", sizes)
    curves = []
    for key, title in (("message", "a message"), ("new user", "a new user at the limit")):
        print(f"\ncost of {title}, in microseconds of CPU")
        print(f"{'conversations':>14}  {'ours':>10}  {'3.13.0':>10}  {'ratio':>8}")
        for size, mine, theirs in zip(sizes, ours[key], peer[key], strict=True):
            print(f"{size:>14,}  {mine:>10.2f}  {theirs:>10.2f}  {mine / theirs:>8.4f}")
        curves.append(Curve(f"{title}, ours", sizes, ours[key]))
        curves.append(Curve(f"{title}, asgiref 3.13.0", sizes, peer[key]))
    target.write_text(
        plot("Cost against live conversations", "live conversations", "µs of CPU", curves),
        encoding="utf-8",
    )
    print(f"\nplot: {target}")


def main() -> None:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(description="A hundred thousand users talk to the bot.")
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=100_000, help="after everybody's first")
    parser.add_argument("--peer-python", help="an interpreter that has asgiref 3.13.0")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[1_000, 3_000, 10_000, 30_000, 100_000]
    )
    parser.add_argument("--plot", type=Path, default=Path("chat_bot_costs.svg"))
    arguments = parser.parse_args()
    asyncio.run(play(arguments.users, arguments.messages))
    if arguments.peer_python:
        compare(arguments.peer_python, arguments.sizes, arguments.plot)
    else:
        print("\n(with --peer-python, also the costs beside asgiref 3.13.0, and a plot)")


if __name__ == "__main__":
    main()
