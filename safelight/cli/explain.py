"""`safelight explain`: what a network sees in one photo, as pictures and as a page to teach from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from safelight.cli.options import limits
from safelight.decode import Limits
from train.explain.options import ExplainOptions

EXAMPLES = """
\b
Examples:
  safelight explain runs/pets cat.jpg
  safelight explain pets.bundle cat.jpg --out cat/ --label dog
  safelight explain runs/pets cat.jpg --filters 0
  safelight explain runs/small cat.jpg --layers trunk.0,trunk.9 --filters 16 --steps 200

`safelight summary RUN` lists the layers by name. The photo's pictures lie in RUN.explain/PHOTO/, an earlier explanation
there is replaced.
"""
DEFAULTS = ExplainOptions()


class Layers(click.ParamType[int | tuple[str, ...]]):
    """How many layers, or which: "6" or "trunk.0,trunk.3"."""

    name = "layers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | tuple[str, ...]:
        """A number from 1, or names as they are; whether there are such layers only the network knows."""
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        names = tuple(name.strip() for name in value.split(",") if name.strip())
        if not names or value.strip() == "0":
            self.fail(f"{value!r} is neither a number from 1 nor names of layers. To leave the filters out: --filters 0", param, ctx)
        return int(value) if value.strip().isdecimal() else names


@click.command(epilog=EXAMPLES)
@click.argument("source", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the page and the pictures.  [default: RUN.explain/PHOTO]")
@click.option("--label", metavar="CLASS", help="Explain this class.  [default: the answer]")
@click.option(
    "--layers", type=Layers(), metavar="N|NAME,…", default=DEFAULTS.filters.layers, show_default=True, help="Whose filters are drawn."
)
@click.option(
    "--filters", type=click.IntRange(0, 64), default=DEFAULTS.filters.filters, show_default=True, help="Of each such layer; 0: none."
)
@click.option(
    "--steps", type=click.IntRange(1), default=DEFAULTS.filters.steps, show_default=True, help="Of gradient ascent: more, clearer."
)
@click.option("--channels", type=click.IntRange(1, 256), default=DEFAULTS.channels, show_default=True, help="Feature maps of each layer.")
@click.option("--seed", type=click.IntRange(0), default=DEFAULTS.seed, show_default=True, help="Of the noise that filters begin with.")
@limits
def command(
    source: Path,
    photo: Path,
    out: Path | None,
    label: str | None,
    layers: int | tuple[str, ...],
    filters: int,
    steps: int,
    channels: int,
    seed: int,
    limits: Limits,
) -> None:
    """Show what RUN, a run or a bundle, sees in PHOTO: heat maps, occlusion, feature maps of every layer, filters."""
    drawn = replace(DEFAULTS.filters, layers=layers, filters=filters, steps=steps)
    options = replace(DEFAULTS, label=label, channels=channels, filters=drawn, seed=seed, limits=limits)
    console = Console(stderr=True)
    with console.status("Loading torch"):
        from train.explain.pipeline import explain
    page = explain(source, photo, out, options, console)
    click.echo(f"Page: {page}")
