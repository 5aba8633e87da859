"""Import every public module of the installed package; a program, run where nothing else is."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import asgiref

#: What asgiref 3.13.0 has and users import: a wheel without one of these is broken.
PROMISED = frozenset(
    {
        "compatibility",
        "current_thread_executor",
        "local",
        "server",
        "sync",
        "testing",
        "timeout",
        "typing",
        "wsgi",
    }
)


def main() -> None:
    """Import them all and say how many there were."""
    root = Path(asgiref.__file__).parent
    names = {info.name for info in pkgutil.iter_modules([str(root)]) if info.name[0] != "_"}
    missing = PROMISED - names
    if missing:
        raise SystemExit(f"the wheel lacks {', '.join(sorted(missing))}")
    if not (root / "py.typed").is_file():
        raise SystemExit("the wheel lacks py.typed: type checkers would ignore its annotations")
    for name in sorted(names):
        importlib.import_module(f"asgiref.{name}")
    print(f"asgiref {asgiref.__version__}: {len(names)} public modules import cleanly")


if __name__ == "__main__":
    main()
