"""A run on disk: safetensors beside the spec; what doesn't fit is one sentence."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from safelight import models
from safelight.checkpoint import WEIGHTS_NAME, load_run, load_weights, save_run, save_weights
from safelight.errors import BundleError, ModelError
from safelight.models.network import Network
from safelight.spec import InputSpec, Label, ModelSpec, Spec
from tests.safelight.conftest import make_spec

SIZE = 32


@pytest.fixture(scope="module")
def spec() -> Spec:
    return make_spec(
        input=InputSpec(size=SIZE, resize_to=SIZE),
        model=ModelSpec(architecture="squeezenet1_1", parameters=1),  # the smallest file of the zoo: 5 MB
    )


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(0)
    return models.build("squeezenet1_1", pretrained=False, classes=2)


def test_a_run_comes_back_as_it_was(tmp_path: Path, network: Network, spec: Spec) -> None:
    save_run(tmp_path, network, spec)
    loaded, read = load_run(tmp_path)
    pixels = torch.rand(2, SIZE, SIZE, 3) * 255
    assert read == spec
    assert not loaded.training
    with torch.no_grad():
        assert torch.equal(loaded(pixels), network(pixels))


def test_the_same_network_gives_the_same_bytes(tmp_path: Path, network: Network) -> None:
    save_weights(tmp_path / "a.safetensors", network)
    save_weights(tmp_path / "b.safetensors", network)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_another_number_of_classes_does_not_fit(tmp_path: Path, network: Network, spec: Spec) -> None:
    save_weights(tmp_path / WEIGHTS_NAME, network)
    three = make_spec(labels=tuple(Label(id=name) for name in "abc"), input=spec.input, model=spec.model)
    with pytest.raises(BundleError, match="doesn't fit squeezenet1_1 with 3 classes"):
        load_weights(tmp_path / WEIGHTS_NAME, three)


def test_another_architecture_does_not_fit(tmp_path: Path, network: Network, spec: Spec) -> None:
    save_weights(tmp_path / WEIGHTS_NAME, network)
    other = make_spec(input=spec.input, model=ModelSpec(architecture="mobilenet_v3_small", parameters=1))
    with pytest.raises(BundleError, match="doesn't fit mobilenet_v3_small"):
        load_weights(tmp_path / WEIGHTS_NAME, other)


def test_a_pickle_is_not_read(tmp_path: Path, spec: Spec) -> None:
    (tmp_path / WEIGHTS_NAME).write_bytes(pickle.dumps({"weight": 1}))
    with pytest.raises(BundleError, match="can't be read as safetensors"):
        load_weights(tmp_path / WEIGHTS_NAME, spec)


def test_missing_or_cut_weights_are_one_sentence(tmp_path: Path, network: Network, spec: Spec) -> None:
    with pytest.raises(BundleError, match="can't be read as safetensors"):
        load_weights(tmp_path / WEIGHTS_NAME, spec)
    save_weights(tmp_path / WEIGHTS_NAME, network)
    data = (tmp_path / WEIGHTS_NAME).read_bytes()
    (tmp_path / WEIGHTS_NAME).write_bytes(data[: len(data) // 2])
    with pytest.raises(BundleError, match="can't be read as safetensors"):
        load_weights(tmp_path / WEIGHTS_NAME, spec)


def test_an_architecture_that_nobody_builds_is_a_model_error(tmp_path: Path, network: Network, spec: Spec) -> None:
    save_weights(tmp_path / WEIGHTS_NAME, network)
    with pytest.raises(ModelError, match="no backbone named 'squeezenet9'"):
        load_weights(tmp_path / WEIGHTS_NAME, make_spec(model=ModelSpec(architecture="squeezenet9", parameters=1)))
