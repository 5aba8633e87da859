"""Any synchronous callable and any coroutine, joined; knows nothing of ASGI."""
