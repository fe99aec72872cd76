"""Stage 1: every kind of photo becomes upright RGB by the rules of docs/bundle.md, or is refused with a reason."""

from __future__ import annotations

import io
import os
import struct
import warnings
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from safelight.decode import SUFFIXES, Limits, decode, find_photos, glance
from safelight.errors import PhotoError
from safelight.flatten import over_white

AWKWARD = Path(__file__).parents[3] / "shared" / "data" / "awkward"


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def lossless(pixels: NDArray[np.uint8], kind: str = "PNG", **options: Any) -> bytes:
    return encode(Image.fromarray(pixels), kind, **options)


def png(colour: int, depth: int, samples: NDArray[Any], *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG written by hand: Pillow writes neither 16-bit colour nor 2-bit grey. `samples` [H,W,channels], below 2**depth."""
    height, width = samples.shape[:2]
    rows = b""
    for row in samples.reshape(height, -1):
        bits = "".join(format(int(value), f"0{depth}b") for value in row)
        bits += "0" * (-len(bits) % 8)
        rows += b"\0" + bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in body)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def exif(orientation: int) -> bytes:
    record = Image.Exif()
    record[0x0112] = orientation
    return record.tobytes()


def reason(source: bytes | Path, **limits: int) -> str:
    with pytest.raises(PhotoError) as caught:
        decode(source, limits=Limits(**limits))
    return caught.value.reason


# The numpy expression of each is the EXIF standard's table (row 0 is …, column 0 is …)
TURNED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a[::-1].swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a[:, ::-1].swapaxes(0, 1),
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", TURNED)
def test_orientation_is_applied_in_every_container(coffee: NDArray[np.uint8], kind: str, orientation: int) -> None:
    small = Image.fromarray(coffee).reduce(8)
    stored = decode(encode(small, kind))
    turned = decode(encode(small, kind, exif=exif(orientation)))
    np.testing.assert_array_equal(turned, TURNED[orientation](stored))


@pytest.mark.parametrize("value", [0, 9, 255, 65535])
def test_an_invalid_orientation_leaves_the_photo_as_stored(coffee: NDArray[np.uint8], value: int) -> None:
    small = Image.fromarray(coffee).reduce(8)
    np.testing.assert_array_equal(decode(encode(small, "PNG", exif=exif(value))), np.asarray(small))


@pytest.mark.filterwarnings("ignore:.*EXIF:UserWarning")  # Pillow warns of it, and that is all that it should cost
@pytest.mark.parametrize(
    "record",
    [b"", b"II", b"garbage that is no TIFF", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b"II*\0\x08\0\0\0\x01\0\x12\x01"],
)
def test_damaged_exif_does_not_damage_the_photo(coffee: NDArray[np.uint8], record: bytes) -> None:
    small = Image.fromarray(coffee).reduce(8)
    plain = encode(small, "JPEG")
    np.testing.assert_array_equal(decode(encode(small, "JPEG", exif=b"Exif\0\0" + record)), decode(plain))
    np.testing.assert_array_equal(decode(encode(small, "PNG", exif=record)), np.asarray(small))


def test_orientation_in_xmp_is_not_asked(coffee: NDArray[np.uint8]) -> None:
    """No browser obeys it; Pillow's `exif_transpose` would."""
    small = Image.fromarray(coffee).reduce(8)
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    np.testing.assert_array_equal(decode(encode(small, "JPEG", xmp=xmp)), decode(encode(small, "JPEG")))


def test_rgb_is_taken_as_it_is(coffee: NDArray[np.uint8]) -> None:
    for kind, options in [("PNG", {}), ("WEBP", {"lossless": True}), ("BMP", {})]:
        found = decode(lossless(coffee, kind, **options))
        np.testing.assert_array_equal(found, coffee)
        assert (found.dtype, found.flags.c_contiguous, found.flags.writeable) == (np.uint8, True, True)


def test_grey_becomes_three_equal_channels(coffee: NDArray[np.uint8]) -> None:
    grey = coffee[..., 0]
    np.testing.assert_array_equal(decode(lossless(grey)), np.stack([grey] * 3, axis=2))


def test_one_bit_is_black_and_white(coffee: NDArray[np.uint8]) -> None:
    bits = coffee[..., 0] > 127
    found = decode(encode(Image.fromarray(bits), "PNG"))
    np.testing.assert_array_equal(found[..., 1], bits * np.uint8(255))


@pytest.mark.parametrize(("depth", "step"), [(1, 255), (2, 85), (4, 17)])
def test_few_bits_of_grey_are_spread_over_0_to_255(depth: int, step: int) -> None:
    values = np.arange(2**depth)[None, :, None]
    assert decode(png(0, depth, values))[0, :, 0].tolist() == (np.arange(2**depth) * step).tolist()


def test_a_palette_is_looked_up(coffee: NDArray[np.uint8]) -> None:
    image = Image.fromarray(coffee).quantize(17)
    np.testing.assert_array_equal(decode(encode(image, "PNG")), np.asarray(image.convert("RGB")))
    np.testing.assert_array_equal(decode(encode(image, "GIF")), np.asarray(image.convert("RGB")))


def test_sixteen_bits_lose_the_lower_eight() -> None:
    values = np.array([[[0], [255], [256], [0x80FF], [0xFFFF]]])
    assert decode(png(0, 16, values))[0, :, 0].tolist() == [0, 0, 1, 128, 255]
    colour = np.array([[[0x12FF, 0x3400, 0xFFFF]]])
    assert decode(png(2, 16, colour)).tolist() == [[[0x12, 0x34, 0xFF]]]
    with_alpha = np.array([[[0x40FF, 0x8000]]])  # grey 64, alpha 128
    assert decode(png(4, 16, with_alpha)).tolist() == [[[159, 159, 159]]]
    rgba = np.array([[[0x40FF, 0, 0, 0x8000]]])
    assert decode(png(6, 16, rgba)).tolist() == [[[159, 127, 127]]]


def test_sixteen_bit_grey_is_not_white(coffee: NDArray[np.uint8]) -> None:
    """Pillow's own convert clips at 255: almost every 16-bit photo would be all white."""
    deep = coffee[..., 0].astype(np.uint16) * 257
    np.testing.assert_array_equal(decode(lossless(deep))[..., 2], coffee[..., 0])


def test_cmyk_is_the_formula_of_the_document(coffee: NDArray[np.uint8]) -> None:
    inked = np.asarray(Image.fromarray(coffee).convert("CMYK")).copy()
    inked[..., 3] = coffee[::-1, :, 0]  # Pillow's own convert leaves black empty
    height, width = inked.shape[:2]
    data = encode(Image.frombytes("CMYK", (width, height), inked.tobytes()), "JPEG", quality=95)
    inks = np.asarray(Image.open(io.BytesIO(data))).astype(int)
    np.testing.assert_array_equal(decode(data), (255 - inks[..., :3]) * (255 - inks[..., 3:]) // 255)


def test_profiles_and_gamma_are_ignored(coffee: NDArray[np.uint8]) -> None:
    from PIL import ImageCms

    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    np.testing.assert_array_equal(decode(lossless(coffee, icc_profile=lab)), coffee)
    small = coffee[:8, :8]
    np.testing.assert_array_equal(decode(png(2, 8, small, (b"gAMA", struct.pack(">I", 100_000)))), small)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_its_first_frame(coffee: NDArray[np.uint8], cat: NDArray[np.uint8], kind: str) -> None:
    first, second = (Image.fromarray(photo).resize((64, 48)).quantize(64).convert("RGB") for photo in (coffee, cat))
    options = {"lossless": True} if kind == "WEBP" else {}
    found = decode(encode(first, kind, save_all=True, append_images=[second], duration=50, **options))
    np.testing.assert_array_equal(found, np.asarray(first))


def test_alpha_over_white_is_exact_for_every_colour_and_alpha() -> None:
    """All 65 536 pairs against the definition in exact fractions; 255 is odd, so that no tie needs a rule."""
    colour, alpha = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8), indexing="ij")
    found = over_white(np.stack([colour, colour, colour, alpha], axis=2))
    expected = [[round(Fraction(c * a + 255 * (255 - a), 255)) for a in range(256)] for c in range(256)]
    for channel in range(3):
        np.testing.assert_array_equal(found[..., channel], expected)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_rgba_and_la_lie_on_white(coffee: NDArray[np.uint8], kind: str) -> None:
    rgba = np.dstack([coffee, coffee[::-1, :, 1]])
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    np.testing.assert_array_equal(decode(lossless(rgba, kind, **options)), over_white(rgba))


