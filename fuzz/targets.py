"""What is fuzzed. A target takes bytes and raises where a promise is broken; the errors that are promised, it swallows."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import struct
import tempfile
import traceback
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

import safelight
from export.diagnose.dump import read_probabilities, read_tensor
from export.golden import read_answers
from safelight import exif, jpeg, png
from safelight.bundle import open_bundle
from safelight.decode import Limits, decode
from safelight.errors import CorruptImage, DataError, PhotoError, SafelightError, SpecError, UsageError
from safelight.flatten import Pixels
from safelight.resize import resize
from safelight.spec import SPEC_NAME, FileRecord, InputSpec, dump, parse
from train import shards
from train.getting.unpack import Layout, unpack
from train.idx import read_idx

Target = Callable[[bytes], None]

LIMITS = Limits(pixels=2**18, bytes=2**20, heic=True)  # small, so that an input costs milliseconds
SPECS = (
    InputSpec(size=32, resize_to=36),
    InputSpec(size=32, resize_to=32, geometry="stretch", filter="bicubic"),
    InputSpec(size=32, resize_to=32, geometry="pad", filter="lanczos"),
)
DUMP_SIZE = 4  # side of the input that a dump is taken for: 4×4×3 numbers


def decode_photo(data: bytes) -> None:
    """Pixels within the limits or a PhotoError; the same bytes twice, the same answer; every geometry takes them."""
    found = _decoded(data)
    again = _decoded(data)
    if isinstance(found, str) or isinstance(again, str):
        assert found is again or found == again, f"{found} the first time, {again} the second"
        return
    assert np.array_equal(found, again), "other pixels the second time"
    height, width, channels = found.shape
    assert found.dtype == np.uint8
    assert channels == 3
    assert 0 < height * width <= LIMITS.pixels, f"{width} × {height} pixels, the limit is {LIMITS.pixels}"
    for spec in SPECS:
        assert resize(found, spec).shape == (spec.size, spec.size, 3)


def decode_repaired_png(data: bytes) -> None:
    """As `decode_photo`, of a PNG whose chunks' sums are put right: mutations would hardly get past them."""
    decode_photo(with_sums(data))


def walk_png(data: bytes) -> None:
    """The walk gives a PNG of nothing but the kept chunks, which a second walk leaves as it is, or CorruptImage."""
    data = png.SIGNATURE + data.removeprefix(png.SIGNATURE)
    try:
        chunks = png.walk(data, "x")
    except CorruptImage:
        return
    assert len(chunks.data) <= len(data) + 12, "longer than the file and an end chunk"
    if chunks.damage is None:
        again = png.walk(chunks.data, "x")
        assert (again.data, again.damage) == (chunks.data, None)
    exif.orientation(chunks.exif)


def walk_jpeg(data: bytes) -> None:
    """Every file can be walked; the EXIF record is a part of it, and its orientation can be read."""
    segments = jpeg.walk(data)
    assert segments.exif in data
    exif.orientation(segments.exif)
    exif.orientation(data)


def parse_spec(data: bytes) -> None:
    """A Spec that survives being written and read, or a SpecError."""
    try:
        spec = parse(data)
    except SpecError:
        return
    assert parse(dump(spec)) == spec


def open_folder(data: bytes) -> None:
    """A bundle whose files lie in it and are what the spec says, or an error of ours."""
    folder = _folder()
    (folder / SPEC_NAME).write_bytes(data)
    try:
        bundle = open_bundle(folder)
    except SafelightError:
        return
    for record in bundle.spec.records():
        path = bundle.path(record)
        assert path.resolve().is_relative_to(folder.resolve()), f"{record.path} leaves the bundle"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == record.sha256


def stored_answers(data: bytes) -> None:
    """A bundle's stored answers: a row of numbers for each photo, one per label, or an error of ours."""
    path = _folder() / "answers.json"
    path.write_bytes(data)
    try:
        labels, probabilities = read_answers(path.parent, FileRecord(path=path.name, bytes=len(data), sha256="0" * 64))
    except SafelightError:
        return
    for rows in probabilities.values():
        assert np.array([*rows.values()], np.float64).shape in {(0,), (len(rows), len(labels))}


