"""A consumer of a Redis stream on `StatelessServer`, with at-least-once acknowledgement.

An entry is acknowledged when the application says that it is done. Whatever happens before that,
a failure, an eviction, a stop, a crash of the process, leaves it pending in Redis, and it is
delivered again. An entry that was delivered too often goes to a stream of its own for people to
look at.

How an ending is turned into entries: each accepted message counts in exactly one ending, and they
end in the order in which they were accepted, so the first ``ending.accepted`` entries delivered
under the key are those of this instance. The ones among them that were not done are due again.
"""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, TypedDict

import redis.asyncio
import redis.exceptions

from asgiref.server import ApplicationEnding, StatelessServer

if TYPE_CHECKING:
    from asgiref.typing import ASGIApplication

__all__ = ("EntryScope", "StreamConsumer")

logger = logging.getLogger("examples.redis_streams")


class EntryScope(TypedDict):
    """What an instance is about: one key of one stream."""

    type: str
    stream: str
    key: str


class StreamConsumer(StatelessServer[str]):
    """Reads a stream as a member of a consumer group; entries carry their key in ``key``.

    An application receives ``{"type": "entry", "id": ..., "fields": {...}}`` and sends
    ``{"type": "entry.done", "id": ...}``.

    Args:
        application: called once for each key.
        url: of the Redis server.
        stream: the stream's name; the stream of entries given up is called ``<stream>:dead``.
        group: the consumer group, made if there is none.
        name: this consumer's name in it, the same after a restart.
    """

    input_queue_size = 100
    idle_timeout = 300.0

    #: Entries asked for at a time.
    batch = 100
    #: Seconds that a read waits for new entries, and after which entries that failed are due again.
    wait = 1.0
    #: Whether to stop when every entry has been dealt with, instead of waiting for more.
    until_done = False
    #: Deliveries after which an entry is given up.
    max_deliveries = 5

    def __init__(
        self,
        application: ASGIApplication,
        url: str,
        stream: str,
        *,
        group: str,
        name: str,
        max_applications: int = 10_000,
    ) -> None:
        """Connect when run."""
        super().__init__(application, max_applications)
        self.url = url
        self.stream = stream
        self.group = group
        self.name = name
        #: The client; its annotations leave open which calls are coroutines.
        self.client: Any = None
        #: Entries delivered under each key, oldest first, that belong to no ending yet.
        self._delivered: defaultdict[str, deque[str]] = defaultdict(deque)
        #: Those among them that are not done.
        self._open: set[str] = set()

    async def arun(self) -> None:
        """Run with a connection that outlives ``handle()``: what drains acknowledges over it."""
        self.client = redis.asyncio.Redis.from_url(self.url, decode_responses=True)
        try:
            await super().arun()
        finally:
            await self.client.aclose()

    async def handle(self) -> None:
        """Deliver what an earlier life left pending, then what is new and what is due again."""
        try:
            await self.client.xgroup_create(self.stream, self.group, id="0", mkstream=True)
        except redis.exceptions.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        await self._redeliver(idle=0.0)
        while True:
            answer = await self.client.xreadgroup(
                self.group,
                self.name,
                {self.stream: ">"},
                count=self.batch,
                block=max(1, int(self.wait * 1000)),
            )
            for _, entries in answer:
                for identifier, fields in entries:
                    await self._deliver(identifier, fields)
            await self._redeliver(idle=self.wait)
            if self.until_done and not answer and not await self._pending():
                return

    async def handle_failed(self, exception: BaseException, attempt: int) -> float | None:
        """Come back when Redis does."""
        del attempt
        return 1.0 if isinstance(exception, redis.exceptions.ConnectionError) else None

    async def application_send(self, scope: EntryScope, message: dict[str, Any]) -> None:
        """Acknowledge an entry that is done."""
        await self.client.xack(scope["stream"], self.group, message["id"])
        self._open.discard(message["id"])

    async def application_ended(self, ending: ApplicationEnding[str]) -> None:
        """Leave to a later delivery what the instance had not done."""
        delivered = self._delivered[ending.scope_id]
        mine = [delivered.popleft() for _ in range(ending.accepted)]
        if not delivered:
            del self._delivered[ending.scope_id]
        left = self._open.intersection(mine)
        self._open -= left
        if left:
            logger.warning(
                "key %s %s with %d entries not done", ending.scope_id, ending.reason, len(left)
            )

    async def _deliver(self, identifier: str, fields: dict[str, str]) -> None:
        key = fields["key"]
        scope = EntryScope(type="stream", stream=self.stream, key=key)
        await self.deliver(key, scope, {"type": "entry", "id": identifier, "fields": fields})
        # Nothing runs between the acceptance and these lines, so no ending can miss them.
        self._delivered[key].append(identifier)
        self._open.add(identifier)

    async def _redeliver(self, *, idle: float) -> None:
        """Deliver pending entries again, except those that are being worked on."""
        start = "-"
        while True:
            pending = await self.client.xpending_range(
                self.stream, self.group, min=start, max="+", count=self.batch
            )
            for one in pending:
                identifier = one["message_id"]
                due = one["time_since_delivered"] >= idle * 1000
                if identifier not in self._open and due:
                    await self._again(identifier, one["times_delivered"])
            if len(pending) < self.batch:
                return
            start = f"({pending[-1]['message_id']}"

    async def _pending(self) -> int:
        count: int = (await self.client.xpending(self.stream, self.group))["pending"]
        return count

    async def _again(self, identifier: str, deliveries: int) -> None:
        claimed = await self.client.xclaim(self.stream, self.group, self.name, 0, [identifier])
        for _, fields in claimed:
            if deliveries < self.max_deliveries:
                await self._deliver(identifier, fields)
                continue
            logger.error("entry %s was delivered %d times: given up", identifier, deliveries)
            await self.client.xadd(f"{self.stream}:dead", {**fields, "entry": identifier})
            await self.client.xack(self.stream, self.group, identifier)
