"""Prove that an application, or what calls it, does as ASGI says.

`validate` wraps an application and watches both sides of every call. What breaks a clause of the
specification is a `Finding` with the clause's id; `CLAUSES` is the table of all clauses. Needs
nothing but the standard library.
"""

from asgiref.conformance.clauses import CLAUSES, Clause, ConformanceError, Finding
from asgiref.conformance.validator import Validator, validate

__all__ = ("CLAUSES", "Clause", "ConformanceError", "Finding", "Validator", "validate")
