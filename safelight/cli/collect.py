"""`safelight collect`: photos of one class, from addresses or a camera's folder."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from safelight.cli.options import limits
from safelight.decode import Limits
from train.getting.collect import CollectOptions, collect
from train.getting.record import FAILED, KEPT
from train.getting.web import Access

EXAMPLES = """
\b
Examples:
  safelight collect cameras.txt --out photos/camera
  safelight collect /media/card/DCIM --out photos/woman --near

SOURCE is a text file with an address a line (# begins a remark), or a folder. Only photos that Safelight can read are
taken, each once; a folder's are copied, never moved, with all that the camera wrote into them. OUT/collected.csv tells
what became of each and why; what it knows is not asked for again, so that the same command goes on after an end, and a
photo that you threw away stays away.

Addresses are asked for over http and https alone, two at a time of one host. Look who may use the photos: that they can
be downloaded says nothing about it.

\b
Exit code: 0, or 1 where addresses could not be reached for now.
"""


@click.command(epilog=EXAMPLES)
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The class' folder, such as photos/cats; photos are added to it."
)
@click.option("--near", is_flag=True, help="Leave out resized, re-encoded or slightly edited copies, too; the first one is kept.")
@click.option("--private", is_flag=True, help="Allow addresses of this machine and the local network.")
@limits
def command(source: Path, out: Path, near: bool, private: bool, limits: Limits) -> None:
    """Gather the photos of one class, from a list of addresses or a folder."""
    collected = collect(source, out, CollectOptions(limits, near, Access(private)), Console(stderr=True))
    for row in collected.rows:
        if row.message:
            click.echo(f"{row.source}: {row.outcome}: {row.message}", err=True)
    outcomes = collected.outcomes
    others = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()) if outcome != KEPT)
    known = f", {collected.known} known from before" if collected.known else ""
    click.echo(f"Photos added to {out}: {outcomes[KEPT]}{'; ' + others if others else ''}{known}.")
    click.echo(f"What became of each: {collected.record}")
    if outcomes[FAILED]:
        click.echo("Run the same command again for those that failed.")
        sys.exit(1)
