"""What it costs to import the package, in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

from benchmarks.suite import Suite

SUITE = Suite("Import")


@SUITE.case("import asgiref, in a fresh interpreter")
def import_package(loops: int) -> float:
    """Start an interpreter that imports the package; the start itself is part of the time."""
    begin = perf_counter()
    for _ in range(loops):
        subprocess.run([sys.executable, "-c", "import asgiref"], check=True)
    return perf_counter() - begin
