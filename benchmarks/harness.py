"""Run benchmark modules under our package and under asgiref 3.13.0, and print ratios.

``python -m benchmarks.harness --peer-python PEER [module ...]``

Every measurement is a process of its own, pinned to one CPU, so that the cost of the software
shows and the scheduler does not. Sides alternate within each round, so that a machine that slows
down slows all of them. Single times are never printed: they say more about the machine than
about the code. A ratio below 1 means that ours is cheaper.

``make bench`` calls this with an isolated environment that has asgiref 3.13.0 from the index.
"""

from __future__ import annotations

import argparse
import json
import os
import pkgutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from benchmarks.child import Order, load_suite
from benchmarks.suite import OURS, PEER_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.child import Report
    from benchmarks.suite import Case, Suite

__all__ = ("Row", "main", "render", "rows")

_ROOT: Final = Path(__file__).resolve().parent.parent

#: A single measurement that takes longer than this many seconds counts as hung.
_PATIENCE: Final = 300.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How to measure.

    Attributes:
        our_python: interpreter that imports our package from ``our_path``.
        our_path: directories put in front of our interpreter's path.
        peer_python: interpreter with asgiref 3.13.0 and the rivals.
        cpu: number of the CPU that every child is pinned to; None leaves it to the system.
        rounds: how often each side takes its turn.
        repetitions: measurements in one turn.
        seconds: least duration of one measurement.
    """

    our_python: str
    our_path: str
    peer_python: str
    cpu: int | None
    rounds: int
    repetitions: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Row:
    """One ratio of our cost to an opponent's.

    Attributes:
        case: title of the case.
        opponent: who stands on the other side.
        best: ratio of the best measurements of all rounds.
        median: ratio of the medians of all rounds.
        target: the largest accepted ``best``, or None.
    """

    case: str
    opponent: str
    best: float
    median: float
    target: float | None

    @property
    def met(self) -> bool:
        """Whether the target, if there is one, is reached."""
        return self.target is None or self.best <= self.target


class MeasurementError(RuntimeError):
    """A child process failed, hung, or ran the wrong package."""


def _measure(settings: Settings, module: str, case: Case, side: str) -> Report:
    order = Order(
        module=module,
        case=case.name,
        side=side,
        cpu=settings.cpu,
        seconds=settings.seconds,
        repetitions=settings.repetitions,
    )
    ours = side == OURS
    path = [settings.our_path, str(_ROOT)] if ours else [str(_ROOT)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}
    command = [
        settings.our_python if ours else settings.peer_python,
        "-m",
        "benchmarks.child",
        json.dumps(order),
    ]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=_PATIENCE
        )
    except subprocess.CalledProcessError as error:
        msg = f"{case.name!r} failed for {side}:\n{cast('str', error.stderr)}"
        raise MeasurementError(msg) from error
    except subprocess.TimeoutExpired as error:
        msg = f"{case.name!r} did not end within {_PATIENCE:.0f} s for {side}"
        raise MeasurementError(msg) from error
    return cast("Report", json.loads(done.stdout.splitlines()[-1]))


def _check_comparable(ours: Report, theirs: Report) -> None:
    if theirs["version"] != PEER_VERSION:
        msg = (
            f"the other side ran asgiref {theirs['version']} from {theirs['package']}: "
            f"give --peer-python an interpreter that has asgiref {PEER_VERSION} installed"
        )
        raise MeasurementError(msg)
    if ours["python"] != theirs["python"]:
        msg = (
            f"ours ran on Python {ours['python']}, the peer on {theirs['python']}: "
            "ratios would compare interpreters, use the same version for both"
        )
        raise MeasurementError(msg)


def _ratio(ours: float, theirs: float) -> float:
    if theirs:
        return ours / theirs
    return 1.0 if ours == 0 else float("inf")


def rows(settings: Settings, module: str, case: Case) -> Iterator[Row]:
    """Measure one case on all its sides and yield one row per opponent.

    Args:
        settings: how to measure.
        module: dotted name of the module that registers the case.
        case: the case.

    Raises:
        MeasurementError: if a child failed, or if the sides cannot be compared.
    """
    measured: dict[str, list[float]] = {side: [] for side in (OURS, *case.opponents)}
    for number in range(settings.rounds if case.kind == "time" else 1):
        # Every other round runs backwards: nobody always profits from going second.
        sides = list(measured) if number % 2 == 0 else list(measured)[::-1]
        reports = {side: _measure(settings, module, case, side) for side in sides}
        for side, report in reports.items():
            if side != OURS:
                _check_comparable(reports[OURS], report)
            measured[side] += report["values"]
    mine = measured.pop(OURS)
    for side, theirs in measured.items():
        yield Row(
            case=case.name,
            opponent=side,
            best=_ratio(min(mine), min(theirs)),
            median=_ratio(statistics.median(mine), statistics.median(theirs)),
            target=case.target(side),
        )


_HEAD: Final = ("case", "against", "best", "median", "target", "")


def _cells(row: Row) -> tuple[str, ...]:
    target = "" if row.target is None else f"<= {row.target:g}"
    verdict = "" if row.target is None else ("met" if row.met else "MISSED")
    return (row.case, row.opponent, f"{row.best:.3f}", f"{row.median:.3f}", target, verdict)


def render(title: str, measured: Iterable[Row]) -> str:
    """Return the table of ratios as text.

    Args:
        title: printed above the table.
        measured: the rows, in order.
    """
    table = [_HEAD, *map(_cells, measured)]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(_HEAD))]
    lines = [
        "  ".join(
            text.rjust(width) if column in (2, 3, 4) else text.ljust(width)
            for column, (text, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in table
    ]
    rule = "-" * max(map(len, lines))
    return "\n".join((title, rule, lines[0], rule, *lines[1:], rule))


def _all_modules() -> list[str]:
    """Return every benchmark module beside this one."""
    package = _ROOT / "benchmarks"
    names = (info.name for info in pkgutil.iter_modules([str(package)]))
    marker = "SUITE = Suite("
    return [
        f"benchmarks.{name}"
        for name in names
        if f"\n{marker}" in (package / f"{name}.py").read_text(encoding="utf-8")
    ]


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.harness", description="Ours against asgiref 3.13.0, as ratios."
    )
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help="such as benchmarks.local; default: all"
    )
    parser.add_argument("--peer-python", required=True, help="interpreter with asgiref 3.13.0")
    parser.add_argument("--our-python", default=sys.executable, help="default: this interpreter")
    parser.add_argument(
        "--our-path",
        default=str(_ROOT / "src"),
        help="where our interpreter finds asgiref first; default: src, '' for the installed one",
    )
    parser.add_argument("-k", dest="pattern", default="", help="only cases whose name contains it")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side")
    parser.add_argument("--repetitions", type=int, default=3, help="measurements in one turn")
    parser.add_argument("--seconds", type=float, default=0.2, help="of one measurement, at least")
    parser.add_argument("--cpu", type=int, help="number of the CPU to use; default: the last one")
    parser.add_argument("--json", type=Path, help="also write the ratios to this file")
    parser.add_argument(
        "--check", action="store_true", help="exit with status 1 if a target is missed"
    )
    return parser.parse_args(argv)


def _cpu(wanted: int | None) -> int | None:
    if not hasattr(os, "sched_setaffinity"):
        print("note: this system cannot pin processes; ratios will be noisier", file=sys.stderr)
        return None
    allowed = os.sched_getaffinity(0)
    if wanted is not None and wanted not in allowed:
        msg = f"--cpu {wanted} is not available: choose one of {sorted(allowed)}"
        raise SystemExit(msg)
    return max(allowed) if wanted is None else wanted


def _measure_suite(settings: Settings, module: str, suite: Suite, pattern: str) -> list[Row]:
    measured: list[Row] = []
    for case in suite.cases.values():
        if pattern in case.name:
            print(f"{suite.title}: {case.name} ...", file=sys.stderr, flush=True)
            measured += rows(settings, module, case)
    return measured


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print one table per module, and return the exit status.

    Args:
        argv: the command line without the program's name; None takes it from ``sys.argv``.

    Returns:
        0; or 1 if ``--check`` is given and a target is missed, or if a measurement failed.
    """
    arguments = _arguments(argv)
    settings = Settings(
        our_python=arguments.our_python,
        our_path=arguments.our_path,
        peer_python=arguments.peer_python,
        cpu=_cpu(arguments.cpu),
        rounds=arguments.rounds,
        repetitions=arguments.repetitions,
        seconds=arguments.seconds,
    )
    # The modules are imported here, too, to see their cases: with our package.
    sys.path[:0] = filter(None, [arguments.our_path])
    everything: dict[str, list[Row]] = {}
    for module in arguments.modules or _all_modules():
        suite = load_suite(module)
        try:
            measured = _measure_suite(settings, module, suite, arguments.pattern)
        except MeasurementError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        if measured:
            everything[module] = measured
            print(render(f"{suite.title}: {OURS} / other (below 1: {OURS} is cheaper)", measured))
            print(flush=True)
    if arguments.json:
        ratios = {
            module: [
                {"case": row.case, "against": row.opponent, "best": row.best, "median": row.median}
                for row in measured
            ]
            for module, measured in everything.items()
        }
        arguments.json.write_text(json.dumps(ratios, indent=2) + "\n", encoding="utf-8")
    missed = [row for measured in everything.values() for row in measured if not row.met]
    return 1 if missed and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
