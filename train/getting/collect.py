"""Photos of one class, from addresses or from a camera's folder: those that the contract's decoder reads, each once.

Files are named after their content, so that the same photo is the same file wherever it came from. Sources are read and
judged a few at a time and kept in their order: the same list gives the same folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
import urllib.parse
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from safelight.decode import DEFAULT_LIMITS, FOREIGN_SUFFIXES, HEIC_SUFFIXES, SUFFIXES, Limits, decode, find_photos, kind_of, read
from safelight.errors import FetchError, ImageTooLarge, NotAnImage, PhotoError, SafelightError, UsageError
from train.getting.record import ADDRESS, COPY, FAILED, KEPT, NEAR, Record, Row
from train.getting.web import Access, Failed, Refused, clean, get
from train.progress import progress

if TYPE_CHECKING:
    from train.getting.near import Pictures

WORKERS = 8  # photos in work at once
PER_HOST = 2  # of them from one host: a list of a thousand photos is no attack
TRIES = 3
DEADLINE = 300.0  # seconds for one photo: a server that sends a byte now and then would hold a worker for ever
MAX_WAIT = 60.0  # seconds, whatever Retry-After asks for
CHUNK = 2**16  # bytes
HEAD = 16  # bytes that tell a kind of image
ACCEPT = "image/jpeg, image/png;q=0.9, image/webp;q=0.9, image/*;q=0.5"
NAME_LENGTH = 16  # hexadecimal digits of the SHA-256
KINDS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "AVIF": ".avif", "GIF": ".gif", "BMP": ".bmp", "HEIC": ".heic", "HEIF": ".heif"}


@dataclass(frozen=True)
class CollectOptions:
    """How photos are collected."""

    limits: Limits = DEFAULT_LIMITS
    near: bool = False  # leave out photos that show the same picture as one that is there, too
    access: Access = field(default_factory=Access)
    pause: Callable[[float], None] = time.sleep  # between tries


@dataclass(frozen=True)
class Collected:
    """What came of it."""

    rows: tuple[Row, ...]  # of this run, in the order of the sources
    known: int  # addresses and files of which an earlier run knew all
    record: Path

    @property
    def outcomes(self) -> Counter[str]:
        """How often each outcome came."""
        return Counter(row.outcome for row in self.rows)


@dataclass(frozen=True)
class _Look:
    """One source, read and judged; `outcome` is KEPT where nothing speaks against it."""

    source: str
    data: bytes
    sha256: str
    outcome: str
    message: str


class Seen:
    """The photos that a class folder has already."""

    def __init__(self, folder: Path, options: CollectOptions) -> None:
        """Read every photo in the folder."""
        self._names: dict[str, str] = {}
        self._pictures: Pictures | None = None
        if options.near:
            from train.getting import near  # brings SciPy

            self._pictures = near.Pictures(options.limits)
        for path in find_photos(folder, SUFFIXES | HEIC_SUFFIXES):
            self.learn(path.relative_to(folder).as_posix(), path.read_bytes())

    def twin(self, look: _Look) -> tuple[str, str] | None:
        """COPY or NEAR, and the name of the photo that is there."""
        name = self._names.get(look.sha256)
        if name is not None:
            return COPY, name
        name = self._pictures.twin(look.data) if self._pictures else None
        return None if name is None else (NEAR, name)

    def learn(self, name: str, data: bytes) -> None:
        """A photo is in the folder now."""
        self._names.setdefault(hashlib.sha256(data).hexdigest(), name)
        if self._pictures:
            with contextlib.suppress(PhotoError):  # somebody's own broken file in the folder
                self._pictures.learn(name, data)


def collect(source: Path, out: Path, options: CollectOptions | None = None, console: Console | None = None) -> Collected:
    """Bring the photos of a list of addresses, or of a folder, into the class folder `out`; originals stay as they are.

    Raises UsageError where there is nothing to collect, SafelightError where `out` can't be written. What an earlier run
    has settled is not asked for again, even if its photo was thrown away since. Ctrl-C loses the photos in work alone.
    """
    options, console = options or CollectOptions(), console or Console(quiet=True)
    is_folder = source.is_dir()
    sources = _files(source, out) if is_folder else _addresses(source)
    try:
        record = Record(out)
        seen = Seen(out, options)
        todo = sources if is_folder else [address for address in sources if not record.has_asked(address)]
        rows: list[Row] = []
        with progress(console) as bar:
            looks = _in_order(todo, _file_reader(source, options) if is_folder else _address_reader(options))
            for look in bar.track(looks, len(todo), description="Collecting"):
                if is_folder and look.sha256 and record.of_file(look.source, look.sha256):
                    continue
                row = _keep(look, out, seen)
                record.add(row)
                rows.append(row)
    except OSError as error:
        raise SafelightError(f"{out} can't be written: {error.strerror or error}. Free some space, or choose another --out.") from error
    return Collected(tuple(rows), len(sources) - len(rows), record.path)


def _keep(look: _Look, out: Path, seen: Seen) -> Row:
    """Write a photo that is new; the row that tells what became of it."""
    if look.outcome != KEPT:
        return Row(look.source, look.outcome, "", look.sha256, look.message)
    twin = seen.twin(look)
    if twin is not None:
        return Row(look.source, twin[0], twin[1], look.sha256, "")
    name = look.sha256[:NAME_LENGTH] + _suffix(look.data)
    fresh = out / f".{name}.new"
    fresh.write_bytes(look.data)
    fresh.replace(out / name)
    seen.learn(name, look.data)
    return Row(look.source, KEPT, name, look.sha256, "")


def _suffix(data: bytes) -> str:
    """The one that says what is in it; some AVIF files call themselves HEIF first and AVIF in the second place."""
    return ".avif" if b"avif" in data[4:64] else KINDS[kind_of(data)]


def _addresses(path: Path) -> list[str]:
    """The addresses of a list, each once. Empty lines and those that begin with # are passed over."""
    if path.suffix.lower() in SUFFIXES | FOREIGN_SUFFIXES:
        raise UsageError(f"{path} is a photo. Name a text file of addresses, one a line, or a folder of photos.")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"{path} can't be read as a list of addresses: {error}. Name a text file, one address a line, or a folder."
        ) from error
    addresses = list(dict.fromkeys(line.strip() for line in lines if line.strip() and not line.strip().startswith("#")))
    if not addresses:
        raise UsageError(f"{path} has no address in it. Write one a line.")
    return addresses


