"""Handing context variables from thread to thread and back.

A thread that does a task's work runs in a copy of the task's context. Asking which variables differ
afterwards costs time for each variable, and comparing contexts with ``==`` calls the users' own
``__eq__``. But a context is a handle on an immutable mapping, and a copy shares it until either
side sets a variable: the same mapping, nothing changed. That mapping is what `storage` finds.
"""

from __future__ import annotations

import gc
from contextvars import Context, ContextVar, copy_context
from typing import Any, Final

from asgiref._bridge import call_tree

__all__ = ("adopt", "same", "storage")

_UNSET: Final = object()


def storage(context: Context) -> object:
    """Return what is the same object for two contexts only if no variable differs.

    The result must be kept, not its ``id``: a freed mapping may leave its address to another.
    """
    return gc.get_referents(context)[-1]


def same(context: Context, other: Context) -> bool:
    """Tell whether no variable differs, for two contexts in which no code runs now."""
    mine, others = gc.get_referents(context, other)
    return mine is others


def adopt(context: Context, but: ContextVar[Any], base: Context | None = None) -> None:
    """Set, in the running context, each variable that has another value in ``context``.

    Args:
        context: where the values come from.
        but: the one variable to leave alone.
        base: what ``context`` was made from; a variable with the same value in both did not change
            there, and is left alone too, since somebody who shares the running context may have
            set it.

    """
    for var, value in context.items():
        if (
            var is not but
            and var.get(_UNSET) is not value
            and (base is None or base.get(var, _UNSET) is not value)
        ):
            var.set(value)
    if call_tree.INHERITED:
        call_tree.join(context)


def _is_faithful() -> bool:
    """Tell whether this interpreter lets `storage` see what it should."""
    probe: ContextVar[int] = ContextVar("asgiref.probe")
    context = Context()
    try:
        copy = context.run(copy_context)
        shared = same(context, copy)
        context.run(probe.set, 1)
        return shared and not same(context, copy)
    except (IndexError, ValueError):
        return False


if not _is_faithful():  # pragma: no cover  # no known CPython

    def storage(context: Context) -> object:  # noqa: ARG001  # the signature of the one above
        """Return a new object: every context may have changed, `adopt` has to look."""
        return object()

    def same(context: Context, other: Context) -> bool:  # noqa: ARG001  # as above
        """Return False: every context may have changed, `adopt` has to look."""
        return False