def read_dump(data: bytes) -> None:
    """Numbers, all finite, or a UsageError."""
    path = _folder() / "dump"
    path.write_bytes(data)
    try:
        read = read_tensor(path, DUMP_SIZE)
        assert read.elements.shape == (DUMP_SIZE * DUMP_SIZE * 3,)
        assert np.isfinite(read.elements).all()
    except UsageError:
        pass
    with contextlib.suppress(UsageError):
        assert np.isfinite(read_probabilities(path)).all()


def read_pictures(data: bytes) -> None:
    """An idx file's values with the shape that it announces, packed or not, or a DataError."""
    for name in ("train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"):
        path = _folder() / name
        path.write_bytes(data)
        for axes in (1, 3):
            with contextlib.suppress(DataError):
                assert read_idx(path, axes).ndim == axes


def read_shards(data: bytes) -> None:
    """Every photo of a shard lies in it and can be read, or an error of ours."""
    path = _folder() / "train-0.tar"
    path.write_bytes(data)
    try:
        found = shards.survey(path.parent).found
    except SafelightError:
        return
    for photo in found:
        assert photo.span is not None
        assert 0 <= photo.span.offset <= photo.span.offset + photo.span.length <= len(data)
        with contextlib.suppress(PhotoError):
            assert len(shards.read_span(photo.path, photo.span, LIMITS)) == photo.span.length


def unpack_archive(data: bytes) -> None:
    """An archive writes its photos into their class folders and nothing else anywhere, or an error of ours."""
    with tempfile.TemporaryDirectory(prefix="safelight-fuzz-") as folder:
        path, out = Path(folder) / "archive", Path(folder) / "deep" / "out"
        path.write_bytes(data)
        out.mkdir(parents=True)
        with contextlib.suppress(SafelightError):
            unpack(path, out, Layout("set").place)
        written = {one.relative_to(folder).as_posix() for one in Path(folder).rglob("*") if not one.is_dir() or one.is_symlink()}
        assert all(name == "archive" or (name.startswith("deep/out/") and name.count("/") == 3) for name in written), written
        assert not any(one.is_symlink() for one in Path(folder).rglob("*"))


TARGETS: dict[str, Target] = {
    "decode": decode_photo,
    "decode-png": decode_repaired_png,
    "walk-png": walk_png,
    "walk-jpeg": walk_jpeg,
    "spec": parse_spec,
    "bundle": open_folder,
    "answers": stored_answers,
    "dump": read_dump,
    "idx": read_pictures,
    "shards": read_shards,
    "archive": unpack_archive,
}


def load(name: str) -> Target:
    """A target by its name, or by "module:function": tests bring their own."""
    if name in TARGETS:
        return TARGETS[name]
    module, _, function = name.partition(":")
    target: Target = getattr(importlib.import_module(module), function)
    return target


def with_sums(data: bytes) -> bytes:
    """The PNG with the right sum behind each chunk."""
    fixed, at = bytearray(data), len(png.SIGNATURE)
    while at + 12 <= len(fixed):
        end = at + 12 + struct.unpack_from(">I", fixed, at)[0]
        if end > len(fixed):
            break
        struct.pack_into(">I", fixed, end - 4, zlib.crc32(fixed[at + 4 : end - 4]))
        at = end
    return bytes(fixed)


def _decoded(data: bytes) -> Pixels | str:
    """The pixels, or the reason and message of the refusal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of what it reads all the same
        try:
            return decode(data, limits=LIMITS)
        except PhotoError as error:
            if error.__cause__ is not None and _is_ours(error.__cause__):
                raise error.__cause__ from None
            return f"{error.reason}: {error}"


def _is_ours(error: BaseException) -> bool:
    """Whether an error that became "corrupt" was raised by a line of Safelight and not by a decoder: a mistake of ours."""
    if isinstance(error, PhotoError | ImportError):
        return False
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and Path(frames[-1].filename).is_relative_to(Path(safelight.__file__).parent)


@functools.cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    """A folder for the process, with the files of corpus.SPEC_FILES; removed at its end."""
    from fuzz.corpus import SPEC_FILES

    folder = tempfile.TemporaryDirectory(prefix="safelight-fuzz-")
    for name, content in SPEC_FILES.items():
        (Path(folder.name) / name).write_bytes(content)
    return folder


def _folder() -> Path:
    return Path(_kept().name)
