"""What callers of a stateless server can run into."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ("InstanceEnded", "ServerStopped")


class ServerStopped(RuntimeError):  # noqa: N818 - a state, like queue.Empty
    """The server is stopping, has stopped or does not run, so it takes no message.

    A message that met this error was not accepted: return it to where it came from.

    Args:
        text: what to say; by default, what the caller can do.
    """

    def __init__(
        self,
        text: str = (
            "the server is stopping or does not run, so the message was not accepted; "
            "start it again with run() or arun()"
        ),
    ) -> None:
        """Keep the text, from which a copy or an unpickled error is made again."""
        super().__init__(text)


class InstanceEnded(RuntimeError):  # noqa: N818 - a state, like queue.Empty
    """A message was put to an instance that has ended, or is being ended, and was not accepted.

    Attributes:
        scope_id: the id of the scope whose instance it was.
    """

    def __init__(self, scope_id: Hashable) -> None:
        """Build the message for the instance of ``scope_id``."""
        super().__init__(
            f"the application instance for scope id {scope_id!r} has ended and takes no more "
            "messages; ask get_or_create_application_instance() for the queue of its successor, "
            "or use deliver(), which does"
        )
        self.scope_id = scope_id

    def __reduce__(self) -> tuple[type[InstanceEnded], tuple[Hashable]]:
        """Pickle by the scope id, from which the text is built again."""
        return (type(self), (self.scope_id,))
