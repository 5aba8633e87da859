"""Deprecated names: announced as the changelog's policy says, and gone in time."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

import asgiref
from asgiref._deprecation import DEPRECATED, Deprecation, warn_deprecated

SOURCE = Path(asgiref.__file__).parent


def _release(version: str) -> tuple[int, int]:
    """Return ``X.Y`` of a version, of a development or pre-release as well."""
    major, minor, *_ = version.split(".")
    return int(major), int(minor)


def _overdue(version: str, deprecated: dict[str, Deprecation]) -> list[str]:
    """Return the names that may go by now."""
    release = _release(version)
    return [name for name, entry in deprecated.items() if entry.removable_in <= release]


def test_nothing_outstays_its_release() -> None:
    """In the release that may remove a name: remove it, and its entry in the table with it."""
    assert _overdue(asgiref.__version__, DEPRECATED) == []


@pytest.mark.parametrize(
    ("version", "overdue"),
    [
        ("3.14.0.dev0", []),
        ("3.99.1", []),
        ("4.0.0a1", ["old"]),
        ("4.0.0", ["old"]),
        ("4.1", ["old"]),
    ],
)
def test_a_name_is_overdue_from_its_release_on(version: str, overdue: list[str]) -> None:
    """Pre-releases count: what is removed is removed before they go out."""
    assert _overdue(version, {"old": Deprecation("new", (4, 0))}) == overdue


@pytest.mark.parametrize("name", DEPRECATED)
def test_a_deprecated_name_is_still_there(name: str) -> None:
    """An entry is about something that can be imported; it leaves the table together with it."""
    module, _, attribute = name.rpartition(".")
    assert hasattr(import_module(module), attribute)


@pytest.mark.parametrize("name", DEPRECATED)
def test_a_warning_names_what_to_use_and_until_when(name: str) -> None:
    """Name, replacement and release, at the line of the user."""

    def deprecated() -> None:
        warn_deprecated(name)

    entry = DEPRECATED[name]
    release = ".".join(map(str, entry.removable_in))
    text = f"{name} is deprecated .* asgiref {release}; use {entry.replacement}"
    with pytest.warns(DeprecationWarning, match=text) as warned:
        deprecated()
    (warning,) = warned
    assert warning.filename == __file__


def test_every_deprecation_is_in_the_table() -> None:
    """No module warns on its own account, past the table and its test."""
    elsewhere = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if path.name != "_deprecation.py"
        and any(
            isinstance(node, ast.Name | ast.Attribute)
            and (node.id if isinstance(node, ast.Name) else node.attr).endswith(
                "DeprecationWarning"
            )
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
    ]
    assert elsewhere == []
