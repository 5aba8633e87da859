"""Have mypy and pyright read the cases, both strict, and compare with what the files expect.

Run by nox against the installed wheel; never by pytest. A file may hold expectations, each on a
line of its own below the line it is about, so that the source reads like a transcript::

    event["headers"] = None
    # mypy: [typeddict-item] Value of "headers" has incompatible type "None"; expected ...
    # pyright: [reportArgumentType] Type "None" is not assignable to type ...

Every error must be expected and every expectation must come true, to the letter: a checker that
says something else is a difference to look at. ``--update`` writes what the checkers say now.
The messages belong to the versions that pyproject.toml pins. Examples, which are there to be read,
say less: a line that ends in ``# wrong: why`` is one that both checkers reject, in any words.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT: Final = Path(__file__).resolve().parents[2]
#: The lowest Python that the package supports: what holds there is what users can rely on.
PYTHON_VERSION: Final = "3.11"
CHECKERS: Final = ("mypy", "pyright")
_EXPECTATION: Final = re.compile(r"\s*# (?P<checker>mypy|pyright): (?P<text>.*)")
_WRONG: Final = re.compile(r".*\S\s+# wrong: .+")
_ASSERTION: Final = re.compile(r"\bassert_(type|never)\(")
#: A comment that opens a case: the clauses it is about.
_CLAUSES: Final = re.compile(r"\s*# (?P<clauses>[A-Z]+-\d+(, [A-Z]+-\d+)*): ")


class Remark(NamedTuple):
    """What one checker says about one line, or what a file expects it to say."""

    line: int
    checker: str
    text: str


class Case(NamedTuple):
    """A file without its expectations, so that these never move a line, and the expectations."""

    path: Path
    source: list[str]
    expected: list[Remark]


def code_of(page: str) -> list[str]:
    """Blank out all of a page but its Python blocks, which make one module together."""
    lines: list[str] = []
    inside = False
    for line in page.splitlines():
        if line.startswith("```"):
            inside = line == "```python"
            lines.append("")
        else:
            lines.append(line if inside else "")
    return lines


def module(path: Path) -> Path:
    """Name the module that is checked: a page's must not be taken for one of the library."""
    return path if path.suffix == ".py" else path.with_name(f"{path.stem}_page.py")


def read(path: Path) -> Case:
    """Part a file into source and expectations, numbering the lines of the source alone."""
    source: list[str] = []
    expected: list[Remark] = []
    text = path.read_text(encoding="utf-8")
    for line in code_of(text) if path.suffix == ".md" else text.splitlines():
        expectation = _EXPECTATION.fullmatch(line)
        if expectation:
            expected.append(Remark(len(source), expectation["checker"], expectation["text"]))
        else:
            source.append(line)
    return Case(path, source, expected)


def one_line(message: str) -> str:
    """Fold a message of several lines, which pyright indents by no-break spaces, into one."""
    return " / ".join(" ".join(part.split()) for part in message.splitlines() if part.strip())


def run_mypy(folder: Path, files: Iterable[str]) -> Iterator[tuple[str, Remark]]:
    """Yield mypy's errors, each with the file it is about."""
    command = [sys.executable, "-m", "mypy", "--strict", "--output=json", "--no-error-summary"]
    command += [
        f"--python-version={PYTHON_VERSION}",
        "--no-incremental",
        "--explicit-package-bases",
    ]
    done = subprocess.run(
        [*command, *files], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, 1}:
        raise SystemExit(f"mypy did not run: {done.stdout}{done.stderr}")
    for line in done.stdout.splitlines():
        said = json.loads(line)
        if said["severity"] == "error":
            text = f"[{said['code']}] {one_line(said['message'])}"
            yield said["file"], Remark(said["line"], "mypy", text)


