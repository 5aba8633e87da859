"""Which of many was messaged least recently: links inside the nodes, constant time throughout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ("UNLINKED", "MessageOrder", "Node")


class Node:
    """A link in the order; outside of any, both neighbours are ``UNLINKED``."""

    __slots__ = ("following", "previous")

    previous: Node
    following: Node


#: The neighbour of nodes outside any order. A node that pointed to itself instead would be a
#: reference cycle, and every evicted instance would wait for the garbage collector.
UNLINKED: Final = Node()
UNLINKED.previous = UNLINKED.following = UNLINKED

NodeT = TypeVar("NodeT", bound=Node)


class MessageOrder(Generic[NodeT]):
    """Nodes from the least to the most recently messaged.

    A marker among them separates those that had been looked at for idleness, and were busy then,
    from those still to be looked at.

    Args:
        clock: monotonic seconds; for whoever stamps the nodes.
    """

    __slots__ = ("clock", "marker", "root")

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin without nodes."""
        self.clock = clock
        #: ``root.following`` is the least, ``root.previous`` the most recently messaged node.
        self.root = Node()
        self.marker = Node()
        self.root.previous = self.root.following = self.marker
        self.marker.previous = self.marker.following = self.root

    def __iter__(self) -> Iterator[NodeT]:
        """Walk from the least to the most recent; not while the order changes."""
        node = self.root.following
        while node is not self.root:
            if node is not self.marker:
                yield cast("NodeT", node)
            node = node.following

    def append(self, node: NodeT) -> None:
        """Enter a node as the most recent one."""
        _link(node, before=self.root)

    def touch(self, node: Node) -> None:
        """Make a node the most recent one; nothing if it is outside the order."""
        before = node.previous
        if before is UNLINKED:
            return
        after = node.following
        before.following = after
        after.previous = before
        root = self.root
        last = root.previous
        last.following = node
        node.previous = last
        node.following = root
        root.previous = node

    def remove(self, node: NodeT) -> None:
        """Take a node out."""
        _unlink(node)

    def substitute(self, node: NodeT, successor: NodeT) -> None:
        """Give a node's place to another."""
        _link(successor, before=node)
        _unlink(node)

    def oldest(self) -> NodeT | None:
        """Return the least recent node."""
        node = self.root.following
        if node is self.marker:
            node = node.following
        return None if node is self.root else cast("NodeT", node)

    def unlooked(self) -> NodeT | None:
        """Return the least recent node behind the marker."""
        node = self.marker.following
        return None if node is self.root else cast("NodeT", node)

    def pass_marker(self, node: NodeT) -> None:
        """Note that a node was looked at: the first one behind the marker."""
        _unlink(self.marker)
        _link(self.marker, before=node.following)

    def rewind_marker(self) -> None:
        """Have every node looked at again."""
        _unlink(self.marker)
        _link(self.marker, before=self.root.following)


def _link(node: Node, *, before: Node) -> None:
    last = before.previous
    last.following = node
    node.previous = last
    node.following = before
    before.previous = node


def _unlink(node: Node) -> None:
    node.previous.following = node.following
    node.following.previous = node.previous
    node.previous = node.following = UNLINKED
