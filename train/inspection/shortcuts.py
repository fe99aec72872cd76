"""What a file is should not tell what is in it: a network learns the easiest difference, and that may be the camera.

If all cats are PNGs and all dogs JPEGs, compression artefacts are enough to be right, on this folder and nowhere else (Geirhos et
al., "Shortcut learning in deep neural networks", 2020, arXiv 2004.07780).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from train.inspection.scan import Shot

GAIN = 0.15  # how much surer than the commonest class alone a trait must make a guess
MIN_PHOTOS = 20

TRAITS: dict[str, Callable[[Shot], str]] = {
    "file format": lambda shot: shot.format,
    "kind of pixels": lambda shot: {"L": "grey", "I;16": "grey", "1": "grey", "RGB": "colour"}.get(shot.mode, shot.mode),
    "shape": lambda shot: "wide" if shot.width > 1.1 * shot.height else "tall" if shot.height > 1.1 * shot.width else "square",
    "size": lambda shot: f"about {2 ** round((shot.width * shot.height).bit_length() / 2)} pixels a side",
}


@dataclass(frozen=True)
class Shortcut:
    """A trait of the file from which the class can be guessed."""

    trait: str
    accuracy: float  # of guessing the commonest class of each value
    chance: float  # of always guessing the commonest class
    values: dict[str, dict[str, int]]  # value → class → photos


def shortcuts(shots: Sequence[Shot]) -> list[Shortcut]:
    """The traits that give classes away, the worst first."""
    classes = Counter(shot.found.label for shot in shots)
    if len(shots) < MIN_PHOTOS or len(classes) < 2:
        return []
    chance = max(classes.values()) / len(shots)
    found = []
    for trait, value_of in TRAITS.items():
        values: dict[str, Counter[str]] = {}
        for shot in shots:
            values.setdefault(value_of(shot), Counter())[shot.found.label] += 1
        accuracy = sum(max(counts.values()) for counts in values.values()) / len(shots)
        if accuracy >= chance + GAIN:
            found.append(Shortcut(trait, accuracy, chance, {value: dict(counts) for value, counts in sorted(values.items())}))
    return sorted(found, key=lambda one: -one.accuracy)