def run_pyright(folder: Path, files: Iterable[str]) -> Iterator[tuple[str, Remark]]:
    """Yield pyright's errors, each with the file it is about."""
    settings = {
        "typeCheckingMode": "strict",
        "include": list(files),
        "pythonVersion": PYTHON_VERSION,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    environment = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode not in {0, 1}:
        raise SystemExit(f"pyright did not run: {done.stdout}{done.stderr}")
    for said in json.loads(done.stdout)["generalDiagnostics"]:
        if said["severity"] != "error":
            continue
        file = Path(said["file"]).relative_to(folder.resolve()).as_posix()
        text = f"[{said.get('rule', 'syntax')}] {one_line(said['message'])}"
        yield file, Remark(said["range"]["start"]["line"] + 1, "pyright", text)


def pointed_out(case: Case) -> set[int]:
    """Return the lines that only have to be rejected, in whatever words."""
    return {number for number, line in enumerate(case.source, 1) if _WRONG.fullmatch(line)}


def differences(case: Case, said: Iterable[Remark]) -> Iterator[tuple[str, Remark]]:
    """Yield what is unexpected and what is missing, as that word and the remark."""
    wrong = pointed_out(case)
    got = Counter(remark for remark in said if remark.line not in wrong)
    expected = Counter(case.expected)
    yield from (("unexpected", remark) for remark in sorted((got - expected).elements()))
    yield from (("missing", remark) for remark in sorted((expected - got).elements()))
    rejected = {(remark.line, remark.checker) for remark in said}
    for line in sorted(wrong):
        for checker in CHECKERS:
            if (line, checker) not in rejected:
                yield "missing", Remark(line, checker, "any error at all")


def ask(cases: Mapping[str, Case]) -> dict[str, list[Remark]]:
    """Have both checkers read the cases, away from the checkout and its source."""
    said: dict[str, list[Remark]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for file, case in cases.items():
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("\n".join(case.source) + "\n", encoding="utf-8")
        for checker in (run_mypy, run_pyright):
            for file, remark in checker(folder, sorted(cases)):
                said[file].append(remark)
        shutil.rmtree(folder / ".mypy_cache", ignore_errors=True)
    return said


def rewrite(case: Case, said: Iterable[Remark]) -> None:
    """Write what the checkers say below the lines they say it about."""
    below: dict[int, list[str]] = defaultdict(list)
    for remark in sorted(said):
        if remark.line in pointed_out(case):
            continue
        line = case.source[remark.line - 1]
        indent = line[: len(line) - len(line.lstrip())]
        below[remark.line].append(f"{indent}# {remark.checker}: {remark.text}")
    lines: list[str] = []
    for number, line in enumerate(case.source, start=1):
        lines += [line, *below[number]]
    case.path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def judged(case: Case) -> list[tuple[range, int | None]]:
    """Return the statements of a file that a clause comment opens, each with its lines.

    A case is the statement directly below the comment; lines count from 1.
    """
    tree = ast.parse("\n".join(case.source))
    first = {
        node.lineno: range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt)
    }
    found: list[tuple[range, int | None]] = []
    for number, line in enumerate(case.source, start=1):
        if _CLAUSES.match(line):
            below = number + 1
            while case.source[below - 1].lstrip().startswith("#"):
                below += 1
            found.append((first.get(below, range(below, below + 1)), number))
    return found


def report(cases: Mapping[str, Case], said: Mapping[str, list[Remark]]) -> None:
    """Print the counts: what each checker accepts of the legal, and rejects of the illegal."""
    print("Cases, the clauses they name, assertions on types, and cases rejected by each checker:")
    print(f"{'file':<48}{'cases':>6}{'clauses':>8}{'asserts':>8}", end="")
    print(f"{'mypy':>6}{'pyright':>8}{'both':>6}")
    total: Counter[str] = Counter()
    for file, case in cases.items():
        lines: dict[str, set[int]] = {
            checker: {remark.line for remark in said.get(file, ()) if remark.checker == checker}
            for checker in CHECKERS
        }
        statements = judged(case)
        marked = {
            checker: {
                place.start for place, _ in statements if not lines[checker].isdisjoint(place)
            }
            for checker in CHECKERS
        }
        clauses = {
            clause
            for line in case.source
            if (opened := _CLAUSES.match(line))
            for clause in opened["clauses"].split(", ")
        }
        row = (
            len(statements),
            len(clauses),
            sum(bool(_ASSERTION.search(line)) for line in case.source),
            len(marked["mypy"]),
            len(marked["pyright"]),
            len(marked["mypy"] & marked["pyright"]),
        )
        print("{:<48}{:>6}{:>8}{:>8}{:>6}{:>8}{:>6}".format(file, *row))
        kind = file.rpartition("/")[0]
        total[kind] += row[0]
        for checker in CHECKERS:
            total[f"{kind} {checker}"] += len(marked[checker])
    for kind in sorted({file.rpartition("/")[0] for file in cases}):
        figures = ", ".join(f"{total[f'{kind} {checker}']} by {checker}" for checker in CHECKERS)
        print(f"{kind}: {total[kind]} cases, rejected: {figures}")


def main() -> int:
    """Check the folders named, and return 1 if anything is other than the files expect."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("cases", nargs="+", help="folders, or pages, from the root")
    parser.add_argument("--update", action="store_true", help="write what the checkers say now")
    options = parser.parse_args()
    paths = [
        path
        for named in map(ROOT.joinpath, options.cases)
        for path in (sorted(named.glob("*.py")) if named.is_dir() else [named])
    ]
    cases = {module(path).relative_to(ROOT).as_posix(): read(path) for path in paths}
    if not cases:
        parser.error(f"no cases in {', '.join(options.cases)}")
    said = ask(cases)
    if options.update:
        for file, case in cases.items():
            if case.path.suffix == ".py":
                rewrite(case, said.get(file, ()))
    report(cases, said)
    found = 0
    for file, case in cases.items():
        for what, remark in differences(read(case.path), said.get(file, ())):
            found += 1
            print(f"{file}: {what}: {case.source[remark.line - 1].strip()}")
            print(f"    {remark.checker}: {remark.text}")
    print(f"{found} differences" if found else "all as expected")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
