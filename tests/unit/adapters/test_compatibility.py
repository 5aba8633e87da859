"""Telling ASGI 2 applications from ASGI 3 ones, and converting them."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import pytest

from asgiref.compatibility import (
    double_to_single_callable,
    guarantee_single_callable,
    is_double_callable,
)
from asgiref.sync import markcoroutinefunction


async def single(scope: Any, receive: Any, send: Any) -> None:
    """ASGI 3, a function."""
    await send((scope, await receive()))


def double(scope: Any) -> Any:
    """ASGI 2, a function."""

    async def instance(receive: Any, send: Any) -> str:
        await send((scope, await receive()))
        return "returned"

    return instance


class DoubleClass:
    """ASGI 2, the ordinary form."""

    def __init__(self, scope: Any) -> None:
        self.scope = scope

    async def __call__(self, receive: Any, send: Any) -> str:
        await send((self.scope, await receive()))
        return "returned"


class SingleInstance:
    """ASGI 3, an object."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send((scope, await receive()))

    async def method(self, scope: Any, receive: Any, send: Any) -> None:
        await send((scope, await receive()))

    @classmethod
    async def of_class(cls, scope: Any, receive: Any, send: Any) -> None:
        await send((scope, await receive()))

    @staticmethod
    async def static(scope: Any, receive: Any, send: Any) -> None:
        await send((scope, await receive()))


class DoubleInstance:
    """ASGI 2, an object whose call makes instances."""

    def __call__(self, scope: Any) -> Any:
        return double(scope)


class HintedDouble(SingleInstance):
    """Looks single, says that it is double."""

    _asgi_double_callable = True


class HintedSingle(DoubleInstance):
    """Looks double, says that it is single: a synchronous call that returns an awaitable."""

    _asgi_single_callable = True


class HintsThatDecideNothing(SingleInstance):
    """A hint that is false leaves the decision to the looks."""

    _asgi_single_callable = False
    _asgi_double_callable = False


@markcoroutinefunction
def marked(scope: Any, receive: Any, send: Any) -> Any:
    """ASGI 3, a synchronous function that says it returns a coroutine."""
    return single(scope, receive, send)


SINGLE = [
    pytest.param(marked, id="marked function"),
    pytest.param(single, id="function"),
    pytest.param(SingleInstance(), id="object"),
    pytest.param(SingleInstance().method, id="bound method"),
    pytest.param(SingleInstance.of_class, id="class method"),
    pytest.param(SingleInstance.static, id="static method"),
    pytest.param(functools.partial(single), id="partial of a function"),
    pytest.param(functools.partial(SingleInstance()), id="partial of an object"),
    pytest.param(functools.partial(functools.partial(HintedSingle())), id="partial of a hint"),
    pytest.param(HintedSingle(), id="hint"),
    pytest.param(HintsThatDecideNothing(), id="false hints"),
]
DOUBLE = [
    pytest.param(double, id="function"),
    pytest.param(DoubleClass, id="class"),
    pytest.param(SingleInstance, id="class of single objects, which is still a class"),
    pytest.param(DoubleInstance(), id="object"),
    pytest.param(DoubleInstance().__call__, id="bound method"),
    pytest.param(functools.partial(double), id="partial of a function"),
    pytest.param(functools.partial(DoubleClass), id="partial of a class"),
    pytest.param(HintedDouble(), id="hint"),
]


@pytest.mark.parametrize("application", SINGLE)
def test_single_callables_are_left_alone(application: Any) -> None:
    """An ASGI 3 application is recognised and comes back as the same object."""
    assert is_double_callable(application) is False
    assert guarantee_single_callable(application) is application


@pytest.mark.parametrize("application", DOUBLE)
def test_double_callables_are_recognised(application: Any) -> None:
    """An ASGI 2 application is recognised and replaced."""
    assert is_double_callable(application) is True
    converted = guarantee_single_callable(application)
    assert converted is not application
    assert is_double_callable(converted) is False


@pytest.mark.parametrize("application", [double, DoubleClass, DoubleInstance()])
@pytest.mark.parametrize("convert", [double_to_single_callable, guarantee_single_callable])
def test_converted_application_serves_with_a_new_instance(convert: Any, application: Any) -> None:
    """Scope, receive and send reach the instance; what it returns comes back."""
    sent: list[Any] = []
    scope = {"type": "test"}

    async def receive() -> str:
        return "event"

    async def send(event: Any) -> None:
        sent.append(event)

    returned = asyncio.run(convert(application)(scope, receive, send))
    assert sent == [(scope, "event")]
    assert sent[0][0] is scope
    assert returned == "returned"


def test_errors_of_both_calls_reach_the_caller() -> None:
    """What making or running the instance raises is raised, as the same object."""
    error = LookupError("either")

    def fails_at_once(scope: Any) -> Any:
        raise error

    def fails_later(scope: Any) -> Any:
        async def instance(receive: Any, send: Any) -> None:
            raise error

        return instance

    for application in (fails_at_once, fails_later):
        with pytest.raises(LookupError) as caught:
            asyncio.run(double_to_single_callable(application)({}, None, None))  # type: ignore[arg-type]  # asyncio.run wants a coroutine, the alias promises an awaitable
        assert caught.value is error


WRONG: list[object] = [None, "package.module:application", {}]


@pytest.mark.parametrize("function", [is_double_callable, double_to_single_callable])
@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_called_is_rejected_by_name(function: Any, wrong: object) -> None:
    """The error shows what was given, such as an import string that nobody imported."""
    with pytest.raises(TypeError, match="must be callable") as caught:
        function(wrong)
    assert repr(wrong) in str(caught.value)


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_called_is_guaranteed_with_a_warning(wrong: Any) -> None:
    """A server may be set up with a placeholder, as Daphne's own tests do; serving it fails."""
    with pytest.warns(RuntimeWarning, match="must be callable") as warned:
        application = guarantee_single_callable(wrong)
    assert warned[0].filename == __file__
    assert not is_double_callable(application)

    async def serve() -> None:
        await application({}, single, single)

    with pytest.raises(TypeError, match="must be callable") as caught:
        asyncio.run(serve())
    assert repr(wrong) in str(caught.value)
