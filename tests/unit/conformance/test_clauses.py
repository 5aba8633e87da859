"""The table of clauses, against itself, the protocol's tables and the documentation."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from asgiref._protocol.lifecycle import LIFECYCLES, UNANNOUNCED
from asgiref.conformance import CLAUSES
from asgiref.conformance.schema import _CLAUSES, _INSTEAD
from docs.clause_table import PAGE, page

KEYS = Path(__file__).parents[1] / "protocol" / "keys.tsv"


def test_rows_are_whole() -> None:
    """No cell is empty, no id is there twice, no word is of our making."""
    for id_, clause in CLAUSES.items():
        assert clause.id == id_
        assert re.fullmatch(r"[A-Z]+-\d\d", id_)
        assert clause.party in {"application", "server", "both", "framework"}
        assert clause.strength in {"must", "should", "may"}
        assert re.fullmatch(r"(main|www|lifespan|tls|ext) [\d.-]+(@\d{4}-\d\d)?", clause.since)
        assert clause.section.removeprefix("derived:").strip()
        assert clause.requirement.endswith((".", ")"))
        assert (clause.decided == "permission") == (clause.strength == "may")


def test_ids_are_numbered_without_gaps() -> None:
    """A row that is lost on the way from the specification leaves a gap."""
    numbers: dict[str, list[int]] = {}
    for id_ in CLAUSES:
        area, _, number = id_.partition("-")
        numbers.setdefault(area, []).append(int(number))
    for area, seen in numbers.items():
        assert seen == list(range(1, len(seen) + 1)), area
    assert len(CLAUSES) == 284


def test_the_lifecycle_tables_cite_clauses_that_exist() -> None:
    """Every breach and every unfinished state is one that asks for something."""
    cited = set(UNANNOUNCED.values())
    for lifecycles in LIFECYCLES.values():
        for lifecycle in lifecycles:
            assert {step.clause for step in lifecycle.steps} <= CLAUSES.keys()
            cited |= {breach.clause for breach in lifecycle.breaches}
            cited |= set(lifecycle.unfinished.values())
    for id_ in cited:
        assert CLAUSES[id_].strength != "may"
        assert CLAUSES[id_].decided == "validator"


def test_the_clauses_of_keys_are_those_of_the_transcription() -> None:
    """Both were written from the texts: the types' keys there, the checks' here."""
    with KEYS.open(encoding="utf-8") as rows:
        transcribed = {
            (row["type"], row["key"]): row["clause"]
            for row in csv.DictReader(rows, delimiter="\t")
            if row["key"] != "type" and row["type"] in _CLAUSES
        }
    # That the key is there at all is asked for of every scope.
    transcribed["LifespanScope", "asgi"] = "MAIN-05"
    ours = {(name, key): id_ for name, keys in _CLAUSES.items() for key, id_ in keys.items()}
    assert ours == transcribed


def test_what_stands_in_for_a_may_asks_for_something() -> None:
    """A wrong value breaks a clause that can be broken."""
    for own, instead in _INSTEAD.items():
        assert CLAUSES[own].strength == "may"
        assert CLAUSES[instead].strength == "must"


def test_the_page_shows_the_table() -> None:
    """docs/clauses.md is what ``python -m docs.clause_table`` writes, with every clause."""
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text
    assert all(f"| {id_} |" in text for id_ in CLAUSES)
