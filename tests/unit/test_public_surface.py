"""What users import: the written list of public names, and where they say they come from.

A name that leaves this list breaks somebody; one that enters it is promised from then on.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import asgiref

if TYPE_CHECKING:
    from types import ModuleType

#: Per public module: every public name. Those of asgiref 3.13.0 may never leave.
PUBLIC: dict[str, frozenset[str]] = {
    "compatibility": frozenset(
        {"double_to_single_callable", "guarantee_single_callable", "is_double_callable"}
    ),
    "conformance": frozenset(
        {"CLAUSES", "Clause", "ConformanceError", "Finding", "Validator", "validate"}
    ),
    "current_thread_executor": frozenset({"CurrentThreadExecutor"}),
    "local": frozenset({"Local"}),
    "server": frozenset(
        {
            "ApplicationEnding",
            "InstanceEnded",
            "ServerStatistics",
            "ServerStopped",
            "StatelessServer",
            "logger",
        }
    ),
    "sync": frozenset(
        {
            "AsyncSingleThreadContext",
            "AsyncToSync",
            "SyncToAsync",
            "ThreadSensitiveContext",
            "async_to_sync",
            "async_to_sync_iter",
            "iscoroutinefunction",
            "markcoroutinefunction",
            "sync_to_async",
            "sync_to_async_iter",
        }
    ),
    "testing": frozenset({"ApplicationCommunicator"}),
    "timeout": frozenset({"timeout"}),
    "typing": frozenset(
        {
            "ASGI2Application",
            "ASGI2Protocol",
            "ASGI3Application",
            "ASGIApplication",
            "ASGIReceiveCallable",
            "ASGIReceiveEvent",
            "ASGISendCallable",
            "ASGISendEvent",
            "ASGIVersions",
            "Extensions",
            "FileWithDescriptor",
            "HTTPDisconnectEvent",
            "HTTPReceiveEvent",
            "HTTPRequestEvent",
            "HTTPResponseBodyEvent",
            "HTTPResponseDebugEvent",
            "HTTPResponseEarlyHintEvent",
            "HTTPResponsePathsendEvent",
            "HTTPResponseStartEvent",
            "HTTPResponseTrailersEvent",
            "HTTPResponseZeroCopySendEvent",
            "HTTPScope",
            "HTTPSendEvent",
            "HTTPServerPushEvent",
            "LifespanReceiveEvent",
            "LifespanScope",
            "LifespanSendEvent",
            "LifespanShutdownCompleteEvent",
            "LifespanShutdownEvent",
            "LifespanShutdownFailedEvent",
            "LifespanStartupCompleteEvent",
            "LifespanStartupEvent",
            "LifespanStartupFailedEvent",
            "ReceivedHeaders",
            "Scope",
            "SentHeaders",
            "StrictASGI3Application",
            "TLSExtension",
            "WWWScope",
            "WebSocketAcceptEvent",
            "WebSocketCloseEvent",
            "WebSocketConnectEvent",
            "WebSocketDisconnectEvent",
            "WebSocketReceiveBytesEvent",
            "WebSocketReceiveEvent",
            "WebSocketReceiveEvents",
            "WebSocketReceiveTextEvent",
            "WebSocketResponseBodyEvent",
            "WebSocketResponseStartEvent",
            "WebSocketScope",
            "WebSocketSendBytesEvent",
            "WebSocketSendEvent",
            "WebSocketSendEvents",
            "WebSocketSendTextEvent",
            "asgi_application",
        }
    ),
    "wsgi": frozenset({"AsgiToWsgi", "WsgiToAsgi", "WsgiToAsgiInstance"}),
}

#: Signatures that callers rely on, by position and by name.
SIGNATURES = {
    "compatibility.double_to_single_callable": "(application)",
    "compatibility.guarantee_single_callable": "(application)",
    "compatibility.is_double_callable": "(application)",
    "conformance.validate": (
        "(application, *, on_finding=None, strict=False, party='application')"
    ),
    "server.StatelessServer": "(application, max_applications=1000)",
    "server.StatelessServer.application_checker": "(self)",
    "server.StatelessServer.application_exception": "(self, exception, application_details)",
    "server.StatelessServer.application_send": "(self, scope, message)",
    "server.StatelessServer.arun": "(self)",
    "server.StatelessServer.delete_application_instance": "(self, scope_id)",
    "server.StatelessServer.delete_oldest_application_instance": "(self)",
    "server.StatelessServer.get_or_create_application_instance": "(self, scope_id, scope)",
    "server.StatelessServer.handle": "(self)",
    "server.StatelessServer.run": "(self)",
    "current_thread_executor.CurrentThreadExecutor": "(old_executor)",
    "current_thread_executor.CurrentThreadExecutor.run_until_future": "(self, future)",
    "current_thread_executor.CurrentThreadExecutor.submit": "(self, fn, /, *args, **kwargs)",
    "local.Local": "(thread_critical=False)",
    "sync.AsyncSingleThreadContext": "()",
    "sync.AsyncToSync": "(awaitable, force_new_loop=False)",
    "sync.SyncToAsync": "(func, thread_sensitive=True, executor=None, context=None)",
    "sync.SyncToAsync.thread_handler": (
        "(self, loop, exc_info, task_context, func, *args, **kwargs)"
    ),
    "sync.ThreadSensitiveContext": "(*, executor=None)",
    "sync.async_to_sync": "(awaitable=None, *, force_new_loop=False)",
    "sync.iscoroutinefunction": "(func)",
    "sync.markcoroutinefunction": "(func)",
    "sync.sync_to_async": "(func=None, *, thread_sensitive=True, executor=None, context=None)",
    "testing.ApplicationCommunicator": "(application, scope)",
    "testing.ApplicationCommunicator.receive_nothing": "(self, timeout=0.1, interval=0.01)",
    "testing.ApplicationCommunicator.receive_output": "(self, timeout=1)",
    "testing.ApplicationCommunicator.send_input": "(self, message)",
    "testing.ApplicationCommunicator.stop": "(self, exceptions=True)",
    "testing.ApplicationCommunicator.wait": "(self, timeout=1)",
    "timeout.timeout": "(timeout, *, loop=None)",
    "wsgi.AsgiToWsgi": "(asgi_application, *, lifespan='auto')",
    "wsgi.WsgiToAsgi": (
        "(wsgi_application, duplicate_header_limit=100, "
        "*, thread_sensitive=False, max_workers=None)"
    ),
    "wsgi.WsgiToAsgiInstance": "(wsgi_application, duplicate_header_limit=100)",
    "wsgi.WsgiToAsgiInstance.build_environ": "(self, scope, body)",
    "wsgi.WsgiToAsgiInstance.start_response": ("(self, status, response_headers, exc_info=None)"),
}

ROOT = Path(asgiref.__file__).parent
#: Public as they stand, not facades over private layers.
NOT_FACADES = frozenset({"cli", "conformance"})
FACADES = sorted(
    info.name
    for info in pkgutil.iter_modules([str(ROOT)])
    if not info.name.startswith("_") and info.name not in NOT_FACADES
)
MODULES = sorted({*FACADES, *(NOT_FACADES & PUBLIC.keys())})


def _facade(name: str) -> ModuleType:
    return importlib.import_module(f"asgiref.{name}")


def test_every_public_module_is_listed() -> None:
    """No public module appears or disappears unnoticed."""
    assert sorted(PUBLIC) == MODULES


@pytest.mark.parametrize("name", MODULES)
def test_every_public_module_has_a_page(name: str) -> None:
    """The reference of the documentation has a page for each public module."""
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / f"{name}.md"
    assert f"automodule:: asgiref.{name}\n" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MODULES)
def test_all_is_the_written_list(name: str) -> None:
    """``__all__`` is a tuple, and names exactly what is promised."""
    names = _facade(name).__all__
    assert isinstance(names, tuple)
    assert len(set(names)) == len(names)
    assert frozenset(names) == PUBLIC[name]


@pytest.mark.parametrize("name", MODULES)
def test_public_objects_report_a_public_module(name: str) -> None:
    """Tracebacks, pickles and documentation never show a private path."""
    facade = _facade(name)
    for public in facade.__all__:
        home = getattr(getattr(facade, public), "__module__", None)
        assert not str(home).startswith("asgiref._"), f"{public} reports {home}"


@pytest.mark.parametrize("name", MODULES)
def test_public_objects_are_documented(name: str) -> None:
    """Every public class and function has a docstring, and so has every public method."""
    facade = _facade(name)
    assert facade.__doc__
    for public in facade.__all__:
        published = getattr(facade, public)
        if not inspect.isclass(published) and not inspect.isfunction(published):
            continue
        if "asgiref" not in str(published.__module__):
            continue
        assert published.__doc__, public
        if inspect.isclass(published):
            undocumented = [
                attribute
                for attribute, value in vars(published).items()
                if not attribute.startswith("_")
                and inspect.isfunction(value)
                and not inspect.getdoc(value)
            ]
            assert undocumented == [], f"{public}: {undocumented}"


@pytest.mark.parametrize("name", FACADES)
def test_facades_hold_imports_only(name: str) -> None:
    """A docstring, imports, ``__all__`` and the call that rehomes; no code to maintain twice."""
    tree = ast.parse((ROOT / f"{name}.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    rest = [node for node in tree.body[1:] if not isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node).partition(" = ")[0] for node in rest] == [
        "__all__",
        "rehome(__name__, globals(), __all__)",
    ]


def _plain(signature: inspect.Signature) -> str:
    """Write a signature without annotations, as callers see it."""
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]
    return str(inspect.Signature(parameters))


@pytest.mark.parametrize("path", sorted(SIGNATURES))
def test_signatures_stay(path: str) -> None:
    """Positions, names and defaults are those that callers use today."""
    module, *attributes = path.split(".")
    target: object = _facade(module)
    for attribute in attributes:
        target = getattr(target, attribute)
    assert callable(target)
    assert _plain(inspect.signature(target)) == SIGNATURES[path]
