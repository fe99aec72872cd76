"""Decode and resize of a browser against Python's, photo by photo, and what each of them does to the probabilities.

One stage after the other is swapped for the browser's, while PyTorch stays the network: what the answer moves by then
entered at that stage. Python has every pixel that the page posted, so that no photo has to run twice in the browser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.parity.browsers.answers import Answers
from export.parity.browsers.server import decoded_of, pixels_of
from export.parity.evidence import off
from export.parity.known import KnownDifference, explain
from export.parity.photos import Prepared
from export.parity.reference import Answer
from export.parity.report import Network, Stage, StageName
from safelight.decode import decode
from safelight.resize import resize
from safelight.spec import InputSpec

Pixels = NDArray[np.uint8]
OTHER_SIZE = 255  # what a difference between pictures of different sizes counts as


@dataclass(frozen=True)
class Seen:
    """A photo that both sides read: what the page made of it, beside Python's `one`."""

    one: Prepared
    pixels: Pixels  # [S,S,3], after the page's resize; [0,0,3] where they did not arrive
    is_decoded_alike: bool
    between: Pixels | None  # [S,S,3], Python's resize of what the page decoded; None where that was not posted
    decode_max_abs: int | None  # of 255; None where the page's decoded pixels were not posted
    resize_max_abs: int  # the page's resize against Python's on the same decoded pixels, where they are known
    known: KnownDifference | None

    @property
    def is_alike(self) -> bool:
        """Whether the network is given Python's pixels."""
        return self.is_decoded_alike and self.resize_max_abs == 0

    @property
    def is_explained(self) -> bool:
        """Whether the pixels are Python's, or differ by nothing but a known cause."""
        return self.resize_max_abs == 0 and (self.is_decoded_alike or self.known is not None)


@dataclass(frozen=True)
class Effect:
    """How far a photo's probabilities move at decode, and then at resize, with PyTorch as the network."""

    decode: float | None  # None where what the page decoded is not known: `resize` is then both together
    resize: float
    answer: NDArray[np.float32]  # [C], PyTorch on the page's pixels


def see(engine: str, prepared: Sequence[Prepared], answers: Answers, spec: InputSpec) -> dict[int, Seen]:
    """What the page made of every photo that both sides accepted, by index."""
    return {
        index: _seen(engine, one, answers, index, spec)
        for index, one in enumerate(prepared)
        if one.verdict == "ok" and answers.stages.get(index, {}).get("verdict") == "ok"
    }


def _seen(engine: str, one: Prepared, answers: Answers, index: int, spec: InputSpec) -> Seen:
    stage = answers.stages[index]
    pixels = pixels_of(stage, one.pixels.shape[0])
    if stage["decoded_sha256"] == one.decoded_sha256:
        return Seen(one, pixels, True, one.pixels, 0, _max_abs(pixels, one.pixels), None)
    decoded = decoded_of(stage, answers.decoded.get(index, b""))
    if decoded is None:
        return Seen(one, pixels, False, None, None, _max_abs(pixels, one.pixels), None)
    between, apart = resize(decoded, spec), _max_abs(decoded, decode(one.photo.path))
    return Seen(one, pixels, False, between, apart, _max_abs(pixels, between), explain(engine, one.photo, apart))


def _max_abs(a: Pixels, b: Pixels) -> int:
    if a.shape != b.shape:
        return OTHER_SIZE
    return int((np.maximum(a, b) - np.minimum(a, b)).max())


def effect(seen: Seen, reference: NDArray[np.float32], answer: Answer | None) -> Effect | None:
    """How far the page's pixels move the answer of PyTorch from `reference` [C], its answer on Python's pixels.

    None where it can't be said: without PyTorch, or where the page's pixels did not arrive.
    """
    if seen.is_alike:
        return Effect(0.0, 0.0, reference)
    if answer is None or seen.pixels.shape != seen.one.pixels.shape:
        return None
    there = answer(seen.pixels)
    if seen.between is None:
        return Effect(None, off(reference, there), there)
    between = answer(seen.between)
    return Effect(off(reference, between), off(between, there), there)


def decode_stage(photos: Sequence[Seen], effects: Sequence[Effect | None]) -> Stage:
    """The decode stage of the report."""
    measured = [one.decode_max_abs for one in photos if one.decode_max_abs is not None]
    moved = [effect.decode for effect in effects if effect and effect.decode is not None]
    alike = sum(one.is_decoded_alike for one in photos)
    is_complete = len(measured) == len(photos) or any(value > 0 for value in measured)
    return Stage(len(photos), alike, max(measured, default=0) if is_complete else None, max(moved, default=None))


def resize_stage(photos: Sequence[Seen], effects: Sequence[Effect | None]) -> Stage:
    """The resize stage of the report, on the same decoded pixels where they are known."""
    alike = sum(one.resize_max_abs == 0 for one in photos)
    moved = [effect.resize for effect in effects if effect]
    return Stage(len(photos), alike, max((one.resize_max_abs for one in photos), default=0), max(moved, default=None))


def blame(seen: Mapping[int, Seen], effects: Mapping[int, Effect | None], network: Network, tolerance: float) -> StageName:
    """The stage at which most of a failure enters. What a known difference moves is nobody's fault."""
    shares: dict[StageName, float] = {"decode": 0.0, "resize": 0.0, "network": network.max_abs_probability or 0.0}
    wrong = {index: one for index, one in seen.items() if not one.is_explained}
    for index, one in wrong.items():
        effect = effects.get(index)
        if effect is None:
            continue
        # Where the page's decoded pixels are not known both shares are in `resize`, and the checksum blames decode.
        first, second = (effect.resize, 0.0) if effect.decode is None else (effect.decode, effect.resize)
        shares["decode"] = max(shares["decode"], first if one.known is None else 0.0)
        shares["resize"] = max(shares["resize"], second)
    largest = max(shares, key=lambda name: shares[name])
    if shares[largest] > tolerance:
        return largest
    return stage_of_pixels(list(wrong.values())) if wrong else "network"


def stage_of_pixels(wrong: Sequence[Seen]) -> StageName:
    """The first stage that makes other pixels without an excuse."""
    return "decode" if any(not one.is_decoded_alike and one.known is None for one in wrong) else "resize"
