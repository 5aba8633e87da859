"""What every test gets: a watchdog that dumps all stacks when a test hangs."""

from __future__ import annotations

import faulthandler
import os
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds after which a test counts as hung: all stacks are printed and the run ends.
WATCHDOG_SECONDS = float(os.environ.get("ASGIREF_TEST_WATCHDOG", "120"))


@pytest.fixture(autouse=True)
def watchdog() -> Iterator[None]:
    """End the run with a dump of every thread's stack if the test hangs."""
    faulthandler.dump_traceback_later(WATCHDOG_SECONDS, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
