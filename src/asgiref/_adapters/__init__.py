"""ASGI applications meet servers, WSGI and tests."""
