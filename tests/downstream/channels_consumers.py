"""Consumers of Channels on the asgiref that is installed.

Run by nox; never by pytest's own collection. The source distribution of Channels leaves its tests
out, so these do what they stand for: consumers of both kinds, its override of `thread_handler`, its
channel layer, and its communicators, which subclass ours.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import django
import pytest
from django.conf import settings

settings.configure(
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()

from channels.consumer import AsyncConsumer, SyncConsumer  # noqa: E402
from channels.db import DatabaseSyncToAsync, database_sync_to_async  # noqa: E402
from channels.generic.http import AsyncHttpConsumer  # noqa: E402
from channels.generic.websocket import (  # noqa: E402
    AsyncWebsocketConsumer,
    JsonWebsocketConsumer,
    WebsocketConsumer,
)
from channels.layers import get_channel_layer  # noqa: E402
from channels.testing import (  # noqa: E402
    ApplicationCommunicator,
    HttpCommunicator,
    WebsocketCommunicator,
)
from django.db import connection  # noqa: E402

from asgiref.sync import async_to_sync  # noqa: E402  # Channels wants settings first

pytestmark = pytest.mark.asyncio


def _one() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return int(cursor.fetchone()[0])


class Room(WebsocketConsumer):
    """Synchronous; talks to the channel layer by async_to_sync, from its worker thread."""

    groups = ("room",)

    def connect(self) -> None:
        self.accept()
        self.send(text_data=threading.current_thread().name)

    def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        async_to_sync(self.channel_layer.group_send)("room", {"type": "say", "text": text_data})

    def say(self, event: dict[str, Any]) -> None:
        self.send(text_data=event["text"] + str(_one()))


class AsyncRoom(AsyncWebsocketConsumer):
    """Asynchronous; reaches the database through Channels' subclass of SyncToAsync."""

    groups = ("room",)

    async def say(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"] + str(await database_sync_to_async(_one)()))


@pytest.mark.parametrize("consumers", [(Room, Room), (Room, AsyncRoom), (AsyncRoom, Room)])
async def test_groups(consumers: tuple[Any, Any]) -> None:
    """What one consumer says reaches all, synchronous or not, with the database behind."""
    here = [WebsocketCommunicator(each.as_asgi(), "/room/") for each in consumers]
    for communicator, consumer in zip(here, consumers, strict=True):
        connected, _ = await communicator.connect()
        assert connected
        if consumer is Room:
            assert await communicator.receive_from() != threading.current_thread().name
    await get_channel_layer().group_send("room", {"type": "say", "text": "hello"})
    assert [await each.receive_from() for each in here] == ["hello1"] * 2
    for communicator, consumer in zip(here, consumers, strict=True):
        if consumer is Room:
            await communicator.send_to(text_data="again")
            assert [await each.receive_from() for each in here] == ["again1"] * 2
    for communicator in here:
        await communicator.disconnect()


async def test_json() -> None:
    """The JSON consumer echoes, and its communicator's timeouts leave it alive."""

    class Echo(JsonWebsocketConsumer):
        def receive_json(self, content: Any, **kwargs: Any) -> None:
            self.send_json(content)

    communicator = WebsocketCommunicator(Echo.as_asgi(), "/")
    await communicator.connect()
    assert await communicator.receive_nothing()
    await communicator.send_json_to({"a": [1]})
    assert await communicator.receive_json_from() == {"a": [1]}
    await communicator.disconnect()


async def test_http() -> None:
    """An HTTP consumer that does synchronous work answers."""

    class Page(AsyncHttpConsumer):
        async def handle(self, body: bytes) -> None:
            number = await database_sync_to_async(_one)()
            await self.send_response(200, body + b"%d" % number)

    response = await HttpCommunicator(Page.as_asgi(), "POST", "/", body=b"n=").get_response()
    assert (response["status"], response["body"]) == (200, b"n=1")


async def test_plain_consumers_and_their_errors() -> None:
    """Consumers of any event type; what they raise reaches the test."""

    class Fails(SyncConsumer):
        def test_sync(self, event: dict[str, Any]) -> None:
            raise LookupError(event["why"])

    class Sends(AsyncConsumer):
        async def test_async(self, event: dict[str, Any]) -> None:
            await self.send({"type": "test.answer"})

    communicator = ApplicationCommunicator(Sends.as_asgi(), {"type": "test"})
    await communicator.send_input({"type": "test.async"})
    assert await communicator.receive_output() == {"type": "test.answer"}
    communicator.stop()
    communicator = ApplicationCommunicator(Fails.as_asgi(), {"type": "test"})
    await communicator.send_input({"type": "test.sync", "why": "planned"})
    with pytest.raises(LookupError, match="planned"):
        await communicator.wait()


async def test_thread_handler_runs_around_the_call() -> None:
    """Channels closes old connections in the worker thread, before and after each call."""
    threads: list[int] = []

    class Recording(DatabaseSyncToAsync):
        def thread_handler(self, *args: Any, **kwargs: Any) -> Any:
            threads.append(threading.get_ident())
            return super().thread_handler(*args, **kwargs)

    inside = await asyncio.gather(*(Recording(threading.get_ident)() for _ in range(3)))
    assert inside == threads
    assert threading.get_ident() not in threads
