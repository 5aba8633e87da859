"""Every check of the project, one session each; ``make`` calls them by name or by tag.

Sessions run in environments of their own under ``.nox``, which are kept from run to run. What
they test is the built wheel, unless they need the source tree (linters, mypy, benchmarks).
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = True
nox.options.tags = ["test"]

ROOT: Final = Path(__file__).parent
PROJECT: Final = nox.project.load_toml("pyproject.toml")
LOWEST: Final = (3, 11)

#: asgiref 3.13.0, which this package replaces, comes from the index under the same name.
PEER: Final = "asgiref==3.13.0"

#: A test that hangs ends its process; the others go on, but not through a whole suite of hangs.
PARALLEL: Final = ("-n", "auto", "--max-worker-restart", "2")

_PROBE: Final = (
    "import ensurepip, platform, sys, venv;"
    "assert platform.python_implementation() == 'CPython';"
    # In an environment, such as the one that runs nox, the interpreter that it was made from.
    "print('%d.%d' % sys.version_info[:2], sys._base_executable, sep='\\n')"
)


def _candidates() -> list[Path]:
    """Return everything that looks like an interpreter: on PATH, then among pyenv's versions."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    folders += sorted(pyenv.glob("versions/3.*/bin"), reverse=True)
    name = re.compile(r"python3\.\d+(\.exe)?")
    return [Path(sys.executable)] + [
        entry
        for folder in folders
        if folder.is_dir()
        for entry in sorted(folder.iterdir())
        if name.fullmatch(entry.name)
    ]


def _interpreters() -> dict[str, Path]:
    """Find every CPython that we support and that really runs, by its version such as "3.12".

    A file on PATH proves nothing: a version manager's shim may have nothing behind it, and a
    distribution may leave out what an environment needs. So each candidate is asked.
    """
    found: dict[str, Path] = {}
    for candidate in _candidates():
        if candidate.stem in {f"python{version}" for version in found}:
            continue
        try:
            asked = subprocess.run(
                [candidate, "-c", _PROBE], capture_output=True, text=True, check=True, timeout=30
            )
        except (OSError, subprocess.SubprocessError):
            continue
        version, executable = asked.stdout.splitlines()
        if tuple(map(int, version.split("."))) >= LOWEST:
            found.setdefault(version, Path(executable))
    return dict(sorted(found.items(), key=lambda item: int(item[0].partition(".")[2])))


INTERPRETERS: Final = _interpreters()
PYTHONS: Final = list(INTERPRETERS)

# nox looks interpreters up by name: the ones that were found to run must be met before shims.
os.environ["PATH"] = os.pathsep.join(
    [
        *(str(path.parent) for path in INTERPRETERS.values()),
        os.environ.get("PATH", ""),
    ]
)

# uv does not read pip's settings; without these a machine that reaches only a mirror gets nothing.
for theirs, ours in (
    ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"),
    ("PIP_EXTRA_INDEX_URL", "UV_INDEX"),
    ("PIP_CERT", "SSL_CERT_FILE"),
):
    if theirs in os.environ:
        os.environ.setdefault(ours, os.environ[theirs])
os.environ.setdefault("UV_HTTP_TIMEOUT", "180")
os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")


def _group(*names: str) -> list[str]:
    """Return the requirements of dependency groups of pyproject.toml."""
    return list(nox.project.dependency_groups(PROJECT, *names))


@functools.cache
def _wheel() -> str:
    """Build the wheel, once for all sessions of this run, and return its path."""
    folder = ROOT / ".nox" / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    beside = Path(sys.executable).parent
    uv = shutil.which("uv", path=f"{beside}{os.pathsep}{os.environ['PATH']}")
    if uv:
        command = [uv, "build", "--quiet", "--wheel", "--out-dir", str(folder)]
    else:
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True)
    (wheel,) = folder.glob("*.whl")
    return str(wheel)


def _install(session: nox.Session, *groups: str, wheel: bool = True) -> None:
    """Install dependency groups and, unless told otherwise, the freshly built wheel.

    The wheel is named in the same command as packages that depend on asgiref, so that they never
    pull in the index's.
    """
    built = [_wheel()] if wheel else []
    if built or groups:
        session.install(*built, *_group(*groups))
    if built:
        # Its version is that of the last run, in a kept environment: a plain install skips it.
        session.install("--force-reinstall", "--no-deps", *built)


@nox.session(tags=["test", "quick"])
def lint(session: nox.Session) -> None:
    """Ruff: the chosen rules, then the format."""
    _install(session, "lint", wheel=False)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(tags=["test", "quick"])
def imports(session: nox.Session) -> None:
    """import-linter: every arrow points down, every file has its place."""
    _install(session, "imports", wheel=False)
    session.run("lint-imports", env={"PYTHONPATH": "src"})


@nox.session(tags=["test", "quick"])
def mypy(session: nox.Session) -> None:
    """Mypy strict over source, tests, benchmarks, examples and this file."""
    _install(session, "typing", "test", "demo", "bench", "redis", "nox")
    session.run("mypy")


@nox.session(tags=["test"])
def typing(session: nox.Session) -> None:
    """Legal and illegal ASGI by mypy and pyright, both strict: every error is an expected one."""
    _install(session, "typing", "pyright")
    cases = [f"tests/typing/{folder}" for folder in ("legal", "illegal", "limits")]
    cases += ["examples/typing", "docs/typing.md"]
    session.run("python", "tests/typing/check.py", *cases, *session.posargs)