def test_grey_with_alpha_lies_on_white(coffee: NDArray[np.uint8]) -> None:
    la = coffee[..., :2]
    expected = over_white(np.dstack([la[..., 0], la[..., 0], la[..., 0], la[..., 1]]))
    np.testing.assert_array_equal(decode(encode(Image.fromarray(la, "LA"), "PNG")), expected)


def test_a_palette_with_alpha_lies_on_white() -> None:
    palette = (b"PLTE", bytes([255, 0, 0, 0, 255, 0, 0, 0, 255]))
    found = decode(png(3, 8, np.array([[[0], [1], [2]]]), palette, (b"tRNS", bytes([0, 128]))))
    assert found.tolist() == [[[255, 255, 255], [127, 255, 127], [0, 0, 255]]]


@pytest.mark.parametrize(
    ("colour", "depth", "samples", "key", "white"),
    [
        (0, 1, [[0], [1]], (0,), [True, True]),  # 1 is white by itself
        (0, 2, [[0], [1], [2]], (2,), [False, False, True]),
        (0, 4, [[0], [7], [15]], (7,), [False, True, True]),
        (0, 8, [[0], [7], [200]], (7,), [False, True, False]),
        (0, 16, [[0x0700], [0x0701], [0]], (0x0701,), [False, True, False]),
        (2, 8, [[1, 2, 3], [1, 2, 4]], (1, 2, 3), [True, False]),
        (
            2,
            16,
            [[0x1234, 0x5678, 0x9ABC], [0x1334, 0x5678, 0x9ABC], [0x3478, 0x7878, 0xBC78]],
            (0x1234, 0x5678, 0x9ABC),
            [True, False, False],
        ),
    ],
)
def test_the_transparent_colour_of_a_png_is_white(
    colour: int, depth: int, samples: list[list[int]], key: tuple[int, ...], white: list[bool]
) -> None:
    """At every depth: Pillow compares the key of the file's depth with its own 8-bit pixels."""
    found = decode(png(colour, depth, np.array([samples]), (b"tRNS", struct.pack(f">{len(key)}H", *key))))
    assert (found[0] == 255).all(axis=1).tolist() == white


