"""The tutorial of ``docs/stateless_server.md``, executed against the examples' chat server."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from examples.chat_bot.chat_server import ChatServer
from examples.chat_bot.lines import Lines

PAGE = Path(__file__).parents[3] / "docs" / "stateless_server.md"


@pytest.mark.skipif(not PAGE.exists(), reason="needs the checkout")
@pytest.mark.asyncio
async def test_the_tutorials_bot_talks_and_stops() -> None:
    """Its blocks, one after the other, make the bot that they promise."""
    names: dict[str, Any] = {}
    for block in re.findall(
        r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    ):
        exec(compile(block, str(PAGE), "exec"), names)
    chat = ChatServer()
    await chat.start()
    bot = names["PoliteBot"](names["conversation"], chat.port)
    ann = await Lines.connect(chat.port)
    await ann.send(type="enter", user="ann", room="kitchen")
    running = asyncio.create_task(bot.arun())
    while not bot.statistics().created:
        # Until the bot has entered, what is said is said to nobody.
        await ann.send(type="say", room="kitchen", text="is anybody there?")
        await asyncio.sleep(0)
    await ann.send(type="say", room="kitchen", text="goodbye")
    answers = []
    async for event in ann:
        answers.append(event["text"])
        if answers[-1].startswith("You said"):
            break
    assert answers[:-1] == [f"ann, that is number {n}" for n in range(1, len(answers))]
    assert answers[-1] == f"You said {len(answers) - 1} things."
    await ann.send(type="say", room="kitchen", text="hello again")
    assert (await anext(aiter(ann)))["text"] == "ann, that is number 1"
    counts = dict(names["metrics"](bot))
    assert counts["instances_live"] == 1
    assert counts['endings_total{reason="idle"}'] == 0
    bot.stop()
    await running
    ann.close()
    await chat.stop()
