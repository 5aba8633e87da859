"""Looking like the function that is wrapped, without paying for it at each wrapping."""

from __future__ import annotations

from typing import Any, Final

__all__ = ("LATE", "LateAnnotations", "look_like")

#: Attributes that are asked of the wrapped function when somebody asks for them.
LATE: Final = frozenset(
    {"__name__", "__qualname__", "__annotations__", "__type_params__", "__self__"}
)


def look_like(wrapper: object, wrapped: Any) -> None:
    """Do what `functools.update_wrapper` does, but for `LATE` attributes."""
    own = wrapper.__dict__
    try:
        own.update(wrapped.__dict__)
    except AttributeError:
        pass
    own["__wrapped__"] = wrapped
    for name in ("__module__", "__doc__"):
        try:
            own[name] = getattr(wrapped, name)
        except AttributeError:
            pass


class LateAnnotations:
    """Gives a wrapper the annotations of what it wraps, although its class has some of its own."""

    __slots__ = ("_own",)

    def __init__(self, own: dict[str, Any]) -> None:
        self._own = own

    def __get__(self, instance: Any, owner: type[object]) -> Any:
        return self._own if instance is None else instance.__wrapped__.__annotations__
