"""``asgiref._adapters.environ``: scope to environ and back, rule by rule."""

from __future__ import annotations

import io
from typing import Any

import pytest

from asgiref._adapters.environ import BadRequest, build_environ, build_scope
from tests.http_exchange import http_scope


def environ_of(*headers: tuple[bytes, bytes], limit: int | None = 100) -> dict[str, Any]:
    """Return the environ of a request with these headers."""
    return build_environ(http_scope(headers=headers), io.BytesIO(), duplicate_header_limit=limit)


class TestBuildEnviron:
    """PEP 3333, "environ Variables", and what users of such adapters need beyond it."""

    def test_has_every_key_of_the_protocol(self) -> None:
        """A plain request has all required keys, each of the right type."""
        body = io.BytesIO()
        environ = build_environ(http_scope("POST", "/a", query_string=b"b=%20"), body)
        assert environ["REQUEST_METHOD"] == "POST"
        assert environ["SCRIPT_NAME"] == ""
        assert environ["PATH_INFO"] == "/a"
        assert environ["QUERY_STRING"] == "b=%20"
        assert environ["SERVER_NAME"] == "127.0.0.1"
        assert environ["SERVER_PORT"] == "8000"
        assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        assert environ["REMOTE_ADDR"] == "127.0.0.1"
        assert environ["REMOTE_PORT"] == "49152"
        assert environ["HTTP_HOST"] == "example.org"
        assert environ["wsgi.version"] == (1, 0)
        assert environ["wsgi.url_scheme"] == "http"
        assert environ["wsgi.input"] is body
        assert environ["wsgi.input_terminated"] is True
        assert environ["wsgi.run_once"] is False
        assert "HTTPS" not in environ

    def test_careless_scope(self) -> None:
        """Optional keys may be absent or None; the scope is not written to."""
        bare: dict[str, Any] = {"type": "http", "method": "GET", "path": "/", "headers": []}
        nones = dict.fromkeys(
            ("query_string", "root_path", "scheme", "client", "server", "raw_path", "http_version")
        )
        for scope in (bare, bare | nones):
            before = dict(scope)
            environ = build_environ(scope, io.BytesIO())
            assert scope == before
            assert environ["asgi.scope"] is scope
            assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("localhost", "80")
            assert environ["wsgi.url_scheme"] == "http"
            assert environ["QUERY_STRING"] == ""
            assert "REMOTE_ADDR" not in environ
            assert "REMOTE_PORT" not in environ

    def test_unix_socket(self) -> None:
        """A unix socket is named by its path, with port 0."""
        environ = build_environ(http_scope(server=("/run/app.sock", None)), None)
        assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("/run/app.sock", "0")

    def test_client_of_a_unix_socket(self) -> None:
        """A client without a port has no REMOTE_PORT; one without a name is unknown."""
        environ = build_environ(http_scope(client=("/run/client.sock", None)), None)
        assert environ["REMOTE_ADDR"] == "/run/client.sock"
        assert "REMOTE_PORT" not in environ
        unknown = build_environ(http_scope(client=(None, None), server=(None, None)), None)
        assert "REMOTE_ADDR" not in unknown
        assert (unknown["SERVER_NAME"], unknown["SERVER_PORT"]) == ("localhost", "80")

    def test_https(self) -> None:
        """The scheme https also sets HTTPS."""
        environ = build_environ(http_scope(scheme="https"), None)
        assert environ["HTTPS"] == "on"
        assert environ["wsgi.url_scheme"] == "https"

    @pytest.mark.parametrize(
        ("path", "root", "script_name", "path_info"),
        [
            ("/a/b", "", "", "/a/b"),
            ("/a/b", "/", "", "/a/b"),
            ("/a/b", "/a", "/a", "/b"),
            ("/a/b", "/a/", "/a", "/b"),
            ("/a", "/a", "/a", ""),
            ("/a/", "/a", "/a", "/"),
            ("/ab", "/a", "/a", "/ab"),
            ("/other", "/a", "/a", "/other"),
            ("/é/ü", "/é", "/Ã©", "/Ã¼"),
        ],
    )
    def test_root_path(self, path: str, root: str, script_name: str, path_info: str) -> None:
        """SCRIPT_NAME is cut off PATH_INFO at a whole segment only; both hold UTF-8 bytes."""
        environ = build_environ(http_scope(path=path, root_path=root), None)
        assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == (script_name, path_info)

    def test_undecodable_path(self) -> None:
        """Bytes that a server kept as surrogates come out as those bytes."""
        environ = build_environ(http_scope(path="/\udcff"), None)
        assert environ["PATH_INFO"] == "/\xff"
        assert environ["REQUEST_URI"] == "/%FF"
        assert build_environ(http_scope(path="/\ud800"), None)["REQUEST_URI"] == "/%ED%A0%80"

    def test_target_still_encoded(self) -> None:
        """REQUEST_URI and RAW_URI keep the encoding of the client."""
        scope = http_scope(path="/a/b", raw_path=b"/a%2Fb", query_string=b"c=%C3%A9")
        environ = build_environ(scope, None)
        assert environ["REQUEST_URI"] == environ["RAW_URI"] == "/a%2Fb?c=%C3%A9"
        unknown = build_environ(http_scope(path="/é b"), None)
        assert unknown["REQUEST_URI"] == "/%C3%A9%20b"

    def test_bytes_beyond_ascii(self) -> None:
        """Query and header values pass byte for byte as latin-1."""
        environ = build_environ(http_scope(query_string=b"\xe9", headers=[(b"x-a", b"\xff")]), None)
        assert environ["QUERY_STRING"] == "\xe9"
        assert environ["HTTP_X_A"] == "\xff"

    def test_header_names(self) -> None:
        """Names come in any case; the two of CGI have no prefix."""
        environ = environ_of(
            (b"X-One", b"1"), (b"CONTENT-type", b"text/plain"), (b"Content-Length", b"5")
        )
        assert environ["HTTP_X_ONE"] == "1"
        assert environ["CONTENT_TYPE"] == "text/plain"
        assert environ["CONTENT_LENGTH"] == "5"
        assert "HTTP_CONTENT_TYPE" not in environ
        assert "HTTP_CONTENT_LENGTH" not in environ

    def test_repeated_headers(self) -> None:
        """Fields of one name are joined: with a comma, cookies with a semicolon."""
        environ = environ_of(
            (b"accept", b"a"), (b"cookie", b"c=1"), (b"Accept", b"b"), (b"cookie", b"d=2")
        )
        assert environ["HTTP_ACCEPT"] == "a,b"
        assert environ["HTTP_COOKIE"] == "c=1; d=2"

    @pytest.mark.parametrize("name", [b"x_user", b"proxy", b"Proxy", b":authority"])
    def test_names_that_pose_as_others(self, name: bytes) -> None:
        """A name that would become another one's variable is dropped."""
        environ = environ_of((name, b"evil"), (b"x-user", b"good"))
        assert "evil" not in environ.values()
        assert environ["HTTP_X_USER"] == "good"

    def test_equal_content_lengths(self) -> None:
        """A Content-Length given twice counts once when equal."""
        environ = environ_of((b"content-length", b"5"), (b"content-length", b"5"))
        assert environ["CONTENT_LENGTH"] == "5"
        assert environ_of((b"content-length", b"5, 5"))["CONTENT_LENGTH"] == "5"

    @pytest.mark.parametrize(
        "headers",
        [
            [(b"content-length", b"5"), (b"content-length", b"6")],
            [(b"content-length", b"5,6")],
            [(b"content-length", b"-1")],
            [(b"content-length", b"five")],
            [(b"content-length", b"")],
            [(b"content-length", b"9" * 5000)],
            [(b"host", b"a"), (b"host", b"b")],
            [(b"host", b"a"), (b"host", b"a")],
        ],
        ids=["two", "list", "negative", "word", "empty", "huge", "hosts", "same host"],
    )
    def test_contradictions(self, headers: list[tuple[bytes, bytes]]) -> None:
        """A request that contradicts itself has no environ."""
        with pytest.raises(BadRequest, match=r"Content-Length|Host") as caught:
            environ_of(*headers)
        assert len(str(caught.value)) < 300

    def test_duplicate_header_limit(self) -> None:
        """More fields of one name than allowed are refused; None and 0 lift the limit."""
        many = [(b"x-a", b"1")] * 101
        assert environ_of(*many[1:])["HTTP_X_A"].count("1") == 100
        with pytest.raises(BadRequest, match=r"101 fields named 'x-a'"):
            environ_of(*many)
        for no_limit in (None, 0):
            assert environ_of(*many, limit=no_limit)["HTTP_X_A"].count("1") == 101

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("method", None),
            ("path", b"/"),
            ("path", None),
            ("raw_path", "/"),
            ("root_path", b"/a"),
            ("scheme", b"http"),
            ("http_version", 2),
            ("query_string", "a=b"),
            ("client", "127.0.0.1"),
            ("client", ("127.0.0.1",)),
            ("client", (127, 1)),
            ("server", 8000),
            ("server", (b"localhost", 80)),
            ("headers", [("host", "a")]),
            ("headers", [(b"host", "a")]),
            ("headers", [(b"host",)]),
            ("headers", [None]),
            ("headers", 5),
            ("headers", iter([])),
        ],
    )
    def test_broken_scope(self, key: str, value: object) -> None:
        """A scope that breaks the specification is an error that names the key."""
        with pytest.raises(TypeError, match=f"scope has .* in '{key}'"):
            build_environ(http_scope() | {key: value}, None)


