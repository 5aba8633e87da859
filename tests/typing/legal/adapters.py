"""Applications of every kind go into the adapters, and what comes out is an application."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from asgiref.compatibility import (
    double_to_single_callable,
    guarantee_single_callable,
    is_double_callable,
)
from asgiref.server import StatelessServer
from asgiref.testing import ApplicationCommunicator
from asgiref.typing import (
    ASGI3Application,
    ASGIApplication,
    ASGIReceiveCallable,
    ASGISendCallable,
    HTTPScope,
    Scope,
    asgi_application,
)
from asgiref.wsgi import WsgiToAsgi


@asgi_application
async def single(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """An ASGI 3 application."""
    await send({"type": "http.response.start", "status": 200})


class Double:
    """An ASGI 2 application."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve."""


# MAIN-40: either style goes in, ASGI 3 comes out
guaranteed: list[ASGI3Application] = [
    guarantee_single_callable(single),
    guarantee_single_callable(Double),
    double_to_single_callable(Double),
]
# MAIN-40: the question
double: bool = is_double_callable(single)
# MAIN-39: what came out goes in again
again: ASGIApplication = guarantee_single_callable(guaranteed[0])


async def driven(scope: HTTPScope) -> str:
    """A test drives an application of either style, with typed scopes or plain ones."""
    for communicator in (
        ApplicationCommunicator(single, scope),
        ApplicationCommunicator(Double, {"type": "http"}),
    ):
        await communicator.send_input({"type": "http.request"})
        event = await communicator.receive_output()
        assert event["type"] == "http.response.start"
        await communicator.wait()
    return "driven"


def simple(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """A WSGI application."""
    start_response("204 No Content", [])
    return [environ["PATH_INFO"].encode()]


# MAIN-36: a WSGI application becomes one that every consumer accepts
bridged: ASGI3Application = WsgiToAsgi(simple, thread_sensitive=True)
# MAIN-36: and that an author may have checked
checked: ASGIApplication = asgi_application(WsgiToAsgi(simple))


@asgi_application
async def routed(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """An author passes typed arguments on to an adapter."""
    if scope["type"] == "http":
        await WsgiToAsgi(simple)(scope, receive, send)
    await guarantee_single_callable(Double)(scope, receive, send)


class Bot(StatelessServer[str]):
    """A server of its own protocol."""

    async def handle(self) -> None:
        """Pass one message on."""
        await self.deliver("user", {"type": "bot"}, {"type": "bot.message"})


# MAIN-39: it takes applications of either style
bots: list[Bot] = [Bot(single), Bot(Double), Bot(bridged, max_applications=10)]
