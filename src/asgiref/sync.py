"""Synchronous and asynchronous code, joined: each may call the other."""

from __future__ import annotations

from asgiref._bridge.async_to_sync import AsyncToSync, async_to_sync
from asgiref._bridge.coroutines import iscoroutinefunction, markcoroutinefunction
from asgiref._bridge.iterators import async_to_sync_iter, sync_to_async_iter
from asgiref._bridge.sync_to_async import SyncToAsync, sync_to_async
from asgiref._bridge.thread_contexts import AsyncSingleThreadContext, ThreadSensitiveContext
from asgiref._facade import rehome

__all__ = (
    "AsyncSingleThreadContext",
    "AsyncToSync",
    "SyncToAsync",
    "ThreadSensitiveContext",
    "async_to_sync",
    "async_to_sync_iter",
    "iscoroutinefunction",
    "markcoroutinefunction",
    "sync_to_async",
    "sync_to_async_iter",
)

rehome(__name__, globals(), __all__)
