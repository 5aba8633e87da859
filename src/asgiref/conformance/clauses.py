"""The table of clauses, and what a breach of one is reported as.

``clauses.tsv`` is the specification in rows: one testable sentence each, with the party that
breaks it, how strongly it binds, the version whose text first had it, and how it can be decided.
Nothing else in the package says what a clause asks for; code and reports cite ids.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = (
    "CLAUSES",
    "Clause",
    "ClauseParty",
    "ConformanceError",
    "Decided",
    "Finding",
    "Severity",
    "Side",
    "Strength",
    "severity_of",
)

ClauseParty: TypeAlias = Literal["application", "server", "both", "framework"]
"""Who can break a clause. "framework" is middleware, a bridge or a helper: either side."""

Side: TypeAlias = Literal["application", "server"]
"""Who broke one."""

Strength: TypeAlias = Literal["must", "should", "may"]

Severity: TypeAlias = Literal["error", "warning", "note"]

Decided: TypeAlias = Literal[
    "validator", "wire", "driver", "elsewhere", "permission", "unobservable"
]
"""How a clause can be decided.

"validator": by watching the calls between a server and an application, as `validate` does.
"wire": only with a look at what the client sends and gets.
"driver": only with traffic that is made for it, such as events that are wrong on purpose.
"elsewhere": its breaches are those of other clauses and are reported under their ids.
"permission": never, since it allows something and asks for nothing.
"unobservable": not by any of these.
"""


@dataclass(frozen=True, slots=True)
class Clause:
    """One testable sentence of the specifications.

    Attributes:
        id: area and number, such as "HTTP-49".
        area: "main", "http", "websocket", "lifespan", "tls", or an extension ("ext-push").
        party: who can break it.
        strength: how strongly it binds.
        since: the specification and version whose text first had it, such as "www 2.3"; after an
            "@" the month in which the text changed without a new number.
        decided: how a breach can be seen.
        section: where it stands; "derived:" in front means that it is implied there, not said.
        requirement: the sentence, in our words. The text of the specification wins.

    """

    id: str
    area: str
    party: ClauseParty
    strength: Strength
    since: str
    decided: Decided
    section: str
    requirement: str

    @property
    def derived(self) -> bool:
        """Whether the text implies it without saying it."""
        return self.section.startswith("derived:")


def _read() -> dict[str, Clause]:
    """Read the table that is shipped beside this module."""
    text = resources.files(__package__).joinpath("clauses.tsv").read_text(encoding="utf-8")
    rows = list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    clauses = (
        Clause(
            id=id_,
            area=area,
            party=cast("ClauseParty", party),
            strength=cast("Strength", strength),
            since=since,
            decided=cast("Decided", decided),
            section=section,
            requirement=requirement,
        )
        for id_, area, party, strength, since, decided, section, requirement in rows[1:]
    )
    return {clause.id: clause for clause in clauses}


CLAUSES: Final[Mapping[str, Clause]] = MappingProxyType(_read())
"""Every clause by its id: main 3.0, HTTP & WebSocket 2.5, lifespan 2.0, TLS 0.2, extensions."""

_BY_STRENGTH: Final[Mapping[tuple[Strength, bool], Severity]] = {
    ("must", False): "error",
    ("must", True): "warning",
    ("should", False): "warning",
    ("should", True): "note",
}


def severity_of(clause: Clause) -> Severity:
    """Return how bad a breach is: derived clauses are one level softer.

    Args:
        clause: one that asks for something.

    Raises:
        ValueError: the clause is a "may", which nothing can break.

    """
    if clause.strength == "may":
        msg = f"{clause.id} allows something and asks for nothing: it cannot be broken"
        raise ValueError(msg)
    return _BY_STRENGTH[clause.strength, clause.derived]


@dataclass(frozen=True)
class _Breach:
    """What a finding says.

    Apart from `Finding`, because a frozen dataclass takes no attribute at all, and an exception
    must take those that Python itself sets.
    """

    clause: Clause
    severity: Severity
    message: str
    path: str
    expected: str
    got: str
    trace: tuple[str, ...]
    side: Side = "application"


class Finding(_Breach, Exception):  # noqa: N818 - what it is, before it is ever raised
    """One breach of one clause; an exception, so that a group of them can be raised.

    Attributes:
        clause: what was broken.
        severity: "error" breaks a must, "warning" a should, "note" is worth a look. Clauses that
            the text only implies are one level softer.
        message: what happened, in one sentence.
        path: where, such as ``scope['client'][1]``, ``event['status']`` or ``return``.
        expected: what the clause asks for there; may be empty.
        got: what was there; long values, and all bodies, by their size.
        trace: the last events of the connection, 50 at most, one line each, the oldest first.
        side: who is at fault.

    """

    def __str__(self) -> str:
        """Describe the finding in a few lines, for a person."""
        clause = self.clause
        lines = [
            f"{clause.id} {self.severity}: {self.message}",
            f"  at: {self.path} ({self.side})",
        ]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.got:
            lines.append(f"  got: {self.got}")
        lines.append(f"  clause: {clause.requirement} ({clause.since}, {clause.section})")
        lines += [f"  | {event}" for event in self.trace]
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Show what a list of findings needs, without the trace."""
        return f"<Finding {self.clause.id} {self.severity} at {self.path}: {self.message}>"

    def __reduce__(self) -> tuple[type[Finding], tuple[object, ...]]:
        """Pickle by fields: exceptions would pickle by the positional arguments they got."""
        return type(self), tuple(getattr(self, field.name) for field in fields(self))


class ConformanceError(ExceptionGroup[Finding]):
    """The findings at severity "error" that ended a connection under ``strict=True``."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings in it, in the order of the faults."""
        return tuple(each for each in self.exceptions if isinstance(each, Finding))

    # Any: the parts of a group may be groups in general, and are findings here.
    def derive(self, excs: Sequence[Any], /) -> Any:
        """Return a group of the same kind: ``except*`` and ``split`` make parts."""
        return ConformanceError(self.message, excs)
