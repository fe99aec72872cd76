"""A hypothesis strategy: a seed of the corpus with a few edits, as a damaged or a hostile file would have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

EXTREME = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\1", b"\1\0\0\0", b"\xff\xff", b"\0\1")

place = st.floats(0, 1, exclude_max=True)  # of the file, from its beginning to its end
Edit = tuple[Callable[..., bytes], Any, Any]


def mutated(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Up to four edits of one seed."""
    edit = st.one_of(
        st.tuples(st.just(_flip), place, st.integers(1, 255)),
        st.tuples(st.just(_write), place, st.one_of(st.sampled_from(EXTREME), st.binary(min_size=1, max_size=8))),
        st.tuples(st.just(_cut), place, place),
        st.tuples(st.just(_end), place, st.none()),
        st.tuples(st.just(_double), place, st.integers(1, 64)),
    )
    return st.builds(_edited, st.sampled_from(seeds), st.lists(edit, max_size=4))


def _edited(seed: bytes, edits: list[Edit]) -> bytes:
    for change, where, what in edits:
        seed = change(seed, int(where * len(seed)), what)
    return seed


def _flip(data: bytes, at: int, bits: int) -> bytes:
    return data[:at] + bytes(byte ^ bits for byte in data[at : at + 1]) + data[at + 1 :]


def _write(data: bytes, at: int, what: bytes) -> bytes:
    return data[:at] + what + data[at + len(what) :]


def _cut(data: bytes, at: int, share: float) -> bytes:
    return data[:at] + data[at + int(share * (len(data) - at)) :]


def _end(data: bytes, at: int, _: None) -> bytes:
    return data[:at]


def _double(data: bytes, at: int, length: int) -> bytes:
    return data[: at + length] + data[at:]
