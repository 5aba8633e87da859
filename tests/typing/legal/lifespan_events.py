"""Lifespan events that servers and applications may send: both checkers accept every one."""

from asgiref.typing import (
    LifespanReceiveEvent,
    LifespanSendEvent,
    LifespanShutdownCompleteEvent,
    LifespanShutdownEvent,
    LifespanShutdownFailedEvent,
    LifespanStartupCompleteEvent,
    LifespanStartupEvent,
    LifespanStartupFailedEvent,
)

# LIFE-14: the type alone
startup: LifespanStartupEvent = {"type": "lifespan.startup"}
# LIFE-21: the type alone
shutdown: LifespanShutdownEvent = {"type": "lifespan.shutdown"}
# LIFE-16: the type alone
startup_complete: LifespanStartupCompleteEvent = {"type": "lifespan.startup.complete"}
# LIFE-19: required alone
startup_failed: LifespanStartupFailedEvent = {"type": "lifespan.startup.failed"}
# LIFE-19: with a message
startup_message: LifespanStartupFailedEvent = {
    "type": "lifespan.startup.failed",
    "message": "no database",
}
# LIFE-23: the type alone
shutdown_complete: LifespanShutdownCompleteEvent = {"type": "lifespan.shutdown.complete"}
# LIFE-26: required alone
shutdown_failed: LifespanShutdownFailedEvent = {"type": "lifespan.shutdown.failed"}
# LIFE-26: with a message
shutdown_message: LifespanShutdownFailedEvent = {
    "type": "lifespan.shutdown.failed",
    "message": "",
}
# MAIN-12: the unions
receivable: list[LifespanReceiveEvent] = [startup, shutdown]
# MAIN-12: the unions
sendable: list[LifespanSendEvent] = [
    startup_complete,
    startup_failed,
    shutdown_complete,
    shutdown_failed,
]
