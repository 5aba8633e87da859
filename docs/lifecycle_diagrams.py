"""Draw the state diagrams of docs/protocol.md from the tables of the package.

Run it from the repository's root after a change of the tables::

    python -m docs.lifecycle_diagrams

It rewrites what stands between the page's markers and leaves the prose alone. A test compares.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from asgiref._protocol.lifecycle import LIFECYCLES, Step

if TYPE_CHECKING:
    from asgiref._protocol.lifecycle import Lifecycle

PAGE: Final = Path(__file__).with_name("protocol.md")
_PART: Final = re.compile(
    r"(?P<open><!-- lifecycle: (?P<name>.+?) -->\n).*?(?P<close><!-- end -->)", re.DOTALL
)


def label(step: Step) -> str:
    """Describe a step in one line: direction, event, flag, extension."""
    text = f"{step.direction} {step.event}"
    if step.flag is not None:
        text += f" ({step.flag})" if step.value else f" (not {step.flag})"
    return text + ("*" if step.extension else "")


def diagram(lifecycle: Lifecycle) -> str:
    """Draw the legal steps; several between the same two states share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for step in lifecycle.steps:
        arrows[step.state, step.target].append(label(step))
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {lifecycle.initial}"]
    lines += [
        f"    {state} --> {target}: {'<br/>'.join(dict.fromkeys(labels))}"
        for (state, target), labels in arrows.items()
    ]
    lines += [f"    {state} --> [*]" for state in lifecycle.states if final(lifecycle, state)]
    return "\n".join([*lines, "```"])


def final(lifecycle: Lifecycle, state: str) -> bool:
    """Tell whether the application may return in a state."""
    return state not in lifecycle.unfinished


def tables(lifecycle: Lifecycle) -> str:
    """List the states, the clause of every legal step and that of every breach."""
    lines = ["| State | Meaning | Returning here |", "|---|---|---|"]
    for state, meaning in lifecycle.states.items():
        ending = lifecycle.unfinished.get(state)
        lines.append(f"| {state} | {meaning} | {f'breaks {ending}' if ending else 'legal'} |")
    lines += ["", "| In | Legal | Then | Clause |", "|---|---|---|---|"]
    lines += [
        f"| {step.state} | {label(step)} | {step.target} | {step.clause} |"
        for step in lifecycle.steps
    ]
    lines += ["", "| In | Illegal | Breaks |", "|---|---|---|"]
    lines += [
        f"| {', '.join(breach.states)} | {breach.direction} {', '.join(breach.events)} "
        f"| {breach.clause} |"
        for breach in lifecycle.breaches
    ]
    return "\n".join(lines)


def page(text: str) -> str:
    """Return the page with everything between the markers drawn anew.

    Args:
        text: the page as it is.

    Raises:
        KeyError: a marker names a lifecycle that does not exist.
    """
    named = {each.name: each for several in LIFECYCLES.values() for each in several}

    def drawn(part: re.Match[str]) -> str:
        lifecycle = named[part["name"]]
        return f"{part['open']}\n{diagram(lifecycle)}\n\n{tables(lifecycle)}\n\n{part['close']}"

    return _PART.sub(drawn, text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
