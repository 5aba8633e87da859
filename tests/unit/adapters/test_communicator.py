"""`ApplicationCommunicator`: starting, talking, ending, and leaving nothing behind."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from asgiref.testing import ApplicationCommunicator
from tests.doubles import ScriptedApplication, VirtualClockLoop, run_in_virtual_time

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

RECEIVE, HANG = ScriptedApplication.RECEIVE, ScriptedApplication.HANG

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="default")


def in_virtual_time(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Make a test of a coroutine function: its timeouts cost no time."""

    def run() -> None:
        run_in_virtual_time(test())

    run.__doc__ = test.__doc__
    return run


def now() -> float:
    """Return the virtual time, in seconds."""
    return asyncio.get_running_loop().time()


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Send back whatever comes, until told to end."""
    while (event := await receive())["type"] != "end":
        await send(event)


# --- starting -----------------------------------------------------------------------------------


def test_can_be_made_before_any_loop_runs() -> None:
    """A fixture may make the communicator; the loop that uses it first runs the application."""
    communicator = ApplicationCommunicator(echo, {"type": "test"})

    async def use() -> dict[str, Any]:
        await communicator.send_input({"type": "hello"})
        return await communicator.receive_output()

    assert asyncio.run(use()) == {"type": "hello"}


def test_looking_at_the_future_needs_a_loop() -> None:
    """Without a running loop nothing starts and nothing is left half made."""
    communicator = ApplicationCommunicator(echo, {})
    with pytest.raises(RuntimeError, match="no running event loop"):
        _ = communicator.future


@in_virtual_time
async def test_input_starts_the_application() -> None:
    """A test may then wait for what the application does, without asking for an output."""
    received = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        received.set()

    communicator = ApplicationCommunicator(app, {})
    await communicator.send_input({"type": "event"})
    await asyncio.wait_for(received.wait(), 5)
    await communicator.wait()


@in_virtual_time
async def test_the_application_starts_at_the_first_look_and_once() -> None:
    """Making the communicator and stopping it start nothing; `future` does, once."""
    app = ScriptedApplication(RECEIVE, HANG)
    communicator = ApplicationCommunicator(app, {})
    communicator.stop()
    await asyncio.sleep(0)
    assert app.calls == []
    future = communicator.future
    await asyncio.sleep(0)
    assert len(app.calls) == 1
    assert communicator.future is future
    assert isinstance(future, asyncio.Task)


@in_virtual_time
async def test_scope_and_events_are_the_very_objects() -> None:
    """Nothing is copied: an application may put into the scope what the test then reads."""
    scope: dict[str, Any] = {"type": "test"}
    event = {"type": "event"}

    async def app(given: Any, receive: Any, send: Any) -> None:
        given["state"] = 1
        await send(await receive())

    communicator = ApplicationCommunicator(app, scope)
    await communicator.send_input(event)
    assert await communicator.receive_output() is event
    assert communicator.scope is scope
    assert scope["state"] == 1


@in_virtual_time
async def test_asgi_2_applications_run_too() -> None:
    """An application that is called twice is told apart and served."""

    def app(scope: Any) -> Any:
        async def instance(receive: Any, send: Any) -> None:
            await send({"scope": scope, "event": await receive()})

        return instance

    communicator = ApplicationCommunicator(app, {"type": "test"})
    await communicator.send_input({"type": "event"})
    output = await communicator.receive_output()
    assert output == {"scope": {"type": "test"}, "event": {"type": "event"}}


def test_what_cannot_be_called_is_rejected_at_once() -> None:
    """The error comes from the line that gives the wrong application."""
    with pytest.raises(TypeError, match="must be callable"):
        ApplicationCommunicator("package:application", {})  # type: ignore[arg-type]  # deliberate


@in_virtual_time
async def test_the_context_is_empty_both_ways() -> None:
    """The application sees no variable of the test, and the test none of the application."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"seen": variable.get(), "all": len(contextvars.copy_context())})
        variable.set("application")
        await receive()
        await send({"seen": variable.get()})

    variable.set("test")
    communicator = ApplicationCommunicator(app, {})
    assert await communicator.receive_output() == {"seen": "default", "all": 0}
    assert variable.get() == "test"
    await communicator.send_input({})
    assert await communicator.receive_output() == {"seen": "application"}


