"""A watched application is an application, and what is found has exact types."""

from typing import Literal, assert_type

from asgiref.conformance import CLAUSES, Clause, ConformanceError, Finding, Validator, validate
from asgiref.testing import ApplicationCommunicator
from asgiref.typing import (
    ASGI3Application,
    ASGIApplication,
    ASGIReceiveCallable,
    ASGISendCallable,
    Scope,
    asgi_application,
)


async def plain(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """An application that is exact, and says so to nobody."""


@asgi_application
async def exact(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """An application that every consumer accepts."""


class Double:
    """An ASGI 2 application."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve."""


# MAIN-36: applications of either style go in, ASGI 3 comes out
watched: list[ASGI3Application] = [validate(plain), validate(exact), validate(Double)]
# MAIN-36: what came out goes in again
again: ASGIApplication = validate(watched[0], strict=True, party="server")
# MAIN-36: and into what drives applications
driven: ApplicationCommunicator = ApplicationCommunicator(validate(plain), {"type": "http"})


def told(finding: Finding) -> None:
    """Read all there is to read."""
    assert_type(finding.clause, Clause)
    assert_type(finding.severity, Literal["error", "warning", "note"])
    assert_type(finding.side, Literal["application", "server"])
    assert_type(finding.trace, tuple[str, ...])
    assert_type(finding.message + finding.path + finding.expected + finding.got, str)
    assert_type(CLAUSES[finding.clause.id].derived, bool)


validator: Validator = validate(plain, on_finding=told, party="both")
findings: list[Finding] = validator.findings


def judged(error: ConformanceError) -> tuple[Finding, ...]:
    """Take a group apart."""
    return error.findings
