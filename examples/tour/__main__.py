"""Take the tour: run each example as a program of its own, and sum up.

``python -m examples.tour [WORD ...]`` takes only the stops whose title contains one of the words.
Exit status: 0 if every stop went well. A stop that fails shows its log.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from dataclasses import dataclass
from time import perf_counter
from typing import IO, Final

import asgiref

#: Seconds after which a stop counts as hung.
PATIENCE: Final = 60.0

WIDTH: Final = 88


@dataclass(frozen=True, slots=True)
class Stop:
    """One example and what to tell about it.

    Attributes:
        title: in a few words.
        story: what is about to happen, and what to look at.
        module: run as ``python -m module``; narrates on standard output, logs on standard
            error, and exits with a status other than 0 if something is not as told.
    """

    title: str
    story: str
    module: str


@dataclass(frozen=True, slots=True)
class Visit:
    """How a stop went; ``log`` is what it wrote to standard error."""

    stop: Stop
    failure: str | None
    seconds: float
    log: str


STOPS: Final = (
    Stop(
        "A Flask application under uvicorn",
        "An ordinary Flask application, wrapped in WsgiToAsgi, behind a real uvicorn on a free "
        "port of this machine. A real HTTP client uploads, downloads a stream, sends requests "
        "that can only be answered together, and keeps its connection.",
        "examples.tour.web_traffic",
    ),
    Stop(
        "A WSGI application that streams both ways",
        "The same adapter, seen from a raw socket: each chunk of the request is answered before "
        "the next one is sent, by an application that knows nothing but PEP 3333.",
        "examples.wsgi_streaming",
    ),
    Stop(
        "Sync calls async calls sync",
        "A synchronous program calls a coroutine, which calls synchronous code, which calls a "
        "coroutine again. Watch the threads: all synchronous code stays in the one it started "
        "in, context variables go in and come back, and errors arrive as themselves.",
        "examples.nested_calls",
    ),
    Stop(
        "A chat bot without a socket of its own",
        "A chat server over TCP, and one StatelessServer that holds a single connection to it: "
        "each user gets a scope, an instance of the application and a conversation of their own.",
        "examples.chat_bot.demo",
    ),
    Stop(
        "An application that a type checker reads",
        "The same ASGI application twice: once right, once with slips that look right. mypy "
        "tells them apart before anything runs.",
        "examples.tour.type_check",
    ),
)


def _style(code: str, text: str) -> str:
    """Colour text where it goes to a terminal that wants colours."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{code}m{text}\x1b[0m"


def _relay(lines: IO[str]) -> None:
    """Show a stop's narration as it comes."""
    for line in lines:
        print(f"  | {line}", end="", flush=True)


def _end_group(process: subprocess.Popen[str]) -> None:
    """End a stop and whatever servers it may have left behind, which hold its output open."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def visit(stop: Stop) -> Visit:
    """Run one stop and relay what it tells.

    Args:
        stop: the example; it runs under this interpreter.
    """
    begin = perf_counter()
    failure = None
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", stop.module],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
            start_new_session=True,
        )
        assert process.stdout is not None
        relay = threading.Thread(target=_relay, args=(process.stdout,), name="relay")
        relay.start()
        try:
            status = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            failure = f"did not end within {PATIENCE:.0f} s"
        else:
            if status:
                failure = f"exit status {status}"
        finally:
            _end_group(process)
        relay.join()
        process.stdout.close()
        log.seek(0)
        return Visit(stop, failure, perf_counter() - begin, log.read())


def _summary(visits: list[Visit]) -> str:
    """Return the table at the end."""
    width = max(len(made.stop.title) for made in visits)
    rule = "-" * (width + 24)
    lines = [
        f"{number}  {made.stop.title:<{width}}  {made.failure or 'ok':<10} {made.seconds:6.1f} s"
        for number, made in enumerate(visits, 1)
    ]
    total = sum(made.seconds for made in visits)
    return "\n".join((rule, *lines, rule, f"   {'in all':<{width}}  {'':<10} {total:6.1f} s"))


def main(words: list[str]) -> int:
    """Visit the stops and return the exit status.

    Args:
        words: take only stops whose title contains one of them, in any case; all if empty.
    """
    chosen = [
        stop
        for stop in STOPS
        if not words or any(word.lower() in stop.title.lower() for word in words)
    ]
    if not chosen:
        titles = "; ".join(stop.title for stop in STOPS)
        print(f"error: no stop is called like {words}. There are: {titles}", file=sys.stderr)
        return 2
    print(_style("1", f"asgiref {asgiref.__version__} on Python {sys.version.split()[0]}"))
    visits: list[Visit] = []
    for number, stop in enumerate(chosen, 1):
        print(f"\n{_style('1', f'{number}. {stop.title}')}")
        print(textwrap.fill(stop.story, WIDTH), end="\n\n", flush=True)
        made = visit(stop)
        visits.append(made)
        if made.failure:
            print(_style("31", f"\n  failed: {made.failure}. Its log:"))
            print(textwrap.indent(made.log.rstrip() or "(empty)", "  ! "), flush=True)
    print(f"\n{_summary(visits)}")
    return 1 if any(made.failure for made in visits) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
