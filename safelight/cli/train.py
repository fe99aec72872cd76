"""`safelight train`: a folder of photos → a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click
from rich.console import Console

from safelight.cli.options import limits
from safelight.decode import Limits
from safelight.spec import Filter, Geometry
from train import recipes
from train.options import Device, Fill, TrainOptions, default_cache

EXAMPLES = """
\b
Examples:
  safelight train photos/ --out runs/pets
  safelight train photos/ --out runs/pets --recipe fine-tune
  safelight train photos/ --out runs/pets --backbone efficientnet_lite2 --fine-tune 3 --seed 1
  safelight train photos/ --out runs/small --recipe cnn-4block-augmented --epochs 60 --fill reflect
  safelight train mnist/ --out runs/digits --recipe mnist --tensorboard logs/
  safelight train photos/ --out runs/small --recipe cnn-4block-augmented --epochs 60 --fill reflect --resume

Sub-folders are the classes: photos/cats, photos/dogs. Where photos/ has train, validation and test folders with the
classes inside, that split is respected; otherwise 70, 15 and 15 % of each class are taken. A folder with the four files
of MNIST (train-images-idx3-ubyte.gz …) is read as it is, and so is one of shards, as `safelight pack` writes them.
`safelight recipes` lists the recipes.

A training that ended early is kept in OUT.training/: the same command with --resume goes on, to the same weights.
"""
DEFAULTS = TrainOptions()
OF_THE_RECIPE = "[default: the recipe's]"


@click.command(epilog=EXAMPLES)
@click.argument("photos", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The run's folder; an earlier run there is replaced.")
@click.option("--recipe", type=click.Choice(recipes.NAMES), metavar="NAME", help="A name from `safelight recipes`.  [default: features]")
@click.option("--backbone", default=DEFAULTS.backbone, show_default=True, help="efficientnet_lite0, 1 or 2, or a torchvision classifier.")
@click.option(
    "--fine-tune",
    "blocks",
    type=click.IntRange(0),
    metavar="N",
    help="Train the last N blocks of the backbone too; slower, often better. Without --recipe: the recipe fine-tune.",
)
@click.option("--epochs", type=click.IntRange(1), help=f"At most.  {OF_THE_RECIPE}")
@click.option("--batch", type=click.IntRange(1), help=f"Photos a step.  {OF_THE_RECIPE}")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help=f"The learning rate at its highest.  {OF_THE_RECIPE}")
@click.option("--patience", type=click.IntRange(1), help=f"Epochs without a better validation loss before it stops.  {OF_THE_RECIPE}")
@click.option("--fill", type=click.Choice(get_args(Fill)), help=f"What lies outside a photo that is turned or shifted.  {OF_THE_RECIPE}")
@click.option("--flips/--no-flips", default=None, help="Learn the head from mirrored photos as well.  [default: no-flips]")
@click.option("--size", type=click.IntRange(1, 4096), help=f"Side of the network's input in pixels.  {OF_THE_RECIPE}")
@click.option("--filter", "filter_", type=click.Choice(list(get_args(Filter))), help=f"Of the resize.  {OF_THE_RECIPE}")
@click.option("--geometry", type=click.Choice(list(get_args(Geometry))), help=f"Of the resize.  {OF_THE_RECIPE}")
@click.option("--seed", type=click.IntRange(0), default=DEFAULTS.seed, show_default=True, help="Of the split and of all chance.")
@click.option("--device", type=click.Choice(list(get_args(Device))), default=DEFAULTS.device, show_default=True)
@click.option("--cache", type=click.Path(path_type=Path), help="Where features are kept.  [default: the user's cache folder]")
@click.option("--no-cache", is_flag=True, help="Keep no features.")
@click.option("--resume", is_flag=True, help="Go on with the training that ended early.")
@click.option(
    "--tensorboard",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Log curves live for TensorBoard, in DIR/RUN; needs the extra `tensorboard`.",
)
@limits
def command(
    photos: Path,
    out: Path,
    recipe: str | None,
    backbone: str,
    flips: bool | None,
    size: int | None,
    filter_: Filter | None,
    geometry: Geometry | None,
    seed: int,
    device: Device,
    cache: Path | None,
    no_cache: bool,
    resume: bool,
    tensorboard: Path | None,
    limits: Limits,
    **changes: Any,
) -> None:
    """Learn a classifier from a folder of photos whose sub-folders are the classes."""
    base = TrainOptions(
        backbone=backbone,
        size=size,
        filter=filter_,
        geometry=geometry,
        seed=seed,
        device=device,
        limits=limits,
        cache=None if no_cache else cache or default_cache(),
        resume=resume,
        tensorboard=tensorboard,
    )
    options = recipes.options(recipe or ("fine-tune" if changes["blocks"] else "features"), base, flips=flips, **changes)
    console = Console(stderr=True)
    with console.status("Loading torch"):
        import train  # heavy: only once there is something to train

        run = train.run
    result = run(photos, out, options, console)
    test = result.test
    click.echo(f"Test accuracy {test.accuracy:.4f} on {test.photos} photos of {len(result.classes)} classes, after {result.seconds:.0f} s.")
    click.echo(f"Report: {result.report}")
    click.echo(f"Next:   safelight export {out} --out {out.name}.bundle")
