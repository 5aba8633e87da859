"""Each adapter undoes the other: what goes through both comes out as it went in."""

from __future__ import annotations

import asyncio
import warnings
from typing import TYPE_CHECKING, Any
from wsgiref.validate import validator

from hypothesis import example, given
from hypothesis import strategies as st

from asgiref._adapters.environ import build_environ, build_scope
from asgiref.wsgi import AsgiToWsgi, WsgiToAsgi
from tests.http_exchange import HttpExchange, http_scope
from tests.wsgi_exchange import WsgiExchange, wsgi_environ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Script = tuple[int, list[tuple[str, str]], list[bytes], int | None]

names = st.from_regex(r"[a-z]([a-z0-9-]{0,7}[a-z0-9])?", fullmatch=True)
#: Names that one of the two protocols, or the adapters, treat in a way of their own.
special = {
    "connection", "content-length", "content-type", "cookie", "host", "keep-alive", "proxy",
    "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "trailers",
    "transfer-encoding", "upgrade",
}  # fmt: skip
plain_names = names.filter(lambda name: name not in special)
values = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"))
header_lists = st.lists(st.tuples(plain_names, values), max_size=4)
paths = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(lambda text: "/" + text)
queries = st.binary(max_size=8)
bodies = st.lists(st.binary(min_size=1, max_size=8), max_size=4)
statuses = st.sampled_from([200, 201, 204, 299, 304, 404, 500])
methods = st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "X-OWN"])


