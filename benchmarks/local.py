"""`Local`: what reading and writing an attribute costs."""

from __future__ import annotations

import threading
from time import perf_counter

from asgiref.local import Local
from benchmarks.suite import Suite

SUITE = Suite("Local")


@SUITE.case("read", target=0.3)
def read(loops: int) -> float:
    """Read one attribute."""
    local = Local()
    local.attribute = 1
    begin = perf_counter()
    for _ in range(loops):
        local.attribute  # noqa: B018 - reading is what is measured
    return perf_counter() - begin


@read.rival("threading.local", target=5.0)
def read_threading(loops: int) -> float:
    """Read one attribute of the standard library's."""
    local = threading.local()
    local.attribute = 1
    begin = perf_counter()
    for _ in range(loops):
        local.attribute  # noqa: B018 - reading is what is measured
    return perf_counter() - begin


@SUITE.case("write", target=0.8)
def write(loops: int) -> float:
    """Write one attribute, over and over."""
    local = Local()
    begin = perf_counter()
    for number in range(loops):
        local.attribute = number
    return perf_counter() - begin


@SUITE.case("thread-critical read", target=0.5)
def read_thread_critical(loops: int) -> float:
    """Read one attribute of a thread-critical one."""
    local = Local(thread_critical=True)
    local.attribute = 1
    begin = perf_counter()
    for _ in range(loops):
        local.attribute  # noqa: B018 - reading is what is measured
    return perf_counter() - begin


@SUITE.case("thread-critical write")
def write_thread_critical(loops: int) -> float:
    """Write one attribute of a thread-critical one."""
    local = Local(thread_critical=True)
    begin = perf_counter()
    for number in range(loops):
        local.attribute = number
    return perf_counter() - begin
