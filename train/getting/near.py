"""Which photo of a class folder shows the same picture, if any: `safelight inspect`'s two looks, one photo at a time."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from safelight.decode import Limits, glance
from train.inspection.duplicates import is_same_picture
from train.inspection.hashing import MAX_BITS
from train.inspection.scan import LOOK, grey_of, marks


class Pictures:
    """The pictures that are there."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._hashes = array("Q")
        self._tiny: list[NDArray[np.uint8]] = []
        self._names: list[str] = []

    def twin(self, data: bytes) -> str | None:
        """The name of the first photo that shows what this one shows."""
        hash_, tiny = self._marks(data)
        distances = np.bitwise_count(np.array(self._hashes, np.uint64) ^ np.uint64(hash_))
        suspects = np.flatnonzero(distances <= MAX_BITS)
        return next((self._names[index] for index in suspects if is_same_picture(self._tiny[index], tiny)), None)

    def learn(self, name: str, data: bytes) -> None:
        """A photo is there now."""
        hash_, tiny = self._marks(data)
        self._hashes.append(hash_)
        self._tiny.append(tiny)
        self._names.append(name)

    def _marks(self, data: bytes) -> tuple[int, NDArray[np.uint8]]:
        return marks(grey_of(glance(data, LOOK, limits=self._limits).pixels))
