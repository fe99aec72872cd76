"""Every square that decode, frame and filter can give of one photo. What two of them share is made once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from export.diagnose import filtering, framing
from export.diagnose.mistake import Pixels, Scale, Square, Stage, Way
from export.diagnose.photo import Photo
from safelight.errors import PhotoError
from safelight.resize import resize
from safelight.spec import InputSpec

KEPT_BYTES = 128 * 2**20  # of finished squares: all single mistakes at 224, which the second round and the report ask for again
KEPT_SCALED = 64  # scaled pictures, before they are cut or padded


class Squares:
    """The squares [S,S,3] float32 in 0..255 of one photo under one contract, by the ways that make them."""

    def __init__(self, data: bytes, spec: InputSpec) -> None:
        self.photo = Photo(data)
        self.spec = spec
        self._made: dict[tuple[Way | None, ...], Square | None] = {}
        self._decoder: Way | None = None
        self._decoded: Pixels | None = None
        self._scaled: dict[tuple[Scale, int, tuple[int, ...], int, int], Square] = {}

    @cached_property
    def contract(self) -> Square:
        """What the contract's own stages give. Raises a PhotoError."""
        return resize(self.photo.upright, self.spec).astype(np.float32)

    def of(self, ways: Mapping[Stage, Way]) -> Square | None:
        """The square of these ways of decode, frame and filter, else the contract's; None where this photo can't show them.

        Cheap while the way of decode stays the same: ask in that order.
        """
        key = (ways.get("decode"), ways.get("frame"), ways.get("filter"))
        if key == (None, None, None):
            return self.contract
        if key in self._made:
            return self._made[key]
        square = self._make(*key)
        if len(self._made) * self.contract.nbytes < KEPT_BYTES:
            self._made[key] = square
        return square

    def _make(self, decoder: Way | None, frame: Way | None, filter_: Way | None) -> Square | None:
        pixels = self._decode(decoder)
        if pixels is None or (decoder is not None and pixels is self.photo.upright):
            return None
        square = (frame or framing.contract_frame)(pixels, self.spec, self._scale(filter_ or filtering.contract_scale(self.spec.filter)))
        if square.shape != (self.spec.size, self.spec.size, 3):
            return None  # a frame that this photo is too small for
        return np.ascontiguousarray(square, np.float32)

    def _decode(self, way: Way | None) -> Pixels | None:
        if way is None:
            return self.photo.upright
        if way is not self._decoder:
            self._decoder = way
            try:
                self._decoded = way(self.photo)
            except (OSError, ValueError, SyntaxError, PhotoError):  # another decoder may refuse what the contract's takes
                self._decoded = None
        return self._decoded

    def _scale(self, way: Scale) -> Scale:
        """`way`, keeping what it made of the upright photo: several frames begin with the same picture."""

        def scaled(pixels: Pixels, width: int, height: int) -> Square:
            if pixels.base is not self.photo.upright and pixels is not self.photo.upright:
                return way(np.ascontiguousarray(pixels), width, height)
            key = (way, pixels.ctypes.data, pixels.shape, width, height)
            if key not in self._scaled:
                if len(self._scaled) == KEPT_SCALED:
                    self._scaled.clear()
                self._scaled[key] = way(np.ascontiguousarray(pixels), width, height)
            return self._scaled[key]

        return scaled
