"""`storage` and `adopt`: what changed between two contexts, and what is taken over."""

from __future__ import annotations

from contextvars import Context, ContextVar, copy_context

from hypothesis import given
from hypothesis import strategies as st

from asgiref._bridge.context import adopt, same, storage

VARIABLES: list[ContextVar[object]] = [ContextVar(f"variable {number}") for number in range(8)]
IGNORED: ContextVar[object] = ContextVar("ignored")
writes = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2)))


def _apply(changes: list[tuple[int, int]]) -> None:
    for which, value in changes:
        VARIABLES[which].set(value)


def _values(context: Context) -> dict[ContextVar[object], object]:
    return dict(context.items())


@given(writes)
def test_copies_share_their_storage(changes: list[tuple[int, int]]) -> None:
    """Until either side sets a variable, and never after a variable got another object."""
    context = Context()
    context.run(_apply, changes)
    copy = context.copy()
    assert storage(copy) is storage(context)
    assert same(copy, context)
    copy.run(VARIABLES[0].set, object())
    assert storage(copy) is not storage(context)
    assert not same(copy, context)


@given(writes, writes)
def test_adopting_makes_equal(before: list[tuple[int, int]], inside: list[tuple[int, int]]) -> None:
    """Whatever a copy did to its variables, adopting it does here."""
    context = Context()
    context.run(_apply, before)
    copy = context.copy()
    copy.run(_apply, inside)
    context.run(adopt, copy, IGNORED)
    assert _values(context) == _values(copy)


@given(writes, writes, writes)
def test_adopting_with_a_base_keeps_what_others_set(
    before: list[tuple[int, int]], inside: list[tuple[int, int]], meanwhile: list[tuple[int, int]]
) -> None:
    """A variable that the copy left alone keeps the value that somebody else gave it."""
    context = Context()
    context.run(_apply, before)
    base = context.copy()
    copy = context.copy()
    copy.run(_apply, inside)
    context.run(_apply, meanwhile)
    expected = _values(context)
    for var, value in copy.items():
        if base.get(var, None) is not value:
            expected[var] = value
    context.run(adopt, copy, IGNORED, base)
    assert _values(context) == expected


def test_one_variable_is_left_alone() -> None:
    """The bridge's own variable never travels back."""
    context = Context()
    context.run(IGNORED.set, 1)

    def inside() -> Context:
        adopt(context, IGNORED)
        return copy_context()

    assert IGNORED not in Context().run(inside)


def test_unchanged_variables_are_not_set() -> None:
    """Adopting what is the same changes nothing."""
    context = Context()
    context.run(_apply, [(0, 1), (1, 2)])
    copy = context.copy()

    def inside() -> bool:
        before = copy_context()
        adopt(copy, IGNORED)
        return same(before, copy_context())

    assert context.run(inside)
