"""Write docs/clauses.md from the package's table of clauses.

Run it from the repository's root after a change of the table::

    python -m docs.clause_table

It rewrites what stands below the page's marker and leaves the prose alone. A test compares.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from asgiref.conformance import CLAUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asgiref.conformance import Clause

PAGE: Final = Path(__file__).with_name("clauses.md")
MARKER: Final = "<!-- clauses -->"

_AREAS: Final = {
    "main": "Main specification",
    "http": "HTTP",
    "websocket": "WebSocket",
    "lifespan": "Lifespan",
    "tls": "Extension: TLS",
    "ext-denial": "Extension: WebSocket denial response",
    "ext-push": "Extension: HTTP/2 server push",
    "ext-zerocopysend": "Extension: zero-copy send",
    "ext-pathsend": "Extension: path send",
    "ext-early-hint": "Extension: early hints",
    "ext-trailers": "Extension: HTTP trailers",
    "ext-debug": "Extension: debug",
}

_DECIDED: Final[Mapping[str, str]] = {
    "validator": "validator",
    "wire": "on the wire",
    "driver": "by made-up traffic",
    "elsewhere": "as other clauses",
    "permission": "nothing to break",
    "unobservable": "cannot be seen",
}


def row(clause: Clause) -> str:
    """Return one line of a table."""
    requirement = clause.requirement.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
    strength = f"{clause.strength}, derived" if clause.derived else clause.strength
    cells = clause.id, clause.party, strength, clause.since, _DECIDED[clause.decided], requirement
    return f"| {' | '.join(cells)} |"


def page(text: str) -> str:
    """Return the page with everything below the marker written anew.

    Args:
        text: the page as it is.
    """
    counts = dict.fromkeys(_DECIDED, 0)
    for clause in CLAUSES.values():
        counts[clause.decided] += 1
    lines = [text.partition(MARKER)[0] + MARKER, "", "| Decided | Clauses |", "|---|---|"]
    lines += [f"| {_DECIDED[each]} | {count} |" for each, count in counts.items()]
    for area, title in _AREAS.items():
        lines += ["", f"## {title}", ""]
        lines += ["| Clause | Binds | Strength | Since | Decided | Requirement |"]
        lines += ["|---|---|---|---|---|---|"]
        lines += [row(clause) for clause in CLAUSES.values() if clause.area == area]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
