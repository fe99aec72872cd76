"""`safelight clean`: a local page that shows what is doubtful, one photo after the other, and moves it by a key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from safelight.cli.options import limits
from safelight.decode import Limits
from safelight.errors import UsageError
from train.options import TrainOptions, default_cache

EXAMPLES = """
\b
Examples:
  safelight clean photos/
  safelight clean photos/ --no-labels
  safelight clean photos/ --undo
  safelight clean photos/ --undo all

\b
Keys on the page: ← → walk, d sets a photo aside, 1 to 9 move it to that class, u takes the last move back.

Nothing is deleted and nothing overwritten: photos move to photos.quarantine/ beside the folder, under the path that
they had, and journal.jsonl there lists every move. The page is for this machine alone, at an address with a random token.
"""


class Count(click.ParamType[int]):
    """A number of moves, or "all"."""

    name = "N|all"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """-1 stands for all."""
        if value != "all" and not (str(value).isdecimal() and int(value) > 0):
            self.fail(f"{value!r} is neither a number of moves nor 'all'", param, ctx)
        return -1 if value == "all" else int(value)


@click.command(epilog=EXAMPLES)
@click.argument("photos", type=click.Path(path_type=Path))
@click.option("--undo", type=Count(), is_flag=False, flag_value="1", help="Take back the last N moves (1, or all), and end.")
@click.option("--labels/--no-labels", default=None, help="Look for wrong labels.  [default: where torch is installed]")
@click.option("--quarantine", type=click.Path(path_type=Path), help="Where photos are moved to.  [default: PHOTOS.quarantine beside it]")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes any free one.")
@click.option("--cache", type=click.Path(path_type=Path), help="Where features are kept.  [default: the user's cache folder]")
@limits
def command(
    photos: Path, undo: int | None, labels: bool | None, quarantine: Path | None, port: int, cache: Path | None, limits: Limits
) -> None:
    """Show the doubtful photos in PHOTOS on a local page, and set them aside or relabel them by keys."""
    from train.cleaning.journal import Journal

    if not photos.is_dir():
        raise UsageError(f"{photos} is not a folder. Name the folder whose sub-folders are the classes.")
    journal = Journal(photos, quarantine)
    if undo is not None:
        _undo(journal, undo)
        return
    from train.cleaning.server import CleanServer
    from train.cleaning.workbench import Workbench
    from train.inspection.inspection import InspectOptions, inspect

    training = TrainOptions(limits=limits, cache=cache or default_cache())
    found = inspect(photos, InspectOptions(labels, training), Console(stderr=True))
    if any(item.span is not None for item in found.listing.found):
        raise UsageError(f"{photos} is a set of shards: there is no file to move for one photo. Clean the folder, then pack it again.")
    if any(item.index is not None for item in found.listing.found):
        raise UsageError(f"{photos} is a set of idx files, each with thousands of pictures: there is no file to move for one of them.")
    before = len(journal.entries())
    try:
        server = CleanServer(Workbench(found, journal, limits), port)
    except OSError as error:
        raise UsageError(f"port {port} can't be opened: {error.strerror}. Choose another with --port, or 0 for any free one.") from error
    with server:
        if found.no_labels:
            click.echo(f"Labels were not checked: {found.no_labels}.")
        click.echo(f"Open {server.url} (Ctrl-C stops)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            moved = len(journal.entries()) - before
            click.echo(f"\nMoved: {max(moved, 0)}. " + (f"safelight clean {photos} --undo {moved} takes them back." if moved > 0 else ""))


def _undo(journal: Any, count: int) -> None:
    done = 0
    while done != count and (entry := journal.undo()) is not None:
        click.echo(f"{entry.source.relative_to(journal.photos)} is back")
        done += 1
    if not done:
        click.echo(f"Nothing to undo: {journal.path} lists no move that isn't undone.")
