"""A file from the network, whole and right: what came is kept in a .part file until its SHA-256 is the one that was promised."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPResponse
from pathlib import Path
from typing import BinaryIO

from safelight.errors import FetchError
from train.getting.web import Access, Failed, get

TRIES = 5  # in a row that bring nothing
CHUNK = 2**18  # bytes
PART = ".part"


@dataclass(frozen=True)
class File:
    """What is to be downloaded."""

    url: str
    bytes: int
    sha256: str
    name: str  # on the disk


def download(
    file: File,
    folder: Path,
    access: Access,
    advance: Callable[[int], None] = lambda _: None,
    pause: Callable[[float], None] = time.sleep,
) -> Path:
    """Bring a file into `folder`, going on where an earlier try ended. Raises FetchError; a file with another SHA-256 is removed.

    `advance` is told of bytes, those that were there already first, and of lost ones as a negative number.
    """
    path, part = folder / file.name, folder / f"{file.name}{PART}"
    if path.is_file():
        if _is_right(path, file):
            advance(file.bytes)
            return path
        path.unlink()
    failures, had = 0, _size(part)
    if had > file.bytes:
        part.unlink()
        had = 0
    advance(had)
    while had < file.bytes:
        try:
            _go_on(file, part, access, advance)
        except Failed as error:
            failures = failures + 1 if _size(part) <= had else 0
            if failures == TRIES:
                raise FetchError(
                    f"{file.url}: {error} {_size(part):,} of {file.bytes:,} bytes are kept; run the same command again to go on."
                ) from error
            pause(2.0**failures if error.wait is None else error.wait)
        except OSError as error:
            raise FetchError(f"{part} can't be written: {error.strerror or error}. Free some space, or choose another --out.") from error
        had = _size(part)
    if not _is_right(part, file):
        part.unlink()
        raise FetchError(
            f"{file.url} is not the file that it was: its SHA-256 is not {file.sha256}. Nothing of it was kept. "
            "Try again later; if it stays so, the file has changed or somebody on the way changes it."
        )
    part.rename(path)
    return path


def sha256_of(path: Path) -> str:
    """Of a file, which need not fit into memory."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _go_on(file: File, part: Path, access: Access, advance: Callable[[int], None]) -> None:
    """Ask for what is missing and append it; a server that knows no ranges sends all of it again."""
    had = _size(part)
    with get(file.url, access, {"Range": f"bytes={had}-"} if had else {}) as answer:
        if had and answer.status != HTTPStatus.PARTIAL_CONTENT:
            advance(-had)
            had = 0
        elif had:
            _check_range(answer.headers.get("Content-Range", ""), had, file, part)
        announced = answer.length  # of this answer; None where it doesn't say
        if announced is not None and had + announced != file.bytes:
            raise FetchError(f"{file.url} has {had + announced:,} bytes now, not {file.bytes:,}: it has changed. Nothing of it was taken.")
        with part.open("ab" if had else "wb") as stream:
            _copy(answer, stream, file, had, advance)


def _copy(answer: HTTPResponse, stream: BinaryIO, file: File, had: int, advance: Callable[[int], None]) -> None:
    while chunk := answer.read1(CHUNK):
        had += len(chunk)
        if had > file.bytes:
            raise FetchError(f"{file.url} has more than its {file.bytes:,} bytes: it has changed. Nothing of it was taken.")
        stream.write(chunk)
        advance(len(chunk))
    if had < file.bytes:
        raise Failed(f"the connection ended after {had:,} bytes.")


def _check_range(text: str, had: int, file: File, part: Path) -> None:
    """Raise FetchError unless the answer goes on where the part ends, in a file of the right size."""
    if not re.fullmatch(rf"bytes {had}-{file.bytes - 1}/({file.bytes}|\*)", text):
        part.unlink()
        raise FetchError(f"{file.url} was asked to go on at byte {had:,} of {file.bytes:,} and sent {text!r}. Run the same command again.")


def _is_right(path: Path, file: File) -> bool:
    return path.stat().st_size == file.bytes and sha256_of(path) == file.sha256


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
