"""Small bundles and archives for the page to open."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import msgspec

from safelight.bundle import open_bundle, seal

KEYS = ("tfjs-fp16", "tflite-fp16")
GOLDEN = ("cat-420.jpg", "astronaut.webp")


def lean(bundle: Path, out: Path, name: str) -> Path:
    """A copy with few of the formats and of the golden photos, so that the tests move 20 MB instead of 130."""
    opened = open_bundle(bundle, check=False)
    assert opened.spec.golden is not None
    golden = msgspec.structs.replace(opened.spec.golden, photos=tuple(each for each in opened.spec.golden.photos if each.name in GOLDEN))
    spec = msgspec.structs.replace(opened.spec, name=name, golden=golden, files=tuple(opened.file(key) for key in KEYS))
    for record in spec.records():
        (out / record.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(opened.path(record), out / record.path)
    seal(out, spec)
    return out


def zipped(folder: Path, out: Path, prefix: str = "") -> Path:
    """Every other file deflated, the others stored."""
    with zipfile.ZipFile(out, "w") as archive:
        for index, path in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
            method = zipfile.ZIP_DEFLATED if index % 2 else zipfile.ZIP_STORED
            archive.write(path, prefix + path.relative_to(folder).as_posix(), method)
    return out
