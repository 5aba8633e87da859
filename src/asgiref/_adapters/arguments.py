"""What ``WsgiToAsgi`` is given, by deployments and by servers, refused in words."""

from __future__ import annotations

import functools
from typing import Any

from asgiref._bridge.coroutines import iscoroutinefunction

__all__ = ("require_http", "require_limit", "require_wsgi")


def require_http(scope: Any) -> None:
    """Reject a scope that is not of an HTTP request.

    Raises:
        TypeError: it is no scope at all.
        ValueError: it is of another type.
    """
    try:
        kind = scope["type"]
    except (KeyError, TypeError, IndexError):
        raise TypeError(
            f"WsgiToAsgi got the scope {scope!r:.80}; ASGI has a mapping with a 'type' in it."
        ) from None
    if kind != "http":
        raise ValueError(
            f"WSGI knows http alone; this scope is of type {kind!r}. Route other scopes to an ASGI "
            "application before they reach WsgiToAsgi."
        )


def require_wsgi(application: object) -> None:
    """Reject what cannot be a WSGI application.

    Raises:
        TypeError: saying what it is instead.
    """
    if not callable(application):
        raise TypeError(
            f"WsgiToAsgi got {application!r} of type {type(application).__name__}, which cannot be "
            "called; a WSGI application is a callable of (environ, start_response)."
        )
    called: Any = application
    while isinstance(called, functools.partial):
        called = called.func
    # Of the type: a class that makes async callables is not one itself.
    if iscoroutinefunction(called) or iscoroutinefunction(type(called).__call__):
        raise TypeError(
            f"WsgiToAsgi got {application!r}, which is async: it is an ASGI application already. "
            "Serve it without WsgiToAsgi; a WSGI application is an ordinary callable of "
            "(environ, start_response)."
        )


def require_limit(limit: object) -> None:
    """Reject what cannot be a number of header fields.

    Raises:
        TypeError: it is neither an integer nor ``None``.
        ValueError: it is negative.
    """
    if limit is None:
        return
    if not isinstance(limit, int):
        raise TypeError(
            f"duplicate_header_limit must be an int or None, not {limit!r} of type "
            f"{type(limit).__name__}."
        )
    if limit < 0:
        raise ValueError(f"duplicate_header_limit must not be negative, as {limit!r} is.")
