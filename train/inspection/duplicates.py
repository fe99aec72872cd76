"""Photos that are there more than once: byte for byte, or the same picture resized, re-encoded or a little edited.

A pair that the hashes suspect is settled by correlation of two grey pictures of 16 × 16 pixels: re-encoded, resized (0.3 to 2 ×)
or greyed photos had at least 0.998 (100 cats and dogs each); of 13,520 natural photos the suspected pairs had 0.991 and more, or
0.981 and less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array  # type: ignore[import-untyped]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

from train.inspection.hashing import close_pairs
from train.inspection.scan import Shot

SAME_PICTURE = 0.985  # correlation
MIN_CONTRAST = 3.0  # grey levels of deviation: below, correlation compares noise

Pair = tuple[int, int]


@dataclass(frozen=True)
class Group:
    """Two or more photos of one picture."""

    kind: Literal["exact", "near"]  # exact: all have the same bytes
    shots: tuple[Shot, ...]  # by name

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that it lies in; more than one: a label is wrong, or the photo shows both."""
        return tuple(sorted({shot.found.label for shot in self.shots}))

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits of the folder's own that it lies in; more than one: leakage."""
        return tuple(sorted({shot.found.split for shot in self.shots if shot.found.split}))

    @property
    def is_leak(self) -> bool:
        """Whether the figures of a split would flatter: it has a picture that another one has too."""
        return len(self.splits) > 1

    @property
    def is_conflict(self) -> bool:
        """Whether the picture lies in more than one class."""
        return len(self.labels) > 1

    @property
    def spare(self) -> tuple[Shot, ...]:
        """All but the one to keep: the last of test, validation, train that has it, then the largest, then the first by name."""
        order = ("test", "validation", "train", None)
        kept = min(self.shots, key=lambda s: (order.index(s.found.split), -s.width * s.height, -s.bytes, s.found.name))
        return tuple(shot for shot in self.shots if shot is not kept)


def duplicates(shots: Sequence[Shot]) -> list[Group]:
    """Every group, leaks first, then conflicts, then by name."""
    pairs, exact = _pairs(shots)
    count, of = _components(len(shots), [*pairs, *exact])
    members: list[list[int]] = [[] for _ in range(count)]
    for index, component in enumerate(of):
        members[component].append(index)
    groups = [_group([shots[index] for index in group]) for group in members if len(group) > 1]
    return sorted(groups, key=lambda group: (not group.is_leak, not group.is_conflict, group.kind == "near", group.shots[0].found.name))


def group_numbers(shots: Sequence[Shot], groups: Sequence[Group]) -> NDArray[np.int64]:
    """[N] a number for each photo, equal for those of one picture."""
    numbers = {id(shot): index for index, group in enumerate(groups) for shot in group.shots}
    return np.array([numbers.get(id(shot), len(groups) + index) for index, shot in enumerate(shots)], np.int64)


def _group(shots: list[Shot]) -> Group:
    same = len({shot.sha256 for shot in shots}) == 1
    return Group("exact" if same else "near", tuple(sorted(shots, key=lambda shot: shot.found.name)))


def _pairs(shots: Sequence[Shot]) -> tuple[list[Pair], list[Pair]]:
    """(same picture, same bytes); of more than two with the same bytes or hash, each is paired with the first."""
    first_with: dict[str, int] = {}
    exact = [(first, index) for index, shot in enumerate(shots) if (first := first_with.setdefault(shot.sha256, index)) != index]
    different = np.array(sorted(first_with.values()), np.int64)
    hashes = np.array([shots[index].hash for index in different], np.uint64)
    unique, inverse = np.unique(hashes, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    starts = np.searchsorted(inverse[order], np.arange(len(unique)))
    ends = np.append(starts[1:], len(order))
    suspected: list[Pair] = []
    for start, end in zip(starts, ends, strict=True):
        suspected += [(int(different[order[start]]), int(different[order[other]])) for other in range(start + 1, end)]
    suspected += [(int(different[order[starts[a]]]), int(different[order[starts[b]]])) for a, b in close_pairs(unique)]
    return [pair for pair in suspected if is_same_picture(shots[pair[0]].tiny, shots[pair[1]].tiny)], exact


def is_same_picture(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two tiny grey pictures, which the hashes suspect, are of one photo."""
    a, b = (tiny.astype(np.float64).ravel() - tiny.mean() for tiny in (one, other))
    if min(a.std(), b.std()) < MIN_CONTRAST:
        return False
    return float(a @ b) >= SAME_PICTURE * float(np.sqrt((a @ a) * (b @ b)))


def _components(count: int, pairs: list[Pair]) -> tuple[int, NDArray[np.int32]]:
    rows, columns = np.array(pairs, np.int64).reshape(-1, 2).T
    found: tuple[int, NDArray[np.int32]] = connected_components(
        coo_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(count, count)), directed=False
    )
    return found
