"""Consume Redis streams: every key its own call of the application, every entry at least once.

``consumer`` is the server, ``orders`` an application for it. With a Redis server where it usually
is::

    python -m examples.redis_streams.orders
"""
