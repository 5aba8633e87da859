"""WSGI applications behind ASGI servers, and ASGI applications behind WSGI servers."""

from asgiref._adapters.asgi_to_wsgi import AsgiToWsgi
from asgiref._adapters.wsgi_to_asgi import WsgiToAsgi, WsgiToAsgiInstance
from asgiref._facade import rehome

__all__ = ("AsgiToWsgi", "WsgiToAsgi", "WsgiToAsgiInstance")

rehome(__name__, globals(), __all__)
