"""Every TypedDict has the keys of the specification: `keys.tsv` is the transcription.

The rows were written from the texts, one clause each, not from the source: type, key, whether the
sender must give it, whether ``None`` is legal, clause id.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from types import NoneType
from typing import NamedTuple, get_args, get_type_hints, is_typeddict

import pytest

import asgiref.typing


class Key(NamedTuple):
    """One row of the transcription."""

    type: str
    key: str
    presence: str
    none: str
    clause: str


def transcription() -> dict[str, list[Key]]:
    """Read the rows, by type."""
    by_type: dict[str, list[Key]] = defaultdict(list)
    table = Path(__file__).with_name("keys.tsv").read_text(encoding="utf-8").splitlines()
    for row in csv.reader(table[1:], delimiter="\t"):
        key = Key(*row)
        by_type[key.type].append(key)
    return dict(by_type)


TRANSCRIPTION = transcription()


def published(name: str) -> type:
    """Look up a published class."""
    found = getattr(asgiref.typing, name)
    assert isinstance(found, type)
    return found


def test_the_transcription_covers_every_published_typed_dict() -> None:
    """No published type is without rows, and no row is without a published type."""
    names = {name for name in asgiref.typing.__all__ if is_typeddict(getattr(asgiref.typing, name))}
    assert names == set(TRANSCRIPTION)


@pytest.mark.parametrize("name", TRANSCRIPTION)
def test_required_keys_are_those_the_sender_must_give(name: str) -> None:
    """``__required_keys__`` holds exactly the keys that no text lets the sender leave out."""
    required = {key.key for key in TRANSCRIPTION[name] if key.presence == "required"}
    assert published(name).__dict__["__required_keys__"] == required


@pytest.mark.parametrize("name", TRANSCRIPTION)
def test_optional_keys_are_those_the_sender_may_leave_out(name: str) -> None:
    """``__optional_keys__`` holds exactly the keys that the texts call optional."""
    optional = {key.key for key in TRANSCRIPTION[name] if key.presence == "optional"}
    assert published(name).__dict__["__optional_keys__"] == optional


@pytest.mark.parametrize("name", TRANSCRIPTION)
def test_none_is_a_value_only_where_the_text_says_so(name: str) -> None:
    """``None`` is in a key's type exactly where the transcription allows it."""
    hints = get_type_hints(published(name))
    allowing = {
        key for key, hint in hints.items() if hint is NoneType or NoneType in get_args(hint)
    }
    assert allowing == {key.key for key in TRANSCRIPTION[name] if key.none == "none"}


@pytest.mark.parametrize("name", TRANSCRIPTION)
def test_types_live_in_the_public_module_and_are_documented(name: str) -> None:
    """A type reports the facade as its module and has a docstring."""
    assert published(name).__module__ == "asgiref.typing"
    assert published(name).__doc__


@pytest.mark.parametrize("name", sorted(TRANSCRIPTION))
def test_types_are_callable_classes(name: str) -> None:
    """Code that builds an event by calling its class goes on working, unions included."""
    if name == "Extensions":
        assert published(name)() == {}
        return
    sample = {key.key: None for key in TRANSCRIPTION[name]}
    assert published(name)(**sample) == sample
