"""What every public module does last: its names report the module that users import them from.

A traceback, a pickle or a documentation tool that asks an object where it lives gets the public
module (``asgiref.sync``), never the private layer that happens to hold the code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ("rehome",)


def rehome(module: str, namespace: Mapping[str, object], names: Iterable[str]) -> None:
    """Make the classes and functions among ``names`` report ``module`` as their ``__module__``.

    Args:
        module: the public module's ``__name__``.
        namespace: the public module's ``globals()``.
        names: its ``__all__``; aliases and constants, which have no module of their own, are
            left alone.

    """
    for name in names:
        published = namespace[name]
        home = getattr(published, "__module__", None)
        if isinstance(home, str) and home.startswith("asgiref._"):
            published.__module__ = module
