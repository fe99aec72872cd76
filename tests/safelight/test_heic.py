"""HEIC is refused as everywhere, with the way out in the message; with the extra, and on request, Python reads it."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

from safelight.cli import cli
from safelight.decode import FOREIGN_SUFFIXES, SUFFIXES, Limits, decode, find_photos
from safelight.errors import PhotoError, UsageError
from safelight.flatten import over_white

ROOT = Path(__file__).parents[2]
AWKWARD = ROOT.parent / "shared" / "data" / "awkward" / "avif_heic_webp"
HEADER = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
HEIC = Limits(heic=True)

# What of the picture's corners comes where: the four colours of `corners`, read row by row
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
TURNED = {
    1: [RED, GREEN, BLUE, WHITE],
    2: [GREEN, RED, WHITE, BLUE],
    3: [WHITE, BLUE, GREEN, RED],
    4: [BLUE, WHITE, RED, GREEN],
    5: [RED, BLUE, GREEN, WHITE],
    6: [BLUE, RED, WHITE, GREEN],
    7: [WHITE, GREEN, BLUE, RED],
    8: [GREEN, WHITE, RED, BLUE],
}


def corners() -> Image.Image:
    """64 × 32 pixels, a colour in each quarter."""
    quarters = np.array([[RED, GREEN], [BLUE, WHITE]], np.uint8)
    return Image.fromarray(quarters.repeat(16, axis=0).repeat(32, axis=1))


def heic(image: Image.Image, **options: Any) -> bytes:
    """A lossless HEIC file."""
    pillow_heif = pytest.importorskip("pillow_heif", reason="needs the extra heic")
    stream = io.BytesIO()
    pillow_heif.from_pillow(image).save(stream, quality=-1, chroma=444, **options)
    return stream.getvalue()


def exif(orientation: int) -> bytes:
    record = Image.Exif()
    record[0x0112] = orientation
    return record.tobytes()


def refusal(data: bytes, limits: Limits) -> PhotoError:
    with pytest.raises(PhotoError) as caught:
        decode(data, limits=limits)
    return caught.value


def test_without_being_asked_for_it_is_unsupported_and_the_message_says_what_helps() -> None:
    error = refusal(HEADER, Limits())
    assert error.reason == "unsupported"
    assert "pip install 'safelight[heic]'" in str(error)
    assert "--heic" in str(error)


def test_without_the_extra_it_is_unsupported_and_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # what `import` makes of a package that isn't there
    error = refusal(HEADER, HEIC)
    assert error.reason == "unsupported"
    assert "pip install 'safelight[heic]'" in str(error)


def test_the_command_line_says_so_before_any_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = CliRunner().invoke(cli, ["predict", str(tmp_path), str(tmp_path), "--heic"])
    assert isinstance(found.exception, UsageError)
    assert "safelight[heic]" in str(found.exception)


@pytest.mark.parametrize("orientation", TURNED)
def test_it_is_turned_once(orientation: int) -> None:
    """The encoder writes irot and imir beside EXIF, as phones do: whoever obeys both turns twice."""
    found = decode(heic(corners(), exif=exif(orientation)), limits=HEIC).astype(int)
    height, width = found.shape[:2]
    assert (width, height) == ((32, 64) if orientation > 4 else (64, 32))
    quarters = [found[height // 4 + y * height // 2, width // 4 + x * width // 2] for y in (0, 1) for x in (0, 1)]
    np.testing.assert_allclose(quarters, TURNED[orientation], atol=3)  # lossless in YCbCr: 2 of 255 in RGB


def test_an_unturned_picture_ignores_what_exif_says_later() -> None:
    """Without irot, EXIF's 6 alone turns nothing: in HEIF the boxes decide."""
    data = heic(corners(), exif=exif(1))
    told = data.replace(exif(1), exif(6))
    assert told != data
    np.testing.assert_array_equal(decode(told, limits=HEIC), decode(data, limits=HEIC))


def test_alpha_lies_on_white() -> None:
    image = corners().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    expected = over_white(np.asarray(image)).astype(int)
    np.testing.assert_allclose(decode(heic(image), limits=HEIC), expected, atol=4)


def test_profiles_are_ignored() -> None:
    from PIL import ImageCms

    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    np.testing.assert_array_equal(decode(heic(corners(), icc_profile=lab), limits=HEIC), decode(heic(corners()), limits=HEIC))


def test_the_primary_picture_is_taken() -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="needs the extra heic")
    album = pillow_heif.from_pillow(Image.new("RGB", (32, 32)))
    album.add_from_pillow(corners())
    stream = io.BytesIO()
    album.save(stream, quality=-1, chroma=444, primary_index=1)
    assert decode(stream.getvalue(), limits=HEIC).shape == (32, 64, 3)


def test_limits_are_checked_before_decoding() -> None:
    data = heic(corners())
    assert refusal(data, Limits(heic=True, pixels=64 * 32 - 1)).reason == "too-large"
    assert refusal(data, Limits(heic=True, bytes=len(data) - 1)).reason == "too-large"
    assert refusal(data[: len(data) // 2], HEIC).reason in {"truncated", "corrupt"}


def test_pillow_stays_as_it_was(tmp_path: Path) -> None:
    """In a process of its own: imageio, which comes with scikit-image, does register the plugin."""
    (tmp_path / "photo.heic").write_bytes(heic(corners()))
    code = """if True:
        import sys
        from pathlib import Path
        from PIL import Image
        from safelight.decode import Limits, decode
        decode(Path(sys.argv[1]), limits=Limits(heic=True))
        assert ".heic" not in Image.registered_extensions(), "registered"
        assert "HEIF" not in Image.OPEN, "registered"
    """
    subprocess.run([sys.executable, "-c", code, tmp_path / "photo.heic"], cwd=ROOT, check=True)


@pytest.mark.skipif(not AWKWARD.is_dir(), reason="the awkward photos lie beside the project on the developers' machines only")
def test_the_awkward_files_are_read() -> None:
    pytest.importorskip("pillow_heif", reason="needs the extra heic")
    sizes = {path.name: decode(path, limits=HEIC).shape[:2] for path in AWKWARD.glob("*.hei*") if "truncated" not in path.name}
    assert sorted(sizes.values()) == [(128, 128)] * 4 + [(426, 640)]


def test_folders_list_them_only_where_that_is_asked_for(tmp_path: Path, coffee: NDArray[np.uint8]) -> None:
    for name in ("a.HEIC", "b.heif", "c.jpg", "d.tiff", "e.txt"):
        (tmp_path / name).write_bytes(b"")

    def names(suffixes: frozenset[str]) -> list[str]:
        return [path.name for path in find_photos(tmp_path, suffixes)]

    assert names(Limits().suffixes) == ["c.jpg"]
    assert names(HEIC.suffixes) == ["a.HEIC", "b.heif", "c.jpg"]
    assert names(SUFFIXES | FOREIGN_SUFFIXES) == ["a.HEIC", "b.heif", "c.jpg", "d.tiff"]