@in_virtual_time
async def test_synchronous_part_of_an_application_runs_in_the_empty_context_too() -> None:
    """Also where the application is a plain function that returns an awaitable."""
    seen: list[str] = []

    def app(scope: Any, receive: Any, send: Any) -> Any:
        seen.append(variable.get())
        return echo(scope, receive, send)

    app._asgi_single_callable = True  # type: ignore[attr-defined]  # how a function is hinted
    variable.set("test")
    communicator = ApplicationCommunicator(app, {})
    await communicator.send_input({"type": "end"})
    await communicator.wait()
    assert seen == ["default"]


# --- receive_output -----------------------------------------------------------------------------


@in_virtual_time
async def test_outputs_come_in_order() -> None:
    """One output a call, first sent first."""
    communicator = ApplicationCommunicator(ScriptedApplication({"n": 1}, {"n": 2}, HANG), {})
    assert [await communicator.receive_output() for _ in range(2)] == [{"n": 1}, {"n": 2}]


@in_virtual_time
async def test_a_timeout_says_so_and_leaves_the_application_running() -> None:
    """After a timeout the very same application goes on, and the next try succeeds."""
    communicator = ApplicationCommunicator(echo, {})
    with pytest.raises(TimeoutError, match=r"nothing within 5 s; it is still running"):
        await communicator.receive_output(5)
    assert now() == pytest.approx(5)
    assert not communicator.future.done()
    await communicator.send_input({"type": "late"})
    assert await communicator.receive_output() == {"type": "late"}


@in_virtual_time
async def test_the_default_timeout_is_one_second() -> None:
    """Tests rely on it."""
    communicator = ApplicationCommunicator(echo, {})
    with pytest.raises(TimeoutError):
        await communicator.receive_output()
    assert now() == pytest.approx(1)


