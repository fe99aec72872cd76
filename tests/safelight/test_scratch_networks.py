"""The networks of the tutorials, to the unit; and one sigmoid as two probabilities, exactly."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from export.deployable import Deployable
from safelight import models
from safelight.errors import ModelError
from safelight.models import SCRATCH_NETWORKS, residual, tutorial
from safelight.models.network import BinaryHead
from safelight.models.summary import summarise

TUTORIALS = {  # (side of the input, classes, parameters of the published summary)
    "cnn_binary": (150, 2, 9_494_561),
    "cnn_sgd": (150, 2, 1_212_513),
    "cnn_4block": (150, 2, 3_453_121),
    "cnn_4block_dropout": (150, 2, 3_453_121),
    "mnist_cnn": (28, 10, 843_658),
    "mnist_cnn_dropout": (28, 10, 843_658),
    "cifar_cnn": (32, 10, 9_176_018),
}
OURS = {"small_resnet": (128, 2, 1_596_065), "cifar_resnet": (32, 10, 1_228_970)}
MOST = 3_453_121  # a network of ours for cats and dogs is no larger than the tutorial's


@pytest.mark.parametrize("name", [*TUTORIALS, *OURS])
def test_parameters_are_those_of_the_tutorials_to_the_unit(name: str) -> None:
    size, classes, parameters = {**TUTORIALS, **OURS}[name]
    summary = summarise(name, size, classes)
    assert summary.parameters == parameters == sum(layer.parameters for layer in summary.layers)


def test_every_network_is_counted() -> None:
    assert set(SCRATCH_NETWORKS) == {*TUTORIALS, *OURS} == {*tutorial.NETWORKS, *residual.NETWORKS}
    assert OURS["small_resnet"][2] < MOST


def test_the_summary_is_the_tutorials_own_table() -> None:
    """Chollet's first network for cats and dogs; the pooled layers' shapes are where another padding would show."""
    layers = [(layer.kind, layer.shape, layer.parameters) for layer in summarise("cnn_4block", 150, 2).layers if layer.kind != "ReLU"]
    assert layers == [
        ("Conv2d 3×3", (32, 148, 148), 896),
        ("MaxPool2d 2", (32, 74, 74), 0),
        ("Conv2d 3×3", (64, 72, 72), 18_496),
        ("MaxPool2d 2", (64, 36, 36), 0),
        ("Conv2d 3×3", (128, 34, 34), 73_856),
        ("MaxPool2d 2", (128, 17, 17), 0),
        ("Conv2d 3×3", (128, 15, 15), 147_584),
        ("MaxPool2d 2", (128, 7, 7), 0),
        ("Flatten", (6272,), 0),
        ("Linear", (512,), 3_211_776),
        ("sigmoid, as two logits", (2,), 513),
    ]


def test_the_convolutional_bases_of_the_transfer_tutorials() -> None:
    """VGG16 without its top has 14,714,688 parameters; MobileNetV2 has 2,223,872 (Keras adds 34,112 statistics of batch norms)."""
    with torch.device("meta"):
        counts = {
            name: sum(one.numel() for one in models.build(name, pretrained=False).trunk.parameters())
            for name in ("vgg16", "mobilenet_v2", "resnet18")
        }
    assert counts == {"vgg16": 14_714_688, "mobilenet_v2": 2_223_872, "resnet18": 11_176_512}


@pytest.mark.parametrize("temperature", [1.0, 0.37, 4.2])
def test_one_sigmoid_becomes_two_probabilities_exactly(temperature: float, coffee: NDArray[np.uint8]) -> None:
    torch.manual_seed(0)
    network = models.build("cnn_binary", pretrained=False, size=40, classes=2)
    assert isinstance(network.head, BinaryHead)
    torch.nn.init.normal_(network.head.bias)
    pixels = torch.from_numpy(coffee[:40, :40]).float()[None]
    with torch.no_grad():
        score = torch.nn.functional.linear(network.features(pixels), network.head.weight, network.head.bias).double()
        (found,) = Deployable(network, temperature=temperature)(pixels)
    yes = torch.sigmoid(score / temperature)
    assert 0.05 < yes.item() < 0.95
    torch.testing.assert_close(found.double(), torch.cat([1 - yes, yes], dim=1), rtol=0, atol=1e-7)  # float32's last place


def test_the_loss_of_the_two_logits_is_binary_cross_entropy() -> None:
    head, features = BinaryHead(8), torch.randn(16, 8, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(16) % 2
    score = torch.nn.functional.linear(features, head.weight, head.bias)[:, 0]
    expected = torch.nn.functional.binary_cross_entropy_with_logits(score, labels.float())
    torch.testing.assert_close(torch.nn.functional.cross_entropy(head(features), labels), expected)


def test_grey_stays_grey_and_colours_are_weighed() -> None:
    grey = tutorial.Grey()
    pixels = torch.tensor([[200.0, 200, 200], [255, 0, 0], [0, 255, 0], [0, 0, 255]]).T.reshape(1, 3, 2, 2)
    assert grey(pixels).flatten().tolist() == [200.0, 79.6875, 143.4375, 31.875]
    assert not list(grey.parameters())
    assert torch.tensor(tutorial.LUMA).half().float().tolist() == list(tutorial.LUMA)  # or fp16 files would differ


def test_more_classes_take_a_softmax() -> None:
    assert models.build("cnn_binary", pretrained=False, size=40, classes=5).head.out_features == 5


def test_an_input_that_pooling_eats_up_is_refused() -> None:
    with pytest.raises(ModelError, match=r"cnn_4block pools 40 pixels down to none\. Choose a larger --size, at least 46"):
        models.build("cnn_4block", pretrained=False, size=40, classes=2)
    models.build("cnn_4block", pretrained=False, size=46, classes=2)


@pytest.mark.parametrize("ask", [lambda: models.build("small_resnet", pretrained=True), lambda: models.input_of("small_resnet")])
def test_a_network_without_weights_is_no_backbone(ask: object) -> None:
    assert not models.is_backbone("small_resnet")
    with pytest.raises(ModelError, match="has no pretrained weights; a recipe learns it from scratch"):
        ask()  # type: ignore[operator]
