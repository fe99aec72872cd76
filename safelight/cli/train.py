"""`safelight train`: a folder of photos → a run."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click
from rich.console import Console

from safelight.cli.options import limits
from safelight.decode import Limits
from safelight.spec import Filter, Geometry
from train.options import Device, FineTuneOptions, HeadOptions, TrainOptions, default_cache

EXAMPLES = """
\b
Examples:
  safelight train photos/ --out runs/pets
  safelight train photos/ --out runs/pets --fine-tune 3
  safelight train photos/ --out runs/pets --backbone efficientnet_lite2 --seed 1

Sub-folders are the classes: photos/cats, photos/dogs. Where photos/ has train, validation and test folders with the
classes inside, that split is respected; otherwise 70, 15 and 15 % of each class are taken.
"""
DEFAULTS = TrainOptions()


@click.command(epilog=EXAMPLES)
@click.argument("photos", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The run's folder; an earlier run there is replaced.")
@click.option("--backbone", default=DEFAULTS.backbone, show_default=True, help="efficientnet_lite0, 1 or 2, or a torchvision classifier.")
@click.option(
    "--fine-tune",
    "blocks",
    type=click.IntRange(0),
    default=DEFAULTS.fine_tune.blocks,
    show_default=True,
    metavar="N",
    help="Train the last N blocks of the backbone too; slower, often better.",
)
@click.option("--epochs", type=click.IntRange(1), default=DEFAULTS.fine_tune.epochs, show_default=True, help="Of fine-tuning, at most.")
@click.option("--flips/--no-flips", default=DEFAULTS.head.flips, show_default=True, help="Learn the head from mirrored photos as well.")
@click.option("--filter", "filter_", type=click.Choice(list(get_args(Filter))), help="Of the resize.  [default: the backbone's]")
@click.option("--geometry", type=click.Choice(list(get_args(Geometry))), help="Of the resize.  [default: the backbone's]")
@click.option("--seed", type=int, default=DEFAULTS.seed, show_default=True, help="Of the split and of augmentation.")
@click.option("--device", type=click.Choice(list(get_args(Device))), default=DEFAULTS.device, show_default=True)
@click.option("--cache", type=click.Path(path_type=Path), help="Where features are kept.  [default: the user's cache folder]")
@click.option("--no-cache", is_flag=True, help="Keep no features.")
@limits
def command(
    photos: Path,
    out: Path,
    backbone: str,
    blocks: int,
    epochs: int,
    flips: bool,
    filter_: Filter | None,
    geometry: Geometry | None,
    seed: int,
    device: Device,
    cache: Path | None,
    no_cache: bool,
    limits: Limits,
) -> None:
    """Learn a classifier from a folder of photos whose sub-folders are the classes."""
    options = TrainOptions(
        backbone=backbone,
        filter=filter_,
        geometry=geometry,
        seed=seed,
        head=HeadOptions(flips=flips),
        fine_tune=FineTuneOptions(blocks=blocks, epochs=epochs),
        device=device,
        limits=limits,
        cache=None if no_cache else cache or default_cache(),
    )
    console = Console(stderr=True)
    with console.status("Loading torch"):
        import train  # heavy: only once there is something to train

        run = train.run
    result = run(photos, out, options, console)
    test = result.test
    click.echo(f"Test accuracy {test.accuracy:.4f} on {test.photos} photos of {len(result.classes)} classes, after {result.seconds:.0f} s.")
    click.echo(f"Report: {result.report}")
    click.echo(f"Next:   safelight export {out} --out {out.name}.bundle")
