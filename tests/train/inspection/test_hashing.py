from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import data

from train.inspection import hashing
from train.inspection.hashing import HASH_SIDE, MAX_BITS, close_pairs, perceptual_hash


def clustered(count: int, seed: int) -> np.ndarray:
    """Different hashes, some of them a few flipped bits from another one: at every distance around the limit, in every quarter."""
    dice = np.random.default_rng(seed)
    hashes = dice.integers(0, 2**64, count, np.uint64, endpoint=False)
    for index in range(0, count, 3):
        near = hashes[(index + 1) % count]
        for bit in dice.choice(64, dice.integers(1, 12), replace=False):
            near ^= np.uint64(1) << np.uint64(bit)
        hashes[index] = near
    return np.unique(hashes)


def brute(hashes: np.ndarray) -> set[tuple[int, int]]:
    close = np.bitwise_count(hashes[:, None] ^ hashes[None]) <= MAX_BITS
    return {(int(i), int(j)) for i, j in np.argwhere(np.triu(close, 1))}


def test_the_search_finds_what_comparing_all_with_all_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = clustered(3000, 0)
    wanted = brute(hashes)
    assert len(wanted) > 500
    assert {tuple(pair) for pair in close_pairs(hashes).tolist()} == wanted
    monkeypatch.setattr(hashing, "_CHUNK", 1000)  # in many chunks, too
    assert {tuple(pair) for pair in close_pairs(hashes).tolist()} == wanted
    monkeypatch.setattr(hashing, "QUARTERS", 3)
    assert {tuple(pair) for pair in close_pairs(hashes).tolist()} < wanted


def test_the_search_compares_a_small_share_of_all_pairs() -> None:
    hashes = np.unique(np.random.default_rng(1).integers(0, 2**64, 20_000, np.uint64, endpoint=False))
    compared = sum(len(chunk) for chunk in hashing._candidates(hashes))
    assert compared < 0.001 * len(hashes) ** 2  # 4 × 17 / 2^16, half of it


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_hashes_are_no_special_case(count: int) -> None:
    assert close_pairs(np.arange(count, dtype=np.uint64)).tolist() == [[0, 1]][: max(0, count - 1)]


def picture(image: Image.Image) -> int:
    return perceptual_hash(np.asarray(image.convert("L").resize((HASH_SIDE, HASH_SIDE), Image.Resampling.LANCZOS)))


def test_the_hash_is_of_the_picture_and_not_of_its_size_or_brightness() -> None:
    cat, coffee = Image.fromarray(data.chelsea()), Image.fromarray(data.coffee())
    assert (picture(cat) ^ picture(cat.resize((150, 100)))).bit_count() <= 2
    assert (picture(cat) ^ picture(cat.point(lambda value: value // 2))).bit_count() <= 2
    assert (picture(cat) ^ picture(coffee)).bit_count() > 20
    assert (picture(cat) ^ picture(cat.transpose(Image.Transpose.FLIP_LEFT_RIGHT))).bit_count() > 20
    assert picture(cat).bit_count() in range(20, 44)  # a median cuts in halves
