"""Programs of their own, for what cannot be shown inside of the test run: forks, signals, exit."""

from __future__ import annotations

import subprocess
import sys
import textwrap

#: Seconds after which a program counts as hung.
PATIENCE = 60.0

#: What makes a program that hangs say where, before it is ended.
_WATCHDOG = "import faulthandler; faulthandler.dump_traceback_later({}, exit=True)\n"


def run_program(source: str, *options: str) -> str:
    """Run a Python program to its end, strictly, and return what it printed.

    Args:
        source: the program; indentation that all lines share is taken away.
        options: more options for the interpreter.

    Raises:
        AssertionError: if it ends with another code than 0, writes to standard error, or hangs;
            then its threads say where.
    """
    command = [sys.executable, "-X", "dev", "-X", "faulthandler", "-W", "error", *options, "-c"]
    try:
        program = subprocess.run(
            [*command, _WATCHDOG.format(PATIENCE - 5) + textwrap.dedent(source)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as hung:
        raise AssertionError(f"the program hangs: {hung.stdout!r} {hung.stderr!r}") from None
    assert (program.returncode, program.stderr) == (0, ""), (
        f"code {program.returncode}\n{program.stdout}\n{program.stderr}"
    )
    return program.stdout
