"""How fast and how well `inspect` looks. Target: 300 files/s, every planted duplicate and corrupt file, 8 of 10 wrong labels.

python bench/inspection.py PHOTOS [--files 10000] [--labels 1000] [--hashes 100000] [--seeds 3]

PHOTOS has train/CLASS/ folders of JPEG files, such as the small cats-vs-dogs set. For speed each of them is written --files times
in all, every copy with a comment of its own: no two files have the same bytes, as in a real folder, but every one has many twins, so
the comparison is asked for more than a real folder asks. --hashes random hashes are compared, too.
"""

# ruff: noqa: T201 a benchmark speaks by print

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from tests.train.inspection.planting import plant
from train.data import survey
from train.inspection.duplicates import duplicates
from train.inspection.hashing import close_pairs
from train.inspection.inspection import InspectOptions, inspect
from train.inspection.quality import remarks
from train.inspection.scan import scan
from train.options import TrainOptions

PLANTED_PHOTOS = 300  # of a class
CAMERA = (4000, 3000)  # pixels: 12 megapixels, of which few fit a benchmark
CAMERA_FILES = 60


def main() -> None:
    """Print each figure with the load of the machine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--labels", type=int, default=1000)
    parser.add_argument("--hashes", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    classes = {path.name: sorted(path.glob("*.jpg")) for path in sorted((asked.photos / "train").iterdir())}
    with tempfile.TemporaryDirectory(prefix="safelight-inspect-") as place:
        for seed in range(asked.seeds):
            planted(classes, Path(place) / f"planted-{seed}", seed)
        speed("photos as they are", copies(classes, Path(place) / "many", asked.files))
        speed("12-megapixel photos", cameras(classes, Path(place) / "cameras"))
        labels(copies(classes, Path(place) / "labels", asked.labels))
    hashes = np.random.default_rng(0).integers(0, 2**64, asked.hashes, np.uint64, endpoint=False)
    began = time.perf_counter()
    pairs = close_pairs(np.unique(hashes))
    print(f"comparing {len(hashes):,} random hashes: {time.perf_counter() - began:.1f} s, {len(pairs)} pairs; {load()}")


def planted(classes: dict[str, list[Path]], folder: Path, seed: int) -> None:
    """How many of the planted faults are found."""
    done = plant({label: paths[:PLANTED_PHOTOS] for label, paths in classes.items()}, folder, seed)
    found = inspect(folder, InspectOptions(labels=True, training=TrainOptions(seed=seed)))
    groups = [{shot.found.name for shot in group.shots} for group in found.groups]
    exact, near = (sum(any({*pair} <= group for group in groups) for pair in pairs) for pairs in (done.exact, done.near))
    corrupt = sum({item.found.name: item.reason for item in found.broken}.get(name) == reason for name, reason in done.corrupt.items())
    suspects = {one.shot.found.name: one.answer for one in found.suspects}
    wrong = sum(suspects.get(name) == label for name, label in done.wrong.items())
    print(
        f"planted among {len(found.shots)} photos, seed {seed}: exact {exact}/{len(done.exact)}, near {near}/{len(done.near)}, "
        f"corrupt {corrupt}/{len(done.corrupt)}, wrong labels {wrong}/{len(done.wrong)} among {len(suspects)} suspects, "
        f"{len(groups) - exact - near} other groups"
    )


def speed(what: str, folder: Path) -> None:
    """Files a second, of the scan alone and with all comparisons."""
    files = survey(folder).found
    began, used = time.perf_counter(), time.process_time()
    shots, broken = scan(files)
    scanned = time.perf_counter() - began
    groups = duplicates(shots)
    remarks(shots)
    whole = time.perf_counter() - began
    cost = 1000 * (time.process_time() - used) / len(files)
    print(
        f"{what}: {len(files):,} files in {scanned:.1f} s, {len(files) / scanned:.0f} files/s; all told {len(files) / whole:.0f} "
        f"files/s; {cost:.2f} ms of processor time a file; {len(groups)} groups, {len(broken)} broken; {load()}"
    )


def labels(folder: Path) -> None:
    """Files a second of the whole inspection, labels too, with nothing cached."""
    began = time.perf_counter()
    found = inspect(folder, InspectOptions(labels=True, training=TrainOptions(cache=None)))
    seconds = time.perf_counter() - began
    print(f"with labels, nothing cached: {len(found.shots):,} files in {seconds:.1f} s, {len(found.shots) / seconds:.0f} files/s; {load()}")


def copies(classes: dict[str, list[Path]], folder: Path, count: int) -> Path:
    """`count` files with different bytes and the photos' own pixels: a JPEG comment (COM) is put behind the first two bytes."""
    for label, paths in classes.items():
        (folder / label).mkdir(parents=True)
        for index in range(count // len(classes)):
            data = paths[index % len(paths)].read_bytes()
            (folder / label / f"{index:06}.jpg").write_bytes(data[:2] + b"\xff\xfe\x00\x0a" + f"{index:08}".encode() + data[2:])
    return folder


def cameras(classes: dict[str, list[Path]], folder: Path) -> Path:
    """Photos enlarged to a camera's size, with a sensor's noise: about 5 MB each."""
    noise = np.random.default_rng(0).normal(0, 4, (CAMERA[1], CAMERA[0], 1))
    for label, paths in classes.items():
        (folder / label).mkdir(parents=True)
        for index, path in enumerate(paths[: CAMERA_FILES // len(classes)]):
            with Image.open(path) as image:
                large = np.asarray(image.convert("RGB").resize(CAMERA), np.float32) + noise
            stream = io.BytesIO()
            Image.fromarray(large.clip(0, 255).astype(np.uint8)).save(stream, "JPEG", quality=88)
            (folder / label / f"{index}.jpg").write_bytes(stream.getvalue())
    return folder


def load() -> str:
    """The machine's load over the last minute."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
