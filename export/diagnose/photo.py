"""The photo under diagnosis: its bytes, and what several mistakes ask of them, each made once."""

from __future__ import annotations

import io
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from safelight.decode import decode

_ORIENTATION = 0x0112  # the EXIF tag


class Photo:
    """A photo's bytes. A mistake of decode that this photo can't show returns `upright` itself, the same object."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @cached_property
    def upright(self) -> NDArray[np.uint8]:
        """The contract's own RGB uint8 [H,W,3]. Raises a PhotoError."""
        return decode(self.data)

    @cached_property
    def stored(self) -> Image.Image:
        """As Pillow loads it: not turned, in the file's own mode."""
        image = self.reopened()
        image.load()
        return image

    @cached_property
    def orientation(self) -> int:
        """EXIF's 1..8; 1 where there is none."""
        try:
            return int(self.stored.getexif().get(_ORIENTATION, 1))
        except Exception:  # damaged EXIF raises anything; the contract leaves such a photo as stored
            return 1

    def reopened(self) -> Image.Image:
        """The header alone is read, so that a decoder's options can still be set."""
        return Image.open(io.BytesIO(self.data))
