"""`validate`: an application that watches another one, and the server that calls it.

Transparent by construction: every call is passed on in the task and at the moment in which it was
made, every object as it is. Judging happens in between and waits for nothing.
"""

from __future__ import annotations

import inspect
from inspect import CO_COROUTINE
from types import CodeType
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from asgiref._adapters.compatibility import is_double_callable
from asgiref._bridge.coroutines import iscoroutinefunction
from asgiref.conformance.connection import Connection, Watch
from asgiref.conformance.description import describe
from asgiref.conformance.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asgiref._protocol.applications import ASGIApplication
    from asgiref.conformance.clauses import Finding

__all__ = ("Validator", "validate")

#: How many findings a validator keeps; all are passed to ``on_finding``.
_KEPT: Final = 1000


class Validator:
    """An ASGI 3 application that watches both sides of the one it wraps; made by `validate`.

    One validator serves any number of connections, of any type, in any loop. What it knows of a
    connection ends with it.

    Attributes:
        findings: what was found so far, over all connections, in the order of the faults; the
            first 1,000 are kept. It may be cleared at any time.

    """

    findings: list[Finding]

    def __init__(
        self,
        application: ASGIApplication,
        *,
        on_finding: Callable[[Finding], object] | None,
        strict: bool,
        party: Literal["application", "server", "both"],
    ) -> None:
        """Prepare; see `validate`, which is the public way to make one."""
        self.findings = []
        self._application: Any = application
        self._on_finding = on_finding
        self._double = _is_double(application)
        self._watch = Watch(party, strict, self._tell)

    # Any: what an application returns is passed on, whatever it is.
    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        """Serve one connection.

        Args:
            scope: the connection scope; the application gets this very object.
            receive: the server's.
            send: the server's.

        Returns:
            What the application returns.

        Raises:
            ConformanceError: there are findings at severity "error", and the validator is strict.
            BaseException: whatever the application raises.

        """
        connection = Connection(self._watch, scope)
        connection.begin()
        watched = _watched_receive(connection, receive), _watched_send(connection, send)
        result = await self._call(connection, scope, *watched)
        connection.returned()
        return result

    def __repr__(self) -> str:
        """Name the application, and how much was found."""
        return f"<Validator of {self._application!r}: {len(self.findings)} findings>"

    def _call(self, connection: Connection, *arguments: Any) -> Awaitable[Any]:
        """Call the application, in one step or in two; its result is awaited whatever it is."""
        application = self._application
        try:
            if self._double:
                application = application(arguments[0])
                if not callable(application):
                    _complain(connection, "MAIN-37", application, "a callable")
                arguments = arguments[1:]
            result = application(*arguments)
        except TypeError:
            if not self._double and not _binds(application, 3):
                signature = str(inspect.signature(application))
                message = (
                    f"the application cannot be called with scope, receive and send: {signature}"
                )
                fault = Fault("MAIN-01", "application", message, "three parameters", signature)
                connection.report(fault, "application")
            raise
        if not hasattr(result, "__await__") and not inspect.isawaitable(result):
            clause = "MAIN-37" if self._double else "MAIN-01"
            _complain(connection, clause, result, "an awaitable")
        return cast("Awaitable[Any]", result)

    def _tell(self, finding: Finding) -> None:
        if len(self.findings) < _KEPT:
            self.findings.append(finding)
        if self._on_finding is not None:
            self._on_finding(finding)


