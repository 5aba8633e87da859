"""The ASGI application: one call is one conversation with one user.

Its state is in local variables. No session, no database, no lookup: the server sees to it that
every message of the user comes to this call.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ("ChatScope", "conversation")


class ChatScope(TypedDict):
    """What the bot's server tells about a conversation: with whom, and where."""

    type: str
    user: str
    room: str


async def conversation(
    scope: ChatScope,
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Talk to one user, until they say goodbye."""
    if scope["type"] != "chat":
        raise ValueError(f"this application speaks 'chat', not {scope['type']!r}")
    heard: list[str] = []

    async def reply(text: str) -> None:
        await send({"type": "chat.reply", "text": text})

    while True:
        text = (await receive())["text"]
        match text.split():
            case ["goodbye"]:
                await reply(f"Goodbye {scope['user']}, you said {len(heard)} things.")
                return
            case ["recall"]:
                await reply("You said: " + (", ".join(heard) or "nothing yet"))
            case ["think", seconds]:
                await asyncio.sleep(float(seconds))
                await reply("I have thought about it.")
            case ["crash"]:
                raise RuntimeError(f"{scope['user']} asked for it")
            case _:
                heard.append(text)
                await reply(f"{scope['user']}, that is number {len(heard)}: {text}")
