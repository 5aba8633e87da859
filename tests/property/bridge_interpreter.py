"""Runs a program on the real bridge, and compares each step with the oracle.

What is compared: the thread, the loop and the task of every function; variables and locals at every
step; `sys.exception()`; the outcome of each call, by identity; how often a function runs; what is
left behind. Cancellations come when a function is reached, so every program ends by itself, without
any clock.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context, copy_context
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from asgiref.sync import AsyncToSync, ThreadSensitiveContext, async_to_sync, sync_to_async
from tests.property.bridge_oracle import (
    CRITICAL,
    Control,
    HasExitedError,
    Home,
    Invocation,
    Scene,
    Value,
    Variables,
    read,
    write,
)
from tests.property.bridge_owner import Generator, Owner, for_ever, set_done
from tests.property.bridge_programs import (
    Call,
    Detach,
    Leave,
    Node,
    Scope,
    Stop,
    Together,
    Write,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.property.bridge_programs import Step

#: So many calls may be blocked in a pool at the same time (R3).
POOL_SIZE: Final = 64


class PlannedError(Exception):
    """What a function of a program raises."""


class PlannedBaseError(BaseException):
    """What a function of a program raises, and ``except Exception`` does not catch."""


class HandledError(Exception):
    """What is being handled around a call."""


class Pool(ThreadPoolExecutor):
    """A default executor for many loops, which survives each of them."""

    def __init__(self, name: str) -> None:
        """Make its threads when they are needed."""
        super().__init__(POOL_SIZE, thread_name_prefix=name)
        self.name = name

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ignore the end of one loop."""

    def end(self) -> None:
        """End the threads."""
        super().shutdown()


def _marks(exception: BaseException) -> tuple[object, ...]:
    """Return what the bridge must leave alone (R10)."""
    return exception.__traceback__, exception.__context__, exception.__cause__


def _caught(step: Call, exception: BaseException) -> bool:
    """Tell whether an exception ends at a step."""
    if step.catch == "all":
        return not isinstance(exception, GeneratorExit)
    return step.catch == "errors" and isinstance(exception, Exception)


def _text(exception: BaseException) -> str:
    """Return the exception with its traceback."""
    return "".join(traceback.format_exception(exception))


def _planned(exception: BaseException) -> bool:
    """Tell whether an exception may come out of a program."""
    return isinstance(
        exception, (PlannedError, PlannedBaseError, StopIteration, asyncio.CancelledError)
    ) or isinstance(exception.__cause__, StopIteration)


@dataclass(eq=False)
class Record:
    """What happened to one node."""

    begun: bool = False
    ended: bool = False
    value: object = None
    exception: BaseException | None = None


