"""The protocol's types as run-time checks: which keys there must be, and what they may hold.

Keys, requirement and hints are read from the ``TypedDict`` classes. What those cannot say is which
clause a wrong value breaks; that is the table here. Where the key's own clause is a "may" (it says
that the key may be left out), a wrong value breaks the rule on values behind it:

- MAIN-18, where a byte string or a Unicode string is asked for;
- MAIN-14 otherwise for events, HTTP-03 for scopes: the peer does not do as its version asks;
- or the clause named in ``_INSTEAD``, which is closer.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_args, get_type_hints

from asgiref._protocol.http import HTTPReceiveEvent, HTTPSendEvent
from asgiref._protocol.lifespan import LifespanReceiveEvent, LifespanSendEvent
from asgiref._protocol.scopes import (
    ASGIVersions,
    Extensions,
    HTTPScope,
    LifespanScope,
    TLSExtension,
    WebSocketScope,
)
from asgiref._protocol.websocket import WebSocketReceiveEvents, WebSocketSendEvents
from asgiref.conformance.clauses import CLAUSES
from asgiref.conformance.fault import Fault
from asgiref.conformance.shape import Mismatch, Shape, shape_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asgiref._protocol.lifecycle import Direction

__all__ = ("EVENTS", "EXTENSIONS", "SCOPES", "TLS", "VERSIONS", "Field", "Record")

#: Per type the clause of each key, the events' own ``type`` apart (that is MAIN-11).
_CLAUSES: Final[Mapping[str, Mapping[str, str]]] = {
    "ASGIVersions": {"version": "MAIN-06", "spec_version": "MAIN-08"},
    "TLSExtension": {
        "server_cert": "TLS-04",
        "client_cert_chain": "TLS-05",
        "client_cert_name": "TLS-08",
        "client_cert_error": "TLS-11",
        "tls_version": "TLS-13",
        "cipher_suite": "TLS-14",
    },
    "Extensions": {
        "tls": "TLS-03",
        "websocket.http.response": "DENY-01",
        "http.response.push": "PUSH-01",
        "http.response.zerocopysend": "ZERO-01",
        "http.response.pathsend": "PATH-01",
        "http.response.early_hint": "HINT-01",
        "http.response.trailers": "TRLR-01",
        "http.response.debug": "DEBUG-01",
    },
    "HTTPScope": {
        "asgi": "MAIN-05",
        "http_version": "HTTP-04",
        "method": "HTTP-06",
        "scheme": "HTTP-07",
        "path": "HTTP-08",
        "raw_path": "HTTP-10",
        "query_string": "HTTP-13",
        "root_path": "HTTP-14",
        "headers": "HTTP-17",
        "client": "HTTP-26",
        "server": "HTTP-28",
        "state": "HTTP-30",
        "extensions": "MAIN-30",
    },
    "WebSocketScope": {
        "asgi": "MAIN-05",
        "http_version": "WS-03",
        "scheme": "WS-05",
        "path": "WS-06",
        "raw_path": "WS-08",
        "query_string": "WS-10",
        "root_path": "WS-11",
        "headers": "WS-12",
        "client": "WS-16",
        "server": "WS-17",
        "subprotocols": "WS-18",
        "state": "WS-19",
        "extensions": "MAIN-30",
    },
    "LifespanScope": {"asgi": "MAIN-05", "state": "LIFE-03", "extensions": "MAIN-30"},
    "HTTPRequestEvent": {"body": "HTTP-35", "more_body": "HTTP-36"},
    "HTTPResponseStartEvent": {"status": "HTTP-49", "headers": "HTTP-51", "trailers": "HTTP-55"},
    "HTTPResponseBodyEvent": {"body": "HTTP-65", "more_body": "HTTP-66"},
    "HTTPResponseTrailersEvent": {"headers": "TRLR-04", "more_trailers": "TRLR-06"},
    "HTTPResponsePathsendEvent": {"path": "PATH-02"},
    "HTTPResponseZeroCopySendEvent": {
        "file": "ZERO-02",
        "offset": "ZERO-03",
        "count": "ZERO-04",
        "more_body": "ZERO-05",
    },
    "HTTPResponseEarlyHintEvent": {"links": "HINT-02"},
    "HTTPServerPushEvent": {"path": "PUSH-02", "headers": "PUSH-03"},
    "HTTPResponseDebugEvent": {"info": "DEBUG-02"},
    "WebSocketReceiveEvent": {"bytes": "WS-36", "text": "WS-37"},
    "WebSocketDisconnectEvent": {"code": "WS-47", "reason": "WS-50"},
    "WebSocketAcceptEvent": {"subprotocol": "WS-29", "headers": "WS-31"},
    "WebSocketSendEvent": {"bytes": "WS-41", "text": "WS-42"},
    "WebSocketCloseEvent": {"code": "WS-57", "reason": "WS-59"},
    "WebSocketResponseStartEvent": {"status": "DENY-03", "headers": "DENY-03"},
    "WebSocketResponseBodyEvent": {"body": "DENY-04", "more_body": "DENY-04"},
    "LifespanStartupFailedEvent": {"message": "LIFE-19"},
    "LifespanShutdownFailedEvent": {"message": "LIFE-26"},
}

#: Which "must" a wrong value breaks where the key's own clause is a "may".
_INSTEAD: Final[Mapping[str, str]] = {
    "HTTP-30": "HTTP-31",
    "WS-19": "HTTP-31",
    "LIFE-03": "LIFE-11",
    "TLS-05": "TLS-03",
    "TLS-08": "TLS-03",
    "TLS-11": "TLS-03",
    "HTTP-55": "TRLR-02",
}

_ABSENT: Final = object()


class Field(NamedTuple):
    """One key of a type."""

    name: str
    required: bool
    own: str
    """The clause that describes it; a missing key breaks this one."""
    shape: Shape
    by_kind: Mapping[str, str]
    """The clause that a wrong value breaks, by the kind of mismatch."""

    def fault(self, found: Mismatch, where: str) -> Fault:
        """Return the fault of a value in the mapping called ``where``."""
        return Fault(
            self.by_kind[found.kind],
            f"{where}[{self.name!r}]{found.path}",
            f"{where}[{self.name!r}]{found.path} is {found.got} where {found.expected} is asked "
            "for",
            found.expected,
            found.got,
        )


class Record:
    """One ``TypedDict``, ready to be checked.

    Attributes:
        name: the class's name.
        names: its keys.

    """

    name: str
    names: frozenset[str]

    __slots__ = ("_checks", "name", "names")

    def __init__(self, typed_dict: Any, *, default: str) -> None:
        """Read the class.

        Args:
            typed_dict: the class; a key ``type``, by which it was chosen, is not looked at.
            default: the clause that a wrong value breaks where no closer one asks for anything.

        """
        self.name = typed_dict.__name__
        clauses = _CLAUSES.get(self.name, {})
        hints = get_type_hints(typed_dict)
        hints.pop("type", None)
        fields = (
            Field(
                name,
                name in typed_dict.__required_keys__,
                clauses[name],
                shape_of(hint),
                _clauses_by_kind(clauses[name], default),
            )
            for name, hint in hints.items()
        )
        # Every message passes through them: what its keys are looked at with lies flat.
        self._checks = tuple(
            (field.name, field.shape.accepts, field.shape.mismatch, field.required, field)
            for field in fields
        )
        self.names = frozenset({*hints, "type"})

    def faults(self, mapping: dict[Any, Any], where: str) -> list[Fault]:
        """Check keys and values.

        Args:
            mapping: what to check; only read.
            where: what it is called in findings.

        """
        found: list[Fault] = []
        for name, accepts, mismatch, required, field in self._checks:
            value = mapping.get(name, _ABSENT)
            if value is _ABSENT:
                if required:
                    found.append(_missing(field, where))
            elif type(value) not in accepts:
                seen = mismatch(value)
                if seen is not None:
                    found.append(field.fault(seen, where))
        return found


def _missing(field: Field, where: str) -> Fault:
    path = f"{where}[{field.name!r}]"
    return Fault(field.own, path, f"{path} is missing", field.shape.expected, "no such key")


def _clauses_by_kind(own: str, default: str) -> Mapping[str, str]:
    """Choose the clause of a wrong value for each kind of mismatch."""
    in_event = default == "MAIN-14"
    if CLAUSES[own].strength == "may":
        other = _INSTEAD.get(own, default)
        string = _INSTEAD.get(own, "MAIN-18")
    else:
        other = string = own
    return {
        "other": other,
        "string": string,
        "range": "MAIN-15" if in_event else other,
        "key": other if in_event else "MAIN-19",
    }


def _events(union: Any) -> dict[str, Record]:
    """Return the events of a union by their type."""
    return {
        get_args(get_type_hints(event)["type"])[0]: Record(event, default="MAIN-14")
        for event in get_args(union)
    }


SCOPES: Final[Mapping[str, Record]] = MappingProxyType(
    {
        "http": Record(HTTPScope, default="HTTP-03"),
        "websocket": Record(WebSocketScope, default="HTTP-03"),
        "lifespan": Record(LifespanScope, default="MAIN-05"),
    }
)
"""By ``scope["type"]``."""

VERSIONS: Final = Record(ASGIVersions, default="MAIN-06")
"""``scope["asgi"]``."""

EXTENSIONS: Final = Record(Extensions, default="MAIN-31")
"""``scope["extensions"]``."""

TLS: Final = Record(TLSExtension, default="TLS-03")
"""``scope["extensions"]["tls"]``."""

EVENTS: Final[Mapping[str, Mapping[Direction, Mapping[str, Record]]]] = MappingProxyType(
    {
        "http": {"receive": _events(HTTPReceiveEvent), "send": _events(HTTPSendEvent)},
        "websocket": {
            "receive": _events(WebSocketReceiveEvents),
            "send": _events(WebSocketSendEvents),
        },
        "lifespan": {
            "receive": _events(LifespanReceiveEvent),
            "send": _events(LifespanSendEvent),
        },
    }
)
"""By scope type, direction and event type."""
