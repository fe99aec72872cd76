"""Which known mistakes explain a dumped tensor, and how well: a search over their combinations.

Every square that decode, frame and filter can give is compared with the dump under every order, tone and range.
The comparison is closed-form: for one pair (square, reading of the dump) five means a channel tell the error under
any straight line, so that dozens of ranges cost nothing and an unknown one is fitted by least squares.

The search is a beam: one mistake of decode, frame or filter first, then from the best few a second one of another
stage. Order, tone and range are tried on top of each, so that `bgr + stretched + no-antialias + zero-to-one` is found.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.diagnose.dump import Dump
from export.diagnose.mistake import IDENTITY, STAGES, Affine, Mistake, Square, Stage, Way
from export.diagnose.orders import interleaved
from export.diagnose.ranges import OTHER_RANGE
from export.diagnose.registry import Choice, of_stage
from export.diagnose.squares import Squares

IDENTICAL = 0.01  # pixel units; bytes that went through float16 and back on any known scale but 0..255 keep to 0.07
EXACT = 0.02  # rms in pixel units under which no further mistake is looked for
EXPLAINED = 3.0  # rms in pixel units; chosen by hand, to be set by bench/diagnose.py over 50 photos
SHARE_LEFT = 0.1  # of the dump's variance: a photo of little contrast is within 3/255 of anything that is as grey
BEAM = 4  # pictures that a second mistake is added to
WAYS = 4  # of one mistake that are added as the second: the best of those that it has
PENALTY = 0.05  # pixel units that a mistake must earn, beside its share
FACTOR = 1.25  # a mistake must leave a fifth less: roundings alone give a needless one a seventh (swapped chroma by Pillow's integers)
SAMPLES = 3000  # pixels that rank the hypotheses; the best are measured on all of them
KEPT = 6  # hypotheses of one picture that stay in the race, beside one with a fitted range
MEASURED = 24  # findings that are measured exactly
SHOWN = 8  # findings that are reported

_PICTURE: tuple[Stage, ...] = ("decode", "frame", "filter")
_RANGES: tuple[tuple[Choice | None, Affine], ...] = (
    (None, IDENTITY),
    *(((mistake, way), way) for mistake, way in of_stage("range") if isinstance(way, Affine)),
)
_TONES: tuple[Choice | None, ...] = (None, *of_stage("values"))
_SCALES = np.array([affine.scale for _, affine in _RANGES])  # [ranges, 3]
_OFFSETS = np.array([affine.offset for _, affine in _RANGES])


@dataclass(frozen=True)
class Finding:
    """A combination of mistakes and what it leaves unexplained, in pixel units (0..255)."""

    mistakes: tuple[Mistake, ...]  # in the order of the stages; () is the contract
    rms: float
    mean_abs: float
    max_abs: float
    share_left: float  # of the dump's variance, 0..1
    affine: Affine  # value = scale · pixel + offset

    @property
    def name(self) -> str:
        """Such as "bgr + stretched"; "contract" where there is no mistake."""
        return " + ".join(mistake.name for mistake in self.mistakes) or "contract"


@dataclass(frozen=True)
class _Hypothesis:
    ways: dict[Stage, Choice]
    rms: float  # over the sampled pixels
    affine: Affine

    @property
    def cost(self) -> float:
        return _cost(self.rms, [mistake for mistake, _ in self.ways.values()])


@dataclass(frozen=True)
class _Readings:
    """The dump under each order at the sampled places: values [orders,3,M], means [orders,3], mean_squares [orders,1,3]."""

    orders: tuple[Choice | None, ...]
    values: NDArray[np.float64]
    means: NDArray[np.float64]
    mean_squares: NDArray[np.float64]


def _cost(rms: float, mistakes: Sequence[Mistake]) -> float:
    """What decides the rank: one mistake more must leave clearly less, and a fitted range counts double."""
    count = len(mistakes) + (OTHER_RANGE in mistakes)
    return rms * FACTOR**count + PENALTY * count


def search(squares: Squares, dump: Dump) -> tuple[Finding, ...]:
    """The best explanations of `dump`, best first, several names for one tensor kept. Raises a PhotoError."""
    readings = _readings(dump, squares.spec.size)
    seen: dict[bytes, tuple[int, set[str]]] = {}
    found = sorted(_compare({}, squares.contract, readings), key=lambda one: one.cost)
    if found[0].rms > EXACT or "order" in found[0].ways:  # a picture that EXIF 5 transposes looks like an order of memory
        found = [one for ways, square in _pictures(squares, _singles(), seen) for one in _compare(ways, square, readings)]
        found.sort(key=lambda one: one.cost)
    for pairs in _pairs(found):
        if found[0].rms <= EXACT:
            break
        found += [one for ways, square in _pictures(squares, pairs, seen) for one in _compare(ways, square, readings)]
        found.sort(key=lambda one: one.cost)
    measured = [_measured(squares, one, dump) for one in _distinct(found)]
    return tuple(sorted(measured, key=lambda one: _cost(one.rms, one.mistakes))[:SHOWN])


def _singles() -> list[dict[Stage, Choice]]:
    """The contract, then every single mistake of decode, frame and filter."""
    return [{}, *({stage: choice} for stage in _PICTURE for choice in of_stage(stage))]


def _pairs(found: list[_Hypothesis]) -> list[list[dict[Stage, Choice]]]:
    """The best few single mistakes, best first; for each, the pictures that have one of another stage as well."""
    bases: dict[str, tuple[Stage, Choice]] = {}
    seconds: dict[str, list[tuple[Stage, Choice]]] = {}
    for one in found:
        for stage, choice in one.ways.items():
            if stage in _PICTURE:
                ways = seconds.setdefault(choice[0].name, [])
                if (stage, choice) not in ways and len(ways) < WAYS:
                    ways.append((stage, choice))
                if len(bases) < BEAM:
                    bases.setdefault(choice[0].name, (stage, choice))
    return [[dict((base, second)) for ways in seconds.values() for second in ways if second[0] != base[0]] for base in bases.values()]


def _pictures(
    squares: Squares, wanted: list[dict[Stage, Choice]], seen: dict[bytes, tuple[int, set[str]]]
) -> Iterator[tuple[dict[Stage, Choice], Square]]:
    """The squares of the wanted combinations; one that fewer mistakes, or the same ones, gave already is left out."""
    for ways in wanted:
        square = squares.of({stage: way for stage, (_, way) in ways.items()})
        if square is None:
            continue
        name = "+".join(mistake.name for mistake, _ in ways.values())
        count, names = seen.setdefault(hashlib.sha256(square.tobytes()).digest(), (len(ways), set()))
        if count < len(ways) or name in names:
            continue
        names.add(name)
        yield ways, square


def _readings(dump: Dump, size: int) -> _Readings:
    """The dump under every order, at the sampled places."""
    orders: list[tuple[Choice | None, Square]] = [(None, interleaved(dump.elements, size))]
    orders += [((mistake, way), way(dump.elements, size)) for mistake, way in of_stage("order")]
    values = np.array([_sampled(square) for _, square in orders])  # [orders, 3, M]
    return _Readings(tuple(choice for choice, _ in orders), values, values.mean(-1), (values**2).mean(-1)[:, None])


def _sampled(square: Square) -> NDArray[np.float64]:
    """[3,M]: pixels that lie evenly in rows and in columns, for the stride shares no factor with the side."""
    stride = max(1, square.shape[0] * square.shape[1] // SAMPLES)
    while math.gcd(stride, square.shape[1]) > 1:
        stride += 1
    return np.ascontiguousarray(square.reshape(-1, 3)[::stride].T, np.float64)


def _compare(ways: dict[Stage, Choice], square: Square, readings: _Readings) -> Iterator[_Hypothesis]:
    """The best few hypotheses of tone, order and range for one square, and the best with a fitted range."""
    sample = _sampled(square)
    shown = [sample.T if tone is None else tone[1](sample.T) for tone in _TONES]
    x = np.array([np.asarray(one, np.float64).T for one in shown])  # [tones, 3, M]
    mean_x, mean_xx = x.mean(-1)[:, None], (x * x).mean(-1)[:, None]  # [tones, 1, 3]
    mean_xy = np.einsum("tcm,ocm->toc", x, readings.values) / x.shape[-1]  # [tones, orders, 3]
    squared = (
        (_SCALES**2 * mean_xx + _OFFSETS**2 + 2 * _SCALES * _OFFSETS * mean_x)[:, None]
        + readings.mean_squares
        - 2 * _SCALES * mean_xy[:, :, None]
        - 2 * _OFFSETS * readings.means[:, None]
    )  # [tones, orders, ranges, 3]
    unit = _unit(_deviation(mean_x[0], mean_xx[0]), _deviation(mean_x, mean_xx))  # [tones, 1]; tone 0 is none
    left = np.sqrt((squared / _SCALES**2).clip(0).mean(-1)) * unit[..., None]  # [tones, orders, ranges], in pixel units
    tones, orders, ranges = np.ogrid[: left.shape[0], : left.shape[1], : left.shape[2]]
    count = len(ways) + (tones > 0) + (orders > 0) + (ranges > 0)
    for flat in np.argsort((left * FACTOR**count + PENALTY * count).ravel(), kind="stable")[:KEPT]:
        tone, order, range_ = np.unravel_index(flat, left.shape)
        chosen = _with(ways, values=_TONES[tone], order=readings.orders[order], range=_RANGES[range_][0])
        yield _Hypothesis(chosen, float(left[tone, order, range_]), _RANGES[range_][1])
    if left.min() <= EXPLAINED:
        return  # a line would only fit what rounding left
    scale, offset, fitted = _fitted(mean_x, mean_xx, readings.means, readings.mean_squares, mean_xy)
    fitted = fitted * unit
    count = (len(ways) + 2 + (tones > 0) + (orders > 0))[..., 0]
    tone, order = np.unravel_index(int((fitted * FACTOR**count + PENALTY * count).argmin()), fitted.shape)
    if np.isfinite(fitted[tone, order]):
        affine = Affine(tuple(scale[tone, order].tolist()), tuple(offset[tone, order].tolist()))
        chosen = _with(ways, values=_TONES[tone], order=readings.orders[order], range=(OTHER_RANGE, affine))
        yield _Hypothesis(chosen, float(fitted[tone, order]), affine)


def _deviation(mean: NDArray[np.float64], mean_square: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard deviation over pixels and channels, from the channels' moments [..., 3]."""
    return np.asarray(np.sqrt((mean_square.mean(-1) - mean.mean(-1) ** 2).clip(0)))


