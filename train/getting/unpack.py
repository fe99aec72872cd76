"""An archive → the files of it that are wanted, in their places. Nothing that an archive says decides where bytes go.

Members are read, never extracted: a wanted one is a regular file whose path has the form that the set's layout names. One
that would lead out of the folder, or a link, which a photo set has no use for, condemns the archive.
"""

from __future__ import annotations

import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from safelight.decode import SUFFIXES
from safelight.errors import FetchError

MAX_BYTES = 4 * 2**30  # of all files together
MAX_FILES = 200_000
CHUNK = 2**20


@dataclass(frozen=True)
class Layout:
    """Which members are taken: `root/CLASS/photo`, and papers such as the licence, by their whole path."""

    root: str
    papers: tuple[str, ...] = ()

    def place(self, name: str) -> PurePosixPath | None:
        """Where a member goes, None where it stays behind."""
        path = PurePosixPath(name)
        if name in self.papers:
            return PurePosixPath(path.name)
        parts = path.parts
        if (
            len(parts) == 3
            and parts[0] == self.root
            and path.suffix.lower() in SUFFIXES
            and not any(part.startswith(".") for part in parts)
        ):
            return PurePosixPath(*parts[1:])
        return None


DAMAGE = (  # what the standard library raises of archives that are none, or no longer
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)

Member = tuple[str, bool, Callable[[], IO[bytes]]]  # name, whether it is a file and no link or device, its bytes


def unpack(archive: Path, folder: Path, place: Callable[[str], PurePosixPath | None], advance: Callable[[], None] = lambda: None) -> int:
    """Write the wanted members below `folder`; how many. Raises FetchError, and then `folder` is not to be used."""
    taken: set[PurePosixPath] = set()
    left = MAX_BYTES
    try:
        for name, is_file, opened in members(archive):
            _check(name, is_file, archive)
            where = place(name)
            if where is None:
                continue
            if where in taken or len(taken) == MAX_FILES:
                raise FetchError(f"{archive.name} has {'two files ' + str(where) if where in taken else 'too many files'}.")
            taken.add(where)
            target = folder / where
            target.parent.mkdir(parents=True, exist_ok=True)
            with opened() as source, target.open("xb") as stream:
                while chunk := source.read(CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise FetchError(f"{archive.name} holds more than {MAX_BYTES:,} bytes of files.")
                    stream.write(chunk)
            advance()
    except DAMAGE as error:
        raise FetchError(f"{archive.name} is damaged: {error}. Remove it and fetch it again.") from error
    except OSError as error:
        raise FetchError(
            f"{archive.name} can't be unpacked: {error.strerror or error}. Free some space, or choose another --out."
        ) from error
    return len(taken)


def members(archive: Path) -> Iterator[Member]:
    """The members of a zip or tar file, folders left out, in their order."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            for info in packed.infolist():
                kind = info.external_attr >> 28  # the type in a Unix mode, 0 where another system wrote it
                if not info.is_dir():
                    yield info.filename, kind in (0, 0o10), lambda info=info: packed.open(info)  # type: ignore[misc]
        return
    with tarfile.open(archive) as packed_tar:
        for member in packed_tar:
            if not member.isdir():
                yield member.name, member.isreg(), lambda member=member: _stream(packed_tar, member)  # type: ignore[misc]


def _stream(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(member)
    if stream is None:
        raise tarfile.TarError(f"{member.name} has no bytes")
    return stream


def _check(name: str, is_file: bool, archive: Path) -> None:
    parts = name.replace("\\", "/").split("/")
    if not is_file:
        raise FetchError(f"{archive.name} is refused: {name!r} in it is a link or a device. Nothing was unpacked.")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
        raise FetchError(f"{archive.name} is refused: {name!r} in it would lie outside the folder. Nothing was unpacked.")
