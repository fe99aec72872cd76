"""Which layers can be shown, which of their channels are, and that what is shown is what the layers return."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from export.deployable import Deployable
from export.feature_maps import MOST_CHANNELS, choose, shapes
from export.parity.compare import MAP_TOLERANCE, map_difference, map_disagreement
from export.parity.reference import maps_of_network
from safelight import models
from safelight.errors import UsageError
from safelight.models.network import GlobalPool, Network
from safelight.spec import Spec
from tests.export import networks

BLANK = [np.zeros((224, 224, 3), np.uint8)]


def small(*trunk: nn.Module, channels: int) -> Network:
    return Network(nn.Sequential(*trunk), GlobalPool(), nn.Linear(channels, 3), (0.0,) * 3, (255.0,) * 3).eval()


@pytest.mark.parametrize(
    ("backbone", "layers", "sides"),
    [
        ("efficientnet_lite0", ["4", "6", "8", "14"], [112, 56, 28, 14]),  # a padding comes first, and is none of them
        ("resnet18", ["2", "4", "5", "6"], [112, 56, 28, 14]),
    ],
)
def test_auto_takes_the_last_layer_of_each_size(backbone: str, layers: list[str], sides: list[int]) -> None:
    network = models.build(backbone, pretrained=False)
    chosen = choose(network, 224, ("auto",), BLANK)
    assert [one.layer for one in chosen] == layers
    assert [shapes(network, 224)[one.layer][1] for one in chosen] == sides
    assert [len(one.channels) for one in chosen] == [MOST_CHANNELS] * 4
    assert [one.output for one in chosen] == [f"features.{layer}" for layer in layers]


def test_the_channels_that_vary_most_are_taken_in_their_order() -> None:
    network = small(nn.Conv2d(3, 20, 3), channels=20)
    conv = network.trunk[0]  # type: ignore[index]
    with torch.no_grad():
        conv.weight.mul_(torch.arange(20)[:, None, None, None] % 5)  # 0, 5, 10 and 15 answer alike everywhere
    (one,) = choose(network, 32, ("0",), [networks.photos(32)[0].numpy().astype(np.uint8)])
    assert (one.layer_channels, one.channels) == (20, tuple(channel for channel in range(20) if channel % 5))


def test_layers_are_shown_in_the_order_in_which_they_answer_and_at_any_depth() -> None:
    network = models.build("resnet18", pretrained=False)
    assert [one.layer for one in choose(network, 64, ("5.1.bn2", "0"), BLANK[:0] or [BLANK[0][:64, :64]])] == ["0", "5.1.bn2"]


class _Twice(nn.Module):
    """Calls one layer two times: which of its answers would be shown?"""

    def __init__(self) -> None:
        super().__init__()
        self.again = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.again(self.again(x))
        return y


def test_a_layer_that_can_not_be_shown_is_refused_with_those_that_can() -> None:
    network = small(nn.Conv2d(3, 8, 3), _Twice(), nn.Flatten(2), nn.Unflatten(2, (30, 30)), channels=8)
    for layer in ("nope", "1.again", "2"):
        with pytest.raises(UsageError) as caught:
            choose(network, 32, ("0", layer), [BLANK[0][:32, :32]])
        assert str(caught.value) == (
            f"there is no layer {layer} with feature maps in the trunk. "
            "It has 0 (30 × 30, 8 channels), 1 (30 × 30, 8 channels), 3 (30 × 30, 8 channels)."
        )


def test_a_network_in_one_piece_has_no_layers_to_show() -> None:
    with pytest.raises(UsageError, match="keeps its layers in one piece"):
        choose(models.build("squeezenet1_1", pretrained=False), 224, ("auto",), BLANK)


def deployed(network: Network, spec: Spec, pixels: Tensor) -> dict[str, np.ndarray]:
    deployable = Deployable(network, feature_maps=spec.model.feature_maps)
    with torch.inference_mode():
        return {name: array[0].numpy() for name, array in zip(deployable.outputs[1:], deployable(pixels)[1:], strict=True)}


def test_what_is_shown_is_what_the_layer_returns_before_a_norm_is_folded_and_an_activation_overwrites_it() -> None:
    """0: its batch norm must not be folded into it; 1: the ReLU6 after it works in place; 4: its norm is folded, as is 5's."""
    torch.manual_seed(0)
    layers = (
        nn.Conv2d(3, 24, 3),
        nn.BatchNorm2d(24),
        nn.ReLU6(inplace=True),
        nn.Conv2d(24, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
    )
    network = networks.calibrated(small(*layers, channels=8), 32)
    pixels = networks.photos(32)[:1]
    for chosen in (("0",), ("1",), ("4",), ("5",), ("0", "1", "2", "3", "4", "5")):
        spec = networks.with_maps(network, networks.spec_of(network, 32), chosen)
        expected = maps_of_network(network, spec)("fp32")(pixels[0].numpy().astype(np.uint8))
        assert list(expected) == ["heatmap", *(f"features.{layer}" for layer in chosen)]
        assert map_difference(expected, deployed(network, spec, pixels.byte().float()))[0] < MAP_TOLERANCE / 10


def test_a_map_that_is_missing_or_of_another_shape_or_no_number_is_infinitely_off() -> None:
    expected = {"heatmap": np.full((2, 2, 1), -4, np.float32), "features.0": np.ones((3, 3, 2), np.float32)}
    near = expected | {"heatmap": expected["heatmap"] + np.float32(2e-4)}
    assert map_difference(expected, near) == (pytest.approx(5e-5, rel=1e-2), "heatmap")
    assert map_disagreement(5e-5, "heatmap") == ""
    wrong = (
        {},
        {"heatmap": expected["heatmap"]},
        expected | {"features.0": np.ones((3, 2, 3), np.float32)},
        expected | {"features.0": np.full((3, 3, 2), np.nan, np.float32)},
    )
    for maps in wrong:
        assert map_difference(expected, maps)[0] == np.inf
    assert map_disagreement(np.inf, "features.0") == "the output features.0 is off by inf of its largest value, the tolerance is 1e-04"