def _unit(square: Any, shown: Any) -> NDArray[np.float64]:
    """How many pixel units one unit of a toned square is worth, from the deviations of both.

    A tone that leaves nearly nothing must not explain everything.
    """
    return np.asarray(np.maximum(1.0, square / np.maximum(shown, 1e-6)))


def _with(ways: dict[Stage, Choice], *, values: Choice | None, order: Choice | None, range: Choice | None) -> dict[Stage, Choice]:  # noqa: A002  # a stage's name
    added: dict[Stage, Choice | None] = {"values": values, "order": order, "range": range}
    return ways | {stage: choice for stage, choice in added.items() if choice is not None}


def _fitted(
    mean_x: NDArray[np.float64],
    mean_xx: NDArray[np.float64],
    mean_y: NDArray[np.float64],
    mean_yy: NDArray[np.float64],
    mean_xy: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The straight lines that leave least: scales and offsets [tones, orders, 3], and the rms [tones, orders] in pixel units.

    The rms is infinite where a channel has no contrast to fit a line to.
    """
    spread_x, spread_y, joint = mean_xx - mean_x**2, mean_yy[:, 0] - mean_y**2, mean_xy - mean_x * mean_y
    flat = (spread_x < 1) | (np.abs(joint) < 1e-12)
    scale = np.where(flat, 1.0, joint / np.where(spread_x < 1, 1.0, spread_x))
    left = (spread_y - scale * joint).clip(0) / scale**2
    rms = np.sqrt(np.where(flat, np.inf, left).mean(-1))
    return scale, mean_y - scale * mean_x, rms


def _distinct(found: list[_Hypothesis]) -> list[_Hypothesis]:
    """The best way of each combination of mistakes, at most MEASURED."""
    best: dict[tuple[str, ...], _Hypothesis] = {}
    for one in found:
        best.setdefault(tuple(sorted(mistake.name for mistake, _ in one.ways.values())), one)
        if len(best) == MEASURED:
            break
    return list(best.values())


def _measured(squares: Squares, one: _Hypothesis, dump: Dump) -> Finding:
    chosen: dict[Stage, Way] = {stage: way for stage, (_, way) in one.ways.items()}
    square = squares.of(chosen)
    assert square is not None  # it was compared
    toned = chosen["values"](square) if "values" in chosen else square
    reading = chosen.get("order", interleaved)
    found = reading(dump.elements, squares.spec.size)
    in_pixels = one.affine.undo(found)
    error = np.abs(in_pixels - toned) * _unit(square.std(), toned.std())
    spread = float(np.var(in_pixels, axis=(0, 1)).mean())
    squared = float((error**2).mean())
    return Finding(
        mistakes=tuple(one.ways[stage][0] for stage in STAGES if stage in one.ways),
        rms=squared**0.5,
        mean_abs=float(error.mean()),
        max_abs=float(error.max()),
        share_left=min(1.0, squared / spread) if spread > 0 else 1.0,
        affine=one.affine,
    )
