"""The C core, built from its sources as they are or with a mistake planted, and its test program run on batches."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import shutil
import struct
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from fuzz.core import CORE, cmake
from safelight.spec import Filter, Geometry, InputSpec

FORMATS = ("rgb", "rgbx", "rgba", "premultiplied")  # in the order of safelight_format
OK, BAD_SPEC, TOO_LARGE, BAD_MODEL = 0, 3, 4, 5  # of safelight_status

Pixels = NDArray[np.uint8]


def litert_library() -> Path | None:
    """LiteRT's shared library of this machine, from its Python package; None where there is none, or one before 2.3."""
    package = importlib.util.find_spec("ai_edge_litert")
    if package is not None and tuple(map(int, importlib.metadata.version("ai-edge-litert").split(".")[:2])) < (2, 3):
        return None
    path = Path(package.origin).parent / "libLiteRt.so" if package is not None and package.origin else None
    return path if path is not None and path.is_file() else None


def compiler() -> str:
    """A C compiler's name; skips where it or CMake is missing."""
    found = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
    if found is None or shutil.which("cmake") is None:
        pytest.skip("needs a C compiler and CMake: make mobile, or install gcc and cmake")
    return found


def build(folder: Path, *options: str, sources: Path = CORE) -> Path:
    """The folder with what CMake makes of `sources` under these -D options: libsafelight and the test program."""
    try:
        said = cmake(folder, "SAFELIGHT_TESTS=ON", f"CMAKE_C_COMPILER={compiler()}", *options, sources=sources)
    except subprocess.CalledProcessError as error:
        pytest.fail(error.stdout[-6000:])
    assert "warning:" not in said, said
    return folder


def planted(folder: Path, file: str, right: str, wrong: str) -> Path:
    """The test program of a copy of the sources with `wrong` for `right` in one file: a mistake to be noticed. Without a runtime."""
    copy = folder / "core"
    shutil.copytree(CORE, copy)
    text = (copy / "src" / file).read_text()
    assert text.count(right) == 1, f"{file} has {right!r} {text.count(right)} times"
    (copy / "src" / file).write_text(text.replace(right, wrong))
    return build(folder / "build", sources=copy) / "safelight-core"


def launch(program: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The test program's end, whatever it is."""
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=600, check=False)


def run(program: Path, *arguments: object) -> str:
    """What the test program prints; a crash or a complaint fails the test."""
    done = launch(program, *arguments)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def batch(records: Iterable[bytes]) -> bytes:
    """Records as the test program reads them: each with its length before it."""
    return b"".join(struct.pack("<I", len(record)) + record for record in records)


def read_specs(program: Path, folder: Path, documents: Sequence[bytes]) -> list[dict[str, Any]]:
    """What the core makes of each document: {"status", "spec"} or {"status", "message"}."""
    (folder / "specs").write_bytes(batch(documents))
    found = [json.loads(line) for line in run(program, "spec", folder / "specs").splitlines()]
    assert len(found) == len(documents)
    return found


def described(
    pixels: Pixels, spec: InputSpec, *, kind: str = "rgb", orientation: int = 1, padding: int = 0, upright: bool = False
) -> bytes:
    """One case for the test program; the rows of [H,W,3 or 4] lie `padding` bytes apart."""
    height, width, channels = pixels.shape
    stride = width * channels + padding
    rows = np.full((height, stride), 77, np.uint8)
    rows[:, : width * channels] = pixels.reshape(height, -1)
    fields = (
        *(get_args(Geometry).index(spec.geometry), get_args(Filter).index(spec.filter), spec.size, spec.resize_to, *spec.pad_color),
        *(FORMATS.index(kind), orientation, width, height, stride, longest(width, height, spec), int(upright)),
    )
    return struct.pack("<14i", *fields) + rows.tobytes()[: stride * height - padding]


def longest(width: int, height: int, spec: InputSpec) -> int:
    """The smallest max_side that takes the photo, so that every case is at the edge of its memory."""
    return min(max(width, height), 16 * min(width, height)) if spec.geometry == "crop" else max(width, height)


def resized(program: Path, folder: Path, cases: Sequence[tuple[bytes, tuple[int, ...]]]) -> tuple[list[Pixels], dict[str, int]]:
    """The core's bytes for each case, given with the shape of its result, and the test program's count of allocations."""
    (folder / "cases").write_bytes(batch(case for case, _ in cases))
    counts: dict[str, int] = json.loads(run(program, "cases", folder / "cases", folder / "out"))
    data, at, found = np.fromfile(folder / "out", np.uint8), 0, []
    for _, shape in cases:
        end = at + int(np.prod(shape))
        found.append(data[at:end].reshape(shape))
        at = end
    assert at == len(data)
    return found, counts
