"""`safelight pack`: a folder of photos → shards."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from safelight.cli.options import limits
from safelight.decode import Limits
from train.shards.pack import SHARD_BYTES, pack

EXAMPLES = """
\b
Examples:
  safelight pack photos/ --out shards/
  safelight pack photos/ --out shards/ --size-mb 1000
  safelight train shards/ --out runs/pets

Shards are tar files in WebDataset's layout. Training reads them in place and learns what it learns from the folder, bit
for bit. The photos' bytes and names go into them as they are.
"""


MB = 10**6


@click.command(epilog=EXAMPLES)
@click.argument("photos", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The shards' folder; earlier shards there are replaced.")
@click.option(
    "--size-mb", type=click.IntRange(1), default=SHARD_BYTES // MB, show_default=True, help="A shard is at most as large, in 10^6 bytes."
)
@limits
def command(photos: Path, out: Path, size_mb: int, limits: Limits) -> None:
    """Write the photos of a folder whose sub-folders are the classes into a few large files."""
    packed = pack(photos, out, size=size_mb * MB, limits=limits, console=Console(stderr=True))
    for item in packed.skipped:
        click.echo(f"Left out: {item.name}: {item.message}", err=True)
    megabytes = sum(shard.bytes for shard in packed.index.shards) / MB
    click.echo(f"{packed.photos} photos of {len(packed.index.classes)} classes in {len(packed.index.shards)} shards, {megabytes:.1f} MB.")
    click.echo(f"Next: safelight train {out} --out runs/{out.resolve().name}")
