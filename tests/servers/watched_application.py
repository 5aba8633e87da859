"""A WSGI site behind ``WsgiToAsgi``, under a validator.

``/findings`` waits until every other request has ended, and gives what was found in all of them.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from asgiref.conformance import validate
from tests.servers import wsgi_applications


class Site:
    """Passes requests on to the watched application, and counts them."""

    def __init__(self) -> None:
        self.watched = validate(wsgi_applications.application, party="application")
        self.served = self.active = 0
        self.idle = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["path"] == "/findings":
            while self.active:
                self.idle.clear()
                await self.idle.wait()
            lines = [f"{self.served} served", *map(str, self.watched.findings)]
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": "\n".join(lines).encode()})
            return
        self.active += 1
        try:
            await self.watched(scope, receive, send)
        finally:
            self.active -= 1
            self.served += scope["type"] == "http"
            self.idle.set()


application: Final = Site()
