"""What the service worker must know of a site: each file with its checksum, and which are fetched when it is installed.

The list is the first line of `sw.js`. A browser compares that script byte by byte on every visit, so a change in any
file is a new version, and the list and the code that reads it can't be of two versions.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from safelight.bundle import record_of
from safelight.spec import FileRecord

SERVICE_WORKER = "sw.js"


class SiteFile(FileRecord, frozen=True, kw_only=True):
    """One file of the site; `webapp/src/sw/site.ts` is the other side."""

    precached: bool


class Site(msgspec.Struct, frozen=True):
    """The site of one moment. `version` is the checksum of the list."""

    version: str
    files: tuple[SiteFile, ...]


def describe(folder: Path, paths: list[str], precached: set[str]) -> Site:
    """The list of `paths` below `folder`."""
    records = [record_of(folder / path, folder) for path in sorted(paths)]
    files = tuple(SiteFile(**msgspec.structs.asdict(record), precached=record.path in precached) for record in records)
    return Site(hashlib.sha256(msgspec.json.encode(files)).hexdigest(), files)


def prepend(site: Site, script: Path) -> None:
    """Write the list before the service worker's code."""
    code = script.read_text(encoding="utf-8")
    script.write_text(f"self.SITE={msgspec.json.encode(site).decode()};\n{code}", encoding="utf-8")


def read(script: Path) -> Site:
    """The list in a site's service worker."""
    line = script.read_text(encoding="utf-8").partition("\n")[0]
    return msgspec.json.decode(line.removeprefix("self.SITE=").removesuffix(";"), type=Site)
