"""Orders, step by step: each order is one call of the application, its state in local variables."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

import redis.asyncio
import redis.exceptions

from examples.redis_streams.consumer import EntryScope, StreamConsumer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ("order",)


async def order(
    scope: EntryScope,
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Follow one order until it is sent out."""
    items: list[str] = []
    while True:
        entry = await receive()
        match entry["fields"]:
            case {"step": "add", "item": item}:
                items.append(item)
            case {"step": "send"}:
                print(f"order {scope['key']}: {', '.join(items)}", flush=True)
        await send({"type": "entry.done", "id": entry["id"]})
        if entry["fields"]["step"] == "send":
            return


async def main(url: str) -> None:
    """Write three orders to a stream, bit by bit, and consume them."""
    async with redis.asyncio.Redis.from_url(url) as client:
        for item in ("apples", "bread", "candles"):
            for key in ("1", "2", "3"):
                await client.xadd("orders", {"key": key, "step": "add", "item": item})
        for key in ("1", "2", "3"):
            await client.xadd("orders", {"key": key, "step": "send"})
    consumer = StreamConsumer(order, url, "orders", group="shop", name="clerk")
    consumer.wait = 0.1
    consumer.until_done = True
    await consumer.arun()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Orders from a Redis stream.")
    parser.add_argument("--url", default="redis://127.0.0.1:6379/0")
    logging.basicConfig(level=logging.INFO)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(main(parser.parse_args().url))
    except redis.exceptions.ConnectionError as error:
        raise SystemExit(
            f"no Redis server: {error}; start one (Debian: apt install redis-server)"
        ) from None
