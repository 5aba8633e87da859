"""An ASGI application behind any WSGI server (PEP 3333; ASGI, HTTP and lifespan)."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import errno
import inspect
import io
import logging
import os
import threading
import weakref
from asyncio import _get_running_loop
from typing import TYPE_CHECKING, Any, Final, get_args

from asgiref._adapters.application_loop import ApplicationLoop
from asgiref._adapters.asgi_response import AsgiResponse, disconnected
from asgiref._adapters.compatibility import (
    guarantee_single_callable,
    is_double_callable,
)
from asgiref._adapters.environ import BadRequest, build_scope, content_length_of
from asgiref._adapters.lifespan_runner import LifespanMode
from asgiref._adapters.served_file import ServedFile, file_blocks
from asgiref._bridge.conversation import Conversation
from asgiref._bridge.state import current_home
from asgiref._bridge.sync_to_async import sync_to_async

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from wsgiref.types import StartResponse

    from asgiref._adapters.asgi_response import FileToSend
    from asgiref._protocol.applications import ASGIApplication

__all__ = ("AsgiToWsgi",)

_logger: Final = logging.getLogger("asgiref.wsgi")

#: Bytes that one ``receive`` asks ``wsgi.input`` for.
READ_BYTES: Final = 64 * 1024

#: Offered where the server has a ``wsgi.file_wrapper``.
_FILE_EVENTS: Final = ("http.response.pathsend", "http.response.zerocopysend")


class AsgiToWsgi:
    """A WSGI application that runs an ASGI application.

    All requests and the lifespan run in one event loop, in a thread of its own, which is made for
    the first request of a process. The thread of the WSGI server is the home thread of its request:
    the application's thread-sensitive code runs there.

    Args:
        asgi_application: an ASGI 2 or ASGI 3 application; it gets ``http`` and ``lifespan`` scopes.
        lifespan: ``"auto"`` serves applications that know no lifespan, ``"on"`` refuses them,
            ``"off"`` does not ask.

    Raises:
        TypeError: the application cannot be called as ASGI 2 or ASGI 3 wants it.
        ValueError: ``lifespan`` is none of these.
    """

    #: Seconds that an application gets to end after its client has left within its response; then
    #: it is cancelled. ``None`` waits for ever.
    disconnect_timeout: float | None = 30.0

    def __init__(
        self, asgi_application: ASGIApplication, *, lifespan: LifespanMode = "auto"
    ) -> None:
        if lifespan not in get_args(LifespanMode):
            raise ValueError(f"lifespan must be 'auto', 'on' or 'off', not {lifespan!r}.")
        _require_asgi(asgi_application)
        self.asgi_application = asgi_application
        self.lifespan: LifespanMode = lifespan
        self._host: ApplicationLoop | None = None
        self._guard = threading.Lock()
        self._process = os.getpid()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333).

        Args:
            environ: the request.
            start_response: called once, before this returns.

        Returns:
            The blocks of the response. Their ``close()`` waits for the application to end.

        Raises:
            BaseException: what the application raised before its response began.
            ConnectionResetError: the client left before its request was whole, and so the
                application ended without a response.
            RuntimeError: the application ended without a response, or did not start up; or the
                event loop of this thread is running, which would stand still meanwhile.
        """
        if _get_running_loop() is not None:
            raise RuntimeError(
                "You cannot call AsgiToWsgi in the same thread as an async event loop - just await "
                "the ASGI application directly."
            )
        request = _Request(self._hosted(), environ, self.disconnect_timeout)
        return request.begin(start_response)

    def close(self) -> None:
        """Shut the application down and end its loop; a later request starts both anew.

        Called at the interpreter's exit, if not before.
        """
        with self._guard:
            host, self._host = self._host, None
        if host is not None and host.process == os.getpid():
            host.stop()

    def _hosted(self) -> ApplicationLoop:
        if self._process != os.getpid():  # none of the parent's threads is here
            self._process, self._host, self._guard = os.getpid(), None, threading.Lock()
        host = self._host
        if host is not None:
            return host
        with self._guard:
            if self._host is None:
                application = guarantee_single_callable(self.asgi_application)
                self._host = ApplicationLoop(application, self.lifespan)
                _close_at_exit(self)
            return self._host


