"""What an application sends, as far as every protocol of ASGI has it ("Applications")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ("IncompleteEventError", "required")


class IncompleteEventError(KeyError):
    """An event of the application lacks a key that its type demands."""

    def __str__(self) -> str:
        """Return the text as it is, where a KeyError would quote it."""
        return str(self.args[0])


def required(event: dict[str, Any], key: str) -> Any:
    """Return a value that the event must have.

    Raises:
        IncompleteEventError: the event has none.
        TypeError: it is no event at all.
    """
    try:
        return event[key]
    except (KeyError, TypeError):
        if isinstance(event, Mapping):
            raise IncompleteEventError(
                f"The application sent an event without {key!r}, {event!r:.80}; ASGI demands it."
            ) from None
        raise TypeError(
            f"The application sent {event!r:.80} of type {type(event).__name__}; an event must be "
            "a dict such as {'type': 'http.response.body', 'body': b''}."
        ) from None
