"""Each clause that the validator decides, broken once and kept once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asgiref.conformance import CLAUSES
from asgiref.conformance.clauses import severity_of
from tests.unit.conformance.breaches import BREACHES, Breach
from tests.unit.conformance.plays import DeliberateError, watch

if TYPE_CHECKING:
    from asgiref.conformance.clauses import Side

every_breach = pytest.mark.parametrize(
    "breach",
    BREACHES,
    ids=[f"{breach.clause}-{number}" for number, breach in enumerate(BREACHES)],
)


@every_breach
def test_a_breach_is_found_under_its_id_alone(breach: Breach) -> None:
    """One finding, of that clause, as severe as the clause is strong, put to the side at fault."""
    findings = watch(breach.broken, expected=(DeliberateError, TypeError))
    assert [finding.clause.id for finding in findings] == [breach.clause], findings
    (finding,) = findings
    assert finding.severity == (breach.severity or severity_of(finding.clause))
    assert finding.clause is CLAUSES[breach.clause]
    assert finding.message
    assert finding.path
    # The softer half of HTTP-03 is the application's.
    if finding.clause.party in {"application", "server"} and breach.clause != "HTTP-03":
        assert finding.side == finding.clause.party
    other: Side = "server" if finding.side == "application" else "application"
    assert watch(breach.broken, party=other, expected=(DeliberateError, TypeError)) == []
    alone = watch(breach.broken, party=finding.side, expected=(DeliberateError, TypeError))
    assert [each.clause.id for each in alone] == [breach.clause]


@every_breach
def test_a_legal_neighbour_stays_silent(breach: Breach) -> None:
    """Nothing at any level."""
    assert watch(breach.kept) == []


def test_every_clause_that_the_table_says_is_decided_here_has_a_breach() -> None:
    """The table tells neither too much nor too little of what the validator can do."""
    said = {clause.id for clause in CLAUSES.values() if clause.decided == "validator"}
    assert said == {breach.clause for breach in BREACHES}
