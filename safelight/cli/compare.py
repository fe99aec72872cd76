"""`safelight compare RUN RUN …`: finished runs side by side."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table

EXAMPLES = """
\b
Examples:
  safelight compare runs/*
  safelight compare runs/small runs/pets --html compare.html

The runs must be of the same photos, or at least tested on the same. Folders that are no runs are left out and named.
"""
COLUMNS = 120  # where the output is no terminal


@click.command(epilog=EXAMPLES)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path), help="Also write a page with the curves, classes and confusions side by side.")
def command(runs: tuple[Path, ...], html: Path | None) -> None:
    """Put the figures of runs side by side, the best first, and say whether the differences are more than luck."""
    from train import comparison
    from train.compare import compare

    found = compare(runs)
    for folder in found.left_out:
        click.echo(f"Left out, no run: {folder}", err=True)
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("run", overflow="fold")
    table.add_column("recipe", overflow="fold")
    for column in ("parameters", "accuracy", "95 %", "recall", "loss", "ECE", "best : this", "p"):
        table.add_column(column, justify="right", no_wrap=True)
    for entry, paired in zip(found.entries, found.paired, strict=True):
        test, (low, high) = entry.figures.test, entry.interval
        table.add_row(
            entry.name,
            entry.spec.provenance.recipe or "",
            f"{entry.spec.model.parameters:,}",
            f"{test.accuracy:.4f}",
            f"{low:.3f}–{high:.3f}",
            f"{test.balanced_accuracy:.4f}",
            f"{test.nll:.4f}",
            f"{test.calibration_error:.4f}",
            f"{paired.best_alone} : {paired.other_alone}" if paired else "",
            _p(paired.p) if paired else "",
        )
    console = Console(width=None if sys.stdout.isatty() else COLUMNS, highlight=False)
    console.print(table)
    console.print(
        "best : this  test photos that only the best, only this run got right; p by McNemar's exact test, Holm-corrected", style="dim"
    )
    click.echo(comparison.verdict(found))
    if html:
        html.parent.mkdir(parents=True, exist_ok=True)
        html.write_text(comparison.render(found), encoding="utf-8")
        click.echo(f"Page: {html}")


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "<0.001"