@dataclass(eq=False)
class Interpreter:
    """Runs one program.

    Attributes:
        pool: the default executor of each loop of the program.
        executor: what calls are given that name an executor.
        dedicated: the loop of each thread that has one, from program to program.
    """

    pool: Pool
    executor: Pool
    dedicated: dict[threading.Thread, asyncio.AbstractEventLoop]
    faults: list[str] = field(default_factory=list)
    records: dict[int, Record] = field(default_factory=dict)
    controls: dict[int, Control] = field(default_factory=dict)
    loops: set[asyncio.AbstractEventLoop] = field(default_factory=set)
    executors: list[ThreadPoolExecutor] = field(default_factory=list)
    context: Context = field(default_factory=Context)
    shared: Variables = field(
        default_factory=lambda: Variables({"first": None, "second": None, "local": None})
    )
    #: A task was cancelled, or waited for one that failed. CPython hides from a coroutine into
    #: which an exception was thrown, until it waits again, what its callers handle; then it sees
    #: what is handled around the loop, or nothing.
    interrupted: bool = False
    process: Home = field(default_factory=lambda: Home("process"))

    def run(self, program: Node) -> list[str]:
        """Run the program in this thread, and return what contradicted the oracle."""
        Context().run(self._run, program)
        for executor in self.executors:
            executor.shutdown()
        for number, record in self.records.items():
            if record.begun and not record.ended:
                self.faults.append(f"node {number} has not ended")
        for loop in self.loops:
            if not loop.is_closed():
                # Asked on the loop, where no task is between its last step and its end.
                asyncio.run_coroutine_threadsafe(self.look_for_tasks(), loop).result()
                # A kept loop serves other tests, when the pool has ended.
                loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))
                loop.set_exception_handler(None)
        return self.faults

    async def look_for_tasks(self) -> None:
        """Note each task that the program has left on the running loop."""
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            self.faults.append(f"left behind: {task!r}")

    def _run(self, program: Node) -> None:
        scene = Scene(Variables(read()), None)
        root = Call("asyncio.run" if program.is_async else "direct", program, "all")
        self.sync_call(-1, root, scene)

    def expect(self, good: bool, message: str) -> None:
        """Note a contradiction unless ``good``."""
        if not good:
            self.faults.append(message)

    def agree(self, number: int, difference: str | None) -> None:
        """Note a contradiction if there is one."""
        if difference is not None:
            self.faults.append(f"node {number}: {difference}")

    # Nodes --------------------------------------------------------------------------------------

    def begin(self, node: Node, scene: Scene) -> Record:
        """Note that a node runs, and look around."""
        record = self.records.setdefault(node.number, Record())
        self.expect(not record.begun, f"node {node.number} runs twice")
        record.begun = True
        self.look(node, scene)
        if scene.handled is not None:
            seen = sys.exception()
            self.expect(
                seen is scene.handled
                or (self.interrupted and (seen is None or isinstance(seen, HandledError))),
                f"node {node.number}: sys.exception() is {seen!r}",
            )
        return record

    def look(self, node: Node, scene: Scene) -> None:
        """Compare the variables."""
        self.agree(node.number, scene.variables.difference(read()))
        critical = getattr(CRITICAL, "value", None)
        if critical is not None:
            self.expect(
                critical.thread == threading.get_ident(),
                f"node {node.number}: a thread-critical value came from another thread",
            )

    def outcome(self, node: Node, record: Record) -> Value:
        """Return or raise what the node is to return or raise."""
        if node.ending == "return":
            value = record.value = Value(f"result of {node.number}")
            return value
        if node.ending == "raise":
            raise PlannedError(node.number)
        if node.ending == "raise StopIteration":
            raise StopIteration(node.number)
        raise PlannedBaseError(node.number)

    def run_sync(self, node: Node, scene: Scene) -> Value:
        """Run a synchronous function."""
        record = self.begin(node, scene)
        try:
            self.reach_sync(node, scene)
            for step in node.steps:
                if isinstance(step, Write):
                    self.write(node, step, scene)
                else:
                    assert isinstance(step, Call)
                    self.sync_call(node.number, step, scene)
                self.look(node, scene)
            return self.outcome(node, record)
        except BaseException as exception:
            record.exception = exception
            self.expect(_planned(exception), f"node {node.number} raises {_text(exception)}")
            raise
        finally:
            record.ended = True

    async def run_async(self, node: Node, scene: Scene, owner: Owner) -> Value:
        """Run a coroutine function."""
        record = self.begin(node, scene)
        task = asyncio.current_task()
        assert task is not None
        requests = task.cancelling()
        try:
            self.expect(task is scene.task, f"node {node.number} runs in {task!r}")
            self.expect(
                asyncio.get_running_loop() is scene.loop, f"node {node.number} runs on another loop"
            )
            await self.reach_async(node, scene)
            for step in node.steps:
                await self.async_step(node, step, scene, owner)
                self.look(node, scene)
            return self.outcome(node, record)
        except BaseException as exception:
            record.exception = exception
            self.expect(_planned(exception), f"node {node.number} raises {_text(exception)}")
            raise
        finally:
            record.ended = True
            if not scene.loose:
                self.expect(
                    task.cancelling() == requests,
                    f"node {node.number}: cancelling() was {requests}, is {task.cancelling()}",
                )

    def write(self, node: Node, step: Write, scene: Scene) -> None:
        """Set a variable."""
        value = Value(f"{step.name} by {node.number}")
        write(step.name, value)
        if step.name != "critical":
            scene.variables.set(step.name, value)

    def reach_sync(self, node: Node, scene: Scene) -> None:
        """Let the cancellation come that waits for this node."""
        control = self.controls.get(node.number)
        if control is None or not control.reach():
            return
        if not scene.in_group:
            released = threading.Event()
            control.holding(released.set, scene.works)
            released.wait()

    async def reach_async(self, node: Node, scene: Scene) -> None:
        """Let the cancellation come that waits for this node."""
        control = self.controls.get(node.number)
        if control is None or not control.reach():
            return
        if not scene.in_group:
            loop = asyncio.get_running_loop()
            released = loop.create_future()

            def let_go() -> None:
                with suppress(RuntimeError):  # the loop is closed, and the node was cancelled
                    loop.call_soon_threadsafe(set_done, released)

            control.holding(let_go, scene.works)
            await released

    # Calls --------------------------------------------------------------------------------------

    def compare(
        self, step: Call | Stop, scene: Scene, value: object, exception: BaseException | None
    ) -> None:
        """Compare what a call gave with what the callee gave (R11)."""
        number = step.child.number
        record = self.records.get(number, Record())
        if exception is None:
            self.expect(
                record.ended and value is record.value,
                f"the call of node {number} returned {value!r}, not {record.value!r}",
            )
            return
        planned = record.exception
        if exception is planned and record.ended:
            return
        if isinstance(exception, RuntimeError) and exception.__cause__ is planned is not None:
            return  # StopIteration cannot leave a coroutine
        if scene.loose and isinstance(exception, asyncio.CancelledError):
            return
        self.faults.append(f"the call of node {number} raised {exception!r}, not {planned!r}")

    def refused(self, step: Call, exception: BaseException | None, match: str) -> bool:
        """Tell whether the call was refused with an error as the rules say, and not begun."""
        begun = step.child.number in self.records
        self.expect(
            isinstance(exception, RuntimeError) and match in str(exception) and not begun,
            f"the call of node {step.child.number} should be refused ({match}); it gave"
            f" {exception!r}",
        )
        return isinstance(exception, RuntimeError)

    def sync_call(self, number: int, step: Call, scene: Scene) -> None:
        """Call a function from synchronous code."""
        if not step.handling:
            self.sync_call_plainly(step, scene)
            return
        handled = HandledError(number)
        try:
            raise handled
        except HandledError:
            before = _marks(handled)
            try:
                self.sync_call_plainly(step, replace(scene, handled=handled))
            finally:
                self.expect(_marks(handled) == before, "the handled exception was changed")

    def sync_call_plainly(self, step: Call, scene: Scene) -> None:
        """Call a function from synchronous code, and catch what the step says."""
        try:
            if step.how == "direct":
                self.call_directly(step, scene)
            elif step.how == "asyncio.run":
                self.call_asyncio_run(step, scene)
            elif step.how in ("async_to_sync", "force_new_loop"):
                self.call_bridge(step, scene)
            else:
                self.call_in_thread(step, scene)
        except BaseException as exception:
            if not _caught(step, exception):
                raise

    def call_directly(self, step: Call, scene: Scene) -> None:
        """Call a synchronous function in the same thread."""
        value, exception = None, None
        try:
            value = self.run_sync(step.child, scene)
        except BaseException as error:
            exception = error
            raise
        finally:
            self.compare(step, scene, value, exception)
            del exception

    def call_in_thread(self, step: Call, scene: Scene) -> None:
        """Call a synchronous function in a thread of one's own, with or without the context."""
        carried = step.how == "thread in the same context"
        variables = scene.variables.fork() if carried else self.nothing()
        inner = self.elsewhere(replace(scene, variables=variables))
        outcome: list[Any] = []
        context = copy_context() if carried else Context()
        thread = threading.Thread(
            target=context.run, args=(self.keep, step.child, inner, outcome), name="model-thread"
        )
        thread.start()
        thread.join()
        self.take(step, scene, outcome)
        self.dedicated.pop(thread, None)

    @staticmethod
    def nothing() -> Variables:
        """Return the variables of an empty context."""
        return Variables({"first": None, "second": None, "local": None})

    @staticmethod
    def elsewhere(scene: Scene) -> Scene:
        """Return the scene of a thread that the bridge knows nothing of: a new tree (R1)."""
        return replace(
            scene,
            home=None,
            pumped=False,
            foreign=True,
            invocation=None,
            in_loop=False,
            driving=frozenset(),
            handled=None,
        )

    def keep(self, node: Node, scene: Scene, outcome: list[Any]) -> None:
        """Run a function and keep its outcome, where exceptions would be lost."""
        try:
            outcome += [self.run_sync(node, scene), None]
        except BaseException as exception:  # noqa: BLE001  # for the caller
            outcome += [None, exception]

    def take(self, step: Call, scene: Scene, outcome: list[Any]) -> None:
        """Return or raise an outcome that was kept."""
        value, exception = outcome
        outcome.clear()
        self.compare(step, scene, value, exception)
        if exception is not None:
            raise exception

    def call_asyncio_run(self, step: Call, scene: Scene) -> None:
        """Run a coroutine on a loop of one's own in this thread."""
        if scene.in_loop or (scene.foreign and scene.home is None):
            # There no loop can run; or its home would be the process's, which may wait for us.
            self.call_bridge(step, scene)
            return
        inner = replace(
            scene,
            variables=scene.variables.fork(),
            home=scene.home or self.process,
            invocation=None,
            driving=scene.driving | {threading.get_ident()},
            handled=None,
        )
        owners: list[Owner] = []
        value, exception = None, None
        try:
            value = asyncio.run(self.own(step.child, inner, owners, None))
        except BaseException as error:
            exception = error
            raise
        finally:
            self.look_after(owners)
            self.compare(step, scene, value, exception)
            del exception

    def look_after(self, owners: list[Owner]) -> None:
        """See that nothing has outlived a loop, or the outermost call on one (R4)."""
        for owner in owners:
            for task in owner.left:
                self.expect(task.done(), f"still pending after its call: {task!r}")
            for generator in owner.generators:
                self.expect(generator.closed, "an async generator was not closed after its call")

    def call_bridge(self, step: Call, scene: Scene) -> None:
        """Call a coroutine function by async_to_sync."""
        thread = threading.current_thread()
        work = scene.invocation
        inner = replace(
            scene,
            home=scene.home or Home("thread", thread.ident),
            pumped=work is None or work.sensitive or scene.pumped,
        )
        has_heard = work is not None and work.told
        must_hear = work is not None and work.left and not work.told
        owners: list[Owner] = []
        force = step.how == "force_new_loop"
        value, exception = None, None
        try:
            value = async_to_sync(self.enter_coroutine, force_new_loop=force)(
                step, inner, owners, thread
            )
        except BaseException as error:
            exception = error
            if scene.in_loop:
                if self.refused(step, error, "event loop"):
                    raise PlannedError(step.child.number) from None
            elif must_hear:
                assert work is not None
                work.told = True
                begun = step.child.number in self.records
                self.expect(
                    isinstance(error, asyncio.CancelledError) and not begun,
                    f"the call of node {step.child.number} by abandoned code gave {error!r}",
                )
            elif work is not None and work.left and step.child.number not in self.records:
                self.expect(not has_heard, "abandoned code was told twice")
                work.told = True
            raise
        finally:
            if exception is None or not (scene.in_loop or must_hear):
                self.expect(not must_hear, "abandoned code was not told")
                self.look_after(owners)
                self.compare(step, scene, value, exception)
            del exception

    async def enter_coroutine(
        self, step: Call, scene: Scene, owners: list[Owner], thread: threading.Thread
    ) -> Value:
        """Arrive on a loop."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        work, number = scene.invocation, step.child.number
        if step.how == "force_new_loop":
            self.expect(loop not in self.loops, f"node {number}: the loop is not new")
        elif work is not None:
            self.expect(
                loop is work.loop or work.loop.is_closed(), f"node {number} is on a wrong loop"
            )
            if not work.own_context and not scene.loose:
                self.expect(task is work.task, f"node {number} runs in a task of its own")
        else:
            known = self.dedicated.setdefault(thread, loop)
            self.expect(known is loop, f"node {number}: its thread has had another loop")
        inner = replace(scene, loop=loop, task=task)
        if work is not None:
            work.calls.append(number)
        if work is not None and task is work.task:
            return await self.run_async(step.child, inner, work.owner)
        return await self.own(step.child, inner, owners, None if work is None else work.owner)

    async def own(
        self, node: Node, scene: Scene, owners: list[Owner], outer: Owner | None
    ) -> Value:
        """Run the outermost coroutine of a loop, and wait for all that depends on the loop."""
        loop = asyncio.get_running_loop()
        if loop not in self.loops:
            self.loops.add(loop)
            loop.set_default_executor(self.pool)
            loop.set_exception_handler(self.complain)
        owner = Owner(outer)
        if owner.left is not (outer.left if outer is not None else None):
            owners.append(owner)
        try:
            inner = replace(scene, loop=loop, task=asyncio.current_task())
            return await self.run_async(node, inner, owner)
        finally:
            await owner.finish()

    def complain(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Note what a loop reports."""
        self.faults.append(f"{loop!r} reports {context!r}")

    # In coroutines ------------------------------------------------------------------------------

    async def async_step(self, node: Node, step: Step, scene: Scene, owner: Owner) -> None:
        """Take one step of a coroutine function."""
        if isinstance(step, Write):
            self.write(node, step, scene)
        elif isinstance(step, Call):
            await self.async_call(node.number, step, scene, owner)
        elif isinstance(step, Together):
            await self.together(step, scene, owner)
        elif isinstance(step, Scope):
            await self.scope(node, step, scene, owner)
        elif isinstance(step, Detach):
            inner = replace(self.in_task(scene), pumped=None if scene.pumped else scene.pumped)
            task = asyncio.create_task(self.detached(step, inner, owner))
            owner.detached.append(task)
            if owner.gate.done() and self.may_end(scene.home):
                await asyncio.wait((task,))  # it begins at once, and would race with that end
        elif isinstance(step, Leave):
            await self.leave(step, owner)
        elif step.how == "cancel":
            await self.cancel(step, scene, owner)
        else:
            await self.time_out(step, scene, owner)

    @staticmethod
    def in_task(scene: Scene) -> Scene:
        """Return the scene of a new task."""
        return replace(
            scene, variables=scene.variables.fork(), task=None, handled=None, concurrent=True
        )

    async def enter_task(self, node: Node, scene: Scene, owner: Owner) -> Value:
        """Run a coroutine function in the task that was made for it."""
        return await self.run_async(node, replace(scene, task=asyncio.current_task()), owner)

    async def enter_later(self, node: Node, scene: Scene, owner: Owner) -> Value:
        """Let the group make all its tasks before the first of them fails, eager or not."""
        await asyncio.sleep(0)
        return await self.enter_task(node, scene, owner)

    async def detached(self, step: Detach, scene: Scene, owner: Owner) -> None:
        """Run, or wait first until the outermost coroutine is about to end."""
        # In a context that may end at any moment, nobody could tell which home is right.
        if step.late or self.may_end(scene.home):
            await asyncio.shield(owner.gate)
        call = Call("direct", step.child, "all")
        await self.async_call(-1, call, replace(scene, task=asyncio.current_task()), owner)

    @staticmethod
    def may_end(home: Home | None) -> bool:
        """Tell whether a home may end before the outermost coroutine on the loop does."""
        return home is None or home.kind in ("context", "executor")

    async def leave(self, step: Leave, owner: Owner) -> None:
        """Leave something unfinished."""
        if step.what == "task":
            owner.left.append(asyncio.create_task(for_ever()))
            return
        generator = Generator()
        generator.iterator = generator.steps()
        owner.generators.append(generator)
        await anext(generator.iterator)

    async def async_call(self, number: int, step: Call, scene: Scene, owner: Owner) -> None:
        """Call a function from a coroutine."""
        if not step.handling:
            await self.async_call_plainly(step, scene, owner)
            return
        handled = HandledError(number)
        try:
            raise handled
        except HandledError:
            before = _marks(handled)
            try:
                await self.async_call_plainly(step, replace(scene, handled=handled), owner)
            finally:
                self.expect(_marks(handled) == before, "the handled exception was changed")

    async def async_call_plainly(self, step: Call, scene: Scene, owner: Owner) -> None:
        """Call a function from a coroutine, and catch what the step says."""
        try:
            if step.how == "direct":
                await self.await_directly(step, scene, owner)
            elif step.how == "task":
                await self.await_task(step, scene, owner)
            elif step.how == "direct sync":
                self.call_directly(step, replace(scene, in_loop=True, invocation=None))
            elif step.how == "to_thread":
                await self.await_to_thread(step, scene, owner)
            else:
                await self.call_bridge_to_sync(step, scene, owner)
        except BaseException as exception:
            if not _caught(step, exception):
                raise

    async def await_directly(self, step: Call, scene: Scene, owner: Owner) -> None:
        """Await a coroutine function."""
        value, exception = None, None
        try:
            value = await self.run_async(step.child, scene, owner)
        except BaseException as error:
            exception = error
            raise
        finally:
            self.compare(step, scene, value, exception)
            del exception

    async def await_task(self, step: Call, scene: Scene, owner: Owner) -> None:
        """Run a coroutine function in a task and wait for it."""
        value, exception = None, None
        try:
            inner = replace(self.in_task(scene), concurrent=scene.concurrent)
            value = await asyncio.create_task(self.enter_task(step.child, inner, owner))
        except BaseException as error:
            self.interrupted = True
            exception = error
            raise
        finally:
            self.compare(step, scene, value, exception)
            del exception

    async def await_to_thread(self, step: Call, scene: Scene, owner: Owner) -> None:
        """Run a synchronous function by asyncio.to_thread: a tree of its own (R1)."""
        outcome: list[Any] = []
        loop = asyncio.get_running_loop()
        work = Invocation(loop, scene.task, owner, own_context=False, sensitive=False)
        inner = self.elsewhere(
            replace(scene, variables=scene.variables.fork(), works=(*scene.works, work))
        )

        def run() -> None:
            with work.lock:
                if work.left:
                    return
                owner.enter()
            try:
                self.keep(step.child, inner, outcome)
            finally:
                owner.leave()

        try:
            await asyncio.to_thread(run)
        finally:
            with work.lock:
                work.left = True
            for control in scene.controls:
                control.look()
        self.take(step, scene, outcome)

    async def call_bridge_to_sync(self, step: Call, scene: Scene, owner: Owner) -> None:
        """Call a synchronous function by sync_to_async."""
        how = step.how
        if how == "shared context" and (
            (step.child.calls_bridge() and (scene.concurrent or scene.loose))
            or (scene.foreign and self.context in scene.held)
        ):
            how = "sensitive"  # It could wait for somebody who waits for us, unseen.
        context = self.context if how == "shared context" else None
        sensitive = how in ("sensitive", "shared context")
        work = Invocation(
            asyncio.get_running_loop(),
            scene.task,
            owner,
            own_context=context is not None,
            sensitive=sensitive,
        )
        variables = scene.variables.fork() if context is None else self.shared
        inner = replace(
            scene,
            variables=variables,
            invocation=work,
            works=(*scene.works, work),
            # What a context that is kept knows of calls may be long over.
            pumped=scene.pumped if context is None else None,
            held=scene.held if context is None else (*scene.held, context),
        )
        executor = self.executor if how == "executor" else None
        refusal = None
        home: Home | None = None
        if sensitive:
            assert scene.home is not None
            try:
                home = scene.home.resolve()
            except HasExitedError:
                refusal = "has exited"
            else:
                if home.ident is not None and home.ident in scene.driving:
                    refusal = "deadlock"
                    if scene.loose and home.ident != threading.get_ident():
                        # Code that was abandoned is not waited for, but by this program it is.
                        how, sensitive, home, refusal = "pool", False, None, None
                        work.sensitive = False
        if context is not None and context in scene.held:
            refusal = refusal or "deadlock"
        wrapped = sync_to_async(
            self.enter_function, thread_sensitive=sensitive, executor=executor, context=context
        )
        owner.enter()
        value, exception = None, None
        try:
            value = await wrapped(step, how, inner, home, owner)
        except BaseException as error:
            exception = error
            cancelled = scene.loose and isinstance(error, asyncio.CancelledError)
            if refusal is not None and not cancelled and self.refused(step, error, refusal):
                raise PlannedError(step.child.number) from None
            raise
        finally:
            with work.lock:
                work.left = True
            if not work.started:
                owner.leave()
            for called in work.calls:
                inside = self.records.get(called)
                self.expect(  # R12: what the thread makes of the cancellation decides
                    inside is None or inside.ended,
                    f"the task of node {step.child.number} has gone while node {called} runs",
                )
            for control in scene.controls:
                control.look()
            if refusal is None or exception is None:
                self.expect(refusal is None, f"not refused: {refusal}")
                self.compare(step, scene, value, exception)
            record = self.records.get(step.child.number)
            if context is None:
                if not scene.loose or (record is not None and exception is record.exception):
                    scene.variables.adopt(variables)
                elif record is not None:
                    self.agree(step.child.number, scene.variables.settle(variables, read()))
            del exception

    def enter_function(
        self, step: Call, how: str, scene: Scene, home: Home | None, owner: Owner
    ) -> Value:
        """Arrive in a thread."""
        work, number = scene.invocation, step.child.number
        assert work is not None
        with work.lock:
            if work.left:
                # The thread had taken the work when the task was cancelled, but no step of it.
                self.expect(scene.loose, f"node {number} starts after its task has gone")
                return Value("nobody gets it")
            work.started = True
        try:
            thread = threading.current_thread()
            if home is not None:
                self.agree(number, home.settle(threading.get_ident()))
            else:
                pool = self.executor if how == "executor" else self.pool
                self.expect(
                    thread.name.startswith(pool.name), f"node {number} runs in {thread.name}"
                )
            return self.run_sync(step.child, scene)
        finally:
            owner.leave()

    async def together(self, step: Together, scene: Scene, owner: Owner) -> None:
        """Run coroutine functions beside each other."""
        if step.how == "gather":
            await asyncio.gather(
                *(self.guarded(child, self.in_task(scene), owner) for child in step.children)
            )
            return
        # A child that fails has the others cancelled.
        self.interrupted = True
        inner = replace(scene, loose=True, in_group=True)
        task = asyncio.current_task()
        assert task is not None
        requests = task.cancelling()
        try:
            async with asyncio.TaskGroup() as group:
                for child in step.children:
                    group.create_task(self.enter_later(child, self.in_task(inner), owner))
        except BaseExceptionGroup as errors:
            while sys.version_info < (3, 13) and task.cancelling() > requests:
                task.uncancel()  # which the TaskGroup itself forgets
                if not scene.loose:
                    with suppress(asyncio.CancelledError):  # if a child failed before it waited
                        await asyncio.sleep(0)
            planned = [self.records[child.number].exception for child in step.children]
            causes = [error for error in planned if isinstance(error, StopIteration)]
            for error in errors.exceptions:
                self.expect(
                    error in planned or error.__cause__ in causes,
                    f"the TaskGroup raised {error!r}",
                )

    async def guarded(self, node: Node, scene: Scene, owner: Owner) -> None:
        """Run a coroutine function whose errors end here."""
        call = Call("direct", node, "errors")
        with suppress(PlannedBaseError):
            await self.async_call(-1, call, replace(scene, task=asyncio.current_task()), owner)

    async def scope(self, node: Node, step: Scope, scene: Scene, owner: Owner) -> None:
        """Take steps inside of a ThreadSensitiveContext."""
        assert scene.home is not None
        current = AsyncToSync.executors.current if hasattr(AsyncToSync.executors, "current") else 0
        home = scene.home
        executor: ThreadPoolExecutor | None = None
        try:
            processes = home.resolve().kind == "process"
        except HasExitedError:
            processes = True
        # Where nobody could tell whether a plain one moves the home, take one that does.
        unclear = scene.pumped is None or (scene.pumped and scene.loose)
        if step.executor or (processes and unclear):
            executor = ThreadPoolExecutor(1, thread_name_prefix="model-home")
            self.executors.append(executor)
            home = Home("executor", executor.submit(threading.get_ident).result(), scene.home)
        elif processes and not scene.pumped:
            home = Home("context", None, self.process)
        inner = replace(scene, home=home)
        try:
            async with ThreadSensitiveContext(executor=executor):
                if executor is not None:
                    self.expect(AsyncToSync.executors.current is None, "executors.current is set")
                try:
                    for each in step.steps:
                        await self.async_step(node, each, inner, owner)
                        self.look(node, inner)
                finally:
                    if home is not scene.home:
                        home.exited = True
        finally:
            now = AsyncToSync.executors.current if hasattr(AsyncToSync.executors, "current") else 0
            self.expect(now is current, f"executors.current was {current!r}, is {now!r}")

    async def cancel(self, step: Stop, scene: Scene, owner: Owner) -> None:
        """Run a coroutine function in a task, and cancel it when its target is reached."""
        loop = asyncio.get_running_loop()
        reached = loop.create_future()

        def on_reached() -> None:
            with suppress(RuntimeError):  # the loop is closed: long over
                loop.call_soon_threadsafe(set_done, reached)

        control = self.control(step, on_reached)
        inner = replace(
            self.in_task(scene),
            loose=True,
            concurrent=scene.concurrent,
            controls=(*scene.controls, control),
        )
        task = asyncio.create_task(self.enter_task(step.child, inner, owner))
        interruption: asyncio.CancelledError | None = None
        if step.target is not None:
            try:
                await asyncio.wait((task, reached), return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError as error:
                interruption = error
        control.issue()
        task.cancel()
        while not task.done():
            try:
                await asyncio.wait((task,))
            except asyncio.CancelledError as error:
                interruption = error
                for outer in scene.controls:
                    outer.stop_here()
        control.release()
        value, exception = None, None
        try:
            value = task.result()
        except BaseException as error:  # noqa: BLE001  # compared
            exception = error
        self.compare(step, inner, value, exception)
        del exception
        if interruption is not None:
            raise interruption

    def control(self, step: Stop, on_reached: Callable[[], None]) -> Control:
        """Make the control of a cancellation, known to its target."""
        self.interrupted = True
        control = Control(on_reached, hold=step.hold)
        if step.target is not None:
            self.controls[step.target] = control
        return control

    async def time_out(self, step: Stop, scene: Scene, owner: Owner) -> None:
        """Run a coroutine function under a timeout that is over when its target is reached."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        requests = task.cancelling()
        call = Call("direct", step.child, "errors")
        over = False

        def now() -> None:
            if not over:
                control.issue()
                timeout.reschedule(loop.time())

        def on_reached() -> None:
            with suppress(RuntimeError):  # the loop is closed: long over
                loop.call_soon_threadsafe(now)

        control = self.control(step, on_reached)
        inner = replace(scene, loose=True, controls=(*scene.controls, control))
        timeout = asyncio.timeout(None)
        try:
            async with timeout:
                try:
                    if step.target is None:
                        now()
                    await self.async_call(-1, call, inner, owner)
                finally:
                    over = True
        except TimeoutError:
            self.expect(timeout.expired(), "a TimeoutError without a timeout")
        finally:
            control.release()
            if not scene.loose:
                self.expect(
                    task.cancelling() == requests,
                    f"after a timeout cancelling() is {task.cancelling()}, was {requests}",
                )
