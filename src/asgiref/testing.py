"""Drive an ASGI application by hand, from a test."""

from __future__ import annotations

from asgiref._adapters.communicator import ApplicationCommunicator
from asgiref._facade import rehome

__all__ = ("ApplicationCommunicator",)

rehome(__name__, globals(), __all__)