def test_empty() -> None:
    assert reason(b"") == "empty"


def test_a_folder_a_pipe_and_nothing_at_all(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert reason(tmp_path) == "not-a-file"
    assert reason(tmp_path / "pipe.jpg") == "not-a-file"  # and does not wait for a writer
    assert reason(tmp_path / "missing.jpg") == "not-a-file"


def test_a_path_that_the_system_refuses(tmp_path: Path) -> None:
    assert reason(tmp_path / ("x" * 300)) == "unreadable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_without_permission(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"x")
    (tmp_path / "secret.jpg").chmod(0)
    assert reason(tmp_path / "secret.jpg") == "unreadable"


@pytest.mark.parametrize("data", [b"hello, I am text", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0" * 64, b"x"])
def test_what_is_no_image(data: bytes) -> None:
    assert reason(data) == "not-an-image"


@pytest.mark.parametrize("kind", ["TIFF", "ICO", "JPEG2000"])
def test_kinds_outside_the_contract(coffee: NDArray[np.uint8], kind: str) -> None:
    assert reason(lossless(coffee[:32, :32], kind)) == "unsupported"


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic",
        b"%PDF-1.7\n",
        b"8BPS\0\x01",
        b"\xff\x4f\xff\x51\0\x2f",
        b"\xff\x0a\0",
    ],
)
def test_other_kinds_are_known_by_their_first_bytes(data: bytes) -> None:
    assert reason(data) == "unsupported"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP"])
def test_half_a_file_is_refused(coffee: NDArray[np.uint8], kind: str) -> None:
    data = lossless(coffee, kind)
    assert reason(data[: len(data) // 2]) in {"truncated", "corrupt"}
    if kind in ("JPEG", "PNG", "BMP"):
        assert reason(data[: len(data) // 2]) == "truncated"


@pytest.mark.parametrize(
    "start",
    [
        b"\xff\xd8\xff\xe0garbage",
        b"\x89PNG\r\n\x1a\ngarbage",
        b"GIF89a",
        b"RIFF\x10\0\0\0WEBPVP8 ",
        b"BM" + b"\xff" * 60,
        b"\0\0\0\x1cftypavif" + b"\0" * 16,
    ],
)
def test_a_damaged_header_is_refused_as_such(start: bytes) -> None:
    assert reason(start) in {"corrupt", "truncated"}


def test_damaged_data_is_corrupt(coffee: NDArray[np.uint8]) -> None:
    data = bytearray(lossless(coffee))
    data[len(data) // 2] ^= 0xFF  # in the compressed stream: the chunk's checksum no longer fits
    assert reason(bytes(data)) == "corrupt"


def test_too_many_pixels_are_refused_before_decoding() -> None:
    """The header promises 40 gigapixels and there is no data behind it: reading on would say "truncated"."""
    header = struct.pack(">IIBBBBB", 200_000, 200_000, 8, 2, 0, 0, 0)
    assert reason(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")) == "too-large"


def test_the_limits_are_options_and_include_their_edge(tmp_path: Path) -> None:
    data = lossless(np.zeros((10, 10, 3), np.uint8))
    (tmp_path / "a.png").write_bytes(data)
    assert decode(data, limits=Limits(pixels=100, bytes=len(data))).shape == (10, 10, 3)
    assert reason(data, pixels=99) == "too-large"
    assert reason(data, bytes=len(data) - 1) == "too-large"
    assert reason(tmp_path / "a.png", bytes=len(data) - 1) == "too-large"


@pytest.mark.parametrize("options", [{"format": "WEBP"}, {"format": "AVIF"}, {"format": "JPEG", "progressive": True}], ids=str)
def test_a_kind_that_its_decoder_holds_whole_may_have_half_the_pixels(options: dict[str, Any]) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (20, 10)).save(stream, **options)
    assert decode(stream.getvalue(), limits=Limits(pixels=400)).shape == (10, 20, 3)
    assert reason(stream.getvalue(), pixels=399) == "too-large"


def test_messages_name_the_file_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(PhotoError, match=r"holiday.jpg is empty: 0 bytes. Copy it again"):
        decode(tmp_path / "holiday.jpg")


def test_photos_are_found_by_suffix_in_a_stable_order(tmp_path: Path) -> None:
    for name in ["b/2.JPG", "a/1.png", "a/10.webp", "a/notes.txt", "a/.hidden.jpg", ".thumbs/3.jpg", "c.avif", "d.tiff"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert [path.relative_to(tmp_path).as_posix() for path in find_photos(tmp_path)] == ["a/1.png", "a/10.webp", "b/2.JPG", "c.avif"]
    assert ".jpeg" in SUFFIXES


@pytest.mark.parametrize(("at", "value"), [(1, 0xC3), (1, 0xC9), (1, 0xC5), (4, 12)])
def test_rare_kinds_of_jpeg_are_refused_by_their_frame_header(coffee: NDArray[np.uint8], at: int, value: int) -> None:
    """Lossless, arithmetic, hierarchical, 12 bits: Pillow reads some of them, no browser does."""
    data = bytearray(lossless(coffee[:32, :32], "JPEG"))
    data[data.index(b"\xff\xc0") + at] = value
    assert reason(bytes(data)) == "unsupported"


@pytest.mark.skipif(not AWKWARD.is_dir(), reason="the awkward photos lie beside the project on the developers' machines only")
def test_no_awkward_photo_does_more_than_raise_its_reason() -> None:
    """198 files of Pillow's, libpng's and sharp's own tests. 154 open; the counts change only with a decoder or a rule."""
    verdicts: dict[str, int] = {}
    for path in sorted(path for path in AWKWARD.rglob("*") if path.is_file() and path.name != "manifest.csv"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a malformed multi-picture file is read as plain JPEG, with a warning
            try:
                pixels = decode(path)
            except PhotoError as error:
                verdict = error.reason if path.name in str(error) else "a message without the file's name"
            else:
                verdict = "ok"
                assert pixels.ndim == 3
                assert pixels.shape[2] == 3
                assert pixels.dtype == np.uint8
        verdicts[verdict] = verdicts.get(verdict, 0) + 1
    assert verdicts == {"ok": 154, "truncated": 18, "unsupported": 12, "not-an-image": 6, "corrupt": 4, "too-large": 3, "empty": 1}


def verdict(look: Any, path: Path) -> str:
    try:
        look(path)
    except PhotoError as error:
        return error.reason
    return ""


def test_a_glance_judges_as_decoding_does() -> None:
    if not AWKWARD.is_dir():
        pytest.skip("needs the awkward photos beside the checkout (shared/data/awkward)")
    files = [path for path in sorted(AWKWARD.rglob("*")) if path.is_file()]
    verdicts = {path.name: (verdict(decode, path), verdict(lambda path: glance(path, 64), path)) for path in files}
    assert len({whole for whole, _ in verdicts.values()}) > 4
    assert {name: both for name, both in verdicts.items() if both[0] != both[1]} == {}


@pytest.mark.parametrize("cut", [600, 3000, 9000])
def test_a_glance_finds_damage_at_the_end_of_a_jpeg(cut: int) -> None:
    data = encode(Image.fromarray(np.random.default_rng(0).integers(0, 255, (400, 600, 3), np.uint8)), "JPEG", quality=85)
    for look in (decode, lambda data: glance(data, 64)):
        with pytest.raises(PhotoError, match="ends early"):
            look(data[:-cut])


def test_a_glance_is_smaller_upright_and_knows_the_whole_size() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    gradient = np.linspace(0, 255, 1200 * 800 * 3).reshape(800, 1200, 3).astype(np.uint8)
    seen = glance(encode(Image.fromarray(gradient), "JPEG", exif=exif), 100)
    assert (seen.format, seen.mode, seen.width, seen.height, seen.orientation) == ("JPEG", "RGB", 800, 1200, 6)
    assert seen.pixels.shape == (150, 100, 3)  # an eighth
    whole = decode(encode(Image.fromarray(gradient), "JPEG", exif=exif))
    assert np.abs(seen.pixels.mean((0, 1)) - whole.mean((0, 1))).max() < 1
    png = glance(lossless(gradient), 100)
    assert png.pixels.shape == (800, 1200, 3)
