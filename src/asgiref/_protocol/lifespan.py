"""Lifespan events: what an application receives, then what it sends (lifespan 2.0)."""

from typing import Literal, NotRequired, TypeAlias, TypedDict

__all__ = (
    "LifespanReceiveEvent",
    "LifespanSendEvent",
    "LifespanShutdownCompleteEvent",
    "LifespanShutdownEvent",
    "LifespanShutdownFailedEvent",
    "LifespanStartupCompleteEvent",
    "LifespanStartupEvent",
    "LifespanStartupFailedEvent",
)


class LifespanStartupEvent(TypedDict):
    """The server is ready to start, and serves nobody yet ("Startup - receive event")."""

    type: Literal["lifespan.startup"]


class LifespanShutdownEvent(TypedDict):
    """The server has stopped, all connections are closed ("Shutdown - receive event")."""

    type: Literal["lifespan.shutdown"]


class LifespanStartupCompleteEvent(TypedDict):
    """The application is ready: connections may come ("Startup Complete - send event")."""

    type: Literal["lifespan.startup.complete"]


class LifespanStartupFailedEvent(TypedDict):
    """The application cannot start: the server exits ("Startup Failed - send event")."""

    type: Literal["lifespan.startup.failed"]
    message: NotRequired[str]
    """Why, for the server's log. Default ""."""


class LifespanShutdownCompleteEvent(TypedDict):
    """The application has cleaned up ("Shutdown Complete - send event")."""

    type: Literal["lifespan.shutdown.complete"]


class LifespanShutdownFailedEvent(TypedDict):
    """The application could not clean up ("Shutdown Failed - send event")."""

    type: Literal["lifespan.shutdown.failed"]
    message: NotRequired[str]
    """Why, for the server's log. Default ""."""


LifespanReceiveEvent: TypeAlias = LifespanStartupEvent | LifespanShutdownEvent
"""Every event an application may receive in a lifespan scope."""

LifespanSendEvent: TypeAlias = (
    LifespanStartupCompleteEvent
    | LifespanStartupFailedEvent
    | LifespanShutdownCompleteEvent
    | LifespanShutdownFailedEvent
)
"""Every event an application may send in a lifespan scope."""
