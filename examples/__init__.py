"""Programs to copy from; each runs alone, and ``make demo`` tours all but ``redis_streams``.

``python -m examples...`` works in the checkout once the package is installed there, with
``python -m pip install .``. What an example needs besides:

- ``chat_bot``, ``nested_calls``: nothing;
- ``flask_app``: flask and uvicorn;
- ``redis_streams``: redis, and a redis-server to talk to;
- ``typing``: mypy;
- ``wsgi_streaming``: uvicorn;
- ``tour``: flask, httpx, mypy and uvicorn.
"""
