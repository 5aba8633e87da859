"""The same small site in several ASGI frameworks, each behind ``AsgiToWsgi``.

``/hello`` answers in one block; ``/upload`` counts and hashes what it reads in blocks;
``/download?blocks=N`` gives N blocks of 64 KiB. The environment variable ``ASGIREF_TEST_SITE``
says which one; no other is imported.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from asgiref.wsgi import AsgiToWsgi, WsgiToAsgi
from tests.servers.plain_site import plain_application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

BLOCK: Final = 64 * 1024


async def count(stream: AsyncIterator[bytes]) -> str:
    """Read a body in blocks; return its length and hash."""
    digest, size = hashlib.sha256(), 0
    async for block in stream:
        digest.update(block)
        size += len(block)
    return f"{size} {digest.hexdigest()}"


async def make(blocks: int) -> AsyncIterator[bytes]:
    """Give blocks that tell their number."""
    for number in range(blocks):
        yield number.to_bytes(8, "big") * (BLOCK // 8)


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[dict[str, str]]:
    """Leave what the requests need."""
    yield {"greeting": "hello"}


def starlette_application() -> Any:
    """Make the site in Starlette, with a lifespan."""
    responses: Any = importlib.import_module("starlette.responses")
    route: Any = importlib.import_module("starlette.routing").Route

    async def hello(request: Any) -> Any:
        return responses.PlainTextResponse(request.state.greeting)

    async def upload(request: Any) -> Any:
        return responses.PlainTextResponse(await count(request.stream()))

    async def download(request: Any) -> Any:
        return responses.StreamingResponse(make(int(request.query_params["blocks"])))

    return importlib.import_module("starlette.applications").Starlette(
        routes=[
            route("/hello", hello),
            route("/upload", upload, methods=["POST"]),
            route("/download", download),
        ],
        lifespan=lifespan,
    )


def fastapi_application() -> Any:
    """Make the site in FastAPI, with synchronous views among them."""
    fastapi: Any = importlib.import_module("fastapi")
    responses: Any = importlib.import_module("fastapi.responses")
    site = fastapi.FastAPI(lifespan=lifespan)

    def hello() -> Any:
        return responses.PlainTextResponse("hello")

    async def upload(request: Any) -> Any:
        return responses.PlainTextResponse(await count(request.stream()))

    def download(blocks: int) -> Any:
        return responses.StreamingResponse(make(blocks))

    upload.__annotations__["request"] = fastapi.Request
    download.__annotations__["blocks"] = int
    site.get("/hello")(hello)
    site.post("/upload")(upload)
    site.get("/download")(download)
    return site


def django_application() -> Any:
    """Make the site in Django."""
    settings: Any = importlib.import_module("django.conf").settings
    if not settings.configured:
        settings.configure(
            ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="none", DEBUG=False
        )
        importlib.import_module("django").setup()
    return importlib.import_module("django.core.asgi").get_asgi_application()


def urlpatterns_of_django() -> list[Any]:
    """Return the site's addresses; one view is synchronous."""
    http: Any = importlib.import_module("django.http")
    path: Any = importlib.import_module("django.urls").path

    async def download(request: Any) -> Any:
        return http.StreamingHttpResponse(make(int(request.GET["blocks"])))

    def upload(request: Any) -> Any:
        digest, size = hashlib.sha256(), 0
        while block := request.read(BLOCK):
            digest.update(block)
            size += len(block)
        return http.HttpResponse(f"{size} {digest.hexdigest()}")

    return [
        path("hello", lambda _: http.HttpResponse("hello")),
        path("upload", upload),
        path("download", download),
    ]


def wsgi_application() -> Any:
    """Return the plain WSGI application, on its way back through the other adapter."""
    return WsgiToAsgi(plain_application)


#: The frameworks, by the names of their applications here.
FRAMEWORKS: Final[dict[str, Callable[[], Any]]] = {
    "starlette": starlette_application,
    "fastapi": fastapi_application,
    "django": django_application,
    "wsgi": wsgi_application,
}


def __getattr__(name: str) -> Any:
    """Give Django what it asks for, when it asks."""
    if name == "urlpatterns":
        return urlpatterns_of_django()
    raise AttributeError(name)


#: What the server serves; the one who starts it says which.
application = AsgiToWsgi(FRAMEWORKS[os.environ["ASGIREF_TEST_SITE"]]())
