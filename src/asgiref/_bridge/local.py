"""Storage that follows the call tree, where ``threading.local`` follows the thread.

Values live in context variables, so tasks inherit them and both directions of the bridge carry them
(context.py). A context outlives the objects whose variables it holds, and holds their values too: a
dead `Local` must therefore empty what it wrote. It keeps a weak reference to whatever it put into a
context, at least for as long as some context holds that.
"""

from __future__ import annotations

import threading
import weakref
from asyncio import _get_running_loop
from collections import deque
from contextvars import ContextVar
from typing import Any, Final

from asgiref._bridge import call_tree

__all__ = ("Local",)


class _Values:
    """The attributes of one `Local` in one context. Never changed once it is in a context."""

    # Not a subclass of dict: to make one from another took a quarter of a write on 3.13.
    __slots__ = ("__weakref__", "by_name", "tree")

    by_name: dict[str, Any]

    #: Where they were written; only for `_IsolatedLocal`.
    tree: call_tree.Tree | None


_NONE: Final = _Values()
_NONE.by_name = {}

_ref: Final = weakref.ref

#: So many dead references, and as many as there are live ones, are kept until they are dropped.
_SPARE: Final = 64


class _Written:
    """The variable of a `Local`, and what went into it and is still held by some context."""

    __slots__ = ("limit", "refs", "var")

    def __init__(self, refs: deque[weakref.ref[_Values]] | None = None) -> None:
        self.var: Final[ContextVar[_Values]] = ContextVar("asgiref.Local")
        self.refs: Final[deque[weakref.ref[_Values]]] = deque() if refs is None else refs
        #: How many references may be there before the dead ones are sorted out.
        self.limit: int = _SPARE

    def put(self, by_name: dict[str, Any], tree: call_tree.Tree | None = None) -> None:
        values = _Values()
        values.by_name = by_name
        values.tree = tree
        self.refs.append(weakref.ref(values))
        if len(self.refs) > self.limit:
            self.forget_dead()
        self.var.set(values)

    def forget_dead(self) -> None:
        """Drop the references to what no context holds any more. Any thread, at any time."""
        refs = self.refs
        for _ in range(len(refs)):
            try:
                ref = refs.popleft()
            except IndexError:
                break  # another thread does the same
            if ref() is not None:
                refs.append(ref)
        self.limit = 2 * len(refs) + _SPARE

    def clear(self) -> None:
        refs = self.refs
        while refs:
            values = refs.popleft()()
            if values is not None:
                values.by_name.clear()


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
            _threads.__set__(self, _PerThread(deque()))
        else:
            self = object.__new__(_IsolatedLocal if cls is Local and call_tree.INHERITED else cls)
            written = _Written()
            _hidden.__set__(self, written)
            _hidden_read.__set__(self, written.var.get)
        return self

    def __init_subclass__(cls) -> None:
        if not cls.__module__.startswith("asgiref._bridge."):
            raise TypeError(
                "asgiref.local.Local cannot be subclassed: make one, and keep it in your own class"
            )

    # Not __getattr__: until 3.12, that one is called only after an AttributeError was made.
    def __getattribute__(self, name: str) -> Any:
        try:
            return _read(self)().by_name[name]
        except LookupError:
            return _special(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        written = _written_of(self)
        var = written.var
        values = _Values()
        values.by_name = by_name = var.get(_NONE).by_name.copy()
        by_name[name] = value
        # As `put` does, which is worth a call for each value.
        refs = written.refs
        refs.append(_ref(values))
        var.set(values)
        # That was most likely the end of the oldest. A callback for each that ends cost 9 % of a
        # write more.
        try:
            oldest = refs.popleft()
        except IndexError:
            return  # another thread sorts them out
        if oldest() is not None:
            refs.append(oldest)
            if len(refs) > written.limit:
                written.forget_dead()

    def __delattr__(self, name: str) -> None:
        written = _written_of(self)
        by_name = written.var.get(_NONE).by_name.copy()
        try:
            del by_name[name]
        except KeyError:
            raise _missing(self, name) from None
        written.put(by_name)

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
        by_name = _visible(_written_of(self))
        return by_name[name] if name in by_name else _special(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        written = _written_of(self)
        by_name = _visible(written).copy()
        by_name[name] = value
        written.put(by_name, call_tree.grow())

    def __delattr__(self, name: str) -> None:
        written = _written_of(self)
        by_name = _visible(written).copy()
        if name not in by_name:
            raise _missing(self, name)
        del by_name[name]
        written.put(by_name, call_tree.grow())


def _visible(written: _Written) -> dict[str, Any]:
    values = written.var.get(_NONE)
    seen = values if values is not _NONE and values.tree is call_tree.tree() else _NONE
    return seen.by_name


class _PerThread(threading.local):
    """What one thread has in a thread-critical `Local`.

    Args:
        refs: what all threads have written, for the `Local` to empty.

    """

    def __init__(self, refs: deque[weakref.ref[_Values]]) -> None:
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
            return here.written.var.get().by_name[name]
        except LookupError:
            return _special(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        here = _threads_of(self)
        if _get_running_loop() is None:
            here.plain[name] = value
            return
        by_name = here.written.var.get(_NONE).by_name.copy()
        by_name[name] = value
        here.written.put(by_name)

    def __delattr__(self, name: str) -> None:
        here = _threads_of(self)
        in_task = _get_running_loop() is not None
        by_name = here.written.var.get(_NONE).by_name.copy() if in_task else here.plain
        try:
            del by_name[name]
        except KeyError:
            raise _missing(self, name) from None
        if in_task:
            here.written.put(by_name)

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
