"""What may be wrong with a single photo, by the figures of the scan. The thresholds are for photographs; a hint is not a verdict.

To add a check write its entry in CHECKS: what it is called, what to make of it, and which photos it means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from train.inspection.scan import Shot

DARK, BRIGHT = 0.12, 0.92  # mean brightness; of 5,700 cats, dogs and flowers 0.4 % and 0.02 % lie outside
FLAT = 0.04  # contrast; the least of those photos has 0.06
BLURRED = 0.7  # blur; 0.1 % of those photos, and 99 of 100 behind a Gaussian blur of 5 pixels in 240
LONG = 2.5  # longer side by shorter: a centre crop loses more than 60 % of it
SMALL = 64  # pixels of the shorter side: less than a third of what a backbone is fed

_WINDOW = 9  # pixels of the blur that a picture is compared with
_SUFFIXES = {
    "JPEG": {".jpg", ".jpeg", ".jfif"},
    "PNG": {".png"},
    "WEBP": {".webp"},
    "AVIF": {".avif"},
    "GIF": {".gif"},
    "BMP": {".bmp"},
    "HEIF": {".heic", ".heif", ".hif"},
}


@dataclass(frozen=True)
class Check:
    """A question that is asked of every photo."""

    title: str
    advice: str
    means: Callable[[Shot], bool]
    figure: Callable[[Shot], str]  # what to show of a photo that is meant
    worst: Callable[[Shot], float] = lambda _: 0.0  # sorts, smallest first


@dataclass(frozen=True)
class Remark:
    """The photos that a check means, the worst first."""

    check: str  # its name in CHECKS
    shots: tuple[Shot, ...]


def remarks(shots: Sequence[Shot]) -> list[Remark]:
    """Every check that means at least one photo."""
    found = []
    for name, check in CHECKS.items():
        meant = sorted(filter(check.means, shots), key=lambda shot: (check.worst(shot), shot.found.name))
        if meant:
            found.append(Remark(name, tuple(meant)))
    return found


def aspect(shot: Shot) -> float:
    """Longer side by shorter, at least 1."""
    return max(shot.width, shot.height) / min(shot.width, shot.height)


def is_mislabelled(shot: Shot) -> bool:
    """Whether the file's suffix promises another format than its bytes have."""
    return Path(shot.found.name).suffix.lower() not in _SUFFIXES.get(shot.format, {Path(shot.found.name).suffix.lower()})


def blur(grey: NDArray[np.uint8]) -> float:
    """How little a picture [H,W] changes when it is blurred: 0 sharp .. 1 featureless.

    The measure of Crete, Dolmiere, Ladret, Nicolas, "The blur effect: perception and estimation with a new no-reference perceptual
    blur metric" (SPIE 2007), as in skimage.measure.blur_effect: it compares a picture with itself, not with other motifs.
    """
    whole = grey.astype(np.int16)
    return max(_blur(whole), _blur(np.ascontiguousarray(whole.T)))


def _blur(grey: NDArray[np.int16]) -> float:
    """Along the rows: the share of the slopes that a moving average leaves. All in whole numbers: the averages' slopes are sums of four."""
    if grey.shape[1] < 2 * _WINDOW or len(grey) < 3:
        return 0.0  # too small to say
    rows = grey[:-2] + 2 * grey[1:-1] + grey[2:]  # with the differences below: Sobel's filter, which steps of whole numbers don't fool
    pairs = rows[:, 1:] + rows[:, :-1]
    left = np.abs(pairs[:, _WINDOW:] - pairs[:, :-_WINDOW])  # _WINDOW times the slopes of the averages, at most 2040
    start = _WINDOW // 2
    slopes = _WINDOW * np.abs(rows[:, 2:] - rows[:, :-2])[:, start : start + left.shape[1]]  # at most 9180
    total = int(slopes.sum(dtype=np.int64))
    return 1 - int(np.maximum(slopes - left, 0).sum(dtype=np.int64)) / total if total else 1.0


CHECKS = {
    "mislabelled": Check(
        "Extensions that lie",
        "The name promises one format, the bytes are another. Safelight looks at the bytes; other programs may skip or refuse such files. "
        "Rename them.",
        is_mislabelled,
        lambda shot: f"is {shot.format}",
    ),
    "small": Check(
        "Very small",
        f"The shorter side has fewer than {SMALL} pixels, so the network sees an enlargement. Thumbnails that got in by mistake?",
        lambda shot: min(shot.width, shot.height) < SMALL,
        lambda shot: f"{shot.width} × {shot.height}",
        lambda shot: min(shot.width, shot.height),
    ),
    "long": Check(
        "Odd shapes",
        f"Longer than {LONG} : 1. A centre crop keeps the middle and may miss what the label is about: crop by hand, or train with "
        "--geometry pad.",
        lambda shot: aspect(shot) > LONG,
        lambda shot: f"{aspect(shot):.1f} : 1",
        lambda shot: -aspect(shot),
    ),
    "dark": Check(
        "Dark",
        "Hardly anything to see. Fine if the camera will meet such light, noise if not.",
        lambda shot: shot.brightness < DARK,
        lambda shot: f"brightness {shot.brightness:.2f}",
        lambda shot: shot.brightness,
    ),
    "bright": Check(
        "Washed out",
        "Nearly white: overexposed, or a drawing on white that tells the network more about its background than about its class.",
        lambda shot: shot.brightness > BRIGHT,
        lambda shot: f"brightness {shot.brightness:.2f}",
        lambda shot: -shot.brightness,
    ),
    "flat": Check(
        "Featureless",
        "One even tone: a lens cap, a placeholder, a failed download.",
        lambda shot: shot.contrast < FLAT and DARK <= shot.brightness <= BRIGHT,
        lambda shot: f"contrast {shot.contrast:.3f}",
        lambda shot: shot.contrast,
    ),
    "blurred": Check(
        "Blurred",
        "Soft even at the size that the network sees. A quick look on a reduced picture: fog and plain skies are soft, too.",
        lambda shot: shot.blur > BLURRED and shot.contrast >= FLAT,
        lambda shot: f"blur {shot.blur:.2f}",
        lambda shot: -shot.blur,
    ),
    "turned": Check(
        "Turned by EXIF",
        "Stored lying or upside down, with a tag that says how to turn them. Safelight turns them everywhere; many training scripts "
        "don't, and then learn from lying photos.",
        lambda shot: 2 <= shot.orientation <= 8,
        lambda shot: f"orientation {shot.orientation}",
    ),
}
