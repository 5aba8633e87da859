"""Servers without sockets: many connection scopes over one outgoing stream.

``StatelessServer`` is the base class of chat bots, queue consumers and gateways: it gives every
user, room or topic of one connection a scope of its own in one ASGI application.
"""

from asgiref._adapters.server.endings import ApplicationEnding, ServerStatistics
from asgiref._adapters.server.errors import InstanceEnded, ServerStopped
from asgiref._adapters.server.stateless_server import StatelessServer, logger
from asgiref._facade import rehome

__all__ = (
    "ApplicationEnding",
    "InstanceEnded",
    "ServerStatistics",
    "ServerStopped",
    "StatelessServer",
    "logger",
)

rehome(__name__, globals(), __all__)
