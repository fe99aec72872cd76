"""Charts as inline SVG that take the page's colours and font: legible light, dark, printed and read aloud.

Drawn by hand, because a plotting library costs more time than the training itself: 2 s to load, 1 s a figure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from train.fit import Point
from train.metrics import BINS, softmax

LEAST_LOSS = 1e-4  # nats; a loss below is drawn here, zero has no logarithm
PLOT_WIDTH, PLOT_HEIGHT = 300.0, 160.0  # of the area inside the axes, in SVG units
LEFT, TOP, RIGHT, BOTTOM = 44.0, 26.0, 12.0, 38.0  # margins around it


@dataclass(frozen=True)
class Scale:
    """Numbers → places along an axis, and the numbers written beside it."""

    low: float
    high: float
    ticks: tuple[float, ...]
    is_log: bool = False

    def share(self, value: float) -> float:
        """0 at `low`, 1 at `high`."""
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def curves(history: Sequence[Point], best: Point) -> str:
    """Loss and accuracy over the steps of one phase, the kept one marked."""
    kept = list(history).index(best)
    losses = [[max(value, LEAST_LOSS) for value in series] for series in _series(history, "loss")]
    accuracies = _series(history, "accuracy")
    low = min(min(series) for series in accuracies)
    left = _lines(losses, log_scale(losses), kept, "loss (nats)")
    right = _lines(accuracies, linear_scale(low, 1.0), kept, "accuracy")
    shift = LEFT + PLOT_WIDTH + RIGHT + 20
    body = f'{left}<g transform="translate({shift:g} 0)">{right}</g>'
    return _svg(body, shift + LEFT + PLOT_WIDTH + RIGHT, "Loss and accuracy on training and validation photos over the steps of training")


def reliability(logits: NDArray[np.float64], labels: NDArray[np.int64], temperature: float) -> str:
    """How often answers were right against how sure they were, after the temperature; a dot's area is its photos."""
    probabilities = softmax(logits / temperature)
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    unit = Scale(0, 1, (0, 0.25, 0.5, 0.75, 1))
    dots = [f'<path class="quiet" stroke-dasharray="4 4" d="M{_x(0, unit)} {_y(0, unit)}L{_x(1, unit)} {_y(1, unit)}"/>']
    for index in np.unique(bins):
        inside = bins == index
        x, y = _x(float(confidence[inside].mean()), unit), _y(float(right[inside].mean()), unit)
        dots.append(f'<circle class="dot" cx="{x}" cy="{y}" r="{2.5 + 9 * math.sqrt(inside.mean()):.1f}"/>')
    frame = _frame(unit, unit, "how often it was right", "how sure it was")
    alt = "Accuracy against confidence on test photos; on the dashed line both agree"
    return _svg(frame + "".join(dots), LEFT + PLOT_WIDTH + RIGHT, alt)


def linear_scale(low: float, high: float, most: int = 5) -> Scale:
    """A scale from a round number at or below `low` to `high`, with up to about `most` round ticks."""
    span = max(high - low, 1e-3)
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(step * power for step in (1, 2, 5, 10) if step * power * most >= span)
    first = math.floor(low / step + 1e-9)
    ticks = tuple(round(index * step, 10) for index in range(first, math.floor(high / step + 1e-9) + 1))
    return Scale(ticks[0] if ticks[0] < high else high - step, high, ticks)


def log_scale(series: Sequence[Sequence[float]]) -> Scale:
    """Whole decades around all values."""
    low = math.floor(math.log10(min(map(min, series))))
    high = max(math.ceil(math.log10(max(map(max, series)))), low + 1)
    return Scale(10.0**low, 10.0**high, tuple(10.0**power for power in range(low, high + 1)), is_log=True)


def _series(history: Sequence[Point], what: str) -> list[list[float]]:
    return [[getattr(point, f"{side}_{what}") for point in history] for side in ("train", "validation")]


def _lines(series: Sequence[Sequence[float]], scale: Scale, kept: int, title: str) -> str:
    steps = linear_scale(0, max(len(series[0]), 5))
    parts = [_frame(steps, scale, title, "step")]
    for name, values in zip(("quiet", "accent"), series, strict=True):
        points = " ".join(f"{_x(index + 1, steps)},{_y(value, scale)}" for index, value in enumerate(values))
        parts.append(f'<polyline class="{name}" points="{points}"/>')
    parts.append(f'<circle class="dot" cx="{_x(kept + 1, steps)}" cy="{_y(series[1][kept], scale)}" r="4"/>')
    return "".join(parts)


def _frame(across: Scale, up: Scale, title: str, below: str) -> str:
    """Axes, ticks and names."""
    bottom, right = TOP + PLOT_HEIGHT, LEFT + PLOT_WIDTH
    parts = [f'<path class="axis" d="M{LEFT:g} {TOP:g}V{bottom:g}H{right:g}"/>']
    for tick in up.ticks:
        y = _y(tick, up)
        parts.append(
            f'<path class="grid" d="M{LEFT:g} {y}H{right:g}"/><text x="{LEFT - 6:g}" y="{y}" dy=".35em" class="end">{tick:g}</text>'
        )
    parts += [f'<text x="{_x(tick, across)}" y="{bottom + 15:g}" class="middle">{tick:g}</text>' for tick in across.ticks]
    parts.append(f'<text x="{LEFT:g}" y="14" class="title">{escape(title)}</text>')
    parts.append(f'<text x="{LEFT + PLOT_WIDTH / 2:g}" y="{bottom + 32:g}" class="middle">{escape(below)}</text>')
    return "".join(parts)


def _x(value: float, scale: Scale) -> str:
    return f"{LEFT + PLOT_WIDTH * scale.share(value):.1f}"


def _y(value: float, scale: Scale) -> str:
    return f"{TOP + PLOT_HEIGHT * (1 - scale.share(value)):.1f}"


def _svg(body: str, width: float, alt: str) -> str:
    height = TOP + PLOT_HEIGHT + BOTTOM
    return f'<svg role="img" aria-label="{escape(alt)}" viewBox="0 0 {width:g} {height:g}">{body}</svg>'
