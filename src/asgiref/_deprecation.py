"""Names on their way out: each with its replacement and the release that may remove it.

One table, so that a test can fail once such a release arrives and the name is still there.
"""

from __future__ import annotations

import warnings
from typing import Final, NamedTuple

__all__ = ("DEPRECATED", "Deprecation", "warn_deprecated")


class Deprecation(NamedTuple):
    """What replaces a name, and from which release on it may be gone."""

    replacement: str
    removable_in: tuple[int, int]


#: By public name.
DEPRECATED: Final = {
    "asgiref.timeout.timeout": Deprecation("asyncio.timeout", removable_in=(4, 0)),
}


def warn_deprecated(name: str, *, stacklevel: int = 2) -> None:
    """Warn of the use of a name of the table.

    Args:
        name: the public name.
        stacklevel: as for `warnings.warn`, from the caller's point of view: 2 is who called it.

    """
    replacement, (major, minor) = DEPRECATED[name]
    warnings.warn(
        f"{name} is deprecated and may be removed in asgiref {major}.{minor}; use {replacement}",
        DeprecationWarning,
        stacklevel=stacklevel + 1,
    )
