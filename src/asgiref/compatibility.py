"""ASGI 2 applications as ASGI 3 ones: tell them apart, and convert."""

from __future__ import annotations

from asgiref._adapters.compatibility import (
    double_to_single_callable,
    guarantee_single_callable,
    is_double_callable,
)
from asgiref._facade import rehome

__all__ = ("double_to_single_callable", "guarantee_single_callable", "is_double_callable")

rehome(__name__, globals(), __all__)