class TestDescriptions:
    """ASGI, "WSGI Compatibility": scope and environ say the same."""

    @given(methods, paths, queries, st.dictionaries(plain_names, values, max_size=4))
    @example("GET", "/\u20ac/%2F", b"\xff%20", {"x": "\xff"})
    def test_scope_to_environ_and_back(
        self, method: str, path: str, query: bytes, headers: dict[str, str]
    ) -> None:
        """Every key of a scope survives, headers without their order."""
        scope = http_scope(
            method,
            path,
            query_string=query,
            headers=[(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        )
        again = build_scope(build_environ(scope, None))
        assert {key: again[key] for key in scope if key != "headers"} == {
            key: value for key, value in scope.items() if key != "headers"
        }
        assert sorted(again["headers"]) == sorted(scope["headers"])

    @given(methods, paths, queries, st.dictionaries(plain_names, values, max_size=4))
    def test_environ_to_scope_and_back(
        self, method: str, path: str, query: bytes, headers: dict[str, str]
    ) -> None:
        """Every variable of a request survives."""
        environ = wsgi_environ(
            method, path.encode().decode("latin-1"), QUERY_STRING=query.decode("latin-1")
        )
        for name, value in headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        again = build_environ(build_scope(environ), environ["wsgi.input"])
        kept = {key for key in environ if not key.startswith("wsgi.")} | {"wsgi.url_scheme"}
        assert {key: again.get(key) for key in kept} == {key: environ[key] for key in kept}

    @given(paths, st.integers(0, 3))
    def test_mount_points(self, path: str, segments: int) -> None:
        """Mount point and rest make up the path in both."""
        root = "/".join(path.split("/")[: segments + 1]).rstrip("/")
        scope = http_scope(path=path, root_path=root)
        environ = build_environ(scope, None)
        again = build_scope(environ)
        assert again["path"] == path
        assert again["root_path"] == root


def wsgi_application(seen: list[Any], script: Script) -> Callable[..., Iterator[bytes]]:
    """Return a WSGI application that notes its request and gives this response."""
    status, headers, blocks, failing_at = script

    def application(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        seen.append({key: environ[key] for key in environ if key.startswith(("HTTP_", "PATH_"))})
        seen.append(environ["QUERY_STRING"])
        seen.append(environ["REQUEST_METHOD"])
        seen.append(environ["wsgi.input"].read())
        start_response(f"{status} Reason", headers)
        for number, block in enumerate(blocks):
            if number == failing_at:
                raise KeyError(number)
            yield block

    return application


def asgi_application(seen: list[Any], script: Script) -> Callable[..., Any]:
    """Return an ASGI application that notes its request and gives this response."""
    status, headers, blocks, failing_at = script

    async def application(scope: Any, receive: Any, send: Any) -> None:
        body = b""
        more = True
        while more:
            event = await receive()
            body += event["body"]
            more = event["more_body"]
        seen.append([scope[key] for key in ("method", "path", "query_string", "root_path")])
        seen.append(sorted(scope["headers"]))
        seen.append(body)
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        for number, block in enumerate(blocks):
            if number == failing_at:
                raise KeyError(number)
            await send({"type": "http.response.body", "body": block, "more_body": True})
        await send({"type": "http.response.body"})

    return application


scripts = st.tuples(statuses, header_lists, bodies, st.none() | st.integers(0, 3))


class TestBothWays:
    """``AsgiToWsgi(WsgiToAsgi(app))`` is ``app``, and the other way round."""

    @given(methods, paths, st.binary(max_size=20), scripts)
    def test_wsgi(self, method: str, path: str, body: bytes, script: Script) -> None:
        """A WSGI server cannot tell, nor can the application."""
        seen: list[list[Any]] = []
        shown: list[Any] = []
        for wrap in (False, True):
            seen.append([])
            application = wsgi_application(seen[-1], script)
            adapter = AsgiToWsgi(WsgiToAsgi(application, max_workers=1), lifespan="off")
            environ = wsgi_environ(method, path.encode().decode("latin-1"), body)
            if not body:
                environ["wsgi.input_terminated"] = True
            exchange = WsgiExchange(environ)
            error: Exception | None = None
            try:
                exchange.run(adapter if wrap else application)
            except Exception as raised:  # noqa: BLE001 - the test looks at whatever came
                error = raised
            finally:
                adapter.close()
            bodiless = method == "HEAD" or script[0] in (204, 304)
            sent = b"" if bodiless else exchange.body
            # A response without a body ends before the application could fail within it.
            shown.append([exchange.status[:3], exchange.headers, sent, repr(error)])
            if bodiless or not exchange.blocks:
                shown[-1] = shown[-1][2]
        assert seen[0] == seen[1]
        assert shown[0] == shown[1]

    @given(methods, paths, st.lists(st.binary(max_size=20), max_size=3), scripts)
    def test_asgi(self, method: str, path: str, body: list[bytes], script: Script) -> None:
        """An ASGI server cannot tell, nor can the application."""

        async def main(wrap: bool) -> list[Any]:
            seen: list[Any] = []
            application = asgi_application(seen, script)
            inner = AsgiToWsgi(application, lifespan="off")
            adapter = WsgiToAsgi(inner, max_workers=1)
            events: list[dict[str, Any]] = [
                {"type": "http.request", "body": block, "more_body": True} for block in body
            ]
            events.append({"type": "http.request", "body": b"", "more_body": False})
            exchange = HttpExchange(http_scope(method, path), events)
            error: Exception | None = None
            try:
                await exchange.run(adapter if wrap else application)
            except Exception as raised:  # noqa: BLE001 - the test looks at whatever came
                error = raised
            await asyncio.to_thread(inner.close)
            if method == "HEAD" or script[0] in (204, 304):
                return [seen]
            if not exchange.body:
                return [seen, repr(error)]
            return [seen, exchange.sent[0], exchange.blocks, exchange.complete, repr(error)]

        assert asyncio.run(main(False)) == asyncio.run(main(True))


class TestValidator:
    """``wsgiref.validate`` around generated requests finds nothing to complain about."""

    @given(methods, paths, st.lists(st.binary(max_size=20), max_size=3), header_lists, bodies)
    def test_wsgi_to_asgi(
        self,
        method: str,
        path: str,
        body: list[bytes],
        headers: list[tuple[str, str]],
        blocks: list[bytes],
    ) -> None:
        """The environ is right, and so is the way in which the application is used."""

        def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            received = environ["wsgi.input"].read(100)
            assert received == b"".join(body)
            start_response("200 OK", [("Content-Type", "text/plain"), *headers])
            return blocks

        checked: Any = validator(application)
        events: list[dict[str, Any]] = [
            {"type": "http.request", "body": block, "more_body": True} for block in body
        ]
        events.append({"type": "http.request", "body": b"", "more_body": False})
        exchange = HttpExchange(http_scope(method, path), events)
        with warnings.catch_warnings():
            # It knows the methods of its day only.
            warnings.simplefilter("ignore")
            asyncio.run(exchange.run(WsgiToAsgi(checked, max_workers=1)))
        assert exchange.complete
        assert exchange.body == (b"" if method == "HEAD" else b"".join(blocks))
