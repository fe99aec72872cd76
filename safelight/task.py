"""Stage 4 of 4: probabilities → label, wording band, abstention. The same few lines in every port."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safelight.spec import Label, Spec

Probabilities = NDArray[np.float32]


@dataclass(frozen=True)
class Prediction:
    """The answer for one photo."""

    label: str  # the id of the most probable class
    probability: float
    band: str  # the id of the wording band
    abstained: bool  # probability < output.abstain_below
    ranking: tuple[tuple[str, float], ...]  # (label id, probability), most probable first


def predict(probabilities: Probabilities, spec: Spec, *, top: int = 5) -> Prediction:
    """The answer that [C] probabilities mean under `spec`; of equal ones the first label wins."""
    order = np.argsort(-probabilities, kind="stable")[:top]
    ranking = tuple((spec.labels[i].id, float(probabilities[i])) for i in order)
    label, best = ranking[0]
    band = next(band.id for band in spec.output.bands if best >= band.at_least)
    return Prediction(label, best, band, best < spec.output.abstain_below, ranking)


def display_name(label: Label, language: str = "en") -> str:
    """What people read in `language`, else in English, else the id."""
    return label.names.get(language) or label.names.get("en") or label.id


def say(prediction: Prediction, spec: Spec, language: str = "en") -> str:
    """The band's wording with the label's name filled in: "perhaps a dog"."""
    band = next(band for band in spec.output.bands if band.id == prediction.band)
    wording = band.wording.get(language) or band.wording.get("en") or "{label}"
    label = next(label for label in spec.labels if label.id == prediction.label)
    return wording.replace("{label}", display_name(label, language))
