"""Each check means the photo that has the fault, and not the photo without it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from skimage import data
from skimage.measure import blur_effect

from train.data import Found
from train.inspection.quality import CHECKS, blur, remarks
from train.inspection.scan import Shot, look

CAT = Image.fromarray(data.chelsea())  # 451 × 300


def jpeg(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85, **options)
    return stream.getvalue()


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return jpeg(CAT, exif=exif)


def png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


FAULTS: dict[str, Callable[[], bytes]] = {
    "mislabelled": lambda: png(CAT),  # the file is called .jpg
    "small": lambda: jpeg(CAT.resize((90, 60))),
    "long": lambda: jpeg(CAT.crop((0, 100, 451, 250))),
    "dark": lambda: jpeg(CAT.point(lambda value: value // 5)),
    "bright": lambda: jpeg(CAT.point(lambda value: 220 + value // 8)),
    "flat": lambda: jpeg(Image.new("RGB", (300, 200), (120, 130, 140))),
    "blurred": lambda: jpeg(CAT.filter(ImageFilter.GaussianBlur(8))),
    "turned": lambda: turned(6),
}


def shot_of(content: bytes, folder: Path, name: str = "photo.jpg") -> Shot:
    path = folder / name
    path.write_bytes(content)
    shot = look(Found(path, name, "cats", None))
    assert isinstance(shot, Shot)
    return shot


def test_every_check_is_planted() -> None:
    assert FAULTS.keys() == CHECKS.keys()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_nothing_else(fault: str, tmp_path: Path) -> None:
    shot = shot_of(FAULTS[fault](), tmp_path)
    assert {remark.check for remark in remarks([shot])} == {fault}
    assert CHECKS[fault].figure(shot)


def test_an_ordinary_photo_is_left_in_peace(tmp_path: Path) -> None:
    assert remarks([shot_of(jpeg(CAT), tmp_path), shot_of(turned(1), tmp_path), shot_of(png(CAT), tmp_path, "photo.PNG")]) == []


def test_the_worst_come_first(tmp_path: Path) -> None:
    shots = [shot_of(jpeg(CAT.point(lambda value, by=by: value // by)), tmp_path, f"{by}.jpg") for by in (5, 9, 6)]  # type: ignore[misc]
    (dark,) = [remark for remark in remarks(shots) if remark.check == "dark"]
    assert [shot.found.name for shot in dark.shots] == ["9.jpg", "6.jpg", "5.jpg"]


def test_sizes_are_upright_and_of_the_whole_photo(tmp_path: Path) -> None:
    assert (shot_of(turned(6), tmp_path).width, shot_of(turned(6), tmp_path).height) == (300, 451)
    large = shot_of(jpeg(CAT.resize((4510, 3000))), tmp_path)
    assert (large.width, large.height) == (4510, 3000)


def test_the_blur_measure_is_that_of_its_paper() -> None:
    """skimage's is written by others: the same order, and near in value, with the same window."""
    ours, theirs = [], []
    for radius in (0, 1, 2, 4, 8):
        grey = np.asarray(CAT.filter(ImageFilter.GaussianBlur(radius)).convert("L"))
        ours.append(blur(grey))
        theirs.append(float(blur_effect(grey, h_size=9)))
    assert ours == sorted(ours)
    assert np.abs(np.array(ours) - theirs).max() < 0.01  # measured 0.001
