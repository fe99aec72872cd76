"""Mistakes after the network, and before it seen through the answer alone, planted on a real network with a temperature."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import msgspec
import numpy as np
import pytest
import torch

from export.diagnose.outputs import OUTPUT_MISTAKES, Model, OutputDiagnosis, judge
from export.diagnose.squares import Squares
from export.parity.reference import of_network
from safelight.models.network import Network
from safelight.spec import InputSpec, Label, Spec
from tests.export import networks
from tests.export.diagnose.planting import photos, planted, right

SIZE, RESIZE_TO = 28, 32
COFFEE = dict(photos())["coffee.jpg"]
NAMES = ("tench", "Cock", "magpie", "axolotl", "newt", "bullfrog", "kite")  # in no order, one with a capital


@lru_cache
def network() -> tuple[Network, Spec]:
    """A small VGG with 7 classes whose answers are far from 0 and 1, and a temperature."""
    made, _ = networks.build("vgg")
    spec = networks.spec_of(made, SIZE, temperature=1.7)
    return made, msgspec.structs.replace(
        spec, input=InputSpec(size=SIZE, resize_to=RESIZE_TO), labels=tuple(Label(id=name) for name in NAMES)
    )


@lru_cache
def squares() -> Squares:
    return Squares(COFFEE, network()[1].input)


@lru_cache
def model() -> Model:
    """The network; what it has answered once it answers at once, for the tests ask for the same inputs."""
    answer, known = of_network(*network())("fp32"), dict[bytes, np.ndarray]()

    def remembered(pixels: np.ndarray) -> np.ndarray:
        key = pixels.tobytes()
        if key not in known:
            known[key] = answer(pixels)
        return known[key]

    return remembered


def logits() -> np.ndarray:
    """What the network gives before temperature and softmax."""
    with torch.inference_mode():
        found: np.ndarray = network()[0](torch.from_numpy(right(COFFEE, SIZE, RESIZE_TO)[None]))[0].double().numpy()
    return found


def softmax(values: np.ndarray) -> np.ndarray:
    from scipy.special import softmax as by_scipy

    found: np.ndarray = by_scipy(values)
    return found


def judged(answer: np.ndarray) -> OutputDiagnosis:
    return judge(squares(), answer.astype(np.float64), network()[1], model())


# From the logits z, as an app would compute it; p is the right answer.
AFTER: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "softmax-twice": lambda z, p: softmax(p),
    "logits": lambda z, p: z / 1.7,
    "log-softmax": lambda z, p: np.log(p),
    "sigmoid": lambda z, p: 1 / (1 + np.exp(-z / 1.7)),
    "temperature-left-out": lambda z, p: softmax(z),
    "temperature-twice": lambda z, p: softmax(z / 1.7**2),
    "other-temperature": lambda z, p: softmax(z / 0.6),
    "labels-shifted": lambda z, p: np.concatenate([p[1:], p[:1]]),
    "labels-reversed": lambda z, p: p[::-1],
    "labels-sorted": lambda z, p: np.array([p[NAMES.index(name)] for name in sorted(NAMES, key=str.lower)]),
    "percent": lambda z, p: 100 * p,
    "bytes": lambda z, p: (255 * p).round().astype(np.uint8),
}


@pytest.mark.parametrize("name", AFTER)
def test_a_mistake_after_the_network_is_named_first(name: str) -> None:
    found = judged(AFTER[name](logits(), softmax(logits() / 1.7)))
    assert (found.verdict, found.findings[0].input, found.findings[0].output) == ("named", "contract", name), found.sentence
    assert set(found.fixes) == {name}


def test_every_mistake_after_the_network_is_planted() -> None:
    assert {mistake.name for mistake in OUTPUT_MISTAKES} == set(AFTER)


def test_a_background_class_is_named() -> None:
    found = judged(np.concatenate([[1e-9], softmax(logits() / 1.7)]))
    assert (found.verdict, found.findings[0].output) == ("named", "labels-shifted")


@pytest.mark.parametrize("name", ["bgr", "mirrored", "stretched", "zero-to-one", "planar"])
def test_a_mistake_before_the_network_is_named_from_the_answer_alone(name: str) -> None:
    tensor = planted(name)(COFFEE, SIZE, RESIZE_TO)
    if name == "planar":
        tensor = tensor.reshape(SIZE, SIZE, 3)
    found = judged(model()(np.ascontiguousarray(tensor)))
    assert (found.verdict, found.findings[0].input, found.findings[0].output) == ("named", name, "contract"), found.sentence


def test_a_mistake_before_and_one_after_are_both_named() -> None:
    found = judged(np.log(model()(np.ascontiguousarray(planted("bgr")(COFFEE, SIZE, RESIZE_TO))).astype(np.float64)))
    assert (found.findings[0].input, found.findings[0].output) == ("bgr", "log-softmax")


def test_the_right_answer_agrees_and_a_rounded_one_is_close() -> None:
    assert judged(softmax(logits() / 1.7)).verdict == "agrees"
    assert judged(softmax(logits() / 1.7) + np.array([3e-4, -3e-4, 0, 0, 0, 0, 0])).verdict == "close"


def test_an_unrelated_answer_names_nothing() -> None:
    found = judged(np.random.default_rng(0).dirichlet(np.ones(len(NAMES))))
    assert found.verdict in ("unknown", "ambiguous"), found.sentence
    assert found.fixes == {}


def test_an_answer_without_an_opinion_names_nothing() -> None:
    """Softmax twice leaves nearly equal numbers; nearly equal numbers are not softmax twice."""
    flat = np.full(len(NAMES), 1 / len(NAMES)) + np.linspace(-1e-3, 1e-3, len(NAMES))
    assert judged(flat).verdict == "unknown"


@pytest.mark.parametrize("best", [0.7, 0.9, 0.55])
def test_two_numbers_never_prove_two_mistakes(best: float) -> None:
    """Some combination of mistakes gives any answer of two classes."""
    torch.manual_seed(3)
    made = networks.calibrated(Network(*networks.SMALL["vgg"]()[:2], torch.nn.Linear(32, 2), (120.0,) * 3, (60.0,) * 3), SIZE)
    spec = networks.spec_of(made, SIZE)
    found = judge(Squares(COFFEE, spec.input), np.array([best, 1 - best]), spec, of_network(made, spec)("fp32"))
    assert found.verdict in ("unknown", "ambiguous"), found.sentence
