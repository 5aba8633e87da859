"""Storage that follows the call tree, where ``threading.local`` follows the thread.

Values live in context variables, so tasks inherit them and both directions of the bridge carry them
(context.py). A context outlives the objects whose variables it holds, and holds their values too: a
dead `Local` must therefore empty what it wrote. It keeps a weak reference to each dictionary that
it ever put into a context, for as long as some context holds that dictionary.
"""

from __future__ import annotations

import threading
import weakref
from asyncio import _get_running_loop
from contextvars import ContextVar
from typing import Any, Final

from asgiref._bridge import call_tree

__all__ = ("Local",)


class _Values(dict[str, Any]):
    """The attributes of one `Local` in one context. Never changed once it is in a context."""

    __slots__ = ("__weakref__", "tree")

    #: Where they were written; only for `_IsolatedLocal`.
    tree: call_tree.Tree | None

    # Told apart by identity, for weak references to them are kept in a set.
    __eq__ = object.__eq__
    __hash__ = object.__hash__  # type: ignore[assignment]  # a dict has none


_NONE: Final = _Values()

_ref: Final = weakref.ref


class _Written:
    """The variable of a `Local`, and every dictionary that went into it and is still held."""

    __slots__ = ("discard", "refs", "var")

    def __init__(self, refs: set[weakref.ref[_Values]] | None = None) -> None:
        self.var: Final[ContextVar[_Values]] = ContextVar("asgiref.Local")
        self.refs: Final[set[weakref.ref[_Values]]] = set() if refs is None else refs
        #: Forgets a dictionary that no context holds any more.
        self.discard: Final = self.refs.discard

    def put(self, values: _Values) -> None:
        self.refs.add(weakref.ref(values, self.discard))
        self.var.set(values)

    def clear(self) -> None:
        refs = self.refs
        # Popping one by one: other threads may drop contexts meanwhile, which discards from the
        # set.
        while True:
            try:
                values = refs.pop()()
            except KeyError:
                return
            if values is not None:
                values.clear()


class Local:
    """An object whose attributes belong to the running call tree.

    A task sees what was set where it was created, and what it sets is seen by itself and by what it
    starts or calls, in other threads too: through `sync_to_async`, `async_to_sync` and
    `asyncio.to_thread`. A plain new thread sees nothing. Any attribute name may be used.

    Args:
        thread_critical: values do not cross threads either; within a thread, each task keeps its
            own.

    Raises:
        AttributeError: on reading or deleting what is not set.
        TypeError: on subclassing.

    """

    __slots__ = ("__weakref__", "_read", "_written")

    def __new__(cls, thread_critical: bool = False) -> Local:  # noqa: PYI034  # or another class
        self: Local
        if thread_critical or cls is _ThreadCriticalLocal:  # the latter to copy one
            self = object.__new__(_ThreadCriticalLocal)
            _threads.__set__(self, _PerThread(set()))
        else:
            self = object.__new__(_IsolatedLocal if cls is Local and call_tree.INHERITED else cls)
            written = _Written()
            _hidden.__set__(self, written)
            _hidden_read.__set__(self, written.var.get)
        return self

    def __init_subclass__(cls) -> None:
        if not cls.__module__.startswith("asgiref._bridge."):
            raise TypeError("Local cannot be subclassed: make one, and keep it in your own class")

    # Not __getattr__: until 3.12, that one is called only after an AttributeError was made.
    def __getattribute__(self, name: str) -> Any:
        try:
            return _read(self)()[name]
        except LookupError:
            return _special(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        written = _written_of(self)
        var = written.var
        values = _Values(var.get(_NONE))
        values[name] = value
        # As `put` does, which is worth a call for each value.
        written.refs.add(_ref(values, written.discard))
        var.set(values)

    def __delattr__(self, name: str) -> None:
        written = _written_of(self)
        values = _Values(written.var.get(_NONE))
        try:
            del values[name]
        except KeyError:
            raise _missing(self, name) from None
        written.put(values)

    def __del__(self) -> None:
        _written_of(self).clear()


# The slot must not be an attribute, since every name belongs to the user: its descriptor is taken
# out of the class and kept here.
_hidden: Final[Any] = Local.__dict__["_written"]
_written_of: Final[Any] = _hidden.__get__
_hidden_read: Final[Any] = Local.__dict__["_read"]
_read: Final[Any] = _hidden_read.__get__
del Local._read  # type: ignore[attr-defined]  # mypy does not see slots
del Local._written  # type: ignore[attr-defined]  # mypy does not see slots


class _IsolatedLocal(Local):
    """A `Local` for interpreters whose threads inherit contexts (call_tree.py)."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        values = _visible(_written_of(self))
        return values[name] if name in values else _special(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        written = _written_of(self)
        values = _Values(_visible(written))
        values[name] = value
        values.tree = call_tree.grow()
        written.put(values)

    def __delattr__(self, name: str) -> None:
        written = _written_of(self)
        values = _Values(_visible(written))
        if name not in values:
            raise _missing(self, name)
        del values[name]
        values.tree = call_tree.grow()
        written.put(values)


def _visible(written: _Written) -> _Values:
    values = written.var.get(_NONE)
    return values if values is not _NONE and values.tree is call_tree.tree() else _NONE


class _PerThread(threading.local):
    """What one thread has in a thread-critical `Local`.

    Args:
        refs: what all threads have written, for the `Local` to empty.

    """

    def __init__(self, refs: set[weakref.ref[_Values]]) -> None:
        #: Outside of any event loop.
        self.plain: dict[str, Any] = {}
        #: In the tasks of this thread's loops: a variable of its own, so no other thread sees it.
        self.written = _Written(refs)


class _ThreadCriticalLocal(Local):
    __slots__ = ("_threads",)

    def __getattribute__(self, name: str) -> Any:
        here = _threads_of(self)
        try:
            if _get_running_loop() is None:
                return here.plain[name]
            return here.written.var.get()[name]
        except LookupError:
            return _special(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        here = _threads_of(self)
        if _get_running_loop() is None:
            here.plain[name] = value
            return
        values = _Values(here.written.var.get(_NONE))
        values[name] = value
        here.written.put(values)

    def __delattr__(self, name: str) -> None:
        here = _threads_of(self)
        values = here.plain
        if _get_running_loop() is not None:
            values = _Values(here.written.var.get(_NONE))
        try:
            del values[name]
        except KeyError:
            raise _missing(self, name) from None
        if isinstance(values, _Values):
            here.written.put(values)

    def __del__(self) -> None:
        _threads_of(self).written.clear()


_threads: Final[Any] = _ThreadCriticalLocal.__dict__["_threads"]
_threads_of: Final[Any] = _threads.__get__
del _ThreadCriticalLocal._threads  # type: ignore[attr-defined]  # mypy does not see slots


def _special(local: Local, name: str) -> Any:
    """Return what every object has, such as its class."""
    try:
        return object.__getattribute__(local, name)
    except AttributeError:
        raise _missing(local, name) from None


def _missing(local: Local, name: str) -> AttributeError:
    return AttributeError(f"{local!r} object has no attribute {name!r}", name=name, obj=local)
