"""How often `safelight diagnose` names a planted mistake first, over 50 photos, as a markdown table.

`python bench/diagnose.py [PHOTOS]`; by default crops of the photos that come with scikit-image. The mistakes are planted
by Pillow, torch, TensorFlow and numpy (tests/export/diagnose/planting.py); what only some photos can show (EXIF, alpha,
a profile, 16 bits) is planted on the same picture dressed so. A trial counts where the mistake changes the tensor by more
than 1/255 somewhere. "named first" is strict; where two names mean the same tensor on a photo, the report says both, and
the second column counts both.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from export.diagnose.dump import Dump
from export.diagnose.squares import Squares
from export.diagnose.verdict import judge
from safelight import models
from safelight.decode import find_photos
from tests.export.diagnose.planting import CONTRACTS, PLANTED, encoded, opened, plain

PHOTOS = 50
TRIALS_PER_PHOTO = 4  # the plants take turns: each gets about three photos


def main() -> None:
    """Plant, diagnose, count."""
    spec = models.input_of("efficientnet_lite0")
    tried: Counter[str] = Counter()
    named: Counter[str] = Counter()
    first: Counter[str] = Counter()
    missed: dict[str, str] = {}
    residuals, seconds = [], []
    turn = 0
    for photo, own in photos():
        done = 0
        for _ in PLANTED:
            one, turn = PLANTED[turn % len(PLANTED)], turn + 1
            data = own if one.dress is plain else one.dress(opened(own))
            squares = Squares(data, CONTRACTS[one.under](spec.size, spec.resize_to))
            tensor = one.make(data, spec.size, spec.resize_to)
            if tensor.shape == squares.contract.shape and np.abs(tensor.astype(np.float64) - squares.contract).max() <= 1:
                continue
            started = time.process_time()
            found = judge(squares, Dump(np.ascontiguousarray(tensor, np.float64).ravel(), tensor.shape, str(tensor.dtype), "HWC"))
            seconds.append(time.process_time() - started)
            name, best = one.name, found.findings[0]
            tried[name] += 1
            first[name] += found.verdict == "named" and best.name == name
            good = found.verdict == "named" and name in (best.name, *(same.name for same in found.same))
            named[name] += good
            residuals.append(best.rms)
            if found.verdict != "named" or best.name != name:
                missed[name] = f"{photo}: {best.name} ({found.verdict}, rms {best.rms:.2f})"
            done += 1
            if done == TRIALS_PER_PHOTO:
                break
    click.echo("| planted | trials | named first | or as the same | not first |\n|---|---:|---:|---:|---|")
    for name in tried:
        click.echo(f"| {name} | {tried[name]} | {first[name]} | {named[name]} | {missed.get(name, '')} |")
    trials = tried.total()
    click.echo(
        f"\n{trials} trials of {len(tried)} mistakes: {first.total() / trials:.1%} named first, "
        f"{named.total() / trials:.1%} with what is the same tensor; rms left: 99 % under {np.quantile(residuals, 0.99):.2f}/255; "
        f"processor time a trial: median {np.median(seconds):.1f} s, longest {max(seconds):.1f} s."
    )


def photos() -> Iterator[tuple[str, bytes]]:
    """50 photos: of the folder that was named, spread evenly, else crops of scikit-image's as JPEG and PNG, some turned by EXIF."""
    if len(sys.argv) > 1:
        paths = find_photos(Path(sys.argv[1]))
        yield from ((path.name, path.read_bytes()) for path in paths[:: max(1, len(paths) // PHOTOS)][:PHOTOS])
        return
    from skimage import data

    random = np.random.default_rng(0)
    sources = [
        getattr(data, name)()
        for name in ("chelsea", "coffee", "rocket", "astronaut", "retina", "hubble_deep_field", "immunohistochemistry")
    ]
    for number in range(PHOTOS):
        source = sources[number % len(sources)]
        height, width = (int(random.integers(min(250, side - 1), side)) for side in source.shape[:2])
        top, left = (int(random.integers(0, side - part)) for side, part in zip(source.shape[:2], (height, width), strict=True))
        image = Image.fromarray(source[top : top + height, left : left + width])
        if number % 5 == 4:
            image.putalpha(Image.fromarray(np.tile(np.linspace(255, 40, width).round().astype(np.uint8), (height, 1))))
            yield f"{number}.png", encoded(image, "PNG")
        elif number % 5 == 3:
            exif = Image.Exif()
            exif[0x0112] = 6
            yield f"{number}-turned.jpg", encoded(image, "JPEG", quality=90, exif=exif)
        else:
            yield f"{number}.jpg", encoded(image, "JPEG", quality=85)


if __name__ == "__main__":
    main()
