"""A WSGI application behind any ASGI server (PEP 3333; ASGI, "WSGI Compatibility")."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from types import AsyncGeneratorType, CoroutineType
from typing import TYPE_CHECKING, Any, Final

from asgiref._adapters.arguments import require_http, require_limit, require_wsgi
from asgiref._adapters.environ import BadRequest, build_environ, content_length_of
from asgiref._adapters.error_stream import ErrorStream
from asgiref._adapters.exchange import RECEIVE_WINDOW_BYTES, ClientGone, kind_of
from asgiref._adapters.file_wrapper import FileWrapper
from asgiref._adapters.request_body import RequestBody
from asgiref._adapters.response_head import ResponseHead
from asgiref._adapters.response_writer import ResponseWriter, bad_request
from asgiref._adapters.stepped_exchange import SteppedExchange
from asgiref._adapters.windowed_exchange import WindowedExchange
from asgiref._adapters.worker_pool import WorkerPool
from asgiref._bridge.state import current_home
from asgiref._bridge.sync_to_async import SyncToAsync

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
    from wsgiref.types import WSGIApplication

    from asgiref._adapters.exchange import Exchange
    from asgiref._adapters.response_writer import ExcInfo
    from asgiref._bridge.work import Work

__all__ = ("WsgiToAsgi", "WsgiToAsgiInstance")

_logger: Final = logging.getLogger("asgiref.wsgi")

_ERRORS: Final = ErrorStream()

#: A process manager's way to say how many processes serve (uvicorn, Heroku and others read it).
_CONCURRENCY: Final = os.environ.get("WEB_CONCURRENCY", "1")


def _is_one_of_many() -> bool:
    """Tell whether other processes are known to run the same application."""
    if _CONCURRENCY != "1" or "gunicorn" in sys.modules:
        return True
    # Whoever was started by it has it imported; the others are spared the import.
    started_by = sys.modules.get("multiprocessing.process")
    return started_by is not None and started_by.parent_process() is not None


def _length_of(scope: Mapping[str, Any]) -> int | None:
    """Return the request's Content-Length in bytes, if it has one that makes sense."""
    try:
        values = [
            value
            for name, value in scope.get("headers") or ()
            if len(name) == 14 and name.lower() == b"content-length"
        ]
        return content_length_of(values)
    except (AttributeError, TypeError, ValueError):
        return None  # the environ cannot be built either, and the request is refused there


def _run_request(instance: WsgiToAsgiInstance, body: RequestBody) -> None:
    """Run the application, send what it returns, and close it: all in this thread."""
    instance._run(body)


class _RequestThreads(SyncToAsync[["WsgiToAsgiInstance", RequestBody], None]):
    """Runs requests side by side in a pool of threads."""

    def __init__(self, pool: WorkerPool) -> None:
        super().__init__(_run_request, thread_sensitive=False)
        self.pool = pool

    def send(self, work: Work) -> None:
        """Put the request into the pool."""
        work.place = self.pool
        self.pool.put(work)


class _RunInPlace(SyncToAsync[["WsgiToAsgiInstance", RequestBody], None]):
    """``run_wsgi_app``: runs a request in its home thread, or side by side with others."""

    def __call__(
        self, instance: WsgiToAsgiInstance, body: RequestBody
    ) -> Coroutine[Any, Any, None]:
        """Run the request of ``instance`` to its end."""
        threads = instance.request_threads
        return super().__call__(instance, body) if threads is None else threads(instance, body)


#: Serves instances that no ``WsgiToAsgi`` made.
_shared_threads: Final = _RequestThreads(WorkerPool())


