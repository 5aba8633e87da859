"""The values that hooks and metrics get: frozen, and ordinary dataclasses to every tool."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from typing import Any, get_type_hints

import pytest

from asgiref.server import (
    ApplicationEnding,
    InstanceEnded,
    ServerStatistics,
    ServerStopped,
    StatelessServer,
)
from tests.unit.adapters.stateless import Conversation

ENDING = ApplicationEnding[str](
    scope_id="room",
    scope={"type": "chat"},
    reason="failed",
    exception=None,
    unread=("a", "b"),
    accepted=3,
    seconds=0.5,
)


def _statistics() -> ServerStatistics:
    return StatelessServer(Conversation()).statistics()


def test_statistics_are_an_ordinary_dataclass() -> None:
    """``asdict`` and ``json``, which is how they get to a metrics system."""
    written = json.loads(json.dumps(dataclasses.asdict(_statistics())))
    assert written["live"] == 0
    assert written["endings"]["returned"] == 0
    assert len(written["endings"]) == 7


@pytest.mark.parametrize("value", [_statistics(), ENDING], ids=lambda value: type(value).__name__)
def test_values_are_copied_and_pickled(value: Any) -> None:
    """To equal values, of the same types inside."""
    for again in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert again == value
        assert repr(again) == repr(value)


@pytest.mark.parametrize("value", [_statistics(), ENDING], ids=lambda value: type(value).__name__)
def test_values_are_frozen(value: Any) -> None:
    """No field can be set."""
    for field in dataclasses.fields(value):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field.name, None)


@pytest.mark.parametrize(
    "change",
    [
        lambda counts: counts.__setitem__("idle", 1),
        lambda counts: counts.__delitem__("idle"),
        lambda counts: counts.__ior__({"idle": 1}),
        lambda counts: counts.clear(),
        lambda counts: counts.pop("idle"),
        lambda counts: counts.popitem(),
        lambda counts: counts.setdefault("idle", 1),
        lambda counts: counts.update(idle=1),
    ],
)
def test_the_counts_of_a_snapshot_cannot_be_changed(change: Any) -> None:
    """Its only mutable part refuses."""
    endings = _statistics().endings
    with pytest.raises(TypeError, match="cannot be changed"):
        change(endings)
    assert dict(endings) == dict(_statistics().endings)


@pytest.mark.parametrize("value", [ApplicationEnding, ServerStatistics])
def test_type_hints_resolve(value: type) -> None:
    """Serialisers ask for them, at the public module that the classes report."""
    hints = get_type_hints(value)
    assert set(hints) == {field.name for field in dataclasses.fields(value)}


@pytest.mark.parametrize("error", [ServerStopped(), ServerStopped("no"), InstanceEnded(("a", 1))])
def test_errors_are_copied_and_pickled(error: RuntimeError) -> None:
    """They may leave a process pool, and keep their text."""
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again) == vars(error)
