"""What an event must be: by its type, beyond the types of its keys, and where no type is known."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from asgiref.conformance.description import describe
from asgiref.conformance.fault import Fault
from asgiref.conformance.header_names import header_pairs, name_faults
from asgiref.conformance.plain import foreign_values
from asgiref.conformance.schema import EVENTS
from asgiref.conformance.shape import items_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asgiref._protocol.lifecycle import Direction
    from asgiref.conformance.schema import Record
    from asgiref.conformance.versions import Version

__all__ = ("Subject", "event_faults")

_NO_EVENTS: Final[Mapping[Direction, Mapping[str, Record]]] = MappingProxyType(
    {"receive": {}, "send": {}}
)


class Subject:
    """What must be known of a connection to judge an event's values.

    Attributes:
        kind: the scope's type; an empty string where there is none.
        events: the protocol's events by direction and type; empty for a protocol unknown here.
        version: of the protocol's own specification, as the scope announces it.
        strict: whether to leave out what only HTTP or WebSocket ask for.
        offered: the subprotocols that the client offers, or ``None`` where they cannot be read.
        sends_files: whether files may be sent by their path.
        head: in that case the names of the response's headers, once sent and if they can be read.
        listed: what its ``trailer`` headers list, in lower case; ``None`` where the start announced
            no trailers, or cannot be read.

    """

    kind: str
    version: Version
    strict: bool
    events: Mapping[Direction, Mapping[str, Record]]
    offered: frozenset[str] | None
    sends_files: bool
    head: frozenset[bytes] | None
    listed: frozenset[bytes] | None

    __slots__ = ("events", "head", "kind", "listed", "offered", "sends_files", "strict", "version")

    def __init__(
        self,
        scope: object,
        kind: str,
        announced: Mapping[Any, Any],
        version: Version,
        *,
        strict: bool,
    ) -> None:
        """Note what the scope says.

        Args:
            scope: the scope, right or wrong.
            kind: its type.
            announced: its extensions, empty where they are no dict.
            version: what it announces.
            strict: see above.

        """
        self.kind = kind
        self.version = version
        self.strict = strict
        self.events = EVENTS.get(kind, _NO_EVENTS)
        self.offered = _offered(scope) if kind == "websocket" else None
        self.sends_files = "http.response.pathsend" in announced
        self.head = None
        self.listed = None


def _offered(scope: object) -> frozenset[str] | None:
    try:
        offered = items_of(scope.get("subprotocols", ())) if isinstance(scope, dict) else None
    except Exception:  # noqa: BLE001 - an iterable of somebody's own
        return None
    if offered is None:
        return None
    return frozenset(each for each in offered if isinstance(each, str))


def event_faults(subject: Subject, direction: Direction, event: dict[Any, Any]) -> list[Fault]:
    """Return what is wrong with an event by itself, clauses of later versions included.

    Args:
        subject: the connection; remembers what later events are judged by.
        direction: whether the application receives the event or sends it.
        event: the event, whose ``type`` is a ``str``; only read.

    """
    kind = event["type"]
    record: Record | None = subject.events[direction].get(kind)
    if record is None:
        return list(foreign_values(event, "event"))
    found = record.faults(event, "event")
    if not event.keys() <= record.names:
        found += _extra(subject, kind, event, event.keys() - record.names)
    closer = _CLOSER.get(kind)
    if closer is not None:
        more = closer(subject, event)
        if more:
            broken = {fault.path for fault in found}
            found += [fault for fault in more if fault.path not in broken]
    return found


#: Events of which the text says that they carry their type alone.
_BARE: Final[Mapping[str, str]] = {
    "http.disconnect": "HTTP-43",
    "websocket.connect": "WS-23",
    "lifespan.startup": "LIFE-14",
    "lifespan.shutdown": "LIFE-21",
    "lifespan.startup.complete": "LIFE-16",
    "lifespan.shutdown.complete": "LIFE-23",
}

#: The keys that the events of each protocol have.
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    kind: frozenset[str]().union(
        *(record.names for records in directions.values() for record in records.values())
    )
    for kind, directions in EVENTS.items()
}


def _extra(subject: Subject, kind: str, event: dict[Any, Any], extra: set[Any]) -> Iterator[Fault]:
    """Yield what is wrong with keys that the type does not have; they are legal as such."""
    for key in extra:
        if isinstance(key, str):
            yield from foreign_values(event[key], f"event[{key!r:.60}]")
        else:
            got = describe(key)
            message = f"{got} is a key of the event"
            yield Fault("MAIN-17", f"event[{got}]", message, "keys of type str", got)
    clause = _BARE.get(kind)
    if clause is not None:
        # Legal, yet whoever sends a key of another event means it to be read.
        for key in sorted(_WORDS[subject.kind] & extra):
            message = f"{kind} carries {key!r}, which belongs to other events: nobody reads it"
            yield Fault(clause, f"event[{key!r}]", message, "type alone", key, "note")


def _names(event: dict[Any, Any], lower: str, pseudo: str) -> list[Fault]:
    headers = event.get("headers", ())
    return name_faults(headers, "event['headers']", lower=lower, pseudo=pseudo)


def _response_start(subject: Subject, event: dict[Any, Any]) -> list[Fault]:
    found = _names(event, "HTTP-52", "HTTP-53")
    status = event.get("status")
    if isinstance(status, int) and not isinstance(status, bool) and not 200 <= status <= 999:
        got = describe(status)
        message = f"{got} is no status of a final response"
        found.append(Fault("HTTP-50", "event['status']", message, "200 to 599 in practice", got))
    if subject.sends_files or event.get("trailers") is True:
        _remember_head(subject, event)
    return found


def _remember_head(subject: Subject, event: dict[Any, Any]) -> None:
    headers = items_of(event.get("headers", ()))
    if headers is None:
        return
    subject.head = frozenset(name.lower() for _, name, _ in header_pairs(headers))
    if event.get("trailers") is True:
        subject.listed = frozenset(
            each.strip().lower()
            for _, name, value in header_pairs(headers)
            if name.lower() == b"trailer"
            for each in value.split(b",")
        )


def _push(_: Subject, event: dict[Any, Any]) -> list[Fault]:
    return _names(event, "PUSH-04", "PUSH-04")


def _trailers(subject: Subject, event: dict[Any, Any]) -> Iterator[Fault]:
    yield from _names(event, "TRLR-05", "TRLR-05")
    if subject.listed is None:
        return
    for index, name, _ in header_pairs(event.get("headers")):
        if name.lower() not in subject.listed:
            got = describe(name)
            message = f"the trailer {got} is not listed in a trailer header of the response"
            path = f"event['headers'][{index}][0]"
            yield Fault("TRLR-07", path, message, "a header (b'trailer', names)", got)
            return


def _path(subject: Subject, event: dict[Any, Any]) -> Iterator[Fault]:
    path = event.get("path")
    if not isinstance(path, str):
        return
    if not os.path.isabs(path):
        got = describe(path)
        message = f"the file's path {got} is not absolute"
        yield Fault("PATH-02", "event['path']", message, "an absolute path", got)
    if subject.head is not None:
        missing = sorted({b"content-type", b"content-length"} - subject.head)
        if missing:
            names = " and ".join(name.decode() for name in missing)
            message = f"a file is sent, and the response's head had no {names}"
            yield Fault("PATH-06", "event", message, "content-type and content-length", names)


def _accept(subject: Subject, event: dict[Any, Any]) -> Iterator[Fault]:
    headers = event.get("headers", ())
    if items_of(headers) and subject.version < (2, 1):
        yield _too_new("event['headers']", "headers of an accept", "2.1", subject)
    yield from _names(event, "WS-32", "WS-33")
    for index, name, _ in header_pairs(headers):
        if name.lower() == b"sec-websocket-protocol":
            path = f"event['headers'][{index}]"
            message = "the subprotocol is chosen by a header"
            yield Fault("WS-33", path, message, "the key 'subprotocol'", describe(name))
            break
    chosen = event.get("subprotocol")
    offered = subject.offered
    if isinstance(chosen, str) and offered is not None and chosen not in offered:
        got = describe(chosen)
        message = f"the client did not offer the subprotocol {got}"
        expected = f"one of {len(offered)} that were offered" if offered else "none was offered"
        yield Fault("WS-30", "event['subprotocol']", message, expected, got)


def _close(subject: Subject, event: dict[Any, Any]) -> Iterator[Fault]:
    code = event.get("code")
    if isinstance(code, int) and not isinstance(code, bool) and not subject.strict:
        legal = code in _CLOSE_CODES or 3000 <= code <= 4999
        if not legal:
            got = describe(code)
            message = f"an endpoint may not send the close code {got}"
            expected = "1000 to 1003, 1007 to 1014 or 3000 to 4999"
            # A rule of WebSocket, which ASGI passes on.
            yield Fault("WS-58", "event['code']", message, expected, got, "note")
    reason = event.get("reason")
    if isinstance(reason, str) and reason and subject.version < (2, 3):
        yield _too_new("event['reason']", "the reason of a close", "2.3", subject)


_CLOSE_CODES: Final = frozenset({*range(1000, 1004), *range(1007, 1015)})


def _too_new(path: str, what: str, version: str, subject: Subject) -> Fault:
    said = ".".join(map(str, subject.version))
    message = f"{what} came with version {version}, and this server speaks {said}"
    # The clause is the server's; what is asked of an application is the softer half.
    return Fault("HTTP-03", path, message, f"spec_version {version} or later", said, "warning")


def _either(clause: str) -> _Closer:
    def look(_: Subject, event: dict[Any, Any]) -> list[Fault]:
        binary, text = event.get("bytes"), event.get("text")
        if (binary is None) != (text is None):
            return []
        got = "neither" if text is None else "both"
        message = f"{got} of bytes and text is given"
        return [Fault(clause, "event", message, "exactly one of bytes and text", got)]

    return look


_Closer: TypeAlias = Callable[[Subject, dict[Any, Any]], "Iterator[Fault] | list[Fault]"]

_CLOSER: Final[Mapping[str, _Closer]] = {
    "http.response.start": _response_start,
    "http.response.push": _push,
    "http.response.trailers": _trailers,
    "http.response.pathsend": _path,
    "websocket.receive": _either("WS-38"),
    "websocket.accept": _accept,
    "websocket.send": _either("WS-43"),
    "websocket.close": _close,
    "websocket.http.response.start": _response_start,
}