@nox.session(name="typing-frameworks")
def typing_frameworks(session: nox.Session) -> None:
    """Our aliases against the annotations of real frameworks and servers, by both checkers."""
    _install(session, "typing", "pyright", "frameworks")
    session.run("python", "tests/typing/check.py", "tests/typing/frameworks", *session.posargs)


@nox.session
def servers(session: nox.Session) -> None:
    """The WSGI adapters between real servers and frameworks: 256 MiB each way, 10,000 requests."""
    _install(session, "servers")
    session.run(
        "python",
        "-m",
        "pytest",
        "tests/servers",
        *session.posargs,
        env={"ASGIREF_SERVER_MIB": "256", "ASGIREF_SERVER_REQUESTS": "10000"},
    )


@nox.session
def redis(session: nox.Session) -> None:
    """The Redis example against a real redis-server; skips where there is none."""
    _install(session, "test", "redis")
    session.run("python", "-m", "pytest", "tests/brokers", *session.posargs)


@nox.session(tags=["test"])
def pyright(session: nox.Session) -> None:
    """Pyright's completeness report on the built wheel: every public name has a known type."""
    _install(session, "pyright")
    # Elsewhere than in the checkout, whose src/ pyright would take for the installed package.
    session.chdir(session.create_tmp())
    session.run("pyright", "--verifytypes", "asgiref", "--ignoreexternal")


@nox.session(python=PYTHONS, tags=["test"])
def wheel(session: nox.Session) -> None:
    """The wheel alone, in an empty environment: every public module imports without a warning."""
    _install(session)
    session.run("python", "-I", "-W", "error", "tests/import_everything.py")


@nox.session(python=PYTHONS, tags=["test"])
def tests(session: nox.Session) -> None:
    """Unit and property tests on the built wheel."""
    _install(session, "test")
    session.run("python", "-m", "pytest", *PARALLEL, *session.posargs)


@nox.session(python=PYTHONS[-1], tags=["test"])
@nox.parametrize("loop", ["debug", "eager", "uvloop"])
def loops(session: nox.Session, loop: str) -> None:
    """The tests again on other event loops; plain asyncio is what ``tests`` uses."""
    _install(session, "test")
    if loop == "eager" and PYTHONS[-1] == "3.11":
        session.skip("eager tasks need Python 3.12 or newer")
    session.run("python", "-m", "pytest", *PARALLEL, f"--loop={loop}", *session.posargs)


@nox.session(python=PYTHONS[-1])
def nightly(session: nox.Session) -> None:
    """The property tests with thousands of examples each."""
    _install(session, "test")
    profile = "--hypothesis-profile=nightly"
    # The watchdog counts a whole property, all its examples together, as one test.
    session.run(
        "python",
        "-m",
        "pytest",
        *PARALLEL,
        profile,
        "tests/property",
        *session.posargs,
        env={"ASGIREF_TEST_WATCHDOG": "7200"},
    )


@nox.session(tags=["test"])
def docs(session: nox.Session) -> None:
    """The documentation, into site/; a warning is an error."""
    _install(session, "docs")
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "site")


@nox.session(tags=["test"])
def demo(session: nox.Session) -> None:
    """The narrated tour."""
    _install(session, "demo")
    session.run("python", "-m", "examples.tour", *session.posargs)


@nox.session(python=sorted({PYTHONS[0], PYTHONS[-1]}))
@nox.parametrize("against", ["wheel", PEER])
def downstream(session: nox.Session, against: str) -> None:
    """The suites of Django, Daphne and Flask, and consumers of Channels, against the wheel.

    With asgiref 3.13.0 the same again, on the lowest Python: it tells failures of theirs from
    failures of ours.
    """
    if against != "wheel" and session.python != PYTHONS[0]:
        session.skip("the lowest Python tells")
    _install(session, "downstream", wheel=against == "wheel")
    if against != "wheel":
        session.install(against)
    session.run("python", "-m", "pip", "check")
    # This repository's conftest.py is for the wheel's own tests.
    consumers = ["--noconftest", "-p", "no:cacheprovider", "tests/downstream/channels_consumers.py"]
    session.run("python", "-m", "pytest", *consumers)
    version = against.rpartition("=")[2]
    session.run("python", "tests/downstream/run.py", f"--against={version}", *session.posargs)


@nox.session(python=PYTHONS[-1])
def soak(session: nox.Session) -> None:
    """A million calls of the bridge, a few thousand on other loops: nothing may be left behind."""
    _install(session, "test")
    session.run("python", "-m", "benchmarks.soak", *session.posargs)
    if not session.posargs:
        for loop in ("debug", "eager", "uvloop"):
            if loop != "eager" or PYTHONS[-1] != "3.11":
                session.run("python", "-m", "benchmarks.soak", "--calls=50000", f"--loop={loop}")


@nox.session(name="bench-peer")
def bench_peer(session: nox.Session) -> None:
    """Prepare the environment of asgiref 3.13.0 and the other rivals; runs nothing."""
    session.install(PEER, *_group("bench"))


@nox.session(requires=["bench-peer"])
def bench(session: nox.Session) -> None:
    """Benchmarks against asgiref 3.13.0, as ratios; arguments go to benchmarks.harness."""
    _install(session, "bench", wheel=False)
    peer = Path(session.virtualenv.location).with_name("bench-peer")
    python = next(
        path for path in (peer / "bin/python", peer / "Scripts/python.exe") if path.exists()
    )
    session.run(
        "python", "-m", "benchmarks.harness", "--peer-python", str(python), *session.posargs
    )
