"""What a scope must be, beyond the types of its keys."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from asgiref.conformance.description import describe
from asgiref.conformance.fault import Fault
from asgiref.conformance.header_names import name_faults
from asgiref.conformance.schema import EXTENSIONS, SCOPES, TLS, VERSIONS
from asgiref.conformance.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from asgiref.conformance.clauses import Severity

__all__ = ("scope_faults",)

#: What a server may have meant, by the clause that says what it should have said.
_MISSPELT: Final[Mapping[str, str]] = {
    "http": "HTTP-01",
    "https": "HTTP-01",
    "websocket": "WS-01",
    "websockets": "WS-01",
    "ws": "WS-01",
    "wss": "WS-01",
    "lifespan": "LIFE-01",
}

#: The scope type in which each extension has something to say, and its clause.
_AT_HOME: Final[Mapping[str, tuple[str, str]]] = {
    "http.response.debug": ("http", "DEBUG-01"),
    "http.response.early_hint": ("http", "HINT-01"),
    "http.response.pathsend": ("http", "PATH-01"),
    "http.response.push": ("http", "PUSH-01"),
    "http.response.trailers": ("http", "TRLR-01"),
    "http.response.zerocopysend": ("http", "ZERO-01"),
    "websocket.http.response": ("websocket", "DENY-01"),
}

_INSECURE: Final[Mapping[str, str]] = {"http": "http", "websocket": "ws"}


def scope_faults(scope: object, *, strict: bool) -> Iterator[Fault]:
    """Yield what is wrong with a scope, the clauses of later versions included.

    Args:
        scope: whatever the server gave.
        strict: whether to take the text literally where servers agree to differ.

    """
    if not isinstance(scope, dict):
        got = describe(scope)
        yield Fault("MAIN-03", "scope", f"the scope is {got} where dict is asked for", "dict", got)
        return
    kind = scope.get("type")
    record = SCOPES.get(kind) if isinstance(kind, str) else None
    if record is None or not scope.keys() <= record.names:
        yield from _keys(scope)
    if not isinstance(kind, str):
        got = describe(kind) if "type" in scope else "no such key"
        path = "scope['type']"
        yield Fault("MAIN-04", path, f"{path} is {got} where str is asked for", "str", got)
        return
    if record is None:
        yield from _unknown(scope, kind)
        return
    faults = record.faults(scope, "scope")
    broken = {fault.path for fault in faults}
    if faults:
        yield from map(_extensions_apart, faults)
    yield from _versions(scope, kind)
    yield from _extensions(scope, kind)
    if kind == "http":
        yield from _http(scope, broken, strict=strict)
    elif kind == "websocket":
        yield from _websocket(scope)


def _keys(scope: dict[Any, Any]) -> Iterator[Fault]:
    for key in scope:
        if not isinstance(key, str):
            got = describe(key)
            path = f"scope[{got}]"
            yield Fault("MAIN-19", path, f"{got} is a key of the scope", "keys of type str", got)


def _unknown(scope: dict[Any, Any], kind: str) -> Iterator[Fault]:
    """Yield what is wrong with a scope of another protocol, or of a misspelt one."""
    clause = _MISSPELT.get(kind.strip().lower())
    if clause is not None:
        got = describe(kind)
        yield Fault(
            clause, "scope['type']", f"no protocol is called {got}", "the name of the protocol", got
        )
        return
    asgi = scope.get("asgi")
    if not isinstance(asgi, dict):
        got = describe(asgi) if "asgi" in scope else "no such key"
        path = "scope['asgi']"
        yield Fault("MAIN-05", path, f"{path} is {got} where dict is asked for", "dict", got)
    yield from _versions(scope, kind)
    yield from _extensions(scope, kind)


def _extensions_apart(fault: Fault) -> Fault:
    """Put faults of the extensions as a whole under their own clauses."""
    if not fault.path.startswith("scope['extensions']"):
        return fault
    if fault.clause == "MAIN-19":
        return fault._replace(clause="MAIN-31")
    # Published types allow None here, and readers take it for "nothing".
    return fault._replace(severity="warning") if fault.got == "None" else fault


def _versions(scope: dict[Any, Any], kind: str) -> Iterator[Fault]:
    asgi = scope.get("asgi")
    if not isinstance(asgi, dict):
        return
    where = "scope['asgi']"
    for fault in VERSIONS.faults(asgi, where):
        if fault.path == f"{where}['version']":
            version = parse_version(asgi.get("version"))
            # Numbers grow: those after the ones of today are as good.
            if version is not None and version > (2, 0) and "." in str(asgi.get("version")):
                continue
        yield fault
    said = asgi.get("spec_version")
    if isinstance(said, str) and parse_version(said) is None and kind in {"http", "websocket"}:
        yield Fault(
            "HTTP-03",
            f"{where}['spec_version']",
            f"{describe(said)} is announced, which is no version",
            "a version such as '2.5'",
            describe(said),
        )


def _extensions(scope: dict[Any, Any], kind: str) -> Iterator[Fault]:
    extensions = scope.get("extensions")
    if not isinstance(extensions, dict):
        return
    where = "scope['extensions']"
    if extensions:
        yield from EXTENSIONS.faults(extensions, where)
    for name, value in extensions.items():
        if isinstance(name, str) and name not in EXTENSIONS.names and not isinstance(value, dict):
            got = describe(value)
            path = f"{where}[{name!r:.60}]"
            yield Fault("MAIN-31", path, f"{path} is {got} where dict is asked for", "dict", got)
        home, clause = _AT_HOME.get(name, (kind, ""))
        if home != kind and isinstance(value, dict):
            path = f"{where}[{name!r}]"
            message = f"{name} is announced in a {kind} scope, where it means nothing"
            yield Fault(clause, path, message, f"a scope of type {home}", kind, "note")
    tls = extensions.get("tls")
    if isinstance(tls, dict):
        yield from _tls(tls, scope, kind)


def _tls(tls: dict[Any, Any], scope: dict[Any, Any], kind: str) -> Iterator[Fault]:
    where = "scope['extensions']['tls']"
    if kind == "lifespan":
        yield Fault("TLS-02", where, "a lifespan has no TLS connection", "no such key", "tls")
        return
    faults = TLS.faults(tls, where)
    yield from faults
    if faults:
        return
    chain = tls.get("client_cert_chain")
    if isinstance(chain, (list, tuple)) and chain and tls.get("client_cert_name") is None:
        yield Fault(
            "TLS-09",
            f"{where}['client_cert_name']",
            "there are client certificates and no name of the client",
            "the subject of the first certificate",
            describe(tls.get("client_cert_name")),
        )
    if tls.get("client_cert_error") == "":
        yield Fault(
            "TLS-12",
            f"{where}['client_cert_error']",
            "the error of the client's certificate says nothing",
            "a text, or None where there was no error",
            "str ''",
        )
    for key, clause in (("tls_version", "TLS-13"), ("cipher_suite", "TLS-14")):
        number = tls[key]
        if number is not None and not 0 <= number <= 0xFFFF:
            path, got = f"{where}[{key!r}]", describe(number)
            message = f"{path} is {got}, which is no unsigned number of 16 bits"
            yield Fault(clause, path, message, "0 to 0xffff", got)
    insecure = _INSECURE.get(kind)
    scheme = scope.get("scheme", insecure)
    if isinstance(scheme, str) and scheme == insecure:
        if any(tls[key] is not None for key in ("server_cert", "tls_version", "cipher_suite")):
            path, got = "scope['scheme']", describe(insecure)
            message = f"the scheme is {got} on a connection over TLS"
            yield Fault("TLS-16", path, message, f"{insecure}s", got)
        else:
            message = f"tls is announced where the scheme is {insecure} and nothing of it is known"
            # Circumstances say so, no more.
            yield Fault("TLS-01", where, message, "no such key", "nothing but None", "warning")


def _http(scope: dict[Any, Any], broken: set[str], *, strict: bool) -> Iterator[Fault]:
    method = scope.get("method")
    if isinstance(method, str) and method != method.upper():
        got = describe(str(method))
        path = "scope['method']"
        yield Fault("HTTP-06", path, f"the method {got} is not in upper case", "upper case", got)
    version = scope.get("http_version")
    if strict and isinstance(version, str) and version == "3":
        path = "scope['http_version']"
        message = "the text knows no HTTP version '3'"
        yield Fault("HTTP-04", path, message, "'1.0' or '1.1' or '2'", "str '3'")
    yield from _parts_of_the_address(scope, "HTTP-07", "HTTP-12")
    yield from _root_path(scope)
    headers = scope.get("headers")
    names = name_faults(headers, "scope['headers']", lower="HTTP-21", pseudo="HTTP-22")
    if names:
        yield from names
    client = scope.get("client")
    if not any(path.startswith("scope['client']") for path in broken):
        host = client[0] if isinstance(client, (tuple, list)) else None
        if isinstance(host, str) and not _is_address(host):
            path, got = "scope['client'][0]", describe(host)
            message = f"the client's host is {got}, which is no IP address"
            yield Fault("HTTP-27", path, message, "an IPv4 or IPv6 address", got)


def _websocket(scope: dict[Any, Any]) -> Iterator[Fault]:
    yield from _parts_of_the_address(scope, "WS-05", "WS-09")
    headers = scope.get("headers")
    yield from name_faults(headers, "scope['headers']", lower="WS-14", pseudo="WS-15")


def _parts_of_the_address(
    scope: dict[Any, Any], scheme_clause: str, raw_path_clause: str
) -> list[Fault]:
    found: list[Fault] = []
    scheme, raw_path = scope.get("scheme"), scope.get("raw_path")
    if isinstance(scheme, str) and not scheme:
        path, message = "scope['scheme']", "the scheme is empty"
        found.append(Fault(scheme_clause, path, message, "a scheme", "str ''"))
    if isinstance(raw_path, bytes) and b"?" in raw_path:
        path, message = "scope['raw_path']", "the raw path holds the query string"
        found.append(Fault(raw_path_clause, path, message, "the path alone", describe(raw_path)))
    return found


def _root_path(scope: dict[Any, Any]) -> list[Fault]:
    """Find a root path that is no prefix of the path, if the client asked below the mount."""
    root, path = scope.get("root_path"), scope.get("path")
    if not isinstance(root, str) or not isinstance(path, str) or path.startswith(root):
        return []
    severity: Severity | None
    raw_path = scope.get("raw_path")
    if isinstance(raw_path, bytes):
        # Servers that only copy an option leave it to the operator what is mounted where.
        if not unquote_to_bytes(raw_path).startswith(root.encode("utf-8", "surrogatepass")):
            return []
        severity = None
    else:
        severity = "note"
    where, got = "scope['path']", describe(path)
    message = f"the path is {got}, which does not begin with the root path {describe(root)}"
    return [Fault("HTTP-15", where, message, f"a path below {root!r:.60}", got, severity)]


@lru_cache(maxsize=1024)
def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
