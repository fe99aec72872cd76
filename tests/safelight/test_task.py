"""Stage 4: probabilities → label, band, words."""

from __future__ import annotations

import numpy as np
import pytest

from safelight.spec import Band, Label, OutputSpec
from safelight.task import display_name, predict, say
from tests.safelight.conftest import make_spec

BANDS = (
    Band(id="sure", at_least=0.9, wording={"en": "{label}", "de": "{label}"}),
    Band(id="perhaps", at_least=0.6, wording={"en": "perhaps {label}", "de": "vielleicht {label}"}),
    Band(id="unsure", at_least=0.0, wording={"en": "not sure"}),
)
SPEC = make_spec(output=OutputSpec(bands=BANDS, abstain_below=0.75))


def two(cat: float) -> np.ndarray:
    """[cat, dog] as float32."""
    return np.array([cat, 1 - cat], np.float32)


@pytest.mark.parametrize(
    ("cat", "label", "band", "abstained"),
    [
        (0.95, "cat", "sure", False),
        (0.8, "cat", "perhaps", False),
        (0.7, "cat", "perhaps", True),
        (0.55, "cat", "unsure", True),
        (0.05, "dog", "sure", False),
    ],
)
def test_the_top_probability_decides_label_band_and_abstention(cat: float, label: str, band: str, abstained: bool) -> None:
    prediction = predict(two(cat), SPEC)
    assert (prediction.label, prediction.band, prediction.abstained) == (label, band, abstained)


def test_a_band_begins_at_its_edge() -> None:
    """The comparison is float32 widened to double against the spec's double: 0.75 and 0.5 have the same value in both."""
    spec = make_spec(
        output=OutputSpec(bands=(Band(id="high", at_least=0.75, wording={}), Band(id="low", at_least=0.0, wording={})), abstain_below=0.75)
    )
    at = predict(two(0.75), spec)
    below = predict(two(float(np.nextafter(np.float32(0.75), np.float32(0)))), spec)
    assert (at.band, at.abstained) == ("high", False)
    assert (below.band, below.abstained) == ("low", True)


def test_of_equal_probabilities_the_first_label_wins() -> None:
    assert predict(np.array([0.5, 0.5], np.float32), SPEC).ranking == (("cat", 0.5), ("dog", 0.5))
    three = make_spec(labels=tuple(Label(id=name) for name in "abc"))
    assert [name for name, _ in predict(np.array([0.2, 0.4, 0.4], np.float32), three).ranking] == ["b", "c", "a"]


def test_the_ranking_is_cut_and_descends() -> None:
    labels = tuple(Label(id=str(i)) for i in range(10))
    probabilities = np.random.default_rng(0).dirichlet(np.ones(10)).astype(np.float32)
    ranking = predict(probabilities, make_spec(labels=labels), top=3).ranking
    assert len(ranking) == 3
    assert [value for _, value in ranking] == sorted(probabilities.tolist(), reverse=True)[:3]


def test_display_names_fall_back_to_english_then_to_the_id() -> None:
    label = Label(id="cat", names={"en": "a cat", "de": "eine Katze"})
    assert [display_name(label, language) for language in ("de", "en", "fr")] == ["eine Katze", "a cat", "a cat"]
    assert display_name(Label(id="cat"), "de") == "cat"


@pytest.mark.parametrize(
    ("cat", "language", "sentence"),
    [
        (0.95, "en", "a cat"),
        (0.8, "en", "perhaps a cat"),
        (0.8, "de", "vielleicht eine Katze"),
        (0.2, "de", "vielleicht a dog"),  # the dog has no German name
        (0.5, "de", "not sure"),  # the band has no German wording
        (0.8, "fr", "perhaps a cat"),
    ],
)
def test_the_wording_follows_the_band_and_the_language(cat: float, language: str, sentence: str) -> None:
    assert say(predict(two(cat), SPEC), SPEC, language) == sentence


def test_a_label_with_braces_is_not_a_template() -> None:
    spec = make_spec(labels=(Label(id="cat", names={"en": "{label} {0}"}), Label(id="dog")), output=OutputSpec(bands=BANDS))
    assert say(predict(two(0.95), spec), spec) == "{label} {0}"