def validate(
    application: ASGIApplication,
    *,
    on_finding: Callable[[Finding], object] | None = None,
    strict: bool = False,
    party: Literal["application", "server", "both"] = "application",
) -> Validator:
    """Put a watch around an application: an ASGI 3 application that finds what breaks a clause.

    Put it where a server or a test client expects the application. Nothing changes for either side:
    each gets the same objects, in the same order, in the same tasks.

    Args:
        application: the application, of ASGI 3 or 2.
        on_finding: called with each finding at once, in the task and the thread of the fault;
            what it raises comes out there.
        strict: whether a finding at severity "error" ends the connection: by a `ConformanceError`
            out of ``send`` or ``receive``, out of the call where the scope is wrong, and again out
            of the call if the application has swallowed it.
        party: whose faults count: those of the application, of the server (whatever calls the
            application, middleware too), or of both.

    Returns:
        The watching application, with its `findings`.

    Raises:
        TypeError: the application or ``on_finding`` cannot be called.
        ValueError: there is no such party.

    """
    if party not in {"application", "server", "both"}:
        msg = f"party must be 'application', 'server' or 'both', got {party!r}"
        raise ValueError(msg)
    told: object = on_finding
    if told is not None and not callable(told):
        msg = f"on_finding must be callable, got {told!r} of type {type(told).__name__}"
        raise TypeError(msg)
    return Validator(application, on_finding=on_finding, strict=strict, party=party)


def _watched_receive(connection: Connection, receive: Any) -> Callable[[], Any]:
    """Return the application's ``receive``, of the same kind as the server's."""

    async def finish(turn: int, result: Any) -> Any:
        event = await result
        connection.received(event, turn)
        return event

    if _is_coroutine_function(receive):
        # Calling one begins nothing: it may as well be called when it is awaited.
        async def watched() -> Any:
            turn = connection.asking()
            event = await receive()
            connection.received(event, turn)
            return event

        return watched

    def watched_at_once() -> Any:
        turn = connection.asking()
        result = receive()
        connection.require_awaitable(result, "receive")
        return finish(turn, result)

    return watched_at_once


def _watched_send(connection: Connection, send: Any) -> Callable[[Any], Any]:
    """Return the application's ``send``, of the same kind as the server's."""

    async def finish(turn: int, late: Fault | None, result: Any) -> Any:
        try:
            taken = await result
        except BaseException:
            connection.send_failed(turn)
            raise
        connection.sent(turn, late)
        return taken

    if _is_coroutine_function(send):

        async def watched(event: Any, /) -> Any:
            turn, late = connection.sending(event)
            try:
                taken = await send(event)
            except BaseException:
                connection.send_failed(turn)
                raise
            connection.sent(turn, late)
            return taken

        return watched

    def watched_at_once(event: Any, /) -> Any:
        turn, late = connection.sending(event)
        try:
            result = send(event)
        except BaseException:
            connection.send_failed(turn)
            raise
        connection.require_awaitable(result, "send")
        return finish(turn, late, result)

    return watched_at_once


def _is_coroutine_function(function: Any) -> bool:
    """Tell whether calling a function gives a coroutine; quickly for plain ones and methods."""
    code = getattr(function, "__code__", None)
    if type(code) is CodeType and code.co_flags & CO_COROUTINE:
        return True
    return iscoroutinefunction(function)


def _complain(connection: Connection, clause: str, result: object, expected: str) -> None:
    got = describe(result)
    message = f"the application gave back {got} where {expected} is asked for"
    connection.report(Fault(clause, "application()", message, expected, got), "application")


def _is_double(application: ASGIApplication) -> bool:
    """Tell whether an application is called twice.

    Hints are doubtful for what is not async; there the parameters decide: its own, and if those
    are any, the ones of what it wraps.
    """
    if not is_double_callable(application):
        return False
    for follow_wrapped in (False, True):
        once, twice = (_binds(application, count, follow_wrapped) for count in (3, 1))
        if once != twice:
            return twice
    return True


def _binds(application: Any, arguments: int, follow_wrapped: bool = True) -> bool:
    """Tell whether an application can be called with so many arguments, as far as can be seen."""
    try:
        signature = inspect.signature(application, follow_wrapped=follow_wrapped)
    except (TypeError, ValueError):
        return True  # compiled callables may hide it
    try:
        signature.bind(*range(arguments))
    except TypeError:
        return False
    return True