def _require_asgi(application: ASGIApplication) -> None:
    """Reject what no call as an ASGI application could reach.

    Raises:
        TypeError: saying what an ASGI application is.
    """
    if not is_double_callable(application) or isinstance(application, type):
        return
    try:
        # A wrapper's own signature is the one that is called.
        signature = inspect.signature(application, follow_wrapped=False)
    except (TypeError, ValueError):
        return  # compiled callables may hide it: the first request tells
    try:
        signature.bind(None)
    except TypeError:
        raise TypeError(
            f"AsgiToWsgi got {application!r} with the signature {signature}, which is no ASGI "
            "application: that is an `async def` of (scope, receive, send), or a callable of "
            "(scope) in ASGI 2. A WSGI application needs no AsgiToWsgi; a function that returns "
            "an awaitable needs asgiref.sync.markcoroutinefunction."
        ) from None


def _close_at_exit(adapter: AsgiToWsgi) -> None:
    """Let the interpreter's exit shut the application down."""
    reference = weakref.ref(adapter)

    def close() -> None:
        living = reference()
        if living is not None:
            living.close()

    # The ordinary handlers run when executors have ended, which a shutdown may still need.
    register: Callable[[Callable[[], None]], object] = getattr(
        threading, "_register_atexit", atexit.register
    )
    register(close)


