"""Any synchronous callable and any coroutine, joined; knows nothing of ASGI.

Theory of operation
===================

Two calls cross the bridge. ``sync_to_async(f)(...)`` is awaited by a task and runs ``f`` in some
thread; ``async_to_sync(c)(...)`` is called in a thread and runs the coroutine ``c(...)`` on some
loop. Both may be nested in each other to any depth. This page says who runs where and who waits for
whom; the numbers R1 to R16 are the rules of ``docs/bridge.md``. A change to the bridge changes this
page first.

Objects
-------

Work (work.py)
    One synchronous call in flight. Made by a task, handed to a thread, awaited by that task.
    States: PENDING -> RUNNING -> DONE, or PENDING -> DROPPED (its task was cancelled first), or
    PENDING -> DONE (it failed before it ran). A RUNNING work may in addition be *abandoned*: its
    task has gone, nobody wants the outcome, and the thread is *told* so at its next call.
    ``Work.around`` is the work that runs the loop on which this one is awaited, if one does: with
    the frames it makes the chain of ancestors.
    Whoever wants to run or end it enters a list, ``Work._claims``: the first owns the work and then
    moves it out of PENDING, so a work may stand in two queues and still runs once. A moment passes
    between the two: who finds another one first, and PENDING, leaves the rest to the owner. A
    thread that was interrupted in that moment finds itself first the next time (I5).
    ``Work.call`` is the call in which its thread is blocked: that is where a cancellation of the
    task goes. `Errand` is what a foreign thread pool gets to run for it.

Suspension (suspension.py)
    What the task of a work awaits, and the base of Work: as little of a future as a task asks for.
    The mailbox resumes the task itself, not through a callback of its own.

Call (call.py)
    One coroutine in flight. Made by a thread, which blocks in ``Call.wait`` until the call is over.
    A call is also the *frame* that everything below it inherits through the context variable
    ``state.frame``: it names the pump to use, the work it came from and the outermost call that
    has to clean up.

Pump (current_thread_executor.py)
    The queue of a thread that blocks in a call. It runs, in the order of submission, the
    thread-sensitive work that descends from that call, and nothing else. ``Pump.outer`` is the
    innermost pump, alive when this one was made, from which the call itself descends.

Worker, WorkerExecutor (threads.py)
    A pooled thread with a queue, and the executor object that leases one: the home of a call tree
    whose outermost end is a coroutine.

Conversation (conversation.py)
    A call that its thread waits for in several waits, and that runs on in between: the steps of an
    iteration (iterators.py) or of a streamed response. Its pump lives from the first wait to the
    last; what comes to it in between waits for the next one. It does not drive its loop.

DrivenLoop, LoopThread (driven_loop.py, loop_threads.py)
    A loop that async_to_sync drives, and the pooled thread that it runs in. A thread that calls
    async_to_sync outside any work owns one LoopThread from its first call until it ends.

Mailbox (mailbox.py)
    One per thread that runs a loop, until it runs another. Threads put finished work in; the first
    one wakes the loop, and the loop empties it. A batch of completions costs one wake-up.

Where work goes (R1 to R3)
--------------------------

A thread-sensitive call asks, in this order:

1. the frame in its context: the innermost pump that has not ended, walking ``outer``;
2. the ThreadSensitiveContext in its context: the executor given to it, or its worker;
3. the call that drives the running loop, where async_to_sync drives it (a task made with an empty
   context has no frame);
4. ``SyncToAsync.single_thread_executor``.

A frame counts only on the loop that it was made for, or where a work of the same tree runs another
loop: a context that somebody carried into a thread of theirs does not make that thread part of the
tree. An ended frame is passed over, and with it choice 3. Entering a ThreadSensitiveContext with an
executor hides the pumps outside of it by a frame without one; but where that executor's one thread
is known to wait in such a pump, the pump serves (it is the home thread, blocked in async_to_sync).
A call with ``thread_sensitive=False`` goes to its executor or to the loop's default one, and moves
nothing: below it the frame is the same.

Where coroutines go (R4)
------------------------

====================================================  ==========================================
async_to_sync is called in a thread ...               the coroutine runs ...
====================================================  ==========================================
that runs a work whose task waits on a running loop   *inside that very task*, at its ``await``
that runs a work with a context of its own            on that loop, in a task that the waiting
                                                      task watches
that runs an abandoned work                           first: nowhere, CancelledError; from then on
                                                      on the work's loop, in a new task
whose work's loop has stopped or closed               on the thread's dedicated loop
that runs no work                                     on the thread's dedicated loop, new task
(any), with force_new_loop                            on a fresh loop in a pooled thread
inside AsyncSingleThreadContext, where it says        on the loop of the context's thread
"dedicated" above
====================================================  ==========================================

The first row is the heart. The task that awaits a work has nothing else to do, so it lends itself:
the thread posts its Call to the work and wakes the task; the task runs the coroutine at the very
place where it awaits, and hands back the outcome. ``current_task()``, cancellation, timeouts, task
groups and ``Task.cancelling()`` are therefore those of the task, as if there were no bridge (R12,
R14), and its coroutine sees the task's own context.

Table of nestings
-----------------

S is a plain thread, T a task on loop L, D the dedicated loop of S, W the worker that is home to T.

=======================================  ===========  ========================  =================
nesting                                  thread       loop, task                waits
=======================================  ===========  ========================  =================
S: a2s(c)                                c: D's       D, new task               S in c's pump
S: a2s(c): s2a(f)                        f: S         -                         task on f
S: a2s(c): s2a(f): a2s(d)                d: D's       D, task of c              S in d's pump
S: a2s(c): s2a(f, sensitive=False)       f: pool      -                         task on f
  ...: a2s(d)                            d: D's       D, task of c              pool thread, no pump
  ...: s2a(g)                            g: S         -                         S in c's pump runs g
T: s2a(f)                                f: W         -                         T on f
T: s2a(f): a2s(c)                        c: L's       L, T itself               W in c's pump
T: s2a(f): a2s(c): s2a(g)                g: W         -                         T on g, W runs g
T: s2a(f): a2s(c, force_new_loop): s2a   g: W         fresh loop                W in c's pump runs g
T in ThreadSensitiveContext: s2a(f)      f: leased    -                         T on f
same, executor=E, below any a2s          f: E's       -                         T on f
T: s2a(f): async_to_sync_iter(g)         g: L's       L, a task of g's own      W, at each step
T: s2a(f), T cancelled, f not started    never        -                         T raises at once
T: s2a(f), T cancelled, f computing      f: W         f is abandoned            T raises at once
T: s2a(f): a2s(c), T cancelled           c: L's       c gets CancelledError     T on f, f decides
task left by an ended a2s: s2a(f)        f: next choice above                   task on f
after fork, in the child                 new pools; nothing of the parent's is waited for
=======================================  ===========  ========================  =================

What travels (R8 to R11)
------------------------

A work runs in a copy of its task's context. Whether either side changed is asked by the identity of
the context's storage (context.py), in constant time, and only changed variables are set on the
other side. A call from within a work carries the thread's context to the task, and what changed
back. Exceptions are taken *out* of the work or call before they are raised, so that no frame in
their traceback leads back to them.

Handing over, and the races
---------------------------

I1  Work to a queue: *put, then look whether the queue was closed; if it was, drain it*. The closer:
    *close, then drain*. Whoever drains sends each item to the next choice. An item sent twice runs
    once (its state moves out of PENDING once).
I2  Wake-ups are binary: a lock that starts out held; waking releases it if it is held. The sleeper
    looks at its queue after every acquisition, the waker puts before it releases. A stale wake-up
    costs one look.
I3  A call posted to a work, and the task that leaves it: both under ``Work.lock``, which all works
    of a mailbox share. Either the post finds the work abandoned (CancelledError in the thread), or
    the task finds the call posted, and then it must answer it. The end of a work needs no lock: the
    thread sets the state, then looks whether the task has left; the task does the reverse.
I4  A coroutine that never starts is closed by whoever refuses it; the task made for a call tells
    the call from a done-callback as well, since a task cancelled before its first step never enters
    its coroutine.
I5  A waiting thread looks first at the queue's head, runs it, then removes it, so that a
    KeyboardInterrupt between the two leaves it in the queue; running twice is I1.
I6  The loop may be stopped or closed under a thread that waits for a task on it. Unless it is the
    thread's own, the waiting thread looks at it every quarter of a second (R13).
I7  A signal handler may raise anywhere in the waiting thread: before, in and after the hand-over.
    The hand-over can be repeated (`Call.start` and `Work.post` count once), so the thread repeats
    it, cancels, and goes on serving until the call is over; then it raises (R7). A signal that
    comes in the moment before a wait, or to another thread, does not end that wait: the main
    thread, where handlers run, looks up every quarter of a second.
I8  A cancellation that is passed on to a call which has just ended is reported back, and the task
    leaves after all.
I9  A ``context=`` is taken when a thread is about to run the work, never while the work stands in a
    queue; a work that finds it taken is parked and frees its thread. When it is free, one of the
    parked of each queue is sent again, and whoever runs first takes it.
I10 At interpreter exit the loops' calls are cancelled and clean up, served by their threads, all of
    which are daemons by then. A daemon whose call ended so goes no further: what it would do next
    races with the end of the interpreter.
I11 RecursionError can be raised anywhere. A call that is nested in others and begins where most of
    the stack is used is refused before anything is handed over (nesting.py).

Why no wait is circular except where R15 raises
-----------------------------------------------

Waits are: (a) task on work, (b) thread on call, (c) queued work on its home thread, (d) a second
call on a ``context=`` in use. Draw an edge from the waiting to the awaited. (a) leads to a work
that is running, or (c) queued; (b) leads to a coroutine below the caller. Following (a) and (b)
always descends the call tree, which is finite, so a cycle needs (c) or (d). Work that descends
from a pump is queued at the innermost live one; the thread of that pump is either in that pump (it
runs the work now), or in something that the pump itself runs, deeper: a work f of the same pump.
Then our work waits for f. f is a sibling: if f in turn waits for our work, it does so through
something the bridge cannot see (an event, a future), which R16 reports, or because the frame of f
itself drives a loop in which our work, or an ancestor of it below the pump's call, is awaited:
that is the fact that R15 checks, for each such loop. For (d): who has a context is running (I9).
Its descendants are known by record, frame -> work -> frame ...; one of them asking again raises. A
cycle through (d) and (c) at once is left: two siblings, of which one holds a context and waits for
the home thread, while the other holds the home thread and waits for the context. A task waiting on
a task, a bounded pool that is full of calls that wait for it (R3), contexts that share a worker:
these the bridge cannot see, either. In debug mode R16 reports what waits for a home thread.
"""