@in_virtual_time
async def test_without_a_timeout_it_waits_for_output() -> None:
    """None sets no limit."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(1e6)
        await send({"n": 1})

    communicator = ApplicationCommunicator(app, {})
    assert await communicator.receive_output(None) == {"n": 1}


@in_virtual_time
async def test_no_patience_still_takes_what_comes_in_the_first_step() -> None:
    """A timeout of 0 lets an application that can answer at once do so."""
    communicator = ApplicationCommunicator(ScriptedApplication({"n": 1}, HANG), {})
    assert await communicator.receive_output(0) == {"n": 1}


@in_virtual_time
async def test_a_failure_ends_the_wait_at_once_with_the_error_itself() -> None:
    """The very exception of the application, with nothing chained to it, every time."""
    error = LookupError("application")
    communicator = ApplicationCommunicator(ScriptedApplication(RECEIVE, error), {})
    waiting = asyncio.create_task(communicator.receive_output(1000))
    await asyncio.sleep(1)
    await communicator.send_input({})
    with pytest.raises(LookupError) as caught:
        await waiting
    assert now() == pytest.approx(1)
    assert caught.value is error
    assert error.__context__ is None
    assert error.__cause__ is None
    with pytest.raises(LookupError):
        await communicator.receive_output(1000)
    assert now() == pytest.approx(1)


@in_virtual_time
async def test_queued_output_comes_before_the_error() -> None:
    """What a failing application sent before it failed is not lost."""
    script = ({"n": 1}, {"n": 2}, ValueError("application"))
    communicator = ApplicationCommunicator(ScriptedApplication(*script), {})
    assert await communicator.receive_output() == {"n": 1}
    assert await communicator.receive_output() == {"n": 2}
    with pytest.raises(ValueError, match="application"):
        await communicator.receive_output(1000)
    assert now() == 0


@in_virtual_time
async def test_a_return_ends_the_wait_at_once_and_says_so() -> None:
    """Nothing can come any more, so nobody waits out the timeout."""
    communicator = ApplicationCommunicator(ScriptedApplication({"n": 1}, RECEIVE), {})
    assert await communicator.receive_output() == {"n": 1}
    waiting = asyncio.create_task(communicator.receive_output(1000))
    await asyncio.sleep(1)
    await communicator.send_input({})
    with pytest.raises(TimeoutError, match="it has returned"):
        await waiting
    with pytest.raises(TimeoutError, match="it has returned"):
        await communicator.receive_output(1000)
    assert now() == pytest.approx(1)


@in_virtual_time
async def test_output_and_return_in_one_step_give_the_output_and_no_complaint() -> None:
    """The end of the application that arrives after its last output disturbs nothing."""
    complaints: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    communicator = ApplicationCommunicator(ScriptedApplication(RECEIVE, {"n": 1}), {})
    waiting = asyncio.create_task(communicator.receive_output(1000))
    await asyncio.sleep(0)
    await communicator.send_input({})
    assert await waiting == {"n": 1}
    await asyncio.sleep(1)
    assert complaints == []


@in_virtual_time
async def test_return_and_timeout_in_one_step_are_no_complaint() -> None:
    """Time runs out right after the application has ended, before that was heard of."""
    complaints: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualClockLoop)
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    communicator = ApplicationCommunicator(ScriptedApplication(RECEIVE), {})
    waiting = asyncio.create_task(communicator.receive_output(1000))
    await asyncio.sleep(1)
    communicator.input_queue.put_nowait({})
    loop.advance(1000)
    with pytest.raises(TimeoutError):
        await waiting
    assert complaints == []


@in_virtual_time
async def test_a_stopped_application_ends_the_wait_at_once() -> None:
    """Waiting for an application that was stopped is no cancellation of the test."""
    communicator = ApplicationCommunicator(ScriptedApplication(HANG), {})
    waiting = asyncio.create_task(communicator.receive_output(1000))
    await asyncio.sleep(1)
    communicator.stop()
    with pytest.raises(TimeoutError, match="it was stopped"):
        await waiting
    assert now() == pytest.approx(1)


@in_virtual_time
async def test_cancelling_the_wait_loses_no_output() -> None:
    """An output that comes while the waiting task is cancelled stays for the next call."""
    communicator = ApplicationCommunicator(echo, {})
    waiting = asyncio.create_task(communicator.receive_output(1000))
    await asyncio.sleep(0)
    communicator.output_queue.put_nowait({"type": "kept"})
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not communicator.future.done()
    assert await communicator.receive_output() == {"type": "kept"}


@in_virtual_time
async def test_an_application_that_times_out_itself_is_an_error_like_others() -> None:
    """Its own TimeoutError comes out as the same object, not as ours."""
    error = TimeoutError("of the application")
    communicator = ApplicationCommunicator(ScriptedApplication(error), {})
    with pytest.raises(TimeoutError) as caught:
        await communicator.receive_output()
    assert caught.value is error


# --- receive_nothing ----------------------------------------------------------------------------


@in_virtual_time
async def test_silence_is_confirmed_after_the_whole_time() -> None:
    """The default is a tenth of a second; the application goes on."""
    communicator = ApplicationCommunicator(echo, {})
    assert await communicator.receive_nothing() is True
    assert now() == pytest.approx(0.1)
    assert await communicator.receive_nothing(timeout=3, interval=2) is True
    assert now() == pytest.approx(3.1)
    assert not communicator.future.done()


@in_virtual_time
async def test_output_denies_silence_and_stays() -> None:
    """Output that comes meanwhile, or was there before, is reported and not taken."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.05)
        await send({"n": 1})

    communicator = ApplicationCommunicator(app, {})
    assert await communicator.receive_nothing() is False
    assert now() == pytest.approx(0.05, abs=0.011)
    assert await communicator.receive_nothing() is False
    assert await communicator.receive_output() == {"n": 1}


