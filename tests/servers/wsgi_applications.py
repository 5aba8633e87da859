"""The same small site in several WSGI frameworks, each behind ``WsgiToAsgi``.

``/hello`` answers in one block; ``/upload`` counts and hashes what it reads in blocks;
``/download?blocks=N`` gives N blocks of 64 KiB.
The environment variable ``ASGIREF_TEST_SITE`` says which one; no other is imported.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any, Final

from asgiref.wsgi import WsgiToAsgi
from tests.servers.plain_site import count, make, plain_application

if TYPE_CHECKING:
    from collections.abc import Callable


def flask_application() -> Any:
    """Make the site in Flask."""
    flask: Any = importlib.import_module("flask")
    site = flask.Flask(__name__)
    site.add_url_rule("/hello", "hello", lambda: "hello")
    site.add_url_rule("/upload", "upload", lambda: count(flask.request.stream), methods=["POST"])
    site.add_url_rule(
        "/download",
        "download",
        lambda: flask.Response(make(int(flask.request.args["blocks"]))),
    )
    return site


def bottle_application() -> Any:
    """Make the site in Bottle."""
    bottle: Any = importlib.import_module("bottle")
    site = bottle.Bottle()
    site.route("/hello", callback=lambda: "hello")
    site.route("/upload", "POST", callback=lambda: count(bottle.request.environ["wsgi.input"]))
    site.route("/download", callback=lambda: make(int(bottle.request.query.blocks)))
    return site


def falcon_application() -> Any:
    """Make the site in Falcon."""
    falcon: Any = importlib.import_module("falcon")

    class Hello:
        def on_get(self, request: Any, response: Any) -> None:
            response.text = "hello"

    class Upload:
        def on_post(self, request: Any, response: Any) -> None:
            response.text = count(request.bounded_stream)

    class Download:
        def on_get(self, request: Any, response: Any) -> None:
            response.stream = make(int(request.params["blocks"]))

    site = falcon.App()
    site.add_route("/hello", Hello())
    site.add_route("/upload", Upload())
    site.add_route("/download", Download())
    return site


def pyramid_application() -> Any:
    """Make the site in Pyramid."""
    config: Any = importlib.import_module("pyramid.config")
    response: Any = importlib.import_module("pyramid.response").Response
    with config.Configurator() as site:
        views = {
            "hello": lambda _: response("hello"),
            "upload": lambda request: response(count(request.body_file_raw)),
            "download": lambda request: response(app_iter=make(int(request.params["blocks"]))),
        }
        for name, view in views.items():
            site.add_route(name, f"/{name}")
            site.add_view(view, route_name=name)
        return site.make_wsgi_app()


def django_application() -> Any:
    """Make the site in Django."""
    settings: Any = importlib.import_module("django.conf").settings
    if not settings.configured:
        settings.configure(
            ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="none", DEBUG=False
        )
        importlib.import_module("django").setup()
    return importlib.import_module("django.core.wsgi").get_wsgi_application()


def urlpatterns_of_django() -> list[Any]:
    """Return the site's addresses."""
    http: Any = importlib.import_module("django.http")
    path: Any = importlib.import_module("django.urls").path
    return [
        path("hello", lambda _: http.HttpResponse("hello")),
        path("upload", lambda request: http.HttpResponse(count(request))),
        path(
            "download",
            lambda request: http.StreamingHttpResponse(make(int(request.GET["blocks"]))),
        ),
    ]


#: The frameworks, by the names of their applications here.
FRAMEWORKS: Final[dict[str, Callable[[], Any]]] = {
    "plain": lambda: plain_application,
    "flask": flask_application,
    "bottle": bottle_application,
    "falcon": falcon_application,
    "pyramid": pyramid_application,
    "django": django_application,
}


def __getattr__(name: str) -> Any:
    """Give Django what it asks for, when it asks."""
    if name == "urlpatterns":
        return urlpatterns_of_django()
    raise AttributeError(name)


#: What the server serves; the one who starts it says which.
application = WsgiToAsgi(FRAMEWORKS[os.environ["ASGIREF_TEST_SITE"]]())
