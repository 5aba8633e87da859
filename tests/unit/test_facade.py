"""Published objects report the public module that users import them from."""

from __future__ import annotations

from asgiref._facade import rehome


class _Published:
    """Stands for a class of a private layer."""


def _function() -> None:
    """Stands for a function of a private layer."""


def test_objects_of_private_modules_move_to_the_facade() -> None:
    """A class and a function that live in a private module report the facade."""
    _Published.__module__ = "asgiref._bridge.somewhere"
    _function.__module__ = "asgiref._bridge.somewhere"
    rehome("asgiref.sync", {"P": _Published, "f": _function}, ("P", "f"))
    assert _Published.__module__ == "asgiref.sync"
    assert _function.__module__ == "asgiref.sync"


def test_what_lives_elsewhere_is_left_alone() -> None:
    """Constants, aliases and objects of other packages keep what they have."""
    home = dict.__module__
    rehome(
        "asgiref.sync",
        {"constant": 3, "alias": dict[str, int], "d": dict},
        ("constant", "alias", "d"),
    )
    assert dict.__module__ == home
