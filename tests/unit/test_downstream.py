"""How the outcome of another project's suite is judged."""

from __future__ import annotations

import pytest

from tests.downstream.run import SUITES, complaints, read_suites

[suite] = read_suites(
    r"""
    [project]
    folder = "."
    command = ["{python}"]
    failure = '^FAILED (\S+)'
    count = '(\d+) passed'
    at_least = 2

    [[project.expected]]
    test = "known"
    versions = ["1.0"]
    against = ["wheel"]
    reason = "a directory is missing"
    """
)

GOOD = "FAILED known\n2 passed\n"


def test_the_real_file_can_be_read() -> None:
    """Every suite has what running it takes, and every expected failure a reason."""
    suites = read_suites(SUITES.read_text(encoding="utf-8"))
    assert {each.name for each in suites} >= {"django", "daphne"}
    assert all(failure.reason for each in suites for failure in each.expected)


def test_an_expected_failure_is_no_complaint() -> None:
    """What is known of this version is not told again."""
    assert complaints(suite, "1.0", "wheel", GOOD, 1) == []


@pytest.mark.parametrize(
    ("version", "against", "output", "status", "told"),
    [
        pytest.param("1.0", "wheel", GOOD + "FAILED new\n", 1, "new failed", id="new failure"),
        pytest.param("2.0", "wheel", GOOD, 1, "known failed", id="other version"),
        pytest.param("1.0", "3.13.0", GOOD, 1, "known failed", id="other asgiref"),
        pytest.param("1.0", "wheel", "2 passed\n", 0, "a directory is missing", id="passes now"),
        pytest.param(
            "2.0", "wheel", "\x1b[31mFAILED red\x1b[0m\n2 passed", 1, "red failed", id="coloured"
        ),
        pytest.param("2.0", "wheel", "1 passed\n", 0, "1 tests ran", id="too few"),
        pytest.param("2.0", "wheel", "2 passed\n", -6, "status -6", id="died"),
    ],
)
def test_anything_else_is_told(
    version: str, against: str, output: str, status: int, told: str
) -> None:
    """A failure that nobody expected, one that passes, a suite that did not run."""
    [complaint] = complaints(suite, version, against, output, status)
    assert told in complaint
