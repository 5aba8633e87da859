"""The common ground between synchronous and asynchronous Python on the web."""

__version__ = "3.14.0.dev0"
