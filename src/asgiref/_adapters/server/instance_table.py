"""Which instance serves which scope id: the mapping that users see, over the order of messages."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, Protocol

from asgiref._adapters.server.message_order import UNLINKED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asgiref._adapters.server.instance import Instance
    from asgiref._adapters.server.message_order import MessageOrder

__all__ = ("InstanceTable", "TableKeeper")


class TableKeeper(Protocol):
    """Who answers when users edit the table as the mapping it is."""

    def adopt(self, scope_id: Hashable, details: dict[str, Any]) -> None:
        """Put the user's ``details`` into the table."""

    def forget(self, instance: Instance) -> None:
        """Take the instance out of the table without ending it."""


class InstanceTable(MutableMapping[Hashable, "dict[str, Any]"]):
    """Scope id to details, iterated from the least to the most recently messaged.

    ``records`` and the methods up to ``holds`` are for the server. The mapping is for users, who
    may delete and set entries while they iterate: iteration shows the entries of its start that
    are still there.

    Args:
        keeper: who is asked to change the table when users edit it.
        order: the order of messages, shared with the input queues.
    """

    __slots__ = ("keeper", "order", "records")

    def __init__(self, keeper: TableKeeper, order: MessageOrder[Instance]) -> None:
        """Make an empty table."""
        self.keeper = keeper
        self.order = order
        self.records: dict[Hashable, Instance] = {}

    def add(self, instance: Instance) -> None:
        """Enter a new instance as the most recently messaged one."""
        self.records[instance.scope_id] = instance
        self.order.append(instance)

    def remove(self, instance: Instance) -> None:
        """Take an instance out."""
        del self.records[instance.scope_id]
        self.order.remove(instance)

    def substitute(self, instance: Instance, successor: Instance) -> None:
        """Give an instance's place, in the order too, to its successor."""
        self.records[instance.scope_id] = successor
        self.order.substitute(instance, successor)

    def holds(self, instance: Instance) -> bool:
        """Whether this very instance is in the table."""
        return instance.previous is not UNLINKED

    def __getitem__(self, scope_id: Hashable) -> dict[str, Any]:
        return self.records[scope_id].details

    def __setitem__(self, scope_id: Hashable, details: dict[str, Any]) -> None:
        self.keeper.adopt(scope_id, details)

    def __delitem__(self, scope_id: Hashable) -> None:
        self.keeper.forget(self.records[scope_id])

    def __len__(self) -> int:
        return len(self.records)

    def __contains__(self, scope_id: object) -> bool:
        return scope_id in self.records

    def __iter__(self) -> Iterator[Hashable]:
        # The first one is found without a look at the others: "next(iter(table))" is how a
        # subclass asks for the oldest, and it may do so for every new scope.
        oldest = self.order.oldest()
        if oldest is None:
            return
        yield oldest.scope_id
        for instance in [one for one in self.order if one is not oldest]:
            if self.holds(instance):
                yield instance.scope_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)!r})"

    def copy(self) -> dict[Hashable, dict[str, Any]]:
        """Copy into a plain dict, as ``dict.copy`` would."""
        return dict(self)

    def fill(self, entries: Mapping[Hashable, dict[str, Any]]) -> None:
        """Hold these entries instead of the present ones."""
        self.clear()
        self.update(entries)
