"""Features on disk, so that no photo goes through the network twice: by content, in small files, safe to interrupt.

    CACHE/features/KEY/CHUNK.npz    KEY: the hash of all that a feature depends on besides the photo's bytes
                                    CHUNK: digests [n,32] uint8, features [n,F] float32, refused: JSON {sha256: [reason, message]}

A chunk is written whole and moved into place, and never changed; the zip's checksums find a damaged one, which is
removed and computed again. A photo that can't be decoded is remembered with its reason. No name or path is stored.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from safelight.errors import SafelightError

Features = NDArray[np.float32]

CHUNK = 256  # photos a file: about 3 s of work, all that a power cut can lose


@dataclass(frozen=True)
class Refusal:
    """Why a photo gives no features."""

    reason: str  # a PhotoError's code
    message: str


@dataclass
class Store:
    """Features in memory, and on disk where there is a folder."""

    folder: Path | None
    features: dict[str, Features] = field(default_factory=dict)  # SHA-256 of the photo's bytes → [F]
    refused: dict[str, Refusal] = field(default_factory=dict)
    damaged: int = 0  # chunks that were removed
    _fresh: list[str] = field(default_factory=list)  # not on disk yet

    def load(self, wanted: set[str]) -> None:
        """Take what the folder has of `wanted`."""
        for path in sorted(self.folder.glob("*.npz")) if self.folder and self.folder.is_dir() else []:
            try:
                features, refused = _read(path, wanted)
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError):
                path.unlink(missing_ok=True)
                self.damaged += 1
                continue
            self.features.update(features)
            self.refused.update(refused)

    def add(self, digest: str, outcome: Features | Refusal) -> None:
        """Keep one photo's outcome; every CHUNK of them goes to disk."""
        if isinstance(outcome, Refusal):
            self.refused[digest] = outcome
        else:
            self.features[digest] = outcome
        self._fresh.append(digest)
        if len(self._fresh) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Write what is not on disk yet. Raises SafelightError where the folder can't be written."""
        fresh, self._fresh = self._fresh, []
        if not fresh or self.folder is None:
            return
        try:
            features = {digest: self.features[digest] for digest in fresh if digest in self.features}
            _write(self.folder, features, {digest: self.refused[digest] for digest in fresh if digest in self.refused})
        except OSError as error:
            raise SafelightError(
                f"features can't be kept in {self.folder}: {error.strerror or error}. Choose another folder with --cache, or --no-cache."
            ) from error


def open_store(cache: Path | None, key: Mapping[str, object]) -> Store:
    """The store for features that depend on `key` besides the photo; with no `cache` it forgets at the end."""
    if cache is None:
        return Store(None)
    text = json.dumps(key, sort_keys=True)
    return Store(cache / "features" / hashlib.sha256(text.encode()).hexdigest()[:24])


def _read(path: Path, wanted: set[str]) -> tuple[dict[str, Features], dict[str, Refusal]]:
    """A chunk's share of `wanted`. Raises what numpy and zipfile raise on a damaged file."""
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as chunk:
        names = [bytes(row).hex() for row in chunk["digests"]]
        refused = {name: Refusal(*why) for name, why in json.loads(bytes(chunk["refused"])).items() if name in wanted}
        if wanted.isdisjoint(names):
            return {}, refused
        rows: Features = chunk["features"]
    if rows.dtype != np.float32 or len(rows) != len(names):
        raise ValueError(f"{path} holds {rows.dtype} {rows.shape} for {len(names)} photos")
    return {name: row for name, row in zip(names, rows, strict=True) if name in wanted}, refused


def _write(folder: Path, features: Mapping[str, Features], refused: Mapping[str, Refusal]) -> None:
    """Write a chunk under the hash of what it is about, by way of a temporary name."""
    folder.mkdir(parents=True, exist_ok=True)
    digests = np.frombuffer(bytes.fromhex("".join(features)), np.uint8).reshape(-1, 32)
    rows = np.stack(list(features.values())) if features else np.zeros((0, 0), np.float32)
    why = json.dumps({name: (refusal.reason, refusal.message) for name, refusal in refused.items()})
    name = hashlib.sha256("".join([*features, *refused]).encode()).hexdigest()[:24]
    handle, temporary = tempfile.mkstemp(prefix=".", dir=folder)  # no .npz suffix: `load` doesn't see it
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(stream, digests=digests, features=rows, refused=np.frombuffer(why.encode(), np.uint8))
        Path(temporary).replace(folder / f"{name}.npz")
    finally:
        Path(temporary).unlink(missing_ok=True)
