"""How often `safelight diagnose` names a planted mistake first, over 50 photos, as a markdown table.

`python bench/diagnose.py [PHOTOS]`; by default crops of the photos that come with scikit-image. The mistakes are planted
by Pillow, torch and numpy (tests/export/diagnose/planting.py). A trial counts where the mistake changes the
tensor by more than 1/255 somewhere; where two names mean the same tensor on a photo, the report says both, and both count.
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
from export.diagnose.verdict import judge
from safelight import models
from safelight.decode import find_photos
from tests.export.diagnose.planting import PLANTED, encoded, right

PHOTOS = 50
TRIALS_PER_PHOTO = 3  # the mistakes take turns: each gets about four photos


def main() -> None:
    """Plant, diagnose, count."""
    spec = models.input_of("efficientnet_lite0")
    tried: Counter[str] = Counter()
    named: Counter[str] = Counter()
    first: Counter[str] = Counter()
    missed: dict[str, str] = {}
    residuals = []
    seconds = time.monotonic()
    names, turn = list(PLANTED), 0
    for photo, data in photos():
        done = 0
        for _ in names:
            name, turn = names[turn % len(names)], turn + 1
            tensor = PLANTED[name](data, spec.size, spec.resize_to)
            contract = right(data, spec.size, spec.resize_to)
            if tensor.shape == contract.shape and np.abs(tensor.astype(np.float64) - contract).max() <= 1:
                continue
            found = judge(data, Dump(np.ascontiguousarray(tensor, np.float64).ravel(), tensor.shape, str(tensor.dtype), "HWC"), spec)
            tried[name] += 1
            first[name] += found.verdict == "named" and found.findings[0].name == name
            good = found.verdict == "named" and name in (found.findings[0].name, *(one.name for one in found.same))
            named[name] += good
            residuals.append(found.findings[0].rms)
            if not good:
                missed[name] = f"{photo}: {found.findings[0].name} ({found.verdict}, rms {found.findings[0].rms:.2f})"
            done += 1
            if done == TRIALS_PER_PHOTO:
                break
    click.echo("| planted | trials | named first | or as the same | a miss |\n|---|---:|---:|---:|---|")
    for name in tried:
        click.echo(f"| {name} | {tried[name]} | {first[name]} | {named[name]} | {missed.get(name, '')} |")
    trials = tried.total()
    click.echo(
        f"\n{trials} trials: {first.total() / trials:.1%} named first, {named.total() / trials:.1%} with what is the same tensor; "
        f"rms left: 99 % under {np.quantile(residuals, 0.99):.2f}/255; {(time.monotonic() - seconds) / trials:.1f} s a trial."
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
