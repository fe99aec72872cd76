"""`safelight summary RECIPE|RUN`: the layer table."""

from __future__ import annotations

from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table

from safelight.bundle import read_spec
from safelight.errors import UsageError
from safelight.models import input_of, is_backbone
from train import recipes

EXAMPLES = """
\b
Examples:
  safelight summary cnn-binary
  safelight summary cnn-4block --classes 5
  safelight summary runs/pets
  safelight summary mobilenet_v2
"""


@click.command(epilog=EXAMPLES)
@click.argument("source", metavar="RECIPE|RUN")
@click.option("--classes", type=click.IntRange(2), help="Of a recipe.  [default: as in its tutorial]")
def command(source: str, classes: int | None) -> None:
    """Show a network layer by layer: output shape (channels, height, width) and parameters. RUN may be a bundle."""
    architecture, size, outputs = _network(source, classes)
    from safelight.models.summary import summarise

    found = summarise(architecture, size, outputs)
    table = Table(title=f"{architecture}, {size} × {size} pixels, {outputs} classes", title_justify="left", box=box.SIMPLE, pad_edge=False)
    for column in ("layer", "kind"):
        table.add_column(column)
    for column in ("output", "parameters"):
        table.add_column(column, justify="right", no_wrap=True)
    for layer in found.layers:
        table.add_row(layer.name, layer.kind, " × ".join(map(str, layer.shape)), f"{layer.parameters:,}" if layer.parameters else "")
    table.add_section()
    table.add_row("total", "", "", f"{found.parameters:,}")
    Console().print(table)


def _network(source: str, classes: int | None) -> tuple[str, int, int]:
    """Architecture, side of the input and number of classes. Raises UsageError for a name of nothing."""
    if Path(source).is_dir():
        spec = read_spec(Path(source))
        return spec.model.architecture, spec.input.size, len(spec.labels)
    if source in recipes.NAMES:
        from train.contract import input_spec

        options = recipes.options(source)
        return options.architecture, input_spec(options).size, classes or recipes.load(source).classes
    if is_backbone(source):
        return source, input_of(source).size, classes or 1000
    raise UsageError(f"{source} is neither a recipe nor a run's folder nor a backbone. Recipes: {', '.join(recipes.NAMES)}.")
