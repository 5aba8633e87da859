"""Check one application, right and wrong, with mypy: ``python -m examples.tour.type_check``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import asgiref

PROGRAMS: Final = Path(__file__).resolve().parent.parent / "typing"

#: mypy spells out the whole union of events; here its beginning says enough.
UNION: Final = re.compile(r'"(\w+) \| [^"]+"')
WIDTH: Final = 84


def check(program: Path) -> subprocess.CompletedProcess[str]:
    """Run mypy strict on one program, with the asgiref that this interpreter imports."""
    installed = Path(asgiref.__file__).resolve().parent.parent
    environment = dict(os.environ)
    if installed.name != "site-packages":
        environment["MYPYPATH"] = str(installed)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", program.name]
    return subprocess.run(
        command, cwd=program.parent, env=environment, capture_output=True, text=True, check=False
    )


def tell(program: Path, output: str) -> int:
    """Print each rejected line with the last thing that mypy says of it; return their number."""
    said: dict[int, str] = {}
    for line in output.splitlines():
        found = re.match(r"[^:]+:(\d+): error: (.*?)\s+\[[a-z-]+\]$", line)
        if found:
            said[int(found[1])] = UNION.sub(r'"\1 | ..."', found[2])
    source = program.read_text(encoding="utf-8").splitlines()
    for number, message in said.items():
        print(f"  {number}: {source[number - 1].strip()}")
        print(f"      mypy: {message if len(message) <= WIDTH else message[: WIDTH - 3] + '...'}")
    return len(said)


def main() -> int:
    """Show what mypy says of both; the right one must pass and the wrong one must not."""
    right, wrong = PROGRAMS / "right.py", PROGRAMS / "wrong.py"
    passed, rejected = check(right), check(wrong)
    print(f"right.py: {passed.stdout.strip()}")
    print("wrong.py, line by line:")
    faults = tell(wrong, rejected.stdout)
    print(f"wrong.py: {rejected.stdout.strip().rpartition(chr(10))[2]}")
    for mypy in (passed, rejected):
        print(mypy.stdout, mypy.stderr, file=sys.stderr)
    # 1 is mypy's word for "errors found"; 2 means that it could not work.
    return 0 if (passed.returncode, rejected.returncode) == (0, 1) and faults else 1


if __name__ == "__main__":
    sys.exit(main())
