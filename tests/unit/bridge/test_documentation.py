"""The page on the bridge: its rules, its names and its example are those of the code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import asgiref.sync
from asgiref._bridge.loop_threads import LoopThreadPool
from asgiref._bridge.threads import WorkerPool

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/bridge.md").read_text(encoding="utf-8")
SOURCES = sorted(ROOT.glob("src/asgiref/_bridge/*.py"))

#: What the page calls by its full name.
_NAME = re.compile(r"`((?:SyncToAsync|AsyncToSync|ThreadSensitiveContext)\.\w+)")


def test_the_rules_are_numbered_without_a_gap() -> None:
    """Code and tests cite them by number."""
    numbers = re.findall(r"^### R(\d+): ", PAGE, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, 17)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.name))
def test_rules_that_the_code_cites_are_there(source: Path) -> None:
    """A citation can be looked up."""
    cited = set(re.findall(r"\bR(\d+)\b", source.read_text(encoding="utf-8")))
    assert cited <= {str(number) for number in range(1, 17)}


@pytest.mark.parametrize("name", sorted(set(_NAME.findall(PAGE))))
def test_names_exist(name: str) -> None:
    """What the page tells to set or to read is there, on the public class."""
    owner, _, attribute = name.partition(".")
    assert hasattr(getattr(asgiref.sync, owner), attribute)


def test_figures_are_those_of_the_code() -> None:
    """Times and bounds that the page states."""
    page = " ".join(PAGE.split())
    assert "After a second (`SyncToAsync.stall_report_after`)" in page
    assert asgiref.sync.SyncToAsync.stall_report_after == 1
    assert "`AsyncToSync.stopped_loop_timeout` (5 seconds)" in page
    assert asgiref.sync.AsyncToSync.stopped_loop_timeout == 5
    assert f"at most {LoopThreadPool.MAX_IDLE} idle ones" in page
    assert f"at most {WorkerPool.MAX_PARKED} idle workers" in page


def test_the_example_prints_what_the_page_shows() -> None:
    """Threads, values and order, to the letter."""
    shown = re.search(r"<!-- examples\.nested_calls -->\n\n```text\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "examples.nested_calls"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout == shown[1]
