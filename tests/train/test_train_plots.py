from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import matplotlib
import numpy as np
import pytest

from train import plots
from train.fit import Point
from train.metrics import Labels, Probabilities, softmax

HISTORY = [Point("head", 0.1, step, 1 / step, 1.2 / step, 1 - 0.2 / step, 0.95 - 0.2 / step) for step in range(1, 31)]


def curves(history: list[Point] = HISTORY) -> str:
    return plots.curves(history, history[-1])


def reliability(spread: float = 1) -> str:
    logits = np.random.default_rng(0).normal(size=(200, 3)) * spread
    return plots.reliability(logits, np.zeros(200, np.int64), 1.0)


def probabilities(seed: int = 0) -> tuple[Probabilities, Labels]:
    return softmax(np.random.default_rng(seed).normal(size=(200, 3))), np.zeros(200, np.int64)


def risks() -> str:
    return plots.risks(probabilities(), probabilities(1), 0.8)


def intervals() -> str:
    return plots.intervals([("a <b> & $1$", 0.9, 0.8, 0.95), ("other", 0.7, 0.6, 0.8)])


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def split(svgs: str) -> list[str]:
    return re.findall(r"<svg.*?</svg>", svgs, re.DOTALL)


def identifiers(svg: str) -> list[str]:
    return re.findall(r'\bid="([^"]+)"', svg)


CHARTS = pytest.mark.parametrize("chart", [curves, reliability, risks, intervals])


@CHARTS
def test_charts_leave_colours_and_font_to_the_page(chart: Callable[[], str]) -> None:
    svg = chart()
    colors = re.findall(r"(?:fill|stroke): ([^;\"]+)", svg)
    assert set(colors) - {"none"} == {"var(--ink)", "var(--quiet)", "var(--line)", "var(--accent)"}, (
        "a fixed colour fails in light or in dark"
    )
    assert set(re.findall(r"font-family: ([^;\"]+)", svg)) == {"system-ui, sans-serif"}
    assert "<style" not in svg, "it would hold for the whole page"


@CHARTS
def test_the_same_figures_give_the_same_bytes(chart: Callable[[], str]) -> None:
    assert chart() == chart()


@CHARTS
def test_charts_carry_no_addresses(chart: Callable[[], str]) -> None:
    assert not re.search(r"https?:|xmlns|<\?xml|<!DOCTYPE|<metadata", chart())


def test_charts_of_one_page_share_no_identifiers() -> None:
    fine_tuning = [replace(point, phase="fine-tune") for point in HISTORY]
    page = [identifiers(svg) for svg in (*split(curves()), *split(curves(fine_tuning)), reliability(), risks(), intervals())]
    assert all(page), "each chart names something, so this test can fail"
    assert sum(map(len, page)) == len(set().union(*page))


@CHARTS
def test_charts_refer_to_what_they_contain(chart: Callable[[], str]) -> None:
    svg = chart()
    used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg))
    assert {first or second for first, second in used} <= set(identifiers(svg))


def test_losses_lie_between_whole_decades_and_zero_is_drawn() -> None:
    shown = texts(curves([replace(HISTORY[0], validation_loss=0.3), replace(HISTORY[0], step=2, train_loss=0.0, validation_loss=0.02)]))
    assert shown[shown.index("step") + 1 : shown.index("loss (nats)")] == ["0.0001", "0.001", "0.01", "0.1", "1"]


@pytest.mark.parametrize(("low", "ticks"), [(0.1, ["0", "0.2", "0.4", "0.6", "0.8", "1"]), (0.93, ["0.92", "0.94", "0.96", "0.98", "1"])])
def test_accuracy_has_round_numbers_up_to_1(low: float, ticks: list[str]) -> None:
    flat = [replace(point, train_accuracy=1.0, validation_accuracy=low) for point in HISTORY]
    shown = texts(curves(flat))
    assert shown[len(shown) - 1 - shown[::-1].index("step") + 1 : shown.index("accuracy")] == ticks


@pytest.mark.parametrize("steps", [1, 2, 30])
def test_a_perfect_network_and_a_short_training_can_be_drawn(steps: int) -> None:
    perfect = [replace(point, train_loss=0.0, validation_loss=0.0, train_accuracy=1.0, validation_accuracy=1.0) for point in HISTORY]
    assert "nan" not in curves(perfect[:steps])
    assert "nan" not in reliability(spread=1000)


def test_a_runs_name_is_drawn_as_it_is() -> None:
    assert "a &lt;b&gt; &amp; $1$" in texts(intervals())


def test_the_risk_of_few_photos_stays_within_its_chart() -> None:
    surest_wrong = softmax(np.array([[3.0, 0.0]] * 39 + [[0.0, 9.0]])), np.zeros(40, np.int64)  # the surest of 40 is wrong
    svg = plots.risks(surest_wrong, surest_wrong, None)
    curve = re.findall(r'd="M ([^"]+)"', svg)[-3:]
    heights = [float(y) for path in curve for y in re.findall(r"[\d.]+ ([\d.]+)", path)]
    assert min(heights) > 15, "above is the title"


def test_charts_on_a_common_scale_have_the_same_ticks() -> None:
    worse = [replace(point, train_loss=9.0, validation_loss=9.0, train_accuracy=0.1, validation_accuracy=0.1) for point in HISTORY]
    scale = plots.scale_of([*HISTORY, *worse])
    assert scale == plots.Scale((0.01, 10.0), 0.1)
    assert texts(plots.curves(HISTORY, HISTORY[-1], scale)) == texts(plots.curves(worse, worse[-1], scale)) != texts(curves())


def test_the_users_own_style_changes_nothing_and_is_left_alone() -> None:
    plain = curves()
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "lines.linewidth": 9}):
        assert curves() == plain
        assert matplotlib.rcParams["font.size"] == 30


def test_matplotlib_is_loaded_only_to_draw_and_pyplot_never() -> None:
    code = (
        "import sys, train.plots as plots; from train.fit import Point; assert 'matplotlib' not in sys.modules;"
        "point = Point('head', 1, 1, 1, 1, 1, 1); plots.curves([point], point); assert 'matplotlib' in sys.modules;"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
