"""The deprecated ``timeout``; use `asyncio.timeout`."""

from __future__ import annotations

from asgiref._bridge.timeout import timeout
from asgiref._facade import rehome

__all__ = ("timeout",)

rehome(__name__, globals(), __all__)
