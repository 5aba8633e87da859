"""Run the suites of projects that stand on this package against the asgiref that is installed.

Run by nox; never by pytest. Each suite comes out of the project's source distribution, which is
downloaded by name in the version that is installed, and is described in suites.toml beside this
file, with the failures that are expected of it. Nothing of it is kept in this repository.
"""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
import tarfile
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Final

SUITES: Final = Path(__file__).with_name("suites.toml")

#: Seconds until a suite counts as hung.
PATIENCE: Final = 900

_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class ExpectedFailure:
    """A failure that is known, of which versions, and why."""

    test: str
    versions: tuple[str, ...]
    against: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Suite:
    """How to run the tests of one project, and how to read what they print."""

    name: str
    folder: str
    command: tuple[str, ...]
    failure: re.Pattern[str]
    count: re.Pattern[str]
    at_least: int
    expected: tuple[ExpectedFailure, ...] = field(default=())


def read_suites(text: str) -> list[Suite]:
    """Return the suites that the data file describes.

    Raises:
        KeyError, TypeError: if a key is missing, or not known.
    """
    suites = []
    for name, table in tomllib.loads(text).items():
        given: dict[str, Any] = dict(table)
        expected = [
            ExpectedFailure(
                test=entry["test"],
                versions=tuple(entry["versions"]),
                against=tuple(entry["against"]),
                reason=entry["reason"],
            )
            for entry in given.pop("expected", [])
        ]
        given["command"] = tuple(given["command"])
        for pattern in ("failure", "count"):
            given[pattern] = re.compile(given[pattern], re.MULTILINE)
        suites.append(Suite(name, expected=tuple(expected), **given))
    return suites


def complaints(suite: Suite, version: str, against: str, output: str, status: int) -> list[str]:
    """Compare what a suite printed with what is expected of it.

    Args:
        suite: the suite.
        version: of the project.
        against: "wheel", or the version of the asgiref that is no work of ours.
        output: everything that it printed.
        status: the status that it ended with.

    Returns:
        What is to be told; nothing if all is as expected.
    """
    output = _COLOUR.sub("", output)
    failed = Counter(suite.failure.findall(output))
    known = {
        failure.test: failure
        for failure in suite.expected
        if version in failure.versions and against in failure.against
    }
    ran = sum(int(number) for number in suite.count.findall(output))
    found = [f"{test} failed" for test in failed if test not in known]
    found += [
        f"{test} passed, and was expected to fail: {failure.reason}"
        for test, failure in known.items()
        if test not in failed
    ]
    if ran < suite.at_least:
        found.append(f"{ran} tests ran, and not {suite.at_least} or more")
    if status and not failed:
        found.append(f"it ended with status {status}, and names no failure")
    return found


def _sources(name: str, version: str) -> Path:
    """Download and unpack a source distribution, unless that was done before."""
    folder = Path(sys.prefix) / "sources"
    unpacked = folder / f"{name}-{version}"
    if not unpacked.exists():
        command = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        wanted = ["--no-binary", name, "--dest", str(folder), f"{name}=={version}"]
        subprocess.run([sys.executable, *command, *wanted], check=True)
        with tarfile.open(folder / f"{name}-{version}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    return unpacked


def _run(suite: Suite, sources: Path) -> tuple[str, int]:
    """Run a suite and return what it printed and its status; a hung one is made to show why."""
    command = [part.format(python=sys.executable) for part in suite.command]
    with subprocess.Popen(
        command,
        cwd=sources / suite.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            output, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            # faulthandler prints the stack of every thread.
            process.send_signal(signal.SIGABRT)
            output, _ = process.communicate()
    return output, process.returncode


def main() -> int:
    """Run the suites that are named, or all; return the status to exit with."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", required=True, help='"wheel", or the version of the peer')
    parser.add_argument("names", nargs="*", help="the suites to run; all of them by default")
    arguments = parser.parse_args()
    status = 0
    for suite in read_suites(SUITES.read_text(encoding="utf-8")):
        if arguments.names and suite.name not in arguments.names:
            continue
        version = metadata.version(suite.name)
        output, code = _run(suite, _sources(suite.name, version))
        ran = sum(int(number) for number in suite.count.findall(_COLOUR.sub("", output)))
        found = complaints(suite, version, arguments.against, output, code)
        title = f"{suite.name} {version} on asgiref {metadata.version('asgiref')}"
        print(f"{title}: {ran} tests, {'as expected' if not found else 'NOT as expected'}")
        if found:
            status = 1
            print(output, *found, sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
