"""Whatever a test does with a communicator, and whatever the application does: a model predicts it.

The application follows a script of sends and receives, and returns, fails or hangs at its end. The
test performs any sequence of operations. The model is a queue of outputs and an ending.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from asgiref.testing import ApplicationCommunicator
from tests.doubles import ScriptedApplication, run_in_virtual_time

Operation: TypeAlias = Literal["send", "output", "nothing", "wait", "stop"]
Ending: TypeAlias = Literal["return", "fail", "hang"]

scripts = st.lists(st.sampled_from(["send", "receive"]), max_size=6)
endings: st.SearchStrategy[Ending] = st.sampled_from(["return", "fail", "hang"])
operations: st.SearchStrategy[list[Operation]] = st.lists(
    st.sampled_from(["send", "output", "nothing", "wait", "stop"]), max_size=12
)


class PlannedError(Exception):
    """What the application fails with."""


@dataclass
class Model:
    """What the application has done, as seen when it has nothing left to do at once."""

    script: list[str]
    ending: Ending
    started: bool = False
    inputs: int = 0
    sent: int = 0
    outputs: list[int] = field(default_factory=list)
    end: Literal["return", "fail", "stopped"] | None = None

    def advance(self) -> None:
        """Let the application go as far as it can."""
        while self.started and self.end is None and self.script:
            if self.script[0] == "receive":
                if not self.inputs:
                    return
                self.inputs -= 1
            else:
                self.outputs.append(self.sent)
                self.sent += 1
            self.script.pop(0)
        if self.started and self.end is None and self.ending != "hang":
            self.end = self.ending

    def do(self, operation: Operation) -> object:
        """Return what the operation gives or raises."""
        result: object = None
        if operation == "send":
            self.started = True
            self.inputs += 1
        elif operation == "stop":
            if self.end == "fail":
                return "failure"
            self.end = self.end or ("stopped" if self.started else None)
        else:
            self.started = True
            self.advance()
            result = self._look(operation)
        self.advance()
        return result

    def _look(self, operation: Operation) -> object:
        if operation == "wait":
            self.end = self.end or "stopped"
            return "failure" if self.end == "fail" else None
        if self.outputs:
            return self.outputs.pop(0) if operation == "output" else False
        if self.end == "fail":
            return "failure"
        return True if operation == "nothing" else "timeout"


async def perform(communicator: ApplicationCommunicator, operation: Operation) -> object:
    """Do the real operation, and put its outcome as the model does."""
    try:
        if operation == "send":
            await communicator.send_input({})
        elif operation == "output":
            return (await communicator.receive_output())["number"]
        elif operation == "nothing":
            return await communicator.receive_nothing()
        elif operation == "wait":
            await communicator.wait()
        else:
            communicator.stop()
    except PlannedError:
        return "failure"
    except TimeoutError:
        return "timeout"
    finally:
        # The application takes everything it can in one step; a cancellation needs some more.
        for _ in range(5):
            await asyncio.sleep(0)
    return None


@given(scripts, endings, operations)
def test_every_operation_does_what_the_model_predicts(
    script: list[str], ending: Ending, wanted: list[Operation]
) -> None:
    """Outputs in order, then the ending; no operation but wait and stop ends the application."""
    number = iter(range(len(script)))
    steps: list[dict[str, Any] | BaseException | str] = [
        {"number": next(number)} if step == "send" else ScriptedApplication.RECEIVE
        for step in script
    ]
    last: dict[Ending, list[BaseException | str]] = {
        "return": [],
        "fail": [PlannedError()],
        "hang": [ScriptedApplication.HANG],
    }

    async def play() -> list[object]:
        communicator = ApplicationCommunicator(ScriptedApplication(*steps, *last[ending]), {})
        seen = [await perform(communicator, operation) for operation in wanted]
        communicator.stop(exceptions=False)
        return seen

    model = Model(list(script), ending)
    assert run_in_virtual_time(play()) == [model.do(operation) for operation in wanted]
