"""The input queue: all of ``asyncio.Queue``, and the rules that go beyond it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import pickle
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from asgiref.server import InstanceEnded
from tests.unit.adapters.stateless import ScriptedServer, turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = pytest.mark.asyncio


async def silent(scope: Any, receive: Any, send: Any) -> None:
    """Never receive, so that the test is alone with the queue."""
    del scope, receive, send
    await asyncio.Event().wait()


@pytest_asyncio.fixture
async def make() -> AsyncIterator[Callable[[int], asyncio.Queue[Any]]]:
    """Make queues of a given bound, fed to applications that leave them alone."""
    servers: list[ScriptedServer] = []

    def queue(maxsize: int = 0) -> asyncio.Queue[Any]:
        server = ScriptedServer(silent)
        server.input_queue_size = maxsize
        servers.append(server)
        return server.get_or_create_application_instance("scope", {})

    yield queue
    for server in servers:
        with contextlib.suppress(KeyError):
            server.delete_application_instance("scope")
    await turns()


async def test_it_is_an_asyncio_queue(make: Any) -> None:
    """Programs that check the type, and its sizes, are content."""
    queue = make(2)
    assert isinstance(queue, asyncio.Queue)
    assert (queue.maxsize, queue.qsize(), queue.empty(), queue.full()) == (2, 0, True, False)
    queue.put_nowait(None)
    queue.put_nowait("b")
    assert (queue.qsize(), queue.empty(), queue.full()) == (2, False, True)
    with pytest.raises(asyncio.QueueFull):
        queue.put_nowait("c")
    assert queue.get_nowait() is None
    assert await queue.get() == "b"
    with pytest.raises(asyncio.QueueEmpty):
        queue.get_nowait()
    assert "scope_id='scope'" in repr(queue)
    assert "maxsize=2" in str(queue)


@pytest.mark.parametrize("count", [1, 2, 3, 50])
async def test_first_in_first_out(make: Any, count: int) -> None:
    """Messages leave in the order in which they came, however many wait."""
    queue = make()
    for number in range(count):
        await queue.put(number)
    assert [await queue.get() for _ in range(count)] == list(range(count))
    assert queue.empty()
    await queue.put("again")
    assert await queue.get() == "again"


async def test_an_idle_queue_keeps_no_deque(make: Any) -> None:
    """Half a kilobyte each, for a hundred thousand scopes that had been busy once."""
    queue = make()
    for number in range(3):
        queue.put_nowait(number)
    assert any(isinstance(one, deque) for one in gc.get_referents(queue))
    for _ in range(3):
        await queue.get()
    getter = asyncio.create_task(queue.get())
    await turns()
    assert not any(isinstance(one, deque) for one in gc.get_referents(queue))
    queue.put_nowait("end")
    await getter


async def test_a_message_stays_when_the_get_that_was_woken_is_cancelled(make: Any) -> None:
    """Between the wake-up and the hand-over a cancellation takes nothing away."""
    queue = make()
    getter = asyncio.create_task(queue.get())
    await turns()
    queue.put_nowait("kept")
    getter.cancel()
    await asyncio.gather(getter, return_exceptions=True)
    assert getter.cancelled()
    assert queue.get_nowait() == "kept"


async def test_a_cancelled_get_wakes_the_next_one(make: Any) -> None:
    """With several consumers, the message goes to one that still waits."""
    queue = make()
    first, second, third = (asyncio.create_task(queue.get()) for _ in range(3))
    await turns()
    second.cancel()
    await turns()
    queue.put_nowait("a")
    first.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    assert await third == "a"


async def test_every_waiting_consumer_gets_its_message(make: Any) -> None:
    """As many consumers wake as messages come, first come, first served."""
    queue = make()
    consumers = [asyncio.create_task(queue.get()) for _ in range(3)]
    await turns()
    for number in range(3):
        queue.put_nowait(number)
    assert await asyncio.gather(*consumers) == [0, 1, 2]


async def test_producers_are_served_in_order(make: Any) -> None:
    """A free place belongs to the first producer in line, not to whoever comes by."""
    queue = make(1)
    queue.put_nowait("0")
    producers = [asyncio.create_task(queue.put(text)) for text in "12"]
    await turns()
    assert queue.get_nowait() == "0"
    # The place is promised, though its producer has not run yet.
    assert queue.full()
    with pytest.raises(asyncio.QueueFull):
        queue.put_nowait("overtaker")
    late = asyncio.create_task(queue.put("3"))
    received = [await queue.get() for _ in range(3)]
    assert received == ["1", "2", "3"]
    await asyncio.gather(*producers, late)


@pytest.mark.parametrize("when", ["in line", "with a place granted"])
async def test_a_cancelled_producer_passes_its_turn_on(make: Any, when: str) -> None:
    """Its message is not accepted, and the next in line is not forgotten."""
    queue = make(1)
    queue.put_nowait("0")
    first, second = (asyncio.create_task(queue.put(text)) for text in "12")
    await turns()
    if when == "in line":
        first.cancel()
        await turns()
        queue.get_nowait()
    else:
        queue.get_nowait()
        first.cancel()
    await second
    assert first.cancelled()
    assert queue.get_nowait() == "2"
    assert queue.empty()
    assert not queue.full()


async def test_join_waits_for_task_done(make: Any) -> None:
    """``join()`` returns once every message was accounted for."""
    queue = make()
    await queue.join()
    queue.put_nowait("a")
    queue.put_nowait("b")
    joined = [asyncio.create_task(queue.join()) for _ in range(2)]
    await turns()
    queue.get_nowait()
    queue.task_done()
    await turns()
    assert not any(task.done() for task in joined)
    queue.get_nowait()
    queue.task_done()
    await asyncio.gather(*joined)
    with pytest.raises(ValueError, match="too many times"):
        queue.task_done()


async def test_join_on_an_instance_that_ended_raises() -> None:
    """Nobody will account for the rest, so waiting would never end."""
    server = ScriptedServer(silent)
    queue = server.put("scope", "unread")
    joined = asyncio.create_task(queue.join())
    await turns()
    server.delete_application_instance("scope")
    with pytest.raises(InstanceEnded, match="'scope'"):
        await joined
    with pytest.raises(InstanceEnded):
        await queue.join()


async def test_producers_do_not_overtake_each_other(make: Any) -> None:
    """One that comes when places are free, yet granted to others that have not run, waits too."""
    queue = make(3)
    for number in range(3):
        queue.put_nowait(number)
    producers = [asyncio.create_task(queue.put(3))]
    await turns()
    # Ready to run before the first producer, which has yet to hear of its place.
    producers += [asyncio.create_task(queue.put(number)) for number in (4, 5)]
    for number in range(3):
        assert queue.get_nowait() == number
    await asyncio.gather(*producers)
    assert [queue.get_nowait() for _ in producers] == [3, 4, 5]


async def test_puts_to_an_ended_instance_raise() -> None:
    """Waiting producers as well; the error names the scope id and the way out."""
    server = ScriptedServer(silent)
    server.input_queue_size = 1
    queue = server.put("scope", "unread")
    waiting = [asyncio.create_task(queue.put("never")) for _ in range(2)]
    await turns()
    waiting[0].cancel()
    server.delete_application_instance("scope")
    with pytest.raises(InstanceEnded, match=r"'scope'.*get_or_create.*deliver"):
        queue.put_nowait("refused")
    with pytest.raises(InstanceEnded) as caught:
        await waiting[1]
    assert caught.value.scope_id == "scope"
    assert isinstance(caught.value, RuntimeError)
    await turns()
    with pytest.raises(InstanceEnded):
        await queue.put("refused")


async def test_instance_ended_can_be_pickled() -> None:
    """It crosses process boundaries with its scope id."""
    error = pickle.loads(pickle.dumps(InstanceEnded(("a", 1))))
    assert error.scope_id == ("a", 1)
    assert "('a', 1)" in str(error)


if sys.version_info >= (3, 13):

    async def test_shutdown_refuses_puts_and_lets_gets_finish(make: Any) -> None:
        """As on any queue since Python 3.13."""
        queue = make(1)
        queue.put_nowait("a")
        producer = asyncio.create_task(queue.put("b"))
        await turns()
        queue.shutdown()
        with pytest.raises(asyncio.QueueShutDown):
            await producer
        with pytest.raises(asyncio.QueueShutDown):
            queue.put_nowait("c")
        with pytest.raises(asyncio.QueueShutDown):
            await queue.put("c")
        assert queue.get_nowait() == "a"
        with pytest.raises(asyncio.QueueShutDown):
            queue.get_nowait()
        with pytest.raises(asyncio.QueueShutDown):
            await queue.get()

    async def test_shutdown_wakes_waiting_consumers(make: Any) -> None:
        """Nothing will come, so none may wait for it."""
        queue = make()
        consumers = [asyncio.create_task(queue.get()) for _ in range(3)]
        await turns()
        queue.shutdown()
        results = await asyncio.gather(*consumers, return_exceptions=True)
        assert [type(result) for result in results] == [asyncio.QueueShutDown] * 3

    async def test_what_an_immediate_shutdown_throws_out_is_reported() -> None:
        """The messages had been accepted, so the ending has them."""
        server = ScriptedServer(silent)
        checker = asyncio.create_task(server.application_checker())
        queue = server.put("scope", "a", "b")
        joined = asyncio.create_task(queue.join())
        await turns()
        queue.shutdown(immediate=True)
        await joined
        assert queue.empty()
        server.delete_application_instance("scope")
        (ending,) = await server.ended(1)
        assert ending.unread == ("a", "b")
        assert server.statistics().queued == 0
        checker.cancel()
        await asyncio.gather(checker, return_exceptions=True)
