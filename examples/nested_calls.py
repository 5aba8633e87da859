"""Sync code calls async code calls sync code, four deep: ``python -m examples.nested_calls``."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar

from asgiref.local import Local
from asgiref.sync import async_to_sync, sync_to_async

user: ContextVar[str] = ContextVar("user", default="nobody")
request = Local()


def tell(depth: int, what: str) -> None:
    """Print where the code runs and what it sees."""
    path = getattr(request, "path", "-")
    thread = threading.current_thread().name
    print(f"{'  ' * depth}{what:<{34 - 2 * depth}} thread {thread:<28} user {user.get():<6} {path}")


def view(path: str) -> list[str]:
    """Answer a request, as the synchronous code of a web framework does."""
    user.set("ann")
    request.path = path
    tell(0, "view: sync")
    pages = async_to_sync(fetch_all)("news", "mail")
    tell(0, "view: sync again")
    return pages


async def fetch_all(*names: str) -> list[str]:
    """Fetch several pages at once; what a library that is async only offers."""
    tell(1, "fetch_all: async")
    pages = await asyncio.gather(*(sync_to_async(render)(name) for name in names))
    user.set("bob")
    return pages


def render(name: str) -> str:
    """Render one page; sync, and expects the thread that it always ran in."""
    tell(2, f"render {name}: sync")
    return async_to_sync(translate)(name)


async def translate(text: str) -> str:
    """Ask a service that is async only; runs in the loop of ``fetch_all``."""
    tell(3, f"translate {text}: async")
    await asyncio.sleep(0)
    return text.upper()


def divide(number: int) -> float:
    """Fail in the depth."""
    return 1 / number


async def divide_later(number: int) -> float:
    """Pass the failure on."""
    return await sync_to_async(divide)(number)


async def cancel_a_wait() -> str:
    """Cancel async code that waits below sync code below async code."""
    started = asyncio.Event()

    async def wait_for_ever() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("  innermost coroutine: cancelled, cleaning up")
            raise

    task = asyncio.create_task(sync_to_async(async_to_sync(wait_for_ever))())
    await started.wait()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return "cancelled"
    return "not cancelled"


def main() -> None:
    """Show the four things that travel: threads, context, errors, cancellation."""
    pages = view("/start")
    print(f"result: {pages}; set inside, seen outside: user {user.get()}\n")
    assert pages == ["NEWS", "MAIL"]
    assert user.get() == "bob"

    try:
        async_to_sync(divide_later)(0)
    except ZeroDivisionError as error:
        frames = []
        trace = error.__traceback__
        while trace:
            frames.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        mine = [name for name in frames if name in {"main", "divide_later", "divide"}]
        print(f"error through both bridges: {error!r}, raised along {' > '.join(mine)}\n")
        assert mine == ["main", "divide_later", "divide"]
    else:
        raise AssertionError("the error was lost")

    print("cancelling a task whose thread is blocked in async_to_sync:")
    outcome = asyncio.run(cancel_a_wait())
    print(f"  task: {outcome}; no thread is left hanging")
    assert outcome == "cancelled"


if __name__ == "__main__":
    main()
