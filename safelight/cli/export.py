"""`safelight export`: a run or a pretrained backbone → a proven bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import click

from export.ship import EXPORT_FORMATS, PRECISIONS, ShipOptions, ship
from safelight.cli.options import Names, joined
from safelight.cli.progress import progress
from safelight.cli.verify import show

DEFAULT = ShipOptions()

EXAMPLES = """
\b
Examples:
  safelight export runs/pets --out pets.bundle
  safelight export runs/pets --out pets.bundle --format tflite --precision fp16
  safelight export runs/pets --out pets.bundle --feature-maps auto
  safelight export efficientnet_lite0 --out imagenet.bundle
"""


@click.command(epilog=EXAMPLES)
@click.argument("source", metavar="RUN|BACKBONE")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The bundle's folder; replaced if it is a bundle.")
@click.option("--format", "formats", type=Names(EXPORT_FORMATS), default=joined(DEFAULT.formats), show_default=True, help="Which formats.")
@click.option(
    "--precision", "precisions", type=Names(PRECISIONS), default=joined(DEFAULT.precisions), show_default=True, help="Which precisions."
)
@click.option("--golden", type=click.Path(path_type=Path), help="A folder of your own photos to test with. They become part of the bundle.")
@click.option(
    "--feature-maps",
    type=Names(),
    default=joined(DEFAULT.feature_maps),
    show_default=True,
    metavar="LAYER,…|auto",
    help="Layers whose maps the page can show; auto takes one of each size.",
)
@click.option("--browsers", type=Names(), default=joined(DEFAULT.browsers), show_default=True, help="Browsers that prove it too, or none.")
@click.option(
    "--require", type=Names(), default=joined(DEFAULT.require), show_default=True, help="Runtimes that must pass: a skip is a failure."
)
def command(source: str, out: Path, golden: Path | None, **names: Any) -> None:
    """Write RUN (a folder from safelight train) or BACKBONE (such as efficientnet_lite0) as a proven bundle.

    Every file is held to PyTorch, from the golden photos' bytes to the probabilities, in every runtime that is
    installed. If one disagrees, nothing is written but the report that says why.
    """
    if golden is not None:
        click.echo(f"The photos in {golden} become part of the bundle, with what their metadata says (place, time, camera).", err=True)
    with progress() as on_progress:
        shipped = ship(source, out, ShipOptions(golden=golden, **cast(Any, names)), on_progress)
    show(shipped.report)
    size = sum(record.bytes for record in shipped.bundle.spec.records())
    click.echo(f"{out}: {', '.join(file.key for file in shipped.bundle.spec.files)}; {size / 1e6:.1f} MB, proof in {out / 'parity.html'}")
    click.echo(f"Next: safelight web {out} --out site/ --serve")
    for error in shipped.left_out.values():
        raise error
