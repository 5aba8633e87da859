"""Measure the ``asgiref`` that is imported here: ``cost.py SIZE ...`` prints JSON.

Runs under asgiref 3.13.0 as well, so it uses only what both have.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
from time import process_time
from typing import Any

from asgiref.server import StatelessServer

#: Users who talk, at any number of conversations; more would measure memory caches.
ACTIVE = 500


async def listen(scope: Any, receive: Any, send: Any) -> None:
    """Receive for ever."""
    del scope, send
    while True:
        await receive()


class Meter(StatelessServer):
    """Measures from inside ``handle()``."""

    application_checker_interval = 3600.0

    def __init__(self, size: int) -> None:
        """Hold so many conversations, and never more."""
        super().__init__(listen, size)
        self.size = size
        self.message = self.new_user = 0.0

    async def handle(self) -> None:
        """Fill up, then measure."""
        everybody = list(range(self.size))
        for _ in range(2):
            for place, user in enumerate(everybody):
                self.say(user)
                if place % 1000 == 0:
                    await self.turns()
            random.Random(1).shuffle(everybody)
        await self.turns()
        gc.collect()
        gc.freeze()
        self.message = min([await self._messages(everybody[:ACTIVE]) for _ in range(5)])
        self.new_user = min([await self._new_users(number) for number in range(3)])

    def say(self, user: int) -> None:
        """Have a user say something."""
        self.get_or_create_application_instance(user, None).put_nowait("hello")

    async def turns(self) -> None:
        """Let the applications receive."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def _messages(self, active: list[int]) -> float:
        begin = process_time()
        for _ in range(20):
            for user in active:
                self.say(user)
            await self.turns()
        return (process_time() - begin) / (20 * len(active))

    async def _new_users(self, turn: int) -> float:
        first = (turn + 1) * 10_000_000
        begin = process_time()
        for number in range(200):
            self.say(first + number)
            if number % 10 == 9:
                await self.turns()
        return (process_time() - begin) / 200

    async def application_send(self, scope: Any, message: Any) -> None:
        """Nothing is sent."""


if __name__ == "__main__":
    measured: dict[str, list[float]] = {"message": [], "new user": []}
    for size in map(int, sys.argv[1:]):
        meter = Meter(size)
        meter.run()
        gc.unfreeze()
        measured["message"].append(meter.message * 1e6)
        measured["new user"].append(meter.new_user * 1e6)
    print(json.dumps(measured))
