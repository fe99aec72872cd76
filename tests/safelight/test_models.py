"""Backbones: the pretrained ones know a cat, and cutting a network into trunk, neck and head changes no number."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from safelight import models
from safelight.errors import ModelError
from safelight.models import OFFLINE_BACKBONES, torchvision_zoo
from safelight.models.network import GlobalPool
from safelight.resize import resize
from safelight.spec import InputSpec

PARAMETERS = {"efficientnet_lite0": 4_652_008, "efficientnet_lite1": 5_416_680, "efficientnet_lite2": 6_092_072}
CATS = {"tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat"}
COFFEE = {"espresso", "cup", "coffee mug", "eggnog"}
# One of each family that the split treats differently: residual, plain with `features`, with a hidden layer before the
# head, a convolution as the head, batch norm after the last block, auxiliary heads, a norm in the classifier.
TORCHVISION = [
    "resnet18",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "squeezenet1_1",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("vgg11", "densenet121", "googlenet", "convnext_tiny")),
]


def topmost(architecture: str, photo: NDArray[np.uint8]) -> str:
    network = models.build(architecture, pretrained=True)
    pixels = torch.from_numpy(resize(photo, models.input_of(architecture)))[None].float()
    with torch.no_grad():
        return models.imagenet_labels()[int(network(pixels).argmax())]


@pytest.mark.parametrize("architecture", OFFLINE_BACKBONES)
def test_pretrained_backbones_know_a_cat_and_a_coffee(architecture: str, cat: NDArray[np.uint8], coffee: NDArray[np.uint8]) -> None:
    assert topmost(architecture, cat) in CATS
    assert topmost(architecture, coffee) in COFFEE


@pytest.mark.parametrize("architecture", OFFLINE_BACKBONES)
def test_sizes_of_the_offline_backbones(architecture: str) -> None:
    network = models.build(architecture, pretrained=False)
    assert sum(parameter.numel() for parameter in network.parameters()) == PARAMETERS[architecture]
    assert network.has_heatmap


@pytest.mark.parametrize(
    ("architecture", "size", "resize_to"),
    [("efficientnet_lite0", 224, 256), ("efficientnet_lite1", 240, 274), ("efficientnet_lite2", 260, 297)],
)
def test_inputs_of_the_offline_backbones(architecture: str, size: int, resize_to: int) -> None:
    assert models.input_of(architecture) == InputSpec(size=size, resize_to=resize_to)


def test_inputs_follow_torchvisions_evaluation() -> None:
    assert models.input_of("resnet18") == InputSpec(size=224, resize_to=256)
    assert models.input_of("efficientnet_b0") == InputSpec(size=224, resize_to=256, filter="bicubic")


def test_normalisation_is_inside(coffee: NDArray[np.uint8]) -> None:
    """Against torchvision's own ToTensor and Normalize; the two orders of float32 rounding differ by 4.8e-7 here."""
    from torchvision.transforms import Compose, Normalize, ToTensor

    network = models.build("mobilenet_v3_small", pretrained=False)
    expected = Compose([ToTensor(), Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])(coffee)
    torch.testing.assert_close(network.normalise(torch.from_numpy(coffee)[None].float())[0], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", TORCHVISION)
def test_the_split_gives_torchvisions_own_logits(name: str) -> None:
    """Random weights, batch norms calibrated on the input first: a network in eval mode that was never fed may answer 1e-9."""
    theirs = torchvision_model(name)
    normalised = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 4 - 2
    calibrate(theirs, normalised)
    trunk, neck, head = torchvision_zoo._split(copy.deepcopy(theirs))
    with torch.no_grad():
        expected = theirs(normalised)
        found = head(neck(trunk(normalised)))
    assert expected.std() > 1e-3  # an answer that depends on nothing would prove nothing
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def torchvision_model(name: str) -> Any:
    from torchvision.models import get_model

    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # googlenet announces another initialisation
        return get_model(name, weights=None).eval()


def calibrate(model: nn.Module, normalised: torch.Tensor) -> None:
    """Batch norms learn the statistics of this input; dropout stays off."""
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.train()
            layer.momentum = None
    with torch.no_grad():
        model(normalised)
    model.eval()


@pytest.mark.parametrize(
    ("name", "has_heatmap"),
    [("resnet18", True), ("mobilenet_v2", True), ("mobilenet_v3_small", False), ("squeezenet1_1", False), ("vgg11", False)],
)
def test_pooling_and_one_linear_layer_allow_a_heat_map(name: str, has_heatmap: bool) -> None:
    _, neck, _ = torchvision_zoo._split(torchvision_model(name))
    assert isinstance(neck, GlobalPool) is has_heatmap


def test_a_fresh_head_has_the_asked_classes() -> None:
    network = models.build("mobilenet_v3_small", pretrained=False, classes=3)
    assert network.head.out_features == 3
    assert network(torch.zeros(1, 64, 64, 3)).shape == (1, 3)
    assert not network.training


@pytest.mark.parametrize(
    ("wrong", "right"), [("efficientnet_lite", "efficientnet_lite0"), ("resnet-18", "resnet18"), ("mobilenetv2", "mobilenet_v2")]
)
def test_an_unknown_name_suggests_a_near_one(wrong: str, right: str) -> None:
    for function in (models.input_of, lambda name: models.build(name, pretrained=False)):
        with pytest.raises(ModelError, match=f"no backbone named '{wrong}'. Did you mean .*{right}"):
            function(wrong)
    assert not models.is_backbone(wrong)
    assert models.is_backbone(right)


def test_a_name_like_nothing_lists_the_offline_ones() -> None:
    with pytest.raises(ModelError, match="Did you mean efficientnet_lite0, efficientnet_lite1, efficientnet_lite2"):
        models.input_of("@@@@")


def test_there_are_1000_imagenet_labels() -> None:
    labels = models.imagenet_labels()
    assert (len(labels), labels[0], labels[281], labels[999]) == (1000, "tench", "tabby", "toilet tissue")
