"""Explanations: each method is held to what can be known otherwise, on networks small enough to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from rich.console import Console
from torch import Tensor, nn

from safelight import models
from safelight.models.network import BinaryHead, GlobalPool, Network
from train.explain.filters import choose, maximise
from train.explain.heat import cam, grad_cam, heat, last_map
from train.explain.occlusion import occlude
from train.explain.options import FilterOptions, OcclusionOptions
from train.explain.pictures import CELL, GAP, grid
from train.explain.stages import liveliest, look, silent
from train.progress import progress

SMALL = 32  # pixels
BAR = progress(Console(quiet=True))


def noise(size: int, seed: int = 0) -> Tensor:
    """A photo [1,size,size,3] in 0..255."""
    return torch.rand(1, size, size, 3, generator=torch.Generator().manual_seed(seed)) * 255


def pooled(head: nn.Linear, *, inplace: bool = False) -> Network:
    """Two convolutions, global pooling, one linear layer, weights by seed 0."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace), nn.MaxPool2d(2), nn.Conv2d(8, 12, 3), nn.ReLU(inplace)]
    nn.init.normal_(head.weight)
    return Network(nn.Sequential(*layers), GlobalPool(), head, (127.0,) * 3, (128.0,) * 3).eval()


@pytest.mark.parametrize("head", [nn.Linear(12, 5), BinaryHead(12)], ids=["softmax", "one sigmoid"])
def test_grad_cam_is_cam_where_the_head_is_pooling_and_one_layer(head: nn.Linear) -> None:
    network, pixels = pooled(head), noise(SMALL)
    classes = list(range(network(pixels).shape[1]))
    exact = cam(network, pixels).relu()
    estimate = grad_cam(network, pixels, classes, "trunk")
    assert exact.amax((1, 2)).min() > 0  # one class of two has a constant logit, and a map all the same
    torch.testing.assert_close(estimate * exact[0].numel(), exact, rtol=1e-4, atol=1e-5)


def test_grad_cam_is_not_cam_at_another_layer_or_class() -> None:
    network, pixels = pooled(nn.Linear(12, 5)), noise(SMALL)
    exact, estimate = cam(network, pixels).relu(), grad_cam(network, pixels, [1], "trunk")[0]
    assert not torch.allclose(estimate * exact[0].numel(), exact[0], rtol=1e-2)
    assert grad_cam(network, pixels, [0], "trunk.0").shape != exact[:1].shape


def test_cam_is_the_contracts_heat_map_less_the_bias_and_the_mean() -> None:
    network, pixels = pooled(nn.Linear(12, 5)), noise(SMALL)
    centred = network(pixels) - network.head.bias
    torch.testing.assert_close(cam(network, pixels).mean((1, 2)), (centred - centred.mean())[0], rtol=1e-4, atol=1e-5)


def test_grad_cam_leaves_the_network_as_it_was() -> None:
    network, pixels = pooled(nn.Linear(12, 5)).requires_grad_(False), noise(SMALL)
    before = network(pixels)
    grad_cam(network, pixels, [0], "trunk.4")
    assert not any(module._forward_hooks for module in network.modules())
    torch.testing.assert_close(network(pixels), before, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("architecture", "layer"),
    [
        ("cnn_4block", "trunk.10"),
        ("mobilenet_v3_small", "trunk"),
        ("shufflenet_v2_x0_5", "neck.conv5"),
        ("squeezenet1_1", "neck.classifier.2"),
    ],
)
def test_the_map_weighed_is_the_last_before_the_final_pooling(architecture: str, layer: str) -> None:
    network = models.build(architecture, pretrained=False, size=96, classes=3)
    found = last_map(network, noise(96))
    assert found == layer


def test_a_network_without_places_has_no_heat_map() -> None:
    dense = Network(nn.Flatten(), nn.Identity(), nn.Linear(3 * SMALL * SMALL, 2), (0.0,) * 3, (255.0,) * 3).eval()
    assert heat(dense, noise(SMALL), [0]) is None


class Squares(nn.Module):
    """Looks for red at one place alone: what lies elsewhere can't change its answer."""

    def __init__(self, top: int, left: int, side: int) -> None:
        super().__init__()
        self.window = (slice(None), 0, slice(top, top + side), slice(left, left + side))

    def forward(self, image: Tensor) -> Tensor:
        """[N,3,S,S] → [N,1]."""
        return image[self.window].mean((1, 2))[:, None]


@pytest.mark.parametrize(("top", "left"), [(2, 4), (20, 8), (24, 24)])
def test_occlusion_finds_the_planted_square(top: int, left: int) -> None:
    head = nn.Linear(1, 2)
    head.weight.data, head.bias.data = torch.tensor([[0.0], [8.0]]), torch.tensor([0.0, -4.0])
    network = Network(Squares(top, left, 6), nn.Identity(), head, (0.0,) * 3, (255.0,) * 3)
    photo = torch.full((SMALL, SMALL, 3), 40.0)
    photo[top : top + 6, left : left + 6, 0] = 255
    found = occlude(network, photo, 1, 1.0, OcclusionOptions(places=14, grey=0), BAR)
    row, column = found.worst
    before, after = (torch.softmax(network(one[None]), 1)[0, 1].detach() for one in (photo, found.cover(photo, row, column)))
    assert before > 0.98
    assert after < 0.03
    assert float(found.drops.max()) == pytest.approx(float(before - after), abs=1e-6)
    strongest = int(found.map(SMALL).argmax())
    assert top - 2 <= strongest // SMALL < top + 8  # a step of the patch is 2 pixels
    assert left - 2 <= strongest % SMALL < left + 8
    far = [(r, c) for r in range(14) for c in range(14) if max(abs(found.corners[r] - top), abs(found.corners[c] - left)) > 8]
    assert max(abs(float(found.drops[spot])) for spot in far) < 1e-6


