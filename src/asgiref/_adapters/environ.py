"""A request as WSGI sees it and as ASGI sees it: one into the other, as pure functions.

Sources: PEP 3333 ("environ Variables", "Unicode Issues"), the HTTP part of the ASGI specification
("WSGI Compatibility", "WSGI encoding differences"), RFC 9110 and RFC 9112 for the header rules.

The two protocols write the same bytes in two ways. ASGI decodes a path to text; WSGI keeps its
bytes, each as the character of the same number ("native strings", latin-1). Header values are bytes
in ASGI and such native strings in WSGI.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping

__all__ = ("BadRequest", "build_environ", "build_scope", "content_length_of", "join_url")

#: Characters that a path may hold unescaped (RFC 3986, pchar and "/").
_PATH_SAFE: Final = "/~!$&'()*+,;=:@"

#: Digits of a Content-Length beyond which nobody means it (2**63 has 19).
_LONGEST_LENGTH: Final = 19

#: The version of the HTTP and WebSocket part of ASGI that ``build_scope`` follows.
HTTP_SPEC_VERSION: Final = "2.5"


class BadRequest(ValueError):  # noqa: N818  (the name of the HTTP status, as frameworks have it)
    """Raised when a request contradicts itself, so that no environ can stand for it.

    The adapter answers it with status 400; the message names the header and its values.
    """


def _native(text: str) -> str:
    """Write decoded text the WSGI way: its UTF-8 bytes, each as one latin-1 character."""
    if text.isascii():
        return text
    try:
        # A lone surrogate stands for a byte that was no UTF-8, where the server decoded it so.
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("latin-1")


def _from_native(text: str) -> str:
    """Read a native string of PEP 3333 back as text."""
    if text.isascii():
        return text
    return text.encode("latin-1").decode("utf-8", "replace")


def content_length_of(values: Iterable[bytes]) -> int | None:
    """Read the Content-Length out of all fields of that name (RFC 9110, section 8.6).

    Args:
        values: the field values, in any number.

    Returns:
        The length in bytes, or ``None`` where no field is there.

    Raises:
        BadRequest: a value is no number, or two of them differ.
    """
    length: int | None = None
    for value in values:
        for member in value.split(b","):
            digits = member.strip(b" \t")
            if not digits.isdigit() or len(digits) > _LONGEST_LENGTH:
                raise BadRequest(
                    f"The request's Content-Length is {value!r:.80}, which is no length."
                )
            if length is not None and int(digits) != length:
                raise BadRequest(
                    f"The request has two Content-Lengths, {length} and {int(digits)}; "
                    "which of them ends its body cannot be known."
                )
            length = int(digits)
    return length


def join_url(path: bytes, query: bytes) -> str:
    """Put an encoded path and query together as a request target in origin form."""
    target = path + b"?" + query if query else path
    return target.decode("latin-1")


def _split_path(path: str, root_path: str) -> tuple[str, str]:
    """Divide ``path`` into SCRIPT_NAME and PATH_INFO, at a whole segment only."""
    script_name = root_path.rstrip("/")
    if script_name and path.startswith(script_name):
        rest = path[len(script_name) :]
        if not rest or rest.startswith("/"):
            return script_name, rest
    return script_name, path


def _variable(name: bytes) -> str:
    """Return the variable that a header becomes; empty where it must not become one."""
    lowered = name.lower()
    if lowered in (b"content-type", b"content-length"):
        return lowered.decode("ascii").upper().replace("-", "_")
    # X_User would become the HTTP_X_USER of X-User; Proxy would become HTTP_PROXY, which HTTP
    # clients take for the address of their proxy; a colon marks HTTP/2's own fields.
    if b"_" in lowered or lowered == b"proxy" or lowered.startswith(b":"):
        return ""
    return "HTTP_" + lowered.upper().replace(b"-", b"_").decode("latin-1")


def _malformed(key: str, value: object, expected: str) -> TypeError:
    return TypeError(f"The server's scope has {value!r:.80} in {key!r}, where ASGI has {expected}.")


def _require_text(scope: Mapping[str, Any], *keys: str) -> None:
    for key in keys:
        value: Any = scope.get(key)
        if value and not isinstance(value, str):
            raise _malformed(key, value, "text")


def _address(key: str, address: Any) -> tuple[str | None, object]:
    """Return host and port of one side; no host where the server does not know it."""
    if not address:
        return None, None
    if not isinstance(address, (tuple, list)) or len(address) != 2:
        raise _malformed(key, address, "a pair of host and port")
    host, port = address
    if host is not None and not isinstance(host, str):
        raise _malformed(key, address, "a pair of host, as text, and port")
    return host, port


#: Variables of names that were seen before: the same few come with every request.
_variables: Final[dict[bytes, str]] = {}

#: Names beyond this number are not remembered: a client may invent as many as it likes.
_REMEMBERED: Final = 256


def _remember(name: bytes) -> str:
    variable = _variable(name)
    if len(_variables) < _REMEMBERED and len(name) < 64:
        _variables[name] = variable
    return variable


def _add_headers(
    environ: dict[str, Any], headers: Iterable[Iterable[bytes]], limit: int | None
) -> None:
    known = _variables
    repeated: dict[str, list[bytes]] = {}
    pair: Any = headers
    try:
        for pair in headers:
            name, value = pair
            variable = known[name] if name in known else _remember(name)
            if variable not in environ:
                if variable:
                    environ[variable] = value.decode("latin-1")
            elif variable in repeated:
                repeated[variable].append(value)
            else:
                repeated[variable] = [environ[variable].encode("latin-1"), value]
    except (AttributeError, TypeError, ValueError):
        raise _malformed("headers", pair, "pairs of bytes") from None
    if pair is headers and iter(headers) is headers:  # the Content-Length was looked for before
        raise _malformed("headers", headers, "a sequence, which can be read again")
    for variable, values in repeated.items():
        if limit and len(values) > limit:
            field = variable.removeprefix("HTTP_").replace("_", "-").lower()
            raise BadRequest(
                f"The request has {len(values)} fields named {field!r}; more than {limit} of one "
                "name are refused (duplicate_header_limit)."
            )
        if variable == "HTTP_HOST":
            raise BadRequest(f"The request has {len(values)} Host fields: {values!r:.200}.")
        # HTTP/2 lets a client split its cookies over several fields (RFC 9113, section 8.2.3).
        joined = (b"; " if variable == "HTTP_COOKIE" else b",").join(values)
        environ[variable] = joined.decode("latin-1")
    length = environ.get("CONTENT_LENGTH")
    if length is not None:
        environ["CONTENT_LENGTH"] = str(content_length_of([length.encode("latin-1")]))


def build_environ(
    scope: Mapping[str, Any],
    body: object,
    *,
    errors: object = None,
    duplicate_header_limit: int | None = 100,
    multithread: bool = True,
    multiprocess: bool = False,
) -> dict[str, Any]:
    """Describe an ASGI ``http`` scope as a WSGI environ.

    Args:
        scope: the connection scope; it is read only, and optional keys may be absent or ``None``.
        body: what becomes ``wsgi.input``.
        errors: what becomes ``wsgi.errors``; ``None`` stands for ``sys.stderr``.
        duplicate_header_limit: how many fields of one name are accepted; ``None`` and 0 lift the
            limit.
        multithread: whether another thread may run the application at the same time.
        multiprocess: whether another process may run the application at the same time.

    Returns:
        A new environ (PEP 3333, "environ Variables") with all keys that the protocol demands.

    Raises:
        BadRequest: the headers contradict themselves, or one name repeats beyond the limit.
        TypeError: the server's scope breaks the specification; the message names the key.
    """
    method: Any = scope.get("method")
    path: Any = scope.get("path")
    query: Any = scope.get("query_string") or b""
    if not isinstance(method, str) or not method:
        raise _malformed("method", method, "the method as text")
    if not isinstance(path, str):
        raise _malformed("path", path, "the decoded path as text")
    if not isinstance(query, bytes):
        raise _malformed("query_string", query, "the encoded query as bytes")
    root_path: Any = scope.get("root_path") or ""
    scheme: Any = scope.get("scheme") or "http"
    http_version: Any = scope.get("http_version") or "1.1"
    if not type(root_path) is type(scheme) is type(http_version) is str:
        _require_text(scope, "root_path", "scheme", "http_version")
    script_name, path_info = _split_path(path, root_path)
    raw_path: Any = scope.get("raw_path")
    if raw_path is None:
        raw_path = quote(_native(path).encode("latin-1"), safe=_PATH_SAFE).encode("ascii")
    elif not isinstance(raw_path, bytes):
        raise _malformed("raw_path", raw_path, "the encoded path as bytes")
    target = join_url(raw_path, query)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": _native(script_name),
        "PATH_INFO": _native(path_info),
        "QUERY_STRING": query.decode("latin-1"),
        "REQUEST_URI": target,
        "RAW_URI": target,
        "SERVER_PROTOCOL": "HTTP/" + http_version,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr if errors is None else errors,
        "wsgi.multithread": multithread,
        "wsgi.multiprocess": multiprocess,
        "wsgi.run_once": False,
        "asgi.scope": scope,
    }
    host, port = _address("server", scope.get("server"))
    if host:
        environ["SERVER_NAME"] = host
        # A unix socket has a path and no port; PEP 3333 wants a port that is never empty.
        environ["SERVER_PORT"] = str(port or 0)
    else:
        environ["SERVER_NAME"] = "localhost"
        environ["SERVER_PORT"] = "80"
    host, port = _address("client", scope.get("client"))
    if host:
        environ["REMOTE_ADDR"] = host
        if port is not None:  # of a unix socket
            environ["REMOTE_PORT"] = str(port)
    if scheme == "https":
        environ["HTTPS"] = "on"
    _add_headers(environ, scope.get("headers") or (), duplicate_header_limit)
    return environ


def _raw_path_of(environ: Mapping[str, Any], decoded: bytes) -> bytes:
    """Return the path as the client sent it, where the server tells, else encoded anew.

    A target that does not stand for SCRIPT_NAME and PATH_INFO (a middleware moved the request)
    is not believed.
    """
    for key in ("RAW_URI", "REQUEST_URI"):
        target = environ.get(key)
        if isinstance(target, str) and target:
            raw = target.partition("?")[0].partition("#")[0]
            if not raw.startswith("/") and "://" in raw:  # absolute form (RFC 9112, section 3.2.2)
                _, slash, tail = raw.split("://", 1)[1].partition("/")
                raw = slash + tail
            try:
                encoded = raw.encode("latin-1")
            except UnicodeEncodeError:
                continue
            if unquote_to_bytes(encoded) == decoded:
                return encoded
    return quote(decoded, safe=_PATH_SAFE).encode("ascii")


def build_scope(
    environ: Mapping[str, Any],
    *,
    extensions: Mapping[str, Mapping[Any, Any]] | None = None,
    state: MutableMapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Describe a WSGI environ as an ASGI ``http`` scope.

    Args:
        environ: the environ of PEP 3333; it is read only.
        extensions: what the adapter offers beyond the protocol.
        state: the namespace that lifespan left; the scope gets a shallow copy of its own.

    Returns:
        A new scope with every key of the specification ("HTTP Connection Scope").
    """
    script_name = str(environ.get("SCRIPT_NAME") or "")
    path_bytes = (script_name + str(environ.get("PATH_INFO") or "")).encode("latin-1")
    protocol = str(environ.get("SERVER_PROTOCOL") or "HTTP/1.1")
    version = protocol.partition("/")[2]
    if version not in ("1.0", "1.1", "2", "3"):
        version = {"2.0": "2", "3.0": "3"}.get(version, "1.1")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": HTTP_SPEC_VERSION},
        "http_version": version,
        "method": str(environ["REQUEST_METHOD"]).upper(),
        "scheme": str(environ.get("wsgi.url_scheme") or "http"),
        "path": path_bytes.decode("utf-8", "replace"),
        "raw_path": _raw_path_of(environ, path_bytes),
        "query_string": str(environ.get("QUERY_STRING") or "").encode("latin-1"),
        "root_path": _from_native(script_name),
        "headers": _headers_of(environ),
        "client": _client_of(environ),
        "server": _server_of(environ),
        "extensions": {name: dict(offer) for name, offer in (extensions or {}).items()},
    }
    if state is not None:
        scope["state"] = dict(state)
    return scope


def _headers_of(environ: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    headers: list[tuple[bytes, bytes]] = []
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            name = key[5:]
            # Some servers repeat these two under both spellings; the CGI one is authoritative.
            if name in ("CONTENT_TYPE", "CONTENT_LENGTH") or not name:
                continue
        elif key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if not value:
                continue
            name = key
        else:
            continue
        encoded = name.encode("latin-1").lower().replace(b"_", b"-")
        headers.append((encoded, str(value).encode("latin-1")))
    return headers


def _client_of(environ: Mapping[str, Any]) -> tuple[str, int] | None:
    address = environ.get("REMOTE_ADDR")
    if not address:
        return None
    return str(address), _port(environ.get("REMOTE_PORT"))


def _server_of(environ: Mapping[str, Any]) -> tuple[str, int | None] | None:
    name = environ.get("SERVER_NAME")
    if not name:
        return None
    # The path of a unix socket comes without a port.
    port = environ.get("SERVER_PORT")
    if str(name).startswith("/"):
        return str(name), None
    return str(name), _port(port)


def _port(text: object) -> int:
    digits = str(text or "")
    return int(digits) if digits.isascii() and digits.isdigit() else 0
