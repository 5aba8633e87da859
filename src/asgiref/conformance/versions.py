"""Versions of the specifications: which one a server speaks, and which clauses that brings.

A clause is asked for from its version on. A server that says nothing speaks the lowest version;
one that speaks a higher version than we know is held to what we know.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from asgiref.conformance.clauses import CLAUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Version", "applies", "parse_version", "spec_version")

Version: TypeAlias = tuple[int, ...]

_LOWEST: Final[Mapping[str, Version]] = {
    "http": (2, 0),
    "websocket": (2, 0),
    "lifespan": (1, 0),
}

#: The specification by which each scope type counts its versions.
_SPECIFICATION: Final[Mapping[str, str]] = {
    "http": "www",
    "websocket": "www",
    "lifespan": "lifespan",
}

#: Asked for before the version of their row, too, and more strongly.
_ALWAYS: Final = frozenset({"HTTP-21", "WS-14"})


def parse_version(text: object) -> Version | None:
    """Return the parts of a version such as "2.5", or ``None`` for what is none."""
    return _parse(text) if isinstance(text, str) else None


@lru_cache(maxsize=64)
def _parse(text: str) -> Version | None:
    parts = text.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        return None
    return tuple(map(int, parts))


def spec_version(scope: Mapping[Any, Any], kind: str) -> Version:
    """Return the version that a scope announces for its own specification.

    Args:
        scope: the connection scope, right or wrong.
        kind: its type.

    """
    asgi = scope.get("asgi")
    said = parse_version(asgi.get("spec_version")) if isinstance(asgi, dict) else None
    return said or _LOWEST.get(kind, ())


def _introduced() -> dict[str, tuple[str, Version]]:
    found: dict[str, tuple[str, Version]] = {}
    for clause in CLAUSES.values():
        specification, _, since = clause.since.partition(" ")
        version = parse_version(since.partition("@")[0])
        if version and specification in _SPECIFICATION.values() and clause.id not in _ALWAYS:
            found[clause.id] = specification, version
    return found


_INTRODUCED: Final = _introduced()


def applies(clause: str, kind: str, version: Version) -> bool:
    """Tell whether a clause binds a connection.

    Args:
        clause: its id.
        kind: the type of the connection's scope.
        version: what `spec_version` gave for it.

    """
    specification, since = _INTRODUCED.get(clause, ("", ()))
    return specification != _SPECIFICATION.get(kind) or version >= since
