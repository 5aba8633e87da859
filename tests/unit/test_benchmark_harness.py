"""The benchmark harness: how cases are registered, compared and shown."""

from __future__ import annotations

import sys

import pytest

from benchmarks.child import load_suite
from benchmarks.harness import MeasurementError, Row, Settings, main, render, rows
from benchmarks.suite import OURS, PEER, Case, Suite


def test_a_case_runs_the_same_function_on_both_sides_unless_told_otherwise() -> None:
    """Sides share the subject; a rival and a replacement for the peer have their own."""
    suite = Suite("title")

    @suite.case("case", target=0.5)
    def case(loops: int) -> float:
        return loops * 1.0

    @case.rival("rival", target=2.0)
    def rival(loops: int) -> float:
        return loops * 3.0

    assert suite.cases == {"case": case}
    assert [case.run(side, 2) for side in (OURS, PEER, "rival")] == [2.0, 2.0, 6.0]
    assert (case.target(PEER), case.target("rival")) == (0.5, 2.0)

    @case.peer
    def other(loops: int) -> float:
        return loops * 5.0

    assert (case.run(PEER, 2), case.target(PEER)) == (10.0, 0.5)


def test_a_coroutine_function_is_run_in_a_loop() -> None:
    """Cases may be async; they return what they measured."""
    suite = Suite("title")

    @suite.case("case", versus_peer=False)
    async def case(loops: int) -> float:
        return loops / 2

    assert case.run(OURS, 3) == 1.5
    assert case.opponents == {}


def test_two_cases_of_one_name_are_rejected() -> None:
    """The second would silently replace the first."""
    suite = Suite("title")
    suite.case("case")(float)
    with pytest.raises(ValueError, match="already has a case 'case'"):
        suite.quantity("case")(float)


def test_a_module_without_a_suite_is_rejected() -> None:
    """A mistyped module name is told apart from an empty suite."""
    with pytest.raises(TypeError, match=r"benchmarks\.suite is no benchmark module"):
        load_suite("benchmarks.suite")


def _row(best: float, target: float | None) -> Row:
    return Row("case", PEER, best, best, target)


@pytest.mark.parametrize(
    ("best", "target", "met"), [(0.5, None, True), (0.5, 0.5, True), (0.6, 0.5, False)]
)
def test_a_target_is_met_up_to_itself(best: float, target: float | None, met: bool) -> None:
    """A row without a target cannot miss it."""
    assert _row(best, target).met is met


def test_the_table_shows_ratios_beside_targets() -> None:
    """Every row has its verdict; rows without a target have none."""
    table = render("title", [_row(0.25, 0.3), _row(0.75, 0.3), _row(2.0, None)])
    lines = [line.split() for line in table.splitlines()]
    assert lines[0] == ["title"]
    assert [line[-1] for line in lines[4:7]] == ["met", "MISSED", "2.000"]
    assert "<= 0.3" in table


def test_a_peer_that_is_no_peer_is_rejected() -> None:
    """Our own package, or none at all, on the other side gives no ratio."""
    suite = load_suite("benchmarks.import_time")
    case: Case = next(iter(suite.cases.values()))
    settings = Settings(
        our_python=sys.executable,
        our_path="src",
        peer_python=sys.executable,
        cpu=None,
        rounds=1,
        repetitions=1,
        seconds=0.0,
    )
    with pytest.raises(MeasurementError, match=r"installed|failed for"):
        list(rows(settings, "benchmarks.import_time", case))


def test_a_failed_measurement_is_an_error_status(capsys: pytest.CaptureFixture[str]) -> None:
    """The command says which case failed on which side."""
    arguments = ["benchmarks.import_time", "--peer-python", sys.executable, "--rounds", "1"]
    assert main([*arguments, "--seconds", "0", "--repetitions", "1"]) == 1
    assert "error:" in capsys.readouterr().err
