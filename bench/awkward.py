"""Awkward photos, browser by browser: the same verdict as Python's, and the same pixels? As markdown tables.

`python bench/awkward.py FOLDER BUNDLE [--browsers chromium,firefox,webkit] [--all]`. Every file below FOLDER is tried,
whatever its name; FOLDER may also be a single file.
"""

from __future__ import annotations

import base64
import warnings
from pathlib import Path
from typing import Any

import click
import numpy as np

from export.parity.browsers import BROWSERS, ask
from export.parity.photos import Photo, Prepared, prepare
from safelight import site
from safelight.bundle import Bundle, open_bundle


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
@click.option("--browsers", default="chromium", help="Comma-separated.")
@click.option("--all", "everything", is_flag=True, help="Name the files that agree, too.")
def main(folder: Path, bundle: Path, browsers: str, everything: bool) -> None:
    """Print one table for each browser."""
    warnings.simplefilter("ignore")  # Pillow's, about the damage that these photos have on purpose
    paths = sorted(path for path in ([folder] if folder.is_file() else folder.rglob("*")) if path.is_file())
    photos = [Photo(path.relative_to(folder).as_posix() if path != folder else path.name, path) for path in paths]
    opened = open_bundle(bundle)
    reference = list(prepare(photos, opened.spec.input))
    for name in browsers.split(","):
        show(name, opened, reference, everything)


def show(name: str, bundle: Bundle, reference: list[Prepared], everything: bool) -> None:
    """Ask one browser, print its table."""
    stages = ask(BROWSERS[name], site.APP, bundle, reference, []).stages
    rows, agree, accepted, identical = [], 0, 0, 0
    for index, expected in enumerate(reference):
        found = stages[index]
        same = found["verdict"] == expected.verdict
        agree += same
        decoded, resized = "", ""
        if same and expected.verdict == "ok":
            accepted += 1
            decoded = "identical" if found["decoded_sha256"] == expected.decoded_sha256 else "differ"
            resized = difference(found, expected)
            identical += resized == "identical"
        if everything or not same or "differ" in decoded:
            rows.append(f"| {expected.photo.name} | {expected.verdict} | {found['verdict']} | {decoded} | {resized} |")
    click.echo(
        f"\n{name}: {agree} of {len(reference)} verdicts agree; resized pixels of {identical} of {accepted} accepted photos are identical\n"
    )
    click.echo("| file | Python | browser | decoded | resized: max, mean of 255 |\n|---|---|---|---|---|")
    click.echo("\n".join(rows))


def difference(found: dict[str, Any], expected: Prepared) -> str:
    """Of the model's pixels: "identical", or the largest and the mean difference."""
    pixels = np.frombuffer(base64.b64decode(found["pixels"]), np.uint8).reshape(expected.pixels.shape)
    off = np.abs(pixels.astype(int) - expected.pixels)
    return f"±{off.max()}, {off.mean():.3f}" if off.any() else "identical"


if __name__ == "__main__":
    main()
