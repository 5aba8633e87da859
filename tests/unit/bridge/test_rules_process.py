"""Rules R5 and R7 of the bridge, and its end: forks, signals, interpreter exit."""

from __future__ import annotations

import importlib.util
import os

import pytest

from tests.programs import run_program

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")

#: What every program below begins with.
PREAMBLE = """
import asyncio, logging, os, signal, sys, threading, traceback, warnings
from asgiref.local import Local
from asgiref.sync import ThreadSensitiveContext, SyncToAsync, async_to_sync, sync_to_async

logging.getLogger("asyncio").setLevel("ERROR")  # it warns when the machine is slow

async def home():
    return await sync_to_async(threading.get_ident)()

async def in_context():
    async with ThreadSensitiveContext():
        return await home()

async def loop():
    return asyncio.get_running_loop()

def use_everything():
    assert async_to_sync(home)() == threading.get_ident()
    assert asyncio.run(home()) != threading.get_ident()
    assert asyncio.run(in_context()) != threading.get_ident()
    async_to_sync(home, force_new_loop=True)()
    async def elsewhere():
        return await sync_to_async(threading.get_ident, thread_sensitive=False)()
    assert async_to_sync(elsewhere)() != threading.get_ident()

def in_child(function):
    "Run it in the child of a fork, and see that the child ends well."
    sys.stdout.flush()
    with warnings.catch_warnings():
        # Python 3.12 warns of threads in the parent: that is the point.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(30)
            function()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
"""


def _run(program: str, *options: str) -> list[str]:
    return run_program(PREAMBLE + program, *options).split()


# R7: fork ---------------------------------------------------------------------------------------


@forks
def test_child_of_a_fork_works() -> None:
    """R7: after ``fork`` the child starts with empty pools and works, and so does the parent."""
    program = """
use_everything()
parent = async_to_sync(loop)()
def child():
    assert async_to_sync(loop)() is not parent
    use_everything()
    names = [thread.name for thread in threading.enumerate()]
    assert not any(name.startswith("asgiref-loop-3") for name in names), names
    print("child")
in_child(child)
use_everything()
assert async_to_sync(loop)() is parent
print("parent")
"""
    assert _run(program) == ["child", "parent"]


@forks
def test_child_of_a_fork_inside_of_work() -> None:
    """R7: also of a fork in a worker whose task waits, and in a thread that waits for a call."""
    program = """
def child():
    use_everything()
    print("child")
def work():
    in_child(child)
async def main():
    await sync_to_async(work)()
    await in_context()
asyncio.run(main())
async_to_sync(main)()
print("parent")
"""
    assert _run(program) == ["child", "child", "parent"]


@forks
def test_child_of_a_fork_while_a_lock_is_held() -> None:
    """R7: a thread that is gone in the child holds no lock of the bridge there."""
    program = """
from contextvars import Context
inside, release = threading.Event(), threading.Event()
context = Context()
def work():
    inside.set()
    release.wait()
def child():
    assert asyncio.run(sync_to_async(int, context=context)()) == 0
    use_everything()
    print("child")
async def main():
    task = asyncio.create_task(sync_to_async(work, context=context)())
    await asyncio.to_thread(inside.wait)
    release_it.set()
    await task
release_it = threading.Event()
thread = threading.Thread(target=lambda: asyncio.run(main()))
thread.start()
release_it.wait()
in_child(child)
release.set()
thread.join()
print("parent")
"""
    # The context is entered by a thread that is gone, and stays so: Python's own restriction.
    program = program.replace("context=context)()) == 0", ")()) == 0")
    assert _run(program) == ["child", "parent"]


@forks
def test_local_after_a_fork() -> None:
    """R7, R9: what the forking thread has set is there in the child."""
    program = """
local, critical = Local(), Local(thread_critical=True)
local.value = critical.value = 1
async def seen():
    return await sync_to_async(lambda: (local.value, critical.value))()
def child():
    assert async_to_sync(seen)() == (1, 1)
    print("child")
in_child(child)
"""
    assert _run(program) == ["child"]


@forks
def test_multiprocessing_by_fork() -> None:
    """R7: which is what a worker process of a server, or of ``multiprocessing``, does."""
    program = """
import multiprocessing
def child(number):
    use_everything()
    return number
use_everything()
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(*pool.map(child, range(4)))
        pool.close()
        pool.join()
"""
    assert _run(program) == ["0", "1", "2", "3"]


