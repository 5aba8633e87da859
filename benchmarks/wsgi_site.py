"""What the WSGI benchmarks serve: three applications by PEP 3333, and whose adapter wraps them.

Under uvicorn this module is served as ``benchmarks.wsgi_site:application``; the environment
variables ``BENCHMARK_SITE`` and ``BENCHMARK_ADAPTER`` say which.
"""

from __future__ import annotations

import importlib
import os
import warnings
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ("ADAPTERS", "REQUESTS", "SITES", "wrap")

KIB: Final = 1024
_BLOCK: Final = b"x" * (16 * KIB)


def hello(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer in eleven bytes."""
    del environ
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "11")])
    return [b"hello world"]


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer with the request body."""
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def blocks(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    """Answer with 1 MiB in 64 blocks."""
    del environ
    start_response("200 OK", [("Content-Length", str(64 * len(_BLOCK)))])
    for _ in range(64):
        yield _BLOCK


SITES: Final[dict[str, Callable[..., Any]]] = {"hello": hello, "echo": echo, "blocks": blocks}

#: The body that each site is sent.
REQUESTS: Final = {"hello": b"", "echo": b"x" * (64 * KIB), "blocks": b""}

#: Where each adapter is found. uvicorn's own is a2wsgi's.
ADAPTERS: Final = {
    "asgiref": ("asgiref.wsgi", "WsgiToAsgi"),
    "a2wsgi": ("a2wsgi", "WSGIMiddleware"),
    "Starlette": ("starlette.middleware.wsgi", "WSGIMiddleware"),
}


def wrap(site: str, adapter: str) -> Any:
    """Return a site as an ASGI application."""
    module, name = ADAPTERS[adapter]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Starlette recommends a2wsgi
        return getattr(importlib.import_module(module), name)(SITES[site])


if "BENCHMARK_SITE" in os.environ:
    application = wrap(os.environ["BENCHMARK_SITE"], os.environ["BENCHMARK_ADAPTER"])
