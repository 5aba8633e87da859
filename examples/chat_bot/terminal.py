"""A chat client for people: what you type is said, what is said is shown."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys

from examples.chat_bot.lines import Lines


async def _show(lines: Lines) -> None:
    async for event in lines:
        print(f"{event['user']}: {event['text']}", flush=True)
    print("(the chat server has closed)", flush=True)


async def main(port: int, user: str, room: str) -> None:
    """Chat until the end of input or of the connection."""
    lines = await Lines.connect(port)
    await lines.send(type="enter", user=user, room=room)
    print(f"You are {user} in {room}. Try: hello, recall, think 2, crash, goodbye.", flush=True)
    showing = asyncio.create_task(_show(lines))
    loop = asyncio.get_running_loop()
    while not showing.done():
        typed = await loop.run_in_executor(None, sys.stdin.readline)
        if not typed:
            break
        await lines.send(type="say", room=room, text=typed.strip())
    showing.cancel()
    lines.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A chat client for the terminal.")
    parser.add_argument("--port", type=int, default=4242, help="where the chat server listens")
    parser.add_argument("--user", required=True)
    parser.add_argument("--room", default="kitchen")
    arguments = parser.parse_args()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(main(arguments.port, arguments.user, arguments.room))
    except OSError as error:
        raise SystemExit(
            f"cannot reach a chat server on port {arguments.port}: {error}; start one with "
            f"python -m examples.chat_bot.chat_server --port {arguments.port}"
        ) from None
