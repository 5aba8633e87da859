"""A short story with a chat server, a bot and three users; ends with status 1 if it went wrong.

The chat server and the users are in this process, the bot is a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING

from examples.chat_bot.chat_server import ChatServer
from examples.chat_bot.lines import Lines

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

#: Seconds that anything in this story may take.
PATIENCE = 20.0


class User:
    """A guest of the chat server who talks to the bot."""

    def __init__(self, name: str, lines: Lines) -> None:
        """Take over a connection that has entered a room."""
        self.name = name
        self._lines = lines
        self._answers = aiter(lines)

    @classmethod
    async def enter(cls, server: ChatServer, name: str) -> User:
        """Connect and enter the kitchen."""
        lines = await Lines.connect(server.port)
        await lines.send(type="enter", user=name, room="kitchen")
        return cls(name, lines)

    async def say(self, text: str) -> None:
        """Say something."""
        await self._lines.send(type="say", room="kitchen", text=text, to="bot")

    async def hear(self) -> str:
        """Wait for what the bot says to this user."""
        async with asyncio.timeout(PATIENCE):
            async for event in self._answers:
                if event["user"] == "bot" and event["to"] == self.name:
                    return str(event["text"])
        raise EOFError("the chat server is gone")

    async def ask(self, text: str, expected: str) -> None:
        """Say something, and see that the answer is the one expected.

        Raises:
            AssertionError: it is another one.
        """
        await self.say(text)
        answer = await self.hear()
        print(f"  {self.name}: {text}")
        print(f"  bot: {answer}", flush=True)
        if expected not in answer:
            raise AssertionError(f"{self.name} expected {expected!r} in {answer!r}")

    def leave(self) -> None:
        """Close the connection."""
        self._lines.close()


class BotProcess:
    """The bot, as a process whose log is shown and waited for."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Take over a process."""
        self._process = process

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls, port: int) -> AsyncIterator[BotProcess]:
        """Start it; it is gone at the end, come what may."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "examples.chat_bot.bot", "--port", str(port)),
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield cls(process)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def logs(self, text: str) -> None:
        """Wait for a line of its log."""
        log = self._process.stderr
        assert log is not None  # as asked for above
        async with asyncio.timeout(PATIENCE):
            while line := (await log.readline()).decode().rstrip():
                print(f"  [{line}]", flush=True)
                if text in line:
                    return
        raise EOFError(f"the bot ended without logging {text!r}")

    def terminate(self) -> None:
        """Ask it to stop."""
        self._process.send_signal(signal.SIGTERM)

    async def ended(self) -> int | None:
        """Wait for its end; returns the exit status."""
        async with asyncio.timeout(PATIENCE):
            await self._process.wait()
        return self._process.returncode


def tell(text: str) -> None:
    """Say what comes next."""
    print(f"\n{text}", flush=True)


async def story() -> None:
    """Play it."""
    server = ChatServer()
    await server.start()
    async with BotProcess.start(server.port) as bot:
        tell("One bot, one connection to the chat server.")
        await bot.logs("connected")
        ann, bob, cas = [await User.enter(server, name) for name in ("ann", "bob", "cas")]

        tell("Three users: each has a conversation, kept in local variables of one call.")
        await ann.ask("apples", "ann, that is number 1")
        await bob.ask("beans", "bob, that is number 1")
        await ann.ask("almonds", "ann, that is number 2")
        await bob.ask("recall", "You said: beans")

        tell("All three at once; a slow conversation holds up nobody else.")
        await cas.say("think 0.5")
        await asyncio.gather(
            ann.ask("recall", "You said: apples, almonds"), bob.ask("bread", "number 2")
        )
        print(f"  bot, to cas: {await cas.hear()}")

        tell("Ann's conversation crashes. The message behind it goes to a new one; Bob's goes on.")
        await ann.say("crash")
        await ann.ask("apricots", "ann, that is number 1")
        await bot.logs("conversation with ann failed")
        await bob.ask("recall", "You said: beans, bread")

        tell("The network fails. The bot reconnects, and no conversation is lost.")
        server.throw_out("bot")
        await bot.logs("reconnecting")
        await bot.logs("connected")
        await bob.ask("recall", "You said: beans, bread")

        tell("SIGTERM, while Cas waits for an answer: the bot finishes it before it goes.")
        await cas.say("think 1")
        await bob.ask("goodbye", "you said 2 things")
        bot.terminate()
        answer = await cas.hear()
        print(f"  bot, to cas: {answer}")
        if answer != "I have thought about it.":
            raise AssertionError(f"the last answer was {answer!r}")
        await bot.logs("conversation with cas shutdown after 2 messages, 0 of them unread")
        status = await bot.ended()
        if status != 0:
            raise AssertionError(f"the bot ended with status {status}")
        tell("The bot has ended with status 0.")
        for user in (ann, bob, cas):
            user.leave()
    await server.stop()


if __name__ == "__main__":
    try:
        asyncio.run(story())
    except (AssertionError, EOFError, OSError, TimeoutError) as error:
        raise SystemExit(f"the story went wrong: {error!r}") from error
