"""The photos of a parity run: where they come from, and what decode and resize make of them in Python."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from safelight.bundle import Bundle
from safelight.decode import FOREIGN_SUFFIXES, SUFFIXES, decode, find_photos
from safelight.errors import BundleError, PhotoError
from safelight.resize import resize
from safelight.spec import InputSpec


@dataclass(frozen=True)
class Photo:
    """A photo of the run: its name in reports, and where its bytes lie."""

    name: str
    path: Path
    is_golden: bool = False  # it travels with the bundle; the others are the user's own


@dataclass(frozen=True)
class Prepared:
    """What the reference makes of a photo: `verdict` is "ok" or a PhotoError's reason code."""

    photo: Photo
    verdict: str
    decoded_sha256: str  # of the upright RGB bytes; "" where refused
    pixels: NDArray[np.uint8]  # [S,S,3]; [0,0,3] where refused


def golden_photos(bundle: Bundle) -> list[Photo]:
    """The photos that travel with the bundle."""
    if bundle.spec.golden is None:
        return []
    return [Photo(golden.name, bundle.path(golden.photo), is_golden=True) for golden in bundle.spec.golden.photos]


def photos_below(folder: Path, limit: int) -> list[Photo]:
    """At most `limit` photos of a folder, spread evenly over the sorted paths so that every class has its share.

    Photos of kinds outside the contract are among them: their refusal is a verdict too, and equal in every port.
    Raises BundleError where there is none.
    """
    paths = find_photos(folder, SUFFIXES | FOREIGN_SUFFIXES)
    if not paths:
        raise BundleError(f"{folder} holds no photos. Name a folder with JPEG, PNG, WebP, AVIF, GIF or BMP files.")
    count = min(limit, len(paths))
    chosen = [paths[i * len(paths) // count] for i in range(count)]
    return [Photo(path.relative_to(folder).as_posix(), path) for path in chosen]


def prepare(photos: Iterable[Photo], spec: InputSpec) -> Iterator[Prepared]:
    """Decode and resize each photo; a refused one keeps its reason."""
    for photo in photos:
        try:
            upright = decode(photo.path)
        except PhotoError as error:
            yield Prepared(photo, error.reason, "", np.zeros((0, 0, 3), np.uint8))
        else:
            yield Prepared(photo, "ok", hashlib.sha256(upright.tobytes()).hexdigest(), resize(upright, spec))
