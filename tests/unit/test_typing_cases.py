"""The reader of tests/typing: what it expects, where, and what it calls a difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.typing.check import Remark, code_of, differences, judged, one_line, read, rewrite

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """\
# HTTP-49, HTTP-51: why
start = {
    "status": None,
    # mypy: [code] said
    # pyright: [rule] said too
}
print()  # wrong: in any words
"""


def test_expectations_belong_to_the_line_above_and_move_no_line(tmp_path: Path) -> None:
    """Lines are counted without the expectations, as the checkers see them."""
    path = tmp_path / "case.py"
    path.write_text(SOURCE, encoding="utf-8")
    case = read(path)
    assert case.source[3:] == ["}", "print()  # wrong: in any words"]
    assert case.expected == [
        Remark(3, "mypy", "[code] said"),
        Remark(3, "pyright", "[rule] said too"),
    ]


def test_a_case_is_the_whole_statement_below_its_clauses(tmp_path: Path) -> None:
    """An error anywhere in the statement counts for the case."""
    path = tmp_path / "case.py"
    path.write_text(SOURCE, encoding="utf-8")
    assert judged(read(path)) == [(range(2, 5), 1)]


def test_what_is_said_and_what_is_expected_must_agree_to_the_letter(tmp_path: Path) -> None:
    """Another word is both unexpected and missing; a line pointed out must be rejected by both."""
    path = tmp_path / "case.py"
    path.write_text(SOURCE, encoding="utf-8")
    said = [
        Remark(3, "mypy", "[code] said otherwise"),
        Remark(3, "pyright", "[rule] said too"),
        Remark(5, "mypy", "[code] anything"),
    ]
    assert list(differences(read(path), said)) == [
        ("unexpected", Remark(3, "mypy", "[code] said otherwise")),
        ("missing", Remark(3, "mypy", "[code] said")),
        ("missing", Remark(5, "pyright", "any error at all")),
    ]


def test_an_update_writes_what_was_said_and_is_read_again(tmp_path: Path) -> None:
    """After an update nothing differs, and lines that are only pointed out stay bare."""
    path = tmp_path / "case.py"
    path.write_text(SOURCE, encoding="utf-8")
    said = [Remark(line, checker, "new") for line in (3, 5) for checker in ("mypy", "pyright")]
    rewrite(read(path), said)
    assert list(differences(read(path), said)) == []
    assert path.read_text(encoding="utf-8").endswith("# wrong: in any words\n")


def test_a_page_is_read_as_its_python_blocks_on_their_own_lines() -> None:
    """Prose and other blocks become empty lines, so that line numbers are the page's."""
    page = "Prose.\n```python\nx = 1\n```\n```\ny\n```\n"
    assert code_of(page) == ["", "", "x = 1", "", "", "", ""]


def test_a_message_of_several_lines_becomes_one() -> None:
    """Indentation, by spaces that do not break too, is folded."""
    assert one_line("Type\n\u00a0\u00a0\u00a0 is wrong\n") == "Type / is wrong"
