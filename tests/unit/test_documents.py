"""The documents of the repository: their links lead somewhere, and their programs run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

#: Pages whose programs are complete, and run as they stand.
RUNNING = [
    ROOT / "README.md",
    ROOT / "docs/first_steps.md",
    ROOT / "docs/bridge.md",
    ROOT / "docs/conformance.md",
]

_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def _programs(pages: list[Path]) -> list[object]:
    return [
        pytest.param(block, id=f"{page.relative_to(ROOT)}-{number}")
        for page in pages
        for number, block in enumerate(_BLOCK.findall(page.read_text(encoding="utf-8")), 1)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    """A relative link names a file of the repository."""
    links = _LINK.findall(page.read_text(encoding="utf-8"))
    dead = [
        link for link in links if "://" not in link and not (page.parent / link).resolve().exists()
    ]
    assert dead == []


@pytest.mark.parametrize("program", _programs(PAGES))
def test_python_blocks_are_python(program: str) -> None:
    """A block marked as Python parses on every version that runs these tests."""
    compile(program, "<document>", "exec", dont_inherit=True)


@pytest.mark.parametrize("program", _programs(RUNNING))
def test_complete_programs_run(program: str) -> None:
    """What a reader copies out of the first pages works, with warnings as errors."""
    if "flask" in program:
        pytest.importorskip("flask", reason="Flask is part of the demo's packages only")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
