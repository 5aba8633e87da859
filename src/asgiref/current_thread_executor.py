"""An executor that works in the thread that waits."""

from __future__ import annotations

from asgiref._bridge.current_thread_executor import CurrentThreadExecutor
from asgiref._facade import rehome

__all__ = ("CurrentThreadExecutor",)

rehome(__name__, globals(), __all__)
