"""ASGI as types and tables: standard library typing only, never waits.

Covers the main specification 3.0, HTTP & WebSocket 2.5, lifespan 2.0, the TLS extension 0.2 and
every published extension of HTTP and WebSocket as of 2026-08.

Where each section of the texts lives:

==========================================  ====================
Section                                     Module
==========================================  ====================
Connection Scope, Extensions, TLS           ``scopes.py``
HTTP events and their extensions            ``http.py``
WebSocket events, denial response           ``websocket.py``
Lifespan events                             ``lifespan.py``
Header pairs, as read and as sent           ``headers.py``
Applications, receive and send              ``applications.py``
The order of events, state by state         ``lifecycle.py``
==========================================  ====================

Each module keeps the texts' rule on optional keys: a key that the sender may leave out is
``NotRequired`` and its docstring names the default; ``None`` is part of a type only where the text
says so. A missing optional key and its default mean the same to a reader.
"""
