"""One measurement in a process of its own: ``python -m benchmarks.child '{"module": ...}'``.

Runs under our interpreter or the peer's, therefore on the standard library alone. The last line
of its output is a JSON object for the parent; everything a case prints goes to standard error.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys
from typing import TYPE_CHECKING, TypedDict

from benchmarks.suite import Suite

if TYPE_CHECKING:
    from benchmarks.suite import Case

__all__ = ("Order", "Report", "load_suite")


class Order(TypedDict):
    """What the parent asks for; ``seconds`` is the least time one repetition takes."""

    module: str
    case: str
    side: str
    cpu: int | None
    seconds: float
    repetitions: int


class Report(TypedDict):
    """What the parent gets: seconds per operation (or amounts), one number per repetition."""

    values: list[float]
    python: str
    package: str
    version: str


def load_suite(module: str) -> Suite:
    """Import a benchmark module and return its ``SUITE``.

    Args:
        module: an importable dotted name, such as ``benchmarks.local``.

    Raises:
        TypeError: if the module has no ``SUITE`` of type `Suite`.
    """
    suite: object = getattr(importlib.import_module(module), "SUITE", None)
    if not isinstance(suite, Suite):
        msg = f"{module} is no benchmark module: define SUITE = Suite(...) in it"
        raise TypeError(msg)
    return suite


def _calibrate(case: Case, side: str, seconds: float) -> int:
    """Find how many operations take at least ``seconds``; warms everything up on its way."""
    loops = 1
    while True:
        elapsed = case.run(side, loops)
        if elapsed >= seconds:
            return loops
        # Grow by the measured speed, yet never more than tenfold: the first run is cold.
        loops = max(loops + 1, int(loops * min(10.0, 1.2 * seconds / max(elapsed, 1e-9))))


def _measure(order: Order) -> Report:
    if order["cpu"] is not None:
        os.sched_setaffinity(0, {order["cpu"]})
    case = load_suite(order["module"]).cases[order["case"]]
    gc.collect()
    gc.freeze()
    if case.kind == "quantity":
        values = [case.run(order["side"], 1)]
    else:
        loops = _calibrate(case, order["side"], order["seconds"])
        values = [case.run(order["side"], loops) / loops for _ in range(order["repetitions"])]
    package = importlib.import_module("asgiref")
    return Report(
        values=values,
        python=sys.version.split()[0],
        package=str(package.__file__),
        version=str(package.__version__),
    )


def _main() -> None:
    order: Order = json.loads(sys.argv[1])
    with contextlib.redirect_stdout(sys.stderr):
        report = _measure(order)
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    _main()