def test_occlusion_divides_logits_by_the_temperature_and_reaches_every_pixel() -> None:
    network, photo = pooled(nn.Linear(12, 5)), noise(SMALL)[0]
    hot, cold = (occlude(network, photo, 0, temperature, OcclusionOptions(places=4), BAR) for temperature in (100.0, 1.0))
    assert hot.drops.abs().max() < cold.drops.abs().max() / 5
    assert cold.corners[0] == 0
    assert cold.corners[-1] + cold.patch == SMALL


@pytest.mark.parametrize("inplace", [False, True])
def test_feature_maps_are_what_the_layers_give(inplace: bool) -> None:
    network, pixels = pooled(nn.Linear(12, 5), inplace=inplace), noise(SMALL)
    stages = look(network, pixels)
    assert [(stage.name, stage.kind) for stage in stages] == [
        ("trunk.0", "Conv2d 3×3 + BatchNorm2d + ReLU"),
        ("trunk.3", "MaxPool2d 2×2"),
        ("trunk.4", "Conv2d 3×3 + ReLU"),
    ]
    image = network.normalise(pixels)
    trunk = pooled(nn.Linear(12, 5)).trunk
    assert isinstance(trunk, nn.Sequential)
    for stage, end in zip(stages, (3, 4, 6), strict=True):
        torch.testing.assert_close(stage.maps, trunk[:end](image)[0], rtol=0, atol=0)


class Residual(nn.Module):
    """A convolution whose output is added to before its activation, in place or not."""

    def __init__(self, *, inplace: bool) -> None:
        super().__init__()
        self.conv, self.activation, self.inplace = nn.Conv2d(3, 3, 1), nn.ReLU(), inplace

    def forward(self, image: Tensor) -> Tensor:
        """[N,3,h,w] → the same."""
        y = self.conv(image)
        y = y.add_(image) if self.inplace else y + image
        return self.activation(y)  # type: ignore[no-any-return]


@pytest.mark.parametrize("inplace", [False, True])
def test_a_sum_ends_a_stage_even_where_it_is_done_in_place(inplace: bool) -> None:
    block = Residual(inplace=inplace)
    network = Network(block, GlobalPool(), nn.Linear(3, 2), (0.0,) * 3, (255.0,) * 3).eval()
    (stage,) = look(network, noise(8))
    assert stage.kind == "Conv2d 1×1"
    torch.testing.assert_close(stage.maps, block.conv(network.normalise(noise(8)))[0], rtol=0, atol=0)


def test_silent_channels_are_counted_and_never_preferred() -> None:
    maps = torch.stack([torch.zeros(4, 4), torch.arange(16.0).view(4, 4), torch.full((4, 4), 9.0), torch.eye(4)])
    assert silent(maps) == 2
    assert liveliest(maps, 2) == [1, 3]
    assert liveliest(maps, 9) == [0, 1, 2, 3]


def test_a_grid_shows_each_map_from_its_least_to_its_greatest_value() -> None:
    maps = torch.stack([torch.tensor([[0.0, 5.0], [10.0, 10.0]]), torch.full((2, 2), 3.0)])
    image = np.asarray(grid(maps))
    assert image.shape == (CELL, 2 * CELL + GAP)
    assert [image[0, 0], image[0, CELL - 1], image[-1, 0]] == [0, 127, 254]
    assert set(image[:, CELL : CELL + GAP].ravel()) == {255}
    assert set(image[:, CELL + GAP :].ravel()) == {0}


@pytest.fixture(scope="module")
def lite() -> Network:
    return models.build("efficientnet_lite0", pretrained=True).requires_grad_(False)


def test_gradient_ascent_excites_channels_far_more_than_noise_or_a_photo_do(lite: Network) -> None:
    """Deep channels of a trained network: 24 steps give at least 3 times what noise or this photo does."""
    pixels = noise(64)
    stages = [stage for stage in look(lite, pixels) if stage.is_convolution]
    options = FilterOptions(steps=24, side=64)
    seen = maximise(lite, stages[12], [3, 7, 11], pixels, options, 0, BAR)
    assert all(one.after > 3 * max(one.before, one.photo, 0.5) for one in seen), [(one.before, one.photo, one.after) for one in seen]
    for index, one in enumerate(seen):  # each picture is its own channel's: it excites no other as much as that one's own does
        others = [float((other.picture - one.picture).abs().mean()) for other in seen[:index] + seen[index + 1 :]]
        assert min(others) > 10
        assert 0 <= float(one.picture.min()) < float(one.picture.max()) <= 255
    still = maximise(lite, stages[12], [3], pixels, replace(options, rate=1e-9, steps=2), 0, BAR)[0]
    assert still.after == pytest.approx(still.before, abs=1e-2)  # it is the ascent that does it


def test_the_same_seed_gives_the_same_filter(lite: Network) -> None:
    pixels = noise(64)
    stage = look(lite, pixels)[0]
    once, again, other = (maximise(lite, stage, [3], pixels, FilterOptions(steps=3, side=48), seed, BAR)[0].picture for seed in (0, 0, 1))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


def test_layers_are_spread_over_the_depth_or_named(lite: Network) -> None:
    stages = look(lite, noise(64))
    convolutions = [stage.name for stage in stages if stage.is_convolution]
    names: Callable[[int | tuple[str, ...]], list[str]] = lambda layers: [stage.name for stage in choose(stages, layers)]  # noqa: E731
    assert names(2) == [convolutions[0], convolutions[-1]]
    assert len(set(names(5))) == 5
    assert names(1000) == convolutions
    assert names((convolutions[3], convolutions[1])) == [convolutions[3], convolutions[1]]
