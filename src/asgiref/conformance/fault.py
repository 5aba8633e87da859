"""A fault: what a check found, before it is known whose it is and whether anybody asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from asgiref.conformance.clauses import Severity

__all__ = ("Fault",)


class Fault(NamedTuple):
    """One breach of one clause, without the connection it happened on."""

    clause: str
    path: str
    message: str
    expected: str = ""
    got: str = ""
    severity: Severity | None = None
    """Where it differs from what the clause's strength says."""
