"""A decorated application is what real servers, middleware and test clients accept."""

from asgi_lifespan import LifespanManager
from django.core.asgi import get_asgi_application
from fastapi import FastAPI
from flask import Flask
from granian.server.embed import Server as Granian
from httpx import ASGITransport, AsyncClient
from hypercorn import asyncio as hypercorn
from hypercorn.config import Config as HypercornConfig
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.testclient import TestClient
from uvicorn import Config as UvicornConfig
from uvicorn import run as uvicorn

from asgiref.typing import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGISendCallable,
    Scope,
    asgi_application,
)
from asgiref.wsgi import WsgiToAsgi


@asgi_application
async def app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Strictly checked, accepted everywhere."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await receive()
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})


class Seen:
    """Middleware of an author's own."""

    def __init__(self, app: ASGI3Application) -> None:
        self.app = app

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Pass everything on."""
        await self.app(scope, receive, send)


def seen(app: ASGI3Application) -> ASGI3Application:
    """Make it acceptable: the instance is strict, the result permissive."""
    return Seen(app)


async def consumers() -> None:
    """Hand the application to everyone."""
    # MAIN-01: uvicorn
    uvicorn(app)
    # MAIN-01: uvicorn's configuration
    UvicornConfig(app)
    # MAIN-01: hypercorn, whose annotation of WSGI applications leaves parameters out
    await hypercorn.serve(app, HypercornConfig())  # pyright: ignore[reportUnknownMemberType]
    # MAIN-01: granian, embedded
    await Granian(app).serve()
    # MAIN-01: httpx
    AsyncClient(transport=ASGITransport(app))
    # MAIN-01: Starlette's test client
    TestClient(app)
    # MAIN-01: Starlette's middleware
    GZipMiddleware(CORSMiddleware(app))
    # MAIN-01: Starlette's routing
    Starlette(routes=[Mount("/api", app), Mount("/other", app=app)])
    # MAIN-01: Starlette's list of middleware
    Starlette(middleware=[Middleware(Seen), Middleware(seen)]).add_middleware(Seen)
    # MAIN-01: FastAPI's list of middleware, and its routing
    FastAPI(middleware=[Middleware(seen)]).mount("/api", seen(app))
    # MAIN-01: FastAPI, wrapped by an author's middleware, and served
    uvicorn(seen(FastAPI()))
    # MAIN-01: Django, wrapped by an author's middleware, and served
    UvicornConfig(seen(get_asgi_application()))
    # MAIN-01: a WSGI application behind the adapter, mounted and served
    uvicorn(Starlette(routes=[Mount("/old", WsgiToAsgi(Flask(__name__)))]))
    # MAIN-01: and by hypercorn, without more
    await hypercorn.serve(  # pyright: ignore[reportUnknownMemberType]
        WsgiToAsgi(Flask(__name__)), HypercornConfig()
    )
    # MAIN-01: asgi-lifespan
    LifespanManager(app)