@in_virtual_time
async def test_an_application_that_has_returned_is_silent_at_once() -> None:
    """Nothing can come any more, so nobody waits; the same for one that was stopped."""
    returned = ApplicationCommunicator(ScriptedApplication(), {})
    assert await returned.receive_nothing(timeout=1000) is True
    stopped = ApplicationCommunicator(ScriptedApplication(HANG), {})
    stopped.future.cancel()
    assert await stopped.receive_nothing(timeout=1000) is True
    assert now() == 0


@in_virtual_time
async def test_a_failure_is_not_silence() -> None:
    """The error comes out, but only after what was sent before it."""
    communicator = ApplicationCommunicator(ScriptedApplication({"n": 1}, ValueError("app")), {})
    assert await communicator.receive_nothing() is False
    await communicator.receive_output()
    with pytest.raises(ValueError, match="app"):
        await communicator.receive_nothing(timeout=1000)
    assert now() == 0


# --- wait and stop ------------------------------------------------------------------------------


@in_virtual_time
async def test_wait_returns_when_the_application_has_returned() -> None:
    """It gives nothing, may be repeated, and keeps unread output."""
    communicator = ApplicationCommunicator(ScriptedApplication({"n": 1}), {})
    for _ in range(2):
        await communicator.wait()
    assert now() == 0
    assert await communicator.receive_output() == {"n": 1}


@in_virtual_time
async def test_wait_raises_the_failure_every_time() -> None:
    """The very exception of the application, with the same traceback down to the fault."""
    error = LookupError("application")
    communicator = ApplicationCommunicator(ScriptedApplication(error), {})
    traces = []
    for _ in range(3):
        with pytest.raises(LookupError) as caught:
            await communicator.wait()
        assert caught.value is error
        traces.append([entry.name for entry in caught.traceback])
    assert traces[0] == traces[1] == traces[2]
    assert traces[0].count("wait") == 1
    assert traces[0][-1] == "__call__"


@in_virtual_time
async def test_wait_cancels_what_does_not_end_in_time() -> None:
    """As in asgiref 3.13.0 that is no error; the application has ended when wait returns."""
    app = ScriptedApplication(HANG)
    communicator = ApplicationCommunicator(app, {})
    await communicator.wait(5)
    assert now() == pytest.approx(5)
    assert app.cancelled
    assert communicator.future.cancelled()


