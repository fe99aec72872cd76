"""A known photo set, downloaded, checked, and laid out as training takes it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from safelight.bundle import staged
from safelight.errors import FetchError, UsageError
from train.getting import cifar
from train.getting.download import download
from train.getting.sets import PhotoSet
from train.getting.unpack import unpack
from train.getting.web import Access
from train.progress import progress

SOURCE_NAME = "SOURCE.txt"


@dataclass(frozen=True)
class Fetched:
    """What came of it."""

    out: Path
    files: int  # written into `out`


def check_out(out: Path) -> None:
    """Raise UsageError where a folder is taken: photos that somebody may have sorted are never replaced."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there already, with something in it. Use it, remove it, or choose another --out.")


def fetch(
    photo_set: PhotoSet,
    out: Path,
    access: Access | None = None,
    console: Console | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Bring a set to `out`. Raises UsageError or FetchError; what was downloaded until then waits in OUT.download."""
    access, console = access or Access(), console or Console(quiet=True)
    check_out(out)
    store = out.with_name(f"{out.name}.download")
    try:
        store.mkdir(parents=True, exist_ok=True)
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            line = bar.add_task("Downloading", total=photo_set.bytes)
            archives = [download(file, store, access, lambda count: bar.advance(line, count), pause) for file in photo_set.files]
        with staged(out) as stage, progress(console) as bar:
            line = bar.add_task("Unpacking", total=None)
            count = _lay_out(photo_set, archives, stage, lambda: bar.advance(line))
            (stage / SOURCE_NAME).write_text(_source(photo_set), encoding="utf-8")
    except OSError as error:
        raise FetchError(f"{error.filename or out} can't be written: {error.strerror or error}. Choose another --out.") from error
    shutil.rmtree(store)
    return Fetched(out, count)


def _lay_out(photo_set: PhotoSet, archives: list[Path], stage: Path, advance: Callable[[], None]) -> int:
    if photo_set.is_cifar:
        return cifar.unpack(archives[0], stage, advance)
    if photo_set.layout:
        return unpack(archives[0], stage, photo_set.layout.place, advance)
    for archive in archives:
        shutil.copyfile(archive, stage / archive.name)
    return len(archives)


def _source(photo_set: PhotoSet) -> str:
    """Where the photos are from, to stay with them."""
    files = "\n".join(f"{file.url}\n  {file.bytes} bytes, SHA-256 {file.sha256}" for file in photo_set.files)
    return f"{photo_set.title}\nLicence: {photo_set.licence}\nOrigin: {photo_set.origin}\n{files}\n"
