"""Real frameworks' applications are what our aliases accept."""

from blacksheep import Application as BlackSheep
from django.core.asgi import get_asgi_application
from django.core.handlers.asgi import ASGIHandler
from falcon.asgi import App as Falcon
from fastapi import FastAPI
from litestar import Litestar
from quart import Quart
from sanic import Sanic
from starlette.applications import Starlette

from asgiref.typing import ASGI3Application, ASGIApplication

# MAIN-01: Starlette
starlette: ASGIApplication = Starlette()
# MAIN-01: FastAPI
fastapi: ASGIApplication = FastAPI()
# MAIN-01: Django, as projects build it
django: ASGIApplication = get_asgi_application()
# MAIN-01: Django's handler
django_handler: ASGIApplication = ASGIHandler()
# MAIN-01: Quart
quart: ASGIApplication = Quart(__name__)
# MAIN-01: Litestar
litestar: ASGIApplication = Litestar()
# MAIN-01: Falcon
falcon: ASGIApplication = Falcon()
# MAIN-01: BlackSheep
blacksheep: ASGIApplication = BlackSheep()
# MAIN-01: Sanic
sanic: ASGIApplication = Sanic("sanic")
# MAIN-01: all of them again, as version 3
third: list[ASGI3Application] = [
    Starlette(),
    FastAPI(),
    get_asgi_application(),
    ASGIHandler(),
    Quart(__name__),
    Litestar(),
    Falcon(),
    BlackSheep(),
    Sanic("sanic"),
]
