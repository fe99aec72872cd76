"""The differences between decoders that we know, each with its cause, its bound and the engines that have it.

A photo that differs by a known cause and within the bound fails nothing: it is listed, with what it does to the
probabilities, and the network is held to PyTorch on the pixels that the engine made. Everything else is a failure.
To add one: a line in KNOWN, with the measurement that sets the bound (docs/bundle.md has the rules for porters).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from export.parity.photos import Photo


@dataclass(frozen=True)
class KnownDifference:
    """Why the decoders of some engines give other pixels for some photos, and by how much at most."""

    cause: str
    engines: frozenset[str]
    bound: int  # largest difference of a decoded value, of 255
    concerns: Callable[[Photo], bool]


def has_partial_alpha(photo: Photo) -> bool:
    """Whether a pixel is neither opaque nor invisible."""
    with Image.open(photo.path) as image:
        if not image.has_transparency_data:
            return False
        alpha = np.asarray(image.convert("RGBA"))[..., 3]
    return bool(((alpha > 0) & (alpha < 255)).any())


def is_avif_with_half_chroma(photo: Photo) -> bool:
    """AVIF 4:2:0: the third byte of its av1C box has both subsampling bits (AV1 in ISOBMFF, section 2.3.3)."""
    head = photo.path.read_bytes()[:4096]
    record = head.find(b"av1C")
    return head[4:8] == b"ftyp" and record >= 0 and head[record + 6] & 0b1100 == 0b1100


KNOWN = (
    # Measured with coffee-alpha.png and the transparent photos of the awkward set: 1 in both.
    KnownDifference(
        "partial alpha: its canvas multiplies colours by alpha and rounds", frozenset({"firefox", "webkit"}), 1, has_partial_alpha
    ),
    # Measured with Pillow's and libavif's test pictures: 17 to 49, by picture.
    KnownDifference("AVIF 4:2:0: its decoder enlarges chroma otherwise", frozenset({"firefox"}), 64, is_avif_with_half_chroma),
)


def explain(engine: str, photo: Photo, max_abs: int | None) -> KnownDifference | None:
    """The known cause of a decoded difference of `max_abs`; None where there is none or it was not measured."""
    if max_abs is None:
        return None
    matching = (known for known in KNOWN if engine in known.engines and max_abs <= known.bound and known.concerns(photo))
    return next(matching, None)
