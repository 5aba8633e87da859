"""Storage that follows the call tree."""

from __future__ import annotations

from asgiref._bridge.local import Local
from asgiref._facade import rehome

__all__ = ("Local",)

rehome(__name__, globals(), __all__)
