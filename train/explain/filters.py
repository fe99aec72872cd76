"""Filters by activation maximisation: the picture that excites a channel most, found by gradient ascent on the input.

As in Olah et al. 2017 (distill.pub/2017/feature-visualization): not pixels are learnt but their Fourier coefficients, each
frequency on an equal footing, and the picture is moved at random before each step. Gradient ascent on pixels gives noise that
excites a channel no less and shows nothing. The ascent stops at the channel's layer: nothing behind it is computed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from rich.progress import Progress
from torch import Tensor, nn

from safelight.models.network import Network
from train.explain.options import FilterOptions
from train.explain.stages import Stage

CONTRAST = 0.06  # deviation of the start, in the sigmoid's units: grey noise, faint
GAIN = 2.0  # of the sigmoid that keeps values in 0..255; with 4 all of them are soon 0 or 255
# Colours of natural photos vary together; these columns are their principal directions (light, blue–yellow, green–magenta),
# scaled so that a step in lightness is larger than one in hue.
COLOURS = ((0.58, 0.42, 0.13), (0.58, 0.0, -0.25), (0.58, -0.42, 0.12))


@dataclass(frozen=True)
class Seen:
    """One channel, the picture that excites it, and how much."""

    stage: Stage
    channel: int
    picture: Tensor  # [3,side,side] in 0..255
    before: float  # mean activation before the nonlinearity: of grey noise,
    photo: float  # of the photo,
    after: float  # and of the picture


class _Reached(Exception):
    """Ends the forward pass at the layer."""


def choose(stages: Sequence[Stage], layers: int | tuple[str, ...]) -> list[Stage]:
    """The named stages, or so many convolutions spread over the depth, the first and the last among them."""
    convolutions = [stage for stage in stages if stage.is_convolution]
    if not isinstance(layers, int):
        return [stage for name in layers for stage in convolutions if stage.name == name]
    count = min(layers, len(convolutions))
    return [convolutions[round(index * (len(convolutions) - 1) / max(count - 1, 1))] for index in range(count)]


def maximise(
    network: Network, stage: Stage, channels: Sequence[int], pixels: Tensor, options: FilterOptions, seed: int, bar: Progress
) -> list[Seen]:
    """Pictures for some channels of a stage, all at once; `pixels` [1,S,S,3] is the photo that they are compared with."""
    whole = isinstance(network.trunk, nn.Identity)  # a network that can't be cut, a vision transformer for one, may insist on its size
    side = pixels.shape[1] if whole else min(options.side, pixels.shape[1])
    picture = _Spectrum(len(channels), side, seed)
    ascent = torch.optim.Adam(picture.parameters(), lr=options.rate)
    random = torch.Generator().manual_seed(seed)
    reach = min(options.jitter, side // 8)
    task = bar.add_task(f"Filters of {stage.name}", total=options.steps)
    with torch.no_grad():
        before = _activation(network, stage, picture(), channels)
        photo = activation(network, stage, pixels)[0, list(channels)]
    with torch.enable_grad():
        for _ in range(options.steps):
            down, right = torch.randint(-reach, reach + 1, (2,), generator=random).tolist()
            loss = -_activation(network, stage, picture().roll((down, right), (2, 3)), channels).sum()
            ascent.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            ascent.step()
            bar.advance(task)
    with torch.no_grad():
        pictures = picture()
        after = _activation(network, stage, pictures, channels)
    return [
        Seen(stage, channel, pictures[index], float(before[index]), float(photo[index]), float(after[index]))
        for index, channel in enumerate(channels)
    ]


def activation(network: Network, stage: Stage, pixels: Tensor) -> Tensor:
    """[N,D]: means over all places of what the stage gives for [N,s,s,3], before its activation."""
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        kept.append(output.mean((2, 3)))
        raise _Reached

    handle = stage.answer.register_forward_hook(keep)
    try:
        network(pixels)
    except _Reached:
        pass
    finally:
        handle.remove()
    return kept[0]


def _activation(network: Network, stage: Stage, picture: Tensor, channels: Sequence[int]) -> Tensor:
    """[N]: the nth channel's for the nth picture [N,3,s,s]."""
    return activation(network, stage, picture.permute(0, 2, 3, 1).contiguous()).gather(1, torch.tensor(channels)[:, None])[:, 0]


class _Spectrum(nn.Module):
    """Pictures by their Fourier coefficients; those of low frequencies weigh more, as in photos."""

    def __init__(self, count: int, side: int, seed: int) -> None:
        super().__init__()
        self.side = side
        frequency = torch.hypot(torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)[None, :]).clamp(min=1 / side)
        self.register_buffer("weight", (1 / frequency) / math.sqrt(float((frequency**-2).mean())))
        self.register_buffer("colours", torch.tensor(COLOURS))
        noise = torch.randn(count, 3, *frequency.shape, 2, generator=torch.Generator().manual_seed(seed))
        self.coefficients = nn.Parameter(CONTRAST * noise)

    weight: Tensor
    colours: Tensor

    def forward(self) -> Tensor:
        """[N,3,side,side] in 0..255."""
        waves = torch.view_as_complex(self.coefficients) * self.weight
        light = torch.fft.irfft2(waves, s=(self.side, self.side), norm="ortho")
        return 255 * torch.sigmoid(GAIN * torch.einsum("rc,nchw->nrhw", self.colours, light))