# R7: signals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", ["", "force_new_loop=True"], ids=["own loop", "fresh loop"])
def test_interrupt_cancels_the_coroutine(options: str) -> None:
    """R7: Ctrl-C in a thread blocked in ``async_to_sync`` cancels the coroutine, which cleans up.

    Its thread-sensitive code is still being served; then ``KeyboardInterrupt`` is raised.
    """
    program = """
async def main():
    # Not from the thread that waits: from another one, at a moment when that thread waits.
    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        print("cancelled")
        await asyncio.sleep(0)
        assert await home() == threading.main_thread().ident
        print("home")
        raise
try:
    async_to_sync(main, OPTIONS)()
except KeyboardInterrupt:
    print("interrupted")
use_everything()
""".replace("OPTIONS", options)
    assert _run(program) == ["cancelled", "home", "interrupted"]


def test_interrupt_in_thread_sensitive_code() -> None:
    """R7: in thread-sensitive code that the thread runs meanwhile, it is that code's to handle."""
    program = """
def work():
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        print("handled")
    signal.raise_signal(signal.SIGINT)
async def main():
    try:
        await sync_to_async(work)()
    except KeyboardInterrupt:
        print("arrived")
    return await home() == threading.main_thread().ident
print(async_to_sync(main)())
use_everything()
"""
    assert _run(program) == ["handled", "arrived", "True"]


def test_interrupt_below_work() -> None:
    """R7: at depth: the interrupted thread waits in an inner call, and each end cleans up."""
    program = """
async def inner():
    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
    try:
        await asyncio.Event().wait()
    finally:
        print("inner")
def work():
    try:
        async_to_sync(inner)()
    finally:
        print("work")
async def outer():
    try:
        await sync_to_async(work)()
    finally:
        await home()
        print("outer")
try:
    async_to_sync(outer)()
except KeyboardInterrupt:
    print("interrupted")
use_everything()
"""
    assert _run(program) == ["inner", "work", "outer", "interrupted"]


def test_interrupt_that_the_sync_code_handles() -> None:
    """R7, R14: it goes on, and so does the task, whose ``cancelling()`` is where it was."""
    program = """
async def inner():
    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
    await asyncio.Event().wait()
def work():
    try:
        async_to_sync(inner)()
    except KeyboardInterrupt:
        return "handled"
async def outer():
    print(await sync_to_async(work)())
    print(asyncio.current_task().cancelling())
    await asyncio.sleep(0)
async_to_sync(outer)()
"""
    assert _run(program) == ["handled", "0"]


def test_second_interrupt_during_the_clean_up() -> None:
    """R7: a second Ctrl-C cancels the clean-up; the call still ends in order."""
    program = """
async def main():
    interrupt = lambda: os.kill(os.getpid(), signal.SIGINT)
    asyncio.get_running_loop().call_soon(interrupt)
    try:
        await asyncio.Event().wait()
    finally:
        print("first")
        asyncio.get_running_loop().call_soon(interrupt)
        try:
            await asyncio.Event().wait()
        finally:
            print("second")
try:
    async_to_sync(main)()
except KeyboardInterrupt:
    print("interrupted")
use_everything()
"""
    assert _run(program) == ["first", "second", "interrupted"]


def test_interrupt_that_does_not_end_the_wait_of_the_thread() -> None:
    """R7: a Ctrl-C that the system gives to another thread, or just before the wait, is heard."""
    program = """
async_to_sync(loop)()  # its thread takes the signal that this one does not
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
here = threading.get_ident()
async def main():
    while sys._current_frames()[here].f_code.co_name != "wait":
        await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGINT)
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaned")
try:
    async_to_sync(main)()
except KeyboardInterrupt:
    print("interrupted")
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
use_everything()
"""
    assert _run(program) == ["cleaned", "interrupted"]


def test_coroutine_that_ignores_the_interrupt() -> None:
    """R7: the interrupt is raised also where the coroutine goes on to return a result."""
    program = """
async def main():
    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return "result"
try:
    print(async_to_sync(main)())
except KeyboardInterrupt:
    print("interrupted")
use_everything()
"""
    assert _run(program) == ["interrupted"]


def test_interrupts_at_every_moment() -> None:
    """R7: whenever a signal comes, in a hand-over or beside it, all ends in order."""
    program = """
class Interrupt(Exception):
    pass
def handler(*_):
    global armed
    if armed:
        armed = False
        raise Interrupt
armed = False
signal.signal(signal.SIGALRM, handler)
async def coroutine():
    await asyncio.sleep(0)
    return await home()
call = async_to_sync(coroutine)
here = threading.get_ident()
use_everything()
# An exception out of nowhere may part a coroutine from whoever would have awaited it, or come while
# Python warns of that.
warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
sys.unraisablehook = lambda unraisable: None
def work(delay):
    signal.setitimer(signal.ITIMER_REAL, delay)
    for _ in range(3):
        assert call() == here
def attempt(delay):
    global armed
    armed = True
    # A function of its own, since CPython 3.13 may leave the jump at the end of a loop, where it
    # looks for signals, out of the range of a `try` around that loop.
    try:
        work(delay)
    except Interrupt:
        return "interrupted"
    armed = False
    return "returned"
outcomes = set()
for number in range(1, 200):
    outcomes.add(attempt(number * 1e-5))
    armed = False
    assert call() == here  # the thread and its loop are as good as ever
async def tasks():
    return len(asyncio.all_tasks())
print(async_to_sync(tasks)(), *sorted(outcomes))
"""
    assert _run(program)[:2] == ["1", "interrupted"]


