"""The validator as a guest: it changes nothing, costs little, and says what it was asked for."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import copy
import functools
import gc
import pickle
import tracemalloc
import types
import weakref
from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any

import pytest

from asgiref.compatibility import is_double_callable
from asgiref.conformance import CLAUSES, ConformanceError, Finding, Validator, validate
from asgiref.conformance.clauses import severity_of
from asgiref.sync import async_to_sync, iscoroutinefunction
from asgiref.testing import ApplicationCommunicator
from tests.unit.conformance.plays import (
    ABSENT,
    BODY,
    CONNECT,
    RAISE,
    REQUEST,
    START,
    DeliberateError,
    Play,
    http,
    http_scope,
    r,
    s,
    watch,
    websocket,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

BAD_START = s("http.response.start", status="200")


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """Be an application that does nothing."""


def ids(findings: Iterable[Finding]) -> list[str]:
    """Return what was broken."""
    return [finding.clause.id for finding in findings]


class TestTransparency:
    """What either side sees is what it would see without the validator."""

    def test_the_application_gets_the_very_scope_and_the_very_events(self) -> None:
        """Nothing is copied on the way in, right or wrong."""
        scope, event = http_scope(extra=object()), {"type": "http.request", "extra": object()}
        before = {**scope}, {**event}
        seen: list[Any] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            seen.extend((scope, await receive()))

        async def receive() -> Any:
            return event

        asyncio.run(validate(application, party="both")(scope, receive, nothing))
        assert seen[0] is scope
        assert seen[1] is event
        assert (scope, event) == before

    def test_the_server_gets_the_very_events_in_their_order(self) -> None:
        """Nothing is copied on the way out, events that are none included."""
        events: list[Any] = [START[1], None, {}, BODY[1], BODY[1]]
        play = http(REQUEST, *(("send", event) for event in events))
        watch(play)
        assert len(play.sent) == len(events)
        assert all(sent is event for sent, event in zip(play.sent, events, strict=True))

    def test_header_iterators_are_left_to_the_server(self) -> None:
        """A generator of headers is read once, by whom it is for; nobody knows what is in it."""
        headers = iter([(b"A", "b")])
        play = http(REQUEST, s("http.response.start", status=200, headers=headers), BODY)
        assert watch(play) == []
        assert list(play.sent[0]["headers"]) == [(b"A", "b")]

    def test_header_iterators_are_left_to_the_application(self) -> None:
        """The same for a scope."""
        headers = iter([(b"A", "b")])
        assert watch(http(headers=headers)) == []
        assert list(headers) == [(b"A", "b")]

    def test_what_the_application_returns_and_raises_comes_out(self) -> None:
        """The very object, either way."""
        result, error = object(), DeliberateError()

        async def returning(scope: Any, receive: Any, send: Any) -> object:
            return result

        async def raising(scope: Any, receive: Any, send: Any) -> None:
            raise error

        async def main() -> None:
            application: Any = returning
            assert await validate(application)({"type": "own"}, nothing, nothing) is result
            with pytest.raises(DeliberateError) as caught:
                await validate(raising)({"type": "own"}, nothing, nothing)
            assert caught.value is error
            assert caught.value.__context__ is None

        asyncio.run(main())

    @pytest.mark.parametrize("verb", ["receive", "send"])
    def test_what_the_server_raises_reaches_the_application(self, verb: str) -> None:
        """The very object; and what the server returns does too."""
        error = OSError("the client has gone")
        seen: list[Any] = []

        async def failing(*event: Any) -> None:
            raise error

        async def application(scope: Any, receive: Any, send: Any) -> None:
            try:
                await (receive() if verb == "receive" else send(START[1]))
            except OSError as caught:
                seen.append(caught)

        play = Play(http_scope(), application=application, receive=lambda _: failing, send=failing)
        findings = watch(play)
        assert seen == [error]
        # A send that failed leaves open what the server made of it.
        assert "HTTP-58" not in ids(findings)

    def test_cancellation_reaches_the_application_where_it_waits(self) -> None:
        """In receive, in send, with its message; nothing is found in that."""

        async def main(waiting: str) -> None:
            reached = asyncio.Event()
            seen: list[tuple[object, ...]] = []

            async def server(*event: Any) -> Any:
                reached.set()
                await asyncio.Event().wait()

            async def application(scope: Any, receive: Any, send: Any) -> None:
                try:
                    await (receive() if waiting == "receive" else send(START[1]))
                except asyncio.CancelledError as error:
                    seen.append(error.args)
                    raise

            validator = validate(application)
            task = asyncio.ensure_future(validator(http_scope(), server, server))
            await reached.wait()
            task.cancel("why")
            with pytest.raises(asyncio.CancelledError):
                await task
            assert seen == [("why",)]
            assert set(ids(validator.findings)) <= {"MAIN-42"}

        asyncio.run(main("receive"))
        asyncio.run(main("send"))

    def test_a_send_that_was_given_up_leaves_the_order_open(self) -> None:
        """Whether the server took the event is not known, so nothing is said of what follows."""

        async def main() -> list[Finding]:
            async def send(event: Any) -> None:
                if event is START[1]:
                    await asyncio.Event().wait()

            async def application(scope: Any, receive: Any, send: Any) -> None:
                await receive()
                first = asyncio.ensure_future(send(START[1]))
                await asyncio.sleep(0)
                first.cancel()
                await asyncio.wait({first})
                await send(START[1] | {"status": 500})
                await send(BODY[1])

            async def receive() -> Any:
                return REQUEST[1]

            validator = validate(application)
            await validator(http_scope(), receive, send)
            return validator.findings

        assert asyncio.run(main()) == []

    def test_one_receive_and_one_send_may_be_pending_together(self) -> None:
        """Neither waits for the other; the order is that of the server."""

        async def main() -> list[str]:
            sent = asyncio.Event()
            order: list[str] = []
            first = [REQUEST[1]]

            async def receive() -> Any:
                if first:
                    return first.pop()
                await sent.wait()
                order.append("received")
                return {"type": "http.disconnect"}

            async def send(event: Any) -> None:
                order.append(event["type"])
                if event["type"] == "http.response.body":
                    sent.set()

            async def application(scope: Any, receive: Any, send: Any) -> None:
                await receive()
                listener = asyncio.ensure_future(receive())
                await asyncio.sleep(0)
                await send(START[1])
                await send(BODY[1])
                await listener

            validator = validate(application, party="both")
            await validator(http_scope(), receive, send)
            assert validator.findings == []
            return order

        assert asyncio.run(main()) == ["http.response.start", "http.response.body", "received"]

    def test_context_variables_pass_in_both_directions(self) -> None:
        """Everything runs in the task and the context of its caller."""
        variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
        tasks: set[asyncio.Task[Any] | None] = set()

        async def receive() -> Any:
            tasks.add(asyncio.current_task())
            assert variable.get() == "application"
            variable.set("server")
            return REQUEST[1]

        async def application(scope: Any, receive: Any, send: Any) -> None:
            tasks.add(asyncio.current_task())
            assert variable.get() == "caller"
            variable.set("application")
            await receive()
            assert variable.get() == "server"

        async def main() -> None:
            tasks.add(asyncio.current_task())
            variable.set("caller")
            await validate(application)(http_scope(), receive, nothing)
            assert variable.get() == "server"

        asyncio.run(main())
        assert len(tasks) == 1

    @pytest.mark.parametrize("marked", [True, False], ids=["coroutine-functions", "functions"])
    def test_receive_and_send_are_of_the_kind_that_the_server_gave(self, marked: bool) -> None:
        """Coroutine functions stay such; what begins its work when it is called still does."""
        begun: list[str] = []

        async def main() -> None:
            loop = asyncio.get_running_loop()

            async def receive() -> Any:
                return REQUEST[1]

            def receive_at_once() -> Any:
                begun.append("receive")
                future = loop.create_future()
                future.set_result(REQUEST[1])
                return future

            async def send(event: Any) -> str:
                return "taken"

            def send_at_once(event: Any) -> Any:
                begun.append("send")
                return send(event)

            async def application(scope: Any, receive: Any, send: Any) -> None:
                assert iscoroutinefunction(receive) is marked
                assert iscoroutinefunction(send) is marked
                later = receive(), send(START[1])
                assert begun == ([] if marked else ["receive", "send"])
                assert [await each for each in later] == [REQUEST[1], "taken"]
                await send(BODY[1])

            given = (receive, send) if marked else (receive_at_once, send_at_once)
            validator = validate(application, party="both")
            await validator(http_scope(), *given)

        asyncio.run(main())

    def test_every_kind_of_awaitable_will_do(self) -> None:
        """Generators that are coroutines have no ``__await__``, and can be awaited all the same."""

        @types.coroutine
        def receive() -> Generator[Any, Any, Any]:
            yield from ()
            return REQUEST[1]

        @types.coroutine
        def send(event: Any) -> Generator[Any, Any, None]:
            yield from ()

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send(START[1])
            await send(BODY[1])

        play = Play(http_scope(), (), application, lambda _: receive, send)
        assert watch(play) == []

    def test_changes_of_the_scope_with_both_sides_at_work_are_nobodys(self) -> None:
        """Who changed it cannot be told when another call has begun in between."""

        async def main(beginning: bool) -> list[str]:
            change, changed = asyncio.Event(), asyncio.Event()
            scope = http_scope()

            async def receive() -> Any:
                await change.wait()
                scope["root_path"] = ""
                changed.set()
                return REQUEST[1]

            async def application(scope: Any, receive: Any, send: Any) -> None:
                waiting = asyncio.ensure_future(receive())
                await asyncio.sleep(0)
                if beginning:
                    await send(START[1])
                change.set()
                await waiting

            validator = validate(application, party="server")
            await validator(scope, receive, nothing_sent)
            return ids(validator.findings)

        assert asyncio.run(main(beginning=False)) == ["MAIN-35"]
        assert asyncio.run(main(beginning=True)) == []

    @pytest.mark.parametrize(("calls", "found"), [(1, ["MAIN-34"]), (16, [])])
    def test_the_scope_is_watched_in_the_beginning(self, calls: int, found: list[str]) -> None:
        """A stream does not pay for it."""

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            for _ in range(calls):
                await send(s("http.response.start", status=200)[1])
            scope["path"] = "/mount/other"
            raise DeliberateError

        async def ending(scope: Any, receive: Any, send: Any) -> None:
            with contextlib.suppress(DeliberateError):
                await application(scope, receive, send)

        play = http(REQUEST)
        play.application = ending
        findings = watch(play)
        assert [each for each in ids(findings) if each.startswith("MAIN")] == found

    def test_sync_code_may_send(self) -> None:
        """``async_to_sync(send)`` sees a coroutine function, as with the server's own."""

        async def main() -> list[str]:
            sent: list[str] = []

            async def send(event: Any) -> None:
                sent.append(event["type"])

            async def application(scope: Any, receive: Any, send: Any) -> None:
                await receive()
                await asyncio.to_thread(async_to_sync(send), START[1])
                await asyncio.to_thread(async_to_sync(send), BODY[1])

            async def receive() -> Any:
                return REQUEST[1]

            validator = validate(application, party="both")
            await validator(http_scope(), receive, send)
            assert validator.findings == []
            return sent

        assert asyncio.run(main()) == ["http.response.start", "http.response.body"]

    def test_it_is_an_application_of_asgi_3(self) -> None:
        """Also around one of ASGI 2, and to whoever looks without calling."""

        class Double:
            def __init__(self, scope: Any) -> None:
                self.scope = scope

            async def __call__(self, receive: Any, send: Any) -> None:
                await receive()
                await send(START[1])
                await send(BODY[1])

        validator = validate(Double, party="both")
        assert not is_double_callable(validator)
        asyncio.run(http().run(lambda _: validator))
        assert validator.findings == []

    @pytest.mark.parametrize(
        "form", ["partial", "plain", "class", "nested", "wrapper", "double", "double-wrapper"]
    )
    def test_applications_of_every_form_are_called_as_they_are_meant(self, form: str) -> None:
        """What is not async by its looks is told apart by its parameters."""

        async def single(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send(START[1])
            await send(BODY[1])

        def plain(scope: Any, receive: Any, send: Any) -> Any:
            return single(scope, receive, send)

        class Awaitable3:
            def __init__(self, scope: Any, receive: Any, send: Any) -> None:
                self.call = single(scope, receive, send)

            def __await__(self) -> Iterator[Any]:
                return self.call.__await__()

        @functools.wraps(plain)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return plain(*args, **kwargs)

        def double(scope: Any) -> Any:
            return functools.partial(single, scope)

        @functools.wraps(plain)
        def double_wrapper(scope: Any) -> Any:
            return double(scope)

        forms: dict[str, Any] = {
            "wrapper": wrapper,
            "double": double,
            "double-wrapper": double_wrapper,
            "partial": functools.partial(single),
            "plain": plain,
            "class": Awaitable3,
            "nested": validate(single),
        }
        play = http(REQUEST)
        play.application = forms[form]
        assert watch(play) == []
        assert [event["type"] for event in play.sent] == [
            "http.response.start",
            "http.response.body",
        ]

    def test_connections_know_nothing_of_each_other(self) -> None:
        """Several in flight on one validator, each at another point."""

        async def main() -> None:
            gate = asyncio.Barrier(3)

            async def application(scope: Any, receive: Any, send: Any) -> None:
                await receive()
                await gate.wait()
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close"})
                    return
                await send(START[1])
                await gate.wait()
                await send(BODY[1])

            validator = validate(application, party="both")
            plays = [http(REQUEST), http(REQUEST), websocket(CONNECT)]
            for play in plays:
                play.application = application
            await asyncio.gather(
                *(play.run(lambda _: validator) for play in plays[:2]),
                gates(gate, plays[2], validator),
            )
            assert validator.findings == []

        async def gates(gate: Any, play: Play, validator: Validator) -> None:
            await play.run(lambda _: validator)
            await gate.wait()

        asyncio.run(main())

    def test_values_that_cannot_be_read_stay_where_they_are(self) -> None:
        """An iterable that raises when it is read, a value that is neither true nor false."""

        class Hostile(list[Any]):
            """Refuses everything."""

            def __bool__(self) -> bool:
                raise DeliberateError

        class Unreadable:
            """Looks like a collection."""

            def __len__(self) -> int:
                return 1

            def __contains__(self, item: object) -> bool:
                return False

            def __iter__(self) -> Iterator[Any]:
                raise DeliberateError

        headers = Unreadable()
        play = http(
            REQUEST,
            s("http.response.start", status=200, headers=headers),
            s("http.response.body", more_body=Hostile(), body=Unreadable()),
            headers=headers,
        )
        findings = watch(play)
        assert ids(findings) == ["HTTP-03", "MAIN-14", "MAIN-18", "MAIN-14"]
        assert play.sent[0]["headers"] is headers
        offering = websocket(subprotocols=headers)
        assert ids(watch(offering)) == ["HTTP-03"]

    def test_an_application_may_try_to_send_after_a_disconnect(self) -> None:
        """It is told by an OSError, and goes; only one that is not told goes on in vain."""

        async def send(event: Any) -> None:
            raise OSError

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            with contextlib.suppress(OSError):
                await send(START[1])

        async def websocket_application(scope: Any, receive: Any, send: Any) -> None:
            for _ in range(2):
                await receive()
            with contextlib.suppress(OSError):
                await send({"type": "websocket.accept"})

        lost = r("http.disconnect")
        assert watch(Play(http_scope(), (lost,), application, send=send)) == []
        assert ids(watch(Play(http_scope(), (lost,), application))) == ["HTTP-47"]
        left = CONNECT, r("websocket.disconnect", code=1001)
        socket = websocket().scope
        assert watch(Play(socket, left, websocket_application, send=send)) == []
        assert ids(watch(Play(socket, left, websocket_application))) == ["WS-54"]

    def test_under_the_test_communicator(self) -> None:
        """An application driven by hand, in a context of its own."""

        async def echo(scope: Any, receive: Any, send: Any) -> None:
            assert (await receive())["type"] == "websocket.connect"
            await send({"type": "websocket.accept"})
            while (event := await receive())["type"] == "websocket.receive":
                await send({"type": "websocket.send", "text": event["text"]})

        async def main() -> None:
            validator = validate(echo, party="both")
            communicator = ApplicationCommunicator(validator, websocket().scope)
            await communicator.send_input({"type": "websocket.connect"})
            assert (await communicator.receive_output())["type"] == "websocket.accept"
            await communicator.send_input({"type": "websocket.receive", "text": "a"})
            assert (await communicator.receive_output())["text"] == "a"
            await communicator.send_input({"type": "websocket.disconnect", "code": 1000})
            await communicator.wait()
            assert validator.findings == []

        asyncio.run(main())


class TestParties:
    """Whose faults count, and where they are raised."""

    def test_the_default_is_the_application(self) -> None:
        """What the server does wrong is not said."""
        validator = validate(nothing)
        asyncio.run(http(method="get").run(lambda _: validator))
        assert ids(validator.findings) == ["HTTP-75"]

    @pytest.mark.parametrize("party", ["application", "server", "both"])
    def test_each_party(self, party: Any) -> None:
        """Faults are put to the side that made them."""
        play = http(REQUEST, BAD_START, BODY, method="get")
        expected = {
            "application": ["HTTP-49"],
            "server": ["HTTP-06"],
            "both": ["HTTP-06", "HTTP-49"],
        }
        findings = watch(play, party=party)
        assert ids(findings) == expected[party]

    def test_strict_raises_in_the_application_before_the_server_gets_the_event(self) -> None:
        """Out of send, with the findings; again out of the call if the application goes on."""
        raised: list[ConformanceError] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            try:
                await send(BAD_START[1])
            except ConformanceError as error:
                raised.append(error)
            await send(START[1])
            await send(BODY[1])

        play = http(REQUEST)
        play.application = application
        with pytest.raises(ConformanceError) as caught:
            asyncio.run(play.run(functools.partial(validate, strict=True)))
        assert [each.clause.id for each in raised[0].findings] == ["HTTP-49"]
        assert caught.value.findings == raised[0].findings
        assert isinstance(caught.value.findings[0], Finding)
        assert [event["type"] for event in play.sent] == [
            "http.response.start",
            "http.response.body",
        ]

    def test_strict_raises_before_the_call_if_the_scope_is_wrong(self) -> None:
        """The application is not called at all, and all errors come together."""
        called: list[object] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            called.append(scope)

        play = http(method="get", path=b"/")
        play.application = application
        with pytest.raises(ConformanceError, match="2 clauses") as caught:
            asyncio.run(play.run(functools.partial(validate, strict=True, party="server")))
        assert sorted(ids(caught.value.findings)) == ["HTTP-06", "HTTP-08"]
        assert called == []

    def test_strict_raises_where_a_wrong_event_arrives(self) -> None:
        """Out of receive, into the application, and so out of the call."""
        seen: list[Any] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            seen.append(await receive())
            await send(START[1])

        play = http(r("http.request", body="text"))
        play.application = application
        with pytest.raises(ConformanceError) as caught:
            asyncio.run(play.run(functools.partial(validate, strict=True, party="both")))
        assert ids(caught.value.findings) == ["MAIN-18"]
        assert seen == play.sent == []

    @pytest.mark.parametrize("verb", ["receive", "send"])
    def test_strict_raises_where_a_call_gives_no_awaitable(self, verb: str) -> None:
        """In place of a TypeError that does not say whose fault it is."""

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await (receive() if verb == "receive" else send(START[1]))

        play = Play(
            http_scope(),
            application=application,
            receive=lambda _: lambda: None,
            send=lambda event: None,
        )
        with pytest.raises(ConformanceError) as caught:
            asyncio.run(play.run(functools.partial(validate, strict=True, party="server")))
        expected = {"receive": "MAIN-09", "send": "MAIN-10"}
        assert ids(caught.value.findings) == [expected[verb]]

    def test_strict_raises_nothing_below_an_error(self) -> None:
        """Warnings and notes are told, and end nothing."""
        play = http(START, START, BODY, BODY)
        findings = watch(play, strict=True)
        assert [finding.severity for finding in findings] == ["note", "warning", "warning"]

    def test_strict_leaves_the_application_its_own_error(self) -> None:
        """An application that fails by itself ends with what it raised."""
        play = http(REQUEST, START, RAISE)
        with pytest.raises(DeliberateError):
            asyncio.run(play.run(functools.partial(validate, strict=True)))

    def test_strict_takes_the_text_literally(self) -> None:
        """HTTP/3 is not in it; which close codes WebSocket allows is not ASGI's to say."""
        with pytest.raises(ConformanceError) as caught:
            watch(http(http_version="3"), strict=True)
        assert ids(caught.value.findings) == ["HTTP-04"]
        close = websocket(CONNECT, s("websocket.close", code=1005))
        assert ids(watch(close)) == ["WS-58"]
        assert watch(close, strict=True) == []

    def test_findings_are_told_at_once(self) -> None:
        """In the task of the fault, before the event goes on."""
        told: list[tuple[str, int]] = []
        play = http(REQUEST, BAD_START, BODY)

        def on_finding(finding: Finding) -> None:
            told.append((finding.clause.id, len(play.sent)))

        asyncio.run(play.run(functools.partial(validate, on_finding=on_finding)))
        assert told == [("HTTP-49", 0)]

    def test_what_on_finding_raises_comes_out_there(self) -> None:
        """A test that wants to fail at the first finding fails there."""

        def on_finding(finding: Finding) -> None:
            raise finding

        with pytest.raises(Finding, match="HTTP-49"):
            asyncio.run(
                http(REQUEST, BAD_START, BODY).run(
                    functools.partial(validate, on_finding=on_finding)
                )
            )


class TestFindings:
    """What a finding says."""

    def test_it_says_what_where_and_after_what(self) -> None:
        """In fields for programs, in a few lines for people."""
        (finding,) = watch(http(client=("192.0.2.1", "80")))
        assert finding.clause is CLAUSES["HTTP-03"]
        assert finding.severity == "error"
        assert finding.path == "scope['client'][1]"
        assert finding.expected == "int"
        assert finding.got == "str '80'"
        assert finding.side == "server"
        assert finding.trace == ()
        assert str(finding).splitlines()[:4] == [
            "HTTP-03 error: scope['client'][1] is str '80' where int is asked for",
            "  at: scope['client'][1] (server)",
            "  expected: int",
            "  got: str '80'",
        ]
        assert repr(finding).startswith("<Finding HTTP-03 error at scope['client'][1]: ")

    def test_the_trace_shows_bodies_by_size(self) -> None:
        """Nothing of a body or a message, and nothing long, is kept or shown."""
        secret = b"secret" * 100
        findings = watch(
            http(
                r("http.request", body=secret, more_body=False),
                s("http.response.start", status=200, headers=[(b"x", secret)], note=secret),
                s("http.response.body", body=secret.decode()),
            )
        )
        assert findings[0].trace == (
            "1 receive http.request body=<600> more_body=False",
            "2 send http.response.start status=200 headers=<1> note=<600>",
            "3 send http.response.body body=<600>",
        )
        assert "secret" not in str(findings[0])

    def test_the_trace_holds_the_last_fifty_events(self) -> None:
        """However many there were, with their numbers."""
        more = s("http.response.body", body=b"", more_body=True)
        (finding,) = watch(http(REQUEST, START, *[more] * 200, s("http.response.body", body="")))
        assert len(finding.trace) == 50
        assert finding.trace[0].startswith("154 send http.response.body")
        assert finding.trace[-1] == "203 send http.response.body body=<0>"

    def test_values_of_any_depth_and_size_take_a_bounded_time(self) -> None:
        """What holds itself is looked into so far; what is long, to its thousandth item."""
        endless: list[Any] = []
        endless.append(endless)
        assert watch(http(REQUEST, START, s("http.response.body", own=endless))) == []
        nested: Any = object()
        for _ in range(12):
            nested = {"a": [nested]}
        assert watch(http(REQUEST, START, s("http.response.body", own=nested))) == []
        for place, found in ((900, ["MAIN-14"]), (1100, [])):
            long: list[Any] = [0] * 2000
            long[place] = object()
            findings = watch(http(REQUEST, START, s("http.response.body", own=long)))
            assert ids(findings) == found

    def test_both_is_told_from_neither(self) -> None:
        """Of the two keys of a message."""
        accept = s("websocket.accept")
        (both,) = watch(websocket(CONNECT, accept, s("websocket.send", text="", bytes=b"")))
        (neither,) = watch(websocket(CONNECT, accept, s("websocket.send")))
        assert (both.got, neither.got) == ("both", "neither")

    def test_a_missing_type_is_told_from_a_wrong_one(self) -> None:
        """What was there is said."""
        (missing,) = watch(http(REQUEST, ("send", {}), RAISE))
        (wrong,) = watch(http(REQUEST, ("send", {"type": b"http.response.start"}), RAISE))
        assert (missing.got, wrong.got) == ("no such key", "bytes b'http.response.start'")
        (missing,) = watch(http(type=ABSENT))
        (wrong,) = watch(http(type=None))
        assert (missing.got, wrong.got) == ("no such key", "None")

    def test_an_event_that_nobody_announced_is_told_from_a_late_one(self) -> None:
        """The clause may be the same, the message is not."""
        denial = s("websocket.http.response.start", status=403)
        offered = websocket().scope | {"extensions": {"websocket.http.response": {}}}
        (unannounced,) = watch(websocket(CONNECT, denial, RAISE))
        accept = s("websocket.accept")
        (late,) = watch(websocket(CONNECT, accept, denial, RAISE, scope=offered))
        assert unannounced.clause is late.clause is CLAUSES["DENY-02"]
        assert "no extension announces it" in unannounced.message
        assert "is sent when accepted" in late.message

    def test_findings_are_frozen_exceptions(self) -> None:
        """They can be raised, pickled and compared, not changed."""
        (finding,) = watch(http(method="get"))
        with pytest.raises(FrozenInstanceError):
            finding.message = ""  # type: ignore[misc]  # what is tested
        finding.add_note("seen in a test")
        again = pickle.loads(pickle.dumps(finding))
        assert again == finding
        assert copy.copy(finding) == finding
        with pytest.raises(Finding):
            raise finding

    def test_a_group_splits_into_groups(self) -> None:
        """``except*`` and ``split`` give errors of the same class."""
        findings = watch(http(method="get", path=b"/"))
        group = ConformanceError("two", findings)
        some, rest = group.split(lambda each: "HTTP-06" in str(each))
        assert isinstance(some, ConformanceError)
        assert isinstance(rest, ConformanceError)
        assert (ids(some.findings), ids(rest.findings)) == (
            ["HTTP-06"],
            ["HTTP-08"],
        )

    def test_a_fault_is_told_once_for_each_connection(self) -> None:
        """An application that repeats itself fills no memory."""

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            for event in (START[1], *[BODY[1]] * 100):
                await send(event)

        validator = validate(application)
        for _ in range(2):
            asyncio.run(http(REQUEST).run(lambda _: validator))
        assert ids(validator.findings) == ["HTTP-74", "HTTP-74"]

    def test_a_validator_keeps_its_first_thousand(self) -> None:
        """A server that runs for months under a validator keeps its memory; hooks hear of all."""
        told: list[Finding] = []
        validator = validate(nothing, on_finding=told.append)

        async def main() -> None:
            for _ in range(1100):
                await validator(http_scope(), nothing, nothing)

        asyncio.run(main())
        assert len(told) == 1100
        assert validator.findings == told[:1000]
        assert "1000 findings" in repr(validator)

    def test_made_up_keys_fill_no_memory(self) -> None:
        """Nor does a peer that finds ever new faults to make."""
        wrong = [
            s("http.response.body", more_body=True, **{f"a{n}": object()}) for n in range(1500)
        ]
        assert len(watch(http(REQUEST, START, *wrong, BODY))) == 1000


def test_memory_does_not_grow_with_a_stream() -> None:
    """A connection that sends for ever needs no more than one that has just begun."""

    async def main() -> int:
        sizes: list[int] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send(START[1])
            for number in range(4000):
                if number in {500, 3999}:
                    gc.collect()
                    sizes.append(tracemalloc.get_traced_memory()[0])
                await send({"type": "http.response.body", "body": bytes(1000), "more_body": True})
            await send(BODY[1])

        async def receive() -> Any:
            return REQUEST[1]

        tracemalloc.start()
        try:
            await validate(application, party="both")(http_scope(), receive, nothing_sent)
        finally:
            tracemalloc.stop()
        return sizes[1] - sizes[0]

    assert asyncio.run(main()) < 20_000


async def nothing_sent(event: Any) -> None:
    """Take an event."""


def test_a_connection_leaves_nothing_behind() -> None:
    """Neither scope nor events live on: not in the validator, not in cycles, not in findings."""

    class Watched(dict[str, Any]):
        """A dict that can be watched."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(Watched(BAD_START[1]))

    validator = validate(application, party="both")
    watched: list[weakref.ref[Watched]] = []

    async def receive() -> Any:
        event = Watched(REQUEST[1])
        watched.append(weakref.ref(event))
        return event

    async def send(event: Any) -> None:
        watched.append(weakref.ref(event))

    async def main() -> None:
        scope = Watched(http_scope())
        watched.append(weakref.ref(scope))
        await validator(scope, receive, send)

    gc.disable()
    try:
        asyncio.run(main())
        assert [each() for each in watched] == [None, None, None]
    finally:
        gc.enable()
    assert ids(validator.findings) == ["HTTP-49", "HTTP-58"]


class TestMisuse:
    """What cannot be watched is refused where it is given."""

    @pytest.mark.parametrize(
        ("arguments", "error", "text"),
        [
            ({"application": "module:app"}, TypeError, "must be callable, got 'module:app'"),
            ({"party": "client"}, ValueError, "'application', 'server' or 'both', got 'client'"),
            ({"on_finding": []}, TypeError, "on_finding must be callable, got \\[\\] of type list"),
        ],
        ids=["application", "party", "on_finding"],
    )
    def test_refused(self, arguments: dict[str, Any], error: type[Exception], text: str) -> None:
        """With what was wrong."""
        with pytest.raises(error, match=text):
            validate(**({"application": nothing} | arguments))

    def test_a_may_cannot_be_broken(self) -> None:
        """The table of clauses cannot be misread as one of faults."""
        with pytest.raises(ValueError, match="HTTP-66 allows something"):
            severity_of(CLAUSES["HTTP-66"])
