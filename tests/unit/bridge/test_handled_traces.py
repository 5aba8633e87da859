"""`Reraising`: an exception is raised once more, and nobody can tell."""

# ruff: noqa: PT017  # what is tested is how things are while an exception is handled

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from asgiref._bridge.handled import Reraising, get_context, set_context


def _raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException:  # noqa: BLE001  # exactly that one
        return error


def _raise_again(error: BaseException) -> BaseException | None:
    try:
        with Reraising(error):
            raise error
    except BaseException:  # noqa: BLE001  # exactly that one
        return sys.exception()


def test_traceback_and_context_are_put_back() -> None:
    """It is the handled one in between."""
    error = _raised(ValueError())
    before = error.__traceback__, error.__context__, error.__cause__
    assert _raise_again(error) is error
    assert (error.__traceback__, error.__context__, error.__cause__) == before


def test_context_of_what_is_handled_already() -> None:
    """Raising inside of another handler gives the exception no new context."""
    error = _raised(ValueError())
    try:
        raise LookupError
    except LookupError as around:
        _raise_again(error)
        assert error.__context__ is None  # not what is handled
        assert sys.exception() is around


def test_chain_that_would_be_cut() -> None:
    """Python cuts a chain of contexts that would become a circle; it is mended."""
    error = _raised(ValueError())
    around = LookupError()
    try:
        try:
            raise error
        except ValueError:
            raise around  # noqa: B904  # the context is what is looked at
    except LookupError:
        assert around.__context__ is error
        _raise_again(error)
        assert around.__context__ is error
        assert error.__context__ is None


def test_circle_of_contexts() -> None:
    """One that somebody has made by hand does not make it hang."""
    one, two = ValueError(), LookupError()
    one.__context__, two.__context__ = two, one
    try:
        raise one
    except ValueError:
        _raise_again(two)
    one.__context__ = two.__context__ = None


def test_context_by_its_slot() -> None:
    """A subclass may have hidden the attribute."""

    class HidingError(Exception):
        @property
        def __context__(self) -> BaseException | None:  # type: ignore[override]  # hidden
            raise AssertionError("somebody looked")

    error, context = HidingError(), ValueError()
    set_context(error, context)
    assert get_context(error) is context
    with pytest.raises(AssertionError):
        _ = error.__context__


def test_threads_take_turns() -> None:
    """Many threads may handle one exception at the same time."""
    error = _raised(ValueError())
    before = error.__traceback__
    barrier = threading.Barrier(4)

    def work(_: int) -> bool:
        barrier.wait()
        return all(_raise_again(error) is error for _ in range(200))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))
    assert error.__traceback__ is before
    assert error.__context__ is None
