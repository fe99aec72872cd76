"""`safelight recipes`: what `safelight train --recipe` knows."""

from __future__ import annotations

import click

from safelight.models import DEFAULT_BACKBONE
from train import recipes
from train.contract import input_spec

EXAMPLES = """
\b
Examples:
  safelight recipes
  safelight summary cnn-4block
  safelight train photos/ --out runs/pets --recipe cnn-4block
"""


@click.command(epilog=EXAMPLES)
def command() -> None:
    """List the recipes to train by, a line each: side of the input, parameters, what it is."""
    from safelight.models.summary import summarise

    for name in recipes.NAMES:
        recipe, options = recipes.load(name), recipes.options(name)
        size = input_spec(options).size
        parameters = summarise(options.architecture, size, recipe.classes).parameters
        click.echo(f"{name:<{max(map(len, recipes.NAMES))}}  {size:>3} px  {parameters:>9,} parameters  {recipe.summary}")
    click.echo(f"Counted for two classes, ten for digits and CIFAR; the first four with {DEFAULT_BACKBONE}, --backbone takes another.")
