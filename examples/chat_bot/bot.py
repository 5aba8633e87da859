"""The bot: a server without a socket of its own. One connection, a scope for every user."""

from __future__ import annotations

import argparse
import gc
import logging
from typing import TYPE_CHECKING, Any

from asgiref.server import ApplicationEnding, StatelessServer
from examples.chat_bot.conversation import ChatScope, conversation
from examples.chat_bot.lines import Lines

if TYPE_CHECKING:
    from asgiref.typing import ASGIApplication

__all__ = ("Bot",)

logger = logging.getLogger("examples.chat_bot")


class Bot(StatelessServer[str]):
    """Listens in all rooms of a chat server and gives every user a conversation.

    Args:
        application: the conversation.
        port: where the chat server listens, on this machine.
        max_applications: the most conversations at once.
    """

    #: Conversations that nobody has spoken in for an hour are ended.
    idle_timeout = 3600.0
    #: A user who types faster than the application reads waits after so many messages.
    input_queue_size = 100

    def __init__(
        self, application: ASGIApplication, port: int, max_applications: int = 200_000
    ) -> None:
        """Connect when run."""
        super().__init__(application, max_applications)
        self.port = port
        self.connection: Lines | None = None
        self._failures = 0

    async def arun(self) -> None:
        """Run, and close the connection last: conversations that finish still need it."""
        try:
            await super().arun()
        finally:
            if self.connection is not None:
                self.connection.close()

    async def handle(self) -> None:
        """Read the connection, and hand each line to its user's conversation."""
        connection = self.connection = await Lines.connect(self.port)
        try:
            await connection.send(type="enter", user="bot", room="*")
            logger.info("connected")
            self._failures = 0
            async for event in connection:
                scope = ChatScope(type="chat", user=event["user"], room=event["room"])
                message = {"type": "chat.message", "text": event["text"]}
                await self.deliver(event["user"], scope, message)
            raise ConnectionError("the chat server closed the connection")
        except Exception:
            # Not when cancelled, which is how a stop begins: the last answers are still to come.
            connection.close()
            raise

    async def handle_failed(self, exception: BaseException, attempt: int) -> float | None:
        """Come back: soon at first, then less and less often. Conversations go on meanwhile."""
        del attempt
        if not isinstance(exception, OSError):
            return None
        self._failures += 1
        delay = min(0.1 * 2.0**self._failures, 30.0)
        logger.warning("%s; reconnecting in %.1f s", exception, delay)
        return delay

    async def application_send(self, scope: ChatScope, message: dict[str, Any]) -> None:
        """Say in the user's room what their conversation answers."""
        if self.connection is None:
            raise ConnectionError("not connected")
        await self.connection.send(
            type="say", room=scope["room"], text=message["text"], to=scope["user"]
        )

    async def application_ended(self, ending: ApplicationEnding[str]) -> None:
        """Say in the log how a conversation ended."""
        logger.info(
            "conversation with %s %s after %d messages, %d of them unread",
            ending.scope_id,
            ending.reason,
            ending.accepted,
            len(ending.unread),
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A chat bot.")
    parser.add_argument("--port", type=int, default=4242, help="where the chat server listens")
    logging.basicConfig(level=logging.INFO, format="bot: %(message)s")
    # The collector walks over all conversations at once. They leave it nothing to do, so it may
    # come less often: users would wait for it, half a second at a hundred thousand.
    gc.set_threshold(100_000, 50, 100)
    Bot(conversation, parser.parse_args().port).run()
