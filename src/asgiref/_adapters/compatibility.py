"""ASGI 2 applications as ASGI 3 ones (main 3.0, "Legacy Applications").

An ASGI 2 ("double") application is called twice: ``application(scope)`` gives an instance, and
``await instance(receive, send)`` serves the connection. An ASGI 3 ("single") application is
called once. Nothing in an object says for sure which of the two it is, hence hints.
"""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, Any, cast

from asgiref._bridge.coroutines import iscoroutinefunction

if TYPE_CHECKING:
    from asgiref._protocol.applications import ASGI2Application, ASGI3Application, ASGIApplication

__all__ = (
    "double_to_single_callable",
    "guarantee_single_callable",
    "is_double_callable",
    "require_callable",
)


def is_double_callable(application: ASGIApplication) -> bool:
    """Tell whether an application is of the ASGI 2 style.

    In this order: an attribute ``_asgi_single_callable`` or ``_asgi_double_callable`` that is
    true decides; a class is double, for making an instance is its first call; anything else is
    single if `asgiref.sync.iscoroutinefunction` is true of it or of its ``__call__``. A
    ``functools.partial`` is of the style of what it wraps.

    Args:
        application: any ASGI application.

    Raises:
        TypeError: if it cannot be called at all.

    """
    require_callable(application)
    target: object = application
    while True:
        if getattr(target, "_asgi_single_callable", False):
            return False
        if getattr(target, "_asgi_double_callable", False):
            return True
        if not isinstance(target, functools.partial):
            break
        target = target.func
    if isinstance(target, type):
        return True
    if iscoroutinefunction(target):
        return False
    called = getattr(target, "__call__", None)  # noqa: B004 - the method itself is wanted
    return not iscoroutinefunction(called)


def double_to_single_callable(application: ASGI2Application) -> ASGI3Application:
    """Return an ASGI 3 application that serves each call with a new instance of an ASGI 2 one.

    Args:
        application: an ASGI 2 application; it is called with the scope in the task that calls the
            result.

    Raises:
        TypeError: if it cannot be called.

    """
    require_callable(application)

    # Any: what an instance returns is nobody's business, yet it has always been passed on.
    async def new_application(scope: Any, receive: Any, send: Any) -> Any:
        instance = application(scope)
        return await instance(receive, send)

    return new_application


def guarantee_single_callable(application: ASGIApplication) -> ASGI3Application:
    """Return an ASGI 3 application for one of either style: the same object if it is one already.

    What cannot be called gets a warning, and the result raises TypeError at its first connection:
    servers call this for whatever their command line names, before there is anything to serve.

    Args:
        application: any ASGI application; see `is_double_callable` for how styles are told apart.

    """
    try:
        require_callable(application)
    except TypeError as error:
        complaint = str(error)
        warnings.warn(complaint, RuntimeWarning, stacklevel=2)

        async def rejected(*_: object) -> None:
            raise TypeError(complaint)

        return rejected
    if is_double_callable(application):
        return double_to_single_callable(cast("ASGI2Application", application))
    return cast("ASGI3Application", application)


def require_callable(candidate: object) -> None:
    """Reject what nobody could call, such as a forgotten import string.

    Raises:
        TypeError: naming it.

    """
    if not callable(candidate):
        msg = (
            f"an ASGI application must be callable, got {candidate!r} "
            f"of type {type(candidate).__name__}"
        )
        raise TypeError(msg)
