"""Curves on logarithmic axes, as SVG: enough for one picture, and nothing to install."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("Curve", "plot")

WIDTH: Final = 760
HEIGHT: Final = 460
LEFT: Final = 80
RIGHT: Final = 24
TOP: Final = 48
BOTTOM: Final = 140

COLOURS: Final = ("#0b6e4f", "#c44536", "#3d5a98", "#e09f3e")


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of the plot: its name, and its points; all numbers are positive."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


class _Axis:
    """A logarithmic axis from one power of ten to another, mapped to pixels."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.begin = begin
        self.end = end

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)

    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]


def plot(title: str, x_title: str, y_title: str, curves: Sequence[Curve]) -> str:
    """Return the plot as SVG.

    Args:
        title: above it.
        x_title: below the horizontal axis.
        y_title: beside the vertical axis.
        curves: at most as many as there are colours.
    """
    across = _Axis([x for curve in curves for x in curve.x], LEFT, WIDTH - RIGHT)
    up = _Axis([y for curve in curves for y in curve.y], HEIGHT - BOTTOM, TOP)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="13">'
        ),
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="28" font-size="17">{escape(title)}</text>',
    ]
    for tick in across.ticks():
        x = across.at(tick)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{tick:,.0f}</text>'
        )
    for tick in up.ticks():
        y = up.at(tick)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:,g}</text>')
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - BOTTOM + 38}" '
        f'text-anchor="middle">{escape(x_title)}</text>'
    )
    parts.append(
        f'<text transform="translate(20 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" '
        f'text-anchor="middle">{escape(y_title)}</text>'
    )
    for number, (curve, colour) in enumerate(zip(curves, COLOURS, strict=False)):
        points = [(across.at(x), up.at(y)) for x, y in zip(curve.x, curve.y, strict=True)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
        y = HEIGHT - BOTTOM + 62 + 20 * number
        parts.append(f'<path d="M{LEFT} {y - 4}h24" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="{LEFT + 32}" y="{y}">{escape(curve.name)}</text>')
    parts.append("</svg>\n")
    return "\n".join(parts)
