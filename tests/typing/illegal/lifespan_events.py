"""Lifespan events that break a clause: what each checker says about every one."""

from asgiref.typing import (
    LifespanShutdownCompleteEvent,
    LifespanShutdownEvent,
    LifespanShutdownFailedEvent,
    LifespanStartupCompleteEvent,
    LifespanStartupEvent,
    LifespanStartupFailedEvent,
)

# LIFE-14: nothing but the type
startup: LifespanStartupEvent = {"type": "lifespan.startup", "message": ""}
# mypy: [typeddict-unknown-key] Extra key "message" for TypedDict "LifespanStartupEvent"
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "LifespanStartupEvent" / "message" is an undefined item in type "LifespanStartupEvent"
# LIFE-21: the type as the text spells it
shutdown: LifespanShutdownEvent = {"type": "lifespan.stop"}
# mypy: [typeddict-item] Incompatible types (expression has type "Literal['lifespan.stop']", TypedDict item "type" has type "Literal['lifespan.shutdown']")
# pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "LifespanShutdownEvent" / "Literal['lifespan.stop']" is not assignable to type "Literal['lifespan.shutdown']"
# LIFE-16: a message belongs to a failure
startup_complete: LifespanStartupCompleteEvent = {
    # mypy: [typeddict-unknown-key] Extra key "message" for TypedDict "LifespanStartupCompleteEvent"
    "type": "lifespan.startup.complete",
    "message": "ready",
    # pyright: [reportAssignmentType] Type "dict[str, str]" is not assignable to declared type "LifespanStartupCompleteEvent" / "message" is an undefined item in type "LifespanStartupCompleteEvent"
}
# LIFE-19: message is text; left out when there is none
startup_failed: LifespanStartupFailedEvent = {"type": "lifespan.startup.failed", "message": None}
# mypy: [typeddict-item] Incompatible types (expression has type "None", TypedDict item "message" has type "str")
# pyright: [reportAssignmentType] Type "dict[str, str | None]" is not assignable to declared type "LifespanStartupFailedEvent" / "None" is not assignable to "str"
# LIFE-23: the type is required
shutdown_complete: LifespanShutdownCompleteEvent = {}
# mypy: [typeddict-item] Missing key "type" for TypedDict "LifespanShutdownCompleteEvent"
# pyright: [reportAssignmentType] Type "dict[Any, Any]" is not assignable to declared type "LifespanShutdownCompleteEvent" / "type" is required in "LifespanShutdownCompleteEvent"
# LIFE-26: message is text
shutdown_failed: LifespanShutdownFailedEvent = {
    "type": "lifespan.shutdown.failed",
    "message": b"",
    # mypy: [typeddict-item] Incompatible types (expression has type "bytes", TypedDict item "message" has type "str")
    # pyright: [reportAssignmentType] Type "dict[str, str | bytes]" is not assignable to declared type "LifespanShutdownFailedEvent" / "Literal[b""]" is not assignable to "str"
}