class WsgiToAsgiInstance:
    """One request. Subclasses override its methods; all of them are looked up when they are called.

    ``scope``, ``sync_send`` and the attributes that begin with ``response_`` are what asgiref
    3.13.0 kept here, for overrides that do by themselves what a method did.

    Args:
        wsgi_application: the application of PEP 3333.
        duplicate_header_limit: a request with more fields of one name is answered with status 400;
            ``None`` and 0 lift the limit.
    """

    def __init__(
        self, wsgi_application: WSGIApplication, duplicate_header_limit: int | None = 100
    ) -> None:
        self.wsgi_application = wsgi_application
        self.duplicate_header_limit = duplicate_header_limit
        #: Where the request runs if nothing gives it a home thread; ``None`` is the one thread that
        #: all thread-sensitive code shares.
        self.request_threads: _RequestThreads | None = _shared_threads

    #: Whether another thread may run the application at the same time.
    _multithread = True

    async def __call__(
        self,
        scope: Any,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Run the application for one ``http`` scope.

        Args:
            scope: the connection scope; it is only read.
            receive: the server's.
            send: the server's.

        Raises:
            ValueError: the scope is of another type.
            BaseException: what the application raised, before, within and after its response, and
                what ``send`` raised, unless that says that the client has left.
        """
        require_http(scope)
        first = await receive()
        if kind_of(first) == "http.disconnect":
            return
        self.scope = scope
        length = _length_of(scope)
        awaited = 0  # bytes of the body that the one thread of all requests is not held for
        exchange: Exchange
        if current_home() is not None:
            self.request_threads = None
            self._multithread = True
        else:
            self._multithread = self.request_threads is not None
        if self.request_threads is None:
            exchange = SteppedExchange(receive, send, first)
            if not self._multithread and length is not None and length <= RECEIVE_WINDOW_BYTES:
                awaited = length
        else:
            exchange = WindowedExchange(receive, send, first, self.request_threads.pool)
        self._exchange = exchange
        self._response = ResponseWriter(exchange, scope.get("method") or "")
        try:
            if first.get("more_body"):
                # What has arrived already is taken in before the thread starts, not after: that
                # spares it a wait.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            try:
                if awaited:
                    await exchange.gather(awaited)
                await self.run_wsgi_app(RequestBody(exchange.take, length))
            except asyncio.CancelledError:
                await exchange.cancel()
                raise
            except ClientGone:
                pass  # sync_send() told an override, which let it pass
            except BaseException as error:
                if isinstance(error, GeneratorExit) and not exchange.left:
                    exchange.abandon()  # the loop has stopped for good: nothing can be awaited
                else:
                    # What was said before the error reaches the client, which sees it cut off.
                    await exchange.drain()
                raise
            await exchange.drain()
        finally:
            await exchange.close()

    def build_environ(self, scope: dict[str, Any], body: RequestBody) -> dict[str, Any]:
        """Describe the request as a WSGI environ; called in the thread of the request.

        Args:
            scope: the connection scope.
            body: the streaming request body, which becomes ``wsgi.input``.

        Raises:
            BadRequest: the headers contradict themselves; answered with status 400.
        """
        environ = build_environ(
            scope,
            body,
            errors=_ERRORS,
            duplicate_header_limit=self.duplicate_header_limit,
            multithread=self._multithread,
            multiprocess=_is_one_of_many(),
        )
        environ["wsgi.file_wrapper"] = FileWrapper
        return environ

    def start_response(
        self,
        status: str,
        response_headers: Iterable[Iterable[str]],
        exc_info: ExcInfo | None = None,
    ) -> Callable[[bytes], None]:
        """Begin the response: the callable that PEP 3333 gives to the application.

        Args:
            status: as in ``"200 OK"``; the reason may be left out.
            response_headers: pairs of name and value.
            exc_info: the error that this response reports, in place of one begun before.

        Returns:
            The ``write()`` callable.

        Raises:
            RuntimeError: the response was begun before and ``exc_info`` was not given.
            BaseException: the one of ``exc_info``, if the headers were sent already.
            TypeError: an argument is of the wrong type.
            ValueError: an argument says what HTTP cannot.
        """
        response = self._writer()
        response.start(status, response_headers, exc_info)
        return response.write

    def _writer(self) -> ResponseWriter:
        try:
            return self._response
        except AttributeError:  # called outside of any request, as a test may do
            self._response = response = ResponseWriter(None, "")
            return response

    @property
    def response_started(self) -> bool:
        """Whether ``response_start`` was sent."""
        return self._writer().sent

    @response_started.setter
    def response_started(self, started: bool) -> None:
        self._writer().sent = started

    @property
    def response_start(self) -> dict[str, Any]:
        """The ``http.response.start`` event that ``start_response`` made.

        Raises:
            AttributeError: it was not called yet.
        """
        head = self._writer().head
        if head is None:
            raise AttributeError("The application has not called start_response() yet.")
        return head.event()

    @response_start.setter
    def response_start(self, event: dict[str, Any]) -> None:
        self._writer().head = ResponseHead.of(event)

    @property
    def response_content_length(self) -> int | None:
        """The Content-Length of the response in bytes, if it has one."""
        head = self._writer().head
        return None if head is None else head.content_length

    @response_content_length.setter
    def response_content_length(self, length: int | None) -> None:
        head = self._writer().head
        if head is not None:
            head.content_length = length

    def sync_send(self, event: dict[str, Any]) -> None:
        """Send an event by hand; called in the thread of the request.

        Raises:
            ClientGone: nobody is there to get it; it may be let pass.
        """
        if event["type"] == "http.response.start":
            self._response.sent = True
        last = event["type"] == "http.response.body" and not event.get("more_body")
        if not self._exchange.put(event, len(event.get("body") or b""), last=last) and not last:
            raise ClientGone("The client disconnected; nothing more can be sent to it.")

    #: A ``SyncToAsync``, awaited by ``__call__`` with the streaming request body.
    run_wsgi_app: _RunInPlace = _RunInPlace(_run_request)

    def _run(self, body: RequestBody) -> None:
        exchange = self._exchange
        try:
            if exchange.enter():
                self._answer(body)
        except ClientGone:
            pass  # write() told the application, which let it pass
        finally:
            exchange.leave()

    def _answer(self, body: RequestBody) -> None:
        try:
            environ = self.build_environ(self.scope, body)
        except BadRequest as refusal:
            start, end = bad_request(str(refusal), self.scope.get("method") or "")
            self._exchange.put(start, 0, urgent=False)
            self._exchange.put(end, 0, last=True, urgent=False)
            return
        # Untrusted: whatever the application returns is looked at below.
        iterable: Any = self.wsgi_application(environ, self.start_response)
        close: Callable[[], object] | None = getattr(iterable, "close", None)
        if close is None:
            self._send_all(iterable, urgent=False)
            return
        try:
            self._send_all(iterable, urgent=True)
        except BaseException:
            try:
                close()
            except Exception:
                _logger.exception("close() of a failed response failed too; the first error counts")
            raise
        close()

    def _send_all(self, iterable: Any, *, urgent: bool) -> None:
        """Send the blocks in order.

        Args:
            iterable: what the application returned.
            urgent: whether the end of the response must not wait for the end of this thread's work.
        """
        response = self._response
        if type(iterable) is list or type(iterable) is tuple:
            # All blocks are here, so the last one is known: one call of the loop carries it and
            # the end.
            final = len(iterable) - 1
            for index, block in enumerate(iterable):
                last = index == final
                if not response.send(block, last=last, urgent=urgent or not last):
                    break
        else:
            if isinstance(iterable, (CoroutineType, AsyncGeneratorType)):
                kind = (
                    "a coroutine" if isinstance(iterable, CoroutineType) else "an async generator"
                )
                raise TypeError(
                    f"The application returned {kind}, {iterable!r:.80}; a WSGI application must "
                    "return an iterable of bytes, such as a list of them. If it is an ASGI "
                    "application, serve it without WsgiToAsgi."
                )
            # Of the type, as iter() does; the older protocol of sequences counts too.
            kinds = type(iterable)
            if isinstance(iterable, (bytes, str)) or not (
                hasattr(kinds, "__iter__") or hasattr(kinds, "__getitem__")
            ):
                raise TypeError(
                    f"The application returned {iterable!r:.80}; it must return an iterable of "
                    "bytes, such as a list of them."
                )
            region = None
            if type(iterable) is FileWrapper and self._offers_zero_copy():
                region = iterable.region()
            if region is not None:
                response.send_region(region)
            else:
                for block in iterable:
                    if not response.send(block):
                        break
        response.finish(urgent=urgent)

    def _offers_zero_copy(self) -> bool:
        return "http.response.zerocopysend" in (self.scope.get("extensions") or ())


class WsgiToAsgi:
    """An ASGI 3 application that runs a WSGI application.

    Each request runs in one thread: the application's call, the iteration over what it returned and
    ``close()``. Requests run side by side in a pool of threads, unless a ``ThreadSensitiveContext``
    or an enclosing ``async_to_sync`` gives the thread in which they belong.

    Args:
        wsgi_application: the application of PEP 3333.
        duplicate_header_limit: a request with more fields of one name is answered with status 400;
            ``None`` and 0 lift the limit.
        thread_sensitive: whether requests without a home thread share one, one after another.
        max_workers: how many requests run at a time; ``None`` means as many as the default executor
            of an event loop has. Requests that wait for their client do not count.

    Raises:
        TypeError: the application cannot be called or is async, or a number is no integer.
        ValueError: ``max_workers`` is not positive, or ``duplicate_header_limit`` is negative.
    """

    def __init__(
        self,
        wsgi_application: WSGIApplication,
        duplicate_header_limit: int | None = 100,
        *,
        thread_sensitive: bool = False,
        max_workers: int | None = None,
    ) -> None:
        require_wsgi(wsgi_application)
        require_limit(duplicate_header_limit)
        self.wsgi_application = wsgi_application
        self.duplicate_header_limit = duplicate_header_limit
        self._threads = None if thread_sensitive else _RequestThreads(WorkerPool(max_workers))

    async def __call__(
        self,
        scope: Any,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Answer one request; see ``WsgiToAsgiInstance``."""
        instance = WsgiToAsgiInstance(self.wsgi_application, self.duplicate_header_limit)
        instance.request_threads = self._threads
        await instance(scope, receive, send)