class _Request:
    """One request, and its response as PEP 3333 wants it: an iterable with ``close()``.

    Methods of the first part run in the server's thread, the others in the application's loop.
    """

    def __init__(
        self, host: ApplicationLoop, environ: Mapping[str, Any], patience: float | None
    ) -> None:
        self._host = host
        self._patience = patience
        self._input: Any = environ.get("wsgi.input") or io.BytesIO()
        self._left = _body_length(environ)  # bytes still to be read; None up to the end
        self._whole = False  # the application was told all of the body
        self._cut_off = False  # it was told that the body ended early
        self._wrap_file: Callable[[Any, int], Iterable[bytes]] | None = environ.get(
            "wsgi.file_wrapper"
        )
        offered = _FILE_EVENTS if self._wrap_file is not None else ()
        self._scope = build_scope(
            environ, extensions={name: {} for name in offered}, state=host.state
        )
        self._response = AsgiResponse(
            self._scope["method"], frozenset(offered), self._notify, self._stop_reading
        )
        self._wanted = False  # the loop wants a block of the body
        self._reading: asyncio.Future[bytes | None] | None = None  # and waits for it
        self._task: asyncio.Task[Any] | None = None
        self._blocks: Iterator[bytes] | None = None  # of the file that stands for a block
        self._ended = False  # nothing more of the response is to be given
        self._impatient = False  # the application was cancelled for taking too long to end
        self._thread = threading.get_ident()
        self._start_response: StartResponse | None = None
        self._begun = False  # start_response() was called
        self._write: Callable[[bytes], object] | None = None  # what it returned
        self._lost = False  # write() found that the client has left
        self._home: object | None = None  # of the application: the server's thread
        self._conversation = Conversation(self._run, host.loop)

    def begin(self, start_response: StartResponse) -> Iterable[bytes]:
        """Wait for the first part of the response, and call ``start_response``."""
        response = self._response
        self._start_response = start_response
        if not self._wait_for_part():
            if self._begun:
                return self  # what there was is written
            # Over without a part: what it began was never told to anybody.
            self._ended = True
            self._conversation.result()
            raise self._unfinished()
        if self._begun:
            return self
        self._start()
        file = response.peek().file
        if file is not None and response.peek().last and self._wrap_file is not None:
            served = self._open(file)
            if served is not None:
                return self._wrap_file(served, READ_BYTES)
        return self

    def _start(self) -> None:
        assert self._start_response is not None
        assert self._response.status is not None
        self._write = self._start_response(self._response.status, self._response.headers)
        self._begun = True

    def _write_parts(self) -> bool:
        """Give the server by ``write()`` what is there; false where this is not its thread.

        The application waits for this in the server's thread, below ``async_to_sync``: a part would
        wait for this thread, and this thread for the part.
        """
        if threading.get_ident() != self._thread:
            return False
        response = self._response
        while response.ready and not self._ended:
            if not self._begun:
                self._start()
            write = self._write
            if write is None:  # against PEP 3333: then all of it has to wait
                break
            part, release = response.take()
            self._ended = part.last
            if release:
                self._call_loop(response.release)
            try:
                for block in (part.block,) if part.file is None else self._read_file(part.file):
                    if block:
                        write(block)
            except Exception:  # noqa: BLE001  (servers have errors of their own for a lost client)
                self._ended = self._lost = True
            if part.file is not None:
                self._call_loop(response.file_sent)
        return True

    def _open(self, file: FileToSend) -> ServedFile | None:
        if isinstance(file.source, str):
            return ServedFile.of_path(file.source, self.close)
        return ServedFile.again(file.source, file.offset, file.length, self.close)

    def __iter__(self) -> Iterator[bytes]:
        """Return the request itself: its response can be taken once."""
        return self

    def __next__(self) -> bytes:
        """Return the next block, waiting for it."""
        while True:
            if self._blocks is not None:
                block = next(self._blocks, b"")
                if block:
                    return block
                self._blocks = None
                self._call_loop(self._response.file_sent)
            if self._ended:
                raise StopIteration
            if not self._wait_for_part():
                if self._ended:  # the rest was written
                    raise StopIteration
                self._ended = True
                self._fail()
            part, release = self._response.take()
            if release:
                self._call_loop(self._response.release)
            if part.last:
                self._ended = True
            if part.file is not None:
                self._blocks = self._read_file(part.file)
            elif part.block:
                return part.block

    def _read_file(self, file: FileToSend) -> Iterator[bytes]:
        if isinstance(file.source, str):
            with open(file.source, "rb") as opened:
                yield from file_blocks(opened, 0, None)
        else:
            yield from file_blocks(file.source, file.offset, file.length)

    def _fail(self) -> None:
        """Cut the response off: the server must not take it for a whole one."""
        try:
            self._conversation.result()
        except Exception:
            _logger.exception("The application failed within its response, which is cut off.")
            raise
        raise self._unfinished()

    def _unfinished(self) -> Exception:
        what = "a response" if self._response.status is None else "the end of its response"
        if self._cut_off:
            # By its number servers know it for the client's doing, and do not log it as a failure.
            return ConnectionResetError(
                errno.ECONNRESET,
                "The client left before its request was whole, and the application, which was told "
                f"so, returned without {what}",
            )
        return RuntimeError(f"The application returned without {what}.")

    def close(self) -> None:
        """Let the application hear of the end, and serve it until it has ended too."""
        response = self._response
        early = not self._ended or self._lost or self._blocks is not None
        self._ended = True
        if early or not response.complete:
            self._call_loop(self._disconnect)
        else:
            self._call_loop(response.file_sent)
        try:
            self._conversation.result()
        except asyncio.CancelledError:
            if not self._impatient:
                raise
            _logger.warning(
                "The application did not end within %s seconds after its client had left; "
                "it was cancelled.",
                self._patience,
            )
        except Exception as error:
            if not (early and isinstance(error, OSError)):
                _logger.error("The application failed after its response.", exc_info=error)

    def _call_loop(self, callback: Callable[[], None]) -> None:
        # A loop that was closed has taken the application with it.
        with contextlib.suppress(RuntimeError):
            self._host.loop.call_soon_threadsafe(callback)

    def _wait_for_part(self) -> bool:
        """Serve the application until a part is there; false when it has ended without."""
        response, conversation = self._response, self._conversation
        while True:
            conversation.wait(lambda: response.ready or self._wanted or self._ended)
            if self._ended:
                return False
            # A part goes first: the client may wait for it before it sends more of the body.
            if response.ready:
                return True
            if conversation.over:
                return False
            self._wanted = False
            block = self._read()
            self._call_loop(lambda block=block: self._deliver(block))  # type: ignore[misc]  # a lambda's default has no annotation

    def _read_below(self, waited_for: bool) -> tuple[bool, bytes | None]:
        """Read a block for the application, which waits for it in this thread.

        Args:
            waited_for: whether another ``receive`` waits for a block already.

        Returns:
            Whether a block was read, and the block.
        """
        if threading.get_ident() != self._thread or (waited_for and not self._wanted):
            return False, None
        self._wanted = False
        return True, self._read()

    def _read(self) -> bytes | None:
        """Read a block of the request body: ``b""`` at its end, ``None`` where it was cut off."""
        left = self._left
        size = READ_BYTES if left is None else min(left, READ_BYTES)
        source = self._input
        try:
            # read() may wait for all of the size; a stream that can say what it has is better.
            read: Callable[[int], bytes] = getattr(source, "read1", None) or source.read
            block = read(size)
        except Exception:  # noqa: BLE001  (servers have errors of their own for a lost client)
            return None
        if left is not None:
            if not block:
                return None
            self._left = left - len(block)
        elif not block:
            self._left = 0
        return block

    # -- in the loop

    async def _run(self) -> None:
        self._task = asyncio.current_task()
        self._home = current_home()
        await self._host.application(self._scope, self._receive, self._send)

    async def _send(self, event: dict[str, Any]) -> None:
        response = self._response
        if current_home() is self._home:
            await response.send(event)
            return
        # Below async_to_sync, perhaps in the server's thread.
        part = response.put(event)
        if part is None:
            return
        if not await sync_to_async(self._write_parts)():
            await response.wait_until_taken(part)
        elif self._lost and not part.last:
            response.close()
            raise disconnected("http.response.body")

    async def _receive(self) -> dict[str, Any]:
        if self._whole or self._cut_off:
            if self._whole:
                await self._response.over.wait()
            return {"type": "http.disconnect"}
        block: bytes | None = b""
        if self._left != 0:
            block = await self._next_block()
            if block is None:
                self._cut_off = True
                return {"type": "http.disconnect"}
        self._whole = self._left == 0
        return {"type": "http.request", "body": block, "more_body": not self._whole}

    async def _next_block(self) -> bytes | None:
        """Have the server's thread read; a ``receive`` that is cancelled leaves the block here."""
        if self._response.over.is_set():
            return None
        reading = self._reading
        if current_home() is not self._home and (reading is None or not reading.done()):
            done, block = await sync_to_async(self._read_below)(reading is not None)
            if done:
                self._reading = None
                return block
            reading = self._reading
        if reading is None:
            reading = self._reading = self._host.loop.create_future()
            self._wanted = True
            self._notify()
        await asyncio.wait((reading,))
        if self._reading is reading:
            self._reading = None
        return reading.result()

    def _deliver(self, block: bytes | None) -> None:
        if self._reading is not None and not self._reading.done():
            self._reading.set_result(block)

    def _stop_reading(self) -> None:
        self._wanted = False
        self._deliver(None)

    def _notify(self) -> None:
        self._conversation.notify()

    def _disconnect(self) -> None:
        self._response.close()
        task = self._task
        if self._patience is not None and task is not None and not task.done():
            timer = self._host.loop.call_later(self._patience, self._give_up, task)
            # It holds the request, and those of half a minute are many.
            task.add_done_callback(lambda _: timer.cancel())

    def _give_up(self, task: asyncio.Task[Any]) -> None:
        if not self._conversation.over:
            self._impatient = True
            task.cancel()


def _body_length(environ: Mapping[str, Any]) -> int | None:
    """Return how many bytes ``wsgi.input`` has for the request; ``None`` means up to its end."""
    value = environ.get("CONTENT_LENGTH")
    if value:
        try:
            length = content_length_of([str(value).encode("latin-1")])
        except BadRequest:
            length = 0  # the server accepted what it should not have: there is no telling its end
        return length
    return None if environ.get("wsgi.input_terminated") else 0