class TestBuildScope:
    """ASGI, "HTTP Connection Scope", from what a WSGI server tells."""

    def environ(self, **others: object) -> dict[str, Any]:
        """Return an environ as servers make it."""
        return {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            **others,
        }

    def test_keys(self) -> None:
        """A plain request has every key of the specification."""
        scope = build_scope(
            self.environ(
                REQUEST_METHOD="post",
                SCRIPT_NAME="/Ã©",
                PATH_INFO="/b c",
                QUERY_STRING="d=%20",
                REMOTE_ADDR="::1",
                REMOTE_PORT="1234",
                CONTENT_TYPE="text/plain",
                CONTENT_LENGTH="3",
                HTTP_X_ONE="\xff",
            )
        )
        assert scope == {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.5"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/é/b c",
            "raw_path": b"/%C3%A9/b%20c",
            "query_string": b"d=%20",
            "root_path": "/é",
            "headers": [
                (b"content-type", b"text/plain"),
                (b"content-length", b"3"),
                (b"x-one", b"\xff"),
            ],
            "client": ("::1", 1234),
            "server": ("localhost", 80),
            "extensions": {},
        }

    @pytest.mark.parametrize(
        ("target", "raw_path"),
        [
            ("/a%2Fb?c=d", b"/a%2Fb"),
            ("http://example.org/a%2Fb?c", b"/a%2Fb"),
            ("/elsewhere", b"/a/b"),
            ("/a%2Fb\u20ac", b"/a/b"),
        ],
        ids=["origin form", "absolute form", "rewritten by a middleware", "not native"],
    )
    def test_raw_path(self, target: str, raw_path: bytes) -> None:
        """The server's own words are believed where they stand for the same path."""
        scope = build_scope(self.environ(PATH_INFO="/a/b", RAW_URI=target))
        assert scope["raw_path"] == raw_path

    @pytest.mark.parametrize(
        ("protocol", "version"),
        [("HTTP/1.0", "1.0"), ("HTTP/1.1", "1.1"), ("HTTP/2", "2"), ("HTTP/2.0", "2"), ("", "1.1")],
    )
    def test_http_version(self, protocol: str, version: str) -> None:
        """The version is one that ASGI knows."""
        assert build_scope(self.environ(SERVER_PROTOCOL=protocol))["http_version"] == version

    def test_careless_server(self) -> None:
        """Empty strings stand for what is unknown; a unix socket has no port."""
        scope = build_scope(
            self.environ(
                CONTENT_TYPE="",
                CONTENT_LENGTH="",
                REMOTE_ADDR="",
                SERVER_NAME="/run/app.sock",
                SERVER_PORT="0",
            )
        )
        assert scope["headers"] == []
        assert scope["client"] is None
        assert scope["server"] == ("/run/app.sock", None)

    def test_state(self) -> None:
        """Each request gets a shallow copy of the lifespan state of its own."""
        state = {"pool": object()}
        scope = build_scope(self.environ(), state=state)
        assert scope["state"] == state
        assert scope["state"] is not state