def _files(folder: Path, out: Path) -> list[str]:
    """The photos of a folder, those outside the contract, too: they are listed with the reason."""
    inner, outer = folder.resolve(), out.resolve()
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise UsageError(f"--out {out} and the photos in {folder} lie inside each other. Choose an --out elsewhere.")
    found = find_photos(folder, SUFFIXES | FOREIGN_SUFFIXES)
    if not found:
        raise UsageError(f"{folder} has no photo in it. Name a folder of photos, or a text file of addresses.")
    return [path.relative_to(folder).as_posix() for path in found]


def _in_order(sources: Iterable[str], look: Callable[[str], _Look]) -> Iterator[_Look]:
    """Look at a few at a time; the outcomes come in the sources' order."""
    pool = ThreadPoolExecutor(WORKERS)
    waiting: deque[Future[_Look]] = deque()
    try:
        for source in sources:
            waiting.append(pool.submit(look, source))
            if len(waiting) == WORKERS:  # no more are held in memory
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _file_reader(folder: Path, options: CollectOptions) -> Callable[[str], _Look]:
    def look(name: str) -> _Look:
        source = os.fsencode(f"{folder.resolve().name}/{name}").decode("utf-8", "replace")
        path = folder / name
        try:
            return _judge(source, read(path, limits=options.limits), options.limits)
        except PhotoError as error:
            return _Look(source, b"", "", error.reason, error.without(path))

    return look


def _address_reader(options: CollectOptions) -> Callable[[str], _Look]:
    hosts: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(PER_HOST))
    lock = threading.Lock()

    def look(source: str) -> _Look:
        try:
            address = clean(source)
            with lock:
                host = hosts[urllib.parse.urlsplit(address).netloc]
            with host:
                data = _bring(address, options)
        except PhotoError as error:
            return _Look(source, b"", "", error.reason, str(error))
        except FetchError as error:
            return _Look(source, b"", "", ADDRESS if isinstance(error, Refused) else FAILED, str(error))
        return _judge(source, data, options.limits)

    return look


def _judge(source: str, data: bytes, limits: Limits) -> _Look:
    """Whether the contract's decoder reads it, all of it."""
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        decode(data, limits=limits)
    except PhotoError as error:
        return _Look(source, b"", sha256, error.reason, str(error))
    return _Look(source, data, sha256, KEPT, "")


def _bring(address: str, options: CollectOptions) -> bytes:
    """The bytes at an address. Raises a PhotoError once they can't be a photo, Refused, or Failed after some tries."""
    for number in range(1, TRIES + 1):
        try:
            return _bring_once(address, options)
        except Failed as error:
            if number == TRIES:
                raise
            options.pause(2.0 ** (number - 1) if error.wait is None else min(error.wait, MAX_WAIT))
    raise AssertionError("unreachable")


def _bring_once(address: str, options: CollectOptions) -> bytes:
    end = time.monotonic() + DEADLINE
    with get(address, options.access, {"Accept": ACCEPT}) as answer:
        announced, data = answer.length, bytearray()
        while len(data) <= options.limits.bytes and (chunk := answer.read1(CHUNK)):
            data += chunk
            if len(data) >= HEAD and not kind_of(bytes(data[:HEAD])):  # a page that says sorry, most often
                raise NotAnImage(f"it is not an image: it starts with {bytes(data[:8])!r}.")
            if time.monotonic() > end:
                raise Failed(f"it took more than {DEADLINE:.0f} s.")
    if max(len(data), announced or 0) > options.limits.bytes:
        raise ImageTooLarge(f"it has more bytes than the limit of {options.limits.bytes:,}.")
    if announced is not None and len(data) < announced:
        raise Failed(f"the connection ended after {len(data):,} of {announced:,} bytes.")
    return bytes(data)
