"""Small pictures of photos for the page, as data URIs: bounded in number, size and bytes."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from safelight.data_uri import data_uri
from safelight.decode import Limits
from safelight.errors import PhotoError
from train.inspection.scan import Shot, see

THUMBNAIL = 160  # pixels of the longer side, about 5 kB each
TILE = 96  # pixels of a side of a contact sheet's square
COLUMNS, ROWS = 8, 2  # of a contact sheet, about 50 kB
GROUND = (128, 128, 128)


class Pictures:
    """Makes pictures until `most` of them are made; then it gives none, and the page shows names alone."""

    def __init__(self, limits: Limits, most: int) -> None:
        self._limits = limits
        self._made: dict[str, str] = {}  # by SHA-256: copies are drawn once
        self._most = most

    def __call__(self, shot: Shot) -> str:
        """A data URI, empty where the photo has vanished or enough pictures were made."""
        if shot.sha256 not in self._made:
            if len(self._made) >= self._most:
                return ""
            picture = _open(shot, THUMBNAIL, self._limits)
            if picture is not None:
                picture.thumbnail((THUMBNAIL, THUMBNAIL))
            self._made[shot.sha256] = "" if picture is None else data_uri(picture, "jpeg", quality=76)
        return self._made[shot.sha256]


def contact_sheet(shots: Sequence[Shot], limits: Limits) -> str:
    """One picture with COLUMNS × ROWS photos, spread evenly over `shots`, each cut to a square; a data URI."""
    count = min(len(shots), COLUMNS * ROWS)
    chosen = [shots[index * len(shots) // count] for index in range(count)]
    rows = -(-count // COLUMNS)
    sheet = Image.new("RGB", (TILE * min(count, COLUMNS), TILE * rows), GROUND)
    for place, shot in enumerate(chosen):
        picture = _open(shot, TILE, limits)
        if picture is not None:
            side = min(picture.size)
            left, top = (picture.width - side) // 2, (picture.height - side) // 2
            tile = picture.resize((TILE, TILE), Image.Resampling.BICUBIC, (left, top, left + side, top + side))
            sheet.paste(tile, (TILE * (place % COLUMNS), TILE * (place // COLUMNS)))
    return data_uri(sheet, "jpeg", quality=72)


def _open(shot: Shot, side: int, limits: Limits) -> Image.Image | None:
    try:
        return Image.fromarray(see(shot.found, side, limits)[1].pixels)
    except PhotoError:
        return None
