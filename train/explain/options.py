"""What an explanation may be told; loads nothing heavy, so that the command line can read its defaults."""

from __future__ import annotations

from dataclasses import dataclass, field

from safelight.decode import Limits


@dataclass(frozen=True)
class FilterOptions:
    """Activation maximisation, and how long it may take."""

    layers: int | tuple[str, ...] = 4  # so many, spread over the depth, or names as in `safelight summary`
    filters: int = 6  # a layer; 0 leaves the method out
    steps: int = 48  # of gradient ascent; each is one forward and one backward pass of `filters` small pictures
    side: int = 112  # pixels of a picture at most: convolutions take any size, and a quarter of the area is a quarter of the time
    rate: float = 0.15  # Adam's, on the picture's spectrum
    jitter: int = 8  # pixels that the picture is moved by before each step, either way; an eighth of the side at most


@dataclass(frozen=True)
class OcclusionOptions:
    """The grey patch."""

    places: int = 13  # along each side
    patch: float = 0.22  # of the side: overlapping patches, or an edge between two would hide what counts
    grey: int = 128  # of 255


@dataclass(frozen=True)
class ExplainOptions:
    """Everything that an explanation may be told."""

    channels: int = 32  # feature maps shown of a layer, those that vary most
    classes: int = 3  # heat maps, of the most probable classes
    label: str | None = None  # explain this class instead of the answer
    filters: FilterOptions = field(default_factory=FilterOptions)
    occlusion: OcclusionOptions = field(default_factory=OcclusionOptions)
    seed: int = 0  # of the noise that gradient ascent starts from
    limits: Limits = field(default_factory=Limits)
