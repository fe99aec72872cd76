"""Photos → train, validation and test: stratified by class, seeded, and leak-free.

Copies of a photo, byte for byte, always land on the same side; a photo that lies in two classes is left out, because
one of its labels is wrong; one that lies in two of the folder's own splits is taken out of the earlier one.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from safelight.errors import DataError
from train.data import SPLITS, Photo, Split
from train.options import SplitOptions


@dataclass(frozen=True)
class Splits:
    """The photos of each split, sorted by name, and what was found out about copies."""

    photos: dict[Split, tuple[Photo, ...]]
    copies: tuple[tuple[Photo, ...], ...]  # two or more of the same bytes under one label; kept, on one side
    conflicts: tuple[tuple[Photo, ...], ...]  # the same bytes under different labels; left out
    straddling: tuple[tuple[Photo, ...], ...]  # the same bytes in two of the folder's splits; the earlier ones left out

    def everything(self) -> list[tuple[Split, Photo]]:
        """Every photo in use with its split."""
        return [(split, photo) for split in SPLITS for photo in self.photos[split]]


def cut(photos: Sequence[Photo], classes: Sequence[str], options: SplitOptions, seed: int) -> Splits:
    """Share out readable photos. Raises DataError where a class has too few different ones for every split.

    The order in a class is that of sha256(seed, content): it depends on no file name, and a new photo moves few others.
    """
    groups = _by_content(photos)
    conflicts = [group for group in groups if len({photo.label for photo in group}) > 1]
    agreed = [group for group in groups if len({photo.label for photo in group}) == 1]
    straddling = [group for group in agreed if len({photo.split for photo in group}) > 1]
    shares: dict[Split, list[Photo]] = {split: [] for split in SPLITS}
    ours: dict[str, list[tuple[Photo, ...]]] = {label: [] for label in classes}
    given = {photo.split for photo in photos} - {None}
    for group in agreed:
        home = max((photo.split for photo in group if photo.split is not None), key=SPLITS.index, default=None)
        kept = tuple(photo for photo in group if photo.split == home)
        if home in (None, "train"):
            ours[group[0].label].append(kept)
        else:
            shares[home].extend(kept)
    wanted: dict[Split, float] = {"validation": options.validation, "test": options.test}
    missing = {split: share for split, share in wanted.items() if split not in given}
    for label, own in ours.items():
        _deal(label, own, missing, seed, shares)
    return Splits(
        photos={split: tuple(sorted(shares[split], key=lambda photo: photo.name)) for split in SPLITS},
        copies=tuple(group for group in agreed if len(group) > 1 and group not in straddling),
        conflicts=tuple(conflicts),
        straddling=tuple(straddling),
    )


def data_sha256(photos: Sequence[tuple[Split, Photo]]) -> str:
    """The fingerprint of the photos in use: of their sorted content hashes and labels, whatever their names."""
    lines = sorted(f"{photo.sha256} {photo.label}" for _, photo in photos)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def splits_sha256(splits: Splits) -> str:
    """The fingerprint of the photos in use and of their shares, in their order: what a training that is resumed must find again."""
    lines = (f"{split} {photo.sha256} {photo.label} {photo.name}" for split, photo in splits.everything())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _deal(label: str, groups: list[tuple[Photo, ...]], missing: dict[Split, float], seed: int, shares: dict[Split, list[Photo]]) -> None:
    """Give each missing split its share of one class, at least one photo, and the rest to train."""
    if len(groups) <= len(missing):
        raise DataError(
            f"the class {label!r} has {len(groups)} different usable photos; it needs at least {len(missing) + 1}, "
            f"one for each of {', '.join(['train', *missing])}. Add photos, or remove the class."
        )
    order = sorted(groups, key=lambda group: hashlib.sha256(f"{seed}:{group[0].sha256}".encode()).digest())
    total = sum(map(len, groups))
    for position, (split, share) in enumerate(missing.items()):
        left = len(missing) - position  # photos that train and the splits after this one still need
        wanted, got = max(1, round(share * total)), 0
        while got < wanted and len(order) > left:
            group = order.pop()
            shares[split].extend(group)
            got += len(group)
    shares["train"].extend(photo for group in order for photo in group)


def _by_content(photos: Sequence[Photo]) -> list[tuple[Photo, ...]]:
    """Photos with equal bytes together, in the order of their first names."""
    groups: dict[str, list[Photo]] = defaultdict(list)
    for photo in sorted(photos, key=lambda photo: photo.name):
        groups[photo.sha256].append(photo)
    return [tuple(group) for group in groups.values()]
