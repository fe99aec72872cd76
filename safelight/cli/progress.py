"""Progress on stderr: a live line in a terminal, one line a step elsewhere, so that a CI log stays readable."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Yield the function that long work calls with (what is being done, how many are done, of how many)."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)


class _Lines:
    def __init__(self) -> None:
        self.said: set[str] = set()  # steps may take turns: the browser works beside Python

    def __call__(self, what: str, done: int, total: int) -> None:
        if what not in self.said:
            click.echo(f"… {what}", err=True)
            self.said.add(what)
