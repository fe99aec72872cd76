"""Moving one file so that nothing is ever overwritten or lost, on one device or across two."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from safelight.errors import CleanError


@contextlib.contextmanager
def claimed(wanted: Path, *, exactly: bool = False) -> Iterator[Path]:
    """A name that is now ours, held by an empty file: `wanted`, or name~2, name~3, … where that is taken.

    The empty file is removed again where the block raises. Raises CleanError where `exactly` that name is taken.
    """
    try:
        wanted.parent.mkdir(parents=True, exist_ok=True)
        place, inode = _claim(wanted, exactly)
    except OSError as error:
        raise CleanError(f"{wanted.parent} can't be written: {error.strerror or error}. Check its permissions.") from error
    try:
        yield place
    except BaseException:
        with contextlib.suppress(OSError):
            if place.stat().st_ino == inode:  # ours still, not a photo that has arrived
                place.unlink()
        raise


def move(source: Path, place: Path) -> None:
    """Move a file to a claimed name. Across devices it is copied, compared, and only then removed where it was.

    Raises CleanError; the file is then where it was.
    """
    try:
        try:
            source.replace(place)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy(source, place)
            source.unlink()
    except OSError as error:
        raise CleanError(f"{source} can't be moved to {place}: {error.strerror or error}. It is where it was.") from error


def _claim(wanted: Path, exactly: bool) -> tuple[Path, int]:
    """The name, and the inode of the empty file that holds it."""
    number = 1
    while True:
        place = wanted if number == 1 else wanted.with_name(f"{wanted.stem}~{number}{wanted.suffix}")
        try:
            handle = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError as error:
            if exactly:
                raise CleanError(f"{wanted} is taken by another file. Move that one away first.") from error
            number += 1
        else:
            inode = os.fstat(handle).st_ino
            os.close(handle)
            return place, inode


def _copy(source: Path, place: Path) -> None:
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=place.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream, source.open("rb") as original:
            shutil.copyfileobj(original, stream)
            stream.flush()
            os.fsync(stream.fileno())
        if not filecmp.cmp(source, part, shallow=False):
            raise OSError(errno.EIO, "the copy differs from the photo")
        shutil.copystat(source, part)
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