@in_virtual_time
async def test_wait_gives_a_cancelled_application_time_to_clean_up() -> None:
    """Clean-up that waits is waited for, and its failure comes out."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await receive()
        finally:
            await asyncio.sleep(10)
            await send({"type": "cleaned up"})
            raise LookupError("in clean-up")

    communicator = ApplicationCommunicator(app, {})
    with pytest.raises(LookupError, match="in clean-up"):
        await communicator.wait(1)
    assert now() == pytest.approx(11)
    assert await communicator.receive_output() == {"type": "cleaned up"}


@in_virtual_time
async def test_cancelling_wait_ends_the_application() -> None:
    """A test that is itself timed out leaves nothing running."""
    app = ScriptedApplication(HANG)
    communicator = ApplicationCommunicator(app, {})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await communicator.wait(1000)
    assert communicator.future.cancelled()
    assert app.cancelled


@in_virtual_time
async def test_stop_cancels_and_may_be_repeated() -> None:
    """Before the start there is nothing to stop, and nothing starts by it."""
    app = ScriptedApplication(HANG)
    communicator = ApplicationCommunicator(app, {})
    communicator.stop()
    await asyncio.sleep(0)
    assert app.calls == []
    future = communicator.future
    await asyncio.sleep(0)
    communicator.stop()
    communicator.stop()
    await asyncio.wait({future})
    assert app.cancelled
    communicator.stop()
    await communicator.wait()


@in_virtual_time
async def test_stop_raises_the_failure_unless_told_not_to() -> None:
    """An application that had failed unnoticed is noticed at the end of the test."""
    communicator = ApplicationCommunicator(ScriptedApplication(ValueError("app")), {})
    await asyncio.wait({communicator.future})
    communicator.stop(exceptions=False)
    for _ in range(2):
        with pytest.raises(ValueError, match="app"):
            communicator.stop()


# --- nothing left behind ------------------------------------------------------------------------


@in_virtual_time
async def test_dropping_the_communicator_cancels_the_application() -> None:
    """No reference is left to it, so it dies at once, and the application after it."""
    app = ScriptedApplication(HANG)
    communicator = ApplicationCommunicator(app, {})
    future, alive = communicator.future, weakref.ref(communicator)
    await asyncio.sleep(0)
    del communicator
    assert alive() is None
    await asyncio.wait({future})
    assert app.cancelled


def test_dropping_the_communicator_after_its_loop_is_quiet() -> None:
    """A communicator that a fixture keeps longer than the loop complains of nothing."""
    kept: list[ApplicationCommunicator] = []
    loop = asyncio.new_event_loop()

    async def start() -> None:
        kept.append(ApplicationCommunicator(ScriptedApplication(HANG), {}))
        assert not kept[0].future.done()

    loop.run_until_complete(start())
    future = kept[0].future
    future.cancel()
    loop.run_until_complete(asyncio.wait({future}))
    loop.close()
    kept.clear()
    gc.collect()


def test_dropping_the_communicator_with_a_task_of_a_closed_loop_is_quiet() -> None:
    """A loop that was closed too early has told of its pending task; we add nothing."""
    loop = asyncio.new_event_loop()
    told: list[str] = []
    loop.set_exception_handler(lambda _, context: told.append(context["message"]))
    kept: list[ApplicationCommunicator] = []

    async def start() -> None:
        kept.append(ApplicationCommunicator(ScriptedApplication(HANG), {}))
        _ = kept[0].future

    loop.run_until_complete(start())
    loop.close()
    kept.clear()
    gc.collect()
    assert told == ["Task was destroyed but it is pending!"]


def test_a_failure_that_nobody_asks_for_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """No "exception was never retrieved" after the test, which did not care."""

    async def fail() -> None:
        communicator = ApplicationCommunicator(ScriptedApplication(ValueError("app")), {})
        await asyncio.wait({communicator.future})

    asyncio.run(fail())
    gc.collect()
    assert caplog.records == []


def test_after_its_loop_has_ended_output_is_still_there() -> None:
    """``asyncio.run`` stops the application; what it sent can be read in the next one."""
    communicator = ApplicationCommunicator(ScriptedApplication({"n": 1}, HANG), {})

    async def start() -> None:
        assert await communicator.receive_nothing() is False

    asyncio.run(start())
    assert asyncio.run(communicator.receive_output()) == {"n": 1}
    with pytest.raises(TimeoutError, match="it was stopped"):
        asyncio.run(communicator.receive_output(1000))


def test_another_loop_is_told_so() -> None:
    """An application that still runs elsewhere cannot be awaited here; the error says why."""
    communicator = ApplicationCommunicator(ScriptedApplication(HANG), {})
    with asyncio.Runner() as runner:

        async def start() -> None:
            _ = communicator.future

        runner.run(start())
        waits: list[Callable[[], Coroutine[Any, Any, object]]] = [
            communicator.receive_output,
            communicator.receive_nothing,
            communicator.wait,
        ]
        for wait in waits:
            with pytest.raises(RuntimeError, match="another event loop"):
                asyncio.run(wait())


# --- what subclasses rely on --------------------------------------------------------------------


@in_virtual_time
async def test_subclasses_may_use_future_and_queues() -> None:
    """Channels' communicators read these attributes, and feed and look into the queues."""

    class Communicator(ApplicationCommunicator):
        def __init__(self, application: Any, path: str) -> None:
            self.path = path
            super().__init__(application, {"type": "test", "path": path})

        async def ask(self) -> Any:
            await self.input_queue.put({"type": "question"})
            output = await self.receive_output()
            assert self.output_queue.empty()
            return output

    communicator = Communicator(echo, "/")
    assert await communicator.ask() == {"type": "question"}
    assert not communicator.future.done()
    communicator.stop()
