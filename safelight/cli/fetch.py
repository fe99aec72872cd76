"""`safelight fetch`: a published photo set, from the network, checked."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from safelight.errors import UsageError
from train.getting.fetch import check_out, fetch
from train.getting.sets import SETS

EXAMPLES = """
\b
Examples:
  safelight fetch flowers
  safelight fetch mnist --out digits --yes

What it would download and on what terms is shown before, and nothing is downloaded without your yes. A download that
ended early goes on where it ended; a file that is not the published one, by its SHA-256, is not kept.
"""


@click.command(epilog=EXAMPLES)
@click.argument("name", type=click.Choice(list(SETS)))
@click.option("--out", type=click.Path(path_type=Path), help="Where the photos go; must not be there.  [default: NAME]")
@click.option("--yes", is_flag=True, help="Ask nothing; for scripts.")
def command(name: str, out: Path | None, yes: bool) -> None:
    """Download a known photo set: flowers, cats-dogs, mnist or cifar10."""
    photo_set, out = SETS[name], out or Path(name)
    check_out(out)
    click.echo(f"{name}: {photo_set.title}")
    click.echo(f"  licence  {photo_set.licence}")
    click.echo(f"  origin   {photo_set.origin}")
    for file in photo_set.files:
        click.echo(f"  from     {file.url} ({file.bytes / 1e6:.1f} MB)")
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody is there to agree to the download and its terms. Add --yes.")
        click.confirm(f"Download {photo_set.bytes / 1e6:.0f} MB into {out}?", abort=True)
    fetched = fetch(photo_set, out, console=Console(stderr=True))
    click.echo(f"{fetched.files} files in {out}.")
    click.echo(f"Next: safelight train {out} --out runs/{out.resolve().name} --recipe {photo_set.recipe}")
