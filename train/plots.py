"""Curves and reliability as inline SVG that follows the page: light or dark, its fonts, its accent colour."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from train.fit import Point
from train.metrics import BINS, softmax

# matplotlib draws in these, and they become the page's own.
INK, ACCENT, QUIET = "#010203", "#010204", "#010205"
_PAGE = {INK: "currentColor", ACCENT: "var(--accent)", QUIET: "var(--quiet)"}
_STYLE: Any = {  # matplotlib's own type lists its 300 settings
    "svg.fonttype": "none",  # text stays text: selectable, read aloud, in the page's font
    "svg.hashsalt": "safelight",  # equal input, equal bytes
    "text.color": INK,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "font.size": 9,
    "legend.frameon": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
}


def curves(history: Sequence[Point], best: Point) -> str:
    """Loss and accuracy over the steps of one phase, the kept one marked."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(7.6, 2.6), layout="constrained")
        loss, accuracy = figure.subplots(1, 2)
        steps = range(1, len(history) + 1)
        kept = list(history).index(best) + 1
        _lines(loss, steps, [p.train_loss for p in history], [p.validation_loss for p in history], "Loss (nats)")
        _lines(accuracy, steps, [p.train_accuracy for p in history], [p.validation_accuracy for p in history], "Accuracy")
        loss.plot([kept], [best.validation_loss], "o", color=ACCENT, markersize=5)
        accuracy.plot([kept], [best.validation_accuracy], "o", color=ACCENT, markersize=5)
        loss.set_ylim(0, max(p.validation_loss for p in history) * 1.1)
        accuracy.legend(loc="lower right")
        return _svg(figure, "Loss and accuracy on training and validation photos over the steps of training")


def reliability(logits: NDArray[np.float64], labels: NDArray[np.int64], temperature: float) -> str:
    """How often answers are right against how sure they were, after the temperature."""
    probabilities = softmax(logits / temperature)
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    there = np.unique(bins)
    x = [confidence[bins == index].mean() for index in there]
    y = [right[bins == index].mean() for index in there]
    sizes = [12 + 160 * (bins == index).mean() for index in there]
    with rc_context(_STYLE):
        figure = Figure(figsize=(3.4, 3.0), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], "--", color=QUIET, linewidth=1)
        axes.scatter(x, y, s=sizes, color=ACCENT, alpha=0.75, linewidths=0)
        axes.set(xlim=(0, 1.03), ylim=(0, 1.03), xlabel="how sure it was", ylabel="how often it was right")
        return _svg(figure, "Accuracy against confidence on test photos; on the dashed line both agree")


def _lines(axes: Axes, steps: Sequence[int], train: Sequence[float], validation: Sequence[float], title: str) -> None:
    axes.plot(steps, train, color=QUIET, linewidth=1.4, label="train")
    axes.plot(steps, validation, color=ACCENT, linewidth=1.6, label="validation")
    axes.set_title(title)
    axes.set_xlabel("step")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _svg(figure: Figure, alt: str) -> str:
    """The figure without namespaces, metadata and fonts, ready to stand in HTML."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1), count=1)
    for colour, page in _PAGE.items():
        text = text.replace(colour, page)
    return text.replace("<svg", f'<svg role="img" aria-label="{alt}"', 1)
