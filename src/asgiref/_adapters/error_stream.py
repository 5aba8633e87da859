"""Where WSGI applications write what went wrong (``wsgi.errors``, PEP 3333)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("ErrorStream",)


class ErrorStream:
    """The standard error of the moment, made safe for any text.

    ``sys.stderr`` is looked up at each call, so that a test or a server that replaced it is
    followed; where a process has none, the text is dropped.
    """

    __slots__ = ()

    def write(self, text: str) -> int:
        """Write ``text``; what the encoding of the stream cannot say is written as escapes.

        Returns:
            The number of characters taken.
        """
        stream = sys.stderr
        # typeshed knows no process without standard streams (pythonw, some service managers).
        if stream is not None:
            try:
                stream.write(text)
            except UnicodeEncodeError:
                encoding = getattr(stream, "encoding", None) or "ascii"
                stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of ``lines``; no line ends are added."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Pass on what the stream holds back."""
        if sys.stderr is not None:
            sys.stderr.flush()
