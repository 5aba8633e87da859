"""Header pairs, twice: what a program reads from a scope and what it may send.

The texts say "an iterable of two-item iterables of bytes" for both. Reading asks for more than
that (a scope is read several times, a pair is unpacked), sending for less (a generator is read
once), so the two have a type each. Whatever was read may be sent.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

__all__ = ("ReceivedHeaders", "SentHeaders")

ReceivedHeaders: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Header pairs as a scope carries them: (name, value), in the order they came, duplicates kept.

Re-iterable, so that middleware may look without using them up. Names are lower-case and hold no
pseudo header (HTTP & WebSocket 2.5, "HTTP Connection Scope").
"""

SentHeaders: TypeAlias = Iterable[tuple[bytes, bytes] | list[bytes]]
"""Header pairs as an application sends them: any iterable, a generator too, read once.

Each pair is a tuple or a list of the name in lower case and the value, both ``bytes``
(HTTP & WebSocket 2.5, "Response Start").
"""