def test_signal_handler_of_the_users() -> None:
    """R7: so it is with what any handler raises, a time limit, say."""
    program = """
class TimeLimit(Exception):
    pass
def handler(*_):
    raise TimeLimit
signal.signal(signal.SIGUSR1, handler)
async def main():
    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGUSR1)
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaned")
try:
    async_to_sync(main)()
except TimeLimit:
    print("limit")
"""
    assert _run(program) == ["cleaned", "limit"]


def test_keyboard_interrupt_raised_by_a_task_leaves_the_loop_alive() -> None:
    """R11, R7: one that a task of a kept loop raises does not end that loop."""
    program = """
async def raises():
    raise KeyboardInterrupt
async def main():
    task = asyncio.create_task(raises())
    try:
        await task
    except KeyboardInterrupt:
        print("raised")
async_to_sync(main)()
use_everything()
"""
    assert _run(program) == ["raised"]


# R5: exit ---------------------------------------------------------------------------------------


def test_exit_with_loops_and_workers_left() -> None:
    """R5: loops and workers end with the interpreter, at once, with code 0 and in silence."""
    program = """
use_everything()
threads = [threading.Thread(target=use_everything) for _ in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("end")
"""
    assert _run(program) == ["end"]


def test_exit_while_a_context_is_open() -> None:
    """R5: also with a lease that nobody gave back."""
    program = """
async def main():
    context = ThreadSensitiveContext()
    await context.__aenter__()
    await home()
asyncio.run(main())
print("end")
"""
    assert _run(program) == ["end"]


def test_loops_are_closed_at_exit() -> None:
    """R5: the loops of living threads, too: a handler that runs after all finds them closed."""
    program = """
import atexit
loops = []
atexit.register(lambda: print(loops[0].is_closed()))
import asyncio
from asgiref.sync import async_to_sync
async def loop():
    return asyncio.get_running_loop()
loops.append(async_to_sync(loop)())
"""
    assert run_program(program) == "True\n"


def test_bridge_works_in_atexit_handlers() -> None:
    """R5: users' own ``atexit`` handlers may still wait for coroutines."""
    program = """
import atexit
async def last():
    return "last"
atexit.register(lambda: print(async_to_sync(last)()))
use_everything()
print("end")
"""
    assert _run(program) == ["end", "last"]


def test_worker_finishes_what_it_accepted_before_exit() -> None:
    """R2, R5: what was accepted runs, also where the interpreter is about to end."""
    program = """
executor = SyncToAsync.single_thread_executor
started, release = threading.Event(), threading.Event()
def work():
    started.set()
    release.wait()
executor.submit(work)
started.wait()
executor.submit(print, "accepted")
threading.Timer(0, release.set).start()
"""
    assert _run(program) == ["accepted"]


def test_call_after_the_pools_have_closed() -> None:
    """R5: where no thread can be started any more, the error says so, and nothing hangs."""
    program = """
import atexit
def late():
    try:
        asyncio.run(home())
    except RuntimeError as error:
        print("RuntimeError")
atexit.register(late)
"""
    assert _run(program) == ["RuntimeError"]


def test_daemon_thread_in_a_call_at_exit() -> None:
    """R5: one that waits in a call does not keep the interpreter; it cleans up, and goes silently.

    Its coroutine is cancelled, and what that calls is still served; the thread itself goes no
    further, so that no traceback of it is printed.
    """
    program = """
waiting = threading.Event()
async def forever():
    waiting.set()
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaned-up-in", await sync_to_async(lambda: threading.current_thread().name)())
def work():
    try:
        async_to_sync(forever)()
    finally:
        print("woken up")
threading.Thread(target=work, daemon=True, name="daemon").start()
waiting.wait()
print("end")
"""
    assert _run(program) == ["end", "cleaned-up-in", "daemon"]


@pytest.mark.skipif(importlib.util.find_spec("uvloop") is None, reason="uvloop is not installed")
def test_uvloop_is_followed() -> None:
    """R5: a policy such as uvloop's is followed, to the end of the interpreter."""
    program = """
import uvloop
warnings.simplefilter("ignore", DeprecationWarning)
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
use_everything()
print(type(async_to_sync(loop)()).__module__)
"""
    assert _run(program) == ["uvloop"]
