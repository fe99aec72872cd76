"""A training that survives: where it stands is written after every epoch, so that Ctrl-C, a kill or a power cut costs one.

The checkpoint lies beside the run to be, in `RUN.training/checkpoint.pt`, written whole to another name, flushed to the
disk and then moved into place: at every moment there is either the last one or the new one. It is read with
`weights_only`, so it can't run code. Chance is a function of seed and epoch alone (train/scratch.py, train/finetune.py),
so there is no state of a random generator to keep.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from safelight.errors import DataError, SafelightError, UsageError
from safelight.spec import SPEC_NAME

State = dict[str, Any]  # tensors, numbers, text, and lists, tuples and dicts of them

NAME = "checkpoint.pt"
_ABOUT, _DATA, _THREADS = "options", "photos", "threads"  # what a checkpoint says of itself beside the state


@dataclass
class Keeper:
    """Keeps one training's state in a folder beside its run."""

    folder: Path
    about: Mapping[str, str]  # all that decides the result but the photos: option → value
    data: str = ""  # fingerprint of the photos and their splits
    _found: State | None = field(default=None, repr=False)

    @property
    def path(self) -> Path:
        """The checkpoint."""
        return self.folder / NAME

    @property
    def _fresh(self) -> Path:
        """Where the next one is written."""
        return self.folder / f"{NAME}.new"

    def begin(self, data: str) -> State | None:
        """What to go on from, or None at the start. Raises DataError where the photos are not those of the checkpoint."""
        self.data = data
        found, self._found = self._found, None
        if found is not None and found[_DATA] != data:
            raise DataError(
                f"{self.folder} holds a training on other photos: some were added, removed, changed or moved since. "
                "Put them back as they were, or remove that folder to begin again."
            )
        if found is not None:
            torch.set_num_threads(found[_THREADS])  # sums are split by threads, and rounded so
        return found

    def save(self, state: State) -> None:
        """Replace the checkpoint. Raises SafelightError, the last one intact, where the disk takes no more."""
        buffer = io.BytesIO()
        torch.save({**state, _ABOUT: dict(self.about), _DATA: self.data, _THREADS: torch.get_num_threads()}, buffer)
        fresh = self._fresh
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as stream:
                stream.write(buffer.getbuffer())
                stream.flush()
                os.fsync(stream.fileno())
            fresh.replace(self.path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise SafelightError(
                f"the training can't be kept in {self.folder}: {error.strerror or error}. The checkpoint before is intact: "
                "free some space and go on with --resume."
            ) from error

    def clear(self) -> None:
        """Remove it, and its folder where nothing else lies in it: the run is written."""
        for path in (self.path, self._fresh):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def keep(out: Path, about: Mapping[str, str], *, resume: bool) -> Keeper:
    """The keeper for the run `out`, with what is to be resumed.

    Raises UsageError where there is a checkpoint and nobody asked for it, or one of other options, or none and a
    finished run.
    """
    result = Keeper(out.with_name(f"{out.name}.training"), about)
    if not resume:
        if result.path.exists():
            raise UsageError(f"{result.folder} holds an unfinished training. Go on with --resume, or remove that folder to begin again.")
        return result
    if not result.path.exists():
        if (out / SPEC_NAME).exists():
            raise UsageError(f"there is nothing to resume: {out} is finished. Train again without --resume.")
        return result  # ended before its first checkpoint: from the beginning
    result._found = _read(result.path)
    before: dict[str, str] = result._found[_ABOUT]
    changed = [
        f"{name} was {before.get(name, 'unset')}, is {about.get(name, 'unset')}"
        for name in {**before, **about}
        if before.get(name) != about.get(name)
    ]
    if changed:
        raise UsageError(
            f"{result.folder} holds a training with other options: {'; '.join(changed)}. Resume with the same, or remove that folder."
        )
    return result


def _read(path: Path) -> State:
    try:
        state: State = torch.load(path, map_location="cpu", weights_only=True)
        if not {_ABOUT, _DATA, _THREADS} <= state.keys():
            raise ValueError("it is no checkpoint of ours")
    except (OSError, RuntimeError, ValueError, AttributeError, EOFError, pickle.UnpicklingError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
        raise SafelightError(f"{path} can't be read: {reason}. Remove {path.parent} to begin again.") from error
    return state
