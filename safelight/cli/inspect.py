"""`safelight inspect`: what is wrong with a folder of photos, before it costs a day."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click
from rich.console import Console

from safelight.cli.options import limits
from safelight.decode import Limits
from train.options import Device, TrainOptions, default_cache

if TYPE_CHECKING:
    from train.inspection.inspection import Inspection

EXAMPLES = """
\b
Examples:
  safelight inspect photos/
  safelight inspect photos/ --html inspection.html
  safelight inspect photos/ --no-labels --strict --json inspection.json

Looks at every file and changes none: broken files, wrong extensions, copies inside and across classes and splits, odd
shapes, dark, blurred and turned photos, imbalance, and labels that are probably wrong. That last step takes a network
over every photo once (its answers are kept, and `safelight train` uses them); Ctrl-C skips it and reports the rest.

\b
Exit code: 0, or with --strict 1 where a picture lies in two splits, a photo in two classes, or a file is broken.
"""
DEFAULTS = TrainOptions()


@click.command(epilog=EXAMPLES)
@click.argument("photos", type=click.Path(path_type=Path))
@click.option("--html", "html_path", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with pictures.")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Write every finding as JSON.")
@click.option("--labels/--no-labels", default=None, help="Look for wrong labels.  [default: where torch is installed]")
@click.option("--strict", is_flag=True, help="Exit with 1 on leaks, contradicting labels or broken files.")
@click.option("--backbone", default=DEFAULTS.backbone, show_default=True, help="Whose features tell labels apart.")
@click.option("--seed", type=int, default=DEFAULTS.seed, show_default=True, help="Of the folds.")
@click.option("--device", type=click.Choice(list(get_args(Device))), default=DEFAULTS.device, show_default=True)
@click.option("--cache", type=click.Path(path_type=Path), help="Where features are kept.  [default: the user's cache folder]")
@click.option("--no-cache", is_flag=True, help="Keep no features.")
@limits
def command(
    photos: Path,
    html_path: Path | None,
    json_path: Path | None,
    labels: bool | None,
    strict: bool,
    backbone: str,
    seed: int,
    device: Device,
    cache: Path | None,
    no_cache: bool,
    limits: Limits,
) -> None:
    """Find what is wrong with the photos in PHOTOS, a folder whose sub-folders are the classes."""
    from train.inspection.inspection import InspectOptions, inspect

    for path in (html_path, json_path):
        if path is not None and not path.parent.is_dir():  # before minutes of work, not after
            raise click.UsageError(f"{path} can't be written: there is no folder {path.parent}. Create it, or choose another.")
    training = TrainOptions(
        backbone=backbone, seed=seed, device=device, limits=limits, cache=None if no_cache else cache or default_cache()
    )
    found = inspect(photos, InspectOptions(labels, training), Console(stderr=True))
    show(found)
    if html_path or json_path:
        from train.inspection import report

        if html_path:
            report.write_html(html_path, found, limits)
            click.echo(f"Page: {html_path} (it shows photos of yours: keep it where they may be seen)")
        if json_path:
            report.write_json(json_path, found)
            click.echo(f"JSON: {json_path}")
    if not html_path:
        click.echo(f"Next: safelight inspect {photos} --html inspection.html   shows all of it")
    if found.suspects or found.groups or found.broken:
        click.echo(f"Next: safelight clean {photos}   puts it right by keys")
    sys.exit(1 if strict and not found.passed else 0)


def show(found: Inspection) -> None:
    """Counts, and what to do in which order."""
    from rich.markup import escape
    from rich.table import Table

    from train.inspection.steps import steps

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    splits = list(dict.fromkeys(split for row in found.classes for split in row.counts))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("class")
    for name in (*("photos" if split == "all" else split for split in splits), "broken", "median size"):
        table.add_column(name, justify="right")
    for row in found.classes[:24]:
        counts = (str(row.counts.get(split, 0)) for split in splits)
        table.add_row(escape(row.label), *counts, str(row.broken or ""), f"{row.width} × {row.height}")
    console.print(table)
    if len(found.classes) > 24:
        console.print(f"and {len(found.classes) - 24} classes more")
    console.print()
    todo = Table(box=None, pad_edge=False, show_header=False)
    todo.add_column(justify="right")
    todo.add_column()
    for step in steps(found):
        style = "bold red" if step.is_grave else "bold"
        todo.add_row(f"[{style}]{step.count}[/]", f"[{style}]{escape(step.finding)}[/]. {escape(step.advice)}")
    console.print(todo if todo.row_count else "Nothing stands out.")
    if found.no_labels:
        console.print(f"Labels were not checked: {escape(found.no_labels)}.")
    console.print(f"{len(found.shots):,} photos in {found.seconds:.1f} s.")
