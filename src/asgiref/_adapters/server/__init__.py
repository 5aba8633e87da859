"""Serve one outgoing stream as many connection scopes: how the pieces fit.

A server without sockets of its own (a chat bot, a queue consumer, a gateway) gives every user,
room or topic a scope, and every scope one running call of the application: an *instance*.

States of an instance
---------------------

=========== ======================== ===================== =====================================
state       in the table             task                  leaves it when
=========== ======================== ===================== =====================================
queued      yes                      waits at the gate     every predecessor's task is done, or
                                                           ``cancel_timeout`` is over for them
running     yes                      in the application    its task ends, or it is cancelled
idle        yes                      in ``receive()``,     a message comes (running again)
                                     queue empty
forgotten   no: the user deleted     in the application    its task ends, a successor is asked for,
            the entry                                      or the server stops
cancelling  no: evicted, deleted,    cancelled             its task ends
            idle or shutdown
ended       until its report is      done                  its report is delivered or dropped
            delivered
=========== ======================== ===================== =====================================

Idle is not stored: it is "a ``get()`` waits and nothing is queued", which the queue can answer.

Structures and their costs
--------------------------

- ``InstanceTable``: one ``dict`` from scope id to instance, and ``MessageOrder``: the least
  recently messaged first, as links inside the instances. A message costs one relinking, eviction
  takes the head: both O(1). A marker among the links separates those that outlived
  ``idle_timeout`` while busy from those still to be looked at, so a look costs what it finds
  expired.
- ``InstancePool.departed``: scope id to instances that left the table but whose task is not done.
  Empty for almost every scope id; it is what keeps two calls for one scope id from overlapping.
- ``InputQueue``: an ``asyncio.Queue`` without its deques and event. The first message lives in a
  slot; a deque exists only while two or more wait; producers that wait, ``join()`` and
  ``shutdown()`` share one lazily made record.
- ``Line``: the producers that wait for room. The successor's queue takes it over, so that nobody
  who waited is overtaken when an instance ends; ``InstancePool.lines`` has those between queues.
- ``PresentApplication``: what is known about how the application is to be called.
- ``details`` dictionaries, the public face of an instance, are made when somebody looks.
- ``Reports``: endings in order, delivered to the hooks one at a time by whichever checker runs.
- ``Run``: one ``arun()`` from start to the last report; owns the stages of a stop.

Everything but ``stop()`` and ``deliver_threadsafe()`` belongs to the thread of the event loop, so
there is no lock; the two hand over with ``call_soon_threadsafe``.
"""
